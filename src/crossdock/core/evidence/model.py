"""All that is on record of one order, and how much of it is shown."""

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, CameraId, HandoverId, PackingId
from crossdock.core.events.model import Event
from crossdock.core.film.model import LegalHold
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.packing.model import Packing
from crossdock.core.transport.model import KeptReading, Picture, Waybill

HOURS: Final = 24
"""For so long the address of a page is good, where nothing else is said."""
HOURS_MAX: Final = 30 * 24
LINES_MAX: Final = 500
PACKINGS_MAX: Final = 10
ITEMS_MAX: Final = 500
"""Scanned goods of one packing report."""
VIEWS_MAX: Final = 40
"""Cameras, over all packing reports."""
WAYBILLS_MAX: Final = 100
READINGS_MAX: Final = 200
PICTURES_MAX: Final = 50
HANDOVERS_MAX: Final = 50
DOORS_MAX: Final = 200
"""Door commands, and as many events of doors."""
ACTIONS_MAX: Final = 200
EVENTS_MAX: Final = 1_000
HOLDS_MAX: Final = 50
GAPS_MAX: Final = 50
"""Of one camera and window; what is missing after them is told as one more."""
GAP_TOLD: Final = timedelta(milliseconds=200)
"""What is missing for longer is told; less is a frame or two."""

NO_FILM: Final = "no_film"
"""No camera of the station has film of any of the window: {}."""
FILM_INCOMPLETE: Final = "film_incomplete"
"""No camera of the station has film of all of the window: {missing_s}, that of the best one."""

MASKED: Final = "****"
"""Instead of a code or secret."""
SECRETS: Final = frozenset(
    {"token", "key", "save_code", "pick_up_code", "pickup_code", "recall_code", "code_key", "password", "secret"}
)
"""Names of facts that are never shown."""
PERSONAL: Final = frozenset({"recipient", "partner_fields"})
"""Whom a parcel is for, and what a partner wrote about that: left out, wherever it stands. Evidence shows what became
of a parcel, and goes to others; who signed for it is part of that."""


class Gap(Struct, frozen=True):
    since: datetime
    until: datetime


class View(Struct, frozen=True, kw_only=True):
    """What one camera of the station saw of a packing window."""

    packing_id: PackingId
    camera_id: CameraId
    name: str
    offset_ms: int | None
    """How far its own clock is ahead of ours, as measured last; None where that was never measured."""
    offset_at: datetime | None
    filmed_from: datetime | None
    """Where its film of the window and what was asked for around it begins; None when there is none."""
    filmed_to: datetime | None
    gaps: tuple[Gap, ...]
    """Stretches of the window without film; the whole window where nothing was filmed."""

    @property
    def missing_s(self) -> float:
        return sum((gap.until - gap.since).total_seconds() for gap in self.gaps)


class Packed(Struct, frozen=True, kw_only=True):
    packing: Packing
    """`warnings` also says what is odd now: NO_FILM, FILM_INCOMPLETE."""
    views: tuple[View, ...]


class HandOver(Struct, frozen=True, kw_only=True):
    """One pick-up code of the order, at a locker or a counter, and its use; the code itself is not here."""

    id: HandoverId
    place: str
    """`locker` or `shop`."""
    site: str
    cabinet: str | None
    box: str | None
    state: str
    code: str
    """Masked: first and last digit."""
    issued_at: datetime
    prepared_at: datetime | None
    prepared_by: str | None
    stored_at: datetime | None
    used_at: datetime | None
    used_by: str | None
    expires_at: datetime | None
    canceled_at: datetime | None
    recalled_at: datetime | None
    rollbacks: int


class Door(Struct, frozen=True, kw_only=True):
    """A door that was to open for the parcel."""

    id: int
    handover_id: HandoverId
    cabinet: str
    box: str
    purpose: str
    state: str
    refusal: str | None
    asked_at: datetime
    answered_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None


class DoorReport(Struct, frozen=True, kw_only=True):
    """What a cabinet said of such a door."""

    command_id: int
    kind: str
    happened_at: datetime
    learned_at: datetime


class Deed(Struct, frozen=True, kw_only=True):
    """What somebody did to a hand-over; `who` is empty where the system did it."""

    id: int
    handover_id: HandoverId
    action: str
    who: str
    reason: str
    created_at: datetime
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Evidence(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    read_at: datetime
    order: Order
    lines: tuple[OrderLine, ...]
    packings: tuple[Packed, ...]
    waybills: tuple[Waybill, ...]
    readings: tuple[KeptReading, ...]
    pictures: tuple[Picture, ...]
    hand_overs: tuple[HandOver, ...]
    doors: tuple[Door, ...]
    door_reports: tuple[DoorReport, ...]
    deeds: tuple[Deed, ...]
    events: tuple[Event, ...]
    holds: tuple[LegalHold, ...]
    cut: tuple[str, ...]
    """Names of the fields above of which there is more than is shown; never a reason to think there is not."""


def masked(code: str) -> str:
    """`1****2`."""
    return f"{code[:1]}{MASKED}{code[-1:]}" if code else ""
