"""bench/bench_nodes.py works: two nodes answer as one. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(150)
def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_nodes", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("nodes-*.json")
    report = json.loads(file.read_text())
    assert [one["orders"] for one in report["scaled"]] == ["birdsystem", "hongxun"]
    assert all(rate > 0 for one in report["scaled"] for rate in (*one["one_per_s"], *one["two_per_s"]))
    assert report["sold_out"] == 40
    assert [one["ratio"] for one in report["answers"]] == [1, 1]
    assert report["postgres"] in done.stdout
