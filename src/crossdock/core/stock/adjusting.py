"""The shelf was counted, and the ledger follows: by a move of its own cause, never below what orders hold."""

from msgspec import Struct

from crossdock.base.ids import AccountId, StockId
from crossdock.core.stock import sql
from crossdock.core.stock.commands import STOCK_TOPIC
from crossdock.core.stock.errors import BelowAllocated
from crossdock.core.stock.model import Arrival, Bucket
from crossdock.core.stock.sql import Move
from crossdock.db.tx import Tx


class Counted(Struct, frozen=True, kw_only=True):
    """A bucket, and its pieces before and after a count."""

    stock_id: StockId
    before: int
    after: int


async def count(tx: Tx, *, account_id: AccountId, found: Arrival, cause: str) -> Counted:
    """So many pieces lie there: the difference is written. Nothing is where there is none. Errors: BelowAllocated."""
    [bucket] = await sql.ensure_buckets(tx, account_id=account_id, arrivals=[found])
    if found.quantity != bucket.on_hand:
        await _move(tx, bucket, found.quantity - bucket.on_hand, cause)
    return Counted(stock_id=bucket.id, before=bucket.on_hand, after=found.quantity)


async def adjust(tx: Tx, *, account_id: AccountId, stock_id: StockId, by: int, cause: str) -> Counted:
    """So many pieces more, or fewer. Errors: BelowAllocated."""
    [bucket] = await sql.lock(tx, account_id=account_id, ids=[stock_id])
    if by:
        await _move(tx, bucket, by, cause)
    return Counted(stock_id=bucket.id, before=bucket.on_hand, after=bucket.on_hand + by)


async def _move(tx: Tx, bucket: Bucket, by: int, cause: str) -> None:
    if bucket.on_hand + by < bucket.allocated:
        raise BelowAllocated(allocated=bucket.allocated, wanted=bucket.on_hand + by)
    await sql.move(tx, [Move(account_id=bucket.account_id, stock_id=bucket.id, cause=cause, quantity=by)])
    if by > 0:
        await tx.notify(STOCK_TOPIC)
