"""Hand-overs at the counter of a shop: one code, one parcel, one person."""

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct, convert, field

from crossdock.base.ids import AccountId, HandoverId, OrderId, ProductId, SiteId, StaffId
from crossdock.core.catalog.model import Product
from crossdock.core.codes.model import OnlineShop, stand
from crossdock.core.events.model import HOUSE
from crossdock.core.orders.model import Order, OrderLine, PaymentRow

PickUpState = Literal["unused", "used", "expired", "canceled"]
PICK_UP_MOVES: Final[dict[PickUpState, frozenset[str]]] = {
    "unused": frozenset({"used", "expired", "canceled"}),
    "used": frozenset({"unused", "expired", "canceled"}),
    "expired": frozenset({"canceled"}),
    "canceled": frozenset(),
}


ROLLBACK_WINDOW_S_MAX: Final = 366 * 86_400
ROLLBACKS_MAX: Final = 1_000
CODE_HOURS_MAX: Final = 366 * 24
"""Goods that nobody fetched for a year belong on the shelf again."""


class HouseRules(Struct, frozen=True, kw_only=True):
    """What a shop may set for itself in its site's settings."""

    prepared_first: bool = False
    """Only parcels that were set aside are handed over."""
    rollback_window_s: int | None = None
    """How long after its use a code can be rolled back; None for ever."""
    rollbacks_max: int | None = None
    """How often one code can be rolled back; None without end."""
    code_valid_h: int | None = None
    """How long after its issue a code is good; None for ever."""
    reminder_h: int | None = None
    """How long before a code expires, or after its goods are ready where it does not, its buyer is reminded."""
    mask_keys: bool = False
    """Codes are shown as `1****2` to staff who did not name them."""
    password_characters_min: int = 1
    """Of people who are hired at the counter."""

    @classmethod
    def of(cls, settings: dict[str, Any]) -> "HouseRules":
        return convert(settings, cls)


class StaffName(Struct, frozen=True):
    id: StaffId
    username: str


class PickUp(Struct, frozen=True, kw_only=True):
    """One hand-over in a shop."""

    id: HandoverId
    account_id: AccountId
    site_id: SiteId
    shop: OnlineShop | None
    """That sold it."""
    order_id: OrderId | None
    order_number: str
    key: str
    """Six digits, leading zeros kept."""
    state: PickUpState
    full_name: str
    mobile: str
    prepared_at: datetime | None
    prepared_by: StaffName | None
    used_at: datetime | None
    used_by: StaffName | None
    expires_at: datetime | None
    canceled_at: datetime | None
    rollbacks: int = 0
    """How often its use was undone."""
    shipped_here: bool = False
    """Its use took the goods off the shop's own shelf."""
    partner_fields: dict[str, Any] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime

    @property
    def stand(self) -> dict[str, Any]:
        """As the history of its shop says where it stands."""
        return stand(self.state, prepared=self.prepared_at is not None)


class HandedOver(Struct, frozen=True, kw_only=True):
    """A code was used, or its use was rolled back: a row of its shop's history."""

    id: int
    action: Literal["consume", "rollback"]
    created_at: datetime


class Behind(Struct, frozen=True, kw_only=True):
    """A code, and its order with all that is printed of it."""

    pick_up: PickUp
    order: Order | None
    """None for a code that was issued to no order of ours."""
    lines: list[OrderLine]
    products: dict[ProductId, Product]
    """Those of the lines."""
    payments: list[PaymentRow]
    """Oldest first; none where the order's money is not counted here."""
    history: list[HandedOver]
    """Oldest first, the newest of them."""
    due: bool
    """Whether the time of some code of the shop is over and that is not written yet: see `expire_due`."""


class Use(Struct, frozen=True, kw_only=True):
    """Somebody of the staff hands over the parcel behind a code."""

    account_id: AccountId
    site_id: SiteId
    key: str
    staff_id: StaffId
    prepared_first: bool = False
    """Only a parcel that was set aside."""
    reason: str = ""
    operation_id: str | None = None
    dialect: str = HOUSE


class PickUpFilter(Struct, frozen=True, kw_only=True):
    """All given conditions hold; None means not asked, an empty tuple means none can fit."""

    ids: tuple[int, ...] | None = None
    prepared: tuple[bool, ...] | None = None
    order_ids: tuple[int, ...] | None = None
    keys: tuple[str, ...] | None = None
    states: tuple[str, ...] | None = None


class Issued(Struct, frozen=True, kw_only=True):
    """Facts of `handover.issued`: the order as it was when its code was made. The code is not among them."""

    shop: OnlineShop | None
    """That sold it."""
    order: Order
    lines: list[OrderLine]
    products: list[Product]
    full_name: str
    mobile: str
    payments: list[PaymentRow] = []
