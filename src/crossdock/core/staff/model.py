"""People at the counters, and what they did."""

from datetime import datetime
from typing import Any, Final, Literal, Protocol

from msgspec import Struct

from crossdock.base.ids import AccountId, HandoverId, OrderId, SiteId, StaffId
from crossdock.core.accounts.model import SiteKind

USERNAME_CHARACTERS_MAX: Final = 150
_SIGN = r"[^\s\x00-\x1f\x7f-\x9f]"
USERNAME_PATTERN: Final = rf"^{_SIGN}([^\x00-\x1f\x7f-\x9f]*{_SIGN})?\Z"
"""Names are shown on terminals and in lists: nothing that cannot be printed, and no blank at either end."""
PASSWORD_CHARACTERS_MAX: Final = 128
LISTED_MAX: Final = 1_000
"""People, or rows of the history, that the operator sees at one time."""
WRONG_PASSWORDS_MAX: Final = 5
"""In a row, under one name; then nobody logs in under it for LOCKED_S."""
LOCKED_S: Final = 900
"""From the last wrong one on; as long without a wrong one, and the count begins anew."""
SESSION_H: Final = 12
"""A session of a page ends by itself: after the longest shift."""
SESSIONS_MAX: Final = 5
"""Of one person at one time: a phone or two, the shop's tablet, a desk. One more ends the oldest."""

ACTIONS: Final = frozenset(
    {
        "login",
        "logout",
        "create_staff",
        "disable_staff",
        "enable_staff",
        "set_password",
        "withdraw",
        "unlock",
        "set_role",
        "move_staff",
        "end_session",
        "set_rule",
        "stock_prepare",
        "consume",
        "rollback",
        "issue",
        "expire",
        "cancel",
    }
)
"""What the history of a shop tells of; `issue`, `expire` and `cancel` are done by the system."""
FLOOR_ACTIONS: Final = frozenset(
    {
        "receive",
        "close_receipt",
        "put_away",
        "move_goods",
        "count",
        "adjust",
        "hand_out_sscc",
        "create_wave",
        "cancel_wave",
        "leave_wave",
        "pick",
        "short_pick",
        "sort",
        "put_back",
        "replenish",
        "decide_call_off",
        "release_order",
    }
)
"""What the history of a warehouse tells of, besides people."""
OPERATOR: Final = "operator"
"""Who acts on the command line or by the setup file: nobody of a branch, and above all of them."""
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


Role = Literal["clerk", "manager"]


class _Placed(Protocol):
    @property
    def manager(self) -> bool: ...


def role_of(staff: _Placed) -> Role:
    return "manager" if staff.manager else "clerk"


class Above(Struct, frozen=True, kw_only=True):
    """Somebody above all branches, or above those of one account: an operator."""

    actor: str = OPERATOR
    """As the history names them."""
    account_id: AccountId | None = None


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


class OpenSession(Struct, frozen=True, kw_only=True):
    """Where somebody is logged in."""

    id: int
    created_at: datetime
    ends_at: datetime
    this: bool
    """The one that asks."""


class Listed(Staff, frozen=True, kw_only=True):
    """Somebody, as the platform's operator sees them."""

    account: str
    """Its code, as that of the shop."""
    shop: str
    token: bool
    """Whether there is a token for programs."""
    sessions: int
    """Open ones."""
    locked_until: datetime | None
    """Nobody logs in under this name before."""


class Member(Listed, frozen=True, kw_only=True):
    """Somebody, as the console sees them."""

    kind: SiteKind
    """Of the place, whose code is `shop`."""
    place: str
    """Its name."""


class Workplace(Struct, frozen=True, kw_only=True):
    """Where people work."""

    id: SiteId
    account_id: AccountId
    account: str
    kind: SiteKind
    code: str
    name: str


class Deed(Struct, frozen=True, kw_only=True):
    """One row of the history, as the platform's operator sees it."""

    id: int
    created_at: datetime
    account: str
    shop: str
    who: str
    """A user name, OPERATOR, or empty for the system."""
    action: str
    about: str | None
    """A user name."""
    order_number: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str


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
    about_username: str | None = None
    actor: str = ""
    """Who did it where `staff_id` is None: OPERATOR, or empty for the system."""


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
