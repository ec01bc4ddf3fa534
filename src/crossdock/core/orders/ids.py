"""Order ids of 16 digits: yymmdd in the company's zone, three digits of the company, seven running ones."""

from collections import Counter
from collections.abc import Iterable, Sequence

from crossdock.base.ids import CompanyId, OrderId
from crossdock.core.orders import sql
from crossdock.core.orders.errors import OrderIdsExhausted
from crossdock.db.database import Database
from crossdock.db.errors import ConstraintBroken


class OrderIds:
    """Counts on its own, before the orders' transaction: no writer waits for another's commit to get a number.

    A number that was taken and never used stays a gap.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, companies: Sequence[CompanyId]) -> list[OrderId]:
        """One id for each, ascending within a company. Errors: OrderIdsExhausted."""
        wanted = Counter(companies)
        try:
            async with self._database.autocommit() as tx:
                blocks = await sql.count_up(tx, wanted)
        except ConstraintBroken as error:
            raise OrderIdsExhausted(companies=sorted(wanted)) from error
        return in_turn(blocks, companies)


def in_turn(blocks: Iterable[sql.Block], companies: Sequence[CompanyId]) -> list[OrderId]:
    """An id for each, out of the numbers that were taken for all of them."""
    counts = Counter(companies)
    following = {block.company_id: _first(block, counts[block.company_id]) for block in blocks}
    ids = []
    for company_id in companies:
        ids.append(OrderId(following[company_id]))
        following[company_id] += 1
    return ids


def _first(block: sql.Block, count: int) -> int:
    return (int(f"{block.day:%y%m%d}") * 1_000 + block.company_id) * 10_000_000 + block.last - count + 1
