"""What Heidian prints, field for field. Times and money are text already; codes and order numbers are text."""

from typing import Any

from msgspec import Struct


class Named(Struct, frozen=True, kw_only=True):
    """A person of the staff, in short."""

    id: int
    username: str


class Branch(Struct, frozen=True, kw_only=True):
    """An offline shop in short."""

    id: int
    name: str
    address: str
    phone: str


class BranchInFull(Struct, frozen=True, kw_only=True):
    """An offline shop as the buyer is shown it."""

    id: int
    name: str
    province: str
    city: str
    district: str
    address: str
    phone: str
    location: str
    """`lng,lat`"""
    business_hours: str
    pic: str
    is_active: bool


class BranchListed(BranchInFull, frozen=True, kw_only=True):
    """A row of GET /api/shops/offline_shop/."""

    created_at: str
    updated_at: str


class PickUpCode(Struct, frozen=True, kw_only=True):
    """One parcel and its code. `id` is the code's own, `heyshop_order_id` the order's: never the same thing."""

    id: int
    heyshop_order_id: int | None
    order_number: str
    key: str
    key_status: str
    stock_status: str
    offline_shop: Branch
    full_name: str
    mobile: str
    prepared_at: str | None
    prepared_by: Named | None
    used_at: str | None
    used_by: Named | None
    expires_at: str | None
    canceled_at: str | None
    metafield: dict[str, Any]
    created_at: str
    updated_at: str


class BuyersCode(Struct, frozen=True, kw_only=True):
    """Answer of GET /api/orders/pick_up_code/fetch/: nothing of the staff, all of the branch."""

    id: int
    heyshop_order_id: int | None
    order_number: str
    key: str
    key_status: str
    stock_status: str
    offline_shop: BranchInFull
    full_name: str
    mobile: str
    prepared_at: str | None
    used_at: str | None
    expires_at: str | None
    canceled_at: str | None
    created_at: str
    updated_at: str


class CheckedCode(PickUpCode, frozen=True, kw_only=True):
    """Answer of GET /api/orders/pick_up_code/check/. `order` is null for a code no order is known for."""

    order: dict[str, Any] | None


class LoggedInStaff(Struct, frozen=True, kw_only=True):
    """Answer of POST /api/shops/staff_login/; the only place a token is printed."""

    id: int
    username: str
    is_manager: bool
    token: str
    offline_shop: Branch


class StaffRow(Struct, frozen=True, kw_only=True):
    id: int
    username: str
    is_manager: bool
    is_active: bool
    offline_shop: Branch
    last_login: str | None
    created_at: str
    updated_at: str


class ActionRow(Struct, frozen=True, kw_only=True):
    """`offline_shop` is the number alone here."""

    id: int
    action: str
    staff: Named | None
    offline_shop: int
    pick_up_code: int | None
    key: str
    heyshop_order_id: int | None
    order_number: str
    reason: str
    created_at: str


class Page(Struct, frozen=True, kw_only=True):
    """The envelope of every list."""

    count: int
    next: str | None
    previous: str | None
    results: list[Any]
