"""A location is counted without being told, and what differs is booked. Quantities are pieces."""

from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal

from msgspec import Struct, field

from crossdock.base.ids import AccountId, LocationId, ProductId, SiteId, StaffId, StockId
from crossdock.core.places.model import LocationKind
from crossdock.core.stock.model import Condition

COUNTED_KINDS: Final[tuple[LocationKind, ...]] = ("dock", "shelf", "reserve", "quarantine")
"""What lies in a tote or a lane belongs to an order, and is counted with it."""
Reason = Literal["counted", "found", "lost", "damaged", "expired", "other"]
MORE: Final[tuple[Reason, ...]] = ("counted", "found", "other")
FEWER: Final[tuple[Reason, ...]] = ("counted", "lost", "damaged", "expired", "other")
"""Why there may be more pieces than on the books, and fewer; the first is said unless somebody says otherwise."""
BOOKED_FREELY_MAX: Final = 10
"""Pieces of difference in one count that a floor worker books; more of them are looked at by a manager."""
QUANTITY_MAX: Final = 1_000_000
SCANS_MAX: Final = 2_000
"""Of one round: a page that can be read."""
ROUNDS_MAX: Final = 9
LISTED_MAX: Final = 100
LOT_CHARACTERS_MAX: Final = 64
NOTE_CHARACTERS_MAX: Final = 300


class Count(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    site_id: SiteId
    location_id: LocationId
    location: str
    """Its code."""
    staff_id: StaffId
    by: str
    """Who began it."""
    round: int
    state: Literal["open", "done", "dropped"]
    found: dict[str, Any] = field(default_factory=dict)
    """`books`: bucket -> pieces on the books when the round began; after it is done, what came of it."""
    started_at: datetime
    ended_at: datetime | None


class Scan(Struct, frozen=True, kw_only=True):
    """Pieces that lie there."""

    id: int
    product_id: ProductId
    sku: str
    name: str
    lot: str
    condition: Condition
    quantity: int
    by: str


class Line(Struct, frozen=True, kw_only=True):
    """Pieces of one kind in a location: on the books, and counted."""

    stock_id: StockId | None
    """None: no bucket, or several, could be meant."""
    product_id: ProductId
    sku: str
    product_name: str
    lot: str
    condition: Condition
    owner: str
    """Codes of those whose they may be."""
    books: int
    counted: int

    @property
    def difference(self) -> int:
        return self.counted - self.books

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return MORE if self.difference > 0 else FEWER


class Compared(Struct, frozen=True, kw_only=True):
    """A count beside the books."""

    lines: list[Line]
    moved: bool
    """The books of the location are not those of when the round began."""

    @property
    def differing(self) -> list[Line]:
        return [line for line in self.lines if line.difference]

    @property
    def pieces(self) -> int:
        """Of difference, more and fewer."""
        return sum(abs(line.difference) for line in self.lines)

    @property
    def fingerprint(self) -> str:
        """Of what somebody looks at before it is booked."""
        seen = [(line.stock_id, line.sku, line.lot, line.condition, line.books, line.counted) for line in self.lines]
        return sha256(repr(sorted(seen, key=repr)).encode()).hexdigest()[:32]


class Booked(Struct, frozen=True, kw_only=True):
    """What became of a count, or of an adjustment."""

    location: str
    more: int
    fewer: int
