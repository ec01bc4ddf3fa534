"""Products: what an account stores and sells."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from crossdock.base.ids import AccountId, ProductId


class Product(Struct, frozen=True, kw_only=True):
    id: ProductId
    account_id: AccountId
    sku: str
    name: str
    name_customs: str = ""
    weight_g: int = 0
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0
    price: Decimal = Decimal(0)
    lot_tracked: bool = False
    serial_tracked: bool = False
    active: bool = True
    partner_fields: dict[str, Any] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
