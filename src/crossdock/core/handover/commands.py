"""What happens to a parcel at a counter: its code is issued, it is set aside, handed over, taken back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct, structs, to_builtins

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, HandoverId, OrderId, SiteId, StaffId
from crossdock.core.catalog import queries as catalog
from crossdock.core.codes.commands import note, told
from crossdock.core.codes.model import stand
from crossdock.core.events import commands as events
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
    OperationTaken,
    OrderNotPaid,
    RollbackClosed,
    RollbackLimit,
)
from crossdock.core.handover.model import Issued, PickUp, PickUpState, StaffName, Use
from crossdock.core.leaving import commands as leaving
from crossdock.core.notices import commands as notices
from crossdock.core.orders import commands as orders
from crossdock.core.orders import payment_sql
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import StateForbids
from crossdock.core.orders.model import PAID, Order, product_ids
from crossdock.core.staff.commands import action_of, check_action
from crossdock.core.stock import commands as stock
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
    check_action(reason=reason, operation_id=operation_id)
    use = Use(
        account_id=account_id,
        site_id=site_id,
        key=key,
        staff_id=staff_id,
        prepared_first=prepared_first,
        reason=reason,
        operation_id=operation_id,
        dialect=dialect,
    )
    [found] = await _held(tx, [use])
    if isinstance(found, CrossdockError):
        raise found
    [pick_up] = await _use(tx, [(use, found)])
    if not found.alone:
        return pick_up
    shipped_here = await _hand_out(tx, pick_up, dialect=dialect, actor=_user(pick_up))
    return structs.replace(pick_up, shipped_here=shipped_here)


async def consume_many(tx: Tx, uses: Sequence[Use]) -> list[PickUp | CrossdockError | None]:
    """As `consume`, for parcels that others named at the same time; an answer for each, in the order given.

    Of several who name one code the first has it. None where goods leave the shop's own stock, which nothing was
    done for: they take `consume`, in a transaction of their own. Uses have no operation. Answers: PickUp, and the
    errors of `consume`.
    """
    answers: list[PickUp | CrossdockError | None] = []
    won: dict[int, tuple[Use, _Held]] = {}
    taken: set[HandoverId] = set()
    for position, (use, found) in enumerate(zip(uses, await _held(tx, uses), strict=True)):
        if isinstance(found, CrossdockError):
            answers.append(found)
            continue
        answers.append(KeyUsed() if found.code.id in taken else None)
        if found.code.id not in taken and not found.alone:
            taken.add(found.code.id)
            won[position] = (use, found)
    for position, pick_up in zip(won, await _use(tx, list(won.values())), strict=True):
        answers[position] = pick_up
    return answers


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
    await sql.hold_order(tx, account_id=account_id, site_id=site_id, key=key, first=("used",))
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
        shop=pick_up.shop,
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
    set_aside = [(row.account_id, row.order_id) for row in rows if row.set_aside_here and row.order_id is not None]
    await stock.hold(tx, orders=set_aside)
    for account_id, order_id in set_aside:
        await _free(tx, account_id, order_id, dialect=HOUSE, actor="")
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


class _Held(Struct, frozen=True):
    """A live code that may be used, and the order it is for; both are held."""

    code: PickUp
    order: sql.Held | None

    @property
    def alone(self) -> bool:
        """Whether more than the code and the order's state changes with its use."""
        order = self.order
        if order is None:
            return False
        return order.kind != "outbound" or (order.site_id == self.code.site_id and order.state not in _GONE)

    @property
    def delivered(self) -> sql.Held | None:
        """The order that is delivered by no more than the use."""
        if self.order is None or self.alone or self.order.state != "shipped":
            return None
        return self.order


_LIVE_FIRST: Final = ("unused", "used")
_GONE: Final = frozenset({"shipped", "delivered"})


async def _held(tx: Tx, uses: Sequence[Use]) -> list[_Held | CrossdockError]:
    """What each of them names, or why it cannot be used."""
    named = sorted({sql.Named(use.account_id, use.site_id, use.key) for use in uses})
    orders_held = await sql.held(tx, named, first=_LIVE_FIRST)
    codes = await sql.of_keys(tx, named, first=_LIVE_FIRST)
    return [
        _judged(use, codes.get(sql.Named(use.account_id, use.site_id, use.key)), orders_held, tx.now) for use in uses
    ]


def _judged(
    use: Use, code: PickUp | None, orders_held: Mapping[OrderId, sql.Held], now: datetime
) -> _Held | CrossdockError:
    if code is None:
        return KeyUnknown()
    if code.order_id is not None and code.order_id not in orders_held:
        return KeyUnknown()  # it was issued after the orders were held
    if code.state != "unused":
        return _ENDED[code.state]()
    if code.expires_at is not None and code.expires_at <= now:
        return KeyExpired()
    order = None if code.order_id is None else orders_held[code.order_id]
    if order is not None and order.payment not in PAID:
        return OrderNotPaid()
    if use.prepared_first and code.prepared_at is None:
        return NotPrepared()
    return _Held(code, order)


async def _use(tx: Tx, held: Sequence[tuple[Use, _Held]]) -> list[PickUp]:
    """What is held is used, and orders are delivered that need no more than that."""
    if not held:
        return []
    users = await sql.use(tx, [_row(use, found) for use, found in held])
    used = [(use, found, _after(found.code, users[found.code.id], tx.now)) for use, found in held]
    await events.append_many(tx, [_used(use, pick_up) for use, _, pick_up in used])
    delivered = [(use, found.delivered, pick_up) for use, found, pick_up in used if found.delivered is not None]
    await orders.delivered_with(
        tx,
        [
            orders.DeliveredWith(
                account_id=use.account_id,
                order_id=order.id,
                number=order.number,
                order_dialect=order.dialect,
                dialect=use.dialect,
                actor=_user(pick_up),
            )
            for use, order, pick_up in delivered
        ],
        place="shop",
    )
    return [pick_up for _, _, pick_up in used]


def _row(use: Use, found: _Held) -> sql.Used:
    return sql.Used(
        account_id=use.account_id,
        site_id=use.site_id,
        id=found.code.id,
        staff_id=use.staff_id,
        reason=use.reason,
        operation_id=use.operation_id,
        before=found.code.stand,
        after=stand("used", prepared=True),
        delivered=None if found.delivered is None else found.delivered.id,
    )


def _after(code: PickUp, user: StaffName, now: datetime) -> PickUp:
    return structs.replace(
        code,
        state="used",
        used_at=now,
        used_by=user,
        prepared_at=code.prepared_at or now,
        prepared_by=code.prepared_by or user,
        updated_at=now,
    )


def _used(use: Use, pick_up: PickUp) -> NewEvent:
    return told(
        pick_up,
        "consume",
        after=pick_up.stand,
        staff_id=use.staff_id,
        reason=use.reason,
        dialect=use.dialect,
        actor=_user(pick_up),
    )


def _user(pick_up: PickUp) -> str:
    return "" if pick_up.used_by is None else pick_up.used_by.username


async def _state_after(tx: Tx, pick_up: PickUp) -> PickUpState:
    """What a used code becomes when its use is undone."""
    if pick_up.order_id is not None:
        payment = await sql.payment_of(tx, account_id=pick_up.account_id, order_id=pick_up.order_id)
        if payment == "refunded":
            return "canceled"
    if pick_up.expires_at is not None and pick_up.expires_at <= tx.now:
        return "expired"
    return "unused"
