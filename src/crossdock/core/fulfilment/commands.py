"""What the warehouse does to an outbound order: pick, pack, ship. Each is one command in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Final

from crossdock.base.ids import AccountId
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment.errors import CancelWaiting
from crossdock.core.fulfilment.handing_over import hand_over
from crossdock.core.fulfilment.model import Shipped
from crossdock.core.leaving.commands import leave, tell_closed
from crossdock.core.orders import cancel_sql, reserving
from crossdock.core.orders import commands as orders
from crossdock.core.orders import model as order_model
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import LineUnknown, QuantityInvalid, StateForbids
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.stock import commands as stock
from crossdock.core.transport import commands as transport
from crossdock.core.transport import routes
from crossdock.core.transport.model import NewParcel
from crossdock.db.tx import Tx

AT_THE_COUNTER: Final = frozenset({"allocated", "delivered"})
"""From these an order becomes `shipped` by what is done with its pick-up code only."""


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
    leaving = {*order_model.sources("outbound", order.type, state)} - AT_THE_COUNTER
    if order.kind != "outbound" or order.state not in leaving:
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted=state)
    if order.state == "held":
        await reserving.reserve_or_refuse(tx, order, lines)
    asked = await cancel_sql.waiting(tx, account_id=account_id, number=order.number)
    if asked:
        raise CancelWaiting(number=order.number, request=asked[0].id)
    order = await leave(
        tx,
        order,
        lines,
        moved,
        units=units or {},
        parcels=parcels,
        tracking_number=tracking_number,
        leg_id=None if leg is None else leg.id,
        dialect=dialect,
        actor=actor,
    )
    if not last:
        return Shipped(order=order)
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
    await tell_closed(tx, closed, None if leg is None else leg.id, dialect=dialect, actor=actor)
    if to == "unshipped":
        return closed
    await hand_over(tx, closed, dialect=dialect, actor=actor)
    return await routes.all_left(tx, closed, leg, dialect=dialect, actor=actor)


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


async def _step(tx: Tx, account_id: AccountId, order_id: int, to: str, dialect: str, actor: str) -> Order:
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    return await orders.advance(tx, order, to=to, dialect=dialect, actor=actor)
