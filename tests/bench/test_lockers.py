"""bench/bench_lockers.py works: every request is answered by its cabinet. Nothing here looks at how fast."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.bench_lockers import BUCKETS_MS, GATHERED, gathered, spread
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
    for side in ("ours", "bare"):
        spread_of = taken[f"{side}_spread"]
        assert sum(spread_of["counts"]) == round(taken[side]["per_s"] * report["seconds"])
    questions = [answer["question"] for answer in report["answers"]]
    assert len(questions) == len(set(questions)) == 3
    assert "10 a second over 3 cabinets" in questions[0]
    assert report["postgres"] in done.stdout


def test_buckets_hold_all() -> None:
    counts = spread([0.0001, 0.0015, 0.0015, 0.1, 5]).counts
    assert (counts[0], counts[1], counts[-1], len(counts)) == (1, 2, 2, len(BUCKETS_MS))


@pytest.mark.parametrize("step_ms", [40, 44, 80, 84])
def test_what_waits_for_an_acknowledgement_gathers(step_ms: int) -> None:
    quick = [0.0015] * 95
    assert spread(quick + [step_ms / 1000] * 5).gathered == pytest.approx(0.05)
    assert spread(quick).gathered == 0


def test_what_is_only_slow_does_not() -> None:
    assert gathered([1] * len(BUCKETS_MS)) == 0
    assert gathered(range(len(BUCKETS_MS), 0, -1)) < GATHERED
