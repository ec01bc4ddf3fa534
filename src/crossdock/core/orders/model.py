"""Orders of every kind, and the tables of how their states may change."""

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct, field

from crossdock.base.ids import (
    AccountId,
    CompanyId,
    OrderId,
    ProductId,
    ServiceId,
    SiteId,
    SubInventoryId,
)
from crossdock.core.stock.model import Condition

Kind = Literal["outbound", "inbound", "return", "transfer", "transport"]
Payment = Literal["pending", "partially_paid", "paid", "partially_refunded", "refunded"]

OUTBOUND_MOVES: Final[dict[str, frozenset[str]]] = {
    "draft": frozenset({"pending", "allocated", "cancelled", "deleted"}),
    "pending": frozenset({"allocated", "held", "cancelled"}),
    "allocated": frozenset({"released", "picking", "held", "cancelled"}),
    "released": frozenset({"picking", "held", "cancelled"}),
    "picking": frozenset({"packing", "held", "cancelled"}),
    "packing": frozenset({"packed", "held", "cancelled"}),
    "packed": frozenset({"shipped", "held", "cancelled"}),
    "held": frozenset({"pending", "allocated", "picking", "cancelled"}),
    "shipped": frozenset({"delivered", "returned"}),
    "delivered": frozenset({"shipped"}),  # a hand-over that is rolled back
    "cancelled": frozenset({"deleted"}),
    "returned": frozenset(),
    "deleted": frozenset(),
}
INBOUND_MOVES: Final[dict[str, frozenset[str]]] = {
    "announced": frozenset({"accepted", "receiving", "closed", "cancelled"}),
    "accepted": frozenset({"receiving", "closed", "cancelled"}),
    "receiving": frozenset({"receiving", "closed"}),
    "closed": frozenset(),
    "cancelled": frozenset(),
}
MOVES: Final[dict[Kind, dict[str, frozenset[str]]]] = {"outbound": OUTBOUND_MOVES, "inbound": INBOUND_MOVES}
"""`state -> allowed next states`. Return, transfer and transport orders get theirs with their own issues."""
FIRST_STATES: Final[dict[Kind, frozenset[str]]] = {
    "outbound": frozenset({"draft", "allocated"}),
    "inbound": frozenset({"announced"}),
}
LOCKED_STATES: Final = frozenset({"allocated", "released", "picking", "packing", "packed"})
"""An outbound order in one of these holds reserved stock."""


class NewLine(Struct, frozen=True, kw_only=True):
    """The product is named by `product_id` or by `sku`."""

    line_key: str
    """The partner's own line number; unique within the order."""
    product_id: ProductId | None = None
    sku: str = ""
    quantity: int
    sub_inventory_id: SubInventoryId | None = None
    """Where another than the order's."""
    lot: str = ""
    condition: Condition = "good"
    partner_fields: dict[str, Any] = field(default_factory=dict)


class PlaceOrder(Struct, frozen=True, kw_only=True):
    """A new order. `state` is its first one; `allocated` reserves the stock of all lines, or refuses."""

    account_id: AccountId
    company_id: CompanyId
    kind: Kind
    number: str | None = None
    """The partner's own number, unique per account and kind; None makes the public id the number."""
    dialect: str
    type: str = ""
    state: str
    site_id: SiteId | None = None
    sub_inventory_id: SubInventoryId | None = None
    service_id: ServiceId | None = None
    reference: str | None = None
    """A second number to search by; not unique."""
    unique_reference: str | None = None
    """Refused when an order of the same company and type took it in the last REFERENCE_KEPT."""
    recipient: dict[str, Any] = field(default_factory=dict)
    """contact, business_name, address_line1..3, city, county, post_code, country_iso, telephone, email"""
    partner_fields: dict[str, Any] = field(default_factory=dict)
    content_hash: bytes | None = None
    """Of what was sent: the same number with the same hash is a repeat, with another a conflict."""
    payment: Payment = "paid"
    lines: tuple[NewLine, ...] = ()
    actor: str = ""


class Order(Struct, frozen=True, kw_only=True):
    id: OrderId
    account_id: AccountId
    company_id: CompanyId
    kind: Kind
    number: str
    dialect: str
    type: str
    state: str
    site_id: SiteId | None
    sub_inventory_id: SubInventoryId | None
    service_id: ServiceId | None
    reference: str | None
    recipient: dict[str, Any]
    partner_fields: dict[str, Any]
    content_hash: bytes | None
    payment: Payment
    token: str
    """40 hex digits: the secret of the buyer's page."""
    pieces: int
    tracking_number: str | None
    batches: int
    """How many partial receipts or shipments were booked."""
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None

    @property
    def subject(self) -> str:
        return f"order:{self.id}"


class OrderLine(Struct, frozen=True, kw_only=True):
    id: int
    order_id: OrderId
    line_no: int
    line_key: str
    product_id: ProductId
    sku: str
    sub_inventory_id: SubInventoryId | None
    lot: str
    condition: Condition
    quantity: int
    done: int
    """Received or shipped so far."""
    partner_fields: dict[str, Any]


class Placed(Struct, frozen=True, kw_only=True):
    """The order on record; `fresh` is False when this very order had been placed before."""

    order: Order
    fresh: bool


class Criterion(Struct, frozen=True):
    """One condition of a search: a field of `search.FIELDS`, an operator of `search.OPERATORS`, a value."""

    field: str
    operator: str
    value: Any


class SortKey(Struct, frozen=True):
    field: str
    descending: bool = False


class OrderPage(Struct, frozen=True):
    total: int
    orders: list[Order]
