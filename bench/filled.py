"""Very many orders in a database, as they would be there after years: quickest first, and then complete.

Each order has the id and the state it would have; the ids of a company's days have gaps between the days. Indexes are
built when the rows are there, and the tally is filled with what the triggers would have written and is folded as each
minute does it. Of every tenth order a code was issued at one shop. Only orders that a list shows have a line.
"""

import asyncio
from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

import psycopg

from crossdock.base.clock import SystemClock
from crossdock.core.orders import tally
from crossdock.db.database import Database

PER_DAY: Final = 10_000
FIRST_DAY: Final = date(2023, 3, 1)
COMPANY: Final = 36
SHOP: Final = 12
PER_CODE: Final = 10
CHUNK: Final = 500_000
BUILD_MEMORY: Final = "1GB"
"""For one index at a time."""
TABLES: Final = ("orders", "handover")
STATES: Final = ("shipped", "shipped", "delivered")
"""Of the first order, the second and the third, and so on, but:"""
ALLOCATED_EACH: Final = 50
"""is not shipped yet."""
CODES_USED_OF: Final = 100
"""Codes in a row of which all are used but the first three: unused, expired, canceled."""

_ID: Final = (
    f"(to_char(date '{FIRST_DAY}' + ((n - 1) / {PER_DAY})::int, 'YYMMDD')::bigint * 1000 + {COMPANY}) * 10000000"
    f" + (n - 1) %% {PER_DAY} + 1"
)
_ORDERS: Final = f"""
INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, service_id, recipient, token,
                    pieces, created_at, updated_at, finished_at)
SELECT id, 47, {COMPANY}, 'outbound', id::text, 'birdsystem', CASE WHEN n %% 10 = 0 THEN 'DIRECT' ELSE 'LOCAL' END,
       CASE WHEN n %% {ALLOCATED_EACH} = 0 THEN 'allocated' ELSE (%(states)s::text[])[1 + (n - 1) %% 3] END, 5217,
       '{{"contact": "Alex Sample", "country_iso": "GB", "post_code": "PR9 0ZZ"}}',
       md5(n::text) || substr(md5(n::text), 1, 8), 1, at,
       CASE WHEN n > %(lately)s::bigint THEN now() - interval '10 minutes' ELSE at END, at
  FROM (SELECT n, {_ID} AS id, date '{FIRST_DAY}' + (n - 1) * interval '1 day' / {PER_DAY} AS at
          FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) made
"""
_CODES: Final = f"""
INSERT INTO handover (account_id, site_id, place, order_id, order_number, state, key, full_name, mobile, used_at,
                      created_at, updated_at)
SELECT 47, {SHOP}, 'shop', id, id::text,
       CASE c %% {CODES_USED_OF} WHEN 0 THEN 'unused' WHEN 1 THEN 'expired' WHEN 2 THEN 'canceled' ELSE 'used' END,
       lpad((c %% 1000000)::text, 6, '0'), '王演示', '13900000000', CASE WHEN c %% {CODES_USED_OF} > 2 THEN at END,
       at, at
  FROM (SELECT n / {PER_CODE} AS c, {_ID} AS id, date '{FIRST_DAY}' + (n - 1) * interval '1 day' / {PER_DAY} AS at
          FROM generate_series(%(first)s::bigint, %(last)s::bigint, {PER_CODE}) AS n) made
"""
_TALLIED: Final = """
INSERT INTO order_tally (account_id, company_id, kind, dialect, type, state, block, orders)
SELECT account_id, company_id, kind, dialect, type, state, id / 1000, count(*)
  FROM orders GROUP BY account_id, company_id, kind, dialect, type, state, id / 1000
"""
_LINES: Final = """
INSERT INTO order_line (account_id, order_id, line_no, line_key, product_id, sku, quantity, done)
SELECT 47, id, 1, '1', 2989068, '00131031', 1, 1 FROM unnest(%(ids)s::bigint[]) AS id
"""


def order_id(n: int) -> int:
    """Of the n-th order; the first is 1."""
    day, number = divmod(n - 1, PER_DAY)
    return (int(f"{FIRST_DAY + timedelta(days=day):%y%m%d}") * 1_000 + COMPANY) * 10_000_000 + number + 1


def finished(n: int) -> int:
    """How many of the first n orders have left."""
    return n - n // ALLOCATED_EACH


def nth_finished(rank: int) -> int:
    """Which order is the rank-th of those that have left, the first being 1."""
    return rank + (rank - 1) // (ALLOCATED_EACH - 1)


def fill(conn: psycopg.Connection, url: str, *, orders: int, lately: int, with_lines: Collection[int]) -> None:
    """`lately`: how many of the newest changed ten minutes ago; `with_lines`: ids of the orders that have a line."""
    indexes = "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = ANY (%s::regclass[])"
    conn.execute("SET session_replication_role = replica")  # no trigger, and no foreign key that holds anyway
    conn.execute(f"SET maintenance_work_mem = '{BUILD_MEMORY}'")
    conn.execute(indexes, (list(TABLES),))
    for first in range(1, orders + 1, CHUNK):
        span = {"first": first, "last": min(first + CHUNK - 1, orders)}
        conn.execute(_ORDERS.encode(), span | {"lately": orders - lately, "states": list(STATES)})
        conn.execute(_CODES.encode(), span | {"first": -(-first // PER_CODE) * PER_CODE})
    for table in TABLES:
        conn.execute(f"REINDEX TABLE {table}".encode())
    conn.execute(_LINES.encode(), {"ids": sorted(with_lines)})
    conn.execute("SET session_replication_role = origin")
    conn.execute(_TALLIED.encode())
    asyncio.run(_fold(url))
    conn.execute("VACUUM (ANALYZE) orders, handover, order_line, order_tally, order_block")
    conn.execute("CHECKPOINT")


async def _fold(url: str) -> None:
    async with Database(url, SystemClock(), connections=1) as database, database.transaction() as tx:
        await tally.fold(tx)
