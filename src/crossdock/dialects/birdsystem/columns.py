"""The columns a list can be asked and sorted by, and how one of them is compared."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from msgspec import Struct

from crossdock.core.search import Criterion
from crossdock.dialects.birdsystem import values
from crossdock.dialects.birdsystem.errors import ValueInvalid

Kind = Literal["text", "number", "time", "flag", "word", "status"]
"""`word` is one of the vendor's upper-case words, `status` one that stands for states of ours."""


class Column(Struct, frozen=True):
    field: str
    """As the core's search names it; for rows that are in memory the name that is printed."""
    kind: Kind
    words: Mapping[str, tuple[str, ...]] = {}
    """Of a `status`: the states each word stands for."""


class Table(Struct, frozen=True, kw_only=True):
    """What one list can be asked."""

    columns: Mapping[str, Column]
    plain: tuple[str, ...] = ("id",)
    """Columns that `column=value` asks for; any other name is passed over."""
    unsorted: frozenset[str] = frozenset()
    """Columns whose order would mean nothing."""
    own: tuple[Criterion, ...] = ()
    """What every row of the list has to be."""
    keys: tuple[str, ...] = ("id",)
    """Columns that `selectFields` cannot leave out."""


NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
NUMBER_OF_TEXT: Final = 0
"""What a number column takes any other text for, as the vendor's database does."""
NUMBER_MAX: Final = 10**18
"""Nothing that is kept is larger, above or below zero, and the database's bigint holds it."""
VALUES_MAX: Final = 1_000
"""Values one condition may list, as many as a batch may name; the pages give no limit."""
VALUE_CHARACTERS_MAX: Final = 1_000
"""Of one value; no column that a list can be asked by is as wide."""


def equal(table: Table, name: str, value: Any) -> Criterion:
    """The column holds exactly this; a word that is not in use fits nothing. Errors: ValueInvalid."""
    return one_of(table, name, value if isinstance(value, list) else [value])


def one_of(table: Table, name: str, wanted: list[Any]) -> Criterion:
    """The column holds one of these. Errors: ValueInvalid, also for more of them than VALUES_MAX."""
    column = table.columns[name]
    texts = texts_of(name, wanted)
    match column.kind:
        case "number":
            return Criterion(column.field, "in", _alike([number(text) for text in texts]))
        case "status":
            states = [state for text in texts for state in column.words.get(text.strip().upper(), ())]
            return Criterion(column.field, "in", list(dict.fromkeys(states)))
        case "word":
            return Criterion(column.field, "in", [text.strip().upper() for text in texts])
        case "flag":
            return _flagged(column, set_=any(_truth(text) for text in texts))
    return Criterion(column.field, "in", texts)


def other_than(table: Table, name: str, value: Any) -> list[Criterion]:
    """The status, word or flag is not this. Errors: ValueInvalid."""
    column = table.columns[name]
    text = (values.text(name, value) or "").strip()
    match column.kind:
        case "status":
            return [Criterion(column.field, "ne", state) for state in column.words.get(text.upper(), ())]
        case "flag":
            return [_flagged(column, set_=not _truth(text))]
    return [Criterion(column.field, "ne", text.upper())]


def texts_of(name: str, wanted: list[Any]) -> list[str]:
    """Without the empty ones. Errors: ValueInvalid."""
    if len(wanted) > VALUES_MAX:
        raise ValueInvalid(field=name)
    return [text for one in wanted if (text := text_of(name, one)) is not None]


def text_of(name: str, value: Any) -> str | None:
    """Errors: ValueInvalid, also for more characters than VALUE_CHARACTERS_MAX."""
    text = values.text(name, value)
    if text is not None and len(text) > VALUE_CHARACTERS_MAX:
        raise ValueInvalid(field=name)
    return text


def number(text: str) -> int | Decimal:
    """Beyond NUMBER_MAX it is taken for that: it compares the same with all that is kept."""
    if not is_number(text):
        return NUMBER_OF_TEXT
    found = max(Decimal(-NUMBER_MAX), min(Decimal(text.strip()), Decimal(NUMBER_MAX)))
    return int(found) if found == int(found) else found


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text.strip()) is not None


def _alike(numbers: list[int | Decimal]) -> list[int] | list[Decimal]:
    """An array in a statement holds one type."""
    if any(isinstance(one, Decimal) for one in numbers):
        return [Decimal(one) for one in numbers]
    return [int(one) for one in numbers]


def _flagged(column: Column, *, set_: bool) -> Criterion:
    """A flag that was never sent is not kept at all."""
    return Criterion(column.field, "eq" if set_ else "ne", "1")


def _truth(text: str) -> bool:
    return values.FLAGS.get(text.strip().lower(), str(number(text))) != "0"
