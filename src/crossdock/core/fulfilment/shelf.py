"""What of an order goes on the shelf."""

from collections.abc import Iterable

from crossdock.base.ids import SiteId, SubInventoryId
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.stock.model import Arrival


def arrivals(order: Order, moved: Iterable[tuple[OrderLine, int]]) -> list[Arrival]:
    """Line and pieces in, what the ledger receives out; goods that are not stocked are left out."""
    return [
        Arrival(
            site_id=SiteId(order.site_id or 0),
            sub_inventory_id=SubInventoryId(line.sub_inventory_id or order.sub_inventory_id or 0),
            product_id=line.product_id,
            lot=line.lot,
            condition=line.condition,
            quantity=pieces,
            order_line_id=line.id,
        )
        for line, pieces in moved
        if line.product_id is not None
    ]
