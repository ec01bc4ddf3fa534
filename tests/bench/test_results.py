"""What was measured is what is drawn and printed: points of pictures, rows of tables, causes of what is missed.

No server runs here: the reports are made of the benches' own structs.
"""

from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from typer.testing import CliRunner

from bench import bench_create, bench_lists, bench_lockers, bench_receive, results
from bench.curves import Curve, curves, save
from bench.reports import Kept, ReportOutdated, kept
from tests.bench import samples

KB_MAX = 60
PAGE = f"# Speed\n\nBefore.\n\n{results.BEGIN}\nof last year\n{results.END}\n\nBehind.\n"


def drawn(question: str) -> dict[str, Curve]:
    return {curve.name: curve for curve in curves(samples.SAMPLES[question]())}


def panel(curve: Curve, title: str = "") -> Axes:
    [axes] = [axes for axes in curve.figure.axes if axes.axison and axes.get_title() == title]
    return axes


def points(axes: Axes, label: str) -> dict[float, tuple[float, float, float]]:
    """x -> median, lowest and highest."""
    [bars] = [one for one in axes.containers if isinstance(one, ErrorbarContainer) and one.get_label() == label]
    line, _, [ranges] = bars.lines
    return {x: (y, low, high) for (x, y), ((_, low), (_, high)) in zip(xy(line), ranges.get_segments(), strict=True)}


def goals(axes: Axes) -> list[tuple[float, float, float]]:
    """From x to x, and the bound at its end."""
    dashed = [xy(line) for line in axes.get_lines() if line.get_linestyle() == "--"]
    return [(first, last, bound) for (first, _), *_, (last, bound) in dashed]


def xy(line: Line2D) -> list[list[float]]:
    return line.get_xydata().tolist()


def of_five(value: float) -> Any:
    taken = samples.spread(value)
    return pytest.approx((median(taken), min(taken), max(taken)))


def test_rates_by_connections() -> None:
    axes = panel(drawn("create")["create-rate"], "birdsystem")
    assert points(axes, "ours") == {1: of_five(240), 16: of_five(1_500), 64: of_five(1_800)}
    assert points(axes, "pgbench, the same rows")[16] == (2_500, 2_500, 2_500)
    assert points(axes, "a handler that only answers")[64] == (12_000, 12_000, 12_000)


def test_ratios_and_their_goals() -> None:
    curve = drawn("create")["create-ratio"]
    assert points(panel(curve, "ovopark"), "ours / pgbench")[64] == of_five(1.1)
    assert [bound for _, _, bound in goals(panel(curve, "ovopark"))] == [
        bench_create.LONE,
        bench_create.MOST["ovopark"],
    ]
    assert goals(panel(curve, "hongxun, one product")) == []


def test_lists_by_orders() -> None:
    axes = panel(drawn("lists")["lists"], bench_lists.DEEPEST)
    assert points(axes, "ours") == {100_000: of_five(6), 1_000_000: of_five(7), 10_000_000: of_five(10)}
    assert points(axes, "a bare statement that skips rows")[10_000_000] == (2_000, 2_000, 2_000)
    assert goals(axes) == [(100_000, 10_000_000, pytest.approx(9))]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_orders_by_lines() -> None:
    of = drawn("receive")
    axes = panel(of["receive"], "receipt")
    assert list(points(axes, "ours")) == list(bench_receive.SIZES)
    assert points(axes, "ours")[1_000] == of_five(400)
    assert points(axes, "bare set-based SQL")[1_000] == of_five(125)
    assert goals(axes) == [(1_000, 5_000, pytest.approx(3 * 625))]
    each = panel(of["receive-line"], "receipt")
    assert points(each, "ours")[5_000] == of_five(0.4)
    assert goals(each) == [(1_000, 5_000, pytest.approx(1.3 * 0.4))]


def test_a_histogram_is_of_all_answers() -> None:
    report = samples.lockers()
    axes = panel(drawn("lockers")["lockers"])
    for stairs, spread in zip(
        [one for one in axes.patches if hasattr(one, "get_data")],
        (report.rounds[0].bare_spread, report.rounds[0].ours_spread),
        strict=True,
    ):
        data = stairs.get_data()
        assert sum(data.values) == pytest.approx(100)
        assert data.values[40] == pytest.approx(100 * spread.counts[40] / sum(spread.counts))
        assert list(data.edges) == list(range(len(bench_lockers.BUCKETS_MS) + 1))


def test_memory_after_work() -> None:
    axes = panel(drawn("memory")["memory"])
    said = points(axes, "web and worker, one process")
    assert said == {0: of_five(120), 1: (130, 130, 130), 2: (140, 140, 140)}
    assert [bound for _, _, bound in goals(axes)] == [150, pytest.approx(1.25 * 120 * samples.SPREAD[-1])]


def test_orders_of_a_flush() -> None:
    axes = panel(drawn("commits")["commits"])
    assert points(axes, "ours") == {0: of_five(14), 1: of_five(13), 2: of_five(11)}
    assert [bound for _, _, bound in goals(axes)] == [12]


def test_pages_by_size() -> None:
    axes = panel(drawn("pages")["pages"])
    [floor] = [line for line in axes.get_lines() if line.get_label() == "pages of /floor"]
    assert xy(floor)[:2] == [[3, 6], [4.5, 9]]


@pytest.mark.parametrize("question", samples.SAMPLES)
def test_a_picture_is_small_says_what_it_shows_and_is_the_same_again(question: str, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    for first, again in zip(drawn(question).values(), drawn(question).values(), strict=True):
        content = save(first, tmp_path).read_bytes()
        assert content == save(again, tmp_path / "again").read_bytes()
        assert len(content) < KB_MAX * 1_000
        assert b"<text" in content
        assert "?" in first.figure.get_suptitle()
        shown = [axes for axes in first.figure.axes if axes.axison]
        assert all(axes.get_ylabel() for axes in shown)


def test_where_there_are_two_points_nothing_is_drawn() -> None:
    assert list(curves(object())) == []


def written(directory: Path, question: str) -> Path:
    file = directory / f"{question}-20261201T120000Z.json"
    file.write_bytes(msgspec.json.encode(samples.SAMPLES[question]()))
    return file


@pytest.mark.parametrize("question", samples.SAMPLES)
def test_a_report_is_read_as_it_was_taken(question: str, tmp_path: Path) -> None:
    assert kept(written(tmp_path, question)).report == samples.SAMPLES[question]()


def test_a_report_of_another_bench_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lists-20261201T120000Z.json"
    file.write_text("{}")
    with pytest.raises(ReportOutdated, match="lists-2026"):
        kept(file)


def test_of_each_question_the_newest_is_taken(tmp_path: Path) -> None:
    for question in ("lists", "create"):
        written(tmp_path, question)
    (tmp_path / "lists-20261130T120000Z.json").write_text("{}")
    assert [one.question for one in results.newest(tmp_path)] == ["create", "lists"]


@pytest.fixture
def taken(tmp_path: Path) -> list[Kept]:
    for question in samples.SAMPLES:
        written(tmp_path, question)
    return results.newest(tmp_path)


def test_the_page_has_every_answer_every_picture_and_every_table(taken: list[Kept]) -> None:
    of = {one.question: list(curves(one.report)) for one in taken}

    page = results.into(PAGE, results.section(taken, of))

    assert page.startswith("# Speed\n\nBefore.\n")
    assert page.endswith("\nBehind.\n")
    assert "of last year" not in page
    assert "| birdsystem, 64 connections | ours / pgbench, calls a second | 0.60 | 0.54–0.72 | 5" in page
    assert "| ≥ 0.7 | **missed** |" in page
    assert "| ≥ 1 | kept |" in page
    assert "3 of 7 goals are kept, 4 missed" in page
    assert page.count("| question |") == 1
    for answer in chain.from_iterable(one.answers for one in taken):
        assert f"| {answer.question} | {answer.by} |" in page
    for curve in chain.from_iterable(of.values()):
        assert f"![{curve.says}](pictures/performance/{curve.name}.svg)" in page
    assert "| commit | 0123abc |" in page
    assert page.count("A processor") == 1
    assert "| receipt | 1,000 | 400 | 125 | 3.2 | 0.400 | ≤ 2 s |" in page
    assert "the postmaster killed 1 times: 500 orders acknowledged, 9 not, 0 lost\\\nthe server killed" in page


def test_a_bench_without_figures_leaves_the_page_to_say_so() -> None:
    assert results.NOTHING in results.into(PAGE, results.section([], {}))


def test_a_page_without_markers_is_left_alone() -> None:
    with pytest.raises(results.MarkersMissing):
        results.into("# Speed\n", "text")


def test_pictures_of_before_are_removed(tmp_path: Path) -> None:
    (tmp_path / "gone.svg").write_text("")
    results.draw({"commits": list(curves(samples.commits()))}, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["commits.svg"]


MISSED = "birdsystem, 64 connections | ours / pgbench, calls a second"
KEPT = "ovopark, 64 connections | ours / pgbench, calls a second"
DEEP = f"list: {bench_lists.DEEPEST} | 10,000,000 orders / 100,000, ms"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([f"| {MISSED} | the log | fewer flushes |", f"| {DEEP} | blocks | larger ones |"], []),
        ([f"| {MISSED} | the log | fewer flushes |"], ["no cause is given: list: three quarters down"]),
        ([f"| {MISSED} | the log |  |", f"| {DEEP} |  |  |"], ["without a next step", "without a cause"]),
        (
            [f"| {MISSED} | a | b |", f"| {DEEP} | a | b |", f"| {KEPT} | a | b |"],
            ["it is not missed: ovopark, 64 connections"],
        ),
    ],
)
def test_what_is_missed_has_its_cause_and_nothing_else_has(
    taken: list[Kept], rows: list[str], says: list[str]
) -> None:
    two = [one for one in taken if one.question in ("create", "lists")]
    causes = "\n".join(["| missed | ratio of | cause | next step |", "| --- | --- | --- | --- |", *rows])
    page = results.into(f"{PAGE}\n{causes}\n", results.section(two, {"create": [], "lists": []}))

    wanting = list(results.wanting(page))

    assert len(wanting) == len(says)
    assert all(part in said for part, said in zip(says, wanting, strict=True))


def test_it_says_what_it_drew_and_what_is_wanting(taken: list[Kept], tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE)
    few = msgspec.json.decode((tmp_path / "memory-20261201T120000Z.json").read_bytes())
    few["answers"][0]["rounds"] = 1
    (tmp_path / "memory-20261202T120000Z.json").write_bytes(msgspec.json.encode(few))
    words = ["--from", str(tmp_path), "--page", str(tmp_path / "page.md"), "--pictures", str(tmp_path / "pictures")]

    done = CliRunner().invoke(results.app, words)

    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "pictures").glob("*.svg"))) == 9
    assert "not measured: nodes" in done.output
    assert "fewer than 5 rounds: memory" in done.output
    assert "fewer than 5 rounds: create" not in done.output
    assert "missed, and no cause is given: receipt of 1,000 lines" in done.output
    assert "### create" in (tmp_path / "page.md").read_text()
