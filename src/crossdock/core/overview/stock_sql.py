"""Statements that list buckets, where they lie, and the ledger from its end. Nothing is written here."""

from collections.abc import Sequence
from typing import Any

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.overview.model import BucketRow, Heap, MoveRow, Sight, StockFilter
from crossdock.core.overview.order_sql import MOVE, OF_BUCKET
from crossdock.db.tx import Tx

ID_MAX = 2**63 - 1
_ROW = """
SELECT s.id, s.account_id, a.code AS account, s.site_id, site.code AS site, sub.code AS owner, s.product_id, p.sku,
       p.name AS product, s.lot, s.condition, s.on_hand, s.allocated, s.expires_on
"""
_NAMES = """
  JOIN account a ON a.id = s.account_id
  JOIN site ON site.id = s.site_id
  JOIN sub_inventory sub ON sub.id = s.sub_inventory_id
  JOIN product p ON p.id = s.product_id
"""
_FILTERS = {
    "site": "s.site_id IN (SELECT id FROM site WHERE code = %(site)s AND account_id = ANY (%(accounts)s::bigint[]))",
    "owner": "s.sub_inventory_id IN (SELECT id FROM sub_inventory"
    " WHERE code = %(owner)s AND account_id = ANY (%(accounts)s::bigint[]))",
    "lot": "s.lot = %(lot)s",
    "condition": "s.condition = %(condition)s",
}


def _asked(sight: Sight, wanted: StockFilter) -> tuple[str, dict[str, Any]]:
    given = {name: getattr(wanted, name) for name in _FILTERS if getattr(wanted, name)}
    fits = "".join(f" AND {_FILTERS[name]}" for name in given)
    if sight.site_id is not None:
        fits += " AND s.site_id = %(site_id)s"
    return fits, {**given, "accounts": list(sight.account_ids), "site_id": sight.site_id}


async def of_products(tx: Tx, *, sight: Sight, wanted: StockFilter, after: int, limit: int) -> list[BucketRow]:
    """All buckets of a product are few. Index: stock_bucket_key."""
    fits, params = _asked(sight, wanted)
    return await tx.many(
        BucketRow,
        f"""
{_ROW}
  FROM (SELECT s.* FROM unnest(%(accounts)s::bigint[]) AS seen (account_id)
         CROSS JOIN unnest(%(products)s::bigint[]) AS given (product_id)
         CROSS JOIN LATERAL (SELECT * FROM stock s WHERE s.account_id = seen.account_id
                                AND s.product_id = given.product_id AND s.id > %(after)s OFFSET 0) s) s
{_NAMES}
 WHERE true{fits}
 ORDER BY s.id LIMIT %(limit)s
""",
        **params,
        products=list(wanted.product_ids or ()),
        after=after,
        limit=limit,
    )


async def walked(
    tx: Tx, *, sight: Sight, wanted: StockFilter, after: int, each: int, limit: int
) -> tuple[int, list[BucketRow]]:
    """Those after `after` that fit, and how far was looked: ID_MAX to the end. Each account reads `each` buckets
    where some may not fit.

    Index: stock_account_id_id_key.
    """
    fits, params = _asked(sight, wanted)
    each = max(each, limit) if fits else limit
    params |= {"after": after, "each": each, "limit": limit, "end": ID_MAX}
    looked = """
WITH looked AS MATERIALIZED (
    SELECT s.* FROM unnest(%(accounts)s::bigint[]) AS seen (account_id)
     CROSS JOIN LATERAL (SELECT * FROM stock s WHERE s.account_id = seen.account_id AND s.id > %(after)s
                          ORDER BY s.id LIMIT %(each)s) s
), edge AS (
    SELECT coalesce(min(high), %(end)s) AS id
      FROM (SELECT max(id) AS high FROM looked GROUP BY account_id HAVING count(*) >= %(each)s) cut
)
"""
    [(edge, ids)] = await tx.rows(
        f"{looked} SELECT edge.id, ARRAY(SELECT s.id FROM looked s WHERE s.id <= edge.id{fits}"
        " ORDER BY s.id LIMIT %(limit)s) FROM edge",
        **params,
    )
    rows = await by_ids(tx, ids=ids) if ids else []
    return int(edge), rows


async def by_ids(tx: Tx, *, ids: Sequence[int]) -> list[BucketRow]:
    """Those buckets; whoever asks has looked whose they are. Index: stock_pkey."""
    return await tx.many(
        BucketRow,
        f"""
{_ROW}
  FROM unnest(%(ids)s::bigint[]) AS given (id)
 CROSS JOIN LATERAL (SELECT * FROM stock s WHERE s.id = given.id OFFSET 0) s
{_NAMES}
 ORDER BY s.id
""",
        ids=list(ids),
    )


async def whose(tx: Tx, *, stock_id: int) -> tuple[AccountId, SiteId] | None:
    """Index: stock_pkey."""
    found = await tx.rows("SELECT account_id, site_id FROM stock WHERE id = %(id)s", id=stock_id)
    return (found[0][0], found[0][1]) if found else None


async def heaps(tx: Tx, *, buckets: Sequence[tuple[AccountId, int]], each: int) -> list[Heap]:
    """Up to `each` of every bucket, as the locations were made. Index: located_pkey."""
    return await tx.many(
        Heap,
        """
SELECT l.stock_id, location.code AS location, location.kind, l.quantity
  FROM unnest(%(accounts)s::bigint[], %(stocks)s::bigint[]) AS given (account_id, stock_id)
 CROSS JOIN LATERAL (SELECT * FROM located l
                      WHERE l.account_id = given.account_id AND l.stock_id = given.stock_id
                      ORDER BY l.location_id LIMIT %(each)s) l
  JOIN location ON location.id = l.location_id
 ORDER BY l.stock_id, l.location_id
""",
        accounts=[bucket[0] for bucket in buckets],
        stocks=[bucket[1] for bucket in buckets],
        each=each,
    )


async def put_away(tx: Tx, *, account_id: AccountId, stock_id: int) -> int:
    """Pieces of it that lie in locations. Index: located_pkey."""
    return int(
        await tx.value(
            "SELECT coalesce(sum(quantity), 0)::bigint FROM located"
            " WHERE account_id = %(account_id)s AND stock_id = %(stock_id)s",
            account_id=account_id,
            stock_id=stock_id,
        )
    )


async def ledger(tx: Tx, *, account_id: AccountId, stock_id: int, before: int, limit: int) -> list[MoveRow]:
    """The last move first. Index: stock_move_ledger_idx."""
    return await tx.many(
        MoveRow,
        f"""
{MOVE}
  FROM (SELECT * FROM stock_move
         WHERE account_id = %(account_id)s AND stock_id = %(stock_id)s AND id < %(before)s
         ORDER BY id DESC LIMIT %(limit)s) m
{OF_BUCKET}
 ORDER BY m.id DESC
""",
        account_id=account_id,
        stock_id=stock_id,
        before=before,
        limit=limit,
    )
