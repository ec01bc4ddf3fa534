"""The statement that sums the tally of orders. Triggers fill it: see 0005_catalog.py."""

from crossdock.db.tx import Tx

_SORT = "account_id, company_id, kind, dialect, type, state"


async def fold(tx: Tx) -> int:
    """How many rows are fewer. Whoever counts meanwhile sees the old rows or the new one, never both.

    A second fold waits for the rows of the first and finds them gone.
    """
    return int(
        await tx.value(
            f"""
WITH many AS MATERIALIZED (
    SELECT {_SORT} FROM order_tally GROUP BY {_SORT} HAVING count(*) > 1
), gone AS (
    DELETE FROM order_tally t USING many m
     WHERE t.account_id = m.account_id AND t.company_id = m.company_id AND t.kind = m.kind
       AND t.dialect = m.dialect AND t.type = m.type AND t.state = m.state
    RETURNING t.*
), summed AS (
    INSERT INTO order_tally ({_SORT}, orders)
    SELECT {_SORT}, sum(orders)::bigint FROM gone GROUP BY {_SORT} HAVING sum(orders) <> 0
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM summed)
"""
        )
    )
