"""What happens to a parcel at a counter: its code is issued, it is set aside, handed over, taken back."""

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import to_builtins

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.catalog import queries as catalog
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE, NewEvent
from crossdock.core.handover import queries, sql
from crossdock.core.handover.codes import TRIES_MAX, draw
from crossdock.core.handover.errors import (
    KeyCanceled,
    KeyClash,
    KeyExpired,
    KeyNotUsed,
    KeyUnknown,
    KeyUsed,
    NotPrepared,
    OrderNotPaid,
    RollbackClosed,
)
from crossdock.core.handover.model import Issued, PickUp
from crossdock.core.notices import commands as notices
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.model import Order, product_ids
from crossdock.core.staff.commands import record_action
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx

DIGITS_REST: Final = timedelta(days=90)
"""A new code avoids digits that were used in its shop this lately."""
PAID: Final = ("paid", "partially_refunded")

KINDS: Final = {
    "issue": kinds.HANDOVER_ISSUED,
    "stock_prepare": kinds.HANDOVER_PREPARED,
    "consume": kinds.HANDOVER_USED,
    "rollback": kinds.HANDOVER_ROLLED_BACK,
    "expire": kinds.HANDOVER_EXPIRED,
}
"""What stands in the shop's history -> what the order's timeline tells."""


async def issue(
    tx: Tx,
    *,
    order: Order,
    site_id: SiteId,
    shop_id: int | None,
    full_name: str,
    mobile: str,
    expires_at: datetime | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> PickUp:
    """Give an order that goes to a shop its code; an order that has one keeps it. Errors: KeyClash."""
    for _ in range(TRIES_MAX):
        made = await sql.insert(
            tx,
            account_id=order.account_id,
            site_id=site_id,
            shop_id=shop_id,
            order_id=order.id,
            order_number=order.number,
            key=draw(),
            full_name=full_name,
            mobile=mobile,
            expires_at=expires_at,
            used_since=tx.now - DIGITS_REST,
        )
        if made is not None:
            issued = await queries.pick_up(tx, account_id=order.account_id, site_id=site_id, handover_id=made)
            facts = to_builtins(await _issued(tx, order, issued))
            await _note(tx, issued, "issue", dialect=dialect, actor=actor, **facts)
            return issued
        live = await sql.live_of_number(tx, account_id=order.account_id, number=order.number)
        if live is not None:
            return await queries.pick_up(tx, account_id=order.account_id, site_id=site_id, handover_id=live)
    raise KeyClash()


async def prepare(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    handover_id: int,
    staff_id: StaffId,
    dialect: str = HOUSE,
) -> PickUp:
    """The goods are set aside, and their buyer is told. Done before, nothing changes.

    Errors: KeyUnknown, KeyUsed, KeyExpired, KeyCanceled.
    """
    found = await sql.lock(tx, account_id=account_id, site_id=site_id, handover_id=handover_id)
    if found is None:
        raise KeyUnknown()
    if found.state != "unused":
        raise _ENDED[found.state]()
    if found.expires_at is not None and found.expires_at <= tx.now:
        raise KeyExpired()
    if found.prepared_at is not None:
        return found
    await sql.set_prepared(tx, account_id=account_id, handover_id=found.id, staff_id=staff_id)
    await _note(tx, found, "stock_prepare", staff_id=staff_id, dialect=dialect)
    await notices.ready(tx, account_id=account_id, handover_id=found.id)
    return await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=found.id)


async def consume(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    key: str,
    staff_id: StaffId,
    prepared_first: bool = False,
    dialect: str = HOUSE,
) -> PickUp:
    """Hand the parcel behind `key` to its customer, at most once.

    Errors: KeyUnknown, KeyUsed, KeyExpired, KeyCanceled, OrderNotPaid, NotPrepared (with `prepared_first`).
    """
    used = await sql.mark_used(
        tx, account_id=account_id, site_id=site_id, key=key, staff_id=staff_id, prepared_only=prepared_first
    )
    if used is None:
        raise await _refusal(tx, account_id=account_id, site_id=site_id, key=key)
    pick_up = await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=used)
    clerk = await _note(tx, pick_up, "consume", staff_id=staff_id, dialect=dialect)
    if pick_up.order_id is not None:
        await orders.deliver(
            tx, account_id=account_id, order_id=pick_up.order_id, place="shop", dialect=dialect, actor=clerk
        )
    return pick_up


async def roll_back(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    key: str,
    staff_id: StaffId,
    window_s: int | None = None,
    reason: str = "",
    dialect: str = HOUSE,
) -> PickUp:
    """Undo a hand-over: the code is live again, or expired or canceled if that happened meanwhile.

    Errors: KeyUnknown, KeyNotUsed, KeyCanceled, RollbackClosed (later than `window_s` after the use), KeyClash.
    """
    found = await sql.of_key(tx, account_id=account_id, site_id=site_id, key=key, first=("used",), lock=True)
    if found is None:
        raise KeyUnknown()
    if found.state == "canceled":
        raise KeyCanceled()
    if found.state != "used" or found.used_at is None:
        raise KeyNotUsed()
    if window_s is not None and tx.now - found.used_at > timedelta(seconds=window_s):
        raise RollbackClosed()
    state = await _state_after(tx, found)
    try:
        async with tx.savepoint():
            free = await sql.mark_unused(tx, account_id=account_id, handover_id=found.id, state=state)
    except ConstraintBroken as error:
        raise KeyClash() from error
    if not free:
        raise KeyClash()
    clerk = await _note(tx, found, "rollback", staff_id=staff_id, reason=reason, dialect=dialect, state=state)
    if found.order_id is not None:
        await orders.undeliver(tx, account_id=account_id, order_id=found.order_id, dialect=dialect, actor=clerk)
    return await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=found.id)


async def expire_due(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> int:
    """Codes of this shop whose time is over; how many there were."""
    return await _expired(tx, await sql.expire_due(tx, account_id=account_id, site_id=site_id))


async def expire_everywhere(tx: Tx) -> int:
    """As expire_due, for all shops."""
    return await _expired(tx, await sql.expire_everywhere(tx))


async def _issued(tx: Tx, order: Order, pick_up: PickUp) -> Issued:
    lines = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
    products = await catalog.products(tx, account_id=order.account_id, ids=product_ids(lines))
    return Issued(
        shop=None if pick_up.shop_id is None else await sql.online_shop(tx, shop_id=pick_up.shop_id),
        order=order,
        lines=lines,
        products=list(products.values()),
        full_name=pick_up.full_name,
        mobile=pick_up.mobile,
    )


async def _expired(tx: Tx, rows: list[sql.Expired]) -> int:
    for row in rows:
        await _note(tx, row, "expire")
    return len(rows)


_ENDED: Final[dict[str, type[CrossdockError]]] = {
    "used": KeyUsed,
    "expired": KeyExpired,
    "canceled": KeyCanceled,
}


async def _refusal(tx: Tx, *, account_id: AccountId, site_id: SiteId, key: str) -> CrossdockError:
    found = await sql.of_key(tx, account_id=account_id, site_id=site_id, key=key, first=("unused", "used"))
    if found is None:
        return KeyUnknown()
    if found.state != "unused":
        return _ENDED[found.state]()
    if found.expires_at is not None and found.expires_at <= tx.now:
        return KeyExpired()
    if not await _paid(tx, found):
        return OrderNotPaid()
    return NotPrepared() if found.prepared_at is None else KeyUsed()


async def _paid(tx: Tx, pick_up: PickUp) -> bool:
    if pick_up.order_id is None:
        return True
    return await sql.payment_of(tx, account_id=pick_up.account_id, order_id=pick_up.order_id) in PAID


async def _state_after(tx: Tx, pick_up: PickUp) -> str:
    """What a used code becomes when its use is undone."""
    if pick_up.order_id is not None:
        payment = await sql.payment_of(tx, account_id=pick_up.account_id, order_id=pick_up.order_id)
        if payment == "refunded":
            return "canceled"
    if pick_up.expires_at is not None and pick_up.expires_at <= tx.now:
        return "expired"
    return "unused"


async def _note(
    tx: Tx,
    about: PickUp | sql.Expired,
    action: str,
    *,
    staff_id: StaffId | None = None,
    reason: str = "",
    dialect: str = HOUSE,
    actor: str = "",
    **facts: Any,
) -> str:
    """One row in the shop's history and one on the order's timeline; who did it, by user name if it was staff."""
    actor = (
        await record_action(
            tx,
            account_id=about.account_id,
            site_id=about.site_id,
            staff_id=staff_id,
            action=action,
            handover_id=about.id,
            reason=reason,
        )
        or actor
    )
    await events.append(
        tx,
        NewEvent(
            account_id=about.account_id,
            kind=KINDS[action],
            subject=f"handover:{about.id}",
            order_id=about.order_id,
            dialect=dialect,
            actor=actor,
            facts={"handover_id": about.id, "number": about.order_number, "reason": reason, **facts},
        ),
    )
    return actor
