"""Reading the timeline."""

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.events import sql
from crossdock.core.events.model import Event, Receiver
from crossdock.db.tx import Tx


async def timeline(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Event]:
    """What happened to an order, in the order it was learned."""
    return await sql.of_order(tx, account_id=account_id, order_id=order_id)


async def receiver(tx: Tx, *, account_id: AccountId, dialect: str, name: str) -> Receiver | None:
    return await sql.receiver(tx, account_id=account_id, dialect=dialect, name=name)
