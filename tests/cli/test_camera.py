"""`crossdock camera` on the command line."""

import asyncio
import io
import re
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from crossdock import cameras, cli, simulate
from crossdock.base.clock import SystemClock
from crossdock.base.config import Config
from crossdock.base.tasks import stopped
from crossdock.core.film.errors import CameraUnknown
from crossdock.film import streams
from crossdock.film.picture import write_film
from crossdock.film.simulator import SimulatedCamera
from crossdock.film.streams import CameraUnreachable
from tests.cli.conftest import Terminal
from tests.world import START, World

Asked = Callable[..., Awaitable[str]]


@pytest.fixture
async def asked(quiet_world: World, demo_database_url: str, tmp_path: Path) -> Asked:
    """What a command prints, beside the demo world's database."""
    await quiet_world.rows("UPDATE credential SET secret_sealed = NULL RETURNING 1")  # sealed with another key
    config = Config(database_url=demo_database_url, var=tmp_path / "var")

    async def ask(command: Callable[..., Awaitable[None]], *words: str, **options: Any) -> str:
        printed = io.StringIO()
        await command(config, *words, **options, out=Console(file=printed, width=200, highlight=False))
        return printed.getvalue()

    return ask


async def test_a_camera_is_looked_at_and_its_clock_measured(asked: Asked, quiet_world: World) -> None:
    async with SimulatedCamera(SystemClock(), key_s=0.5) as camera:
        camera.lie(timedelta(seconds=90))
        for source in (camera.rtsp_url, camera.http_url):
            await quiet_world.rows("UPDATE camera SET source = %(source)s RETURNING 1", source=source)
            said = await asked(cameras.check, "Station 001")
            assert re.match(r"Station 001: h264, 384 by 224, [\d.]+ Mbit/s, \d+ key frames in", said)
            [seconds] = re.findall(r"its clock: ([+-][\d.]+) s", said)
            assert abs(float(seconds) - 90) < 1.5
    said = await asked(cameras.list_)
    assert re.search(r"7001 .* 123 .* 001 .* Station 001 .* not recorded .*\+(89|9[01])", said)


async def test_what_cannot_be_looked_at_is_said(asked: Asked, quiet_world: World) -> None:
    with pytest.raises(CameraUnknown):
        await asked(cameras.check, "x")
    with pytest.raises(cameras.SourceMissing):
        await asked(cameras.check, "7001")
    for source in ("rtsp://me:SECRET@127.0.0.1:9/x", "http://me:SECRET@127.0.0.1:9/x", "/nowhere/SECRET.mp4"):
        await quiet_world.rows("UPDATE camera SET source = %(source)s RETURNING 1", source=source)
        with pytest.raises(CameraUnreachable) as refused:
            await asked(cameras.check, "7001")
        assert "SECRET" not in refused.value.sentence


async def test_a_camera_that_falls_silent_is_no_fault_of_ours(
    asked: Asked, quiet_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "READ_S_MAX", 0.5)
    async with SimulatedCamera(SystemClock(), key_s=0.5, silent_after=20) as camera:
        await quiet_world.rows("UPDATE camera SET source = %(source)s RETURNING 1", source=camera.rtsp_url)
        with pytest.raises(CameraUnreachable):
            await asked(cameras.check, "7001")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("enabled = false", "switched off"),
        ("failure = 'disk_full', failed_at = '2024-08-01 10:00+00'", "disk full since 2024-08-01 10:00:00 UTC"),
        ("recorded_at = now()", "recorded"),
        ("recorded_at = now() - interval '1 hour'", "not recorded"),
    ],
)
async def test_how_a_camera_is(asked: Asked, quiet_world: World, facts: str, said: str) -> None:
    await quiet_world.rows(f"UPDATE camera SET {facts} RETURNING 1")
    assert f"Station 001 {said} " in " ".join((await asked(cameras.list_)).replace("│", " ").split())


async def test_the_film_of_an_order_is_held_and_released(asked: Asked, quiet_world: World) -> None:
    await quiet_world.order("N-1", lines={"00131031": 1})
    said = await asked(cameras.hold, "N-1", account=None, reason="claim 12")
    assert said == "N-1: its film is kept until it is released.\n"
    said = await asked(cameras.release, "N-1", account=None)
    assert said == "N-1: its film goes when its time is over.\n"
    assert await quiet_world.rows("SELECT reason, held_by, released_by FROM legal_hold") == [
        ("claim 12", "crossdock camera", "crossdock camera")
    ]


async def test_a_sweep_is_tried_and_done(asked: Asked, quiet_world: World, tmp_path: Path) -> None:
    path = tmp_path / "var" / "objects" / "film" / "old.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    await quiet_world.rows(
        "INSERT INTO film_piece SELECT 47, 7001, %(at)s, %(at)s + interval '10 s', 'film/old.mp4', 1048576, 'h264',"
        " 1, 1, 123, '001' RETURNING 1",
        at=START,
    )
    said = await asked(cameras.sweep, dry_run=True)
    assert said.splitlines() == [
        "camera 7001: 1 pieces, 1.0 MB",
        "Would delete: 1 pieces whose time is over, 0 files left over.",
    ]
    assert path.exists()
    said = await asked(cameras.sweep, dry_run=False)
    assert said == "Deleted: 1 pieces whose time is over, 0 files left over.\n"
    assert not path.exists()


@pytest.mark.parametrize("words", [["record"], ["record", "7001", "--all"]])
def test_which_cameras_are_recorded_is_said(words: list[str]) -> None:
    said = CliRunner().invoke(cli.app, ["camera", *words])
    assert (said.exit_code, "name cameras, or give --all" in said.output) == (2, True)


async def test_cameras_are_recorded_until_told_to_stop(
    terminal: Terminal, quiet_world: World, tmp_path: Path
) -> None:
    write_film(tmp_path / "loop.mp4", start=START, seconds=20)
    await quiet_world.rows("UPDATE camera SET source = %(source)s RETURNING 1", source=str(tmp_path / "loop.mp4"))
    process = await terminal.started("camera", "record", "--all")
    assert process.stdout is not None
    await process.stdout.readuntil(b"1 cameras are recorded.")
    await asyncio.sleep(2)
    process.send_signal(signal.SIGTERM)
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    [(started_at, ended_at)] = await quiet_world.rows("SELECT started_at, ended_at FROM film_piece")
    assert timedelta(seconds=1) < ended_at - started_at < timedelta(seconds=10)


async def test_a_camera_is_played(quiet_world: World) -> None:
    printed = io.StringIO()
    plan = simulate.CameraPlan(rtsp_port=0, http_port=0, drop_every_s=0.01, jump_every_s=0.01, jump_s=5)
    playing = asyncio.create_task(simulate.film(plan, out=Console(file=printed, width=200)))
    async with asyncio.timeout(20):
        while "rtsp://127.0.0.1:" not in printed.getvalue():
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert not playing.done()
    await stopped(playing)
