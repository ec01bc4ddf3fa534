"""Orders of every kind, and the tables of how their states may change."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from msgspec import UNSET, Struct, UnsetType, field

from crossdock.base.ids import (
    AccountId,
    CompanyId,
    OrderId,
    ProductId,
    ServiceId,
    SiteId,
    SubInventoryId,
)
from crossdock.core.catalog.model import Product
from crossdock.core.search import Criterion as Criterion
from crossdock.core.search import SortKey as SortKey
from crossdock.core.stock.model import Condition

Kind = Literal["outbound", "inbound", "return", "transfer", "transport"]
Payment = Literal["pending", "partially_paid", "paid", "partially_refunded", "refunded"]

OUTBOUND_MOVES: Final[dict[str, frozenset[str]]] = {
    "draft": frozenset({"pending", "allocated", "cancelled", "deleted"}),
    "pending": frozenset({"allocated", "confirmed", "labelled", "shipped", "held", "unshipped", "cancelled"}),
    "allocated": frozenset({"released", "picking", "shipped", "held", "unshipped", "cancelled"}),
    "released": frozenset({"picking", "held", "unshipped", "cancelled"}),
    "picking": frozenset({"packing", "held", "unshipped", "cancelled"}),
    "packing": frozenset(
        {"packed", "picking", "held", "unshipped", "cancelled"}
    ),  # "picking": put aside at the bench
    "packed": frozenset({"labelled", "partly_shipped", "shipped", "held", "unshipped", "cancelled"}),
    "confirmed": frozenset({"labelled", "cancelled"}),
    "labelled": frozenset({"partly_shipped", "shipped", "unshipped", "cancelled"}),
    "partly_shipped": frozenset({"partly_shipped", "shipped"}),
    "held": frozenset({"pending", "allocated", "shipped", "unshipped", "cancelled"}),
    "shipped": frozenset({"delivered", "returned"}),
    "delivered": frozenset({"shipped", "allocated"}),  # a hand-over that is rolled back
    "unshipped": frozenset({"deleted"}),  # the warehouse closed it, with nothing shipped
    "cancelled": frozenset({"deleted"}),
    "returned": frozenset(),
    "deleted": frozenset(),
}
INBOUND_MOVES: Final[dict[str, frozenset[str]]] = {
    "draft": frozenset({"announced", "deleted"}),
    "announced": frozenset({"draft", "accepted", "rejected", "receiving", "closed", "cancelled"}),
    "rejected": frozenset({"draft", "cancelled"}),
    "accepted": frozenset({"receiving", "closed", "cancelled"}),
    "receiving": frozenset({"receiving", "closed"}),
    "closed": frozenset(),
    "cancelled": frozenset(),
    "deleted": frozenset(),
}
RETURN_MOVES: Final[dict[str, frozenset[str]]] = {
    "draft": frozenset({"received", "pending", "cancelled", "deleted"}),
    "received": frozenset({"pending"}),
    "pending": frozenset({"received", "processing", "held", "cancelled"}),
    "processing": frozenset({"waiting_client", "problem", "held"}),
    "waiting_client": frozenset({"waiting_warehouse"}),
    "waiting_warehouse": frozenset({"processing"}),
    "problem": frozenset({"processing"}),
    "held": frozenset({"pending", "finished", "cancelled"}),
    "finished": frozenset(),
    "cancelled": frozenset({"deleted"}),
    "deleted": frozenset(),
}
TRANSFER_MOVES: Final[dict[str, frozenset[str]]] = {
    "allocated": frozenset({"closed"}),
    "closed": frozenset(),
}
"""Goods change their owner where they lie, in one transaction: nobody ever sees one that is allocated."""
TRANSPORT_MOVES: Final[dict[str, frozenset[str]]] = {
    "announced": frozenset({"dispatched", "cancelled"}),
    "dispatched": frozenset({"departed", "delivered", "refused"}),
    "departed": frozenset({"delivered", "refused"}),
    "delivered": frozenset(),
    "refused": frozenset(),
    "cancelled": frozenset(),
}
MOVES: Final[dict[Kind, dict[str, frozenset[str]]]] = {
    "outbound": OUTBOUND_MOVES,
    "inbound": INBOUND_MOVES,
    "return": RETURN_MOVES,
    "transfer": TRANSFER_MOVES,
    "transport": TRANSPORT_MOVES,
}
"""`state -> allowed next states`."""
PAYMENT_MOVES: Final[dict[Payment, frozenset[Payment]]] = {
    "pending": frozenset({"partially_paid", "paid"}),
    "partially_paid": frozenset({"partially_paid", "paid", "refunded"}),
    "paid": frozenset({"partially_refunded", "refunded"}),
    "partially_refunded": frozenset({"partially_refunded", "refunded"}),
    "refunded": frozenset(),
}
"""How the payment of an order may change."""
PAID: Final[frozenset[Payment]] = frozenset({"paid", "partially_refunded"})
"""An order is handed over in these only."""
TYPES_OF_MOVE: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("pending", "confirmed"): frozenset({"CLIENT_DIRECT"}),
    ("confirmed", "labelled"): frozenset({"CLIENT_DIRECT"}),
    ("pending", "labelled"): frozenset({"AGENT_DIRECT"}),
    ("pending", "shipped"): frozenset({"AGENT_DIRECT"}),
    ("packed", "labelled"): frozenset({"DIRECT"}),
}
"""Outbound moves that only orders of these types make; orders of any type make the others."""
FIRST_STATES: Final[dict[Kind, frozenset[str]]] = {
    "outbound": frozenset({"draft", "allocated"}),
    "inbound": frozenset({"draft", "announced"}),
    "return": frozenset({"draft"}),
    "transfer": frozenset({"allocated"}),
    "transport": frozenset({"announced"}),
}
LOCKED_STATES: Final = frozenset(
    {"allocated", "released", "picking", "packing", "packed", "labelled", "partly_shipped"}
)
"""An outbound order in one of these holds reserved stock of what is not done yet of every line with a product."""
ENDED_STATES: Final = frozenset({"cancelled", "deleted", "returned", "unshipped"})
"""An outbound order in one of these reaches nobody: its pick-up code ends with it."""
NOTED_STATES: Final = frozenset({"pending", "allocated", "held"})
"""In these an order still takes notes and references; in `draft` it takes anything."""
MEASURED_TYPES: Final = frozenset({"DIRECT", "AGENT_DIRECT"})
"""Orders whose parcel may be measured anew once its label is printed."""


def sources(kind: Kind, type_: str, to: str) -> list[str]:
    """The states from which an order of this kind and type may go there."""
    return [state for state, following in MOVES.get(kind, {}).items() if to in following and may(type_, state, to)]


def may(type_: str, state: str, to: str) -> bool:
    """Whether orders of this type make this move of their table."""
    return type_ in TYPES_OF_MOVE.get((state, to), {type_})


class NewLine(Struct, frozen=True, kw_only=True):
    """The product is named by `product_id` or by `sku`; goods that are not `stocked` have none."""

    line_key: str
    """The partner's own line number; unique within the order."""
    product_id: ProductId | None = None
    sku: str = ""
    stocked: bool = True
    """False for goods that are only passed on: `partner_fields` describe them, `sku` is their owner's own code."""
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
    consignee: str | None = None
    """The partner's code of somebody it told us of: what is on record of them stands where `recipient` is silent."""
    recipient_otherwise: dict[str, Any] = field(default_factory=dict)
    """What stands there where nobody goes by that code, or none is given."""
    partner_fields: dict[str, Any] = field(default_factory=dict)
    content_hash: bytes | None = None
    """Of what was sent: the same number with the same hash is a repeat, with another a conflict."""
    payment: Payment = "paid"
    return_action_id: int | None = None
    lines: tuple[NewLine, ...] = ()
    actor: str = ""


class Measure(Struct, frozen=True, kw_only=True):
    """Of a parcel: grams and millimetres."""

    weight_g: Decimal
    length_mm: Decimal
    width_mm: Decimal
    height_mm: Decimal


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
    return_action_id: int | None = None
    """What is done with the goods of a return."""
    feedback: str | None = None
    """Why the warehouse stopped, or what it asks; the last answer."""
    measure: Measure | None = None
    """Of the parcel, as it was corrected."""
    arrived_at: datetime | None = None
    """When the goods of a return first came in."""

    @property
    def subject(self) -> str:
        return f"order:{self.id}"


class OrderLine(Struct, frozen=True, kw_only=True):
    id: int
    order_id: OrderId
    line_no: int
    line_key: str
    product_id: ProductId | None
    """None for goods that are not stocked."""
    sku: str
    sub_inventory_id: SubInventoryId | None
    lot: str
    condition: Condition
    quantity: int
    done: int
    """Received or shipped so far."""
    partner_fields: dict[str, Any]

    @property
    def left(self) -> int:
        """Pieces that are still to come, or to leave."""
        return max(self.quantity - self.done, 0)

    def told(self, pieces: int) -> dict[str, Any]:
        """As events print goods that moved, of this line's own lot and condition."""
        return {
            "line_key": self.line_key,
            "sku": self.sku,
            "quantity": pieces,
            "lot": self.lot,
            "condition": self.condition,
            "partner_fields": self.partner_fields,
        }


def product_ids(lines: Iterable[OrderLine]) -> list[ProductId]:
    """Of the lines that have a product, in their order."""
    return [line.product_id for line in lines if line.product_id is not None]


class Changes(Struct, frozen=True, kw_only=True):
    """What becomes of an order; UNSET stays as it is. `partner_fields` are merged, None takes a key out."""

    recipient: dict[str, Any] | UnsetType = UNSET
    service_id: ServiceId | UnsetType | None = UNSET
    return_action_id: int | UnsetType | None = UNSET
    reference: str | UnsetType | None = UNSET
    unique_reference: str | UnsetType | None = UNSET
    old_unique_reference: str | None = None
    """The one that the order gives back when it takes another."""
    partner_fields: dict[str, Any] = {}


class NewPiece(Struct, frozen=True, kw_only=True):
    """One of the parcels an order is split into; `serial` is unique within the order."""

    serial: int
    reference: str | None = None
    tracking_number: str | None = None
    description: str | None = None
    weight_g: Decimal
    length_mm: Decimal
    width_mm: Decimal
    height_mm: Decimal


class Piece(NewPiece, frozen=True, kw_only=True):
    id: int
    order_id: OrderId
    created_at: datetime


class PaymentRow(Struct, frozen=True, kw_only=True):
    """Money that came for an order, or was given back; never changed."""

    id: int
    order_id: OrderId
    kind: Literal["sale", "refund"]
    reference: str
    """Of who moved the money; once in each order."""
    amount: Decimal
    """In the account's currency."""
    channel: str
    pieces: dict[str, int]
    """Line key -> pieces that were given back with it."""
    reason: str
    created_at: datetime


class Placed(Struct, frozen=True, kw_only=True):
    """The order on record; `fresh` is False when this very order had been placed before."""

    order: Order
    fresh: bool


class OrderPage(Struct, frozen=True):
    total: int
    orders: list[Order]


class NamedOrder(NamedTuple):
    """An order as its company asks for it."""

    account_id: AccountId
    company_id: CompanyId
    id: OrderId


class WithGoods(Struct, frozen=True, kw_only=True):
    order: Order
    lines: list[OrderLine]
    products: dict[ProductId, Product]
    """Those of the lines."""


class GoodsPage(Struct, frozen=True):
    total: int
    orders: list[WithGoods]
