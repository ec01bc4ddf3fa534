"""Waybills and what is known of the parcels that carry them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId

SignType = Literal["normal", "exceptional"]


class NewParcel(Struct, frozen=True, kw_only=True):
    """A parcel that leaves with an order, under its carrier's number."""

    mailno: str
    box_no: str = ""
    carrier: str = ""
    weight_g: Decimal | None = None
    length_mm: Decimal | None = None
    width_mm: Decimal | None = None
    height_mm: Decimal | None = None
    volume_cm3: Decimal | None = None
    pieces: Mapping[str, int] = {}
    """Line key -> pieces in this parcel; empty: it is not known what is in which."""


class Waybill(Struct, frozen=True, kw_only=True):
    """One carrier's number of one order."""

    id: int
    account_id: AccountId
    order_id: OrderId
    leg_id: OrderId | None
    """The transport order that moves it: of the number of its own order, or that order itself."""
    mailno: str
    batch: int | None
    """Of the shipment it left with."""
    box_no: str
    carrier: str
    vehicle: str
    planned_at: datetime | None
    weight_g: Decimal | None
    length_mm: Decimal | None
    width_mm: Decimal | None
    height_mm: Decimal | None
    volume_cm3: Decimal | None
    measured_at: datetime | None
    sign_type: SignType | None
    signer: str | None
    signed_at: datetime | None
    created_at: datetime


Effect = Literal["departed", "delivered", "exceptional", "refused"]
"""What a node means for the parcel: `delivered` and `exceptional` say that somebody signed for it."""


class NewNode(Struct, frozen=True, kw_only=True):
    """Where and when a parcel was seen, as its carrier or we ourselves tell it."""

    mailno: str
    code: str
    """Of the carriers' list; kept as it came."""
    happened_at: datetime
    vin: str = ""
    operator: str = ""
    place: str = ""
    memo: str = ""
    planned_at: datetime | None = None
    longitude: str = ""
    latitude: str = ""


class RouteNode(NewNode, frozen=True, kw_only=True):
    id: int
    waybill_id: int
    actor: str
    noted_at: datetime


class NewPicture(Struct, frozen=True, kw_only=True):
    """A proof of delivery: kept by us under `object_key`, or only known by its `url`."""

    digest: bytes
    """SHA-256 of the picture, or of its address."""
    object_key: str | None = None
    url: str | None = None
    name: str = ""
    content_type: str = ""
    size_bytes: int = 0
    remark: str = ""
    signed_at: datetime | None = None


class Picture(NewPicture, frozen=True, kw_only=True):
    id: int
    waybill_id: int
    created_at: datetime


class Reading(Struct, frozen=True, kw_only=True):
    """What a weighing machine saw of one parcel."""

    mailno: str
    device: str
    weight_g: Decimal
    length_mm: Decimal
    width_mm: Decimal
    height_mm: Decimal
    volume_cm3: Decimal
    remark: str = ""
    measured_at: datetime


class KeptReading(Reading, frozen=True, kw_only=True):
    """A reading on record; without a parcel it waits for the number to appear."""

    id: int
    waybill_id: int | None
    volume_differs: bool
