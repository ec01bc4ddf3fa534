"""What a client may say of a client dispatch: goods on their way in, and what is printed of one.

Source: pages 74882433, 2213871716, 2210070696, 2209513584. The statuses' English words are on none of them.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from crossdock.core.accounts.model import Company
from crossdock.core.orders.model import NewLine, Order, OrderLine
from crossdock.dialects.birdsystem import creating, values, wire, words
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Values, empty

KIND: Final = "inbound"
TYPES: Final = frozenset({"NORMAL", "CLIENT_TRANSFER", "WAREHOUSE_TRANSFER", "SPONTANEOUS", "DIRECT"})
WITHOUT_REVIEW: Final = frozenset({"WAREHOUSE_TRANSFER", "SPONTANEOUS"})
"""Between the house's own places, or come by themselves: nobody has to look at them first."""
WITHOUT_ORIGINATION: Final = WITHOUT_REVIEW | {"DIRECT"}
"""Of DIRECT it is the destination."""

PREPARING, DISPATCHED, PENDING, DELETED = "PREPARING", "DISPATCHED", "PENDING", "DELETED"
STATUS_OF_STATE: Final[dict[str, str]] = {
    "draft": PREPARING,
    "announced": DISPATCHED,
    "rejected": "REJECTED",
    "accepted": PENDING,
    "receiving": "PROCESSING",
    "closed": "FINISHED",
    "cancelled": DELETED,
    "deleted": DELETED,
}
STATE_OF_WANTED: Final[dict[str, str]] = {
    PREPARING: "draft",
    DISPATCHED: "announced",
    PENDING: "announced",
    DELETED: "deleted",
}
"""What a client may ask for. What is announced without a review is PENDING at once."""

DESTINATION: Final = "warehouse_id_destination"
ORIGINATION: Final = "warehouse_id_origination"
GOODS: Final = "client_dispatch_container_product_list"
CONTAINER: Final = "client_dispatch_container_"
GOODS_MAX: Final = 1_000
"""Lines of one dispatch; the pages give no limit."""
QUANTITY_MAX: Final = 1_000_000
"""Of one line."""
ADDRESS: Final = "client_dispatch_final_address_"
NUMBERS: Final = (
    "warehouse_dispatch_freight_id",
    "client_dispatch_delivery_type_id",
    "client_vat_number_id",
)
TEXT_WIDTHS: Final[dict[str, int]] = {
    "reference": 50,
    "delivery_reference": 50,
    "final_freight_method": 50,
    "sea_trans_calc_fee_method": 50,
    "client_dispatch_delivery_type_code": 50,
}
"""What is longer is refused."""
NOTE_WIDTH: Final = 255
"""What is longer is cut."""
FLAG: Final = "is_use_whole_warehouse_dispatch_freight"
DELIVERY_TIME: Final = "delivery_time"
DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})( [0-9]{2}:[0-9]{2}:[0-9]{2})?")
CONTAINER_WIDTHS: Final[dict[str, int]] = {f"{CONTAINER}reference": 50, f"{CONTAINER}type_code": 50}
WEIGHT: Final = f"{CONTAINER}weight"
WEIGHT_BELOW: Final = Decimal(10**8)
"""DECIMAL(10,2), grams."""


class Asked(Struct, frozen=True, kw_only=True):
    """A dispatch as the client wants it. In an update None stands for what was not given."""

    type: str | None
    destination: int | None
    state: str | None
    reference: str | None
    recipient: dict[str, Any]
    partner_fields: dict[str, Any]
    lines: tuple[NewLine, ...] | None


def asked(given: Values, *, new: bool) -> Asked:
    """Errors: ValueRequired, ValueInvalid."""
    type_ = values.word("type", given.get("type"))
    if new and type_ is None:
        raise ValueRequired(field="type")
    if type_ is not None and type_ not in TYPES:
        raise ValueInvalid(field="type")
    destination = values.whole(DESTINATION, given.get(DESTINATION))
    if new and destination is None:
        raise ValueRequired(field=DESTINATION)
    return Asked(
        type=type_,
        destination=destination,
        state=_state(given, new=new),
        reference=_text("reference", given),
        recipient=_recipient(given),
        partner_fields=_fields(given, new=new, type_=type_, destination=destination),
        lines=None if empty(given.get(GOODS)) else _lines(given[GOODS]),
    )


def status(order: Order) -> str:
    if order.state == "announced" and order.type in WITHOUT_REVIEW:
        return PENDING
    return STATUS_OF_STATE[order.state]


def row(order: Order, lines: Sequence[OrderLine], company: Company) -> dict[str, Any]:
    """`data` of the answer; all keys are there, null where nothing was said."""
    sent = order.partner_fields
    return {
        "id": order.id,
        "company_id": order.company_id,
        "client_id": order.account_id,
        "type": order.type,
        "status": status(order),
        ORIGINATION: sent.get(ORIGINATION),
        DESTINATION: order.site_id,
        **{name: sent.get(name) for name in NUMBERS},
        **{name: sent.get(name) for name in TEXT_WIDTHS},
        "reference": order.reference,
        DELIVERY_TIME: sent.get(DELIVERY_TIME),
        FLAG: sent.get(FLAG, "0"),
        "note": sent.get("note"),
        **{f"{ADDRESS}{name}": order.recipient.get(name) for name in (*creating.RECIPIENT_WIDTHS, "country_iso")},
        "quantity": str(order.pieces),
        GOODS: [_goods(line) for line in lines],
        "create_time": words.shown(order.created_at, company.zone),
        "update_time": words.shown(order.updated_at, company.zone),
        "finish_time": words.shown(order.finished_at, company.zone),
        "primary_keys": wire.PRIMARY_KEYS,
    }


def _goods(line: OrderLine) -> dict[str, Any]:
    sent = line.partner_fields
    weight = sent.get(WEIGHT)
    return {
        "id": line.id,
        **{name: sent.get(name) for name in CONTAINER_WIDTHS},
        WEIGHT: None if weight is None else words.fixed(weight, 2),
        "product_id": line.product_id,
        "quantity": str(line.quantity),
        "quantity_received": str(line.done),
    }


def _state(given: Values, *, new: bool) -> str | None:
    wanted = values.word("status", given.get("status"))
    if wanted is None:
        return "draft" if new else None
    if wanted not in STATE_OF_WANTED or (new and wanted == DELETED):
        raise ValueInvalid(field="status")
    return STATE_OF_WANTED[wanted]


def _text(name: str, given: Values) -> str | None:
    text = values.text(name, given.get(name))
    if text is not None and len(text) > TEXT_WIDTHS[name]:
        raise ValueInvalid(field=name)
    return text


def _recipient(given: Values) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: text[:width]
        for name, width in creating.RECIPIENT_WIDTHS.items()
        if (text := values.text(f"{ADDRESS}{name}", given.get(f"{ADDRESS}{name}"))) is not None
    }
    field = f"{ADDRESS}country_iso"
    country = values.word(field, given.get(field))
    if country is None:
        return found
    if country not in words.COUNTRIES:
        raise ValueInvalid(field=field)
    return found | {"country_iso": country}


def _fields(given: Values, *, new: bool, type_: str | None, destination: int | None) -> dict[str, Any]:
    """Under their wire names; `reference` is the order's own."""
    kept: dict[str, Any] = {name: values.whole(name, given.get(name)) for name in (*NUMBERS, ORIGINATION)}
    kept |= {name: _text(name, given) for name in TEXT_WIDTHS if name != "reference"}
    kept[FLAG] = values.flag(FLAG, given.get(FLAG))
    kept["note"] = (values.text("note", given.get("note")) or "")[:NOTE_WIDTH] or None
    kept[DELIVERY_TIME] = _day(given)
    if type_ == "DIRECT" and destination is not None:
        if kept[ORIGINATION] not in (None, destination):
            raise ValueInvalid(field=ORIGINATION)
        kept[ORIGINATION] = destination
    if new and kept[ORIGINATION] is None and type_ not in WITHOUT_ORIGINATION:
        raise ValueRequired(field=ORIGINATION)
    return {name: value for name, value in kept.items() if value is not None}


def _day(given: Values) -> str | None:
    """A day, with or without a time that is not kept."""
    text = values.text(DELIVERY_TIME, given.get(DELIVERY_TIME))
    if text is None:
        return None
    found = DAY.fullmatch(text.strip())
    try:
        if found is not None:
            return date.fromisoformat(found[1]).isoformat()
    except ValueError:
        pass
    raise ValueInvalid(field=DELIVERY_TIME)


def _lines(given: Any) -> tuple[NewLine, ...]:
    """One each, also where one product lies in several containers."""
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given) or len(given) > GOODS_MAX:
        raise ValueInvalid(field=GOODS)
    return tuple(_line(position, one) for position, one in enumerate(given, start=1))


def _line(position: int, given: Mapping[str, Any]) -> NewLine:
    product_id = values.whole("product_id", given.get("product_id"))
    quantity = values.whole("quantity", given.get("quantity"))
    if product_id is None or quantity is None:
        raise ValueRequired(field="quantity" if quantity is None and product_id is not None else "product_id")
    if not 1 <= quantity <= QUANTITY_MAX:
        raise ValueInvalid(field="quantity")
    fields: dict[str, Any] = {}
    for name, width in CONTAINER_WIDTHS.items():
        if (text := values.text(name, given.get(name))) is not None:
            if len(text) > width:
                raise ValueInvalid(field=name)
            fields[name] = text
    if (weight := values.decimal(WEIGHT, given.get(WEIGHT), below=WEIGHT_BELOW)) is not None:
        fields[WEIGHT] = str(weight)
    return NewLine(line_key=str(position), product_id=product_id, quantity=quantity, partner_fields=fields)  # type: ignore[arg-type]
