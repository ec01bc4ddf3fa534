"""Film whose time is over, and files that no piece names."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import structlog
from msgspec import Struct

from crossdock.base.errors import Unavailable
from crossdock.base.objects import Objects
from crossdock.core.film import commands
from crossdock.db.database import Database

FOLDER: Final = "film"
"""Where keys of film begin."""
EVERY_S: Final = 600.0
LEFT_AFTER: Final = timedelta(hours=1)
"""A file that no piece names is left over when it is so old; a younger one may be noted any moment."""

log = structlog.get_logger(__name__)


class Swept(Struct, frozen=True, kw_only=True):
    pieces: int
    left_over: int


async def keep_sweeping(database: Database, objects: Objects) -> None:
    """Until cancelled."""
    while True:
        try:
            swept = await sweep(database, objects)
            if swept.pieces or swept.left_over:
                log.info("film swept", pieces=swept.pieces, left_over=swept.left_over)
        except Unavailable as error:
            log.warning("film not swept now", cause=type(error).__name__)
        except Exception:
            log.exception("film could not be swept")
        await asyncio.sleep(EVERY_S)


async def sweep(database: Database, objects: Objects) -> Swept:
    """In batches: off the record first, then the files. A file that stays behind is left over, and goes another time.

    Errors: Unavailable.
    """
    async with database.transaction(readonly=True) as tx:
        kept_days = await commands.kept_days(tx)
    pieces = 0
    for camera_id, days in kept_days.items():
        while True:
            async with database.transaction() as tx:
                keys = await commands.sweep(tx, camera_id=camera_id, days=days)
            await objects.delete(keys)
            pieces += len(keys)
            if len(keys) < commands.SWEPT_AT_ONCE:
                break
    left_over = 0
    async for keys_left in _left_over(database, objects):
        await objects.delete(keys_left)
        left_over += len(keys_left)
    return Swept(pieces=pieces, left_over=left_over)


async def would_sweep(database: Database, objects: Objects) -> tuple[list[commands.Old], int]:
    """Of each camera that has any what is over, and how many files are left over. Errors: Unavailable."""
    async with database.transaction(readonly=True) as tx:
        kept_days = await commands.kept_days(tx)
        old = [await commands.old(tx, camera_id=camera_id, days=days) for camera_id, days in kept_days.items()]
    return [one for one in old if one.pieces], sum([len(keys) async for keys in _left_over(database, objects)])


async def _left_over(database: Database, objects: Objects) -> AsyncIterator[list[str]]:
    async for found in objects.listed(FOLDER):
        async with database.transaction(readonly=True) as tx:
            old = [key for key, stored_at in found.items() if stored_at < tx.now - LEFT_AFTER]
            unknown = await commands.unknown_keys(tx, old) if old else set()
        if unknown:
            yield sorted(unknown)
