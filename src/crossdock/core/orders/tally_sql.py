"""The statement that sums the tally of orders. Triggers fill it: see 0032_order_blocks.py."""

from typing import Final

from crossdock.db.tx import Tx

WIDTHS: Final = (1_000_000_000_000, 10_000_000, 100_000, 1_000)
"""Ids in one block, wide blocks first: a month, a company's day (see ids.py), and two that part the day."""
FOLDING: Final = 7_401_203
"""The advisory lock of who folds."""
SORT: Final = "account_id, company_id, kind, dialect, type, state"
"""What orders are tallied by."""


async def fold(tx: Tx) -> int:
    """How many rows are fewer. Whoever counts meanwhile sees the old rows or the new ones, never both."""
    if not await tx.value("SELECT pg_try_advisory_xact_lock(%(folding)s)", folding=FOLDING):
        return 0
    return int(
        await tx.value(
            f"""
WITH came AS (
    DELETE FROM order_tally WHERE block IS NOT NULL RETURNING {SORT}, block, orders
), sorts AS MATERIALIZED (
    SELECT DISTINCT {SORT} FROM came
), summed AS (
    DELETE FROM order_tally t USING sorts s
     WHERE {_same("t", "s")} AND t.block IS NULL
    RETURNING {_columns("t")}, t.orders
), sums AS (
    INSERT INTO order_tally ({SORT}, orders)
    SELECT {SORT}, sum(orders)::bigint
      FROM (SELECT {SORT}, orders FROM came UNION ALL SELECT {SORT}, orders FROM summed) every
     GROUP BY {SORT} HAVING sum(orders) <> 0
    RETURNING 1
), spread AS MATERIALIZED (
    SELECT {SORT}, width, block * %(narrowest)s / width AS block, sum(orders) AS orders
      FROM came CROSS JOIN unnest(%(widths)s::bigint[]) AS width
     GROUP BY {SORT}, width, block * %(narrowest)s / width
), blocks AS (
    DELETE FROM order_block b USING spread s
     WHERE {_same("b", "s")} AND b.width = s.width AND b.block = s.block
    RETURNING {_columns("b")}, b.width, b.block, b.orders
), kept AS (
    INSERT INTO order_block ({SORT}, width, block, orders)
    SELECT {SORT}, width, block, sum(orders)::bigint
      FROM (SELECT * FROM spread UNION ALL SELECT * FROM blocks) every
     GROUP BY {SORT}, width, block HAVING sum(orders) <> 0
)
SELECT (SELECT count(*) FROM came) + (SELECT count(*) FROM summed) - (SELECT count(*) FROM sums)
""",
            widths=list(WIDTHS),
            narrowest=WIDTHS[-1],
        )
    )


def _same(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in SORT.split(", "))


def _columns(of: str) -> str:
    return ", ".join(f"{of}.{name}" for name in SORT.split(", "))
