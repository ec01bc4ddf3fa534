"""Film lies in a folder or in a storage that speaks S3, and is shown, listed and deleted in both."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from crossdock.base.clock import SystemClock
from crossdock.base.objects import ObjectMissing, Objects
from crossdock.edge.asgi import App
from crossdock.film.addresses import PREFIX, play_address
from crossdock.film.showing import Showing
from tests.film.conftest import Studio
from tests.film.reels import CAMERA, NOON, reel, times
from tests.world import World

BUCKET = "film"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    import boto3

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "invented")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    yield f"s3://{BUCKET}/house"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    url = request.getfixturevalue("s3") if request.param == "s3" else None
    return Objects(url, var=tmp_path)


async def test_files_are_listed_and_deleted(objects: Objects) -> None:
    for key in ("film/1/a.mp4", "film/1/b.mp4", "filmed/c", "proofs/d"):
        await objects.put(key, b"x")
    found = [chunk async for chunk in objects.listed("film")]
    assert sorted(key for chunk in found for key in chunk) == ["film/1/a.mp4", "film/1/b.mp4"]
    now = SystemClock().now()
    assert all(abs(now - at) < timedelta(minutes=1) for chunk in found for at in chunk.values())

    await objects.delete(["film/1/a.mp4", "film/1/never.mp4"])
    with pytest.raises(ObjectMissing):
        await objects.get("film/1/a.mp4")
    assert await objects.get("film/1/b.mp4") == b"x"
    assert [chunk async for chunk in objects.listed("nothing") if chunk] == []


async def test_where_a_file_lies_and_how_much_room_there_is(tmp_path: Path, s3: str) -> None:
    folder, away = Objects(None, var=tmp_path), Objects(s3, var=tmp_path)
    await folder.put("film/1/a.mp4", b"x")
    path = folder.file("film/1/a.mp4")
    assert path is not None
    assert path.read_bytes() == b"x"
    assert folder.free_bytes() is not None
    assert (away.file("film/1/a.mp4"), away.free_bytes()) == (None, None)


async def test_a_clip_is_made_of_film_that_lies_elsewhere(quiet_world: World, s3: str, tmp_path: Path) -> None:
    desk = replace(quiet_world.desk, objects=Objects(s3, var=tmp_path))
    for piece, content in reel(tmp_path, 20):
        await desk.objects.put(piece.object_key, content)
        await Studio(quiet_world).keep([(piece, content)])
    app = App(desk, [], pages={PREFIX: Showing(desk)})
    since = NOON + timedelta(seconds=5)
    until = NOON + timedelta(seconds=12)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:  # type: ignore[arg-type]
        answer = await client.get(
            play_address(desk, camera_id=CAMERA, since=since, until=until, kind="mp4", now=desk.clock.now())
        )
    assert answer.status_code == 200
    moments = times(answer.content)
    assert moments[0] <= since
    assert moments[-1] >= until
