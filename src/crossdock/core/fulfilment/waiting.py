"""Orders that wait: for stock, the oldest first; for a pick-up code where their goods are set aside already."""

from typing import Final

from crossdock.base.ids import OrderId
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment.handing_over import give_code
from crossdock.core.handover import sql as handover_sql
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


async def issue_waiting(database: Database) -> int:
    """A code for each paid order whose goods are set aside in the shop that hands them over; how many got one."""
    issued, after = 0, OrderId(0)
    while True:
        async with database.autocommit() as tx:
            page = await handover_sql.ready_without_code(tx, after=after, limit=PAGE)
        for ready in page:
            async with database.transaction() as tx:
                order = await orders.locked(tx, account_id=ready.account_id, order_id=ready.order_id)
                issued += await give_code(tx, order) is not None
        if len(page) < PAGE:
            return issued
        after = page[-1].order_id
