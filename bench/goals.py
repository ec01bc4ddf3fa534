"""What is asked of a ratio, what it came to, and whether that is enough.

Every report of a bench has `answers`: the lines of the one table that `python -m bench` prints at its end.
"""

from collections.abc import Sequence
from statistics import median
from typing import Literal

from msgspec import Struct
from rich.console import Console
from rich.table import Table


class Answer(Struct, frozen=True, kw_only=True):
    question: str
    """What stands in the first column: short, with the number of connections or rows where it matters."""
    ratio: float
    """Median of the rounds."""
    lowest: float
    highest: float
    rounds: int
    bound: float
    asked: Literal["at least", "at most"]
    by: str
    """What the ratio is of: "ours / pgbench, orders a second"."""

    @property
    def kept(self) -> bool:
        return self.ratio >= self.bound if self.asked == "at least" else self.ratio <= self.bound


def at_least(bound: float, question: str, ratios: Sequence[float], *, by: str) -> Answer:
    """Errors: ValueError where nothing was measured."""
    return _answer(bound, "at least", question, ratios, by)


def at_most(bound: float, question: str, ratios: Sequence[float], *, by: str) -> Answer:
    """Errors: ValueError where nothing was measured."""
    return _answer(bound, "at most", question, ratios, by)


def show_answers(answers: Sequence[Answer], out: Console) -> None:
    table = Table()
    for title in ("question", "ratio"):
        table.add_column(title, max_width=58)
    for title in ("found", "from–to", "goal", ""):
        table.add_column(title, justify="right", no_wrap=True)
    for one in answers:
        table.add_row(
            one.question,
            one.by,
            f"{one.ratio:.2f}",
            f"{one.lowest:.2f}–{one.highest:.2f}",
            f"{one.asked} {one.bound:g}",
            "kept" if one.kept else "missed",
            style=None if one.kept else "bold",
        )
    out.print(table)


def _answer(
    bound: float, asked: Literal["at least", "at most"], question: str, ratios: Sequence[float], by: str
) -> Answer:
    if not ratios:
        raise ValueError(f"{question}: nothing was measured")
    return Answer(
        question=question,
        ratio=median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        rounds=len(ratios),
        bound=bound,
        asked=asked,
        by=by,
    )
