"""A parcel's way through a locker over HTTP, and the promises about its codes and its door."""

import asyncio
import dataclasses
from typing import Any, cast

import httpx
import pytest

from crossdock.base.errors import DatabaseUnavailable, Overloaded
from crossdock.core.events.queries import receiver
from crossdock.core.lockers import commands
from crossdock.dialects.bestwond import BODY_BYTES_MAX, DIALECT, auth
from crossdock.edge.asgi import App
from tests.dialects.bestwond.locker import APP_ID, DEVICE, SECRET, Locker


async def _receiver(locker: Locker, name: str) -> Any:
    async with locker.desk.database.transaction(readonly=True) as tx:
        return await receiver(tx, account_id=47, dialect="bestwond", name=name)


async def test_booked_stored_taken(locker: Locker) -> None:
    booked = await locker.book()
    assert (booked["status"], booked["msg"]) == ("success", "ok")
    assert booked["take_code"] == booked["pick_code"] != booked["save_code"]
    assert all(len(booked[code]) == 6 and booked[code].isdigit() for code in ("save_code", "pick_code"))
    assert booked["sign"] == auth.sign(booked, SECRET)

    saved = await locker.save(booked["save_code"])
    before = saved["data"]
    box_id = before.pop("id")
    assert before.pop("uptime")
    assert before.pop("ctime")
    assert saved == {
        "code": 0,
        "msg": "Operation successful",
        "data": {
            "market_id": 47,
            "device_number": DEVICE,
            "box_name": "05",
            "box_size": "S",
            "box_type": 1,
            "lock_address": "0105",
            "status": 1,
            "remark": None,
            "rental_items_id": None,
            "count": None,
            "pick_phone": None,
            "save_time": None,
            "pick_code": None,
            "pick_time": None,
            "order_no": None,
            "version": 0,
            "enable_status": 1,
        },
        "des": "",
    }
    box = (await locker.boxes())["05"]
    assert (box["box_id"], box["box_status"], box["order_no"]) == (box_id, 2, "100007")
    assert (box["save_time"], box["pick_code"]) == ("2023-07-18 15:25:31", None)

    taken = await locker.act("take", booked["pick_code"], box_size="S")
    order_id = taken["data"].pop("id")
    assert taken == {
        "code": 0,
        "msg": "Operation successful",
        "data": {
            "market_id": 47,
            "device_number": DEVICE,
            "user_id": None,
            "user_name": "",
            "order_no": "100007",
            "status": 3,
            "ctime": "2023-07-18 15:25:31",
            "save_time": "2023-07-18 15:25:31",
            "take_time": "2023-07-18 15:25:31",
            "box_name": "05",
            "box_size": "S",
            "lock_address": "0105",
            "save_code": booked["save_code"],
            "pick_code": booked["pick_code"],
        },
        "des": "",
    }
    emptied = (await locker.boxes())["05"]
    assert (emptied["box_status"], emptied["order_no"]) == (1, "100007")
    assert locker.opened == ["0105", "0105"]

    gone = {"code": 0, "msg": "ok", "data": None}
    path = "/api/iot/order/record/delete/"
    assert (await locker.post(path, id=order_id, status=1))["code"] == 30005
    assert await locker.post(path, id=order_id, status=3) == gone
    assert (await locker.post(path, id=order_id, status=3))["code"] == 30004
    assert (await locker.book())["save_code"] != ""


async def test_a_code_serves_once(locker: Locker) -> None:
    booked = await locker.book()
    await locker.save(booked["save_code"])
    again = await locker.save(booked["save_code"])
    assert again == {"code": 30002, "msg": "Order has been deposited.", "data": None}
    assert (await locker.post("/api/iot/kd/set/save/order/", order_no="100007", box_size="S"))["code"] == 30002
    await locker.act("take", booked["pick_code"])
    assert (await locker.act("take", booked["pick_code"]))["code"] == 30003
    assert (await locker.act("take_by_no", "100007"))["code"] == 30003
    assert (await locker.post("/api/iot/kd/set/save/order/", order_no="100007", box_size="S"))["code"] == 30003
    assert locker.opened == ["0105", "0105"]


async def test_two_couriers_with_one_code_open_one_door(locker: Locker) -> None:
    booked = await locker.book()
    answers = await asyncio.gather(*(locker.save(booked["save_code"]) for _ in range(4)))
    assert sorted(answer["code"] for answer in answers) == [0, 30002, 30002, 30002]
    assert locker.opened == ["0105"]


async def test_two_customers_with_one_code_open_one_door(locker: Locker) -> None:
    booked = await locker.book()
    await locker.save(booked["save_code"])
    answers = await asyncio.gather(*(locker.act("take", booked["pick_code"]) for _ in range(4)))
    assert sorted(answer["code"] for answer in answers) == [0, 30003, 30003, 30003]
    assert locker.opened == ["0105", "0105"]


async def test_a_parcel_in_its_box_cannot_be_deleted(locker: Locker) -> None:
    booked = await locker.book()
    await locker.save(booked["save_code"])
    for status in (1, 3):
        answer = await locker.post("/api/iot/order/record/delete2/", order_no="100007", status=status)
        assert answer == {"code": 30005, "msg": "Order status error", "data": None}
    assert (await locker.act("take_by_no", "100007"))["data"]["order_no"] == "100007"


async def test_the_courier_may_take_another_size_until_none_is_free(locker: Locker) -> None:
    for number in range(6):
        booked = await locker.book(f"M{number}")
        saved = await locker.save(booked["save_code"], "M")
        assert saved["data"]["box_name"] == str(19 + number)
    booked = await locker.book("M6", "M")
    assert booked["box_name"] == ""
    assert await locker.save(booked["save_code"], "M") == {"code": 310002, "msg": "No empty box", "data": None}
    can_save = await locker.post("/api/iot/kd/get/can/save/box/", box_size="M")
    assert can_save["data"] == {"can_save_box_list": ""}
    assert (await locker.save(booked["save_code"], "L"))["data"]["box_name"] == "01"
    listed = list(await locker.boxes())
    assert listed[:4] == ["02", "03", "04", "05"]
    assert listed[-7:] == ["01", "19", "20", "21", "22", "23", "24"]


async def test_used_info_counts_what_lies_where(locker: Locker) -> None:
    codes = [await locker.book(str(number)) for number in range(3)]
    await locker.save(codes[0]["save_code"])
    await locker.save(codes[1]["save_code"], "L")
    await locker.act("take", codes[0]["pick_code"])
    answer = await locker.post("/api/iot/get/device/tj/info/")
    data = answer["data"]
    assert data.pop("sign") == auth.sign(data, SECRET)
    assert answer["msg"] == "SUCCESS"
    assert data == {
        "device_number": DEVICE,
        "timestamps": 1689665131,
        "left_box_count": 23,
        "used_box_count": 1,
        "disabled_box_count": 0,
        "already_sysnc_count": 1,
        "already_save_count": 1,
        "already_take_count": 1,
        "box_size_count": [
            {"count": 3, "box_size": "L", "status": 1},
            {"count": 1, "box_size": "L", "status": 2},
            {"count": 6, "box_size": "M", "status": 1},
            {"count": 14, "box_size": "S", "status": 1},
        ],
    }


@pytest.mark.parametrize("reason", ["Device not online", "The device uqkey is error, Please ask seller!"])
async def test_a_cabinet_that_refuses_changes_nothing(locker: Locker, reason: str) -> None:
    booked = await locker.book()
    before = await locker.boxes()
    locker.reason = reason
    refusal = {"code": 16001603, "msg": reason, "data": None}
    assert await locker.save(booked["save_code"]) == refusal
    assert await locker.boxes() == before
    locker.reason = ""
    await locker.save(booked["save_code"])
    locker.reason = reason
    assert await locker.act("take", booked["pick_code"]) == refusal
    locker.reason = ""
    assert (await locker.act("take", booked["pick_code"]))["code"] == 0


async def test_an_offline_cabinet_is_booked_and_saves_nothing(locker: Locker) -> None:
    await locker.online(False)
    booked = await locker.book()
    assert (booked["status"], booked["msg"]) == ("fail", "Device not online")
    assert (await locker.save(booked["save_code"]))["code"] == 16001603
    opened = await locker.post("/api/iot/open/box/", lock_address="0101", use_type="S")
    assert (opened["code"], opened["data"]["status"], opened["data"]["msg"]) == (0, "fail", "Device not online")
    assert opened["data"]["task_id"] > 0
    assert locker.opened == []


async def test_each_open_opens_again_under_a_growing_task(locker: Locker) -> None:
    first, second = [
        (await locker.post("/api/iot/open/box/", lock_address="0101", use_type="O"))["data"] for _ in range(2)
    ]
    assert first["sign"] == auth.sign(first, SECRET)
    assert second["task_id"] > first["task_id"]
    assert locker.opened == ["0101", "0101"]


async def test_webhooks_are_owed_to_the_app_that_set_them(locker: Locker) -> None:
    path = "/api/iot/set/app/webhook/"
    await locker.post(path, save_notify_url="https://shop.example.com/save", take_notify_url="https://t.example/")
    await locker.post(path, save_notify_url="https://shop.example.com/new")
    save, take = await _receiver(locker, f"save:{APP_ID}"), await _receiver(locker, f"take:{APP_ID}")
    assert (save.url, save.kinds, save.active) == ("https://shop.example.com/new", ["handover.stored"], True)
    assert (take.url, take.kinds, take.active) == ("https://t.example/", ["handover.taken"], True)
    assert save.credential_id == take.credential_id == (await locker.caller()).credential.id
    await locker.post(path, take_notify_url="")
    assert not (await _receiver(locker, f"take:{APP_ID}")).active
    assert (await _receiver(locker, f"save:{APP_ID}")).active


async def test_a_save_and_a_take_are_told_once_each(locker: Locker) -> None:
    await locker.post(
        "/api/iot/set/app/webhook/",
        save_notify_url="https://shop.example.com/save",
        take_notify_url="https://shop.example.com/take",
    )
    booked = await locker.book()
    await locker.save(booked["save_code"])
    await locker.save(booked["save_code"])
    taken = await locker.act("take", booked["pick_code"])
    saved, withdrawn = await locker.told()
    row = {"app_id": APP_ID, "timestamps": 1689665131, **taken["data"]}
    assert withdrawn == {**row, "action_type": "take"}
    assert saved == {**row, "action_type": "save", "status": 2, "take_time": None}


async def test_doors_are_reported_to_the_address_of_their_cabinet(locker: Locker) -> None:
    await locker.post(
        "/api/iot/device/set/box/callback/address/", call_ad="https://shop.example.com/device/box/status/"
    )
    asked = await locker.post("/api/iot/device/box/status/", lock_address="010C")
    assert (asked["data"]["status"], asked["data"]["lock_address"]) == ("success", "010C")
    door = {"cabinet_number": DEVICE, "lock_address": "010C", "happened_at": locker.clock.now()}
    async with locker.desk.database.transaction() as tx:
        await commands.door_reported(tx, **door, door="closed", sequence="0")
        await commands.door_seen(tx, **door, door="open", sequence="1")
        await commands.door_seen(tx, **door, door="open", sequence="1")
    answer, report = await locker.told()
    assert answer == {
        "device_id": DEVICE,
        "lock_address": "010c",
        "lock_status": "1",
        "msg_data": "",
        "msg_style": "1",
    }
    assert report["msg_data"]["lock_status_list"] == [
        {"suonum": "12", "bannum": "1", "lockerAdd": "010C", "lockerSta": "open", "suosta": "门开了"}
    ]


async def test_door_reports_are_set_per_cabinet(locker: Locker) -> None:
    path = "/api/iot/device/set/box/callback/address/"
    await locker.post(path, call_ad="https://shop.example.com/doors/")
    assert (await locker.post(path))["code"] == 1300001
    found = await _receiver(locker, f"doors:{DEVICE}")
    assert (found.url, found.subject) == ("https://shop.example.com/doors/", f"cabinet:{DEVICE}")
    assert found.kinds == ["door.changed", "door.queried"]
    await locker.post(path, call_ad="")
    assert not (await _receiver(locker, f"doors:{DEVICE}")).active


async def test_a_booking_of_our_own_is_handed_to_the_first_app(locker: Locker) -> None:
    async with locker.desk.database.transaction() as tx:
        made = await commands.book(
            tx,
            account_id=47,
            cabinet=DEVICE,
            order_number="100007",
            box_size="S",
            claimed_by=None,
            dialect="house",
            actor="",
        )
    booked = await locker.book()
    assert (booked["save_code"], booked["pick_code"]) == (made.save_code, made.key)
    assert (await locker.post("/api/iot/kd/set/save/order/", order_no="100007", box_size="S"))["code"] == 30001


async def test_a_key_past_its_time_is_no_app(locker: Locker) -> None:
    async with locker.desk.database.transaction() as tx:
        await tx.execute("UPDATE credential SET valid_until = %(now)s WHERE key = %(key)s", now=tx.now, key=APP_ID)
    assert await locker.post("/api/iot/device/line/status/") == {"code": 1300003, "msg": "App is not exists"}


@pytest.mark.parametrize(("size", "code"), [(BODY_BYTES_MAX, 0), (BODY_BYTES_MAX + 1, 1300001)])
async def test_a_body_has_an_edge(locker: Locker, size: int, code: int) -> None:
    body = {"app_id": APP_ID, "device_number": DEVICE, "timestamps": "1689665130", "pad": ""}
    bare = len(httpx.Request("POST", "http://x", json=body).content)
    body["pad"] = "x" * (size - bare)
    response = await locker.client.post(
        "/api/iot/device/line/status/", params={"sign": auth.sign(body, SECRET)}, json=body
    )
    assert response.json()["code"] == code
    assert response.status_code == (200 if code == 0 else 201)


class _Failing:
    """An account book that fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def caller(self, dialect: str, key: str) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("a fault of ours, with a secret in it"), 500),
        (DatabaseUnavailable(), 503),
        (Overloaded(waiting=2_000), 503),
    ],
)
async def test_what_is_our_fault_is_told_without_its_cause(locker: Locker, error: Exception, code: int) -> None:
    desk = dataclasses.replace(locker.desk, accounts=cast(Any, _Failing(error)))
    transport = httpx.ASGITransport(app=cast(Any, App(desk, [DIALECT])))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        response = await client.post("/api/iot/device/line/status/", json={"app_id": APP_ID})
    assert (response.status_code, response.json()) == (200, {"code": code, "msg": f"Server error,{code}"})


async def test_an_app_without_a_secret_is_no_app(locker: Locker) -> None:
    async with locker.desk.database.transaction() as tx:
        await tx.execute("UPDATE credential SET secret_sealed = NULL WHERE key = %(key)s", key=APP_ID)
    body = {"app_id": APP_ID, "device_number": DEVICE, "timestamps": 1}
    response = await locker.client.post(
        "/api/iot/device/line/status/", params={"sign": auth.sign(body, "")}, json=body
    )
    assert response.json() == {"code": 1300003, "msg": "App is not exists"}
