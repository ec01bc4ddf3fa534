"""Reading what people did, newest first."""

from collections.abc import AsyncIterator
from heapq import merge

from crossdock.core.history import sql
from crossdock.core.history.model import Key, Told, Wanted
from crossdock.db.database import Database
from crossdock.db.tx import Tx

IMPORT = "import"
"""The action of a file that was taken in."""
EXPORT_ROWS_MAX = 20_000
"""A month of a large house; more is asked for in parts."""
_PAGE = 1_000


async def told(tx: Tx, wanted: Wanted, *, after: Key | None = None, limit: int) -> list[Told]:
    """Deeds from the one behind `after` on."""
    found = [await sql.of_places(tx, wanted, after=after, limit=limit)]
    if wanted.site_id is None:
        found.append(await sql.of_console(tx, wanted, after=after, limit=limit))
        if wanted.actions is None or IMPORT in wanted.actions:
            found.append(await sql.imports(tx, wanted, after=after, limit=limit))
    return list(merge(*found, key=_turn))[:limit]


async def export(database: Database, wanted: Wanted, *, rows_max: int = EXPORT_ROWS_MAX) -> AsyncIterator[Told]:
    """All of them, up to `rows_max`; no transaction stays open meanwhile."""
    after, left = None, rows_max
    while left > 0:
        async with database.autocommit() as tx:
            rows = await told(tx, wanted, after=after, limit=min(_PAGE, left))
        for row in rows:
            yield row
        if not rows:
            return
        after, left = rows[-1].key, left - len(rows)


def _turn(row: Told) -> tuple[float, int, int]:
    key = row.key
    return (-key.at.timestamp(), key.rank, -key.id)
