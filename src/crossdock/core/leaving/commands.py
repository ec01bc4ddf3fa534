"""Goods leave the place where they lie, and come back to it when a hand-over at that very place is undone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from crossdock.base.ids import AccountId, OrderId, ProductId, StockId
from crossdock.core.events import kinds
from crossdock.core.leaving import notices
from crossdock.core.leaving.facts import as_announced, facts, gathered
from crossdock.core.leaving.model import Moved
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.errors import LineUnknown
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.places import commands as places
from crossdock.core.stock import commands as stock
from crossdock.core.transport import commands as transport
from crossdock.core.transport import queries as transport_queries
from crossdock.core.transport.model import NewParcel
from crossdock.core.units import commands as units_core
from crossdock.core.units import sql as unit_sql
from crossdock.core.units.errors import UnitsMiscounted, UnitsUnnamed
from crossdock.core.units.model import NewUnit
from crossdock.db.tx import Tx


async def leave(
    tx: Tx,
    order: Order,
    lines: Sequence[OrderLine],
    moved: Sequence[tuple[OrderLine, int]],
    *,
    units: Mapping[str, Sequence[str]] | None = None,
    parcels: Sequence[NewParcel] = (),
    tracking_number: str | None = None,
    leg_id: OrderId | None = None,
    dialect: str,
    actor: str,
) -> Order:
    """Pieces of the order's lines leave the shelf, where they are set aside; with the last of them it is shipped.

    The caller holds the order, and says in `fulfilment` or `handover` what it may leave from. Errors: StateForbids,
    LineUnknown, UnitsMiscounted, UnitsUnnamed, UnitNotHere, NotSetAside, ParcelRepeated.
    """
    last = sum(pieces for _, pieces in moved) == sum(line.left for line in lines)
    state = "shipped" if last else "partly_shipped"
    batch = order.batches + 1
    number = tracking_number or (parcels[0].mailno if parcels else order.tracking_number)
    if number is not None and not parcels:
        parcels = [NewParcel(mailno=number)]
    parcels = transport.holding(parcels, {line.line_key: pieces for line, pieces in moved})
    gone = await _send_off(tx, order, moved, units or {}, cause=f"ship:{order.id}:{batch}")
    waybills = await transport.attach(tx, order=order, parcels=parcels, lines=lines, batch=batch, leg_id=leg_id)
    told = {
        **await facts(tx, order, gone),
        "tracking_number": number,
        "leg_id": leg_id,
        "parcels": await transport.told(tx, waybills, lines),
    }
    left = await orders.advance(
        tx,
        order,
        to=state,
        dialect=dialect,
        actor=actor,
        kind=kinds.OUTBOUND_SHIPPED,
        facts={**told, "batch": batch, "state": state},
        finished=last,
        batches=batch,
        tracking_number=number,
    )
    await order_sql.add_done(tx, account_id=order.account_id, done={line.id: pieces for line, pieces in moved})
    await _stocked(tx, order.account_id, moved, dialect=dialect, actor=actor)
    if last:
        await tell_closed(tx, left, leg_id, dialect=dialect, actor=actor)
    return left


async def come_back(tx: Tx, order: Order, *, dialect: str, actor: str) -> Order:
    """What left last with an order that was handed over where it lay: back on the shelf, and set aside for it.

    The caller holds the order. Errors: StateForbids.
    """
    cause = f"ship:{order.id}:{order.batches}"
    back = await stock.undo(tx, account_id=order.account_id, order_id=order.id, cause=cause, undo=f"un{cause}")
    lines = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
    returned = await orders.advance(tx, order, to="allocated", dialect=dialect, actor=actor)
    await order_sql.add_done(tx, account_id=order.account_id, done={line.id: -line.done for line in lines})
    await order_sql.reopen(tx, account_id=order.account_id, order_id=order.id)
    touched = [(line, line.done) for line in lines if line.id in back]
    await _stocked(tx, order.account_id, touched, dialect=dialect, actor=actor)
    return returned


async def tell_closed(tx: Tx, order: Order, leg_id: OrderId | None, *, dialect: str, actor: str) -> None:
    lines = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
    waybills = await transport_queries.of_order(tx, account_id=order.account_id, order_id=order.id)
    await orders.tell(
        tx,
        order,
        kind=kinds.OUTBOUND_CLOSED,
        dialect=dialect,
        actor=actor,
        facts={
            **await facts(tx, order, await gathered(tx, order, lines)),
            "tracking_number": order.tracking_number,
            "leg_id": leg_id,
            "parcels": await transport.told(tx, waybills, lines),
            "ordered": sum(line.quantity for line in lines),
            "shipped": sum(line.done for line in lines),
            "batches": order.batches,
        },
    )


async def _send_off(
    tx: Tx,
    order: Order,
    moved: Sequence[tuple[OrderLine, int]],
    codes: Mapping[str, Sequence[str]],
    *,
    cause: str,
) -> list[Moved]:
    """Stock and the pieces with names leave the shelf: what left, by line and lot.

    Errors: UnitsMiscounted, UnitsUnnamed, UnitNotHere, NotSetAside.
    """
    leaving = _named(moved, codes)
    gone: defaultdict[tuple[int, StockId], list[NewUnit]] = defaultdict(list)
    for unit in await units_core.leave(tx, account_id=order.account_id, order_id=order.id, leaving=leaving):
        gone[leaving[unit.product_id, unit.code], unit.stock_id].append(unit.as_new())
    taken = await stock.withdraw(
        tx,
        account_id=order.account_id,
        order_id=order.id,
        quantities={line.id: pieces for line, pieces in moved if line.product_id is not None},
        named={place: len(found) for place, found in gone.items()},
        cause=cause,
    )
    if taken:
        await places.leave(tx, account_id=order.account_id, order_id=order.id, withdrawn=taken, cause=cause)
    lines = {line.id: line for line, _ in moved}
    stock_ids = {one.stock_id for one in taken}
    unnamed = await unit_sql.overfull(tx, account_id=order.account_id, stock_ids=stock_ids) if taken else set()
    if unnamed:
        keys = {lines[one.order_line_id].line_key for one in taken if one.stock_id in unnamed}
        raise UnitsUnnamed(lines=", ".join(sorted(keys)))
    return as_announced([(line, pieces) for line, pieces in moved if line.product_id is None]) + [
        Moved(
            line=lines[one.order_line_id],
            pieces=one.quantity,
            lot=one.lot,
            condition=one.condition,
            units=tuple(gone.get((one.order_line_id, one.stock_id), ())),
        )
        for one in sorted(taken, key=lambda one: (lines[one.order_line_id].line_no, one.lot))
    ]


def _named(
    moved: Sequence[tuple[OrderLine, int]], codes: Mapping[str, Sequence[str]]
) -> dict[tuple[ProductId, str], int]:
    """Product and code -> order line. Errors: UnitsMiscounted, LineUnknown."""
    lines = {line.line_key: (line, pieces) for line, pieces in moved}
    named: dict[tuple[ProductId, str], int] = {}
    for key, said in codes.items():
        if key not in lines:
            raise LineUnknown(line=key)
        line, pieces = lines[key]
        if line.product_id is None or len(set(said)) != pieces:
            raise UnitsMiscounted(line=key, quantity=pieces, named=len(set(said)))
        named |= {(line.product_id, code): line.id for code in said}
    return named


async def _stocked(
    tx: Tx, account_id: AccountId, moved: Sequence[tuple[OrderLine, int]], *, dialect: str, actor: str
) -> None:
    await notices.stocked(
        tx,
        account_id=account_id,
        product_ids={line.product_id for line, _ in moved if line.product_id is not None},
        dialect=dialect,
        actor=actor,
    )
