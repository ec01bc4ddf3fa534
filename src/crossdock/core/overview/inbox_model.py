"""Exceptions: what waits for a person, wherever it arose, who looks after it, and until when."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId

ExceptionKind = Literal["cancel", "held", "frozen", "parked", "alarm", "count", "camera"]
KINDS: Final[tuple[ExceptionKind, ...]] = get_args(ExceptionKind)
DUE_AFTER: Final[dict[ExceptionKind, timedelta]] = {
    "cancel": timedelta(hours=1),
    "held": timedelta(hours=24),
    "frozen": timedelta(hours=4),
    "parked": timedelta(hours=4),
    "alarm": timedelta(hours=1),
    "count": timedelta(hours=24),
    "camera": timedelta(hours=8),
}
"""From when it arose, where nobody has said another time."""
OF_A_KIND_MAX: Final = 200
"""Of one kind; the oldest are shown, and the others come when those are over."""
LOOKED_AT_MAX: Final = 2_000
"""Rows of one kind and account that are read for them."""
DUE_DAYS_MAX: Final = 366
"""So far ahead, or back, a time may be set."""


class Waiting(Struct, frozen=True, kw_only=True):
    """Something that waits for a person."""

    account_id: AccountId
    account: str
    key: str
    """What it is, in its account: `cancel:12`."""
    kind: ExceptionKind
    subject: str
    """What people call it: an order's number, a cabinet's, a receiver's name, a location and a product."""
    site: str | None
    order_id: OrderId | None
    """Where it is about one order."""
    facts: dict[str, Any]
    since: datetime
    due_at: datetime
    owner: str | None
    done_at: datetime | None
    """None also where it arose again after it was done."""
    done_by: str | None


class Care(Struct, frozen=True, kw_only=True):
    """What is kept of an exception beside itself."""

    owner: str | None
    due_at: datetime | None
    done_at: datetime | None
