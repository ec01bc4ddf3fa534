"""The parameters every list takes: start, limit, sort, selectFields and conditions; any other is passed over."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from crossdock.core.search import Criterion, SortKey
from crossdock.dialects.birdsystem import columns, filters, printed, values, wire
from crossdock.dialects.birdsystem.columns import Table
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters

R = TypeVar("R")

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
"""More than this falls back to the default; it is not clamped."""
NO_LIMIT: Final = "-1"
ALL_MAX: Final = 20_000
"""Rows of an answer without a limit. As consignments they are 60 MB; a million would be the end of the server."""
DIGITS_MAX: Final = 18


class Page(Struct, frozen=True):
    start: int
    limit: int
    """Without one, more than `bounded` lets pass."""


def page(given: Parameters, *, most: int = LIMIT_MAX) -> Page:
    """What is no number counts as not given."""
    limit = str(given.get("limit")).strip()
    return Page(
        start=_number(given.get("start")) or 0,
        limit=ALL_MAX + 1 if limit == NO_LIMIT else _limit(limit, most),
    )


def bounded(rows: Sequence[R]) -> Sequence[R]:
    """Errors: ValueInvalid for more than one answer holds; they are to be asked for page by page."""
    if len(rows) > ALL_MAX:
        raise ValueInvalid(field="limit")
    return rows


def criteria(given: Parameters, table: Table, *, zone: str) -> list[Criterion]:
    """`zone` is that of the times in a filter. Errors: BodyMalformed, ValueInvalid, SearchWrong."""
    plain = [columns.equal(table, name, given.get(name)) for name in table.plain if given.get(name) is not None]
    return [*table.own, *plain, *filters.criteria(given, table, zone=zone)]


def sort(given: Parameters, table: Table) -> list[SortKey]:
    """Unknown properties are passed over. Errors: BodyMalformed, ValueInvalid for JSON of another shape."""
    keys: dict[str, SortKey] = {}
    for one in filters.elements("sort", given.get("sort")):
        name = str(one.get("property"))
        if name in table.columns and name not in table.unsorted:
            field = table.columns[name].field
            descending = str(one.get("direction", "")).upper() == "DESC"
            keys.setdefault(field, SortKey(field, descending))
    return list(keys.values())


def selected(given: Parameters, keys: Sequence[str] = ("id",)) -> frozenset[str] | None:
    """The columns of `selectFields`, the keys always among them; None for all."""
    wanted = values.text("selectFields", given.get("selectFields"))
    if wanted is None:
        return None
    return frozenset(name.strip() for name in wanted.split(",")) | set(keys)


def selection(rows: Sequence[Any], selected: frozenset[str] | None) -> list[Any]:
    """The rows with these columns only."""
    if selected is None:
        return list(rows)
    return [{name: value for name, value in msgspec.to_builtins(row).items() if name in selected} for row in rows]


def answer(rows: Sequence[Any], given: Parameters, table: Table, *, zone: str) -> wire.Rows:
    """A list whose rows are all at hand. Errors: BodyMalformed, ValueInvalid, SearchWrong."""
    wanted, order = criteria(given, table, zone=zone), sort(given, table)
    window, names = page(given), selected(given, table.keys)
    found: list[dict[str, Any]] = [
        row for row in msgspec.to_builtins(rows) if all(printed.fits(row, one, zone=zone) for one in wanted)
    ]
    found = printed.in_order(found, order, table)
    shown = bounded(found[window.start : window.start + window.limit])
    return wire.Rows(total=len(found), data=selection(shown, names))


def _limit(text: str, most: int) -> int:
    number = _number(text) or 0
    return number if 0 < number <= most else LIMIT_DEFAULT


def _number(value: Any) -> int | None:
    """Of very many digits the first are enough: no list is as long."""
    text = str(value).strip()
    return int(text[:DIGITS_MAX]) if text.isascii() and text.isdigit() else None
