"""What is put away, and moved between locations, by people with a scanner. Quantities are pieces."""

from typing import Final

from msgspec import Struct

from crossdock.base.ids import OrderId, StockId
from crossdock.core.places.model import Location, LocationKind, Lying

COME_IN_KINDS: Final[tuple[LocationKind, ...]] = ("dock",)
"""What lies in these, or in no location, is to be put away."""
PUT_KINDS: Final[tuple[LocationKind, ...]] = ("shelf", "reserve", "quarantine")
"""What comes in is put into these; the first of them is looked for first."""
DEFECTIVE_KINDS: Final[tuple[LocationKind, ...]] = ("quarantine", "reserve", "shelf")
"""The same for goods that are damaged."""
MOVED_KINDS: Final[tuple[LocationKind, ...]] = ("dock", *PUT_KINDS)
"""Between these goods are moved; what lies in a tote or a lane belongs to an order."""
HEAPS_COUNTED_MAX: Final = 999
QUANTITY_MAX: Final = 1_000_000
LISTED_MAX: Final = 200
"""Heaps that one product, or one plate, has at the dock."""


class OnPlate(Struct, frozen=True, kw_only=True):
    """Pieces of one bucket that came in on a plate."""

    order_id: OrderId
    stock_id: StockId
    quantity: int


class Plate(Struct, frozen=True, kw_only=True):
    """What came in on a plate, or on the cartons of a pallet, and waits at the dock."""

    code: str
    cause: str
    """Under which it is put away, once."""
    heaps: list[Lying]
    """Each with so many pieces as belong to the plate."""

    @property
    def pieces(self) -> int:
        return sum(heap.quantity for heap in self.heaps)


class Shelved(Struct, frozen=True, kw_only=True):
    """What lies where now."""

    pieces: int
    what: str
    """A sku, or the plate."""
    location: str


class Advice(Struct, frozen=True, kw_only=True):
    """Where goods could go."""

    location: Location
    same: bool
    """The same goods lie there already; else it is empty."""
