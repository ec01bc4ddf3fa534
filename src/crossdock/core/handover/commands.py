"""What happens to a parcel at a counter: its code is issued, it is set aside, handed over, taken back."""

from datetime import datetime, timedelta
from typing import Final

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, HandoverId, OrderId, SiteId, StaffId
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
from crossdock.core.handover.model import PickUp
from crossdock.core.orders import commands as orders
from crossdock.core.orders.model import Order
from crossdock.core.staff.commands import record_action
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx

DIGITS_REST: Final = timedelta(days=90)
"""A new code avoids digits that were used in its shop this lately."""
PAID: Final = ("paid", "partially_refunded")


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
            await _note(
                tx,
                order.account_id,
                site_id,
                made,
                order.id,
                order.number,
                "issue",
                None,
                kinds.HANDOVER_ISSUED,
                dialect=dialect,
                actor=actor,
            )
            return await queries.pick_up(tx, account_id=order.account_id, site_id=site_id, handover_id=made)
        live = await sql.live_of_number(tx, account_id=order.account_id, number=order.number)
        if live is not None:
            return await queries.pick_up(tx, account_id=order.account_id, site_id=site_id, handover_id=live)
    raise KeyClash()


async def prepare(tx: Tx, *, account_id: AccountId, site_id: SiteId, handover_id: int, staff_id: StaffId) -> PickUp:
    """The goods are set aside. Done before, nothing changes.

    Errors: KeyUnknown, KeyUsed, KeyExpired, KeyCanceled.
    """
    await expire_due(tx, account_id=account_id, site_id=site_id)
    found = await sql.lock(tx, account_id=account_id, site_id=site_id, handover_id=handover_id)
    if found is None:
        raise KeyUnknown()
    if found.state != "unused":
        raise _ENDED[found.state]()
    if found.prepared_at is not None:
        return found
    await sql.set_prepared(tx, account_id=account_id, handover_id=found.id, staff_id=staff_id)
    await _act(tx, found, "stock_prepare", staff_id, kinds.HANDOVER_PREPARED)
    return await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=found.id)


async def consume(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    key: str,
    staff_id: StaffId,
    prepared_first: bool = False,
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
    await _act(tx, pick_up, "consume", staff_id, kinds.HANDOVER_USED)
    if pick_up.order_id is not None:
        await orders.deliver(
            tx, account_id=account_id, order_id=pick_up.order_id, place="shop", dialect=HOUSE, actor=_name(pick_up)
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
            await sql.mark_unused(tx, account_id=account_id, handover_id=found.id, state=state)
    except ConstraintBroken as error:
        raise KeyClash() from error
    await _act(tx, found, "rollback", staff_id, kinds.HANDOVER_ROLLED_BACK, reason=reason, state=state)
    if found.order_id is not None:
        await orders.undeliver(tx, account_id=account_id, order_id=found.order_id, dialect=HOUSE, actor=_name(found))
    return await queries.pick_up(tx, account_id=account_id, site_id=site_id, handover_id=found.id)


async def expire_due(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> int:
    """Codes of this shop whose time is over; how many there were."""
    return await _expired(tx, await sql.expire_due(tx, account_id=account_id, site_id=site_id))


async def expire_everywhere(tx: Tx) -> int:
    """As expire_due, for all shops."""
    return await _expired(tx, await sql.expire_everywhere(tx))


async def _expired(tx: Tx, rows: list[sql.Expired]) -> int:
    for row in rows:
        await _note(
            tx,
            row.account_id,
            row.site_id,
            row.id,
            row.order_id,
            row.order_number,
            "expire",
            None,
            kinds.HANDOVER_EXPIRED,
        )
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


def _name(pick_up: PickUp) -> str:
    return "" if pick_up.used_by is None else pick_up.used_by.username


async def _act(
    tx: Tx, pick_up: PickUp, action: str, staff_id: StaffId, kind: str, *, reason: str = "", state: str = ""
) -> None:
    await _note(
        tx,
        pick_up.account_id,
        pick_up.site_id,
        pick_up.id,
        pick_up.order_id,
        pick_up.order_number,
        action,
        staff_id,
        kind,
        reason=reason,
        state=state,
        actor=f"staff:{staff_id}",
    )


async def _note(
    tx: Tx,
    account_id: AccountId,
    site_id: SiteId,
    handover_id: HandoverId,
    order_id: OrderId | None,
    number: str,
    action: str,
    staff_id: StaffId | None,
    kind: str,
    *,
    reason: str = "",
    state: str = "",
    dialect: str = HOUSE,
    actor: str = "",
) -> None:
    """One row in the shop's history and one on the order's timeline."""
    await record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action=action,
        handover_id=handover_id,
        reason=reason,
    )
    await events.append(
        tx,
        NewEvent(
            account_id=account_id,
            kind=kind,
            subject=f"handover:{handover_id}",
            order_id=order_id,
            dialect=dialect,
            actor=actor,
            facts={
                "handover_id": handover_id,
                "number": number,
                "reason": reason,
                **({"state": state} if state else {}),
            },
        ),
    )
