"""`make bench`: every question by its file, one table at the end, and a failure that is told."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from bench.__main__ import answers, questions
from bench.goals import Answer, at_least, at_most, show_answers
from bench.machine import ROOT


def test_every_file_is_a_question() -> None:
    assert len(questions()) == len(list((ROOT / "bench").glob("bench_*.py")))
    assert "create" in questions()


@pytest.mark.timeout(120)
def test_its_results_are_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--tiny", "--only", "receive", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(tmp_path.glob("*.json"))) == 1


def test_what_is_no_question_is_named() -> None:
    command = [sys.executable, "-m", "bench", "--only", "the-moon"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the-moon" in done.stderr


def test_a_ratio_is_the_median_of_its_rounds() -> None:
    found = at_least(0.7, "orders", [0.6, 0.9, 0.8], by="ours / theirs")
    assert (found.ratio, found.lowest, found.highest, found.rounds) == (0.8, 0.6, 0.9, 3)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (at_least(0.7, "", [0.7], by=""), True),
        (at_least(0.7, "", [0.69], by=""), False),
        (at_most(1.5, "", [1.5], by=""), True),
        (at_most(1.5, "", [1.51], by=""), False),
    ],
)
def test_a_goal_is_kept_up_to_its_bound(answer: Answer, kept: bool) -> None:
    assert answer.kept is kept
    out = Console(record=True, width=140)
    show_answers([answer], out)
    assert ("kept" if kept else "missed") in out.export_text()


def test_nothing_measured_is_no_ratio() -> None:
    with pytest.raises(ValueError, match="locks"):
        at_least(1, "locks", [], by="")


def test_answers_of_all_reports_and_none_of_others(tmp_path: Path) -> None:
    one = at_most(2, "lines", [1.5], by="ours / bare")
    (tmp_path / "a.json").write_bytes(msgspec.json.encode({"answers": [one], "taken_at": "now"}))
    (tmp_path / "b.json").write_bytes(msgspec.json.encode({"taken_at": "now"}))
    assert answers(tmp_path) == [one]
