"""Records the demo's camera in pieces of half a second, until it is killed: `python -m ... URL VAR SOURCE`."""

import asyncio
import sys
from pathlib import Path

from crossdock.base.clock import SystemClock
from crossdock.base.objects import Objects
from crossdock.core.film import queries
from crossdock.db.database import Database
from crossdock.film.recorder import Recorder


async def main(url: str, var: str, source: str) -> None:
    async with Database(url, SystemClock(), connections=2) as database:
        async with database.transaction() as tx:
            await tx.execute("UPDATE camera SET source = %(source)s WHERE id = 7001", source=source)
            camera = await queries.camera_named(tx, "7001")
        objects = Objects(None, var=Path(var))
        recorder = Recorder(
            camera, database=database, objects=objects, clock=SystemClock(), free_bytes_min=0, piece_s=0.5
        )
        await recorder.run(asyncio.Event())


asyncio.run(main(*sys.argv[1:]))
