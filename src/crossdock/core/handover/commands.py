"""What happens to a parcel at a counter: its code is issued, it is set aside, handed over, taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import structs, to_builtins

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, OrderId, SiteId, StaffId
from crossdock.core.catalog import queries as catalog
from crossdock.core.codes.commands import note
from crossdock.core.codes.model import stand
from crossdock.core.events.model import HOUSE
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
    OperationTaken,
    OrderNotPaid,
    RollbackClosed,
    RollbackLimit,
)
from crossdock.core.handover.model import Issued, PickUp, PickUpState
from crossdock.core.leaving import commands as leaving
from crossdock.core.notices import commands as notices
from crossdock.core.orders import commands as orders
from crossdock.core.orders import payment_sql
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import StateForbids
from crossdock.core.orders.model import PAID, Order, product_ids
from crossdock.core.staff.commands import action_of
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx

DIGITS_REST: Final = timedelta(days=90)
"""A new code avoids digits that were used in its shop this lately."""
EXPIRED_AT_ONCE: Final = 500
"""Codes whose time is over are written in batches of so many."""
EXPIRED: Final = "its pick-up code has expired"
"""Why an order whose goods lie in its shop's own stock is on hold."""


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
            await note(tx, issued, "issue", before=None, after=issued.stand, dialect=dialect, actor=actor, **facts)
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
    reason: str = "",
    operation_id: str | None = None,
    dialect: str = HOUSE,
) -> PickUp:
    """The goods are set aside, and their buyer is told. Done before, nothing changes; so by the same operation of
    the same person.

    Errors: KeyUnknown, KeyUsed, KeyExpired, KeyCanceled, OperationTaken.
    """
    again = await _done_before(
        tx, account_id, site_id, operation_id, action="stock_prepare", staff_id=staff_id, handover_id=handover_id
    )
    if again is not None:
        return again
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
    await note(
        tx,
        found,
        "stock_prepare",
        before=found.stand,
        after=stand("unused", prepared=True),
        staff_id=staff_id,
        reason=reason,
        operation_id=operation_id,
        dialect=dialect,
    )
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
    reason: str = "",
    operation_id: str | None = None,
    dialect: str = HOUSE,
) -> PickUp:
    """Hand the parcel behind `key` to its customer, at most once.

    The same operation of the same person is told how the parcel stands now. Errors: KeyUnknown, KeyUsed, KeyExpired,
    KeyCanceled, OrderNotPaid, NotPrepared (with `prepared_first`), OperationTaken; for goods of the shop's own stock
    also StateForbids, UnitsUnnamed.
    """
    again = await _done_before(tx, account_id, site_id, operation_id, action="consume", staff_id=staff_id, key=key)
    if again is not None:
        return again
    await sql.hold_order(tx, account_id=account_id, site_id=site_id, key=key)
    used = await sql.mark_used(
        tx, account_id=account_id, site_id=site_id, key=key, staff_id=staff_id, prepared_only=prepared_first
    )
    if used is None:
        raise await _refusal(tx, account_id=account_id, site_id=site_id, key=key)
    pick_up = await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=used.id)
    clerk = await note(
        tx,
        pick_up,
        "consume",
        before=stand("unused", prepared=used.was_prepared),
        after=pick_up.stand,
        staff_id=staff_id,
        reason=reason,
        operation_id=operation_id,
        dialect=dialect,
    )
    shipped_here = await _hand_out(tx, pick_up, dialect=dialect, actor=clerk)
    return structs.replace(pick_up, shipped_here=shipped_here)


async def roll_back(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    key: str,
    staff_id: StaffId,
    window_s: int | None = None,
    rollbacks_max: int | None = None,
    reason: str = "",
    operation_id: str | None = None,
    dialect: str = HOUSE,
) -> PickUp:
    """Undo a hand-over: the code is live again, or expired or canceled if that happened meanwhile.

    The same operation of the same person is told how the parcel stands now. Errors: KeyUnknown, KeyNotUsed,
    KeyCanceled, RollbackClosed (later than `window_s` after the use), RollbackLimit (undone `rollbacks_max` times
    before), KeyClash, OperationTaken.
    """
    again = await _done_before(tx, account_id, site_id, operation_id, action="rollback", staff_id=staff_id, key=key)
    if again is not None:
        return again
    await sql.hold_order(tx, account_id=account_id, site_id=site_id, key=key)
    found = await sql.of_key(tx, account_id=account_id, site_id=site_id, key=key, first=("used",), lock=True)
    if found is None:
        raise KeyUnknown()
    if found.state == "canceled":
        raise KeyCanceled()
    if found.state != "used" or found.used_at is None:
        raise KeyNotUsed()
    if window_s is not None and tx.now - found.used_at > timedelta(seconds=window_s):
        raise RollbackClosed()
    if rollbacks_max is not None and found.rollbacks >= rollbacks_max:
        raise RollbackLimit(rollbacks_max=rollbacks_max)
    state = await _state_after(tx, found)
    try:
        async with tx.savepoint():
            free = await sql.mark_unused(tx, account_id=account_id, handover_id=found.id, state=state)
    except ConstraintBroken as error:
        raise KeyClash() from error
    if not free:
        raise KeyClash()
    back = await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=found.id)
    clerk = await note(
        tx,
        back,
        "rollback",
        before=found.stand,
        after=back.stand,
        staff_id=staff_id,
        reason=reason,
        operation_id=operation_id,
        dialect=dialect,
        state=state,
    )
    await _take_in(tx, found, state, reason=reason, dialect=dialect, actor=clerk)
    return back


async def expire_due(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> int:
    """Codes of this shop whose time is over; how many there were."""
    expired = 0
    while True:
        due = await sql.due(tx, account_id=account_id, site_id=site_id, limit=EXPIRED_AT_ONCE)
        expired += await _expire(tx, due)
        if len(due) < EXPIRED_AT_ONCE:
            return expired


async def expire_everywhere(tx: Tx) -> int:
    """As expire_due, for all shops, but EXPIRED_AT_ONCE at most: where it was as many, ask again."""
    return await _expire(tx, await sql.due_everywhere(tx, limit=EXPIRED_AT_ONCE))


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
        payments=await payment_sql.of_order(tx, account_id=order.account_id, order_id=order.id),
    )


async def _expire(tx: Tx, due: Sequence[sql.Due]) -> int:
    """Goods of the shop's own stock are free for others again: their order is on hold."""
    if not due:
        return 0
    await sql.hold_orders(tx, [one.order_id for one in due if one.order_id is not None])
    rows = await sql.expire(tx, [one.id for one in due])
    for row in rows:
        before, after = (stand(state, prepared=row.prepared) for state in ("unused", "expired"))
        await note(tx, row, "expire", before=before, after=after)
        if row.set_aside_here and row.order_id is not None:
            await _free(tx, row.account_id, row.order_id, dialect=HOUSE, actor="")
    return len(rows)


async def _free(tx: Tx, account_id: AccountId, order_id: OrderId, *, dialect: str, actor: str) -> None:
    await orders.put_on_hold(
        tx, account_id=account_id, order_id=order_id, reason=EXPIRED, dialect=dialect, actor=actor
    )


async def _hand_out(tx: Tx, pick_up: PickUp, *, dialect: str, actor: str) -> bool:
    """The order is delivered; goods of the shop's own stock leave it now, and whether that was so.

    Errors: StateForbids, UnitsUnnamed.
    """
    if pick_up.order_id is None:
        return False
    who: dict[str, Any] = {"dialect": dialect, "actor": actor}
    order = await orders.locked(tx, account_id=pick_up.account_id, order_id=pick_up.order_id)
    here = order.site_id == pick_up.site_id and order.state not in ("shipped", "delivered")
    if here:
        if order.state != "allocated":
            raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="shipped")
        lines = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
        order = await leaving.leave(tx, order, lines, [(line, line.left) for line in lines if line.left], **who)
        await sql.set_shipped_here(tx, account_id=pick_up.account_id, handover_id=pick_up.id)
    await orders.deliver_held(tx, order, place="shop", **who)
    return here


async def _take_in(tx: Tx, pick_up: PickUp, state: PickUpState, *, reason: str, dialect: str, actor: str) -> None:
    """The exact reverse of `_hand_out`; where the code does not live on, the goods are free for others."""
    if pick_up.order_id is None:
        return
    who: dict[str, Any] = {"dialect": dialect, "actor": actor}
    of: dict[str, Any] = {"account_id": pick_up.account_id, "order_id": pick_up.order_id}
    if not pick_up.shipped_here:
        await orders.undeliver(tx, **of, **who)
        return
    await leaving.come_back(tx, await orders.locked(tx, **of), **who)
    if state == "canceled":
        await orders.cancel(tx, **of, **who, reason=reason)
    elif state == "expired":
        await _free(tx, **of, **who)


async def _done_before(
    tx: Tx,
    account_id: AccountId,
    site_id: SiteId,
    operation_id: str | None,
    *,
    action: str,
    staff_id: StaffId,
    handover_id: int | None = None,
    key: str | None = None,
) -> PickUp | None:
    """How the parcel of an operation that was done stands now. Errors: OperationTaken."""
    if operation_id is None:
        return None
    done = await action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    if done is None:
        return None
    if (done.action, done.staff_id) != (action, staff_id) or done.handover_id is None:
        raise OperationTaken()
    if handover_id not in (None, done.handover_id) or key not in (None, done.key):
        raise OperationTaken()
    return await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=done.handover_id)


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


async def _state_after(tx: Tx, pick_up: PickUp) -> PickUpState:
    """What a used code becomes when its use is undone."""
    if pick_up.order_id is not None:
        payment = await sql.payment_of(tx, account_id=pick_up.account_id, order_id=pick_up.order_id)
        if payment == "refunded":
            return "canceled"
    if pick_up.expires_at is not None and pick_up.expires_at <= tx.now:
        return "expired"
    return "unused"
