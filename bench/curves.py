"""The pictures of docs/performance.md: what was measured at more than two points, drawn out of a report.

Points are medians of the rounds, bars behind them reach from the lowest round to the highest. A dashed line is the
goal. The same report makes the same bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from msgspec import Struct

from bench import bench_commits, bench_create, bench_lists, bench_lockers, bench_memory, bench_pages, bench_receive

OURS: Final = "#1b6ca8"
BARE: Final = "#d2691e"
THIRD: Final = "#6b6b6b"
GOAL: Final = "#1e7b34"
SIZE: Final = (4.6, 2.9)
"""Inches of one panel."""
HEAD: Final = 0.7
"""Inches for title and legend."""
STYLE: Final[dict[Any, Any]] = {
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "crossdock",
}
GOAL_WIDTH: Final = 1.35
"""Of the dash of a goal that is asked at one point of a logarithmic axis: so far to either side of it."""
ABOVE: Final = 1.06
"""The height of an axis from zero, by what it has to show."""
LEAST_SHARE: Final = 0.01
"""Per cent of answers, the foot of a histogram."""


class Curve(Struct, frozen=True, kw_only=True):
    name: str
    """Of its file."""
    says: str
    """For who does not see it."""
    figure: Figure


def curves(report: object) -> Iterator[Curve]:
    """None of a report that has no curve."""
    draw = DRAWN.get(type(report))
    with mpl.rc_context(STYLE):
        yield from draw(report) if draw else ()


def save(curve: Curve, directory: Path) -> Path:
    """As SVG, its text as text."""
    file = directory / f"{curve.name}.svg"
    drawn = BytesIO()
    with mpl.rc_context(STYLE):
        curve.figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    lines = drawn.getvalue().decode().splitlines()
    file.write_text("\n".join(line.strip() for line in lines) + "\n", encoding="utf-8")
    return file


def _create(report: bench_create.Report) -> Iterator[Curve]:
    by = {
        name: [one for one in report.measured if one.workload == name]
        for name in dict.fromkeys(one.workload for one in report.measured)
    }
    figure, panels = _panels("How many calls a second?", list(by))
    for axes, measured in zip(panels, by.values(), strict=True):
        numbers = [one.connections for one in measured]
        bare = [[one.bare.per_s] for one in measured]
        _line(axes, numbers, bare, "a handler that only answers", THIRD, "^")
        pgbench = [[taken.pgbench.per_s for taken in one.rounds] for one in measured]
        _line(axes, numbers, pgbench, "pgbench, the same rows", BARE, "s")
        _line(axes, numbers, [[taken.ours.per_s for taken in one.rounds] for one in measured], "ours", OURS, "o")
        _log(axes.xaxis, numbers)
        _log(axes.yaxis)
        axes.set(xlabel="connections", ylabel="calls a second")
    yield _curve(
        "create-rate", figure, "calls a second by number of connections, ours, pgbench's and a bare handler's"
    )

    figure, panels = _panels("What share of pgbench's calls a second is ours?", list(by))
    for axes, (name, measured) in zip(panels, by.items(), strict=True):
        numbers = [one.connections for one in measured]
        _line(axes, numbers, [[taken.ratio for taken in one.rounds] for one in measured], "ours / pgbench", OURS, "o")
        goal = bench_create.MOST.get(name)
        for number, bound in [(numbers[0], bench_create.LONE), (numbers[-1], goal)] if goal else []:
            _goal(axes, [number / GOAL_WIDTH, number * GOAL_WIDTH], [bound, bound], "goal, at least")
        _log(axes.xaxis, numbers)
        axes.set(xlabel="connections", ylabel="ours / pgbench")
        _from_zero(axes)
    yield _curve("create-ratio", figure, "ours by pgbench's calls a second, by number of connections, and the goals")


def _lists(report: bench_lists.Report) -> Iterator[Curve]:
    by = {
        name: [one for one in report.points if one.question == name]
        for name in dict.fromkeys(one.question for one in report.points)
    }
    figure, panels = _panels("What does a list cost when there are more orders?", list(by))
    sizes = [one.orders for one in report.loaded]
    for axes, (name, points) in zip(panels, by.items(), strict=True):
        if name == bench_lists.DEEPEST:
            bare = [[one.bare_deep_ms] for one in report.loaded]
            _line(axes, sizes, bare, "a bare statement that skips rows", BARE, "s")
        _line(axes, sizes, [one.rounds_ms for one in points], "ours", OURS, "o")
        _goal(axes, sizes, [bench_lists.WIDEST * points[0].ms] * len(sizes), "goal, at most")
        _log(axes.xaxis, sizes)
        if name == bench_lists.DEEPEST:
            _log(axes.yaxis)
        else:
            _from_zero(axes)
        axes.set(xlabel="orders on record", ylabel="ms until the answer")
    yield _curve("lists", figure, "milliseconds of each list by number of orders on record, and the goals")


def _receive(report: bench_receive.Report) -> Iterator[Curve]:
    by = {
        name: [one for one in report.measured if one.what == name]
        for name in dict.fromkeys(one.what for one in report.measured)
    }
    asked = [one.lines for one in report.measured if one.lines in bench_receive.ASKED]
    figure, panels = _panels("What does an order of many lines cost?", list(by))
    for axes, measured in zip(panels, by.values(), strict=True):
        sizes = [one.lines for one in measured]
        _line(axes, sizes, [_ms(one.bare) for one in measured], "bare set-based SQL", BARE, "s")
        _line(axes, sizes, [_ms(one.ours) for one in measured], "ours", OURS, "o")
        held = [one for one in measured if not asked or one.lines in asked]
        bounds = [bench_receive.DEAREST * one.bare_s * 1_000 for one in held]
        _goal(axes, [one.lines for one in held], bounds, "goal, at most")
        _log(axes.xaxis, sizes)
        _log(axes.yaxis)
        axes.set(xlabel="lines of the order", ylabel="ms until it is on disk")
    yield _curve("receive", figure, "milliseconds by number of lines, ours and bare statements', and the goals")

    figure, panels = _panels("Is the cost of a line the same in a large order?", list(by))
    for axes, measured in zip(panels, by.values(), strict=True):
        sizes = [one.lines for one in measured]
        for label, color, marker, side in (
            ("bare set-based SQL", BARE, "s", [one.bare for one in measured]),
            ("ours", OURS, "o", [one.ours for one in measured]),
        ):
            taken = [[ms / size for ms in _ms(rounds)] for size, rounds in zip(sizes, side, strict=True)]
            _line(axes, sizes, taken, label, color, marker)
        held = [one for one in measured if not asked or one.lines in asked]
        bound = bench_receive.STEEPEST * held[0].ours_s * 1_000 / held[0].lines
        _goal(axes, [held[0].lines, held[-1].lines], [bound, bound], "goal, at most")
        _log(axes.xaxis, sizes)
        axes.set(xlabel="lines of the order", ylabel="ms a line")
        _from_zero(axes)
    yield _curve("receive-line", figure, "milliseconds a line by number of lines, ours and bare statements'")


def _lockers(report: bench_lockers.Report) -> Iterator[Curve]:
    title = f"How long until a door's word? {report.rate_per_s} a second over {report.cabinets:,} cabinets"
    figure, [axes] = _panels(title, [""], wide=True)
    for step in bench_lockers.STEPS_MS:
        label = "where steps of 40 ms would stand"
        axes.axvspan(step - 2, step - 2 + bench_lockers.STEP_MS, color=GOAL, alpha=0.12, linewidth=0, label=label)
    for label, color, spreads in (
        ("bare MQTT round trip", BARE, [one.bare_spread for one in report.rounds]),
        ("ours, request to word", OURS, [one.ours_spread for one in report.rounds]),
    ):
        counts = [sum(counted) for counted in zip(*(one.counts for one in spreads), strict=True)]
        shares = [100 * count / sum(counts) for count in counts]
        axes.stairs(shares, [*bench_lockers.BUCKETS_MS, len(counts)], label=label, color=color, linewidth=1.6)
    _log(axes.yaxis)
    axes.set_ylim(bottom=LEAST_SHARE)
    axes.set_xlim(0, len(bench_lockers.BUCKETS_MS))
    axes.set(
        xlabel=f"ms, all {len(report.rounds)} rounds; the last is {bench_lockers.BUCKETS_MS[-1]} and more",
        ylabel="% of all answers",
    )
    yield _curve("lockers", figure, "share of answers by milliseconds, ours and bare round trips', and the steps")


def _memory(report: bench_memory.Report) -> Iterator[Curve]:
    figure, [axes] = _panels("How much memory, at rest and after work?", [""], wide=True)
    done = ["at rest", f"after {report.orders:,} orders", f"and {report.orders:,} callbacks"]
    places = range(len(done))
    taken = [report.together_mb, [report.orders_mb], [report.callbacks_mb]]
    _line(axes, places[:1], [report.apart_mb], "web and worker, two processes", BARE, "s")
    _line(axes, places, taken, "web and worker, one process", OURS, "o")
    _goal(axes, [-0.25, 0.25], [bench_memory.REST_MB_MAX] * 2, "goal, at most")
    grown = bench_memory.GROWTH_MAX * report.together_mb[-1]
    _goal(axes, [places[-1] - 0.25, places[-1] + 0.25], [grown, grown], "goal, at most")
    axes.set_xticks(places, done)
    _from_zero(axes)
    axes.set_ylabel("megabytes (PSS), without PostgreSQL")
    yield _curve("memory", figure, "megabytes at rest, after orders and after callbacks, and the goals")


def _commits(report: bench_commits.Report) -> Iterator[Curve]:
    title = f"How many orders share a flush of the log? {report.connections} connections"
    figure, [axes] = _panels(title, [""], wide=True)
    by = {
        name: [one.per_flush for one in report.flushed if one.workload == name]
        for name in dict.fromkeys(one.workload for one in report.flushed)
    }
    places = range(len(by))
    _line(axes, places, list(by.values()), "ours", OURS, "o", joined=False)
    _goal(axes, [-0.5, len(by) - 0.5], [bench_commits.PER_FLUSH] * 2, "goal, at least")
    axes.set_xticks(places, list(by))
    _from_zero(axes)
    axes.set_ylabel("on record / flushes of the log")
    yield _curve("commits", figure, "orders on record for each flush of the log, by partner, and the goal")


def _pages(report: bench_pages.Report) -> Iterator[Curve]:
    figure, [axes] = _panels(f"Is every page small and quick with {report.orders:,} orders?", [""], wide=True)
    for first, color, marker in (("/console", BARE, "s"), ("/floor", OURS, "o")):
        shown = [one for one in report.measured if one.page.startswith(first)]
        sizes, taken = [one.bytes / 1_000 for one in shown], [one.ms for one in shown]
        axes.plot(sizes, taken, marker, color=color, alpha=0.75, label=f"pages of {first}")
    label = "goal, at most"
    axes.axhline(bench_pages.MS_MAX, color=GOAL, linestyle="--", label=label)
    axes.axvline(bench_pages.KB_MAX, color=GOAL, linestyle="--", label=label)
    _log(axes.xaxis)
    _log(axes.yaxis)
    axes.set(xlabel="KB of HTML", ylabel=f"ms, median of {report.rounds} answers")
    yield _curve("pages", figure, "milliseconds of each page by its size, and the goals")


DRAWN: Final[dict[type[Any], Callable[[Any], Iterator[Curve]]]] = {
    bench_commits.Report: _commits,
    bench_create.Report: _create,
    bench_lists.Report: _lists,
    bench_lockers.Report: _lockers,
    bench_memory.Report: _memory,
    bench_pages.Report: _pages,
    bench_receive.Report: _receive,
}


def _panels(title: str, names: Sequence[str], *, wide: bool = False) -> tuple[Figure, list[Axes]]:
    """A panel for each name, two in a row; one alone is as wide as two."""
    columns = 1 if wide else min(2, len(names))
    rows = -(-len(names) // columns)
    width, height = SIZE
    figure = Figure(figsize=(2 * width, rows * height * (1.25 if wide else 1) + HEAD), layout="constrained")
    figure.suptitle(title)
    grid = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    for axes, name in zip(grid, names, strict=False):
        axes.set_title(name)
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    return figure, grid[: len(names)]


def _line(
    axes: Axes,
    xs: Sequence[float],
    rounds: Sequence[Sequence[float]],
    label: str,
    color: str,
    marker: str,
    *,
    joined: bool = True,
) -> None:
    """`rounds` of each x."""
    mids = [median(taken) for taken in rounds]
    below = [mid - min(taken) for mid, taken in zip(mids, rounds, strict=True)]
    above = [max(taken) - mid for mid, taken in zip(mids, rounds, strict=True)]
    line = "-" if joined else ""
    axes.errorbar(
        xs, mids, [below, above], label=label, color=color, marker=marker, linestyle=line, capsize=4, elinewidth=1.2
    )


def _goal(axes: Axes, xs: Sequence[float], bounds: Sequence[float], label: str) -> None:
    axes.plot(xs, bounds, linestyle="--", color=GOAL, label=label)


def _from_zero(axes: Axes) -> None:
    """After everything is drawn."""
    axes.set_ylim(0, ABOVE * axes.get_ylim()[1])


def _log(axis: Axis, ticks: Sequence[float] = ()) -> None:
    """Logarithmic, its numbers written out: at `ticks`, else at 1, 2, 5 and their like."""
    which = axis.axis_name  # type: ignore[attr-defined]
    getattr(axis.axes, f"set_{which}scale")("log")
    axis.set_major_locator(FixedLocator(list(ticks)) if ticks else LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}" if value < 1_000 else f"{value:,.0f}"))
    axis.set_minor_formatter(NullFormatter())


def _ms(seconds: Sequence[float]) -> list[float]:
    return [1_000 * one for one in seconds]


def _curve(name: str, figure: Figure, says: str) -> Curve:
    """With one legend for all panels: where a panel is missing, else below them."""
    shown: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            shown.setdefault(label, handle)
    labels = sorted(shown, key=lambda label: (label.startswith("goal"), not label.startswith("ours")))
    handles, free = [shown[label] for label in labels], [axes for axes in figure.axes if not axes.axison]
    if free:
        free[0].legend(handles, labels, loc="center")
    else:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return Curve(name=name, says=says, figure=figure)
