"""`make bench`: every question by its file, one table at the end, and a failure that is told."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bench import __main__ as bench
from bench.goals import Answer, at_least, at_most, show_answers
from bench.machine import ROOT
from bench.reports import questions, told


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


def test_answers_of_a_report_and_none_of_one_that_asks_for_no_ratio(tmp_path: Path) -> None:
    one = at_most(2, "lines", [1.5], by="ours / bare")
    (tmp_path / "a.json").write_bytes(msgspec.json.encode({"answers": [one], "taken_at": "now", "postgres": "18.6"}))
    (tmp_path / "b.json").write_bytes(msgspec.json.encode({"taken_at": "now"}))
    assert (told(tmp_path / "a.json").answers, told(tmp_path / "a.json").postgres) == ([one], "18.6")
    assert told(tmp_path / "b.json").answers == []


def run(monkeypatch: pytest.MonkeyPatch, results: Path, outcomes: dict[str, bool | BaseException]) -> tuple[int, str]:
    """`python -m bench` of benches that leave a report each and come to this end."""

    def asked(question: str, options: list[str]) -> bool:
        results.mkdir(exist_ok=True)
        answer = at_least(1, f"of {question}", [0.5, 0.75, 0.8], by="ours / bare")
        report = msgspec.json.encode({"answers": [answer], "postgres": "18.6"})
        (results / f"{question}-20261201T120000Z.json").write_bytes(report)
        outcome = outcomes[question]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(bench, "_asked", asked)
    words = [word for question in outcomes for word in ("--only", question)]
    done = CliRunner().invoke(bench.app, [*words, "--results", str(results)])
    return done.exit_code, done.output


def test_it_says_how_far_it_is_and_sums_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code, said = run(monkeypatch, tmp_path, {"lists": True, "create": True})
    assert code == 0
    assert "lists: 1 of 2, 0 s so far" in said
    assert "create: 2 of 2" in said
    assert said.count("PostgreSQL 18.6") == 1
    assert "of lists" in said
    assert "0.50–0.80" in said
    assert "0 of 2 goals are kept, 2 missed" in said


def test_one_that_fails_is_told_and_keeps_its_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "create-20251201T120000Z.json").write_text("of another time")
    code, said = run(monkeypatch, tmp_path, {"lists": False, "create": True})
    assert code == 1
    assert "failed: lists" in said
    assert f"2 of 2 reports are in {tmp_path}" in said.replace("\n", "")
    assert len(list(tmp_path.glob("lists-*.json"))) == 1


def test_an_interrupted_run_sums_up_what_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ends = {"lists": True, "create": KeyboardInterrupt(), "day": True}
    code, said = run(monkeypatch, tmp_path, ends)
    assert code == bench.INTERRUPTED
    assert "of lists" in said
    assert "2 of 3 reports" in said


def test_what_only_works_is_not_among_what_is_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    told_to: list[str] = []
    monkeypatch.setattr(bench, "_asked", lambda question, options: told_to.extend(options) or True)
    CliRunner().invoke(bench.app, ["--tiny", "--only", "film"])
    assert told_to == ["--results", str(ROOT / "bench" / "results" / "tiny"), "--tiny"]


def test_small_figures_are_not_nothing() -> None:
    assert at_most(0.01, "", [0.0012], by="").cells[2] == "0.0012"
    assert at_most(0.01, "", [0.0], by="").cells[2] == "0.00"


@pytest.mark.parametrize("width", [100, 140])
def test_the_table_fits_its_terminal(width: int) -> None:
    out = Console(record=True, width=width)
    answer = at_least(
        0.5,
        "callbacks to one that answers after 5 ms, 8 connections",
        [0.74],
        by="ours / bare aiohttp loop, callbacks a second",
    )
    show_answers([answer], out)
    said = out.export_text()
    assert max(map(len, said.splitlines())) <= width
    assert "0.74–0.74" in said
    assert "≥ 0.5" in said
