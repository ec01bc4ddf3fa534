"""`crossdock camera`: recording stations, looking after their film, and keeping that of an order."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog
from rich.console import Console
from rich.table import Table

from crossdock.base.config import Config
from crossdock.base.errors import Invalid, Unavailable
from crossdock.base.ids import CameraId
from crossdock.core.film import commands, queries
from crossdock.core.film.model import Camera
from crossdock.core.fulfilment import paying
from crossdock.edge.desk import Desk
from crossdock.film.pieces import Cut, Cutter
from crossdock.film.recorder import Recorder
from crossdock.film.streams import NoFilm, http_offset_ms, is_live, meant, opened
from crossdock.film.sweep import sweep as sweep_film
from crossdock.film.sweep import would_sweep
from crossdock.opening import open_desk_of
from crossdock.running import told_to_stop

ACTOR: Final = "crossdock camera"
LOOK_AGAIN_S: Final = 30.0
"""How soon a recorder hears of a camera that is new, changed or switched off."""
CHECK_S: Final = 4.0
"""For how long a camera is looked at: key frames come every two seconds or so."""
MB: Final = 2**20

log = structlog.get_logger(__name__)


class SourceMissing(Invalid):
    """This camera has no `source` in the setup file. Facts: name."""


async def record(config: Config, names: Sequence[str], *, out: Console) -> None:
    """These cameras, or all that are switched on, until told to stop. Errors: CameraUnknown, CameraAmbiguous."""
    async with open_desk_of(config) as desk:
        wanted = {(await _named(desk, name)).id for name in names}
        recording = _Recording(desk, out)
        until = told_to_stop()
        try:
            while not until.is_set():
                try:
                    async with desk.database.transaction(readonly=True) as tx:
                        known = await queries.cameras(tx)
                    await recording.follow([one for one in known if one.id in wanted or not names])
                except Unavailable as error:
                    log.warning("recording goes on as before", cause=type(error).__name__)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        await until.wait()
        finally:
            await recording.follow([])


class _Recording:
    """One recorder for each camera that is to be recorded."""

    def __init__(self, desk: Desk, out: Console) -> None:
        self._desk = desk
        self._out = out
        self._running: dict[CameraId, tuple[str, asyncio.Event, asyncio.Task[None]]] = {}

    async def follow(self, cameras: Sequence[Camera]) -> None:
        """Begin with those that are new, end those that are gone, switched off, or have another source."""
        sources = {one.id: one.source for one in cameras if one.enabled and one.source}
        ended = [one for one, (source, _, task) in self._running.items() if sources.get(one) != source or task.done()]
        for camera_id in ended:
            self._running[camera_id][1].set()
        for camera_id in ended:
            _, _, task = self._running.pop(camera_id)
            await asyncio.wait({task})
        begun = 0
        for camera in cameras:
            if camera.id in sources and camera.id not in self._running:
                until = asyncio.Event()
                recorder = Recorder(
                    camera,
                    database=self._desk.database,
                    objects=self._desk.objects,
                    clock=self._desk.clock,
                    free_bytes_min=self._desk.config.film_free_mb * MB,
                )
                task = asyncio.create_task(recorder.run(until), name=f"camera {camera.id}")
                self._running[camera.id] = (camera.source, until, task)
                begun += 1
        if begun or ended:
            self._out.print(f"{len(self._running)} cameras are recorded.")


async def list_(config: Config, *, out: Console) -> None:
    """All on record, and how they are."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        known, kept, now = await queries.cameras(tx), await queries.bytes_kept(tx), tx.now
    table = Table()
    for title in ("id", "department", "station", "name", "state", "film until", "offset", "kept", "since"):
        table.add_column(title, overflow="fold")
    for camera in known:
        size, since = kept.get(camera.id, (0, None))
        table.add_row(
            str(camera.id),
            str(camera.department_id),
            camera.station,
            camera.name,
            _state(camera, now),
            _moment(camera.recorded_at),
            _offset(camera.offset_ms),
            f"{size / MB:.1f} MB",
            _moment(since),
        )
    out.print(table if known else "No camera is on record.")


async def check(config: Config, name: str, *, out: Console) -> None:
    """Connect and say what comes.

    Errors: CameraUnknown, CameraAmbiguous, SourceMissing, CameraUnreachable, NoFilm.
    """
    async with open_desk_of(config) as desk:
        camera = await _named(desk, name)
        if not camera.source:
            raise SourceMissing(name=name)
        of_answer = await http_offset_ms(camera.source, desk.clock)
        cut, keys = await asyncio.to_thread(_look, camera.source, desk)
        offset_ms = cut.offset_ms if of_answer is None else of_answer
        if offset_ms is not None:
            async with desk.database.transaction() as tx:
                await commands.note_offset(tx, camera_id=camera.id, offset_ms=offset_ms)
    seconds = (cut.ended_at - cut.started_at).total_seconds()
    out.print(
        f"{camera.name}: {cut.codec}, {cut.width} by {cut.height}, {len(cut.content) * 8 / seconds / 1e6:.2f} Mbit/s,"
        f" {keys} key frames in {seconds:.1f} s; its clock: {_offset(offset_ms)}.",
        markup=False,
        soft_wrap=True,
    )


def _look(source: str, desk: Desk) -> tuple[Cut, int]:
    """The film of a few seconds, and how many key frames are in it. Errors: CameraUnreachable, NoFilm."""
    end = time.monotonic() + CHECK_S
    keys = 0
    with opened(source) as (film, stream), meant():
        cutter = Cutter(stream, last_end=None, piece_s=CHECK_S * 10)
        for packet in film.demux(stream):
            keys += packet.is_keyframe and packet.size > 0
            for cut in cutter.feed(packet, desk.clock.now()):
                return cut, keys
            if time.monotonic() > end and is_live(source):
                break
        for cut in cutter.close():
            return cut, keys
    raise NoFilm(cause=f"no key frame in {CHECK_S:.0f} s")


async def hold(config: Config, number: str, *, account: str | None, reason: str, out: Console) -> None:
    """Errors: those of paying.named and commands.hold."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        account_id, order_id = await paying.named(tx, number=number, account=account)
        await commands.hold(tx, account_id=account_id, order_id=order_id, reason=reason, actor=ACTOR)
    out.print(f"{number}: its film is kept until it is released.", markup=False)


async def release(config: Config, number: str, *, account: str | None, out: Console) -> None:
    """Errors: those of paying.named and commands.release."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        account_id, order_id = await paying.named(tx, number=number, account=account)
        await commands.release(tx, account_id=account_id, order_id=order_id, actor=ACTOR)
    out.print(f"{number}: its film goes when its time is over.", markup=False)


async def sweep(config: Config, *, dry_run: bool, out: Console) -> None:
    """What the workers do every ten minutes. Errors: Unavailable."""
    async with open_desk_of(config) as desk:
        if not dry_run:
            swept = await sweep_film(desk.database, desk.objects)
            out.print(f"Deleted: {swept.pieces} pieces whose time is over, {swept.left_over} files left over.")
            return
        old, left_over = await would_sweep(desk.database, desk.objects)
    for one in old:
        out.print(f"camera {one.camera_id}: {one.pieces} pieces, {one.bytes / MB:.1f} MB")
    pieces = sum(one.pieces for one in old)
    out.print(f"Would delete: {pieces} pieces whose time is over, {left_over} files left over.")


async def _named(desk: Desk, name: str) -> Camera:
    async with desk.database.transaction(readonly=True) as tx:
        return await queries.camera_named(tx, name)


def _state(camera: Camera, now: datetime) -> str:
    if not camera.enabled:
        return "switched off"
    if camera.failure is not None:
        return f"{camera.failure.replace('_', ' ')} since {_moment(camera.failed_at)}"
    return "recorded" if camera.online(now) else "not recorded"


def _offset(offset_ms: int | None) -> str:
    return "not measured" if offset_ms is None else f"{offset_ms / 1_000:+.1f} s"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
