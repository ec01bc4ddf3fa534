"""Statements on what came in on plates."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId, SiteId, StockId
from crossdock.core.shelving.model import OnPlate
from crossdock.db.tx import Tx


async def on_plates(tx: Tx, *, account_id: AccountId, site_id: SiteId, plates: Sequence[str]) -> list[OnPlate]:
    """What was booked of the newest order that brought any of these. Index: receipt_scan_plate_idx."""
    return await tx.many(
        OnPlate,
        """
WITH booked AS (
    SELECT r.order_id, r.order_line_id, r.lot, r.condition, r.quantity FROM receipt_scan r
     WHERE r.account_id = %(account_id)s AND r.site_id = %(site_id)s AND r.plate = ANY (%(plates)s::text[])
       AND r.plate <> '' AND r.ended = 'booked'
)
SELECT b.order_id, s.id AS stock_id, sum(b.quantity)::bigint AS quantity
  FROM booked b
  JOIN orders o ON o.account_id = %(account_id)s AND o.id = b.order_id
  JOIN order_line n ON n.account_id = o.account_id AND n.id = b.order_line_id
  JOIN stock s ON s.account_id = o.account_id AND s.product_id = n.product_id AND s.site_id = %(site_id)s
              AND s.sub_inventory_id = coalesce(n.sub_inventory_id, o.sub_inventory_id) AND s.lot = b.lot
              AND s.condition = b.condition
 WHERE b.order_id = (SELECT max(order_id) FROM booked)
 GROUP BY b.order_id, s.id ORDER BY s.id
""",
        account_id=account_id,
        site_id=site_id,
        plates=list(plates),
    )


async def where_put(tx: Tx, *, account_id: AccountId, stock_ids: Sequence[StockId], cause: str) -> str:
    """The location that this cause moved one of these buckets into; empty where it moved none.

    Index: location_move_cause_key.
    """
    code = await tx.value(
        "SELECT at.code FROM location_move m"
        " JOIN location at ON at.account_id = m.account_id AND at.id = m.to_location_id"
        " WHERE m.account_id = %(account_id)s AND m.cause = %(cause)s AND m.stock_id = ANY (%(ids)s::bigint[])"
        " ORDER BY m.id LIMIT 1",
        account_id=account_id,
        cause=cause,
        ids=list(stock_ids),
    )
    return str(code or "")
