"""Conditions of a list: `filter`, a JSON array of them that all must hold, and two older ways. What each type and
comparison means is nowhere on the pages; it is taken from how the vendor's open framework reads them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.core.search import Criterion
from crossdock.dialects.birdsystem import columns, values
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.errors import SearchWrong, ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters, decoded, empty

CONDITIONS_MAX: Final = 100
"""Conditions of one list call; an ERP sends a handful."""
COMPARISONS: Final[dict[str, str]] = {"eq": "eq", "ne": "ne", "gt": "ge", "lt": "le"}
"""Of `filter`, to the core's operators: `gt` and `lt` include the bound."""
SYMBOLS: Final[dict[str, str]] = {
    "=": "eq",
    "!=": "ne",
    "<>": "ne",
    ">=": "ge",
    "<=": "le",
    ">": "gt",
    "<": "lt",
}
"""Of `operators[]`, beside LIKE."""
SECOND_END: Final = 999_999
"""Microseconds. Times are printed in whole seconds: up to a second means up to its end."""


class Condition(Struct, frozen=True, kw_only=True):
    table: Table
    name: str
    value: Any
    operator: str = "eq"
    """One of the core's that COMPARISONS and SYMBOLS name."""
    zone: str
    null_counts: bool = False
    """Whether a value of zero or less asks for columns that are not set."""

    @property
    def column(self) -> Column:
        return self.table.columns[self.name]

    @property
    def text(self) -> str:
        return columns.text_of(self.name, self.value) or ""


def criteria(given: Parameters, table: Table, *, zone: str) -> list[Criterion]:
    """Errors: BodyMalformed, ValueInvalid, SearchWrong."""
    found: list[Criterion] = []
    null_fields = [name.strip() for name in str(given.get("includeNullFields") or "").split(",")]
    for element in elements("filter", given.get("filter")):
        name = str(element.get("property") or element.get("field"))
        comparison = str(element.get("comparison") or "eq")
        value = element.get("value")
        if name not in table.columns or comparison not in COMPARISONS or empty(value) or value == []:
            continue
        condition = Condition(
            table=table,
            name=name,
            value=value,
            operator=COMPARISONS[comparison],
            zone=zone,
            null_counts=name in null_fields,
        )
        found += READ_AS.get(str(element.get("type")), _equal)(condition)
    return found + _searched(given, table, zone=zone)


def elements(field: str, value: Any) -> list[dict[str, Any]]:
    """Objects, from JSON text or from a JSON body; a single one stands for a list of one.

    Errors: BodyMalformed, ValueInvalid.
    """
    if value is None:
        return []
    found = _list(decoded(value) if isinstance(value, str) else value)
    if len(found) > CONDITIONS_MAX or not all(isinstance(one, dict) for one in found):
        raise ValueInvalid(field=field)
    return found


def _searched(given: Parameters, table: Table, *, zone: str) -> list[Criterion]:
    """`field` with `query`; without them `fields[]`, `operators[]` and `values[]`, which go in step.

    Errors: ValueInvalid, SearchWrong.
    """
    if given.get("field") is not None and given.get("query") is not None:
        asked = [(given.get("field"), "LIKE", given.get("query"))]
    else:
        names, operators, wanted = (_list(given.get(name)) for name in ("fields", "operators", "values"))
        if len(names) != len(operators):
            raise SearchWrong()
        asked = list(zip(names, operators, wanted, strict=False))
    if len(asked) > CONDITIONS_MAX:
        raise ValueInvalid(field="fields")
    found: list[Criterion] = []
    for name, operator, value in asked:
        if str(name) not in table.columns or empty(value):
            continue
        word = str(operator).strip().upper()
        if word == "LIKE":
            found += _contains(Condition(table=table, name=name, value=value, zone=zone))
        elif word in SYMBOLS:
            found += _compared(Condition(table=table, name=name, value=value, operator=SYMBOLS[word], zone=zone))
    return found


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _equal(condition: Condition) -> list[Criterion]:
    return _among(condition, _list(condition.value))


def _among(condition: Condition, wanted: list[Any]) -> list[Criterion]:
    """The column holds one of these; a time by its second, which is all that is printed of it."""
    column = condition.column
    if column.kind != "time":
        return [columns.one_of(condition.table, condition.name, wanted)]
    moments = [_moment(condition, text) for text in columns.texts_of(condition.name, wanted)]
    if len(moments) != 1:
        return [Criterion(f"{column.field}.second", "in", moments)]
    # As a span an index finds it.
    [begin] = moments
    return [Criterion(column.field, "ge", begin), Criterion(column.field, "le", _end(begin))]


def _contains(condition: Condition) -> list[Criterion]:
    column = condition.column
    match column.kind:
        case "text" | "word" | "number":
            return [Criterion(column.field, "contains", condition.text)]
        case "status":
            fitting = [word for word in column.words if condition.text.upper() in word]
            return [columns.one_of(condition.table, condition.name, fitting)]
        case "time":
            return _dated(condition)
    return _equal(condition)


def _compared(condition: Condition) -> list[Criterion]:
    column = condition.column
    if _asks_for_unset(condition):
        return [Criterion(column.field, "is_null", True)]
    match column.kind:
        case "time":
            return _dated(condition)
        case "number":
            return [Criterion(column.field, condition.operator, columns.number(condition.text))]
        case "text" if condition.operator != "eq":
            return [Criterion(column.field, condition.operator, condition.text)]
    if condition.operator == "ne":
        return columns.other_than(condition.table, condition.name, condition.value)
    return _equal(condition)


def _asks_for_unset(condition: Condition) -> bool:
    """A flag is never printed as unset."""
    if not condition.null_counts or condition.operator not in ("eq", "le") or condition.column.kind == "flag":
        return False
    return columns.is_number(condition.text) and columns.number(condition.text) <= 0


def _dated(condition: Condition) -> list[Criterion]:
    """`eq` means that day, the rest that second."""
    column = condition.column
    if column.kind != "time":
        return []
    begin = _moment(condition, condition.text)
    end = _end(begin)
    match condition.operator:
        case "eq":
            return [
                Criterion(column.field, "ge", begin.replace(hour=0, minute=0, second=0)),
                Criterion(column.field, "le", end.replace(hour=23, minute=59, second=59)),
            ]
        case "ne":
            return [Criterion(f"{column.field}.second", "ne", begin)]
        case "ge" | "lt":
            return [Criterion(column.field, condition.operator, begin)]
    return [Criterion(column.field, condition.operator, end)]


def _boolean(condition: Condition) -> list[Criterion]:
    if not condition.value:
        return _among(condition, ["0"])
    return _among(condition, [values.FLAGS.get(str(condition.value).lower(), "1")])


def _end(begin: datetime) -> datetime:
    return begin.replace(microsecond=SECOND_END)


def _moment(condition: Condition, text: str) -> datetime:
    """In the company's zone, unless the text names another. Errors: ValueInvalid."""
    try:
        moment = datetime.fromisoformat(text.strip()).replace(microsecond=0)
    except ValueError as error:
        raise ValueInvalid(field=condition.name) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(condition.zone))


READ_AS: Final[dict[str, Callable[[Condition], list[Criterion]]]] = {
    "string": _contains,
    "numeric": _compared,
    "date": _dated,
    "list": _equal,
    "boolean": _boolean,
}
"""By `type`; without one, or with another, the column must be equal."""
