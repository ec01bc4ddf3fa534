"""Buckets of stock and what is asked of them. Quantities are pieces."""

from datetime import date
from typing import Final, Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, CompanyId, OrderId, ProductId, SiteId, StockId, SubInventoryId

Condition = Literal["good", "defective"]
Allocation = Literal["lot", "fifo", "fefo"]
ALLOCATIONS: Final[tuple[Allocation, ...]] = ("lot", "fifo", "fefo")
"""Which bucket goes out first: by the name of its lot, then as they were opened; as they were opened; by the day it
expires on, what never does last, and nothing that has expired."""


class Bucket(Struct, frozen=True, kw_only=True):
    id: StockId
    account_id: AccountId
    site_id: SiteId
    sub_inventory_id: SubInventoryId
    product_id: ProductId
    lot: str
    condition: Condition
    on_hand: int
    allocated: int
    expires_on: date | None = None
    """Of the lot, as it was said when it came in."""

    @property
    def free(self) -> int:
        return self.on_hand - self.allocated


class Candidate(Bucket, frozen=True, kw_only=True):
    """A bucket as its place looks at it when an order asks for its goods."""

    rule: str
    """`allocation` of the place's settings: one of ALLOCATIONS; what is none of them counts as the first."""
    expired: bool
    """By the calendar of the place: the day it expires on is its last good one."""

    @property
    def turn(self) -> tuple[object, ...]:
        """Who sorts its buckets by this gives them out as its place wants."""
        match self.rule:
            case "fifo":
                return (self.id,)
            case "fefo":
                return (self.expires_on is None, self.expires_on, self.id)
        return (self.lot, self.id)

    @property
    def goes_out(self) -> bool:
        return not (self.expired and self.rule == "fefo")


class Arrival(Struct, frozen=True, kw_only=True):
    """Pieces of one product that came in."""

    site_id: SiteId
    sub_inventory_id: SubInventoryId
    product_id: ProductId
    lot: str = ""
    condition: Condition = "good"
    quantity: int
    order_line_id: int | None = None
    expires_on: date | None = None
    """None: nothing is said of it."""


class Need(Struct, frozen=True, kw_only=True):
    """Pieces of one product that an order wants reserved. An empty lot means any."""

    site_id: SiteId
    sub_inventory_id: SubInventoryId
    product_id: ProductId
    sku: str
    quantity: int
    lot: str = ""
    condition: Condition = "good"
    line_no: int = 0


class Reservation(Struct, frozen=True, kw_only=True):
    """All the needs of one order: all are met, or none."""

    account_id: AccountId
    order_id: OrderId
    needs: tuple[Need, ...]


class Take(Struct, frozen=True, kw_only=True):
    """Pieces of one bucket set aside for a line of an order."""

    stock_id: StockId
    line_no: int
    quantity: int


class Withdrawn(Struct, frozen=True, kw_only=True):
    """Pieces of one order line that left one bucket, or came into it."""

    order_line_id: int
    stock_id: StockId
    lot: str
    condition: Condition
    quantity: int


class StockRow(Struct, frozen=True, kw_only=True):
    """A bucket with the names of what it holds."""

    site: str
    sub_inventory: str
    product_id: ProductId
    sku: str
    product_name: str
    lot: str
    condition: Condition
    on_hand: int
    allocated: int


class CompanyStock(Struct, frozen=True, kw_only=True):
    """Good pieces of one product in one company, or in one of its places."""

    product_id: ProductId
    company_id: CompanyId
    company_name: str
    site_id: SiteId | None
    """None where a whole company is meant."""
    site_name: str | None
    on_hand: int
