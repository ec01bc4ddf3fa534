"""bench/bench_lists.py works: every list finds what was loaded, in all sizes. Nothing here looks at how fast."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from bench import filled
from bench.bench_lists import TINY, questions

ROOT = Path(__file__).parents[2]


def test_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.bench_lists", "--tiny", "--results", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [file] = tmp_path.glob("lists-*.json")
    report = json.loads(file.read_text())
    sizes = [one["orders"] for one in report["loaded"]]
    assert (sizes[0], sizes[-1]) == TINY
    names = [question.name for question in questions(TINY[0], datetime.now(UTC))]
    assert {(one["question"], one["orders"]) for one in report["points"]} == set(product(names, sizes))
    assert all(ms > 0 for one in report["points"] for ms in one["rounds_ms"])
    assert [one["question"] for one in report["answers"]] == [f"list: {name}" for name in names]
    assert report["postgres"] in done.stdout


@pytest.mark.parametrize("n", [1, 49, 50, 51, 9_800, 10_000, 10_001, 123_456])
def test_which_orders_are_finished(n: int) -> None:
    assert filled.finished(n) == sum(1 for one in range(1, n + 1) if one % filled.ALLOCATED_EACH)
    if n % filled.ALLOCATED_EACH:
        assert filled.nth_finished(filled.finished(n)) == n


def test_ids_of_days() -> None:
    assert [filled.order_id(n) for n in (1, 10_000, 10_001)] == [
        230301_036_0000001,
        230301_036_0010000,
        230302_036_0000001,
    ]
