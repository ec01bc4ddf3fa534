"""The demo world's camera, recorded into a folder, at the pace of a test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from crossdock.base.objects import FOLDER, Objects
from crossdock.core.film import commands, queries
from crossdock.core.film.model import Camera, FilmPiece
from crossdock.film.recorder import Recorder
from tests.film.reels import CAMERA, NOON, Reel
from tests.world import World

WAIT_S_MAX = 20


class NoTime:
    """A file is played as fast as it can be read."""

    def __init__(self, start: datetime = NOON) -> None:
        self._at = start

    def now(self) -> datetime:
        return self._at

    def wait_until(self, moment: datetime) -> None:
        self._at = max(self._at, moment)


@dataclass
class Studio:
    world: World

    @property
    def objects(self) -> Objects:
        return self.world.desk.objects

    @property
    def folder(self) -> Path:
        return self.world.desk.config.var / FOLDER

    async def camera(self, **facts: Any) -> Camera:
        async with self.world.desk.database.transaction() as tx:
            found = await queries.camera_state(tx, CAMERA)
        assert found is not None
        return structs.replace(found, **facts)

    async def pieces(self) -> list[FilmPiece]:
        async with self.world.desk.database.transaction() as tx:
            return await queries.pieces_between(tx, CAMERA, datetime.min.replace(year=1970, tzinfo=NOON.tzinfo), FAR)

    async def content(self, piece: FilmPiece) -> bytes:
        return await self.objects.get(piece.object_key)

    async def keep(self, reel: Reel) -> None:
        """As if it had been recorded."""
        camera = await self.camera()
        for piece, content in reel:
            await self.objects.put(piece.object_key, content)
            async with self.world.desk.database.transaction() as tx:
                assert await commands.note_piece(tx, camera, piece)

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("film/**/*.mp4"))

    @asynccontextmanager
    async def recording(self, source: str, **how: Any) -> AsyncIterator[None]:
        """Until the block ends; then to the end of what was read."""
        given: dict[str, Any] = {
            "database": self.world.desk.database,
            "objects": self.objects,
            "clock": self.world.desk.clock,
            "free_bytes_min": 0,
            "pause_s_first": 0.01,
            "look_s": 0.01,
            **how,
        }
        until = asyncio.Event()
        running = asyncio.create_task(Recorder(await self.camera(source=source), **given).run(until))
        try:
            yield
        finally:
            until.set()
            await running

    async def until_pieces(self, count: int) -> list[FilmPiece]:
        async with asyncio.timeout(WAIT_S_MAX):
            while len(pieces := await self.pieces()) < count:
                await asyncio.sleep(0.02)
        return pieces

    async def until_failure(self, failure: str | None) -> None:
        async with asyncio.timeout(WAIT_S_MAX):
            while (await self.camera()).failure != failure:
                await asyncio.sleep(0.02)


FAR = datetime(2100, 1, 1, tzinfo=NOON.tzinfo)


@pytest.fixture
def studio(quiet_world: World) -> Studio:
    return Studio(quiet_world)
