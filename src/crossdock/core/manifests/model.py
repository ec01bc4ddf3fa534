"""Manifests: what leaves one place for one destination together."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId, ServiceId, SiteId, StaffId
from crossdock.core.accounts.model import DeliveryService

PACKED_STATES: Final = frozenset({"packed", "labelled"})
"""An outbound order in one of these stands ready to leave."""
PARCELS_MAX: Final = 500
"""Orders on one manifest: a van's load, shipped within seconds, and a paper somebody signs."""
DRIVER_CHARACTERS_MAX: Final = 80
VEHICLE_CHARACTERS_MAX: Final = 40
STUCK_MAX: Final = 20
"""Numbers that one refusal names."""

State = Literal["open", "closing", "closed"]
ParcelState = Literal["on", "off", "shipped", "left"]
"""`off` was taken off again; `left` could not be shipped when its manifest was closed, and stays here."""
Why = Literal["state", "asked", "parts"]
"""Why something cannot go now: it is not packed any more, its owner asked to call it off, some of its parcels were
not scanned."""


class Destination(Struct, frozen=True, kw_only=True):
    """Where a manifest goes: to a station or a shop, with a service, or with nobody known."""

    service_id: ServiceId | None = None
    to_site_id: SiteId | None = None


def destination_of(service: DeliveryService | None) -> Destination:
    """All services to one station or shop go there together."""
    if service is None:
        return Destination()
    if service.method in ("locker", "shop") and service.site_id is not None:
        return Destination(to_site_id=service.site_id)
    return Destination(service_id=service.id)


class Manifest(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    site_id: SiteId
    service_id: ServiceId | None
    to_site_id: SiteId | None
    state: State
    parcels: int
    """Orders on it; when it is closed, those that left with it."""
    driver: str
    vehicle: str
    opened_by: StaffId | None
    opened_at: datetime
    closed_by: StaffId | None
    closed_at: datetime | None


class Listed(Manifest, frozen=True, kw_only=True):
    """With the name of where it goes; empty where nobody said with whom."""

    destination: str
    method: str
    """locker, shop, parcel … or nothing."""


class Waiting(Struct, frozen=True, kw_only=True):
    """A destination for which something stands ready, or a manifest is open."""

    key: str
    """For the next page."""
    destination: str
    method: str
    waiting: int
    """Orders that are packed and on no manifest."""
    manifest_id: int | None
    """The open one."""
    parcels: int


class Parcel(Struct, frozen=True, kw_only=True):
    """An order on a manifest."""

    id: int
    manifest_id: int
    order_id: OrderId
    scanned: list[str]
    """Carriers' numbers of its parcels, where it has several."""
    state: ParcelState
    reason: str
    """Why it was left: the name of what refused it, and its order's state then."""
    staff_id: StaffId | None
    scanned_at: datetime
    ended_at: datetime | None


class ListedParcel(Parcel, frozen=True, kw_only=True):
    number: str
    tracking_number: str
    recipient: str
    by: str
    """User name."""
    numbers: int
    """Parcels with a carrier's number of their own; each is scanned where there are several."""
    why: Why | None

    @property
    def missing(self) -> int:
        return max(self.numbers - len(self.scanned), 0) if self.numbers > 1 else 0


class Loaded(Struct, frozen=True, kw_only=True):
    """What came of a scan."""

    manifest_id: int
    number: str
    destination: str
    orders: int
    """On the manifest, this one counted."""
    missing: int
    """Parcels of this order that are still to be scanned."""


class Closed(Struct, frozen=True, kw_only=True):
    manifest: Manifest
    left: list[str]
    """Numbers of orders that did not go."""
