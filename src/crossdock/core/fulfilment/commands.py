"""What the warehouse does to an outbound order: pick, pack, ship. Each is one command in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from crossdock.base.ids import AccountId, OrderId, ProductId, StockId
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment import notices
from crossdock.core.fulfilment.errors import CancelWaiting
from crossdock.core.fulfilment.facts import as_announced, facts, gathered
from crossdock.core.fulfilment.handing_over import hand_over
from crossdock.core.fulfilment.model import Moved, Shipped
from crossdock.core.orders import cancel_sql, reserving
from crossdock.core.orders import commands as orders
from crossdock.core.orders import model as order_model
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.errors import LineUnknown, QuantityInvalid, StateForbids
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.stock import commands as stock
from crossdock.core.transport import commands as transport
from crossdock.core.transport import queries as transport_queries
from crossdock.core.transport import routes
from crossdock.core.transport.model import NewParcel
from crossdock.core.units import commands as units_core
from crossdock.core.units import sql as unit_sql
from crossdock.core.units.errors import UnitsMiscounted, UnitsUnnamed
from crossdock.core.units.model import NewUnit
from crossdock.db.tx import Tx


async def release_to_floor(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Its stock is set aside; pickers may take it on. Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "released", dialect, actor)


async def start_picking(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "picking", dialect, actor)


async def start_packing(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "packing", dialect, actor)


async def finish_packing(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "packed", dialect, actor)


async def confirm(tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = "") -> Order:
    """The warehouse has the client's own parcels. Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "confirmed", dialect, actor)


async def print_label(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    tracking_number: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """The carrier's label is on the parcel. Errors: OrderUnknown, StateForbids."""
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    return await orders.advance(
        tx, order, to="labelled", dialect=dialect, actor=actor, tracking_number=tracking_number
    )


async def ship(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    quantities: Mapping[str, int] | None = None,
    units: Mapping[str, Sequence[str]] | None = None,
    parcels: Sequence[NewParcel] = (),
    tracking_number: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Shipped:
    """The order leaves, or part of it: that stock goes, the owner is told; with the last of it the hand-over begins.

    `quantities`: line key -> pieces, all that is open when absent. `units`: line key -> codes of the pieces that
    leave, where they have names. A tracking number without parcels is one parcel of that number. A delivery service
    by locker books a parcel at the station's first cabinet, one by shop issues a code. What a held order gave back
    must be there again. Errors: OrderUnknown, StateForbids, LineUnknown, QuantityInvalid, UnitsMiscounted,
    UnitsUnnamed, UnitNotHere, NotSetAside, ParcelRepeated, CancelWaiting, OutOfStock, StationHasNoCabinet.
    """
    order, leg = await transport.locked_with_leg(tx, account_id=account_id, order_id=order_id)
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    moved = _leaving(lines, quantities)
    last = sum(pieces for _, pieces in moved) == sum(line.left for line in lines)
    state = "shipped" if last else "partly_shipped"
    leaving = {*order_model.sources("outbound", order.type, state)} - {"delivered"}  # that is a roll-back
    if order.kind != "outbound" or order.state not in leaving:
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted=state)
    if order.state == "held":
        await reserving.reserve_or_refuse(tx, order, lines)
    asked = await cancel_sql.waiting(tx, account_id=account_id, number=order.number)
    if asked:
        raise CancelWaiting(number=order.number, request=asked[0].id)
    batch = order.batches + 1
    number = tracking_number or (parcels[0].mailno if parcels else order.tracking_number)
    if number is not None and not parcels:
        parcels = [NewParcel(mailno=number)]
    parcels = transport.holding(parcels, {line.line_key: pieces for line, pieces in moved})
    gone = await _send_off(tx, order, moved, units or {}, cause=f"ship:{order.id}:{batch}")
    leg_id = None if leg is None else leg.id
    waybills = await transport.attach(tx, order=order, parcels=parcels, lines=lines, batch=batch, leg_id=leg_id)
    told = {
        **await facts(tx, order, gone),
        "tracking_number": number,
        "leg_id": leg_id,
        "parcels": await transport.told(tx, waybills, lines),
    }
    order = await orders.advance(
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
    await order_sql.add_done(tx, account_id=account_id, done={line.id: pieces for line, pieces in moved})
    await _stocked(tx, account_id, moved, dialect=dialect, actor=actor)
    if not last:
        return Shipped(order=order)
    await _tell_closed(tx, order, leg_id, dialect=dialect, actor=actor)
    parcel, pick_up = await hand_over(tx, order, dialect=dialect, actor=actor)
    order = await routes.all_left(tx, order, leg, dialect=dialect, actor=actor)
    return Shipped(order=order, parcel=parcel, pick_up=pick_up)


async def close_outbound(
    tx: Tx, *, account_id: AccountId, order_id: int, reason: str = "", dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Nothing more will leave; what is still set aside is free again. A closed order stays as it is.

    Of which something was shipped, it counts as shipped, or delivered where all of that is signed for. Errors:
    OrderUnknown, StateForbids.
    """
    order, leg = await transport.locked_with_leg(tx, account_id=account_id, order_id=order_id)
    if order.kind == "outbound" and order.state in ("shipped", "unshipped", "delivered"):
        return order
    to = "shipped" if order.state == "partly_shipped" else "unshipped"
    said = {"from": order.state, "to": to, "reason": reason}
    closed = await orders.advance(tx, order, to=to, dialect=dialect, actor=actor, facts=said, finished=True)
    if order.state in order_model.LOCKED_STATES:
        await stock.release(tx, account_id=account_id, causes={order.id: f"close:{order.id}"})
    await _tell_closed(tx, closed, None if leg is None else leg.id, dialect=dialect, actor=actor)
    if to == "unshipped":
        return closed
    await hand_over(tx, closed, dialect=dialect, actor=actor)
    return await routes.all_left(tx, closed, leg, dialect=dialect, actor=actor)


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


def _leaving(lines: Sequence[OrderLine], quantities: Mapping[str, int] | None) -> list[tuple[OrderLine, int]]:
    """Errors: LineUnknown, QuantityInvalid."""
    if quantities is None:
        return [(line, line.left) for line in lines if line.left]
    by_key = {line.line_key: line for line in lines}
    for key, pieces in quantities.items():
        if key not in by_key:
            raise LineUnknown(line=key)
        if not 0 <= pieces <= by_key[key].left:
            raise QuantityInvalid(line=key, quantity=pieces, left=by_key[key].left)
    if not any(quantities.values()):
        raise QuantityInvalid(quantity=0)
    return [(by_key[key], pieces) for key, pieces in quantities.items() if pieces]


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


async def _tell_closed(tx: Tx, order: Order, leg_id: OrderId | None, *, dialect: str, actor: str) -> None:
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


async def _step(tx: Tx, account_id: AccountId, order_id: int, to: str, dialect: str, actor: str) -> Order:
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    return await orders.advance(tx, order, to=to, dialect=dialect, actor=actor)


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
