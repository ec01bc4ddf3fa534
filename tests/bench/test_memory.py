"""bench/bench_memory.py works: orders are on record, callbacks are heard. Nothing here looks at how much."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(150)
def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_memory", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("memory-*.json")
    report = json.loads(file.read_text())
    assert report["orders"] == 300
    assert all(taken[0] > 0 for taken in (report["together_mb"], report["apart_mb"]))
    assert report["orders_mb"] > 0
    assert report["callbacks_mb"] > 0
    assert [(one["asked"], one["bound"]) for one in report["answers"]] == [
        ("at most", bound) for bound in (150, 150, 1.25)
    ]
    assert report["postgres"] in done.stdout
