"""How many orders there are of each sort, and in each block of ids: a row for each change, and now and then their
sums instead."""

from crossdock.core.orders import tally_sql
from crossdock.db.tx import Tx


async def fold(tx: Tx) -> int:
    """One row instead of many, wherever there are many; how many are gone.

    Any number may ask for it at once: while one is at it, the others do nothing.
    """
    return await tally_sql.fold(tx)
