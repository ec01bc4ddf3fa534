"""The stock an order needs, set aside for it: whole, or not at all."""

from collections.abc import Sequence

from crossdock.base.ids import OrderId, SiteId, SubInventoryId
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.stock import commands as stock
from crossdock.core.stock.errors import OutOfStock
from crossdock.core.stock.model import Need, Reservation, Take
from crossdock.db.tx import Tx

Asking = Sequence[tuple[Order, list[OrderLine]]]
"""Orders with their lines."""
Plans = dict[OrderId, tuple[Take, ...] | OutOfStock]


async def reserve_what_is_there(tx: Tx, asking: Asking) -> set[OrderId]:
    """Reserve what can be reserved whole; which orders were. Returns and goods that are not stocked need nothing."""
    plan = await _planned(tx, asking)
    await _reserve(tx, asking, plan)
    return {order_id for order_id, takes in plan.items() if not isinstance(takes, OutOfStock)}


async def reserve_or_refuse(tx: Tx, order: Order, lines: list[OrderLine]) -> None:
    """The stock of an order that has none, for who ships it at once. Errors: OutOfStock."""
    plan = await _planned(tx, [(order, lines)])
    refused = plan.get(order.id)
    if isinstance(refused, OutOfStock):
        raise refused
    await _reserve(tx, [(order, lines)], plan)


async def _planned(tx: Tx, asking: Asking) -> Plans:
    """Orders that need no stock are left out."""
    reservations = [
        Reservation(account_id=order.account_id, order_id=order.id, needs=wanted)
        for order, lines in asking
        if order.kind == "outbound" and (wanted := needs(order, lines))
    ]
    if not reservations:
        return {}
    plans = await stock.plan(tx, reservations)
    return {reservation.order_id: plan for reservation, plan in zip(reservations, plans, strict=True)}


async def _reserve(tx: Tx, asking: Asking, plans: Plans) -> None:
    takes = {
        (order.account_id, order.id): plan for order, _ in asking if isinstance(plan := plans.get(order.id), tuple)
    }
    if not takes:
        return
    again = [order.id for order, _ in asking if order.state != "draft"]
    turns = await stock.releases(tx, account_id=asking[0][0].account_id, order_ids=again) if again else {}
    await stock.reserve(
        tx,
        takes=takes,
        line_ids={(order.id, line.line_no): line.id for order, lines in asking for line in lines},
        turns=turns,
    )


def needs(order: Order, lines: list[OrderLine]) -> tuple[Need, ...]:
    """What of its lines is still to leave."""
    return tuple(
        Need(
            site_id=SiteId(order.site_id or 0),
            sub_inventory_id=SubInventoryId(line.sub_inventory_id or order.sub_inventory_id or 0),
            product_id=line.product_id,
            sku=line.sku,
            quantity=line.left,
            lot=line.lot,
            condition=line.condition,
            line_no=line.line_no,
        )
        for line in lines
        if line.product_id is not None and line.left
    )
