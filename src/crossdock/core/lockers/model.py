"""Cabinets, their boxes, the parcels in them, and what is asked of their doors."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from msgspec import Struct, field

from crossdock.base.ids import (
    AccountId,
    BoxId,
    CabinetId,
    CompanyId,
    DoorCommandId,
    HandoverId,
    OrderId,
    SiteId,
)

BoxSize = Literal["SX", "S", "M", "L", "LX", "screen"]
BOOKABLE_SIZES: Final = ("S", "M", "L", "SX", "LX")
"""The compartment behind the screen is listed, never booked."""
Door = Literal["unknown", "open", "closed"]
ParcelState = Literal["booked", "stored", "taken", "deleted"]
PARCEL_MOVES: Final[dict[ParcelState, frozenset[str]]] = {
    "booked": frozenset({"stored", "deleted"}),
    "stored": frozenset({"taken", "stored", "booked"}),  # another box, or none: the courier keeps it
    "taken": frozenset({"deleted"}),
    "deleted": frozenset(),
}
Purpose = Literal["store", "move", "take", "open", "query"]
"""`move`: what was just stored goes into another box."""
CommandState = Literal["waiting", "sent", "accepted", "refused", "expired"]

OFFLINE: Final = "Device not online"
"""Why a door did not open, in the words every cabinet of the field uses."""
CodeUse = Literal["store", "take"]
"""The courier's code, or the customer's."""
Complaint = Literal["does not fit", "occupied", "dirty"]
"""Why a courier wants another box."""
SIZES: Final = ("SX", "S", "M", "L", "LX")
"""From the smallest up."""
AlarmKind = Literal[
    "opened without command",
    "not opened",
    "left open",
    "offline",
    "late answer",
    "code entry locked",
    "occupied",
    "dirty",
    "offline use",
    "broken",
]
"""Of these "not opened", "left open" and "offline" are cleared when the door, or the cabinet, is well again; the
others wait for a person."""
CLOSES_BOX: Final[frozenset[AlarmKind]] = frozenset({"occupied", "dirty", "broken"})
"""The box is shown to nobody until somebody has looked into it; the first two are a courier's complaints."""

WRONG_MAX: Final = 5
"""Wrong codes in a row, and none is taken for a while."""
LOCKED_S: Final = 300
"""From the last wrong try on; a pause of this length also begins a new count."""
KeepingStep = Literal["remind", "recall", "overdue", "recalled"]
"""What is next for a parcel that lies long: `overdue` is left to people, `recalled` waits for its courier."""

COUNT_WRONG_CODES: Final = "count_wrong_codes"
"""Among a cabinet's details: true, and wrong codes that come through the signed API lock code entry, too."""
CLEAR_ON_TAKE: Final = "clear_on_take"
"""Among a cabinet's details: true, and an emptied box forgets the order that lay in it."""


class Try(Struct, frozen=True, kw_only=True):
    """A code typed at a cabinet, as it was counted: its place in the row, and when the one before it came."""

    count: int
    at: datetime
    former_at: datetime | None


class Screen(Struct, frozen=True, kw_only=True):
    """What a cabinet's home page shows."""

    qr: str = ""
    """The address behind the QR code."""
    address: str = ""
    """The place, as people call it."""
    help_line: str = ""


class Cabinet(Struct, frozen=True, kw_only=True):
    id: CabinetId
    account_id: AccountId
    site_id: SiteId
    number: str
    """Printed on the cabinet; unique over all accounts."""
    name: str
    fault: str | None = None
    """A reason the cabinet refuses every command, as a wrong key; None when it is well."""
    details: dict[str, Any] = field(default_factory=dict)
    """The operator's: address, nation, province, city, district, street, longitude, latitude, tel, and switches."""
    screen: Screen = Screen()
    """The partner's."""
    in_service: bool = True
    online: bool = False
    seen_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def subject(self) -> str:
        return f"cabinet:{self.number}"

    @property
    def unwilling(self) -> str | None:
        """Why it takes no command now; None when it does."""
        if self.fault:
            return self.fault
        return None if self.online else OFFLINE

    @property
    def counts_wrong_codes(self) -> bool:
        return self.details.get(COUNT_WRONG_CODES) is True

    @property
    def clears_on_take(self) -> bool:
        return self.details.get(CLEAR_ON_TAKE) is True


class Box(Struct, frozen=True, kw_only=True):
    id: BoxId
    cabinet_id: CabinetId
    name: str
    size: BoxSize
    lock_address: str
    """Four hex digits, lower case: board and lock."""
    enabled: bool
    full: bool
    door: Door
    last_order_number: str | None
    """Kept after the box was emptied, until the next parcel; forgotten at once where the cabinet says so."""
    last_stored_at: datetime | None
    created_at: datetime
    updated_at: datetime
    closed_for: str | None = None
    """One of CLOSES_BOX: nothing is put into it until somebody has looked."""

    @property
    def usable(self) -> bool:
        return self.enabled and self.closed_for is None


class DoorPlace(Struct, frozen=True, kw_only=True):
    """A door as a cabinet names it. `box_id` is None for a lock address the cabinet does not have."""

    account_id: AccountId
    cabinet_id: CabinetId
    cabinet_number: str
    box_id: BoxId | None
    box_name: str | None
    lock_address: str
    alarmed: bool
    """An alarm stands that ends when its door moves."""


class Parcel(Struct, frozen=True, kw_only=True):
    """One hand-over at a locker."""

    id: HandoverId
    account_id: AccountId
    site_id: SiteId
    order_id: OrderId | None
    order_number: str
    state: ParcelState
    box_size: BoxSize
    """What was booked; when stored, the size of its box."""
    cabinet_id: CabinetId
    box_id: BoxId | None
    box_name: str | None
    lock_address: str | None
    save_code: str
    key: str
    """The pick-up code."""
    claimed_by: str | None
    """The key of the caller that booked it; None while a booking of our own waits for its courier."""
    created_at: datetime
    stored_at: datetime | None
    used_at: datetime | None
    recalled_at: datetime | None = None
    """Since then its pick-up code is for the courier who brings it back."""


class Kept(Struct, frozen=True, kw_only=True):
    """A parcel in a box, and the policy that counts for it."""

    id: HandoverId
    account_id: AccountId
    account: str
    order_id: OrderId | None
    company_id: CompanyId | None
    """Of its order."""
    number: str
    cabinet: str
    box_name: str
    box_size: BoxSize
    policy: str
    stored_at: datetime
    due_at: datetime
    remind_h: int | None
    recall: bool
    extensions: int
    extensions_max: int
    reminded_at: datetime | None
    recalled_at: datetime | None

    def step(self, now: datetime) -> KeepingStep | None:
        """What is next for it; None while it may lie in peace."""
        if self.recalled_at is not None:
            return "recalled"
        if now >= self.due_at and self.recall:
            return "recall"
        remind = self.remind_h is not None and self.reminded_at is None
        if remind and now >= self.due_at - timedelta(hours=self.remind_h or 0):
            return "remind"
        return "overdue" if now >= self.due_at else None


class DoorCommand(Struct, frozen=True, kw_only=True):
    id: DoorCommandId
    account_id: AccountId
    cabinet_id: CabinetId
    cabinet_number: str
    box_id: BoxId
    lock_address: str
    handover_id: HandoverId | None
    purpose: Purpose
    state: CommandState
    refusal: str | None
    asked_at: datetime
    expires_at: datetime


class DoorOutcome(Struct, frozen=True, kw_only=True):
    """What came of a command: whether the cabinet took it, and why not."""

    command_id: DoorCommandId
    accepted: bool
    reason: str
    """`ok`, or the cabinet's words."""
    box_before: Box
    parcel: Parcel | None = None
    """As it is after the command; None for a door that was opened by hand."""


class Asker(Struct, frozen=True, kw_only=True):
    """Who asked for a door: a key, and the dialect it belongs to."""

    dialect: str
    asked_by: str


class LogRow(Struct, frozen=True, kw_only=True):
    """One open task of a box."""

    command_id: DoorCommandId
    box_name: str
    lock_address: str
    state: CommandState
    refusal: str | None
    dialect: str
    asked_by: str
    asked_at: datetime
    answered_at: datetime | None


class ParcelCounts(Struct, frozen=True, kw_only=True):
    booked: int
    stored: int
    taken: int


class Alarm(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    cabinet_number: str
    box_name: str | None
    kind: AlarmKind
    about: str
    """What of the same kind it is about: a parcel or a command; empty where there is one at a time."""
    facts: dict[str, Any]
    raised_at: datetime
    cleared_at: datetime | None
    cleared_by: str


class DoorFacts(Struct, frozen=True, kw_only=True):
    """The four facts of a command, each with its moment: None has not happened, or was not seen."""

    state: CommandState
    answered_at: datetime | None
    pulse_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None


class Device(Struct, frozen=True, kw_only=True):
    """What a cabinet is known by where no account is named."""

    id: CabinetId
    account_id: AccountId
    number: str
    key_sealed: bytes | None


# As operators see them --------------------------------------------------------------


class Watched(Cabinet, frozen=True, kw_only=True):
    """A cabinet, and how its doors are."""

    account: str
    """Its code, as that of the site."""
    site: str
    site_name: str
    free: int
    """Boxes that the next courier may have."""
    taken: int
    """Boxes with a parcel in them."""
    open: int
    """Doors that were last seen open."""
    broken: int
    """Boxes that take nothing: switched off, or closed until somebody has looked."""
    warnings: int
    """Alarms that stand."""


class Compartment(Box, frozen=True, kw_only=True):
    """A box, and the parcel that lies in it."""

    door_at: datetime | None
    """When the door was seen as it stands."""
    handover_id: HandoverId | None
    order_id: OrderId | None
    order_number: str | None
    stored_at: datetime | None
    recalled_at: datetime | None


class Task(Struct, frozen=True, kw_only=True):
    """What a door was asked to do."""

    id: DoorCommandId
    purpose: Purpose
    state: CommandState
    refusal: str | None
    dialect: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None
