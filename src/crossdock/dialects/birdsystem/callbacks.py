"""Our events as BirdSystem's webhooks: one POST each, the record with every value a text.

Source: page 88309761 for the body. Nothing is signed. How it is sent, tried again and set up is on no page.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from crossdock.base import json
from crossdock.core.catalog.model import Product
from crossdock.core.events import kinds
from crossdock.core.orders import records as whole
from crossdock.dialects.birdsystem import arrivals, product_records, records, tracking, words
from crossdock.dialects.birdsystem.auth import NAME
from crossdock.dialects.birdsystem.strings import printed
from crossdock.edge.callback import Outgoing, Owed, Sender

WAITS_S: Final = (60, 600)
"""Three tries, the pauses growing."""
TIMEOUT_S: Final = 10.0

RESOURCE: Final = "resource_type"
ACTION: Final = "action"
"""Of a receiver's settings: what it hears of, and which of its actions (all, where none is named)."""

UNCOUNTED: Final = ("frozen_stock", "pending_stock", "company_product-live_stock")
"""Columns of a product that are not known at the event; the last is one company's, an event is of all."""

Data = dict[str, Any]


class Push(msgspec.Struct, frozen=True):
    resource_type: str
    action: str
    data: Callable[[Owed], Data | None]
    """None when there is nothing to say."""


def compose(owed: Owed, now: datetime) -> Outgoing | None:
    """`time` is when it happened, in the account's zone."""
    push = PUSHES.get(owed.event.kind)
    data = None if push is None else push.data(owed)
    if push is None or data is None:
        return None
    body = {
        "resource_type": push.resource_type,
        "action": push.action,
        "time": words.shown(owed.event.happened_at, owed.account.zone),
        "data": data,
    }
    return Outgoing(url=owed.receiver.url, body=json.encode(body), headers={"content-type": "application/json"})


def accepted(status: int, _body: bytes) -> str | None:
    """Any 2xx is heard."""
    return None if 200 <= status < 300 else f"HTTP {status}"


def consignment(owed: Owed) -> Data | None:
    """Nothing of one whose service keeps its number to itself."""
    record = msgspec.convert(owed.event.facts, whole.Record)
    if tracking.hidden(record):
        return None
    row = records.consignment(
        record.order,
        lines=record.lines,
        products={product.id: product for product in record.products},
        service=record.service,
        company=record.company,
    )
    return printed(msgspec.to_builtins(row))


def further(owed: Owed) -> Data | None:
    data = consignment(owed)
    if data is None:
        return None
    record = msgspec.convert(owed.event.facts, whole.Record)
    points = tracking.check_points(record.steps, record.company)
    return data | {"check_points": msgspec.to_builtins(points)}


def dispatch(owed: Owed) -> Data:
    """Its goods are a list of records, as in the answer."""
    record = msgspec.convert(owed.event.facts, whole.Record)
    row = arrivals.row(record.order, record.lines, record.company)
    return printed(row) | {arrivals.GOODS: [printed(one) for one in row[arrivals.GOODS]]}


def product(owed: Owed) -> Data:
    """Of its stock only the good pieces in all places, and these only where they were counted."""
    facts = owed.event.facts
    row = product_records.product(msgspec.convert(facts["product"], Product), arriving=0, zone=owed.account.zone)
    on_hand = facts.get("on_hand")
    counted = {"live_stock": None if on_hand is None else str(on_hand)}
    return printed(msgspec.to_builtins(row) | dict.fromkeys(UNCOUNTED) | counted)


PUSHES: Final[dict[str, Push]] = {
    kinds.ORDER_TRACKED: Push("CONSIGNMENT", "GET_DELIVERY_REFERENCE", consignment),
    kinds.ORDER_CHECK_POINT: Push("CONSIGNMENT", "UPDATE_TRACKING_EVENT", further),
    kinds.ARRIVAL_ANNOUNCED: Push("CLIENT_DISPATCH", "CREATE", dispatch),
    kinds.ARRIVAL_CHANGED: Push("CLIENT_DISPATCH", "UPDATE", dispatch),
    kinds.ARRIVAL_WITHDRAWN: Push("CLIENT_DISPATCH", "DELETE", dispatch),
    kinds.PRODUCT_CREATED: Push("PRODUCT", "CREATE", product),
    kinds.PRODUCT_UPDATED: Push("PRODUCT", "UPDATE", product),
    kinds.PRODUCT_DELETED: Push("PRODUCT", "DELETE", product),
    kinds.PRODUCT_STOCKED: Push("PRODUCT", "UPDATE_LIVE_STOCK", product),
}
RESOURCES: Final[dict[str, frozenset[str]]] = {
    resource: frozenset(push.action for push in PUSHES.values() if push.resource_type == resource)
    for resource in ("CONSIGNMENT", "PRODUCT", "CLIENT_DISPATCH")
}


def kinds_of(resource_type: str, action: str | None) -> list[str]:
    """The kinds of events behind a webhook; without an action, behind all of the resource's."""
    return sorted(
        kind for kind, push in PUSHES.items() if push.resource_type == resource_type and action in (None, push.action)
    )


SENDER: Final = Sender(
    dialect=NAME, compose=compose, accepted=accepted, waits_s=lambda _: WAITS_S, timeout_s=TIMEOUT_S
)
