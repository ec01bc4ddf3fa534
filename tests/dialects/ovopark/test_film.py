"""Cameras and their film: whose they are, and what an address of film is good for."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.core.packing.model import ITEMS_SHOWN_MAX
from crossdock.dialects.ovopark.devices import DOWNLOAD_MAX, LIVE_BACK
from crossdock.dialects.ovopark.routes import ENDPOINTS
from crossdock.film.addresses import SPAN_MAX, Shown, shown_by
from tests.dialects.ovopark.conftest import IPOS_JSON, NOW, Gate, order, signed
from tests.dialects.ovopark.test_tills import token

__all__ = ["token"]
V = "open.shopweb.device."
SPAN = {"startTime": "2019-07-03 01:01:01", "endTime": "2019-07-03 01:01:45"}
SINCE, UNTIL = datetime(2019, 7, 2, 17, 1, 1, tzinfo=UTC), datetime(2019, 7, 2, 17, 1, 45, tzinfo=UTC)
FOREIGN = (
    "INSERT INTO camera (id, account_id, department_id, station, name) VALUES (9001, 47, 130, '001', 'Station 001')"
)


class Viewer:
    """Somebody of enterprise 1."""

    def __init__(self, gate: Gate, token: dict[str, str]) -> None:
        self.gate = gate
        self.token = token

    async def ask(self, method: str, version: str = "v1", **given: str) -> dict[str, Any]:
        return await self.gate.send(data=signed(method, version, **given), headers=self.token)

    async def data(self, method: str, version: str = "v1", **given: str) -> Any:
        said = await self.ask(method, version, **given)
        assert said["stat"]["code"] == 0, said
        return said["data"]

    def shown(self, address: str) -> Shown:
        """What the address is good for, at this server."""
        assert address.startswith("http://gate/film/")
        return shown_by(self.gate.desk.seal, address.split("/")[4], self.gate.clock.now())


@pytest.fixture
def viewer(gate: Gate, token: dict[str, str]) -> Viewer:
    return Viewer(gate, token)


async def test_from_a_report_to_its_film_by_the_vendors_methods(viewer: Viewer) -> None:
    await viewer.gate.send(data=order())
    machine = "001"

    [place] = (await viewer.data(f"{V}getVideoDeviceList", id="123"))["list"]
    [device] = [one for one in place["devices"] if one["machineId"] == machine]
    streams = await viewer.data(f"{V}startPlayRecReq", id=str(device["id"]), playRate="2", **SPAN)

    kinds = [viewer.shown(streams[name]) for name in ("hls", "mp4")]
    assert [(one.kind, one.camera_id, one.since, one.until, one.rate) for one in kinds] == [
        ("hls", 7001, SINCE, UNTIL, 2),
        ("mp4", 7001, SINCE, UNTIL, 2),
    ]
    assert all(one.expires > NOW for one in kinds)
    assert {streams[name] for name in ("rtmp", "flv", "tlsflv", "rtsp")} == {""}


async def test_from_an_order_to_its_film_by_ours(viewer: Viewer) -> None:
    await viewer.gate.send(data=order())

    [found] = (await viewer.data("open.ovopark.storehouse.searchOrder", orderNo="21382148343292"))["list"]
    [video] = found["videos"]
    clip = await viewer.data(
        f"{V}startPlayRecReq",
        id=str(video["deviceId"]),
        startTime=video["startTime"],
        endTime=video["endTime"],
    )

    assert (viewer.shown(clip["hls"]).since, viewer.shown(clip["hls"]).until) == (SINCE, UNTIL)


async def test_every_other_address(viewer: Viewer) -> None:
    clip = await viewer.gate.send(
        params=signed("open.device.public.device.v2.downloadVideo", "v3"),
        json={"deviceId": 7001, **SPAN},
        headers=viewer.token,
    )
    assert viewer.shown(clip["data"]["tlsFmp4"]).kind == "mp4"
    picture = viewer.shown((await viewer.data(f"{V}snapshot", id="7001"))["url"])
    assert (picture.kind, picture.since) == ("snapshot", NOW)
    live = viewer.shown((await viewer.data(f"{V}startNewMediaPlay", deviceId="7001", isSlave="0"))["hls"])
    assert (live.since, live.until) == (NOW - LIVE_BACK, NOW)


async def test_how_long_a_span_may_be(viewer: Viewer) -> None:
    def until(span: timedelta) -> dict[str, str]:
        local = datetime(2019, 7, 3, 1, tzinfo=UTC) + span
        return {"startTime": "2019-07-03 01:00:00", "endTime": f"{local:%Y-%m-%d %H:%M:%S}"}

    second = timedelta(seconds=1)
    assert (await viewer.ask(f"{V}startPlayRecReq", id="7001", **until(SPAN_MAX)))["stat"]["code"] == 0
    assert (await viewer.ask(f"{V}startPlayRecReq", id="7001", **until(SPAN_MAX + second)))["stat"]["code"] == 999999
    down = f"{V}startRecReqDown"
    assert (await viewer.data(down, id="7001", **until(DOWNLOAD_MAX)))["status"] == 1
    assert (await viewer.data(down, id="7001", **until(DOWNLOAD_MAX + second)))["status"] == -1
    assert (await viewer.data(down, id="7001", **until(timedelta(days=400))))["status"] == -1


async def test_a_camera_that_is_recorded(viewer: Viewer) -> None:
    state = f"{V}getDeviceStates"
    assert (await viewer.data(state, "v2", id="7001"))["online"] == 0
    await viewer.gate.execute("UPDATE camera SET recorded_at = %(now)s WHERE id = 7001", now=NOW)

    assert (await viewer.data(state, "v2", id="7001"))["online"] == 1
    assert (await viewer.data(f"{V}startRecReqDown", id="7001", **SPAN))["status"] == 2, "no film in that span"


CAMERA_METHODS = [
    (f"{V}getDeviceStates", "v2", "id"),
    (f"{V}startPlayRecReq", "v1", "id"),
    (f"{V}startPlayRecReq", "v3", "deviceId"),
    (f"{V}startNewMediaPlay", "v1", "deviceId"),
    (f"{V}startNewMediaPlay", "v4", "deviceId"),
    (f"{V}startRecReqDown", "v1", "id"),
    ("open.device.public.device.v2.downloadVideo", "v3", "deviceId"),
    (f"{V}getAllChnDetail", "v1", "id"),
    (f"{V}snapshot", "v1", "id"),
    (f"{V}ptzCtrlAll", "v1", "id"),
    (f"{V}ptzCtrlAll", "v2", "devicesId"),
]


@pytest.mark.parametrize(("method", "version", "name"), CAMERA_METHODS)
async def test_a_camera_of_another_enterprise(viewer: Viewer, method: str, version: str, name: str) -> None:
    await viewer.gate.execute(FOREIGN)
    given = {**SPAN, "isSlave": "0", "commandValue": "1"}

    for device, code in (("9001", 206005), ("9002", 999999), ("-1", 999999), ("7001x", 999999), ("", 100002)):
        said = await viewer.ask(method, version, **given, **{name: device})
        assert (said["stat"]["code"], said["data"]) == (code, None), device


@pytest.mark.parametrize("method", [f"{V}getDeviceList", f"{V}getVideoDeviceList"])
async def test_a_place_of_another_enterprise(viewer: Viewer, method: str) -> None:
    await viewer.gate.execute(FOREIGN)

    for place, code in (("123", 0), ("130", 206005), ("131", 206004), ("x", 999999), ("", 100002)):
        assert (await viewer.ask(method, id=place))["stat"]["code"] == code


async def test_searches_see_the_own_enterprise_only(viewer: Viewer) -> None:
    await viewer.gate.execute("INSERT INTO organisation_enterprise VALUES (1, 12)")
    foreign = {"enterpriseId": "12", "iposJson": IPOS_JSON.replace("D001", "D130")}
    assert await viewer.gate.code(data=order(**foreign)) == 0

    for given in ({}, {"orderNo": "21382148343292"}, {"machineId": "001"}):
        assert (await viewer.data("open.ovopark.storehouse.searchOrder", **given))["all"] == 0
    places = await viewer.data("open.organize.departments.getDepartments")
    assert [row["id"] for row in places["rows"]] == [123]
    listed = await viewer.data("open.shopweb.departments.getDeptListByPage", shopIds="D130,D001")
    assert [row["id"] for row in listed["records"]] == [123]


async def test_a_page_shows_so_many_goods(viewer: Viewer) -> None:
    """Whole reports or none of theirs; who asks for one report gets it whole."""
    report = json.loads(IPOS_JSON)
    [line] = report["goods"]
    kept = [("few", 2), ("longest", ITEMS_SHOWN_MAX), ("one", 1), ("rest", ITEMS_SHOWN_MAX - 3)]
    for second, (number, lines) in enumerate(reversed(kept)):
        begins = f"2019-07-03 01:01:{second:02}"
        text = json.dumps(report | {"orderNo": number, "goods": [line] * lines, "startTime": begins})
        assert await viewer.gate.code(data=order(iposJson=text)) == 0

    found = (await viewer.data("open.ovopark.storehouse.searchOrder"))["list"]
    assert [(row["orderNo"], row["goodsTotal"]) for row in found] == kept
    assert [len(row["goods"]) for row in found] == [2, 0, 1, ITEMS_SHOWN_MAX - 3]
    [found] = (await viewer.data("open.ovopark.storehouse.searchOrder", orderNo="longest"))["list"]
    assert len(found["goods"]) == found["goodsTotal"] == ITEMS_SHOWN_MAX


# What is odd ----------------------------------------------------------------------

NAMES = [
    "orgId", "orgid", "enterpriseId", "enterpriseCode", "iposJson", "depId", "shopId", "shopIds", "machineId",
    "ticketId", "orderNo", "id", "deviceId", "devicesId", "startTime", "endTime", "playRate", "isSlave", "timeout",
    "permanent", "commandValue", "param1", "pageNumber", "pageSize", "deptName", "name", "nodeIds", "userName",
    "password", "total", "createTime", "isCover",
]  # fmt: skip
SOUND = {
    "orgId": "1", "orgid": "1", "enterpriseId": "1", "enterpriseCode": "x", "iposJson": IPOS_JSON, "depId": "123",
    "ticketId": "T", "id": "7001", "deviceId": "7001", "devicesId": "7001", **SPAN, "isSlave": "0",
    "commandValue": "1", "userName": "packer01", "password": "x", "dealNum": "1", "total": "1", "dealPersonNum": "1",
    "createTime": "2024-01-14",
}  # fmt: skip
ODD = ["x\0", "9" * 5_000, "99999999999", "\ud7ff💡١%00\n", "9999-12-31 23:59:59"]


@pytest.mark.parametrize(("method", "version"), sorted(ENDPOINTS))
async def test_nothing_odd_is_a_fault_of_ours(viewer: Viewer, method: str, version: str) -> None:
    """-999 would be one, and 9 and 7 a call that never came to its method."""
    for name in NAMES:
        for value in ODD:
            said = await viewer.ask(method, version, **{**SOUND, name: value})
            assert said["stat"]["code"] not in (-999, -500, 7, 9), (name, value[:20])
    body = {name: {"a": [name]} for name in NAMES}
    said = await viewer.gate.send(params=signed(method, version), json=body, headers=viewer.token)
    assert said["stat"]["code"] not in (-999, -500, 7, 9)
