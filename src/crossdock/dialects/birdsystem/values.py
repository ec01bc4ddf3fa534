"""Single values as they come: text or number, form or JSON."""

import re
from decimal import Decimal
from typing import Any, Final

from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired

WHOLE: Final = re.compile(r"[0-9]{1,18}")
"""18 digits always fit the database's bigint."""
DECIMAL: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?")
FLAGS: Final[dict[str, str]] = {"0": "0", "false": "0", "1": "1", "true": "1"}


def text(field: str, value: Any) -> str | None:
    """None for a missing or empty value; numbers and flags as their text. Errors: ValueInvalid."""
    if value is None or value == "":
        return None
    match value:
        case bool():
            return str(int(value))
        case int() | float():
            return str(value)
        case str() if "\x00" not in value:  # no text column can hold it
            return value
    raise ValueInvalid(field=field)


def required(field: str, value: Any) -> str:
    """Errors: ValueRequired for blanks too, ValueInvalid."""
    given = text(field, value)
    if given is None or not given.strip():
        raise ValueRequired(field=field)
    return given


def whole(field: str, value: Any) -> int | None:
    """Errors: ValueInvalid."""
    given = text(field, value)
    if given is None:
        return None
    if not WHOLE.fullmatch(given.strip()):
        raise ValueInvalid(field=field)
    return int(given)


def decimal(field: str, value: Any, *, below: Decimal) -> Decimal | None:
    """Errors: ValueInvalid, also for `below` itself and for less than zero."""
    given = text(field, value)
    if given is None:
        return None
    if not DECIMAL.fullmatch(given.strip()) or Decimal(given) >= below:
        raise ValueInvalid(field=field)
    return Decimal(given)


def flag(field: str, value: Any) -> str | None:
    """`0` or `1`. Errors: ValueInvalid."""
    given = text(field, value)
    if given is None:
        return None
    if given.lower() not in FLAGS:
        raise ValueInvalid(field=field)
    return FLAGS[given.lower()]


def word(field: str, value: Any) -> str | None:
    """One of the vendor's words, whose case does not matter: upper-case. Errors: ValueInvalid."""
    given = text(field, value)
    return None if given is None else given.strip().upper()
