"""Goods change their owner where they lie: one order, one transaction, nobody walks."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import structs

from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId, StockId, SubInventoryId
from crossdock.core.accounts import sql as accounts
from crossdock.core.catalog import sql as catalog
from crossdock.core.events import kinds
from crossdock.core.leaving import notices
from crossdock.core.leaving.facts import facts
from crossdock.core.leaving.model import Moved
from crossdock.core.orders import commands as orders
from crossdock.core.orders import placing
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.model import Placed, PlaceOrder
from crossdock.core.places import commands as places
from crossdock.core.places.model import Left, Shift
from crossdock.core.stock import commands as stock
from crossdock.core.stock.model import Arrival, Withdrawn
from crossdock.core.units import sql as unit_sql
from crossdock.core.units.commands import few
from crossdock.core.units.errors import UnitNotHere
from crossdock.core.units.model import NewUnit
from crossdock.db.tx import Tx


async def transfer(
    tx: Tx,
    *,
    command: PlaceOrder,
    order_id: OrderId,
    target_id: SubInventoryId,
    units: Mapping[str, Sequence[str]] | None = None,
) -> Placed:
    """The command's lines go from its sub-inventory to the target, all or nothing; its order is closed at once.

    `order_id` comes from OrderIds. `units`: line key -> codes of pieces that must be among those that go; the others
    are those that are here longest. The same number with the same content again moves nothing. Errors:
    OrderNumberTaken, OutOfStock, ProductUnknown, UnitNotHere.
    """
    units = units or {}
    account_id, site_id = command.account_id, SiteId(command.site_id or 0)
    source_id = SubInventoryId(command.sub_inventory_id or 0)
    known = await catalog.of_skus(tx, [(account_id, line.sku) for line in command.lines])
    products = {sku: product_id for _, product_id, sku in known}
    await stock.lock_owners(
        tx,
        account_id=account_id,
        site_id=site_id,
        owners=[source_id, target_id],
        product_ids=list(products.values()),
    )
    command = await _from_their_lots(tx, command, products, units)
    [answer] = await placing.place_many(
        tx, [structs.replace(command, kind="transfer", state="allocated")], [order_id]
    )
    if isinstance(answer, Exception):
        raise answer
    if not answer.fresh:
        return answer
    order = answer.order
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    by_id = {line.id: line for line in lines}
    taken = await stock.withdraw(
        tx,
        account_id=account_id,
        order_id=order.id,
        quantities={line.id: line.quantity for line in lines},
        cause=f"transfer:{order.id}:out",
    )
    left = await places.leave(
        tx, account_id=account_id, order_id=order.id, withdrawn=taken, cause=f"transfer:{order.id}:out"
    )
    arrivals = [
        Arrival(
            site_id=site_id,
            sub_inventory_id=target_id,
            product_id=product_id,
            lot=one.lot,
            condition=one.condition,
            quantity=one.quantity,
        )
        for one in taken
        if (product_id := by_id[one.order_line_id].product_id) is not None
    ]
    stock_ids = await stock.receive(
        tx, account_id=account_id, arrivals=arrivals, cause=f"transfer:{order.id}:in", order_id=order.id
    )
    await _stay_where_they_lie(tx, command, order.id, left, taken, stock_ids)
    gone = await _hand_on(tx, account_id, taken, stock_ids, {line.id: units.get(line.line_key, ()) for line in lines})
    await order_sql.add_done(tx, account_id=account_id, done={line.id: line.quantity for line in lines})
    moved = [
        Moved(line=by_id[one.order_line_id], pieces=one.quantity, lot=one.lot, condition=one.condition, units=names)
        for one, names in zip(taken, gone, strict=True)
    ]
    target = await accounts.sub_inventory_by_id(tx, account_id=account_id, sub_inventory_id=target_id)
    closed = await orders.advance(
        tx,
        order,
        to="closed",
        dialect=command.dialect,
        actor=command.actor,
        kind=kinds.TITLE_TRANSFERRED,
        facts={
            **await facts(tx, order, moved),
            "target_sub_inventory": "" if target is None else target.code,
        },
        finished=True,
    )
    await notices.stocked(
        tx,
        account_id=account_id,
        product_ids={line.product_id for line in lines if line.product_id is not None},
        dialect=command.dialect,
        actor=command.actor,
    )
    await tx.notify(stock.STOCK_TOPIC)
    return Placed(order=closed, fresh=True)


async def _from_their_lots(
    tx: Tx, command: PlaceOrder, products: Mapping[str, ProductId], units: Mapping[str, Sequence[str]]
) -> PlaceOrder:
    """Lines that name a piece and no lot are served from the lot that the piece lies in."""
    named = {
        line.line_key: (products[line.sku], units[line.line_key][0])
        for line in command.lines
        if units.get(line.line_key) and line.sku in products and not line.lot
    }
    if not named:
        return command
    lots = await unit_sql.lots(
        tx,
        account_id=command.account_id,
        site_id=SiteId(command.site_id or 0),
        sub_inventory_id=SubInventoryId(command.sub_inventory_id or 0),
        named=list(named.values()),
    )
    lines = [
        structs.replace(line, lot=lots.get(named[line.line_key], "")) if line.line_key in named else line
        for line in command.lines
    ]
    return structs.replace(command, lines=tuple(lines))


async def _stay_where_they_lie(
    tx: Tx,
    command: PlaceOrder,
    order_id: OrderId,
    left: Sequence[Left],
    taken: Sequence[Withdrawn],
    stock_ids: Sequence[StockId],
) -> None:
    """The bucket is another one, the place is the same."""
    targets = {one.stock_id: to_id for one, to_id in zip(taken, stock_ids, strict=True)}
    shifts = [
        Shift(
            stock_id=targets[one.stock_id],
            from_location_id=None,
            to_location_id=one.location_id,
            quantity=one.quantity,
            cause=f"transfer:{order_id}:in:{one.stock_id}:{one.location_id}",
        )
        for one in left
        if one.location_id is not None
    ]
    if shifts:
        await places.move_many(
            tx, account_id=command.account_id, site_id=SiteId(command.site_id or 0), shifts=shifts, closed=True
        )


async def _hand_on(
    tx: Tx,
    account_id: AccountId,
    taken: Sequence[Withdrawn],
    stock_ids: Sequence[StockId],
    wanted: Mapping[int, Sequence[str]],
) -> list[tuple[NewUnit, ...]]:
    """Pieces with names go along: which of them with each of `taken`. `wanted`: order line -> codes.

    Errors: UnitNotHere.
    """
    targets = {one.stock_id: to_id for one, to_id in zip(taken, stock_ids, strict=True)}
    first = Counter(code for codes in wanted.values() for code in codes)
    gone: dict[StockId, dict[str, NewUnit]] = {}
    for from_id, to_id in targets.items():
        pieces = sum(one.quantity for one in taken if one.stock_id == from_id)
        units = await unit_sql.hand_on(
            tx, account_id=account_id, from_id=from_id, to_id=to_id, pieces=pieces, first=list(first)
        )
        gone[from_id] = {unit.code: unit.as_new() for unit in units}
    named = [
        [gone[one.stock_id].pop(code) for code in wanted[one.order_line_id] if code in gone[one.stock_id]]
        for one in taken
    ]
    missing = first - Counter(unit.code for units in named for unit in units)
    if missing:
        raise UnitNotHere(codes=few(sorted(missing)))
    for one, names in zip(taken, named, strict=True):
        rest = gone[one.stock_id]
        names += [rest.pop(code) for code in [*rest][: one.quantity - len(names)]]
    return [tuple(names) for names in named]
