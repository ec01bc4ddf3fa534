"""Reading the timeline."""

from collections.abc import Collection
from datetime import datetime

from crossdock.base.ids import AccountId, OrderId, ReceiverId
from crossdock.core.events import sql
from crossdock.core.events.model import Event, Receiver, Try
from crossdock.db.tx import Tx


async def timeline(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Event]:
    """What happened to an order, in the order it was learned."""
    return await sql.of_order(tx, account_id=account_id, order_id=order_id)


async def receiver(tx: Tx, *, account_id: AccountId, dialect: str, name: str) -> Receiver | None:
    return await sql.receiver(tx, account_id=account_id, dialect=dialect, name=name)


async def receivers(tx: Tx, *, account_id: AccountId, dialect: str) -> list[Receiver]:
    """Active or not, the first one first."""
    return await sql.receivers(tx, account_id=account_id, dialect=dialect)


async def wanted(tx: Tx, *, account_id: AccountId, kinds: Collection[str]) -> set[str]:
    """Those of the kinds that somebody listens for."""
    return await sql.wanted(tx, account_id=account_id, kinds=kinds)


async def tries(
    tx: Tx,
    *,
    account_id: AccountId,
    dialect: str,
    since: datetime,
    receiver_id: ReceiverId | None = None,
    start: int = 0,
    limit: int | None,
) -> tuple[int, list[Try]]:
    """How many tries there were since then at receivers of this dialect, and those from `start`, newest first."""
    return await sql.tries(
        tx,
        account_id=account_id,
        dialect=dialect,
        since=since,
        receiver_id=receiver_id,
        start=start,
        limit=limit,
    )
