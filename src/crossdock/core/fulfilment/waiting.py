"""Orders that were submitted without stock: served when it arrives, the oldest first."""

from typing import Final

from crossdock.base.ids import OrderId
from crossdock.core.events.model import HOUSE
from crossdock.core.orders import commands as orders
from crossdock.core.orders import sql
from crossdock.db.database import Database

PAGE: Final = 200
"""So many candidates are read at a time; each is served in a transaction of its own."""


async def serve_waiting(database: Database) -> int:
    """Give free stock to whoever waits for it; how many orders got theirs whole.

    One that cannot be served whole takes nothing and keeps its place. Younger ones may then be served before it.
    """
    served, after = 0, OrderId(0)
    while True:
        async with database.autocommit() as tx:
            page = await sql.waiting_for_stock(tx, after=after, limit=PAGE)
        for waiting in page:
            async with database.transaction() as tx:
                served += await orders.allocate(
                    tx, account_id=waiting.account_id, order_id=waiting.order_id, dialect=HOUSE, actor=""
                )
        if len(page) < PAGE:
            return served
        after = page[-1].order_id
