"""How far an order has come, read from its timeline."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from crossdock.core.events import kinds
from crossdock.core.events.model import Event


class Step(Struct, frozen=True, kw_only=True):
    kind: str
    """Of core/events/kinds.py."""
    state: str | None
    """The order's own state from then on; None where only its parcel moved."""
    happened_at: datetime


STATE_OF: Final[dict[str, Callable[[dict[str, Any]], str | None]]] = {
    kinds.ORDER_PLACED: lambda facts: facts["state"],
    kinds.ORDER_STATE: lambda facts: facts["to"],
    kinds.INBOUND_RECEIVED: lambda _: "receiving",
    kinds.INBOUND_CLOSED: lambda _: "closed",
    kinds.OUTBOUND_SHIPPED: lambda facts: facts.get("state", "shipped"),
    kinds.ORDER_DELIVERED: lambda _: "delivered",
    kinds.TITLE_TRANSFERRED: lambda _: "closed",
    kinds.TRANSPORT_DISPATCHED: lambda _: "dispatched",
    kinds.TRANSPORT_FINISHED: lambda facts: facts["state"],
    kinds.ROUTE_PASSED: lambda _: None,
    kinds.HANDOVER_BOOKED: lambda _: None,
    kinds.HANDOVER_STORED: lambda _: None,
    kinds.HANDOVER_RECALLED: lambda _: None,
    kinds.HANDOVER_TAKEN: lambda _: None,
    kinds.HANDOVER_ISSUED: lambda _: None,
    kinds.HANDOVER_PREPARED: lambda _: None,
    kinds.HANDOVER_USED: lambda _: None,
    kinds.HANDOVER_ROLLED_BACK: lambda _: None,
}
"""Every other kind is not a step."""


def steps(events: Sequence[Event]) -> list[Step]:
    """In the order they were learned."""
    return [
        Step(kind=event.kind, state=STATE_OF[event.kind](event.facts), happened_at=event.happened_at)
        for event in events
        if event.kind in STATE_OF
    ]
