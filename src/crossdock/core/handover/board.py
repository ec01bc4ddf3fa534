"""What lies at one shop's counter, as its people look at it: a list at a time, never the whole table."""

from datetime import timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.handover import board_sql, queries
from crossdock.core.handover.board_sql import Counted, Listed, Place
from crossdock.core.handover.errors import KeyUnknown
from crossdock.core.handover.model import PickUp
from crossdock.db.tx import Tx

BoardList = Literal["waiting", "aside", "handed", "expiring"]
"""Not set aside yet; set aside; handed over today; live, and not much longer."""

EXPIRING_WITHIN: Final = timedelta(days=2)
SEARCHED_FOR: Final = timedelta(days=180)
"""A parcel that came earlier is found by its code or its order's number alone."""
MOBILE_DIGITS_MIN: Final = 3
"""Fewer last digits of a mobile fit nearly everybody."""


async def counts(tx: Tx, *, account_id: AccountId, site_id: SiteId, zone: str) -> Counted:
    return await board_sql.counts(tx, account_id=account_id, site_id=site_id, span=_today(tx, zone))


async def listed(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    zone: str,
    which: BoardList,
    after: Place | None = None,
    limit: int,
) -> list[Listed]:
    """What follows `after`: the last one handed over first, the next one to expire first, else the newest."""
    return await board_sql.listed(
        tx, account_id=account_id, site_id=site_id, which=which, span=_today(tx, zone), after=after, limit=limit
    )


async def searched(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, text: str, after: Place | None = None, limit: int
) -> list[Listed]:
    """Whatever its state: part of the order's number or of the buyer's name, or the last digits of the mobile."""
    return await board_sql.searched(
        tx,
        account_id=account_id,
        site_id=site_id,
        text=text,
        mobile_end=text if text.isdecimal() and len(text) >= MOBILE_DIGITS_MIN else "",
        since=tx.now - SEARCHED_FOR,
        after=after,
        limit=limit,
    )


async def of_number(tx: Tx, *, account_id: AccountId, site_id: SiteId, number: str) -> PickUp:
    """The parcel of the order with this very number: a live one, else one handed over, else the newest.

    Errors: KeyUnknown.
    """
    found = await board_sql.of_number(tx, account_id=account_id, site_id=site_id, number=number)
    if found is None:
        raise KeyUnknown()
    return await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=found)


def _today(tx: Tx, zone: str) -> board_sql.Span:
    """From midnight on, where the shop is."""
    day = tx.now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return board_sql.Span(day_from=day, soon=tx.now + EXPIRING_WITHIN)
