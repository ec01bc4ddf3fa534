"""What a camera sends becomes film of the time it was taken, whatever the camera claims, and whatever breaks."""

import asyncio
import resource
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from crossdock.base.clock import SystemClock
from crossdock.base.objects import Objects
from crossdock.core.events import kinds
from crossdock.film import streams
from crossdock.film.picture import write_film
from crossdock.film.simulator import SimulatedCamera
from tests.film.conftest import NoTime, Studio
from tests.film.reels import FRAME, NOON, cuts, steps, times
from tests.world import START

SECOND = timedelta(seconds=1)
LATE = timedelta(milliseconds=800)
"""By how much a picture may come late on a busy machine of tests."""


async def test_a_file_is_played_as_a_camera_over_and_over(studio: Studio, tmp_path: Path) -> None:
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=24)
    async with studio.recording(str(tmp_path / "loop.mp4"), pace=NoTime()):
        pieces = await studio.until_pieces(7)

    assert [(piece.started_at - NOON) / SECOND for piece in pieces[:7]] == [0, 10, 20, 24, 34, 44, 48]
    assert [piece.ended_at for piece in pieces[:6]] == [piece.started_at for piece in pieces[1:7]]
    for piece in pieces[:3]:
        content = await studio.content(piece)
        assert (len(content), piece.codec) == (piece.bytes, "h264")
        assert times(content)[0] == piece.started_at
    camera = await studio.camera()
    assert camera.recorded_at == (await studio.pieces())[-1].ended_at
    assert len(studio.files()) == len(await studio.pieces())


@pytest.mark.parametrize("way", ["rtsp_url", "http_url"])
async def test_a_stream_is_recorded_with_its_true_time_though_the_camera_lies(studio: Studio, way: str) -> None:
    async with SimulatedCamera(SystemClock(), key_s=0.5) as camera:
        camera.lie(timedelta(hours=-1))
        async with studio.recording(getattr(camera, way), clock=SystemClock(), piece_s=1.0):
            pieces = await studio.until_pieces(2)

    for piece in pieces:
        moments = times(await studio.content(piece))
        assert timedelta(0) <= piece.started_at - moments[0] < LATE
        assert abs(piece.ended_at - moments[-1]) < LATE
        assert max(steps(moments)) < FRAME + LATE
    assert pieces[0].ended_at == pieces[1].started_at
    offset_ms = (await studio.camera()).offset_ms
    assert offset_ms is not None
    assert abs(offset_ms + 3_600_000) < 1_000


async def test_a_line_that_drops_leaves_a_gap_and_no_more(studio: Studio) -> None:
    async with (
        SimulatedCamera(SystemClock(), key_s=0.5) as camera,
        studio.recording(camera.http_url, clock=SystemClock(), piece_s=1.0),
    ):
        await studio.until_pieces(1)
        camera.drop()
        await studio.until_failure("unreachable")
        await studio.until_failure(None)
        await studio.until_pieces(3)
    told = await studio.world.rows("SELECT kind FROM event WHERE kind LIKE 'camera.%%' ORDER BY id")
    assert told[:2] == [(kinds.CAMERA_FAILED,), (kinds.CAMERA_RECOVERED,)]
    for piece in await studio.pieces():
        assert abs(piece.started_at - times(await studio.content(piece))[0]) < LATE


@pytest.mark.parametrize("jump_s", [-3_600, -0.5, 5, 86_400])
async def test_time_stamps_that_jump_begin_a_new_piece_at_the_true_time(studio: Studio, jump_s: float) -> None:
    async with (
        SimulatedCamera(SystemClock(), key_s=0.5) as camera,
        studio.recording(camera.rtsp_url, clock=SystemClock(), piece_s=60.0),
    ):
        await asyncio.sleep(1.5)
        camera.jump(timedelta(seconds=jump_s))
        await studio.until_pieces(1)
        await asyncio.sleep(1)
    pieces = await studio.pieces()
    assert len(pieces) == 2
    for piece in pieces:
        moments = times(await studio.content(piece))
        assert abs(piece.started_at - moments[0]) < LATE
        assert abs(piece.ended_at - moments[-1]) < LATE
    assert pieces[0].ended_at <= pieces[1].started_at


async def test_who_is_told_to_stop_stores_what_was_read(studio: Studio) -> None:
    async with (
        SimulatedCamera(SystemClock(), key_s=0.5) as camera,
        studio.recording(camera.http_url, clock=SystemClock(), piece_s=60.0),
    ):
        await asyncio.sleep(2.5)
    [piece] = await studio.pieces()
    assert piece.ended_at - piece.started_at > SECOND


@pytest.mark.parametrize("way", ["rtsp_url", "http_url"])
async def test_a_camera_that_falls_silent_on_an_open_line_is_gone(
    studio: Studio, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "READ_S_MAX", 0.5)
    async with (
        SimulatedCamera(SystemClock(), key_s=0.5, silent_after=20) as camera,
        studio.recording(getattr(camera, way), clock=SystemClock(), piece_s=1.0),
    ):
        await studio.until_failure("unreachable")
        assert len(await studio.pieces()) > 0
        await studio.until_failure(None)


async def test_a_camera_that_is_not_there_is_tried_again(studio: Studio) -> None:
    async with studio.recording("rtsp://operator:SECRET@127.0.0.1:9/x"):
        await studio.until_failure("unreachable")
    [(facts,)] = await studio.world.rows("SELECT facts FROM event WHERE kind = 'camera.failed'")
    assert "SECRET" not in str(facts)


async def test_what_is_no_film_is_told(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_bytes(b"no film at all" * 100)
    async with studio.recording(str(tmp_path / "text.mp4")):
        await studio.until_failure("no_film")


async def test_on_a_full_disk_a_camera_rests_and_goes_on_by_itself(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=10)
    free = 1_000
    monkeypatch.setattr(Objects, "free_bytes", lambda _: free)
    async with studio.recording(str(tmp_path / "loop.mp4"), pace=NoTime(), free_bytes_min=1_001):
        await studio.until_failure("disk_full")
        assert studio.files() == []
        free = 10**9
        await studio.until_pieces(1)
        free = 1_000
        await studio.until_failure("disk_full")
        free = 10**9
        await studio.until_failure(None)


async def test_a_disk_that_takes_no_more_is_told_and_recording_goes_on_by_itself(
    studio: Studio, tmp_path: Path
) -> None:
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=10)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with studio.recording(str(tmp_path / "loop.mp4"), pace=NoTime()):
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            await studio.until_failure("storage")
            assert [
                path for path in studio.folder.rglob("*") if path.is_file() and path.stat().st_size < 50_000
            ] == []
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await studio.until_failure(None)
        await studio.until_pieces(1)


async def test_where_others_recorded_already_nothing_is_stored(studio: Studio, tmp_path: Path) -> None:
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=10)
    async with studio.recording(str(tmp_path / "loop.mp4"), pace=NoTime()):
        await studio.until_pieces(1)
    stored = studio.files()
    await studio.world.rows("UPDATE camera SET recorded_at = NULL RETURNING 1")
    async with studio.recording(str(tmp_path / "loop.mp4"), pace=NoTime()):
        await studio.until_failure("recorded_twice")
    assert set(stored) <= set(studio.files())
    assert len(studio.files()) == len(await studio.pieces())


def test_a_recorder_that_begins_again_leaves_out_what_there_is(tmp_path: Path) -> None:
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=30)
    made = list(cuts(tmp_path / "loop.mp4", NOON, last_end=NOON + 13 * SECOND))
    assert [(cut.started_at - NOON) / SECOND for cut in made] == [14, 20]
    assert times(made[0].content)[0] == NOON + 14 * SECOND


def test_the_drift_of_a_crystal_is_made_good(tmp_path: Path) -> None:
    write_film(tmp_path / "slow.mp4", start=NOON, seconds=60)
    made = list(cuts(tmp_path / "slow.mp4", NOON, ours=lambda seconds: 1.001 * seconds))
    assert all(earlier.ended_at == later.started_at for earlier, later in pairwise(made))
    assert 60.04 * SECOND < made[-1].ended_at - NOON < 60.07 * SECOND


@pytest.mark.parametrize(
    ("by", "starts"),
    [
        (3_600, [0, 10, 20, 3_630, 3_640, 3_650]),
        (-20, [0, 10, 20, 30]),
        (-60, [0, 10, 20]),
        (-60 - 2 * 10, [0, 10, 20, -50, -40, -30]),
    ],
)
def test_our_own_clock_is_put_right_while_a_camera_is_recorded(tmp_path: Path, by: int, starts: list[int]) -> None:
    """Film that there is already is left out, but not for an hour: then other film of that time is told."""
    write_film(tmp_path / "long.mp4", start=NOON, seconds=60)
    made = list(cuts(tmp_path / "long.mp4", NOON, ours=lambda seconds: seconds + by * (seconds >= 30)))
    assert [(cut.started_at - NOON) / SECOND for cut in made] == starts


@pytest.mark.parametrize(("most", "pieces"), [(10**9, 1), (60_000, 3)])
def test_a_piece_has_no_more_bytes_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, pieces: int
) -> None:
    write_film(tmp_path / "long.mp4", start=NOON, seconds=12)
    monkeypatch.setattr("crossdock.film.pieces.PIECE_BYTES_MAX", most)
    made = list(cuts(tmp_path / "long.mp4", NOON, piece_s=60))
    assert (len(made) > 1) == (pieces > 1)
    assert all(len(cut.content) < most + 5_000 for cut in made)
    for cut in made:
        assert times(cut.content)[0] == cut.started_at


async def test_film_of_the_future_is_told_and_does_not_stop_that_of_now(studio: Studio, tmp_path: Path) -> None:
    """This server's clock was a day ahead, and was put right."""
    write_film(tmp_path / "loop.mp4", start=NOON, seconds=10)
    await studio.world.rows("UPDATE camera SET recorded_at = %(at)s RETURNING 1", at=START + timedelta(days=1))
    async with studio.recording(str(tmp_path / "loop.mp4"), pace=NoTime()):
        await studio.until_pieces(1)
