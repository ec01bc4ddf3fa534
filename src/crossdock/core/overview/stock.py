"""Stock by bucket, where each lies, and how it came to be what it is."""

from collections import defaultdict

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.overview import stock_sql as sql
from crossdock.core.overview.errors import BucketUnknown
from crossdock.core.overview.model import HEAPS_SHOWN, LOOKED_AT_MAX, BucketSheet, Heap, Sight, StockFilter, StockPage
from crossdock.db.tx import Tx


async def buckets(tx: Tx, *, sight: Sight, wanted: StockFilter, after: int = 0, limit: int) -> StockPage:
    """As they were opened. A page reads LOOKED_AT_MAX buckets at most where no product is named, so that it may be
    short; `after` says whether the list goes on."""
    if not sight.account_ids or (wanted.product_ids is not None and not wanted.product_ids):
        return StockPage(rows=[], after=None, heaps={})
    if wanted.product_ids is not None:
        edge = sql.ID_MAX
        rows = await sql.of_products(tx, sight=sight, wanted=wanted, after=after, limit=limit + 1)
    else:
        each = LOOKED_AT_MAX // len(sight.account_ids)
        edge, rows = await sql.walked(tx, sight=sight, wanted=wanted, after=after, each=each, limit=limit + 1)
    shown = rows[:limit]
    more = shown[-1].id if len(rows) > limit else edge if edge < sql.ID_MAX else None
    found: defaultdict[int, list[Heap]] = defaultdict(list)
    if shown:
        for heap in await sql.heaps(tx, buckets=[(row.account_id, row.id) for row in shown], each=HEAPS_SHOWN + 1):
            found[heap.stock_id].append(heap)
    return StockPage(rows=shown, after=more, heaps=dict(found))


async def whose(tx: Tx, *, stock_id: int) -> tuple[AccountId, SiteId]:
    """For whoever has to know whether it may be seen. Errors: BucketUnknown."""
    found = await sql.whose(tx, stock_id=stock_id) if 0 < stock_id <= sql.ID_MAX else None
    if found is None:
        raise BucketUnknown(id=stock_id)
    return found


async def sheet(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, stock_id: int, before: int | None = None, limit: int
) -> BucketSheet:
    """The ledger from `before` on, down. Errors: BucketUnknown, also for a bucket of another account or place."""
    found = await sql.by_ids(tx, ids=[stock_id])
    if not found or (found[0].account_id, found[0].site_id) != (account_id, site_id):
        raise BucketUnknown(id=stock_id)
    bucket = found[0]
    lying = await sql.put_away(tx, account_id=account_id, stock_id=stock_id)
    return BucketSheet(
        bucket=bucket,
        heaps=await sql.heaps(tx, buckets=[(account_id, stock_id)], each=limit + 1),
        loose=bucket.on_hand - lying,
        moves=await sql.ledger(
            tx, account_id=account_id, stock_id=stock_id, before=before or sql.ID_MAX, limit=limit + 1
        ),
    )
