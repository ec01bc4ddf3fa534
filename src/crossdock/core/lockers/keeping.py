"""Parcels that nobody takes: their customers are reminded, they get more time, or they go back to the warehouse.

For each the most specific policy of its account counts: for its station and the size of its box, then for its
station, then for its size, then for neither.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE, NewEvent
from crossdock.core.handover.codes import TRIES_MAX, draw
from crossdock.core.lockers import door_sql, keeping_sql, sql
from crossdock.core.lockers.asking import DoorBusy
from crossdock.core.lockers.errors import (
    NoCodeFree,
    NoMoreExtensions,
    NothingDue,
    NumberAmbiguous,
    ParcelNotRecalled,
    ParcelNotStored,
    ParcelRecalled,
    ParcelUnknown,
    PolicyUnknown,
)
from crossdock.core.lockers.model import Cabinet, KeepingStep, Kept, Parcel
from crossdock.core.notices import commands as notices
from crossdock.core.orders import commands as orders
from crossdock.core.orders import placing
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import OrderNumberTaken
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import NewLine, Order, OrderLine, Placed, PlaceOrder
from crossdock.db.database import Database
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx

RETURN_TYPE: Final = "RETURN"
NOBODY_CAME: Final = "not taken from the locker in time"
"""Why an order came back."""


async def overdue(tx: Tx, *, account_id: AccountId | None = None) -> list[tuple[KeepingStep, Kept]]:
    """What would be done now, and what waits for people, by when it was due; of all accounts when none is named."""
    found = [(kept.step(tx.now), kept) for kept in await keeping_sql.due(tx, account_id=account_id)]
    return [(step, kept) for step, kept in found if step is not None]


async def account_of(tx: Tx, number: str, *, account: str | None = None) -> AccountId:
    """Whose parcel it is; `account` is the code of one. Errors: ParcelUnknown, NumberAmbiguous."""
    found = await keeping_sql.accounts_of(tx, number=number, account=account)
    if not found:
        raise ParcelUnknown(number=number)
    if len(found) > 1:
        raise NumberAmbiguous(number=number)
    return found[0]


async def remind(tx: Tx, *, account_id: AccountId, number: str, actor: str) -> Kept:
    """Its customer is to be told, once for each end. Errors: ParcelUnknown, ParcelNotStored, NothingDue."""
    parcel = await _stored(tx, account_id, number)
    kept = await keeping_sql.kept(tx, account_id=account_id, handover_id=parcel.id)
    if kept is None or kept.step(tx.now) != "remind":
        raise NothingDue(number=number)
    await keeping_sql.note_reminder(tx, account_id=account_id, handover_id=parcel.id)
    await _tell(tx, kinds.HANDOVER_REMINDED, kept, actor, due_at=kept.due_at.isoformat())
    await notices.remind(tx, account_id=account_id, handover_id=parcel.id, until=kept.due_at)
    return kept


async def extend(tx: Tx, *, account_id: AccountId, number: str, actor: str) -> Kept:
    """It may lie for longer, also when its time is over and it was not called back yet.

    Errors: ParcelUnknown, ParcelNotStored, ParcelRecalled, PolicyUnknown, NoMoreExtensions.
    """
    parcel = await _stored(tx, account_id, number)
    if parcel.recalled_at is not None:
        raise ParcelRecalled(number=number)
    kept = await keeping_sql.kept(tx, account_id=account_id, handover_id=parcel.id)
    if kept is None:
        raise PolicyUnknown(number=number)
    if kept.extensions >= kept.extensions_max:
        raise NoMoreExtensions(number=number, extensions=kept.extensions)
    await keeping_sql.extend(tx, account_id=account_id, handover_id=parcel.id)
    extended = await keeping_sql.kept(tx, account_id=account_id, handover_id=parcel.id)
    if extended is None:
        raise PolicyUnknown(number=number)
    await _tell(tx, kinds.HANDOVER_EXTENDED, extended, actor, due_at=extended.due_at.isoformat())
    return extended


async def recall(
    tx: Tx, *, account_id: AccountId, number: str, return_id: OrderId | None, actor: str
) -> tuple[Parcel, Order | None]:
    """Its time is over: from now on its courier's code opens the box, and its order's goods are a return.

    `return_id` comes from OrderIds, taken before this transaction; None for a parcel without an order. A customer
    whose door is just being opened comes first.
    Errors: ParcelUnknown, ParcelNotStored, NothingDue, DoorBusy, NoCodeFree.
    """
    parcel = await _stored(tx, account_id, number)
    kept = await keeping_sql.kept(tx, account_id=account_id, handover_id=parcel.id)
    if kept is None or kept.step(tx.now) != "recall" or (parcel.order_id is None) != (return_id is None):
        raise NothingDue(number=number)
    live = await door_sql.live_of_parcel(tx, parcel.id)
    if live is not None:
        raise DoorBusy(command_id=live)
    await _new_code(tx, parcel)
    placed = None
    if parcel.order_id is not None and return_id is not None:
        placed = await _place_return(tx, parcel, parcel.order_id, return_id, actor=actor)
    return_order_id = None if placed is None else placed.id
    await _tell(tx, kinds.HANDOVER_RECALLED, kept, actor, return_order_id=return_order_id)
    if parcel.order_id is not None:
        await orders.got_further(tx, account_id=account_id, order_id=parcel.order_id, dialect=HOUSE, actor=actor)
    return await _parcel(tx, account_id, number), placed


async def carry_out(database: Database, step: Literal["remind", "recall"], kept: Kept, *, actor: str) -> Order | None:
    """What `overdue` said is next, in a transaction of its own; the return when there is one.

    Errors: those of remind and recall.
    """
    who: dict[str, Any] = {"account_id": kept.account_id, "number": kept.number, "actor": actor}
    if step == "remind":
        async with database.transaction() as tx:
            await remind(tx, **who)
        return None
    return_id = None
    if kept.company_id is not None:
        [return_id] = await OrderIds(database).take([kept.company_id])
    async with database.transaction() as tx:
        _, placed = await recall(tx, **who, return_id=return_id)
    return placed


async def recalled(tx: Tx, *, account_id: AccountId, number: str) -> tuple[Parcel, Cabinet]:
    """A parcel whose code is its courier's, and where it lies.

    Errors: ParcelUnknown, ParcelNotStored, ParcelNotRecalled.
    """
    parcel = await _parcel(tx, account_id, number)
    if parcel.state != "stored":
        raise ParcelNotStored(number=number, state=parcel.state)
    if parcel.recalled_at is None:
        raise ParcelNotRecalled(number=number)
    return parcel, await sql.cabinet_by_id(tx, parcel.cabinet_id)


async def call_off_return(tx: Tx, parcel: Parcel, *, actor: str) -> None:
    """The customer had it after all; a return that somebody works on already is left to them."""
    for number in _return_numbers(parcel):
        for order in await order_queries.orders_by_number(
            tx, account_id=parcel.account_id, kinds=["return"], number=number
        ):
            held = await orders.locked(tx, account_id=parcel.account_id, order_id=order.id)
            # One of this number that was placed at another moment is an earlier parcel's.
            if held.state == "draft" and held.created_at == parcel.recalled_at:
                reason = "its customer took it"
                await orders.cancel(
                    tx, account_id=parcel.account_id, order_id=held.id, dialect=HOUSE, actor=actor, reason=reason
                )


async def _stored(tx: Tx, account_id: AccountId, number: str) -> Parcel:
    """Held for this transaction."""
    parcel = await sql.parcel_of_number(tx, account_id=account_id, number=number)
    if parcel is None:
        raise ParcelUnknown(number=number)
    if parcel.state != "stored":
        raise ParcelNotStored(number=number, state=parcel.state)
    return parcel


async def _parcel(tx: Tx, account_id: AccountId, number: str) -> Parcel:
    parcel = await sql.parcel_numbered(tx, account_id=account_id, number=number)
    if parcel is None:
        raise ParcelUnknown(number=number)
    return parcel


async def _new_code(tx: Tx, parcel: Parcel) -> None:
    for _ in range(TRIES_MAX):
        try:
            async with tx.savepoint():
                if await keeping_sql.recall(tx, account_id=parcel.account_id, handover_id=parcel.id, key=draw()):
                    return
        except ConstraintBroken:  # somebody else was given these digits at the same moment
            continue
    raise NoCodeFree(number=parcel.order_number)


async def _place_return(tx: Tx, parcel: Parcel, order_id: OrderId, return_id: OrderId, *, actor: str) -> Order:
    order = await order_queries.order(tx, account_id=parcel.account_id, order_id=order_id)
    lines = await order_queries.lines(tx, account_id=parcel.account_id, order_id=order_id)
    answer: placing.Answer = OrderNumberTaken(number=parcel.order_number)
    for number in _return_numbers(parcel):
        command = PlaceOrder(
            account_id=order.account_id,
            company_id=order.company_id,
            kind="return",
            number=number,
            dialect=order.dialect,
            type=RETURN_TYPE,
            state="draft",
            site_id=order.site_id,
            sub_inventory_id=order.sub_inventory_id,
            reference=order.number,
            recipient=order.recipient,
            lines=tuple(_what_left(lines)),
            actor=actor,
        )
        [answer] = await placing.place_many(tx, [command], [return_id])
        if not isinstance(answer, OrderNumberTaken):
            break
    if not isinstance(answer, Placed):
        raise answer
    return answer.order


def _return_numbers(parcel: Parcel) -> tuple[str, str]:
    """The second one where an earlier parcel of this number went back, too."""
    number = f"R-{parcel.order_number}"
    return number, f"{number}-{parcel.id}"


def _what_left(lines: list[OrderLine]) -> Iterator[NewLine]:
    """What of an order was shipped; all of it where we did not ship it ourselves."""
    shipped = any(line.done for line in lines)
    for line in lines:
        quantity = line.done if shipped else line.quantity
        if quantity:
            yield NewLine(
                line_key=line.line_key,
                product_id=line.product_id,
                sku=line.sku,
                stocked=line.product_id is not None,
                quantity=quantity,
                sub_inventory_id=line.sub_inventory_id,
                lot=line.lot,
                condition=line.condition,
                partner_fields=line.partner_fields,
            )


async def _tell(tx: Tx, kind: str, kept: Kept, actor: str, **more: Any) -> None:
    await events.append(
        tx,
        NewEvent(
            account_id=kept.account_id,
            kind=kind,
            subject=f"handover:{kept.id}",
            order_id=kept.order_id,
            actor=actor,
            facts={"handover_id": kept.id, "number": kept.number, "cabinet": kept.cabinet, **more},
        ),
    )
