"""Facts: what happened, when, when we learned it, who did it and through which dialect."""

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from crossdock.base.ids import AccountId, CredentialId, EventId, OrderId, ReceiverId

HOUSE = "house"
"""The dialect of what our own people and machines do."""


class NewEvent(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    kind: str
    """As `order.placed`; core/events/kinds.py lists them all."""
    subject: str
    """What it happened to, as `order:2403010360000001` or `cabinet:2100013075`; a receiver may want one only."""
    order_id: OrderId | None = None
    order_dialect: str | None = None
    """Through which dialect the order came in: a receiver may want its own orders only."""
    dialect: str = HOUSE
    actor: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    """All that a callback will print: a retry must say the same however the order has changed since."""
    happened_at: datetime | None = None
    """When it happened, if that was not now."""


class Event(Struct, frozen=True, kw_only=True):
    id: EventId
    account_id: AccountId
    kind: str
    subject: str
    order_id: OrderId | None
    dialect: str
    actor: str
    facts: dict[str, Any]
    happened_at: datetime
    learned_at: datetime


class Receiver(Struct, frozen=True, kw_only=True):
    """An address that hears of some kinds of events."""

    id: ReceiverId
    account_id: AccountId
    dialect: str
    name: str
    url: str
    kinds: list[str]
    subject: str | None = None
    """Only events of this subject."""
    order_dialect: str | None = None
    """Only events of orders that came in through this dialect."""
    credential_id: CredentialId | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    active: bool = True


class Try(Struct, frozen=True, kw_only=True):
    """One try to tell a receiver of an event, and what has become of the callback since."""

    id: int
    receiver_id: ReceiverId
    event_id: EventId
    kind: str
    subject: str
    number: int
    """From 1."""
    started_at: datetime
    ended_at: datetime
    status: int | None
    """Of HTTP; None when nothing was heard."""
    answer: str
    failure: str | None
    body: str
    state: str
    """waiting, delivered, parked or skipped."""
