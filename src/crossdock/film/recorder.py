"""Recording one camera: a thread reads its stream and cuts it, this side stores the pieces and notes them.

A piece's file is stored before its row is written. Who is killed in between leaves a file that nobody names, which
the sweep removes, and never a row without film.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from crossdock.base.clock import Clock
from crossdock.base.errors import CrossdockError, Unavailable
from crossdock.base.objects import Objects
from crossdock.base.tasks import stopped
from crossdock.core.film import commands
from crossdock.core.film.model import Camera, Failure, FilmPiece
from crossdock.db.database import Database
from crossdock.film.pieces import PIECE_S, Cut, Cutter
from crossdock.film.streams import NoFilm, Pace, RealPace, http_offset_ms, is_live, opened, packets
from crossdock.film.sweep import FOLDER

PAUSE_S_FIRST: Final = 1.0
PAUSE_S_MAX: Final = 60.0
"""Between two tries to reach a camera."""
WAITING_MAX: Final = 6
"""Pieces that wait to be stored, a minute of film: while the storage is slower than the camera, pieces are lost."""
LOOK_S: Final = 10.0
"""How often a disk without room is looked at, and how soon a lost database is asked again."""
OFFSET_NEWS_MS: Final = 100
"""A camera's clock that moved by less is not noted anew."""

log = structlog.get_logger(__name__)


class Stopped(Exception):
    """Recording of the camera ended for this reason."""

    def __init__(self, failure: Failure) -> None:
        self.failure: Failure = failure
        super().__init__(failure)


class Recorder:
    """Of one camera, for as long as `run` runs."""

    def __init__(
        self,
        camera: Camera,
        *,
        database: Database,
        objects: Objects,
        clock: Clock,
        free_bytes_min: int,
        piece_s: float = PIECE_S,
        pace: Pace | None = None,
        pause_s_first: float = PAUSE_S_FIRST,
        look_s: float = LOOK_S,
    ) -> None:
        self._camera = camera
        self._database = database
        self._objects = objects
        self._clock = clock
        self._free_bytes_min = free_bytes_min
        self._piece_s = piece_s
        self._pace = pace
        self._pause_s_first = pause_s_first
        self._look_s = look_s
        self._last_end = camera.recorded_at
        self._offset_ms = camera.offset_ms
        self._stored = 0

    async def run(self, until: asyncio.Event) -> None:
        """Record until told to stop, and then to the end of what was read; whatever fails is tried again."""
        pause_s = self._pause_s_first
        while not until.is_set():
            stored = self._stored
            try:
                await self._record(until)
            except Stopped as error:
                await self._fail(error.failure)
                wait_s = self._look_s if error.failure == "disk_full" else pause_s
            except Exception:
                log.exception("recording failed", camera=self._camera.id)
                wait_s = pause_s
            else:
                wait_s = pause_s
            pause_s = self._pause_s_first if self._stored > stored else min(pause_s * 2, PAUSE_S_MAX)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await until.wait()

    async def _record(self, until: asyncio.Event) -> None:
        """One connection. Errors: Stopped."""
        self._room()
        await self._note_offset(await http_offset_ms(self._camera.source, self._clock))
        reading = _Reading(self._camera, self._last_end, self._clock, self._piece_s, self._pace)
        telling = asyncio.create_task(_tell(until, reading.stop))
        try:
            while (cut := await reading.next()) is not None:
                self._room(len(cut.content))
                await self._store(cut)
        finally:
            reading.stop()
            await stopped(telling)
            await reading.ended()
        if reading.failure is not None:
            raise Stopped(reading.failure)

    def _room(self, size: int = 0) -> None:
        """Errors: Stopped."""
        free = self._objects.free_bytes()
        if free is not None and free - size < self._free_bytes_min:
            raise Stopped("disk_full")

    async def _store(self, cut: Cut) -> None:
        """Errors: Stopped."""
        key = f"{FOLDER}/{self._camera.id}/{cut.started_at:%Y-%m-%d}/{secrets.token_urlsafe(16)}.mp4"
        try:
            await self._objects.put(key, cut.content)
        except Unavailable as error:
            self._room(len(cut.content))
            raise Stopped("storage") from error
        piece = FilmPiece(
            account_id=self._camera.account_id,
            camera_id=self._camera.id,
            started_at=cut.started_at,
            ended_at=cut.ended_at,
            object_key=key,
            bytes=len(cut.content),
            codec=cut.codec,
            width=cut.width,
            height=cut.height,
        )
        if not await self._noted(piece):
            with suppress(Unavailable):
                await self._objects.delete([key])
            raise Stopped("recorded_twice")
        self._last_end = cut.ended_at
        self._stored += 1
        await self._note_offset(cut.offset_ms)

    async def _noted(self, piece: FilmPiece) -> bool:
        """As long as the database is away the piece waits, and others behind it."""
        while True:
            try:
                async with self._database.transaction() as tx:
                    return await commands.note_piece(tx, self._camera, piece)
            except Unavailable as error:
                log.warning("film waits for the database", camera=self._camera.id, cause=type(error).__name__)
                await asyncio.sleep(self._look_s)

    async def _note_offset(self, offset_ms: int | None) -> None:
        if offset_ms is None or (self._offset_ms is not None and abs(offset_ms - self._offset_ms) < OFFSET_NEWS_MS):
            return
        with suppress(Unavailable):
            async with self._database.transaction() as tx:
                await commands.note_offset(tx, camera_id=self._camera.id, offset_ms=offset_ms)
            self._offset_ms = offset_ms

    async def _fail(self, failure: Failure) -> None:
        try:
            async with self._database.transaction() as tx:
                if await commands.note_failure(tx, self._camera, failure):
                    log.error("a camera is not recorded", camera=self._camera.id, failure=failure)
        except Unavailable as error:
            log.error("a camera is not recorded", camera=self._camera.id, failure=failure, and_=type(error).__name__)


class _Reading:
    """A connection in a thread of its own: FFmpeg waits for the network without giving way to others."""

    def __init__(
        self, camera: Camera, last_end: datetime | None, clock: Clock, piece_s: float, pace: Pace | None
    ) -> None:
        self.failure: Failure | None = None
        self._camera = camera
        self._last_end = last_end
        self._piece_s = piece_s
        self._stop = threading.Event()
        self._pace = pace or RealPace(clock, self._stop)
        self._loop = asyncio.get_running_loop()
        self._cuts: asyncio.Queue[Cut | None] = asyncio.Queue()
        self._slots = threading.Semaphore(WAITING_MAX)
        self._thread = threading.Thread(target=self._read, name=f"camera {camera.id}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    async def next(self) -> Cut | None:
        """None when the stream has ended; `failure` says why, unless it was told to stop."""
        cut = await self._cuts.get()
        self._slots.release()
        return cut

    async def ended(self) -> None:
        """What it still hands out is thrown away."""
        while self._thread.is_alive():
            self._slots.release()
            await asyncio.sleep(0.01)

    def _read(self) -> None:
        try:
            self._cut(is_live(self._camera.source))
            if not self._stop.is_set():
                self.failure = "unreachable"
        except NoFilm as error:
            log.warning("no film", camera=self._camera.id, cause=error.facts.get("cause"))
            self.failure = "no_film"
        except CrossdockError as error:
            log.warning("camera lost", camera=self._camera.id, cause=error.facts.get("cause"))
            self.failure = "unreachable"
        except Exception:
            log.exception("a stream could not be cut", camera=self._camera.id)
            self.failure = "no_film"
        finally:
            self._loop.call_soon_threadsafe(self._cuts.put_nowait, None)

    def _cut(self, live: bool) -> None:
        with opened(self._camera.source) as (film, stream):
            cutter = Cutter(stream, last_end=self._last_end, piece_s=self._piece_s)
            try:
                for packet, arrived in packets(film, stream, live=live, pace=self._pace, stopped=self._stop.is_set):
                    for cut in cutter.feed(packet, arrived):
                        self._hand_over(cut, wait=not live)
            finally:
                for cut in cutter.close():
                    self._hand_over(cut, wait=not live)

    def _hand_over(self, cut: Cut, *, wait: bool) -> None:
        if not self._slots.acquire(blocking=wait):
            log.error("film is lost: storing is slower than the camera", camera=self._camera.id)
            return
        self._loop.call_soon_threadsafe(self._cuts.put_nowait, cut)


async def _tell(until: asyncio.Event, stop: Callable[[], None]) -> None:
    await until.wait()
    stop()
