"""Packing reports: which station packed which order, who, and the stretch of film that shows it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from crossdock.base.ids import AccountId, EnterpriseId, OrderId, PackingId


class PackedItem(Struct, frozen=True, kw_only=True):
    goods_code: str
    goods_name: str
    price: Decimal
    quantity: Decimal
    """Pieces, or kilograms where goods are weighed."""
    box_number: str = ""
    batch_number: str = ""
    scanned_at: datetime | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


class PackingReport(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    enterprise_id: EnterpriseId
    department_id: int
    order_number: str
    station: str
    operator: str = ""
    order_type: str = ""
    filmed_from: datetime
    filmed_to: datetime
    ordered_at: datetime
    items: tuple[PackedItem, ...]
    dialect: str
    actor: str = ""


class Reported(Struct, frozen=True, kw_only=True):
    packing_id: PackingId
    order_id: OrderId | None
    """The order of that number, when the account has one."""
    mismatch: dict[str, str] = field(default_factory=dict)
    """Goods whose packed quantity differs from the order's: code -> "packed 1, ordered 2"."""


class Packing(Struct, frozen=True, kw_only=True):
    """A report on record."""

    id: PackingId
    account_id: AccountId
    enterprise_id: EnterpriseId
    department_id: int
    order_number: str
    order_id: OrderId | None
    station: str
    operator: str
    order_type: str
    filmed_from: datetime
    filmed_to: datetime
    ordered_at: datetime
    reported_at: datetime
    mismatch: dict[str, str]
    items: tuple[PackedItem, ...]
