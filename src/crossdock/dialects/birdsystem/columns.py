"""The consignment's columns a list can be asked and sorted by, and how one of them is compared."""

import re
from decimal import Decimal
from typing import Any, Final, Literal

from msgspec import Struct

from crossdock.core.orders.model import Criterion
from crossdock.dialects.birdsystem import creating, values, words

Kind = Literal["text", "number", "time", "flag", "status", "type"]


class Column(Struct, frozen=True):
    field: str
    """As core/orders/search.py names it."""
    kind: Kind


COLUMNS: Final[dict[str, Column]] = {
    "id": Column("id", "number"),
    "type": Column("type", "type"),
    "status": Column("state", "status"),
    "warehouse_id": Column("site_id", "number"),
    "delivery_service_id": Column("service_id", "number"),
    "consignment_product_quantity": Column("pieces", "number"),
    "consignment_product_reference": Column("product_id", "number"),
    "sales_reference": Column("reference", "text"),
    "delivery_reference": Column("tracking_number", "text"),
    "create_time": Column("created_at", "time"),
    "update_time": Column("updated_at", "time"),
    "finish_time": Column("finished_at", "time"),
    **{name: Column(f"recipient.{name}", "text") for name in (*creating.RECIPIENT_WIDTHS, "country_iso")},
    **{
        name: Column(f"partner_fields.{name}", "text")
        for name in ("sales_order_id", "custom_identity_reference", "payment_reference")
    },
    **{name: Column(f"partner_fields.{name}", "flag") for name in creating.FLAG_COLUMNS},
}
UNSORTED: Final = frozenset({"status", "consignment_product_reference"})
"""One status stands for several states of ours; several products stand in one consignment."""

NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
NUMBER_OF_TEXT: Final = 0
"""What a number column takes any other text for, as the vendor's database does."""


def equal(name: str, value: Any) -> Criterion:
    """The column holds exactly this; a word that is not in use fits nothing. Errors: ValueInvalid."""
    return one_of(name, value if isinstance(value, list) else [value])


def one_of(name: str, wanted: list[Any]) -> Criterion:
    """The column holds one of these. Errors: ValueInvalid."""
    column = COLUMNS[name]
    texts = [text for one in wanted if (text := values.text(name, one)) is not None]
    match column.kind:
        case "number":
            return Criterion(column.field, "in", _alike([number(text) for text in texts]))
        case "status":
            states = [state for text in texts for state in words.STATES_OF_STATUS.get(text.strip().upper(), ())]
            return Criterion(column.field, "in", states)
        case "type":
            return Criterion(column.field, "in", [text.strip().upper() for text in texts])
        case "flag":
            return _flagged(column, set_=any(_truth(text) for text in texts))
    return Criterion(column.field, "in", texts)


def other_than(name: str, value: Any) -> list[Criterion]:
    """The status, type or flag is not this. Errors: ValueInvalid."""
    column = COLUMNS[name]
    text = (values.text(name, value) or "").strip()
    match column.kind:
        case "status":
            return [Criterion(column.field, "ne", state) for state in words.STATES_OF_STATUS.get(text.upper(), ())]
        case "flag":
            return [_flagged(column, set_=not _truth(text))]
    return [Criterion(column.field, "ne", text.upper())]


def number(text: str) -> int | Decimal:
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return NUMBER_OF_TEXT
    return Decimal(text) if "." in text else int(text)


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
