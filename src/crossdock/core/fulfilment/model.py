"""What comes in, and what comes of shipping an order."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from crossdock.base.ids import LocationId
from crossdock.core.handover.model import PickUp
from crossdock.core.lockers.model import Parcel
from crossdock.core.orders.model import Order
from crossdock.core.stock.model import Condition
from crossdock.core.units.model import NewUnit


class Receipt(Struct, frozen=True, kw_only=True):
    """Pieces of one line that came in together; a line may have several receipts in one batch."""

    line_key: str
    quantity: int
    lot: str | None = None
    """None: as announced."""
    condition: Condition | None = None
    """None: as announced."""
    units: tuple[NewUnit, ...] = ()
    """Each piece by name, or none of them."""
    plate: str = ""
    """The licence plate they came under."""
    expires_on: date | None = None
    """Of the lot. None: nothing is said of it."""


class Inspected(Struct, frozen=True, kw_only=True):
    """Pieces of one line of a return, as somebody saw them; a line may have several of them."""

    line_key: str
    quantity: int
    condition: Condition | None
    """None: they do not become stock."""
    lot: str = ""
    expires_on: date | None = None
    location_id: LocationId | None = None
    """Where they lie from now on. None: they are not put away."""
    serial: str = ""
    """Of one piece that has a name."""
    note: str = ""


def counted(quantities: Mapping[str, int]) -> list[Receipt]:
    """Line key -> pieces, all as they were announced."""
    return [Receipt(line_key=key, quantity=pieces) for key, pieces in quantities.items()]


class Shipped(Struct, frozen=True, kw_only=True):
    """The order, and the hand-over it became: at a locker, in a shop, or none, as while it left only in part."""

    order: Order
    parcel: Parcel | None = None
    pick_up: PickUp | None = None
