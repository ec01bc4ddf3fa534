"""Goods come in: a batch, another one, and then no more. Each is one command in one transaction."""

from collections import defaultdict
from collections.abc import Sequence

from crossdock.base.ids import AccountId, SubInventoryId
from crossdock.core.accounts import sql as accounts
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment.errors import OverReceipt
from crossdock.core.fulfilment.model import Receipt
from crossdock.core.fulfilment.shelf import arrivals
from crossdock.core.leaving import notices
from crossdock.core.leaving.facts import facts, gathered
from crossdock.core.leaving.model import Moved
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.errors import LineUnknown, QuantityInvalid
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.stock import commands as stock
from crossdock.core.units import commands as units
from crossdock.core.units import sql as unit_sql
from crossdock.core.units.errors import UnitNameless, UnitsMiscounted
from crossdock.db.tx import Tx


async def receive(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    receipts: Sequence[Receipt],
    batch_key: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """One batch of an inbound order came in. Stock rises, the owner is told.

    `batch_key` is the caller's name for this batch: asked again, nothing comes in twice. More than was announced
    is taken in as it came, unless the owner forbids it. Errors: OrderUnknown, StateForbids, LineUnknown,
    QuantityInvalid, OverReceipt, UnitNameless, UnitsMiscounted, UnitRepeated, UnitHere, ExpiryDiffers.
    """
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    cause = f"receive:{order.id}:{order.batches + 1}" if batch_key is None else f"receive:{order.id}:key:{batch_key}"
    if batch_key is not None and await stock.is_known(tx, account_id=account_id, cause=cause):
        return order
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    moved = _moved(lines, receipts)
    await _refuse_more(tx, order, moved)
    batch = order.batches + 1
    order = await orders.advance(
        tx,
        order,
        to="receiving",
        dialect=dialect,
        actor=actor,
        kind=kinds.INBOUND_RECEIVED,
        facts={**await facts(tx, order, moved), "batch": batch},
        batches=batch,
    )
    shelf = [one for one in moved if one.line.product_id is not None]
    stock_ids = await stock.receive(
        tx, account_id=account_id, arrivals=arrivals(order, shelf), cause=cause, order_id=order.id
    )
    await units.come_in(
        tx,
        account_id=account_id,
        order_id=order.id,
        coming=[
            units.Coming(product_id=one.line.product_id, stock_id=stock_id, unit=unit, plate=one.plate)
            for one, stock_id in zip(shelf, stock_ids, strict=True)
            for unit in one.units
            if one.line.product_id is not None
        ],
    )
    plates = sorted({one.plate for one in moved if one.plate})
    if plates:
        await unit_sql.take_in_plates(tx, account_id=account_id, order_id=order.id, codes=plates)
    done: defaultdict[int, int] = defaultdict(int)
    for one in moved:
        done[one.line.id] += one.pieces
    await order_sql.add_done(tx, account_id=account_id, done=done)
    await notices.stocked(
        tx,
        account_id=account_id,
        product_ids={one.line.product_id for one in moved if one.line.product_id is not None},
        dialect=dialect,
        actor=actor,
    )
    await tx.notify(stock.STOCK_TOPIC)
    return order


async def reject_inbound(
    tx: Tx, *, account_id: AccountId, order_id: int, reason: str, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """What was announced cannot come in like this; its owner may change it. Errors: OrderUnknown, StateForbids."""
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    return await orders.advance(
        tx,
        order,
        to="rejected",
        dialect=dialect,
        actor=actor,
        facts={"from": order.state, "to": "rejected", "reason": reason},
        feedback=reason,
    )


async def close_inbound(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = "", reason: str = ""
) -> Order:
    """Nothing more will come; `reason` says why something is missing. A closed order stays as it is.

    Errors: OrderUnknown, StateForbids.
    """
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    if order.state == "closed":
        return order
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    return await orders.advance(
        tx,
        order,
        to="closed",
        dialect=dialect,
        actor=actor,
        kind=kinds.INBOUND_CLOSED,
        facts={
            **await facts(tx, order, await gathered(tx, order, lines)),
            "ordered": sum(line.quantity for line in lines),
            "received": sum(line.done for line in lines),
            "batches": order.batches,
        },
        finished=True,
        feedback=reason or None,
    )


def _moved(lines: Sequence[OrderLine], receipts: Sequence[Receipt]) -> list[Moved]:
    by_key = {line.line_key: line for line in lines}
    moved = []
    for receipt in receipts:
        line = by_key.get(receipt.line_key)
        if line is None:
            raise LineUnknown(line=receipt.line_key)
        if receipt.quantity < 0:
            raise QuantityInvalid(line=receipt.line_key, quantity=receipt.quantity)
        _refuse_misnamed(receipt)
        if receipt.quantity:
            moved.append(
                Moved(
                    line=line,
                    pieces=receipt.quantity,
                    lot=line.lot if receipt.lot is None else receipt.lot,
                    condition=receipt.condition or line.condition,
                    units=receipt.units,
                    plate=receipt.plate,
                    expires_on=receipt.expires_on,
                )
            )
    if not moved:
        raise QuantityInvalid(quantity=0)
    return moved


def _refuse_misnamed(receipt: Receipt) -> None:
    if receipt.units and len(receipt.units) != receipt.quantity:
        raise UnitsMiscounted(line=receipt.line_key, quantity=receipt.quantity, named=len(receipt.units))
    if not all(unit.code for unit in receipt.units):
        raise UnitNameless(line=receipt.line_key)


async def _refuse_more(tx: Tx, order: Order, moved: Sequence[Moved]) -> None:
    """Errors: OverReceipt."""
    coming: defaultdict[int, int] = defaultdict(int)
    for one in moved:
        coming[one.line.id] += one.pieces
    more = {one.line.id: one.line for one in moved if coming[one.line.id] > one.line.left}
    owners = {
        owner_id: await accounts.sub_inventory_by_id(tx, account_id=order.account_id, sub_inventory_id=owner_id)
        for owner_id in sorted({_owner(order, line) for line in more.values()})
    }
    for line in more.values():
        owner = owners[_owner(order, line)]
        if owner is not None and not owner.over_receipt:
            raise OverReceipt(line=line.line_key, left=line.left, quantity=coming[line.id])


def _owner(order: Order, line: OrderLine) -> SubInventoryId:
    return SubInventoryId(line.sub_inventory_id or order.sub_inventory_id or 0)
