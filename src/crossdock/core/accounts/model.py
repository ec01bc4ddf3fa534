"""Accounts, the companies opened for them, their keys in each dialect, and the places that are theirs."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct, field

from crossdock.base.ids import (
    AccountId,
    CompanyId,
    CredentialId,
    EnterpriseId,
    ServiceId,
    SiteId,
    SubInventoryId,
)

SiteKind = Literal["warehouse", "shop", "station"]
Method = Literal["parcel", "locker", "shop"]


class Account(Struct, frozen=True, kw_only=True):
    id: AccountId
    code: str
    name: str
    zone: str
    """IANA name; what a partner is shown is in this zone unless its page names another."""
    currency: str
    settings: dict[str, Any] = field(default_factory=dict)


class AccountRow(Struct, frozen=True, kw_only=True):
    """One account as it is listed."""

    id: AccountId
    code: str
    name: str
    zone: str
    currency: str
    live_keys: int
    last_used_at: datetime | None
    """Of any key of its."""


class Company(Struct, frozen=True, kw_only=True):
    """A site in BirdSystem's sense: its three digits stand in every order id."""

    id: CompanyId
    name: str
    currency: str
    zone: str


class Credential(Struct, frozen=True, kw_only=True):
    """One key of an account in one dialect, its secret open. Never logged: `repr` hides the secret."""

    id: CredentialId
    account_id: AccountId
    dialect: str
    key: str
    secret: str = ""
    scope: dict[str, Any] = field(default_factory=dict)
    """What only the dialect knows of this key."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Credential({self.dialect} {self.key})"

    def valid_at(self, moment: datetime) -> bool:
        return (
            self.revoked_at is None
            and (self.valid_from is None or self.valid_from <= moment)
            and (self.valid_until is None or moment < self.valid_until)
        )


class Key(Struct, frozen=True, kw_only=True):
    """One key as it is listed: never with its secret."""

    id: CredentialId
    account_id: AccountId
    dialect: str
    key: str
    has_secret: bool
    scope: dict[str, Any]
    valid_from: datetime | None
    valid_until: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """The last call that was recognised by it, as noted every half minute."""
    receivers: int
    """That are told of things signed with it."""

    def live(self, now: datetime) -> bool:
        return (
            self.revoked_at is None
            and (self.valid_from is None or self.valid_from <= now)
            and (self.valid_until is None or now < self.valid_until)
        )


class Caller(Struct, frozen=True, kw_only=True):
    """Who is calling: the key it showed and the account behind it."""

    credential: Credential
    account: Account


class Site(Struct, frozen=True, kw_only=True):
    id: SiteId
    account_id: AccountId
    kind: SiteKind
    code: str
    name: str
    company_id: CompanyId | None = None
    zone: str
    address: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    active: bool = True
    created_at: datetime
    updated_at: datetime


class SubInventory(Struct, frozen=True, kw_only=True):
    """Whose goods they are within one account: an owner."""

    id: SubInventoryId
    account_id: AccountId
    code: str
    name: str
    over_receipt: bool = True
    """Whether more than was announced is taken in."""


class Consignee(Struct, frozen=True, kw_only=True):
    """Somebody goods are sent to again and again, under a code of the account's own."""

    account_id: AccountId
    code: str
    name: str
    recipient: dict[str, Any] = field(default_factory=dict)
    """As an order's."""
    partner_fields: dict[str, Any] = field(default_factory=dict)


class DeliveryService(Struct, frozen=True, kw_only=True):
    """How an order reaches its customer; `site_id` is the shop or the locker station it goes to."""

    id: ServiceId
    account_id: AccountId
    company_id: CompanyId
    name: str
    method: Method
    order_type: str
    site_id: SiteId | None = None
    box_size: str | None = None
    rules: dict[str, Any] = field(default_factory=dict)
    active: bool = True


class ReturnAction(Struct, frozen=True, kw_only=True):
    """What a company does with returned goods, and what it takes for it, in its own currency."""

    id: int
    company_id: CompanyId
    name: str
    type: str
    """CONTAINER, SELLER, DISPOSE, CHECK or TRANSFER: on the shelf, to their owner, away, inspected, forwarded."""
    return_type: str
    cost: Decimal
    weight_unit_price: Decimal
    volume_unit_price: Decimal
    sku_unit_price: Decimal
    product_unit_price: Decimal
    active: bool


class Enterprise(Struct, frozen=True, kw_only=True):
    id: EnterpriseId
    account_id: AccountId
    name: str
    code: str = ""


class Department(Struct, frozen=True, kw_only=True):
    """A place as the video platform numbers it."""

    id: int
    enterprise_id: EnterpriseId
    site_id: SiteId
    shop_code: str | None = None
    name: str


class Organisation(Struct, frozen=True, kw_only=True):
    """An agent, and the enterprises it may act for."""

    id: int
    account_id: AccountId
    name: str
    enterprise_ids: list[EnterpriseId]
