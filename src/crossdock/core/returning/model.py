"""What comes back, and what becomes of it. Quantities are pieces."""

from datetime import date, datetime
from typing import Final, Literal, get_args

from msgspec import Struct

from crossdock.base.ids import AccountId, LocationId, OrderId, ProductId, SiteId, StaffId
from crossdock.core.accounts.model import ReturnAction
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.places.model import LocationKind
from crossdock.core.stock.model import Condition

Verdict = Literal["restock", "quarantine", "reject"]
"""Good again; damaged, or to be decided on; not to be stock."""
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
CONDITIONS: Final[dict[Verdict, Condition | None]] = {
    "restock": "good",
    "quarantine": "defective",
    "reject": None,
}
PLACES: Final[dict[Verdict, tuple[LocationKind, ...]]] = {
    "restock": ("dock", "shelf", "reserve"),
    "quarantine": ("quarantine",),
    "reject": (),
}
"""Where they may lie; where nobody says a location, it is the first of the first kind."""
NOTED: Final = frozenset({"quarantine", "reject"})
"""Somebody will ask why."""
INSPECTABLE: Final = frozenset({"received", "pending", "processing", "waiting_warehouse", "problem", "held"})
"""States of a return that came in, in which somebody may look into it."""
PIECES_MAX: Final = 300
"""Findings of one return before it is finished: a page that can be read."""
QUANTITY_MAX: Final = 1_000_000
NOTE_CHARACTERS_MAX: Final = 300
LOT_CHARACTERS_MAX: Final = 64
SERIAL_CHARACTERS_MAX: Final = 64
RETURNS_MAX: Final = 20
"""Returns of one reference that are looked at."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What somebody saw."""

    code: str
    verdict: Verdict
    quantity: int | None = None
    """None: what the code itself counts, or one."""
    lot: str = ""
    expires_on: date | None = None
    serial: str = ""
    location: str = ""
    """Its code; empty: the usual one."""
    note: str = ""


class Piece(Struct, frozen=True, kw_only=True):
    """A finding: pieces of one line, and what becomes of them."""

    id: int
    order_id: OrderId
    order_line_id: int
    quantity: int
    verdict: Verdict
    lot: str
    expires_on: date | None
    serial: str
    location_id: LocationId | None
    location: str
    """Its code; empty where they are not put away."""
    note: str
    staff_id: StaffId
    by: str
    """User name."""
    inspected_at: datetime
    ended: Literal["booked", "taken_back"] | None


class Returning(Struct, frozen=True, kw_only=True):
    """A return that is on its way, or here and not settled."""

    order_id: OrderId
    number: str
    reference: str
    owner: str
    state: str
    pieces: int
    seen: int
    arrived_at: datetime | None


class Inspection(Struct, frozen=True, kw_only=True):
    """A return on the screen."""

    order: Order
    owner: str
    action: ReturnAction | None
    """What its owner wants done; None where nothing was said."""
    lines: list[OrderLine]
    names: dict[ProductId, str]
    pieces: list[Piece]
    """Newest first, not taken back."""

    @property
    def seen(self) -> dict[int, int]:
        """Order line -> pieces."""
        found: dict[int, int] = {}
        for piece in self.pieces:
            found[piece.order_line_id] = found.get(piece.order_line_id, 0) + piece.quantity
        return found


class Finished(Struct, frozen=True, kw_only=True):
    order: Order
    restock: int
    quarantine: int
    reject: int
    missing: int


class Stray(Struct, frozen=True, kw_only=True):
    """Goods that came back without a return."""

    id: int
    account_id: AccountId
    site_id: SiteId
    code: str
    """What stood on them."""
    what: str
    order_id: OrderId | None
    """What they may be of."""
    number: str
    """Of that order."""
    staff_id: StaffId
    by: str
    found_at: datetime
    settled_at: datetime | None
    settlement: str
