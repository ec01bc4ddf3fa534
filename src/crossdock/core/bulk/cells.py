"""Cells of text as values: what a column takes, and what is said of a cell it does not take."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from msgspec import Struct

from crossdock.core.bulk.errors import CellsInvalid, HeadingsInvalid
from crossdock.core.bulk.sheets import CELL_CHARACTERS_MAX

Values = Mapping[str, Any]
"""Column -> value; what a row leaves empty is not in it."""
WHOLE_MAX: Final = 999_999_999
PRICE_MAX: Final = Decimal("99999999")
TRUE: Final = frozenset({"true", "yes", "1", "是"})
FALSE: Final = frozenset({"false", "no", "0", "否"})


class Column(Struct, frozen=True, kw_only=True):
    name: str
    read: Callable[[str], Any]
    """Errors: ValueError, with what would be right."""
    required: bool = False
    sample: str = ""


def read(columns: Sequence[Column], row: Mapping[str, str]) -> dict[str, Any]:
    """All cells of a row, or all that is wrong with them. Columns of other names are passed over.

    Errors: CellsInvalid.
    """
    values, wrong = {}, {}
    for column in columns:
        text = row.get(column.name, "")
        if not text:
            if column.required:
                wrong[column.name] = "is empty"
            continue
        try:
            if len(text) > CELL_CHARACTERS_MAX or "\0" in text:
                raise ValueError(f"at most {CELL_CHARACTERS_MAX} characters, none of them NUL")
            values[column.name] = column.read(text)
        except ValueError as error:
            wrong[column.name] = f"{text[:40]!r}: {error}"
    if wrong:
        raise CellsInvalid(**wrong)
    return values


def check_headings(columns: Sequence[Column], headings: Sequence[str]) -> None:
    """Errors: HeadingsInvalid."""
    missing = [column.name for column in columns if column.required and column.name not in headings]
    if missing:
        raise HeadingsInvalid(missing=", ".join(missing))


def words(text: str) -> str:
    return text


def several(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(";", " ").split()))


def whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(WHOLE_MAX)) or int(text) > WHOLE_MAX:
        raise ValueError(f"a whole number from 0 to {WHOLE_MAX}")
    return int(text)


def pieces(text: str) -> int:
    number = whole(text)
    if not number:
        raise ValueError("1 or more")
    return number


def price(text: str) -> Decimal:
    try:
        amount = Decimal(text) if text.isascii() and len(text) <= len("99999999.9999") else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and 0 <= amount <= PRICE_MAX):
        raise ValueError(f"an amount from 0 to {PRICE_MAX}, as 12.50")
    return amount


def yes_or_no(text: str) -> bool:
    said = text.lower()
    if said not in TRUE | FALSE:
        raise ValueError("true or false")
    return said in TRUE


def day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError("a day, as 2027-03-31") from None


def one_of(*names: str) -> Callable[[str], str]:
    def read_name(text: str) -> str:
        if text.lower() not in names:
            raise ValueError(" or ".join(names))
        return text.lower()

    return read_name
