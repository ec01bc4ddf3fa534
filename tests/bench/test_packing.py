"""bench/bench_packing.py works. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_packing", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("packing-*.json")
    report = json.loads(file.read_text())
    [measured] = report["measured"]
    assert measured["connections"] == 2
    assert report["on_record"] >= measured["figures"]["per_s"] * report["seconds"] - 1
