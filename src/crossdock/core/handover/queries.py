"""Reading hand-overs at a counter."""

from typing import Final

from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.codes.model import OnlineShop
from crossdock.core.handover import behind_sql, sql
from crossdock.core.handover.errors import KeyUnknown
from crossdock.core.handover.model import Behind, PickUp, PickUpFilter, PickUpState
from crossdock.db.tx import Tx

CHECKED_FIRST: Final[tuple[PickUpState, ...]] = ("unused", "used")
"""Of several codes with the same digits."""


async def search(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    filter: PickUpFilter,
    order_by: str = "-id",
    start: int,
    limit: int,
) -> tuple[int, list[PickUp]]:
    """How many of the shop's parcels fit, and those from `start`. Apply `expire_due` before."""
    return await sql.search(
        tx, account_id=account_id, site_id=site_id, filter=filter, order_by=order_by, start=start, limit=limit
    )


async def pick_up(tx: Tx, *, account_id: AccountId, site_id: SiteId, handover_id: int) -> PickUp:
    """Errors: KeyUnknown."""
    found = await sql.find(tx, account_id=account_id, site_id=site_id, handover_id=handover_id)
    if found is None:
        raise KeyUnknown()
    return found


async def check(tx: Tx, *, account_id: AccountId, site_id: SiteId, key: str) -> PickUp:
    """What a code stands for, whatever its state: an unused one, else a used one, else the newest.

    Errors: KeyUnknown.
    """
    found = await sql.of_key(tx, account_id=account_id, site_id=site_id, key=key, first=CHECKED_FIRST)
    if found is None:
        raise KeyUnknown()
    return found


async def behind_key(tx: Tx, *, account_id: AccountId, site_id: SiteId, key: str) -> Behind:
    """As `check`, with its order and all that is printed of it. Errors: KeyUnknown."""
    found = await behind_sql.of_key(tx, account_id=account_id, site_id=site_id, key=key, first=CHECKED_FIRST)
    if found is None:
        raise KeyUnknown()
    return found


async def behind(tx: Tx, *, account_id: AccountId, site_id: SiteId, handover_id: int) -> Behind:
    """As `pick_up`, with its order and all that is printed of it. Errors: KeyUnknown."""
    found = await behind_sql.of_id(tx, account_id=account_id, site_id=site_id, handover_id=handover_id)
    if found is None:
        raise KeyUnknown()
    return found


async def newest_of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> PickUp | None:
    """An unused one before any other."""
    found = await sql.of_order(tx, account_id=account_id, order_id=order_id)
    return found[0] if found else None


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[PickUp]:
    """All that were ever issued for the order: unused ones first, then the newest first."""
    return await sql.of_order(tx, account_id=account_id, order_id=order_id)


async def online_shop(tx: Tx, *, domain: str, name: str = "") -> OnlineShop | None:
    """By its own domain, else by another it goes by, else by its short name; None when several are meant."""
    found = await sql.online_shops(tx, domain=domain, name=name)
    meant = (
        [shop for shop in found if shop.domain == domain]
        or [shop for shop in found if domain in shop.domains]
        or found
    )
    return meant[0] if len(meant) == 1 else None
