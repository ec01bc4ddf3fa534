"""Records as webhooks print them: every value a text or null."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from crossdock.dialects.birdsystem import words

LISTED: Final = ("primary_keys",)
"""Of the answers' own making; a webhook's record is the row alone."""
PLACES: Final[dict[str, int]] = {"total_weight": 4, "total_volume_weight": 4, "total_fee_weight": 4}
"""Of the numbers that a webhook prints with places: its sample has `"total_volume_weight":"504000.0000"`."""


def printed(row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` as an answer prints it."""
    return {name: _text(name, value) for name, value in row.items() if name not in LISTED}


def _text(name: str, value: Any) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return str(int(value))
        case list() | tuple():
            return ",".join(str(one) for one in value)
        case int() | Decimal() if name in PLACES:
            return words.fixed(value, PLACES[name])
    return str(value)
