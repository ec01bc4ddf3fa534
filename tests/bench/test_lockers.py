"""bench/bench_lockers.py works: every request is answered by its cabinet. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.devices.brokers import mosquitto_program

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(150)
def test_it_runs(tmp_path: Path) -> None:
    mosquitto_program()
    command = [sys.executable, "-m", "bench.bench_lockers", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("lockers-*.json")
    report = json.loads(file.read_text())
    [taken] = report["rounds"]
    assert taken["refused"] == 0
    assert all(taken[side]["per_s"] > 0 for side in ("ours", "bare"))
    assert report["postgres"] in done.stdout
