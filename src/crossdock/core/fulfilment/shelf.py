"""What of an order goes on the shelf."""

from collections.abc import Iterable

from crossdock.base.ids import SiteId, SubInventoryId
from crossdock.core.leaving.model import Moved
from crossdock.core.orders.model import Order
from crossdock.core.stock.model import Arrival


def arrivals(order: Order, moved: Iterable[Moved]) -> list[Arrival]:
    """What moved in, what the ledger receives out; goods that are not stocked are left out."""
    return [
        Arrival(
            site_id=SiteId(order.site_id or 0),
            sub_inventory_id=SubInventoryId(one.line.sub_inventory_id or order.sub_inventory_id or 0),
            product_id=one.line.product_id,
            lot=one.lot,
            condition=one.condition,
            quantity=one.pieces,
            order_line_id=one.line.id,
            expires_on=one.expires_on,
        )
        for one in moved
        if one.line.product_id is not None
    ]
