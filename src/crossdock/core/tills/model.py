"""What tills report: receipts, and what was taken in an hour or a day."""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, EnterpriseId, ReceiptId

SHOWN_MAX: Final = 10_000
"""Receipts that are counted for one question and can be leafed through."""

Period = Literal["day", "hour"]


class NewReceipt(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    enterprise_id: EnterpriseId
    department_id: int
    number: str
    station: str
    sold_at: datetime
    details: str
    """The receipt as it was sent: one JSON object."""
    dialect: str
    actor: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    id: ReceiptId
    account_id: AccountId
    enterprise_id: EnterpriseId
    department_id: int
    number: str
    station: str
    sold_at: datetime
    details: str
    """As NewReceipt; numbers keep their digits, names stand once and in another order."""


class ReceiptFilter(Struct, frozen=True, kw_only=True):
    """All given conditions hold; None means not asked."""

    department_id: int | None = None
    station: str | None = None
    number: str | None = None
    since: datetime | None = None
    """This moment and later."""
    until: datetime | None = None
    """This moment and earlier."""


class Takings(Struct, frozen=True, kw_only=True):
    """What a place took in one hour or one day."""

    account_id: AccountId
    enterprise_id: EnterpriseId
    department_id: int
    period: Period
    begins_at: datetime
    deals: Decimal
    buyers: Decimal
    amount: Decimal
    dialect: str
    actor: str = ""
