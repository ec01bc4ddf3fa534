"""Statements that find orders and products by whatever is printed on them. Nothing is written here."""

from collections.abc import Collection, Sequence
from typing import Final, get_args

from crossdock.base.ids import OrderId
from crossdock.core.orders.model import Kind
from crossdock.core.overview.model import OrderRow, ProductRow, Sight
from crossdock.db.tx import Tx

_ACCOUNTS: Final = "(SELECT unnest(%(accounts)s::bigint[]) AS account_id) seen"
_NUMBERED: Final = """
 CROSS JOIN LATERAL (SELECT o.id FROM orders o
                      WHERE o.account_id = {account} AND o.kind = ANY (%(kinds)s::text[]) AND o.number = {number}
                      OFFSET 0) o
"""
WAYS: Final = {
    "id": "SELECT id FROM orders WHERE id = ANY (%(ids)s::bigint[])",
    "number": f"""
SELECT o.id FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
{_NUMBERED.format(account="seen.account_id", number="given.text")}
""",
    "reference": f"""
SELECT o.id FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT o.id FROM orders o
                      WHERE o.account_id = seen.account_id AND o.reference = given.text LIMIT %(most)s) o
""",
    "tracking": """
SELECT o.id FROM orders o
 WHERE o.tracking_number = ANY (%(texts)s::text[]) AND o.account_id = ANY (%(accounts)s::bigint[]) LIMIT %(most)s
""",
    "waybill": f"""
SELECT unnest(ARRAY[w.order_id, w.leg_id]) FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT w.order_id, w.leg_id FROM waybill w
                      WHERE w.account_id = seen.account_id AND w.mailno = given.text LIMIT %(most)s) w
""",
    "parcel": f"""
SELECT h.order_id FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT h.order_id FROM handover h
                      WHERE h.account_id = seen.account_id AND h.order_number = given.text
                        AND h.place = 'locker' AND h.state <> 'deleted'
                     UNION ALL
                     SELECT h.order_id FROM handover h
                      WHERE h.account_id = seen.account_id AND h.order_number = given.text
                        AND h.place = 'shop' AND h.state IN ('unused', 'used')) h
""",
    "code": f"""
SELECT h.order_id FROM {_ACCOUNTS} JOIN site s ON s.account_id = seen.account_id
 CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT h.order_id FROM handover h
                      WHERE h.site_id = s.id AND h.key = given.text
                        AND h.state IN ('booked', 'stored', 'unused')) h
""",
    "packing": f"""
SELECT p.order_id FROM {_ACCOUNTS} JOIN enterprise e ON e.account_id = seen.account_id
 CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT p.order_id FROM packing p
                      WHERE p.enterprise_id = e.id AND p.order_number = given.text) p
""",
    "serial": f"""
SELECT unnest(ARRAY[u.shipped_order_id, u.received_order_id])
  FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT u.shipped_order_id, u.received_order_id FROM unit u
                      WHERE u.account_id = seen.account_id AND u.code = given.text LIMIT %(most)s) u
""",
    "announced": f"""
SELECT o.id FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT a.order_number FROM announced_serial a
                      WHERE a.account_id = seen.account_id AND a.code = given.text LIMIT %(most)s) a
{_NUMBERED.format(account="seen.account_id", number="a.order_number")}
""",
    "plate": f"""
SELECT p.order_id FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT p.order_id FROM plate p
                      WHERE p.account_id = seen.account_id AND p.code = given.text AND p.order_id IS NOT NULL
                      LIMIT %(most)s) p
""",
    "awaited": f"""
SELECT o.id FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT p.source_number FROM plate p
                      WHERE p.account_id = seen.account_id AND p.code = given.text LIMIT %(most)s) p
{_NUMBERED.format(account="seen.account_id", number="p.source_number")}
""",
    "tote": f"""
SELECT t.order_id FROM {_ACCOUNTS} JOIN site s ON s.account_id = seen.account_id
 CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
 CROSS JOIN LATERAL (SELECT l.id FROM location l
                      WHERE l.account_id = s.account_id AND l.site_id = s.id AND l.code = given.text) l
 CROSS JOIN LATERAL (SELECT coalesce(t.order_id, w.order_id) AS order_id FROM tote_use t
                       LEFT JOIN wave_order w ON t.order_id IS NULL AND w.account_id = t.account_id
                                             AND w.wave_id = t.wave_id
                      WHERE t.account_id = s.account_id AND t.tote_id = l.id AND t.freed_at IS NULL
                      LIMIT %(most)s) t
""",
}
"""What a number may be, and the statement that finds the orders behind it; each has an index."""


async def hits(tx: Tx, *, sight: Sight, texts: Collection[str], ids: Collection[int], most: int) -> list[OrderId]:
    """Newest numbers first, none twice."""
    site = "" if sight.site_id is None else " AND o.site_id = %(site_id)s"
    rows = await tx.rows(
        f"""
WITH hit AS MATERIALIZED ({" UNION ALL ".join(f"({way})" for way in WAYS.values())})
SELECT o.id FROM (SELECT DISTINCT id FROM hit WHERE id IS NOT NULL) one
 CROSS JOIN LATERAL (SELECT o.id FROM orders o
                      WHERE o.id = one.id AND o.account_id = ANY (%(accounts)s::bigint[]){site} OFFSET 0) o
 ORDER BY o.id DESC LIMIT %(most)s
""",
        accounts=list(sight.account_ids),
        site_id=sight.site_id,
        kinds=list(get_args(Kind)),
        texts=list(texts),
        ids=list(ids),
        most=most,
    )
    return [OrderId(row[0]) for row in rows]


async def rows(tx: Tx, *, order_ids: Sequence[OrderId]) -> list[OrderRow]:
    """Those orders, newest numbers first; whoever asks has looked whose they are. Index: orders_pkey."""
    return await tx.many(
        OrderRow,
        """
SELECT o.id, o.account_id, a.code AS account, o.kind, o.number, o.type, o.dialect, o.state, s.code AS site,
       o.reference, o.tracking_number, o.pieces, o.created_at, o.updated_at
  FROM unnest(%(ids)s::bigint[]) AS given (id)
 CROSS JOIN LATERAL (SELECT * FROM orders o WHERE o.id = given.id OFFSET 0) o
  JOIN account a ON a.id = o.account_id
  LEFT JOIN site s ON s.id = o.site_id
 ORDER BY o.id DESC
""",
        ids=list(order_ids),
    )


async def products(tx: Tx, *, sight: Sight, texts: Collection[str], most: int) -> list[ProductRow]:
    """By sku or bar code, by account. Index: product_account_id_sku_key, product_code_pkey."""
    return await tx.many(
        ProductRow,
        f"""
SELECT p.id, p.account_id, a.code AS account, p.sku, p.name
  FROM (SELECT p.id FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
         CROSS JOIN LATERAL (SELECT p.id FROM product p
                              WHERE p.account_id = seen.account_id AND p.sku = given.text) p
        UNION
        SELECT c.product_id FROM {_ACCOUNTS} CROSS JOIN unnest(%(texts)s::text[]) AS given (text)
         CROSS JOIN LATERAL (SELECT c.product_id FROM product_code c
                              WHERE c.account_id = seen.account_id AND c.code = given.text) c) found
  JOIN product p ON p.id = found.id
  JOIN account a ON a.id = p.account_id
 ORDER BY a.code, p.sku LIMIT %(most)s
""",
        accounts=list(sight.account_ids),
        texts=list(texts),
        most=most,
    )
