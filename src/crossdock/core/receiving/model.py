"""What people scan at the dock before it is booked. Quantities are pieces."""

from datetime import date, datetime
from typing import Final, Literal

from msgspec import Struct

from crossdock.base.ids import OrderId, ProductId, StaffId
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.stock.model import Condition

RECEIVABLE: Final = frozenset({"announced", "accepted", "receiving"})
"""States of an inbound order of which something may still come."""
QUANTITY_MAX: Final = 1_000_000
"""Of one scan; more is a bar code that was typed into the wrong field."""
SCANS_MAX: Final = 2_000
"""Of one person for one order, before they are booked: a page that can be read, a batch that is soon written."""
LOT_CHARACTERS_MAX: Final = 64
SERIAL_CHARACTERS_MAX: Final = 64
PLATE_CHARACTERS_MAX: Final = 64


class Wanted(Struct, frozen=True, kw_only=True):
    """One scan, and what stood in the fields beside it."""

    code: str
    quantity: int | None = None
    """None: what the code itself counts, or one."""
    lot: str = ""
    expires_on: date | None = None
    condition: Condition = "good"
    plate: str = ""
    serial: str = ""


class Scan(Struct, frozen=True, kw_only=True):
    id: int
    order_id: OrderId
    order_line_id: int
    staff_id: StaffId
    quantity: int
    lot: str
    expires_on: date | None
    condition: Condition
    serials: list[str]
    plate: str
    operation_id: str
    scanned_at: datetime
    ended: Literal["booked", "taken_back"] | None


class Arriving(Struct, frozen=True, kw_only=True):
    """An inbound order that still brings something."""

    order_id: OrderId
    number: str
    owner: str
    """The code of whose goods they are."""
    state: str
    lines: int
    pieces: int
    done: int
    created_at: datetime


class Receiving(Struct, frozen=True, kw_only=True):
    """An order at the dock: its lines, what one person has scanned, and how many pieces others have."""

    order: Order
    owner: str
    lines: list[OrderLine]
    names: dict[ProductId, str]
    scans: list[Scan]
    """Of that person, newest first, not ended."""
    others: int

    @property
    def scanned(self) -> dict[int, int]:
        """Order line -> pieces."""
        pieces: dict[int, int] = {}
        for scan in self.scans:
            pieces[scan.order_line_id] = pieces.get(scan.order_line_id, 0) + scan.quantity
        return pieces


class Booked(Struct, frozen=True, kw_only=True):
    order: Order
    pieces: int
    dock: str
    """Where they lie now; empty where the warehouse has no dock: they are not put away."""
