"""People at the counters, and what they did."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, HandoverId, OrderId, SiteId, StaffId

USERNAME_CHARACTERS_MAX: Final = 150
PASSWORD_CHARACTERS_MAX: Final = 128
WRONG_PASSWORDS_MAX: Final = 5
"""In a row, under one name; then nobody logs in under it for LOCKED_S."""
LOCKED_S: Final = 900
"""From the last wrong one on; as long without a wrong one, and the count begins anew."""
SESSION_H: Final = 12
"""A session of a page ends by itself: after the longest shift."""
SESSIONS_MAX: Final = 5
"""Of one person at one time: a phone or two, the shop's tablet, a desk. One more ends the oldest."""

ACTIONS: Final = frozenset(
    {"login", "logout", "create_staff", "stock_prepare", "consume", "rollback", "issue", "expire", "cancel"}
)
"""What the history of a shop tells of; the last three are done by the system."""
REASON_CHARACTERS_MAX: Final = 500
OPERATION_ID_CHARACTERS_MAX: Final = 64
"""A page makes one for each tap, as a UUID."""


class Staff(Struct, frozen=True, kw_only=True):
    id: StaffId
    account_id: AccountId
    site_id: SiteId
    username: str
    manager: bool
    active: bool
    last_login: datetime | None
    created_at: datetime
    updated_at: datetime


class LoggedIn(Struct, frozen=True, kw_only=True):
    staff: Staff
    token: str
    """40 hex digits; the same at every login until it is withdrawn."""


class SessionOpened(Struct, frozen=True, kw_only=True):
    """Somebody logged in at a page."""

    staff: Staff
    token: str
    """40 hex digits, of this session alone; only its hash is kept."""
    ends_at: datetime


class StaffFilter(Struct, frozen=True, kw_only=True):
    """All given conditions hold; None means not asked, an empty tuple means none can fit."""

    ids: tuple[int, ...] | None = None
    username: str | None = None
    active: bool | None = None


class Action(Struct, frozen=True, kw_only=True):
    """One row of a shop's history. `staff_id` None: the system did it."""

    id: int
    site_id: SiteId
    staff_id: StaffId | None
    username: str | None
    action: str
    handover_id: HandoverId | None
    key: str | None
    order_id: OrderId | None
    order_number: str | None
    reason: str
    created_at: datetime
    before: dict[str, Any] | None = None
    """What the action changed, as it was: of a code `state` and `prepared`; None where there was nothing."""
    after: dict[str, Any] | None = None
    operation_id: str | None = None
    """The tap that asked for it; once in each place."""
    about_staff_id: StaffId | None = None
    """Whose account it was done to."""


class ActionFilter(Struct, frozen=True, kw_only=True):
    """All given conditions hold; None means not asked, an empty tuple means none can fit."""

    ids: tuple[int, ...] | None = None
    actions: tuple[str, ...] | None = None
    staff_ids: tuple[int, ...] | None = None
    handover_ids: tuple[int, ...] | None = None
    order_ids: tuple[int, ...] | None = None
    keys: tuple[str, ...] | None = None
    since: datetime | None = None
    """This moment and later."""
    until: datetime | None = None
    """This moment and earlier."""
