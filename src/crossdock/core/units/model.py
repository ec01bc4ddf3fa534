"""Pieces with names of their own."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId, StockId
from crossdock.core.stock.model import Condition

NAMES: Final = ("vin", "sn", "imei1", "imei2", "meid")
"""What a piece may be called by; its `code` is the first that it has."""


class NewUnit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One piece as it was scanned."""

    sn: str = ""
    imei1: str = ""
    imei2: str = ""
    meid: str = ""
    vin: str = ""

    @property
    def code(self) -> str:
        """Empty when it has no name at all."""
        return next((name for key in NAMES if (name := getattr(self, key))), "")


class Unit(Struct, frozen=True, kw_only=True):
    """A piece on record: here, or shipped."""

    id: int
    account_id: AccountId
    product_id: ProductId
    code: str
    sn: str | None
    imei1: str | None
    imei2: str | None
    meid: str | None
    vin: str | None
    stock_id: StockId
    """The bucket it is in, or left from."""
    plate: str
    location: str
    state: str
    received_order_id: OrderId | None
    received_at: datetime
    shipped_order_id: OrderId | None
    shipped_at: datetime | None

    def as_new(self) -> NewUnit:
        """Its names alone."""
        return NewUnit(**{name: getattr(self, name) or "" for name in NAMES})


class Vehicle(Struct, frozen=True, kw_only=True):
    """A car in stock."""

    site: str
    sub_inventory: str
    sku: str
    product_name: str
    vin: str
    condition: Condition
    received_at: datetime
    location: str
    reserved: bool
    """Every piece of its bucket is set aside."""


class NewPlate(Struct, frozen=True, kw_only=True):
    code: str
    parent_code: str = ""
    """Of the plate it stands on; that one may be told of later, or never."""
    kind: str = ""
    sku: str
    quantity: int
    members: dict[str, Any]
    """All that was said of it, word for word."""


class Plate(NewPlate, frozen=True, kw_only=True):
    batch_key: str
    received: bool


class OwnPlate(Struct, frozen=True, kw_only=True):
    """A pallet or carton with a number of ours."""

    code: str
    """18 digits."""
    site_id: SiteId
    product_id: ProductId | None
    """What it holds, where it was handed out for one product; with `quantity`."""
    quantity: int | None
    lot: str
    expires_on: date | None
    handed_out_at: datetime


class AnnouncedSerial(Struct, frozen=True, kw_only=True):
    """A piece that an order will bring or take, by its code."""

    sku: str
    code: str
    line_key: str = ""


def named(units: Sequence[NewUnit]) -> list[dict[str, Any]]:
    """As events print them."""
    return [{"code": unit.code} | {key: name for key in NAMES if (name := getattr(unit, key))} for unit in units]
