"""bench/bench_lists.py works: every list finds what was loaded, in both sizes. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_lists", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("lists-*.json")
    report = json.loads(file.read_text())
    asked = {(one["question"], one["orders"]) for one in report["measured"]}
    assert asked == {(name, orders) for name in ("finished", "poll", "deep page") for orders in (300, 900)}
    assert all(one["ours_ms"] > 0 and one["bare_ms"] > 0 for one in report["measured"])
    assert report["postgres"] in done.stdout
