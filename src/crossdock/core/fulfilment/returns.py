"""What the warehouse does to a return: take it in, look into it, ask its owner, and settle what becomes of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import to_builtins

from crossdock.base.ids import AccountId, LocationId, SiteId, StaffId, StockId
from crossdock.core.accounts import sql as accounts
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment.errors import ReturnActionForbids
from crossdock.core.fulfilment.model import Inspected
from crossdock.core.fulfilment.shelf import arrivals
from crossdock.core.leaving import notices
from crossdock.core.leaving.facts import as_announced
from crossdock.core.leaving.model import Moved
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.errors import LineUnknown, QuantityInvalid, ReturnNotArrived, StateForbids
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.places import commands as places
from crossdock.core.places.model import Shift
from crossdock.core.stock import commands as stock
from crossdock.core.units import commands as units
from crossdock.core.units import queries as unit_queries
from crossdock.core.units.model import NewUnit
from crossdock.db.tx import Tx

TO_SHELF = "CONTAINER"
"""The action that makes stock of what came back; the others leave the ledger alone."""


async def receive_return(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """The goods are in the house. Errors: OrderUnknown, StateForbids."""
    order = await _return(tx, account_id, order_id, "received")
    return await orders.advance(tx, order, to="received", dialect=dialect, actor=actor, arrived=True)


async def queue_return(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """What came in waits for somebody to look into it. Errors: OrderUnknown, StateForbids."""
    order = await _return(tx, account_id, order_id, "pending", only_from={"received"})
    return await orders.advance(tx, order, to="pending", dialect=dialect, actor=actor)


async def process_return(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Somebody looks into it, at first or after an answer or a problem. Errors: OrderUnknown, StateForbids."""
    order = await _return(tx, account_id, order_id, "processing")
    return await orders.advance(tx, order, to="processing", dialect=dialect, actor=actor)


async def ask_client(
    tx: Tx, *, account_id: AccountId, order_id: int, question: str, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """The owner must say what is to be done. Errors: OrderUnknown, StateForbids."""
    return await _said(tx, account_id, order_id, "waiting_client", question, dialect, actor)


async def client_answered(
    tx: Tx, *, account_id: AccountId, order_id: int, answer: str, dialect: str, actor: str
) -> Order:
    """The owner said it; the warehouse goes on when it has read it. What was answered already stays so.

    Errors: OrderUnknown, StateForbids.
    """
    order = await _return(tx, account_id, order_id, "waiting_warehouse")
    if order.state == "waiting_warehouse":
        return order
    return await _said(tx, account_id, order_id, "waiting_warehouse", answer, dialect, actor)


async def report_problem(
    tx: Tx, *, account_id: AccountId, order_id: int, problem: str, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Something is wrong that the warehouse settles itself. Errors: OrderUnknown, StateForbids."""
    return await _said(tx, account_id, order_id, "problem", problem, dialect, actor)


async def finish_return(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    quantities: Mapping[str, int] | None = None,
    inspected: Sequence[Inspected] | None = None,
    reason: str = "",
    staff_id: StaffId | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """A return in review is settled. By the action CONTAINER its pieces are stock again: line key -> pieces, or all.

    With `inspected`, what somebody saw decides instead: each part of a line is stock of its own condition and lot, in
    its location, or no stock; by another action than CONTAINER none of it may be. A finished one stays as it is.
    Errors: OrderUnknown, StateForbids, ReturnNotArrived, ReturnActionForbids, LineUnknown, QuantityInvalid,
    ExpiryDiffers, LocationUnknown, LocationClosed, UnitRepeated, UnitHere.
    """
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    if order.kind == "return" and order.state == "finished":
        return order
    facts: dict[str, Any] = {"from": order.state, "to": "finished"}
    if inspected is not None:
        facts |= {"reason": reason, "inspected": [to_builtins(one) for one in inspected]}
    finished = await orders.advance(
        tx, order, to="finished", dialect=dialect, actor=actor, facts=facts, finished=True
    )
    action = None
    if order.return_action_id is not None:
        action = await accounts.return_action(tx, action_id=order.return_action_id)
    if inspected is not None:
        if any(one.condition is not None for one in inspected):
            if action is not None and action.type != TO_SHELF:
                raise ReturnActionForbids(action=action.type)
            if order.arrived_at is None:
                raise ReturnNotArrived(id=order.id)
        await _as_seen(tx, order, inspected, staff_id)
    elif action is not None and action.type == TO_SHELF:
        if order.arrived_at is None:
            raise ReturnNotArrived(id=order.id)
        await _to_shelf(tx, order, quantities)
    return finished


async def _to_shelf(tx: Tx, order: Order, quantities: Mapping[str, int] | None) -> None:
    lines = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
    counted = [
        (line, pieces) for line, pieces in _counted(lines, quantities) if line.product_id is not None and pieces
    ]
    if counted:
        await _stocked(tx, order, as_announced(counted))


async def _as_seen(tx: Tx, order: Order, inspected: Sequence[Inspected], staff_id: StaffId | None) -> None:
    """Errors: LineUnknown, QuantityInvalid, ExpiryDiffers, LocationUnknown, LocationClosed."""
    lines = {
        line.line_key: line for line in await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
    }
    seen = Counter[str]()
    for one in inspected:
        seen[one.line_key] += one.quantity
        if one.line_key not in lines:
            raise LineUnknown(line=one.line_key)
        most = lines[one.line_key].quantity
        if one.quantity < 1 or seen[one.line_key] > most or (one.serial and one.quantity != 1):
            raise QuantityInvalid(line=one.line_key, quantity=seen[one.line_key], left=most)
    moved: list[Moved] = []
    places_of: list[LocationId | None] = []
    names: dict[int, str] = {}
    for one in inspected:
        line = lines[one.line_key]
        if one.condition is not None and line.product_id is not None:
            places_of.append(one.location_id)
            if one.serial:
                names[len(moved)] = one.serial
            moved.append(
                Moved(line=line, pieces=one.quantity, lot=one.lot, condition=one.condition, expires_on=one.expires_on)
            )
    if not moved:
        return
    stock_ids = await _stocked(tx, order, moved)
    await _named(tx, order, [(moved[at], stock_ids[at], name) for at, name in names.items()])
    shifts = [
        Shift(
            stock_id=stock_id,
            from_location_id=None,
            to_location_id=location_id,
            quantity=one.pieces,
            cause=f"return:{order.id}:{position}",
        )
        for position, (stock_id, location_id, one) in enumerate(
            zip(stock_ids, places_of, moved, strict=True), start=1
        )
        if location_id is not None
    ]
    if shifts:
        await places.move_many(
            tx, account_id=order.account_id, site_id=SiteId(order.site_id or 0), shifts=shifts, staff_id=staff_id
        )


async def _named(tx: Tx, order: Order, pieces: Sequence[tuple[Moved, StockId, str]]) -> None:
    """A piece that left here keeps all its names. Errors: UnitRepeated, UnitHere."""
    ids = {one.line.product_id for one, _, _ in pieces if one.line.product_id is not None}
    if not ids:
        return
    codes = {name for _, _, name in pieces}
    found = await unit_queries.named(tx, account_id=order.account_id, product_ids=ids, codes=codes)
    known = {(unit.product_id, unit.code): unit.as_new() for unit in found}
    await units.come_in(
        tx,
        account_id=order.account_id,
        order_id=order.id,
        coming=[
            units.Coming(
                product_id=one.line.product_id,
                stock_id=stock_id,
                unit=known.get((one.line.product_id, name), NewUnit(sn=name)),
            )
            for one, stock_id, name in pieces
            if one.line.product_id is not None
        ],
    )


async def _stocked(tx: Tx, order: Order, moved: Sequence[Moved]) -> list[StockId]:
    """All of it has a product. The bucket of each."""
    arrived = arrivals(order, moved)
    stock_ids = await stock.receive(
        tx, account_id=order.account_id, arrivals=arrived, cause=f"return:{order.id}", order_id=order.id
    )
    done = Counter[int]()
    for one in moved:
        done[one.line.id] += one.pieces
    await order_sql.add_done(tx, account_id=order.account_id, done=done)
    await notices.stocked(
        tx,
        account_id=order.account_id,
        product_ids={arrival.product_id for arrival in arrived},
        dialect=HOUSE,
        actor="",
    )
    await tx.notify(stock.STOCK_TOPIC)
    return stock_ids


def _counted(lines: list[OrderLine], quantities: Mapping[str, int] | None) -> list[tuple[OrderLine, int]]:
    """Errors: LineUnknown, QuantityInvalid."""
    if quantities is None:
        return [(line, line.quantity) for line in lines]
    by_key = {line.line_key: line for line in lines}
    for key, pieces in quantities.items():
        if key not in by_key:
            raise LineUnknown(line=key)
        if not 0 <= pieces <= by_key[key].quantity:
            raise QuantityInvalid(line=key, quantity=pieces, left=by_key[key].quantity)
    return [(by_key[key], pieces) for key, pieces in quantities.items()]


async def _return(
    tx: Tx, account_id: AccountId, order_id: int, wanted: str, *, only_from: set[str] | None = None
) -> Order:
    """Errors: OrderUnknown, StateForbids for an order of another kind, or from where this step does not begin."""
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    if order.kind != "return" or (only_from is not None and order.state not in only_from):
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted=wanted)
    return order


async def _said(tx: Tx, account_id: AccountId, order_id: int, to: str, text: str, dialect: str, actor: str) -> Order:
    """The text is the order's feedback, and a fact of its timeline."""
    order = await _return(tx, account_id, order_id, to)
    facts = {"from": order.state, "to": to, "reason": text}
    return await orders.advance(tx, order, to=to, dialect=dialect, actor=actor, facts=facts, feedback=text or None)
