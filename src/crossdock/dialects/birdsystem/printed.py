"""Lists that are short enough to be at hand whole: conditions and order on rows as they are printed.

A criterion names the printed column, and what is printed is compared as what it is compared with.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from crossdock.core.search import SECOND, Criterion, SortKey
from crossdock.dialects.birdsystem import columns, words
from crossdock.dialects.birdsystem.columns import Table

Row = Mapping[str, Any]

COMPARED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ge": operator.ge,
    "le": operator.le,
    "gt": operator.gt,
    "lt": operator.lt,
    "contains": lambda printed, wanted: str(wanted).lower() in str(printed).lower(),
}
"""Nothing that is not set fits any of these."""


def fits(row: Row, criterion: Criterion, *, zone: str) -> bool:
    """Errors: LookupError for a column that is not printed, or an operator that does not exist."""
    shown, wanted = row[criterion.field.removesuffix(SECOND)], criterion.value
    match criterion.operator:
        case "is_null":
            return (shown is None) is bool(wanted)
        case "in":
            return any(_like(shown, one, zone=zone) == one for one in wanted)
        case "ne":
            return bool(_like(shown, wanted, zone=zone) != wanted)
    compared = COMPARED[criterion.operator]
    return shown is not None and compared(_like(shown, wanted, zone=zone), wanted)


def in_order(rows: Sequence[dict[str, Any]], sort: Sequence[SortKey], table: Table) -> list[dict[str, Any]]:
    """What is not set comes last, or first where the order descends; equal rows stay as they were."""
    kinds = {column.field: column.kind for column in table.columns.values()}
    found = list(rows)
    for key in reversed(sort):
        found.sort(key=_place(key.field, is_number=kinds[key.field] == "number"), reverse=key.descending)
    return found


def _place(field: str, *, is_number: bool) -> Callable[[Row], tuple[bool, Any]]:
    def place(row: Row) -> tuple[bool, Any]:
        shown = row[field]
        if shown is None:
            return True, 0 if is_number else ""
        return False, columns.number(str(shown)) if is_number else str(shown)

    return place


def _like(shown: Any, wanted: Any, *, zone: str) -> Any:
    if shown is None:
        return None
    match wanted:
        case datetime():
            return datetime.strptime(shown, words.TIME_PATTERN).replace(tzinfo=ZoneInfo(zone))
        case int() | Decimal():
            return columns.number(str(shown))
    return str(shown)
