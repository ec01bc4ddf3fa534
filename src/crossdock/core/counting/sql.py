"""Statements on counts and what was scanned in them."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.base import json
from crossdock.base.ids import AccountId, LocationId, ProductId, SiteId, StaffId
from crossdock.core.counting.model import Count, Line, Scan
from crossdock.core.stock.model import Condition
from crossdock.db.tx import Tx

_COUNT = """
SELECT c.id, c.account_id, c.site_id, c.location_id, at.code AS location, c.staff_id, s.username AS by, c.round,
       c.state, coalesce(c.found, '{}') AS found, c.started_at, c.ended_at
  FROM location_count c
  JOIN location at ON at.account_id = c.account_id AND at.id = c.location_id
  JOIN staff s ON s.id = c.staff_id
 WHERE c.account_id = %(account_id)s AND c.site_id = %(site_id)s
"""


async def begin(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    location_id: LocationId,
    staff_id: StaffId,
    books: Mapping[str, int],
) -> int:
    """The one that is open there, made where there is none, held. Key: location_count_open_key."""
    return int(
        await tx.value(
            """
INSERT INTO location_count (account_id, site_id, location_id, staff_id, found, started_at)
VALUES (%(account_id)s, %(site_id)s, %(location_id)s, %(staff_id)s, %(found)s::jsonb, %(now)s)
ON CONFLICT (account_id, location_id) WHERE state = 'open' DO UPDATE SET round = location_count.round
RETURNING id
""",
            account_id=account_id,
            site_id=site_id,
            location_id=location_id,
            staff_id=staff_id,
            found=json.text({"books": books}),
            now=tx.now,
        )
    )


async def count(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, count_id: int, locked: bool = False
) -> Count | None:
    return await tx.one_or_none(
        Count,
        f"{_COUNT} AND c.id = %(count_id)s" + (" FOR NO KEY UPDATE OF c" if locked else ""),
        account_id=account_id,
        site_id=site_id,
        count_id=count_id,
    )


async def open_counts(tx: Tx, *, account_id: AccountId, site_id: SiteId, limit: int) -> list[Count]:
    """Oldest first. Index: location_count_open_key."""
    return await tx.many(
        Count,
        f"{_COUNT} AND c.state = 'open' ORDER BY c.id LIMIT %(limit)s",
        account_id=account_id,
        site_id=site_id,
        limit=limit,
    )


async def open_count(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> int:
    """Index: location_count_open_key."""
    return int(
        await tx.value(
            "SELECT count(*) FROM location_count"
            " WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND state = 'open'",
            account_id=account_id,
            site_id=site_id,
        )
    )


async def next_round(tx: Tx, *, account_id: AccountId, count_id: int, books: Mapping[str, int]) -> None:
    await tx.execute(
        "UPDATE location_count SET round = round + 1, found = %(found)s::jsonb"
        " WHERE account_id = %(account_id)s AND id = %(count_id)s",
        account_id=account_id,
        count_id=count_id,
        found=json.text({"books": books}),
    )


async def end(tx: Tx, *, account_id: AccountId, count_id: int, state: str, found: Mapping[str, Any]) -> None:
    await tx.execute(
        "UPDATE location_count SET state = %(state)s, found = %(found)s::jsonb, ended_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(count_id)s",
        account_id=account_id,
        count_id=count_id,
        state=state,
        found=json.text(found),
        now=tx.now,
    )


async def add_scan(
    tx: Tx,
    *,
    count: Count,
    product_id: ProductId,
    lot: str,
    condition: Condition,
    quantity: int,
    staff_id: StaffId,
    operation_id: str,
) -> None:
    """Nothing where the operation did so before. Key: count_scan_operation_key."""
    await tx.execute(
        """
INSERT INTO count_scan (account_id, count_id, round, product_id, lot, condition, quantity, staff_id, operation_id,
                        scanned_at)
VALUES (%(account_id)s, %(count_id)s, %(round)s, %(product_id)s, %(lot)s, %(condition)s, %(quantity)s, %(staff_id)s,
        %(operation_id)s, %(now)s)
ON CONFLICT ON CONSTRAINT count_scan_operation_key DO NOTHING
""",
        account_id=count.account_id,
        count_id=count.id,
        round=count.round,
        product_id=product_id,
        lot=lot,
        condition=condition,
        quantity=quantity,
        staff_id=staff_id,
        operation_id=operation_id,
        now=tx.now,
    )


async def scans(tx: Tx, *, count: Count) -> list[Scan]:
    """Of this round, newest first. Index: count_scan_operation_key."""
    return await tx.many(
        Scan,
        """
SELECT n.id, n.product_id, p.sku, p.name, n.lot, n.condition, n.quantity, s.username AS by
  FROM count_scan n
  JOIN product p ON p.account_id = n.account_id AND p.id = n.product_id
  JOIN staff s ON s.id = n.staff_id
 WHERE n.account_id = %(account_id)s AND n.count_id = %(count_id)s AND n.round = %(round)s
   AND n.taken_back_at IS NULL
 ORDER BY n.id DESC
""",
        account_id=count.account_id,
        count_id=count.id,
        round=count.round,
    )


async def take_back(tx: Tx, *, count: Count, scan_id: int) -> int:
    """How many scans were taken back: one, or none."""
    return await tx.execute(
        "UPDATE count_scan SET taken_back_at = %(now)s WHERE account_id = %(account_id)s AND id = %(scan_id)s"
        " AND count_id = %(count_id)s AND round = %(round)s AND taken_back_at IS NULL",
        account_id=count.account_id,
        count_id=count.id,
        round=count.round,
        scan_id=scan_id,
        now=tx.now,
    )


async def buckets_like(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    kinds: Sequence[tuple[ProductId, str, Condition]],
) -> list[Line]:
    """All buckets of the site that goods of these products, lots and conditions could be in.

    Index: stock_bucket_key.
    """
    return await tx.many(
        Line,
        """
SELECT s.id AS stock_id, s.product_id, p.sku, p.name AS product_name, s.lot, s.condition, sub.code AS owner,
       0::bigint AS books, 0::bigint AS counted
  FROM unnest(%(products)s::bigint[], %(lots)s::text[], %(conditions)s::text[]) AS g (product_id, lot, condition)
  JOIN stock s ON s.account_id = %(account_id)s AND s.product_id = g.product_id AND s.site_id = %(site_id)s
              AND s.lot = g.lot AND s.condition = g.condition
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
  JOIN sub_inventory sub ON sub.account_id = s.account_id AND sub.id = s.sub_inventory_id
 ORDER BY s.id
""",
        account_id=account_id,
        site_id=site_id,
        products=[kind[0] for kind in kinds],
        lots=[kind[1] for kind in kinds],
        conditions=[kind[2] for kind in kinds],
    )
