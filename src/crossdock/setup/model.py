"""The tables of a setup file, key for key. What is not given stays as it is on record."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.core.film.model import FILM_DAYS_MAX
from crossdock.core.handover.model import CODE_HOURS_MAX, ROLLBACK_WINDOW_S_MAX, ROLLBACKS_MAX
from crossdock.core.lockers.model import BoxSize
from crossdock.core.notices.model import Language
from crossdock.core.places.model import WALK_ORDER_MAX, LocationKind
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX, USERNAME_CHARACTERS_MAX, USERNAME_PATTERN
from crossdock.core.stock.model import Condition

CODE_LENGTH_MAX = 64
NAME_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 2_000
ID_MAX = 2**53 - 1
"""Larger numbers are not exact in every partner's JSON."""
QUANTITY_MAX = 10**12
MEASURE_MAX = 10**9

LOCKER_HOURS_MAX = 366 * 24
"""A parcel that lies in a box for a year is lost, not kept."""
EXTENSIONS_MAX = 100

DOMAIN_LENGTH_MAX = 253
_SIGN = r"[^\s\x00-\x1f\x7f-\x9f]"
PRINTABLE = rf"^{_SIGN}([^\x00-\x1f\x7f-\x9f]*{_SIGN})?\Z"
"""Names and codes are shown on terminals and in lists."""
Code = Annotated[str, Meta(min_length=1, max_length=CODE_LENGTH_MAX, pattern=PRINTABLE)]
Username = Annotated[str, Meta(min_length=1, max_length=USERNAME_CHARACTERS_MAX, pattern=USERNAME_PATTERN)]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH_MAX, pattern=PRINTABLE)]
Text = Annotated[str, Meta(max_length=TEXT_LENGTH_MAX)]
Domain = Annotated[str, Meta(min_length=1, max_length=DOMAIN_LENGTH_MAX, pattern=r"^[a-z0-9.-]+\Z")]
CabinetNumber = Annotated[str, Meta(max_length=CODE_LENGTH_MAX, pattern=r"^[A-Za-z0-9_-]+\Z")]
"""It stands in the topics of its cabinet (docs/devices.md)."""
Id = Annotated[int, Meta(ge=1, le=ID_MAX)]
CompanyNumber = Annotated[int, Meta(ge=1, le=999)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Measure = Annotated[int, Meta(ge=0, le=MEASURE_MAX)]
LockAddress = Annotated[str, Meta(pattern=r"^[0-9a-f]{4}\Z")]
Quantity = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
CodeHours = Annotated[int, Meta(ge=1, le=CODE_HOURS_MAX)]
LockerHours = Annotated[int, Meta(ge=1, le=LOCKER_HOURS_MAX)]


class Given(Struct, frozen=True, forbid_unknown_fields=True):
    """A text that the environment holds: `{env = "NAME", default = "..."}`."""

    env: Name
    default: str | UnsetType = UNSET


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ReturnAction(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    name: Name
    type: Literal["CONTAINER", "SELLER", "DISPOSE", "CHECK", "TRANSFER"] | UnsetType = UNSET
    return_type: Code | UnsetType = UNSET
    cost: Decimal | UnsetType = UNSET
    weight_unit_price: Decimal | UnsetType = UNSET
    volume_unit_price: Decimal | UnsetType = UNSET
    sku_unit_price: Decimal | UnsetType = UNSET
    product_unit_price: Decimal | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Company(_Table, frozen=True, kw_only=True):
    id: CompanyNumber
    name: Name | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    zone: Name | UnsetType = UNSET
    return_action: list[ReturnAction] = []


class Credential(_Table, frozen=True, kw_only=True):
    dialect: Code
    key: Name | Given
    secret: Text | Given | UnsetType = UNSET
    scope: dict[str, Any] | UnsetType = UNSET
    valid_from: datetime | UnsetType = UNSET
    valid_until: datetime | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Site(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    code: Code
    name: Name | UnsetType = UNSET
    company: CompanyNumber | UnsetType = UNSET
    zone: Name | UnsetType = UNSET
    address: dict[str, Any] | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Staff(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    username: Username
    password: Text | Given | UnsetType = UNSET
    role: Literal["clerk", "manager"] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Location(_Table, frozen=True, kw_only=True):
    code: Code
    kind: LocationKind | UnsetType = UNSET
    walk_order: Annotated[int, Meta(ge=0, le=WALK_ORDER_MAX)] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Warehouse(Site, frozen=True, kw_only=True):
    staff: list[Staff] = []
    location: list[Location] = []


class Notices(_Table, frozen=True, kw_only=True):
    """`core.notices.model.Wishes`, as a file may say them."""

    ready: bool | UnsetType = UNSET
    reminder: bool | UnsetType = UNSET
    language: Language | UnsetType = UNSET


FilmDays = Annotated[int, Meta(ge=1, le=FILM_DAYS_MAX)]


class ShopSettings(_Table, frozen=True, kw_only=True):
    """`core.handover.model.HouseRules`, as a file may say them."""

    prepared_first: bool | UnsetType = UNSET
    rollback_window_s: Annotated[int, Meta(ge=0, le=ROLLBACK_WINDOW_S_MAX)] | UnsetType = UNSET
    rollbacks_max: Annotated[int, Meta(ge=0, le=ROLLBACKS_MAX)] | UnsetType = UNSET
    code_valid_h: CodeHours | UnsetType = UNSET
    reminder_h: CodeHours | UnsetType = UNSET
    mask_keys: bool | UnsetType = UNSET
    password_characters_min: Annotated[int, Meta(ge=1, le=PASSWORD_CHARACTERS_MAX)] | UnsetType = UNSET
    notices: Notices | UnsetType = UNSET
    film_days: FilmDays | UnsetType = UNSET


class Shop(Site, frozen=True, kw_only=True):
    settings: ShopSettings | UnsetType = UNSET  # type: ignore[assignment]
    staff: list[Staff] = []


class Box(_Table, frozen=True, kw_only=True):
    name: Code
    size: BoxSize | UnsetType = UNSET
    lock_address: LockAddress | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Cabinet(_Table, frozen=True, kw_only=True):
    number: CabinetNumber
    name: Name | UnsetType = UNSET
    key: Text | Given | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET
    in_service: bool | UnsetType = UNSET
    box: list[Box] = []


class Station(Site, frozen=True, kw_only=True):
    cabinet: list[Cabinet] = []


class LockerPolicy(_Table, frozen=True, kw_only=True):
    name: Name
    station: Code | UnsetType = UNSET
    size: Literal["S", "M", "L", "SX", "LX"] | UnsetType = UNSET
    keep_hours: LockerHours | UnsetType = UNSET
    remind_hours: Annotated[int, Meta(ge=0, le=LOCKER_HOURS_MAX)] | UnsetType = UNSET
    extend_hours: LockerHours | UnsetType = UNSET
    extensions: Annotated[int, Meta(ge=0, le=EXTENSIONS_MAX)] | UnsetType = UNSET
    recall: bool | UnsetType = UNSET


class SubInventory(_Table, frozen=True, kw_only=True):
    code: Code
    name: Name | UnsetType = UNSET
    over_receipt: bool | UnsetType = UNSET


class DeliveryService(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    name: Name
    company: CompanyNumber
    method: Literal["parcel", "locker", "shop"] | UnsetType = UNSET
    order_type: Code | UnsetType = UNSET
    site: Code | UnsetType = UNSET
    box_size: Literal["S", "M", "L", "SX", "LX"] | UnsetType = UNSET
    rules: dict[str, Any] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class OnlineShop(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    domain: Domain
    name: Name | UnsetType = UNSET
    domains: list[Domain] | UnsetType = UNSET


class Opening(_Table, frozen=True, kw_only=True):
    site: Code
    sub_inventory: Code
    lot: Annotated[str, Meta(max_length=CODE_LENGTH_MAX)] = ""
    condition: Condition = "good"
    quantity: Quantity


class Product(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    sku: Code
    name: Name | UnsetType = UNSET
    name_customs: Text | UnsetType = UNSET
    weight_g: Measure | UnsetType = UNSET
    length_mm: Measure | UnsetType = UNSET
    width_mm: Measure | UnsetType = UNSET
    height_mm: Measure | UnsetType = UNSET
    price: Decimal | UnsetType = UNSET
    lot_tracked: bool | UnsetType = UNSET
    serial_tracked: bool | UnsetType = UNSET
    partner_fields: dict[str, Any] | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    codes: list[Code] = []
    opening: list[Opening] = []


class Organisation(_Table, frozen=True, kw_only=True):
    id: Id
    name: Name | UnsetType = UNSET
    enterprises: list[Id] = []


class Camera(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    name: Name
    station: Code | UnsetType = UNSET
    source: Text | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Department(_Table, frozen=True, kw_only=True):
    id: Id
    name: Name | UnsetType = UNSET
    site: Code | UnsetType = UNSET
    shop_code: Code | UnsetType = UNSET
    camera: list[Camera] = []


class EnterpriseUser(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    username: Username
    password: Text | Given | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Enterprise(_Table, frozen=True, kw_only=True):
    id: Id
    name: Name | UnsetType = UNSET
    code: Text | UnsetType = UNSET
    department: list[Department] = []
    user: list[EnterpriseUser] = []


class Receiver(_Table, frozen=True, kw_only=True):
    dialect: Code
    name: Code
    url: Text | Given | UnsetType = UNSET
    kinds: list[Name] | UnsetType = UNSET
    subject: Name | UnsetType = UNSET
    order_dialect: Code | UnsetType = UNSET
    credential: Name | Given | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Account(_Table, frozen=True, kw_only=True):
    id: Id | UnsetType = UNSET
    code: Code
    name: Name | UnsetType = UNSET
    zone: Name | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    companies: list[CompanyNumber] = []
    credential: list[Credential] = []
    warehouse: list[Warehouse] = []
    shop: list[Shop] = []
    station: list[Station] = []
    locker_policy: list[LockerPolicy] = []
    sub_inventory: list[SubInventory] = []
    delivery_service: list[DeliveryService] = []
    online_shop: list[OnlineShop] = []
    product: list[Product] = []
    organisation: list[Organisation] = []
    enterprise: list[Enterprise] = []
    receiver: list[Receiver] = []


class SetupFile(_Table, frozen=True, kw_only=True):
    company: list[Company] = []
    account: list[Account] = []
