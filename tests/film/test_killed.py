"""A recorder that is killed loses the piece it was at, and leaves nothing that stays."""

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

from crossdock.base.clock import SystemClock
from crossdock.film import sweep as sweeping
from crossdock.film.picture import KEY_S, write_film
from tests.film.conftest import Studio
from tests.film.reels import NOON, times

PIECE = timedelta(seconds=KEY_S)
"""No piece is shorter than from one key frame to the next."""
BUSY = timedelta(seconds=2)
"""What a busy machine of tests may take to note a piece."""
PROGRAM = Path(__file__).parent / "recorder_process.py"


async def test_kill_9_loses_the_piece_being_written_and_no_more(
    studio: Studio, demo_database_url: str, tmp_path: Path
) -> None:
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=20)
    var = studio.world.desk.config.var
    recorder = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, demo_database_url, str(var), str(tmp_path / "loop.mp4")
    )
    await studio.until_pieces(2)
    recorder.send_signal(signal.SIGKILL)
    killed_at = SystemClock().now()
    assert await recorder.wait() == -signal.SIGKILL

    pieces = await studio.pieces()
    assert pieces[-1].ended_at > killed_at - PIECE - BUSY
    for piece in pieces:
        assert times(await studio.content(piece))[0] is not None
    named = {studio.folder / piece.object_key for piece in pieces}
    assert named <= set(studio.files())
    assert len(set(studio.files()) - named) <= 1


async def test_a_file_that_a_killed_recorder_left_is_swept_once_it_is_old(studio: Studio, tmp_path: Path) -> None:
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=20)
    async with studio.recording(str(tmp_path / "loop.mp4"), clock=SystemClock()):
        await asyncio.sleep(0.5)
    [kept] = studio.files()
    left = studio.folder / "film/7001/2024-01-15/left.mp4"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half a piece")
    desk = studio.world.desk

    desk.clock.set(SystemClock().now() + sweeping.LEFT_AFTER - timedelta(minutes=1))  # type: ignore[attr-defined]
    assert await sweeping.sweep(desk.database, desk.objects) == sweeping.Swept(pieces=0, left_over=0)
    desk.clock.set(SystemClock().now() + sweeping.LEFT_AFTER + timedelta(minutes=1))  # type: ignore[attr-defined]
    assert await sweeping.would_sweep(desk.database, desk.objects) == ([], 1)
    assert await sweeping.sweep(desk.database, desk.objects) == sweeping.Swept(pieces=0, left_over=1)
    assert studio.files() == [kept]


async def test_film_whose_time_is_over_goes_with_its_files(studio: Studio, tmp_path: Path) -> None:
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=20)
    async with studio.recording(str(tmp_path / "loop.mp4")):
        await asyncio.sleep(0.5)
    [piece] = await studio.pieces()
    desk = studio.world.desk
    desk.clock.set(piece.ended_at + timedelta(days=30) - timedelta(seconds=1))  # type: ignore[attr-defined]
    assert (await sweeping.sweep(desk.database, desk.objects)).pieces == 0
    desk.clock.set(piece.ended_at + timedelta(days=30))  # type: ignore[attr-defined]
    [old], left_over = await sweeping.would_sweep(desk.database, desk.objects)
    assert (old.pieces, old.bytes, left_over) == (1, piece.bytes, 0)
    assert (await sweeping.sweep(desk.database, desk.objects)).pieces == 1
    assert studio.files() == []
