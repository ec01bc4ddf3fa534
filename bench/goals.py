"""What is asked of a ratio, what it came to, and whether that is enough.

Every report of a bench has `answers`: the lines of the one table that `python -m bench` prints at its end.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final, Literal

from msgspec import Struct
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

HEADINGS: Final = ("question", "ratio of", "found", "from–to", "rounds", "goal", "")
WIDE: Final = 130
"""Columns of a terminal in which the table has a line for each ratio."""
SIGNS: Final = {"at least": "≥", "at most": "≤"}
TWO_PLACES: Final = 0.1


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

    @property
    def cells(self) -> tuple[str, ...]:
        """As HEADINGS has them."""
        return (
            self.question,
            self.by,
            figure(self.ratio),
            f"{figure(self.lowest)}–{figure(self.highest)}",
            str(self.rounds),
            f"{SIGNS[self.asked]} {self.bound:g}",
            "kept" if self.kept else "missed",
        )


def at_least(bound: float, question: str, ratios: Sequence[float], *, by: str) -> Answer:
    """Errors: ValueError where nothing was measured."""
    return _answer(bound, "at least", question, ratios, by)


def at_most(bound: float, question: str, ratios: Sequence[float], *, by: str) -> Answer:
    """Errors: ValueError where nothing was measured."""
    return _answer(bound, "at most", question, ratios, by)


def show_answers(answers: Sequence[Answer], out: Console) -> None:
    """In a narrow terminal what the ratio is of stands below the question."""
    wide = out.width >= WIDE
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in HEADINGS if wide else HEADINGS[:1] + HEADINGS[2:]:
        of_text = title in HEADINGS[:2]
        table.add_column(title, justify="left" if of_text else "right", no_wrap=not of_text)
    for one in answers:
        question, by, *others = one.cells
        text = (question, by) if wide else (f"{question}\n  {by}",)
        table.add_row(*text, *others, style=None if one.kept else "bold")
    out.print(table)


def how_many(answers: Sequence[Answer]) -> str:
    missed = sum(not one.kept for one in answers)
    return f"{len(answers) - missed} of {len(answers)} goals are kept, {missed} missed"


def figure(value: float) -> str:
    """Two places, and more of what would be nothing by two."""
    return f"{value:.2f}" if value >= TWO_PLACES or value == 0 else f"{value:.2g}"


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
