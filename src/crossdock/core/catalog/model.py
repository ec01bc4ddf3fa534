"""Products: what an account stores and sells."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType, field

from crossdock.base.ids import AccountId, ProductId

State = Literal["preparing", "active", "deleted"]
"""Only an active product may be ordered; a deleted one keeps its sku, for orders and ledger go on naming it."""


VOLUME: Final = "volume_cm3"
"""Key of `partner_fields`: what one piece takes up, where somebody told or measured it."""
MEASURE_DIFFERS: Final = Decimal("0.05")
"""A measurement within this share of what is on record confirms it."""


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
    deleted_at: datetime | None = None

    @property
    def state(self) -> State:
        if self.deleted_at is not None:
            return "deleted"
        return "active" if self.active else "preparing"

    @property
    def subject(self) -> str:
        return f"product:{self.id}"

    @property
    def figures(self) -> "Figures":
        """The volume that was told, or else that of its sides."""
        told = self.partner_fields.get(VOLUME)
        sides = Decimal(self.length_mm * self.width_mm * self.height_mm) / 1_000
        return Figures(weight_g=self.weight_g or None, volume_cm3=Decimal(str(told)) if told else sides or None)


class NewProduct(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    sku: str | None = None
    """Unique in the account; None makes it `<account id>-<product id>`."""
    name: str
    name_customs: str = ""
    weight_g: int = 0
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0
    price: Decimal = Decimal(0)
    lot_tracked: bool = False
    serial_tracked: bool = False
    active: bool = False
    codes: tuple[str, ...] = ()
    """Bar codes; each names one product of the account."""
    partner_fields: dict[str, Any] = field(default_factory=dict)


class ProductChange(Struct, frozen=True, kw_only=True):
    """What is UNSET stays as it is."""

    sku: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    name_customs: str | UnsetType = UNSET
    weight_g: int | UnsetType = UNSET
    length_mm: int | UnsetType = UNSET
    width_mm: int | UnsetType = UNSET
    height_mm: int | UnsetType = UNSET
    price: Decimal | UnsetType = UNSET
    lot_tracked: bool | UnsetType = UNSET
    serial_tracked: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    codes: tuple[str, ...] = ()
    """Bar codes it goes by from now on, beside those it has."""
    codes_dropped: tuple[str, ...] = ()
    """Bar codes it does not go by any more."""
    partner_fields: dict[str, Any] = field(default_factory=dict)
    """Laid over what is kept; a value of None takes its key away."""


class Figures(Struct, frozen=True, kw_only=True):
    """What one piece weighs and takes up; None is not known."""

    weight_g: int | None
    volume_cm3: Decimal | None


class Listed(Product, frozen=True, kw_only=True):
    """A product of a page, with pieces on shelves, and how many products there are in all."""

    live: int
    """Good ones, in all companies."""
    here: int
    """Good ones in the company that asks."""
    locked: int
    """Of `here`, set aside for open orders."""
    frozen: int
    """Defective ones, in all companies."""
    total: int


class ProductPage(Struct, frozen=True):
    total: int
    products: list[Listed]
