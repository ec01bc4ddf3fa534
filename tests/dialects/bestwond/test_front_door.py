"""What strangers, other accounts and careless clients get: the envelope, and nothing that is not theirs."""

import itertools
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from crossdock.core.lockers import commands
from crossdock.dialects.bestwond import auth, calls
from tests.dialects.bestwond.locker import APP_ID, DEVICE, SECRET, Locker
from tests.world import World

BASE: dict[str, Any] = {"app_id": APP_ID, "device_number": DEVICE, "timestamps": 1689665130}
LINE = "/api/iot/device/line/status/"
TAKEN: dict[str, dict[str, Any]] = {
    "/api/iot/open/box/": {**BASE, "lock_address": "0101", "use_type": "S"},
    "/api/iot/send/device/basic/info/": {**BASE, "qr": "q", "device_address": "a", "app_kf_mobile": "1"},
    LINE: BASE,
    "/api/iot/device/box/list/": BASE,
    "/api/iot/device/list/": {**BASE, "device_name": ""},
    "/api/iot/device/box/log/": {**BASE, "box_name": "01", "page_num": 1, "page_size": 20},
    "/api/iot/device/set/box/callback/address/": {**BASE, "call_ad": "https://shop.example.com/doors/"},
    "/api/iot/device/box/status/": {**BASE, "lock_address": "0101"},
    "/api/iot/kd/set/save/order/": {**BASE, "order_no": "100007", "box_size": "S"},
    "/api/iot/kd/get/can/save/box/": {**BASE, "box_size": "S"},
    "/api/iot/get/device/tj/info/": BASE,
    "/api/iot/kd/order/save/or/take/": {**BASE, "action_type": "save", "action_code": "875813", "box_size": "S"},
    "/api/iot/device/get/box/save/info/": {**BASE, "box_name": "01"},
    "/api/iot/set/app/webhook/": {"app_id": APP_ID, "timestamps": 1, "save_notify_url": "https://shop.example.com/"},
    "/api/iot/order/record/delete/": {"app_id": APP_ID, "timestamps": 1, "id": 484, "status": 1},
    "/api/iot/order/record/delete2/": {**BASE, "order_no": "100007", "status": 1},
}
"""Of every signed call, a body it takes."""
WRONG: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "x" * 300, "\x00", "中文", "😀", "01'; --", "%00", "1e3", [], [1],
    {}, {"a": {"b": [None]}},
]  # fmt: skip


def test_every_signed_call_is_here() -> None:
    aliases = {"/device/set/box/callback/address/", "/api/iot/kd/order/save_or_take/"}
    signed = {one.call.split()[1] for one in calls.ENDPOINTS if one.options.body is not None}
    assert set(TAKEN) == signed - aliases


@pytest.mark.parametrize("path", TAKEN)
async def test_whatever_stands_in_a_field_the_answer_is_the_envelope(locker: Locker, path: str) -> None:
    body = TAKEN[path]
    for field in body:
        for value in WRONG:
            answer = await locker.send(path, {**body, field: value})
            assert answer["code"] < 400 or answer["code"] > 599, (field, value, answer)
            if isinstance(value, list | dict) or value is True:
                assert answer["code"] in (1300001, 1300003), (field, value, answer)
        without = {key: value for key, value in body.items() if key != field}
        assert (await locker.send(path, without))["code"] in (0, 30004, 1300001)


async def test_nobody_is_answered_without_a_signature(locker: Locker) -> None:
    for path, body in TAKEN.items():
        good = auth.sign(body, SECRET)
        short, long, other = good[:-1], f"{good}0", auth.sign(body, f"{SECRET} ")
        for query in ("", "sign", "sign=", "sign=0", "sign=%ff", "sign=%00", f"SIGN={good}", f"sign=&sign={good}"):
            await _invalid_sign(locker, f"{path}?{query}", body)
        for signature in (short, long, other):
            await _invalid_sign(locker, f"{path}?sign={signature}", body)
    assert (await locker.value("SELECT count(*) FROM handover")) == 0


async def _invalid_sign(locker: Locker, url: str, body: dict[str, Any]) -> None:
    response = await locker.client.post(url, json=body)
    assert (response.status_code, response.json()) == (201, {"code": 1300002, "msg": "Invalid sign"}), url


REST = '"app_id":"bw_de2767d821f911e","device_number":"2100013075"'
RAW = [
    '{"app_id":"bw_de2767d821f911e","timestamps":1,"device_number":"2100000000","device_number":"2100013075"}',
    '  {"timestamps" : "1689665130", "device_number":2100013075,\n"app_id":"\\u0062w_de2767d821f911e"}\t',
    f'{{"timestamps":-12101683,{REST},"x":null,"y":[{{"z":1.50,"t":true}}],"f":1e3,"g":-0.0}}',
    f'{{"timestamps":1000000000000000000000000000000,{REST}}}',
    f'{{"timestamps":"1",{REST},"sign":{{"any":"thing"}}}}',
    f'{{"timestamps":1,{REST},"说明":"中 文&=%+~*😀"}}',
]
"""Of keys said twice the last one counts, for the signature and for what is done."""


async def test_json_is_signed_as_it_is_read(locker: Locker) -> None:
    for raw in RAW:
        signature = auth.sign(json.loads(raw), SECRET)
        response = await locker.client.post(LINE, params={"sign": signature}, content=raw.encode())
        assert response.json()["data"]["status"] == "on", raw


async def test_the_java_client_signs_raw_and_says_everything_as_text_and_the_sign_twice(locker: Locker) -> None:
    body = {**BASE, "timestamps": "1689665130", "order_no": "包裹 1:7", "box_size": "S"}
    raw = "&".join(f"{key}={body[key]}" for key in sorted(body))
    signature = auth.sign(raw, SECRET)
    path = "/api/iot/kd/set/save/order/"
    response = await locker.client.post(path, params={"sign": signature}, json={**body, "sign": signature})
    assert response.json()["data"]["order_no"] == "包裹 1:7"


async def test_a_signed_body_cannot_be_said_as_another(locker: Locker) -> None:
    """`device_name=Test&device_number` is one key; the raw text of both bodies is the same."""
    meant = {"app_id": APP_ID, "device_name": "Test", "device_number": DEVICE, "timestamps": 1}
    smuggled = {"app_id": APP_ID, "device_name=Test&device_number": DEVICE, "timestamps": 1}
    for signed, sent in ((meant, smuggled), (smuggled, meant)):
        for encode in auth.ENCODERS.values():
            text = "&".join(f"{encode(key)}={encode(str(signed[key]))}" for key in sorted(signed))
            await _invalid_sign(locker, f"/api/iot/device/list/?sign={auth.sign(text, SECRET)}", sent)
    raw = auth.sign("&".join(f"{key}={smuggled[key]}" for key in sorted(smuggled)), SECRET)
    await _invalid_sign(locker, f"/api/iot/device/list/?sign={raw}", smuggled)


UNKNOWN = [
    "/api/iot",
    "/api/iot//",
    "/api/iot/open/box//",
    "/api/iot/open/box/x",
    "/api/iot/open/box/%00",
    "/api/iot/open/box/%ff",
    "/api/iot/Open/Box/",
    "/API/IOT/open/",
    "/device/set/box",
    "/device/set/box/callback/",
    "/api/iot/v5/set/save/order/",
    "/api/iot/sync/save/order/",
    "/api/iot/kd/device/box/doors/",
    "/api/iot/kd/delete/order/no/",
    "/api/iot/sync/device/list/",
]


async def test_an_unknown_path_is_an_answer_of_200(locker: Locker) -> None:
    for method, path in itertools.product(("POST", "GET"), UNKNOWN):
        response = await locker.client.request(method, path, content=b"{")
        assert (response.status_code, response.json()) == (200, {"code": 404, "msg": "Server error,404"}), path


async def test_another_verb_is_an_answer_of_200(locker: Locker) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for path in (LINE, LINE.rstrip("/"), "/api/iot/test/app/webhook/"):
            response = await locker.client.request(method, path)
            assert (response.status_code, response.json()) == (200, {"code": 405, "msg": "Server error,405"})
    response = await locker.client.head(LINE)
    assert (response.status_code, response.content) == (200, b"")


# Others -----------------------------------------------------------------------------------


async def test_a_cabinet_of_another_account_does_not_exist(locker: Locker) -> None:
    await locker.other_app("bw_stranger", account_id=48)
    await locker.book()
    for path, body in TAKEN.items():
        if "device_number" not in body:
            continue
        answer = await locker.send(path, {**body, "app_id": "bw_stranger"})
        if path == "/api/iot/device/list/":
            assert answer["data"] == []
        else:
            assert answer == {"code": 16001001, "msg": "Device is not exists", "data": None}, path
    assert await locker.value("SELECT count(*) FROM door_command") == 0
    assert await locker.value("SELECT count(*) FROM receiver WHERE account_id = 48") == 0


async def test_an_order_of_another_account_does_not_exist(locker: Locker) -> None:
    await locker.other_app("bw_stranger", account_id=48)
    await locker.book()
    id_ = await locker.value("SELECT id FROM handover")
    for path, named in (
        ("/api/iot/order/record/delete/", {"id": id_}),
        ("/api/iot/order/record/delete2/", {"order_no": "100007"}),
    ):
        body = {"app_id": "bw_stranger", "timestamps": 1, "status": 1, **named}
        assert await locker.send(path, body) == {"code": 30004, "msg": "Order not found", "data": None}
    assert await locker.value("SELECT state FROM handover") == "booked"


async def test_a_delete_names_the_cabinet_of_the_order_or_none(locker: Locker) -> None:
    await locker.book()
    async with locker.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO cabinet (account_id, site_id, number, name, created_at, updated_at)"
            " VALUES (47, 90, '2100000001', '', now(), now())"
        )
    path = "/api/iot/order/record/delete2/"
    body = {"order_no": "100007", "status": 1}
    assert (await locker.post(path, **body, device_number="2100000001"))["code"] == 30004
    assert (await locker.post(path, **body, device_number="2100000009"))["code"] == 16001001
    assert (await locker.post(path, **body))["code"] == 0
    who = await locker.value("SELECT dialect || ' ' || actor FROM event WHERE kind = 'handover.deleted'")
    assert who == f"bestwond {APP_ID}"


async def test_two_apps_of_one_account_share_cabinets_and_not_webhooks_or_logs(locker: Locker) -> None:
    """Occupancy is everybody's; who booked hears of it; who opened sees it in the log."""
    await locker.other_app("bw_courier")
    for app_id in (APP_ID, "bw_courier"):
        await locker.post(
            "/api/iot/set/app/webhook/",
            app_id=app_id,
            save_notify_url=f"https://{app_id}.example/save",
            take_notify_url=f"https://{app_id}.example/take",
        )
    booked = await locker.book()
    saved = await locker.act("save", booked["save_code"], box_size="S", app_id="bw_courier")
    assert saved["data"]["box_name"] == "05"
    assert (await locker.boxes())["05"]["order_no"] == "100007"
    await locker.act("take", booked["pick_code"])
    assert [(told["app_id"], told["action_type"]) for told in await locker.told()] == [
        (APP_ID, "save"),
        (APP_ID, "take"),
    ]
    remarks = {}
    for app_id in (APP_ID, "bw_courier"):
        log = await locker.post("/api/iot/device/box/log/", app_id=app_id, box_name="05", page_num=1, page_size=9)
        remarks[app_id] = [(row["app_id"], row["remark"]) for row in log["data"]["list"]]
    assert remarks == {
        APP_ID: [(APP_ID, "API calls success")],
        "bw_courier": [("bw_courier", "API calls success")],
    }


@pytest.mark.parametrize("claimed", [False, True])
async def test_of_the_houses_own_booking_every_app_hears_until_one_has_booked_it(
    locker: Locker, claimed: bool
) -> None:
    await locker.other_app("bw_courier")
    for app_id in (APP_ID, "bw_courier"):
        await locker.post("/api/iot/set/app/webhook/", app_id=app_id, save_notify_url=f"https://{app_id}.example/")
    async with locker.desk.database.transaction() as tx:
        ours = await commands.book(
            tx, account_id=47, cabinet=DEVICE, order_number="100007", box_size="S", claimed_by=None, dialect="house",
            actor="",
        )  # fmt: skip
    if claimed:
        order = {"order_no": "100007", "box_size": "S"}
        claim = await locker.post("/api/iot/kd/set/save/order/", app_id="bw_courier", **order)
        assert claim["data"]["save_code"] == ours.save_code
        assert (await locker.post("/api/iot/kd/set/save/order/", **order))["code"] == 30001
    await locker.save(ours.save_code)
    told = [one["app_id"] for one in await locker.told()]
    assert told == (["bw_courier"] if claimed else [APP_ID, "bw_courier"])


async def test_the_houses_openings_are_in_every_apps_log(locker: Locker) -> None:
    await locker.desk.doors.open(
        account_id=47, cabinet=DEVICE, lock_address="0101", use_type="O", asked_by="Li", dialect="house"
    )
    locker.reason = "door blocked"
    await locker.desk.doors.open(
        account_id=47, cabinet=DEVICE, lock_address="0101", use_type="O", asked_by="Li", dialect="house"
    )
    log = await locker.post("/api/iot/device/box/log/", box_name="01", page_num=1, page_size=20)
    assert [(row["app_id"], row["remark"]) for row in log["data"]["list"]] == [
        (APP_ID, "Manage backend calls : door blocked"),
        (APP_ID, "Manage backend calls success"),
    ]


# Codes -------------------------------------------------------------------------------------


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[list[Any]]:
    """Everything that is logged, of structlog and of the standard library."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as entries:
        yield entries
    assert entries or caplog.records


async def test_codes_stand_in_no_log_and_in_no_refusal(
    locker: Locker, world: World, heard: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    await locker.post("/api/iot/set/app/webhook/", save_notify_url="https://a.example/", take_notify_url="")
    booked = await locker.book()
    secrets = [booked["save_code"], booked["pick_code"], SECRET]
    refusals = [
        await locker.save(booked["pick_code"]),
        await locker.act("take", booked["save_code"]),
        await locker.act("take", booked["pick_code"]),
        await locker.act("take_by_no", "100007"),
        await locker.post("/api/iot/kd/set/save/order/", order_no="100007", box_size="S"),
    ]
    await locker.save(booked["save_code"])
    refusals.append(await locker.save(booked["save_code"]))
    locker.reason = "door blocked"
    refusals.append(await locker.act("take", booked["pick_code"]))
    locker.reason = ""
    lists = [await locker.boxes(), await locker.post("/api/iot/device/get/box/save/info/", box_name="05")]
    await locker.act("take", booked["pick_code"])
    refusals.append(await locker.act("take", booked["pick_code"]))
    refusals.append(await locker.post(LINE, app_id=booked["pick_code"]))
    response = await locker.client.post(f"{LINE}?sign=0", json={**BASE, "code": booked["save_code"]})
    refusals.append(response.json())

    assert all(refusal["code"] for refusal in refusals)
    assert len(heard) == len(refusals), "each refusal is a line in the log"
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    for said in (repr(heard), repr(logged), json.dumps(refusals), json.dumps(lists)):
        assert not [secret for secret in secrets if secret in said]


async def test_a_fault_of_ours_tells_no_code(
    locker: Locker, heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, key: str, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(type(locker.desk.doors), "take", broken)
    answer = await locker.act("take", "123456")
    assert answer == {"code": 500, "msg": "Server error,500"}
    assert "123456" not in repr(heard)
    assert [entry["event"] for entry in heard] == ["fault"]


async def test_codes_keep_their_leading_zeros_and_are_text(locker: Locker) -> None:
    booked = await locker.book()
    async with locker.desk.database.transaction() as tx:
        await tx.execute("UPDATE handover SET save_code = '000042', key = '007000'")
    for wrong in ("42", "00042", "0000042", " 000042", "000042 ", "０００００42", "875813"):
        assert (await locker.save(wrong))["code"] == 310001
    assert (await locker.save(booked["pick_code"]))["code"] == 310001
    assert (await locker.save("000042"))["code"] == 0
    for wrong in ("7000", "07000", "0007000"):
        assert (await locker.act("take", wrong))["code"] == 320001
    row = (await locker.act("take", "007000"))["data"]
    assert (row["save_code"], row["pick_code"]) == ("000042", "007000")


@pytest.mark.parametrize("number", ["0007", "00131031", " 7 ", "包裹-1", "a/b?c=d&e", "%00", "😀"])
async def test_an_order_number_is_taken_as_it_is(locker: Locker, number: str) -> None:
    booked = await locker.book(number)
    assert booked["order_no"] == number
    assert (await locker.save(booked["save_code"]))["code"] == 0
    assert (await locker.act("take_by_no", number.strip() + " x"))["code"] == 30004
    assert (await locker.act("take_by_no", number))["data"]["order_no"] == number


async def test_what_is_told_verifies_as_a_client_would(locker: Locker) -> None:
    """Of every call whose `data` is signed, and only of those."""
    with_sign = set()
    for path, body in TAKEN.items():
        data = (await locker.send(path, body))["data"]
        if isinstance(data, dict) and "sign" in data:
            with_sign.add(path)
            assert auth.verify(data, data["sign"], SECRET)
            assert re.fullmatch("[0-9a-f]{128}", data["sign"])
    assert with_sign == {
        "/api/iot/open/box/",
        "/api/iot/send/device/basic/info/",
        LINE,
        "/api/iot/device/box/status/",
        "/api/iot/kd/set/save/order/",
        "/api/iot/get/device/tj/info/",
    }


async def test_a_body_in_pieces_or_of_another_type_is_a_body(locker: Locker) -> None:
    raw = json.dumps(BASE).encode()

    async def pieces() -> Any:
        for byte in range(0, len(raw), 7):
            yield raw[byte : byte + 7]

    signature = auth.sign(BASE, SECRET)
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
        response: httpx.Response = await locker.client.post(
            LINE, params={"sign": signature}, content=pieces(), headers={"content-type": kind}
        )
        assert response.json()["data"]["status"] == "on"
