"""People that a setup file changes: the history of their shop is told, and sessions end."""

from collections.abc import Iterable

from crossdock.core.enterprises import commands as enterprises
from crossdock.core.staff import managing
from crossdock.core.staff.managing import Standing
from crossdock.setup.run import Run
from crossdock.setup.sql import Record

REASON = "setup file"


async def changed(run: Run, people: Iterable[tuple[Record, Record]]) -> None:
    """(before, after) of each, once they are written."""
    for before, after in people:
        await managing.was_set_up(run.tx, before=_standing(before), after=_standing(after), reason=REASON)


async def users_changed(run: Run, users: Iterable[tuple[Record, Record]]) -> None:
    """Another password ends a lock."""
    for before, after in users:
        if before["password_hash"] != after["password_hash"]:
            await enterprises.unlock(run.tx, username=after["username"])


def _standing(record: Record) -> Standing:
    return Standing(**{name: record[name] for name in Standing.__struct_fields__})
