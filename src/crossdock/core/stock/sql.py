"""Statements on buckets and their moves. Buckets are locked in the order of their ids, everywhere."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId, StockId, SubInventoryId
from crossdock.core.stock.model import Arrival, Bucket, Candidate, CompanyStock, Need, StockRow, Withdrawn
from crossdock.db.tx import Tx, columns

_BUCKET = columns(Bucket, of="s")
CANDIDATE = (
    f"{_BUCKET}, coalesce(site.settings ->> 'allocation', '') AS rule,"
    " coalesce(s.expires_on < (%(now)s::timestamptz AT TIME ZONE site.zone)::date, false) AS expired"
)
"""What to select for a Candidate, of a bucket `s` and its `site`."""


class Move(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    stock_id: StockId
    cause: str
    quantity: int = 0
    allocated: int = 0
    order_id: OrderId | None = None
    order_line_id: int | None = None


class Held(Struct, frozen=True, kw_only=True):
    """What one line of an order has set aside in one bucket."""

    order_id: OrderId
    stock_id: StockId
    order_line_id: int
    quantity: int


async def lock_for_needs(tx: Tx, needs: Sequence[tuple[AccountId, Need]]) -> list[Candidate]:
    """All buckets that could serve any of the needs, locked. Index: stock_bucket_key."""
    return await tx.many(
        Candidate,
        f"""
SELECT {CANDIDATE}
  FROM stock s JOIN site ON site.account_id = s.account_id AND site.id = s.site_id
 WHERE (s.account_id, s.product_id, s.site_id, s.sub_inventory_id, s.condition) IN (
       SELECT * FROM unnest(%(accounts)s::bigint[], %(products)s::bigint[], %(sites)s::bigint[],
                            %(subs)s::bigint[], %(conditions)s::text[]))
 ORDER BY s.id
   FOR NO KEY UPDATE OF s
""",
        now=tx.now,
        accounts=[account_id for account_id, _ in needs],
        products=[need.product_id for _, need in needs],
        sites=[need.site_id for _, need in needs],
        subs=[need.sub_inventory_id for _, need in needs],
        conditions=[need.condition for _, need in needs],
    )


async def lock(tx: Tx, *, account_id: AccountId, ids: Sequence[StockId]) -> list[Bucket]:
    return await tx.many(
        Bucket,
        f"SELECT {_BUCKET} FROM stock s WHERE s.account_id = %(account_id)s AND s.id = ANY (%(ids)s::bigint[])"
        " ORDER BY s.id FOR NO KEY UPDATE",
        account_id=account_id,
        ids=list(ids),
    )


async def lock_owners(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    owners: Collection[SubInventoryId],
    product_ids: Collection[ProductId],
) -> None:
    """Index: stock_bucket_key."""
    await tx.rows(
        """
SELECT id FROM stock
 WHERE account_id = %(account_id)s AND product_id = ANY (%(products)s::bigint[]) AND site_id = %(site_id)s
   AND sub_inventory_id = ANY (%(owners)s::bigint[])
 ORDER BY id FOR NO KEY UPDATE
""",
        account_id=account_id,
        site_id=site_id,
        owners=list(owners),
        products=list(product_ids),
    )


async def ensure_buckets(tx: Tx, *, account_id: AccountId, arrivals: Sequence[Arrival]) -> list[Bucket]:
    """The buckets these arrivals belong to, made where missing, locked."""
    keys = sorted({(a.product_id, a.site_id, a.sub_inventory_id, a.lot, a.condition) for a in arrivals})
    params: dict[str, Any] = {
        "account_id": account_id,
        "products": [key[0] for key in keys],
        "sites": [key[1] for key in keys],
        "subs": [key[2] for key in keys],
        "lots": [key[3] for key in keys],
        "conditions": [key[4] for key in keys],
    }
    given = (
        "unnest(%(products)s::bigint[], %(sites)s::bigint[], %(subs)s::bigint[], %(lots)s::text[],"
        " %(conditions)s::text[])"
    )
    await tx.execute(
        f"""
INSERT INTO stock (account_id, product_id, site_id, sub_inventory_id, lot, condition)
SELECT %(account_id)s, * FROM {given}
ON CONFLICT ON CONSTRAINT stock_bucket_key DO NOTHING
""",
        **params,
    )
    return await tx.many(
        Bucket,
        f"""
SELECT {_BUCKET} FROM stock s
 WHERE s.account_id = %(account_id)s
   AND (s.product_id, s.site_id, s.sub_inventory_id, s.lot, s.condition) IN (SELECT * FROM {given})
 ORDER BY s.id FOR NO KEY UPDATE
""",
        **params,
    )


async def set_expiry(tx: Tx, *, account_id: AccountId, days: Mapping[StockId, date]) -> None:
    await tx.execute(
        "UPDATE stock SET expires_on = g.day FROM unnest(%(ids)s::bigint[], %(days)s::date[]) AS g (id, day)"
        " WHERE stock.account_id = %(account_id)s AND stock.id = g.id",
        account_id=account_id,
        ids=list(days),
        days=list(days.values()),
    )


async def came_in(tx: Tx, *, account_id: AccountId, order_id: OrderId, cause: str) -> dict[StockId, int]:
    """Index: stock_move_account_id_order_id_idx."""
    rows = await tx.rows(
        "SELECT stock_id, sum(quantity)::bigint FROM stock_move"
        " WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND starts_with(cause, %(cause)s || ':')"
        " GROUP BY stock_id ORDER BY stock_id",
        account_id=account_id,
        order_id=order_id,
        cause=cause,
    )
    return {StockId(row[0]): int(row[1]) for row in rows}


def moved(given: str, *, only: str = "") -> str:
    """CTEs that write the moves of the CTE `given` and bring their buckets along.

    `given` has the columns of a Move. `only` is a CTE that locks the ids of all its buckets, before the first of them
    is changed. It is waited for, not joined: how many rows a CTE has is guessed too low, and then each bucket is
    held against each other one.
    """
    waited = f"AND (SELECT count(*) FROM {only}) IS NOT NULL" if only else ""
    return f"""
summed AS (
    SELECT account_id, stock_id, sum(quantity) AS quantity, sum(allocated) AS allocated
      FROM {given} GROUP BY account_id, stock_id
), changed AS (
    UPDATE stock s
       SET on_hand = s.on_hand + summed.quantity, allocated = s.allocated + summed.allocated
      FROM summed
     WHERE s.account_id = summed.account_id AND s.id = summed.stock_id {waited}
), moved AS (
    INSERT INTO stock_move (account_id, stock_id, cause, quantity, allocated, order_id, order_line_id, moved_at)
    SELECT account_id, stock_id, cause, quantity, allocated, order_id, order_line_id, %(now)s FROM {given}
)"""


_MOVE = f"""
WITH given AS (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(stocks)s::bigint[], %(causes)s::text[], %(quantities)s::bigint[],
                         %(allocations)s::bigint[], %(orders)s::bigint[], %(order_lines)s::bigint[])
           AS g (account_id, stock_id, cause, quantity, allocated, order_id, order_line_id)
), {moved("given")}
SELECT 1
"""


async def move(tx: Tx, moves: Sequence[Move]) -> None:
    """Write the moves and bring the buckets along, in one statement. The buckets are locked already."""
    await tx.execute(
        _MOVE,
        accounts=[move.account_id for move in moves],
        stocks=[move.stock_id for move in moves],
        causes=[move.cause for move in moves],
        quantities=[move.quantity for move in moves],
        allocations=[move.allocated for move in moves],
        orders=[move.order_id for move in moves],
        order_lines=[move.order_line_id for move in moves],
        now=tx.now,
    )


async def has_move(tx: Tx, *, account_id: AccountId, cause: str) -> bool:
    """Index: stock_move_account_id_cause_stock_id_key."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT 1 FROM stock_move WHERE account_id = %(account_id)s AND cause = %(cause)s)",
            account_id=account_id,
            cause=cause,
        )
    )


async def has_moved(tx: Tx, *, account_id: AccountId, stock_id: StockId, cause: str) -> bool:
    """Index: stock_move_account_id_cause_stock_id_key."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT 1 FROM stock_move"
            " WHERE account_id = %(account_id)s AND cause = %(cause)s AND stock_id = %(stock_id)s)",
            account_id=account_id,
            cause=cause,
            stock_id=stock_id,
        )
    )


async def holders(tx: Tx, *, account_id: AccountId, stock_id: StockId, limit: int) -> tuple[str, list[str]]:
    """The sku of a bucket, and the numbers of orders that have pieces of it set aside, oldest first.

    Index: stock_move_ledger_idx.
    """
    rows = await tx.rows(
        """
SELECT p.sku, o.number
  FROM stock s
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
  LEFT JOIN (SELECT account_id, order_id FROM stock_move
              WHERE account_id = %(account_id)s AND stock_id = %(stock_id)s AND order_id IS NOT NULL
              GROUP BY account_id, order_id HAVING sum(allocated) > 0) m ON m.account_id = s.account_id
  LEFT JOIN orders o ON o.account_id = m.account_id AND o.id = m.order_id
 WHERE s.account_id = %(account_id)s AND s.id = %(stock_id)s
 ORDER BY o.id LIMIT %(limit)s
""",
        account_id=account_id,
        stock_id=stock_id,
        limit=limit,
    )
    return str(rows[0][0]), [str(row[1]) for row in rows if row[1] is not None]


async def held_by(tx: Tx, *, account_id: AccountId, order_ids: Sequence[OrderId]) -> list[Held]:
    """What the orders still have set aside, by the ledger. Index: stock_move_account_id_order_id_idx."""
    return await tx.many(
        Held,
        """
SELECT order_id, stock_id, order_line_id, sum(allocated)::bigint AS quantity
  FROM stock_move
 WHERE account_id = %(account_id)s AND order_id = ANY (%(order_ids)s::bigint[]) AND order_line_id IS NOT NULL
 GROUP BY order_id, stock_id, order_line_id
HAVING sum(allocated) > 0
 ORDER BY stock_id, order_id, order_line_id
""",
        account_id=account_id,
        order_ids=list(order_ids),
    )


async def lock_held(tx: Tx, *, orders: Collection[tuple[AccountId, OrderId]]) -> None:
    """The buckets in which these orders have something set aside. Index: stock_move_account_id_order_id_idx."""
    await tx.execute(
        """
SELECT id FROM stock
 WHERE id IN (SELECT m.stock_id
                FROM unnest(%(accounts)s::bigint[], %(orders)s::bigint[]) AS o (account_id, order_id)
                JOIN stock_move m ON m.account_id = o.account_id AND m.order_id = o.order_id
               GROUP BY m.order_id, m.stock_id HAVING sum(m.allocated) > 0)
 ORDER BY id FOR NO KEY UPDATE
""",
        accounts=[account_id for account_id, _ in orders],
        orders=[order_id for _, order_id in orders],
    )


async def of_cause(tx: Tx, *, account_id: AccountId, order_id: OrderId, cause: str) -> list[Move]:
    """Moves of an order whose cause is this one, for any of its lines. Index: stock_move_account_id_order_id_idx."""
    return await tx.many(
        Move,
        f"SELECT {columns(Move)} FROM stock_move WHERE account_id = %(account_id)s AND order_id = %(order_id)s"
        " AND cause = %(cause)s || ':' || order_line_id ORDER BY stock_id, order_line_id",
        account_id=account_id,
        order_id=order_id,
        cause=cause,
    )


async def moved_for(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Withdrawn]:
    """What came or went for each line of an order, by bucket. Index: stock_move_account_id_order_id_idx."""
    return await tx.many(
        Withdrawn,
        """
SELECT m.order_line_id, m.stock_id, s.lot, s.condition, abs(sum(m.quantity))::bigint AS quantity
  FROM stock_move m JOIN stock s ON s.account_id = m.account_id AND s.id = m.stock_id
 WHERE m.account_id = %(account_id)s AND m.order_id = %(order_id)s AND m.order_line_id IS NOT NULL
 GROUP BY m.order_line_id, m.stock_id, s.lot, s.condition
HAVING sum(m.quantity) <> 0
 ORDER BY s.lot, s.condition, m.stock_id
""",
        account_id=account_id,
        order_id=order_id,
    )


async def releases(tx: Tx, *, account_id: AccountId, order_ids: Sequence[OrderId]) -> dict[OrderId, int]:
    """Orders without any are left out. Index: stock_move_account_id_order_id_idx."""
    found = await tx.rows(
        """
SELECT order_id, count(*) FROM stock_move
 WHERE account_id = %(account_id)s AND order_id = ANY (%(order_ids)s::bigint[]) AND quantity = 0 AND allocated < 0
 GROUP BY order_id
""",
        account_id=account_id,
        order_ids=list(order_ids),
    )
    return {OrderId(row[0]): int(row[1]) for row in found}


class _Counted(StockRow, frozen=True, kw_only=True):
    total: int


async def rows(
    tx: Tx,
    *,
    account_id: AccountId,
    site_codes: Sequence[str] | None,
    sub_inventory_codes: Sequence[str] | None,
    skus: Sequence[str] | None,
    start: int,
    limit: int,
) -> tuple[int, list[StockRow]]:
    given = {"site.code": site_codes, "sub.code": sub_inventory_codes, "p.sku": skus}
    asked = {column: list(wanted) for column, wanted in given.items() if wanted is not None}
    filters = {_name(column): wanted[0] if len(wanted) == 1 else wanted for column, wanted in asked.items()}
    source = _source(asked)
    found = await tx.many(
        _Counted,
        "SELECT site.code AS site, sub.code AS sub_inventory, p.id AS product_id, p.sku, p.name AS product_name,"
        f" s.lot, s.condition, s.on_hand, s.allocated, count(*) OVER () AS total {source}"
        " ORDER BY site.code, sub.code, p.sku, s.lot, s.condition OFFSET %(start)s LIMIT %(limit)s",
        account_id=account_id,
        start=start,
        limit=limit,
        **filters,
    )
    if found:
        return found[0].total, list(found)
    if not start and limit:
        return 0, []
    return int(await tx.value(f"SELECT count(*) {source}", account_id=account_id, **filters)), []


def _source(asked: Mapping[str, Sequence[str]]) -> str:
    """Buckets with the names of what they hold. One value is no array: that is cheaper to send and to plan."""
    filters = [
        f"{column} = %({_name(column)})s" if len(wanted) == 1 else f"{column} = ANY (%({_name(column)})s::text[])"
        for column, wanted in asked.items()
    ]
    where = " AND ".join(["s.account_id = %(account_id)s", *filters])
    return f"""
  FROM stock s
  JOIN site ON site.account_id = s.account_id AND site.id = s.site_id
  JOIN sub_inventory sub ON sub.account_id = s.account_id AND sub.id = s.sub_inventory_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
 WHERE {where}
"""


def _name(column: str) -> str:
    """Of a column's values in the statement."""
    return column.replace(".", "_")


async def on_hand(tx: Tx, *, account_id: AccountId, product_ids: Sequence[ProductId]) -> dict[ProductId, int]:
    """Index: stock_bucket_key."""
    rows = await tx.rows(
        "SELECT product_id, sum(on_hand)::bigint FROM stock WHERE account_id = %(account_id)s"
        " AND product_id = ANY (%(product_ids)s::bigint[]) AND condition = 'good' GROUP BY product_id",
        account_id=account_id,
        product_ids=list(product_ids),
    )
    return {ProductId(row[0]): int(row[1]) for row in rows}


async def by_company(
    tx: Tx, *, account_id: AccountId, product_ids: Sequence[ProductId], by_site: bool
) -> list[CompanyStock]:
    """Index: stock_bucket_key."""
    place = "site.id, site.name" if by_site else "NULL::bigint, NULL::text"
    return await tx.many(
        CompanyStock,
        f"""
SELECT s.product_id, c.id AS company_id, c.name AS company_name, place.id AS site_id, place.name AS site_name,
       sum(s.on_hand)::bigint AS on_hand
  FROM stock s
  JOIN site ON site.account_id = s.account_id AND site.id = s.site_id
  JOIN company c ON c.id = site.company_id
 CROSS JOIN LATERAL (SELECT {place}) AS place (id, name)
 WHERE s.account_id = %(account_id)s AND s.product_id = ANY (%(product_ids)s::bigint[]) AND s.condition = 'good'
 GROUP BY s.product_id, c.id, place.id, place.name
 ORDER BY s.product_id, c.id, place.id
""",
        account_id=account_id,
        product_ids=list(product_ids),
    )
