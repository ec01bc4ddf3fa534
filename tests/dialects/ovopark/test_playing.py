"""From a reported order to film that plays: as packing software goes, over sockets, with pieces of a recorder."""

from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from crossdock.base.clock import HeldClock
from crossdock.dialects.ovopark.words import ZONE
from tests.dialects.ovopark.conftest import IPOS_JSON, order, signed
from tests.film.conftest import Studio
from tests.film.reels import NOON, Reel, reel, times
from tests.world import World

V = "open.shopweb.device."
NUMBER = "21382148343292"
SINCE, UNTIL = NOON + timedelta(seconds=7), NOON + timedelta(seconds=52)


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Reel:
    return reel(tmp_path_factory.mktemp("reel"), 60)


def local(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


async def test_login_order_camera_film(world: World, minute: Reel) -> None:
    await Studio(world).keep(minute)
    cast(HeldClock, world.clock).set(NOON + timedelta(seconds=65))
    stamp = {"_timestamp": f"{world.clock.now().astimezone(ZONE):%Y%m%d%H%M%S}"}
    ipos = IPOS_JSON.replace("2019-07-03 01:01:01", local(SINCE)).replace("2019-07-03 01:01:45", local(UNTIL))
    headers: dict[str, str] = {}

    async def ask(method: str, version: str = "v1", **given: str) -> Any:
        call = signed(method, version, **stamp, **given)
        said = (await world.client.post("/cloud.api", data=call, headers=headers)).json()
        assert said["stat"]["code"] == 0, said
        return said["data"]

    sent = order(**stamp, iposJson=ipos)
    assert (await world.client.post("/cloud.api", data=sent)).json()["stat"]["code"] == 0
    login = await ask(f"{V.replace('device', 'security')}mobileLogin", userName="packer01", password="demo-packer01")
    headers["authenticator"] = login["token"]
    [found] = (await ask("open.ovopark.storehouse.searchOrder", orderNo=NUMBER))["list"]
    assert found["warnings"] == {}
    [video] = found["videos"]
    assert video["online"] == 1
    span = {"id": str(video["deviceId"]), "startTime": video["startTime"], "endTime": video["endTime"]}

    streams = await ask(f"{V}startPlayRecReq", **span)
    down = await ask(f"{V}startRecReqDown", **span)
    picture = await ask(f"{V}snapshot", id=span["id"])
    channels = await ask(f"{V}getAllChnDetail", **span)
    live = await ask(f"{V}startNewMediaPlay", deviceId=span["id"], isSlave="0")

    assert channels == [{"deviceId": 7001, "hasRecord": 1}]
    assert down["status"] == 0
    for clip in (streams["mp4"], down["url"]):
        answer = await world.client.get(clip)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
        moments = times(answer.content)
        assert moments[0] <= SINCE
        assert moments[-1] >= UNTIL - timedelta(seconds=1)
    for playlist in (streams["hls"], live["hls"]):
        answer = await world.client.get(playlist)
        assert (answer.status_code, answer.text[:7]) == (200, "#EXTM3U")
    answer = await world.client.get(picture["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    changed = streams["mp4"][:-20] + ("A" if streams["mp4"][-20] != "A" else "B") + streams["mp4"][-19:]
    assert (await world.client.get(changed)).status_code == 404


async def test_a_v3_client_downloads_by_json(world: World, minute: Reel) -> None:
    await Studio(world).keep(minute)
    token = "A" * 96
    await world.user_token("packer01", token)
    cast(HeldClock, world.clock).set(NOON + timedelta(seconds=65))
    stamp = {"_timestamp": f"{world.clock.now().astimezone(ZONE):%Y%m%d%H%M%S}"}

    said = await world.client.post(
        "/cloud.api",
        params=signed("open.device.public.device.v2.downloadVideo", "v3", **stamp),
        json={"deviceId": 7001, "startTime": local(SINCE), "endTime": local(UNTIL)},
        headers={"Ovo-Authorization": f"{token} h5 1.0 SIMPLIFIED_CHINESE GMT+8:00"},
    )

    answer = await world.client.get(said.json()["data"]["tlsFmp4"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
