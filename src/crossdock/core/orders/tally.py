"""How many orders there are of each sort: a row for each change, and now and then their sums instead."""

from crossdock.core.orders import tally_sql
from crossdock.db.tx import Tx


async def fold(tx: Tx) -> int:
    """One row instead of many, wherever there are many; how many are gone. Any number may do it at once."""
    return await tally_sql.fold(tx)
