"""Film plays at its addresses, for who has one and as long as it is good, and nothing else is to be had there."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock.film.addresses import FILES, GOOD_FOR, KINDS, Kind, play_address
from crossdock.film.cutting import PADDING
from crossdock.film.picture import KEY_S
from crossdock.film.showing import REACH
from crossdock.film.store import FOLDER, ClipStore
from tests.film.conftest import Studio
from tests.film.reels import CAMERA, FRAME, NOON, Reel, reel, shown, steps, times
from tests.world import START, World

SECOND = timedelta(seconds=1)
SINCE, UNTIL = NOON + 7.3 * SECOND, NOON + 52.3 * SECOND


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Reel:
    return reel(tmp_path_factory.mktemp("reel"), 60)


@pytest.fixture
async def cinema(world: World, minute: Reel) -> Studio:
    studio = Studio(world)
    await studio.keep(minute)
    return studio


def address(world: World, kind: Kind = "mp4", **facts: Any) -> str:
    given = {"camera_id": CAMERA, "since": SINCE, "until": UNTIL, "now": world.clock.now(), **facts}
    return play_address(world.desk, kind=kind, **given).replace("http://127.0.0.1:8080", world.base_url)


async def test_a_clip_shows_the_seconds_that_were_asked_for(cinema: Studio, world: World) -> None:
    answer = await world.client.get(address(world))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    moments = times(answer.content)
    assert SINCE - PADDING - KEY_S * SECOND < moments[0] <= SINCE - PADDING
    assert UNTIL + PADDING - FRAME < moments[-1] <= UNTIL + PADDING
    assert steps(moments) == {FRAME}


async def test_a_list_plays_the_same_in_segments(cinema: Studio, world: World) -> None:
    at = address(world, "hls")
    answer = await world.client.get(at)
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    names = re.findall(r"^\d+\.ts$", answer.text, re.MULTILINE)
    assert len(names) == 6
    assert re.findall(r"#EXTINF:([\d.]+),", answer.text) == ["6.000", *["10.000"] * 4, "4.300"]
    assert "#EXT-X-START:TIME-OFFSET=1.300,PRECISE=YES" in answer.text
    assert "#EXT-X-PROGRAM-DATE-TIME:2024-01-15T01:00:04.000Z" in answer.text
    played = []
    for name in names:
        segment = await world.client.get(at.replace(FILES["hls"], name))
        assert (segment.status_code, segment.headers["content-type"]) == (200, "video/mp2t")
        played += shown(segment.content)
    assert [moment for _, moment in played] == times((await world.client.get(address(world))).content)
    assert [seconds for seconds, _ in played] == pytest.approx([number / 10 for number in range(40, 544)], abs=0.001)


async def test_a_list_ends_where_a_piece_begins_and_begins_where_film_is_whole(cinema: Studio, world: World) -> None:
    cinema.files()[0].write_bytes(b"broken")
    at = address(world, "hls", since=NOON + 5 * SECOND, until=NOON + 20 * SECOND - PADDING)
    said = (await world.client.get(at)).text
    assert re.findall(r"#EXTINF:([\d.]+),\n(\d+).ts", said) == [("10.000", "1705280410000")]
    assert 'CLASS="missing",START-DATE="2024-01-15T01:00:05.000Z",DURATION=5.000' in said


async def test_a_gap_is_in_the_list_and_in_what_is_told(world: World, minute: Reel) -> None:
    await Studio(world).keep([*minute[:2], *minute[3:]])
    said = (await world.client.get(address(world, "hls"))).text
    assert 'CLASS="missing",START-DATE="2024-01-15T01:00:20.000Z",DURATION=10.000' in said
    assert said.count("#EXT-X-DISCONTINUITY\n") == 1
    await world.rows("UPDATE camera SET offset_ms = -3600000 WHERE id = 7001 RETURNING 1")
    about = await world.client.get(address(world).replace(FILES["mp4"], "about.json"))
    assert about.json()["missing"] == [{"since": "2024-01-15T01:00:20Z", "until": "2024-01-15T01:00:30Z"}]
    assert (about.json()["offset_ms"], about.json()["station"]) == (-3_600_000, "001")


async def test_a_picture_is_the_nearest_there_is(cinema: Studio, world: World, tmp_path: Path) -> None:
    for asked, expected in (
        (NOON + 33.3 * SECOND, NOON + 33.3 * SECOND),
        (NOON - REACH, NOON),
        (NOON + 60 * SECOND + REACH - SECOND, NOON + 60 * SECOND - FRAME),
    ):
        answer = await world.client.get(address(world, "snapshot", since=asked, until=asked))
        assert answer.headers["content-type"] == "image/jpeg"
        (tmp_path / "p.jpg").write_bytes(answer.content)
        assert times(tmp_path / "p.jpg") == [expected]
    for far in (NOON - REACH - SECOND, NOON + 60 * SECOND + REACH + SECOND):
        assert (await world.client.get(address(world, "snapshot", since=far, until=far))).status_code == 404


NOTHING = (404, b"There is no film at this address.\n")


def wrong(world: World) -> Iterator[str]:
    good = address(world)
    token = good.split("/")[-2]
    yield good.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B"))
    yield good.replace(token, token[:20] + ("A" if token[20] != "A" else "B") + token[21:])
    yield good.replace(token, "")
    yield good.replace(FILES["mp4"], FILES["hls"])
    yield good.replace(FILES["mp4"], FILES["snapshot"])
    yield good.replace(FILES["mp4"], "1705280400000.ts")
    yield good.replace(FILES["mp4"], "")
    yield good.replace(FILES["mp4"], "../clip.mp4")
    yield good.replace(FILES["mp4"], "..%2f..%2fobjects%2ffilm%2f7001")
    yield good + "/"
    yield good + "/x"
    yield good.replace(f"/film/{token}", f"/film/x/{token}")
    yield f"{world.base_url}/film"
    yield f"{world.base_url}/film/"
    yield f"{world.base_url}/film/7001/2024-01-15/x.mp4"
    yield f"{world.base_url}/film/%00/clip.mp4"
    yield address(world, "hls").replace(FILES["hls"], "1.ts")
    yield address(world, "hls").replace(FILES["hls"], "1705280400000.mp4")
    yield address(world, camera_id=7002)
    yield address(world, camera_id=2**63 - 1)
    yield address(world, since=NOON - 90 * SECOND, until=NOON - 80 * SECOND)
    yield address(world, now=world.clock.now() - GOOD_FOR)


async def test_whatever_is_wrong_there_is_one_answer(cinema: Studio, world: World) -> None:
    for at in wrong(world):
        answer = await world.client.get(httpx.URL(at))
        assert (answer.status_code, answer.content) == NOTHING, at
        assert "etag" not in answer.headers
    assert (await world.client.get(address(world))).status_code == 200


async def test_an_address_is_good_for_its_time(cinema: Studio, world: World) -> None:
    at = address(world)
    world.clock.advance(GOOD_FOR - SECOND)
    answer = await world.client.get(at)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, max-age=1")
    world.clock.advance(SECOND)
    assert (await world.client.get(at)).status_code == 404


async def test_film_that_may_grow_is_not_kept_by_browsers(cinema: Studio, world: World) -> None:
    world.clock.set(UNTIL + 30 * SECOND)
    assert (await world.client.get(address(world))).headers["cache-control"] == "no-store"
    world.clock.set(START)
    assert (await world.client.get(address(world))).headers["cache-control"] == "private, max-age=3600"
    assert (await world.client.get(address(world, "snapshot"))).headers["cache-control"] == "no-store"


async def test_no_verb_but_those_that_fetch(cinema: Studio, world: World) -> None:
    for verb in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = await world.client.request(verb, address(world))
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("kind", KINDS)
async def test_head_tells_what_get_would(cinema: Studio, world: World, kind: Kind) -> None:
    got = await world.client.get(address(world, kind))
    told = await world.client.head(address(world, kind))
    assert (told.status_code, told.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "accept-ranges"):
        assert told.headers[name] == got.headers[name]
    for asked in ("bytes=0-9", "bytes=999999999-"):
        part = await world.client.head(address(world, kind), headers={"range": asked})
        assert (part.status_code, part.headers["content-length"]) == (200, got.headers["content-length"])


@pytest.mark.parametrize("kind", KINDS)
async def test_ranges(cinema: Studio, world: World, kind: Kind) -> None:
    at = address(world, kind)
    whole = (await world.client.get(at)).content
    size = len(whole)
    for asked, first, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, size),
        ("bytes=-100", size - 100, size),
        (f"bytes={size - 1}-{size + 50}", size - 1, size),
        (f"bytes=-{size + 50}", 0, size),
    ):
        part = await world.client.get(at, headers={"range": asked})
        assert (part.status_code, part.content) == (206, whole[first:end]), asked
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    for asked in (f"bytes={size}-", f"bytes={size}-{size + 1}", "bytes=-0"):
        refused = await world.client.get(at, headers={"range": asked})
        assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{size}"), asked
    for asked in ("bytes=0-1,4-5", "bytes=5-1", "bytes=-", "bytes=x-", "items=0-1", "bytes=0-" + "9" * 30, "bytes"):
        answer = await world.client.get(at, headers={"range": asked})
        assert (answer.status_code, answer.content) == (200, whole), asked


async def test_what_a_browser_has_is_not_sent_again(cinema: Studio, world: World) -> None:
    at = address(world)
    tag = (await world.client.get(at)).headers["etag"]
    assert (await world.client.get(at, headers={"if-none-match": tag})).status_code == 304
    part = {"range": "bytes=0-9"}
    assert (await world.client.get(at, headers={**part, "if-range": tag})).status_code == 206
    assert (await world.client.get(at, headers={**part, "if-range": '"other"'})).status_code == 200


async def test_a_clip_is_made_once(cinema: Studio, world: World) -> None:
    folder = world.desk.config.var / FOLDER
    await world.client.get(address(world))
    [path] = folder.iterdir()
    before = path.stat().st_ino
    await world.client.get(address(world))
    assert [one.stat().st_ino for one in folder.iterdir()] == [before]


async def test_film_whose_file_is_gone_is_not_there(cinema: Studio, world: World) -> None:
    for path in cinema.files():
        path.unlink()
    for kind in KINDS[::2]:
        answer = await world.client.get(address(world, kind))
        assert (answer.status_code, answer.content) == NOTHING


async def test_film_whose_file_is_broken_is_not_there(cinema: Studio, world: World) -> None:
    for path in cinema.files():
        path.write_bytes(b"broken" * 1_000)
    segment = address(world, "hls").replace(FILES["hls"], "1705280400000.ts")
    for at in (address(world), address(world, "snapshot"), segment):
        answer = await world.client.get(at)
        assert (answer.status_code, answer.content) == NOTHING, at


async def test_clips_that_nobody_asks_for_make_room(tmp_path: Path) -> None:
    store = ClipStore(tmp_path, bytes_max=250)

    async def make(path: Path) -> None:
        path.write_bytes(b"x" * 100)

    for name in ("a", "b", "c"):
        await store.made(name, make)
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == ["b.mp4", "c.mp4"]

    async def large(path: Path) -> None:
        path.write_bytes(b"x" * 300)

    await store.made("large", large)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["large.mp4"]


async def test_a_clip_that_fails_leaves_nothing(tmp_path: Path) -> None:
    async def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError

    with pytest.raises(OSError):
        await ClipStore(tmp_path).made("a", fail)
    assert list((tmp_path / FOLDER).iterdir()) == []
