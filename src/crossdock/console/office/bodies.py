"""Bodies of callbacks as people read them: printed over lines, and two of them side by side."""

import json
import re
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from msgspec import Struct

LINES_MAX: Final = 1_000
"""Of each body that is compared; the rest is left out, and the page says so."""
LINES_SHOWN_MAX: Final = 300
"""Of a comparison, equal stretches folded."""
LINE_CHARACTERS_MAX: Final = 160
CONTEXT: Final = 3
"""Equal lines around what differs."""
CHARACTERS_SHOWN_MAX: Final = 12_000
"""Of one body on a page."""
CODES: Final = frozenset({"save_code", "take_code", "pick_code", "pick_up_code", "key", "token"})
"""Fields that open a door, a counter's shelf or the buyer's page: whoever only looks is not told them."""
HIDDEN: Final = "•••"
_CODE: Final = re.compile(rf'("(?:{"|".join(sorted(CODES))})"\s*:\s*)(?:"[^"]*(?:"|$)|[0-9]+)')
_NUMBER: Final = re.compile(r'"\\u0000n:([^"]*)"')

Mark = Literal["same", "gone", "new", "skipped"]


class Line(Struct, frozen=True, kw_only=True):
    """One line of a comparison; `left` and `right` are its numbers, from 1."""

    mark: Mark
    text: str
    left: int | None = None
    right: int | None = None
    count: int = 0
    """Of a `skipped` one: how many equal lines it stands for."""


class Compared(Struct, frozen=True, kw_only=True):
    lines: list[Line]
    differs: bool
    cut: bool
    """One of the two is longer than LINES_MAX, or more than LINES_SHOWN_MAX would be shown."""


def printed(text: str, *, codes: bool) -> str:
    """JSON over lines, its numbers as they were written; anything else as it is. Without `codes` they are hidden."""
    try:
        value = json.loads(text, parse_float=_written, parse_int=_written)
    except (ValueError, RecursionError):  # no JSON, or one that was cut when it was kept
        return text if codes else _CODE.sub(rf'\1"{HIDDEN}"', text)
    return _NUMBER.sub(r"\1", json.dumps(value if codes else _hidden(value), indent=2, ensure_ascii=False))


def compared(left: str, right: str) -> Compared:
    """Line by line, equal stretches folded."""
    one, other = left.splitlines(), right.splitlines()
    cut = max(len(one), len(other)) > LINES_MAX
    one, other = one[:LINES_MAX], other[:LINES_MAX]
    lines: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other).get_opcodes():
        if tag == "equal":
            lines += [_line("same", one[n], left=n + 1, right=n + 1 - a + c) for n in range(a, b)]
            continue
        lines += [_line("gone", one[n], left=n + 1) for n in range(a, b)]
        lines += [_line("new", other[n], right=n + 1) for n in range(c, d)]
    folded = _folded(lines)
    cut = cut or len(folded) > LINES_SHOWN_MAX
    return Compared(lines=folded[:LINES_SHOWN_MAX], differs=one != other, cut=cut)


def _folded(lines: list[Line]) -> list[Line]:
    near = {
        other
        for place, line in enumerate(lines)
        if line.mark != "same"
        for other in range(place - CONTEXT, place + CONTEXT + 1)
    }
    folded: list[Line] = []
    skipped = 0
    for place, line in enumerate([*lines, None]):
        if line is not None and place not in near:
            skipped += 1
            continue
        if skipped:
            folded.append(Line(mark="skipped", text="", count=skipped))
            skipped = 0
        if line is not None:
            folded.append(line)
    return folded


def _line(mark: Mark, text: str, *, left: int | None = None, right: int | None = None) -> Line:
    return Line(mark=mark, text=text[:LINE_CHARACTERS_MAX], left=left, right=right)


def _written(literal: str) -> str:
    return f"\0n:{literal}"


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: HIDDEN if name in CODES and inner else _hidden(inner) for name, inner in value.items()}
    return [_hidden(inner) for inner in value] if isinstance(value, list) else value
