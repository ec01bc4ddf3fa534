"""Goods change their owner where they lie: one order, one transaction, nobody walks."""

from msgspec import structs

from crossdock.base.ids import OrderId, SiteId, SubInventoryId
from crossdock.core.accounts import sql as accounts
from crossdock.core.catalog import sql as catalog
from crossdock.core.events import kinds
from crossdock.core.fulfilment import notices
from crossdock.core.fulfilment.facts import facts
from crossdock.core.fulfilment.model import Moved
from crossdock.core.orders import commands as orders
from crossdock.core.orders import placing
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.model import Placed, PlaceOrder
from crossdock.core.stock import commands as stock
from crossdock.core.stock.model import Arrival
from crossdock.core.units import sql as unit_sql
from crossdock.db.tx import Tx


async def transfer(tx: Tx, *, command: PlaceOrder, order_id: OrderId, target_id: SubInventoryId) -> Placed:
    """The command's lines go from its sub-inventory to the target, all or nothing; its order is closed at once.

    `order_id` comes from OrderIds. Of pieces with names those go that are here longest. The same number with the
    same content again moves nothing. Errors: OrderNumberTaken, OutOfStock, ProductUnknown.
    """
    account_id, site_id = command.account_id, SiteId(command.site_id or 0)
    source_id = SubInventoryId(command.sub_inventory_id or 0)
    named = await catalog.of_skus(tx, [(account_id, line.sku) for line in command.lines])
    await stock.lock_owners(
        tx,
        account_id=account_id,
        site_id=site_id,
        owners=[source_id, target_id],
        product_ids=[product_id for _, product_id, _ in named],
    )
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
    for one, stock_id in zip(taken, stock_ids, strict=True):
        await unit_sql.hand_on(
            tx, account_id=account_id, from_id=one.stock_id, to_id=stock_id, pieces=one.quantity, first=()
        )
    await order_sql.add_done(tx, account_id=account_id, done={line.id: line.quantity for line in lines})
    moved = [
        Moved(line=by_id[one.order_line_id], pieces=one.quantity, lot=one.lot, condition=one.condition)
        for one in taken
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
