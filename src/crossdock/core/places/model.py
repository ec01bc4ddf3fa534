"""Places in a warehouse, and what lies in them. Quantities are pieces."""

from datetime import date, datetime
from typing import Final, Literal, get_args

from msgspec import Struct

from crossdock.base.ids import (
    AccountId,
    LocationId,
    OrderId,
    ProductId,
    SiteId,
    StaffId,
    StockId,
    SubInventoryId,
)
from crossdock.core.stock.model import Condition

LocationKind = Literal["dock", "shelf", "reserve", "quarantine", "tote", "lane"]
"""Where goods come in, where they are picked, where more of them stands, what waits for a decision, what is on its
way to the bench, and what waits for its carrier."""
KINDS: Final[tuple[LocationKind, ...]] = get_args(LocationKind)
LEAVING_ORDER: Final[tuple[LocationKind, ...]] = ("shelf", "reserve", "dock", "lane", "quarantine", "tote")
"""Where goods are taken from when nobody said where: totes last, for those pieces were picked for somebody."""
CODE_CHARACTERS_MAX: Final = 64
WALK_ORDER_MAX: Final = 2**31 - 1


class Location(Struct, frozen=True, kw_only=True):
    id: LocationId
    account_id: AccountId
    site_id: SiteId
    code: str
    """Unique in its site; what stands on its label."""
    kind: LocationKind
    walk_order: int
    """Pickers walk upwards."""
    active: bool


class Lying(Struct, frozen=True, kw_only=True):
    """Pieces of one bucket in one location, or in none."""

    stock_id: StockId
    sub_inventory_id: SubInventoryId
    owner: str
    """The code of whose they are."""
    product_id: ProductId
    sku: str
    product_name: str
    lot: str
    condition: Condition
    expires_on: date | None
    location_id: LocationId | None
    """None: they are not put away."""
    location: str | None
    kind: LocationKind | None
    walk_order: int | None
    quantity: int


class Shift(Struct, frozen=True, kw_only=True):
    """Pieces of one bucket that go from one location, or none, to another, or none."""

    stock_id: StockId
    from_location_id: LocationId | None
    to_location_id: LocationId | None
    quantity: int
    cause: str
    """Once in each bucket: the same cause moves it once."""


class Moved(Shift, frozen=True, kw_only=True):
    """A shift on record."""

    id: int
    staff_id: StaffId | None
    order_id: OrderId | None
    moved_at: datetime


class Left(Struct, frozen=True, kw_only=True):
    """Pieces that left the house, and from where."""

    stock_id: StockId
    location_id: LocationId | None
    quantity: int
