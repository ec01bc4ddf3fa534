"""Writing down what tries brought. Those that end at the same time share one transaction, and one flush to disk."""

from typing import Final

from msgspec import Struct

from crossdock.base.errors import CrossdockError
from crossdock.db.database import Database
from crossdock.db.intake import Intake
from crossdock.delivery import sql
from crossdock.delivery.model import Claimed, Tried, Verdict, verdict

WRITERS: Final = 1
"""While one batch is written the next one gathers: two writers would make smaller ones."""


class Note(Struct, frozen=True, kw_only=True):
    claimed: Claimed
    tried: Tried
    waits_s: tuple[int, ...]


class Noted(Struct, frozen=True, kw_only=True):
    verdict: Verdict
    ours: bool
    """False: the claim had ended, and another worker decides what becomes of the callback."""


class Notes:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._intake: Intake[Note, Noted] = Intake(self._write, key=lambda note: note.claimed.id, writers=WRITERS)

    async def put(self, note: Note) -> Noted:
        """On disk when it returns. Errors: Unavailable, and what keeps this one from being written."""
        return await self._intake.put(note)

    async def _write(self, notes: list[Note]) -> list[Noted | CrossdockError]:
        async with self._database.transaction() as tx:
            closings = [
                (
                    note.claimed,
                    note.tried,
                    verdict(note.tried, attempts=note.claimed.attempts, waits_s=note.waits_s, now=tx.now),
                )
                for note in notes
            ]
            ours = await sql.close(tx, closings)
        return [Noted(verdict=found, ours=claimed.id in ours) for claimed, _, found in closings]
