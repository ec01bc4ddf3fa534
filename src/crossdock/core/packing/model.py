"""Packing reports: which station packed which order, who, and the stretch of film that shows it."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, field

from crossdock.base.ids import AccountId, EnterpriseId, OrderId, PackingId

Warnings = dict[str, Any]
"""What is odd about a report, by kind: one of MISMATCH, REVERSED, OVERLAPS, NO_CAMERA -> what is known of it."""
MISMATCH: Final = "mismatch"
"""Goods whose packed quantity differs from the order's: {code: "packed 1, ordered 2"}."""
REVERSED: Final = "window_reversed"
"""The film ends before it begins: {seconds: how far}."""
OVERLAPS: Final = "window_overlaps"
"""Other orders were packed at the same station meanwhile: {numbers: [at most OVERLAPS_TOLD, as filmed]}."""
NO_CAMERA: Final = "no_camera"
"""Nothing films the station: {station}."""


OVERLAPS_SOUGHT: Final = 100
"""So many windows that began last before the end of one are held against it."""
OVERLAPS_TOLD: Final = 5


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
    warnings: Warnings = field(default_factory=dict)


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
    warnings: Warnings
    items: tuple[PackedItem, ...]
    """All of them, or none where a search found too many."""
    items_count: int


class PackingFilter(Struct, frozen=True, kw_only=True):
    """All given conditions hold; None means not asked."""

    number: str | None = None
    department_id: int | None = None
    station: str | None = None
    since: datetime | None = None
    """Filmed from this moment on."""
    until: datetime | None = None
    """Filmed from this moment or before."""


SHOWN_MAX: Final = 10_000
"""Reports that are counted for one question and can be leafed through."""
ITEMS_SHOWN_MAX: Final = 2_000
"""Items of all reports that one search shows; as many as the longest report has."""
