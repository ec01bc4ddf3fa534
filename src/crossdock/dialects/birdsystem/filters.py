"""`filter`: a JSON array of conditions that all must hold. What each type and comparison means is nowhere on
the pages; it is taken from how the vendor's open framework reads them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.core.orders.model import Criterion
from crossdock.dialects.birdsystem import columns, values, words
from crossdock.dialects.birdsystem.columns import COLUMNS
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters, decoded, empty

CONDITIONS_MAX: Final = 100
"""Conditions of one list call; an ERP sends a handful."""
COMPARISONS: Final[dict[str, str]] = {"eq": "eq", "ne": "ne", "gt": "ge", "lt": "le"}
"""`gt` and `lt` include the bound."""
SECOND_END: Final = 999_999
"""Microseconds. Times are printed in whole seconds: up to a second means up to its end."""


class Condition(Struct, frozen=True, kw_only=True):
    name: str
    value: Any
    comparison: str = "eq"
    """A key of COMPARISONS."""
    zone: str
    null_counts: bool = False
    """Whether a value of zero or less asks for columns that are not set."""


def criteria(given: Parameters, *, zone: str) -> list[Criterion]:
    """`filter`, and `field` with `query`. Errors: BodyMalformed, ValueInvalid."""
    found: list[Criterion] = []
    null_fields = str(given.get("includeNullFields") or "").split(",")
    for element in elements("filter", given.get("filter")):
        name = str(element.get("property") or element.get("field"))
        comparison = str(element.get("comparison") or "eq")
        value = element.get("value")
        if name not in COLUMNS or comparison not in COMPARISONS or empty(value) or value == []:
            continue
        condition = Condition(
            name=name, value=value, comparison=comparison, zone=zone, null_counts=name in null_fields
        )
        found += READ_AS.get(str(element.get("type")), _equal)(condition)
    searched = str(given.get("field"))
    if searched in COLUMNS and given.get("query") is not None:
        found += _contains(Condition(name=searched, value=given.get("query"), zone=zone))
    return found


def elements(field: str, value: Any) -> list[dict[str, Any]]:
    """Objects, from JSON text or from a JSON body; a single one stands for a list of one.

    Errors: BodyMalformed, ValueInvalid.
    """
    if value is None:
        return []
    document = decoded(value) if isinstance(value, str) else value
    found = document if isinstance(document, list) else [document]
    if len(found) > CONDITIONS_MAX or not all(isinstance(one, dict) for one in found):
        raise ValueInvalid(field=field)
    return found


def _equal(condition: Condition) -> list[Criterion]:
    return [columns.equal(condition.name, condition.value)]


def _contains(condition: Condition) -> list[Criterion]:
    column = COLUMNS[condition.name]
    text = values.text(condition.name, condition.value) or ""
    match column.kind:
        case "text" | "type" | "number":
            return [Criterion(column.field, "contains", text)]
        case "status":
            fitting = [status for status in words.STATUSES if text.upper() in status]
            return [columns.one_of(condition.name, fitting)]
    return _equal(condition)


def _compared(condition: Condition) -> list[Criterion]:
    column = COLUMNS[condition.name]
    if column.kind == "time":
        return _dated(condition)
    if column.kind != "number":
        return _equal(condition)
    number = columns.number(values.text(condition.name, condition.value) or "")
    if condition.null_counts and condition.comparison in ("eq", "lt") and number <= 0:
        return [Criterion(column.field, "is_null", True)]
    return [Criterion(column.field, COMPARISONS[condition.comparison], number)]


def _dated(condition: Condition) -> list[Criterion]:
    column = COLUMNS[condition.name]
    if column.kind != "time" or condition.comparison == "ne":
        return []
    moment = _moment(condition)
    match condition.comparison:
        case "gt":
            return [Criterion(column.field, "ge", moment)]
        case "lt":
            return [Criterion(column.field, "le", moment.replace(microsecond=SECOND_END))]
    return [
        Criterion(column.field, "ge", moment.replace(hour=0, minute=0, second=0)),
        Criterion(column.field, "le", moment.replace(hour=23, minute=59, second=59, microsecond=SECOND_END)),
    ]


def _listed(condition: Condition) -> list[Criterion]:
    value = condition.value
    return [columns.one_of(condition.name, value if isinstance(value, list) else [value])]


def _boolean(condition: Condition) -> list[Criterion]:
    truth = values.FLAGS.get(str(condition.value).lower(), "1")
    return [columns.equal(condition.name, truth)]


def _moment(condition: Condition) -> datetime:
    text = values.text(condition.name, condition.value) or ""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueInvalid(field=condition.name) from error
    return moment.replace(microsecond=0, tzinfo=ZoneInfo(condition.zone))


READ_AS: Final[dict[str, Callable[[Condition], list[Criterion]]]] = {
    "string": _contains,
    "numeric": _compared,
    "date": _dated,
    "list": _listed,
    "boolean": _boolean,
}
"""By `type`; without one, or with another, the column must be equal."""
