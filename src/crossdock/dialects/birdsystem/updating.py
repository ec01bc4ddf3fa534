"""Changing a consignment by its id: what is sent changes, the rest stays."""

from typing import Any, Final

from msgspec import UNSET, structs

from crossdock.core.orders.model import Changes, Order
from crossdock.dialects.birdsystem import creating, placing, records, values, words
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.creating import Asked
from crossdock.dialects.birdsystem.errors import NothingToUpdate, ValueInvalid
from crossdock.dialects.birdsystem.parameters import Values, empty
from crossdock.edge.desk import Desk

REFERENCE: Final = "sales_reference"
IDENTITY: Final = "custom_identity_reference"
NOTED: Final = frozenset(
    {
        "special_instruction",
        "neighbour_instruction",
        "sales_order_id",
        "payment_reference",
        IDENTITY,
        REFERENCE,
    }
)
"""Notes and references, which a consignment takes while it is PENDING or REVIEWING too."""
RECIPIENT: Final = (*creating.RECIPIENT_WIDTHS, "country_iso")
PARTNER_FIELDS: Final = (
    *creating.CUT_WIDTHS,
    "sender_country_iso",
    *creating.REFUSED_WIDTHS,
    *creating.DECIMALS_BELOW,
    *creating.WORD_COLUMNS,
    *creating.FLAG_COLUMNS,
    "is_compensation_for_delay",
    "delivery_package_size_id",
)
SERVICE: Final = ("delivery_service_id", "delivery_service_name")
ACTION: Final = (creating.ACTION, creating.ACTION_TYPE)


async def changes(desk: Desk, client: Client, order: Order, given: Values) -> Changes:
    """Errors: NothingToUpdate, ValueRequired, ValueInvalid, ServiceUnknown."""
    given = creating.spelt_right(given)
    if values.word("type", given.get("type")) not in (None, order.type):
        raise ValueInvalid(field="type")
    if not any(name in given for name in (*RECIPIENT, *PARTNER_FIELDS, *SERVICE, *ACTION)):
        raise NothingToUpdate()
    sent = creating.partner_fields_of(given)
    fields = {name: sent.get(name) for name in PARTNER_FIELDS if name in given}
    recipient = creating.recipient_of(
        order.recipient | {name: given[name] for name in RECIPIENT if name in given}, required=_required(order)
    )
    asked = _asked(order, given, recipient, _merged(order, fields))
    identity = sent.get(IDENTITY) if IDENTITY in given else order.partner_fields.get(IDENTITY)
    return Changes(
        recipient=creating.cut(recipient),
        partner_fields=await _printed_anew(desk, client, order, fields),
        reference=sent.get(REFERENCE) if REFERENCE in given else UNSET,
        unique_reference=identity,
        old_unique_reference=order.partner_fields.get(IDENTITY),
        **(await _service(desk, client, order, asked)),
        **(await _action(desk, client, order, asked, given)),
    )


def _required(order: Order) -> tuple[str, ...]:
    return ("contact", *creating.ADDRESS_REQUIRED.get(order.type, ()))


def _asked(order: Order, given: Values, recipient: dict[str, Any], fields: dict[str, Any]) -> Asked:
    service_id = values.whole("delivery_service_id", given.get("delivery_service_id"))
    service_name = values.text("delivery_service_name", given.get("delivery_service_name"))
    if service_id is None and service_name is None:
        service_id = order.service_id
    return Asked(
        type=order.type,
        service_id=service_id,
        service_name=service_name,
        action_id=values.whole(creating.ACTION, given.get(creating.ACTION)),
        action_type=values.word(creating.ACTION_TYPE, given.get(creating.ACTION_TYPE)),
        recipient=recipient,
        partner_fields=fields,
    )


def _merged(order: Order, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (order.partner_fields | fields).items() if value is not None}


async def _printed_anew(desk: Desk, client: Client, order: Order, fields: dict[str, Any]) -> dict[str, Any]:
    """Those that are not printed as before: ERPs send whole records back, defaults and places included."""
    service = None
    if order.service_id is not None:
        service = await desk.accounts.service(client.account.id, order.service_id)

    def printed(kept: dict[str, Any]) -> dict[str, Any]:
        said = structs.replace(order, partner_fields=kept, reference=kept.get(REFERENCE))
        record = records.consignment(said, lines=(), products={}, service=service, company=client.company)
        return structs.asdict(record)

    before, after = printed(order.partner_fields), printed(_merged(order, fields))
    return {name: value for name, value in fields.items() if name not in before or before[name] != after[name]}


async def _service(desk: Desk, client: Client, order: Order, asked: Asked) -> dict[str, Any]:
    """Checked while it may still be another one, and what it restricts too."""
    if order.state != "draft" and asked.service_id == order.service_id:
        return {}
    service = await placing.service_of(desk, client, asked)
    return {"service_id": None if service is None else service.id}


async def _action(desk: Desk, client: Client, order: Order, asked: Asked, given: Values) -> dict[str, Any]:
    if order.type != words.RETURN or all(empty(given.get(name)) for name in ACTION):
        return {}
    action = await placing.action_of(desk, client, asked)
    return {"return_action_id": None if action is None else action.id}
