"""The whole way: HTTP, database, broker, a simulated cabinet, and back. What opens, how often, what is on record."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from crossdock.core.lockers import commands
from crossdock.devices.simulator import SimulatedCabinet
from tests.dialects.bestwond.locker import DEVICE, Locker
from tests.world import World

Wired = tuple[Locker, SimulatedCabinet]
UQKEY = "The device uqkey is error, Please ask seller!"
TAKEN = {"code": 30003, "msg": "Order has been withdrawn", "data": None}
NOT_ONLINE = {"code": 16001603, "msg": "Device not online", "data": None}
STORED = {"code": 30002, "msg": "Order has been deposited.", "data": None}


def codes(answers: list[Any]) -> dict[int, int]:
    return dict(Counter(answer["code"] for answer in answers))


async def state(locker: Locker, order_no: str = "100007") -> str:
    return str(await locker.value("SELECT state FROM handover WHERE order_number = %(no)s", no=order_no))


async def test_fifty_takes_of_one_code_open_one_door_once(wired: Wired, world: World) -> None:
    locker, cabinet = wired
    booked = await locker.book()
    saved = await locker.save(booked["save_code"])
    answers = await asyncio.gather(*(locker.act("take", booked["pick_code"]) for _ in range(50)))
    assert codes(answers) == {0: 1, 30003: 49}
    assert [answer for answer in answers if answer["code"]] == [TAKEN] * 49
    assert saved["data"]["lock_address"] == "0105"
    assert cabinet.openings == {"0105": 2}, "one for the courier, one for the customer"
    assert await locker.value("SELECT count(*) FROM door_command WHERE purpose = 'take'") == 1
    await world.verified()


async def test_fifty_saves_of_one_code_open_one_door_once(wired: Wired, world: World) -> None:
    locker, cabinet = wired
    booked = await locker.book()
    answers = await asyncio.gather(*(locker.save(booked["save_code"]) for _ in range(50)))
    assert codes(answers) == {0: 1, 30002: 49}
    assert [answer for answer in answers if answer["code"]] == [STORED] * 49
    assert cabinet.openings == {"0105": 1}
    assert [row["box_name"] for row in (await locker.boxes()).values() if row["box_status"] == 2] == ["05"]
    await world.verified()


async def test_more_couriers_than_boxes_get_a_box_each_or_none(wired: Wired, world: World) -> None:
    locker, cabinet = wired
    booked = [await locker.book(f"P{number}", "M") for number in range(20)]
    answers = await asyncio.gather(*(locker.save(one["save_code"], "M") for one in booked))
    assert codes(answers) == {0: 6, 310002: 14}
    shown = [answer["data"]["box_name"] for answer in answers if not answer["code"]]
    assert sorted(shown) == ["19", "20", "21", "22", "23", "24"]
    assert sorted(cabinet.openings.elements()) == ["0113", "0114", "0115", "0116", "0117", "0118"]
    await world.verified()


async def test_two_couriers_and_the_last_box(wired: Wired, world: World) -> None:
    locker, cabinet = wired
    for number in range(3):
        await locker.save((await locker.book(f"L{number}", "L"))["save_code"], "L")
    booked = [await locker.book(f"P{number}", "L") for number in range(2)]
    assert [one["box_name"] for one in booked] == ["04", "04"], "no booking keeps a box for itself"
    answers = await asyncio.gather(*(locker.save(one["save_code"], "L") for one in booked))
    assert codes(answers) == {0: 1, 310002: 1}
    assert cabinet.openings["0104"] == 1
    await world.verified()


async def test_fifty_bookings_of_one_number_are_one(locker: Locker) -> None:
    answers = await asyncio.gather(
        *(locker.post("/api/iot/kd/set/save/order/", order_no="100007", box_size="S") for _ in range(50))
    )
    assert codes(answers) == {0: 1, 30001: 49}


@pytest.mark.parametrize("reason", [UQKEY, "lock 0105 is blocked"])
async def test_a_cabinet_that_refuses_is_quoted_and_nothing_moves(wired: Wired, world: World, reason: str) -> None:
    locker, cabinet = wired
    booked = await locker.book()
    before = await locker.boxes()
    cabinet.refuse(reason)
    assert await locker.save(booked["save_code"]) == {"code": 16001603, "msg": reason, "data": None}
    opened = await locker.post("/api/iot/open/box/", lock_address="0105", use_type="S")
    assert (opened["code"], opened["data"]["status"], opened["data"]["msg"]) == (0, "fail", reason)
    assert await locker.boxes() == before
    cabinet.refuse(None)
    assert (await locker.save(booked["save_code"]))["code"] == 0
    cabinet.refuse(reason)
    assert await locker.act("take_by_no", "100007") == {"code": 16001603, "msg": reason, "data": None}
    assert await state(locker) == "stored"
    assert cabinet.openings == {"0105": 1}
    await world.verified()


async def test_a_jam_that_the_cabinet_notices_is_a_refusal(wired: Wired) -> None:
    locker, cabinet = wired
    booked = await locker.book()
    cabinet.jam("0105", refuses="door jammed")
    assert (await locker.save(booked["save_code"]))["msg"] == "door jammed"
    assert await state(locker) == "booked"
    assert (await locker.save(booked["save_code"], "M"))["data"]["box_name"] == "19"


async def test_a_jam_that_nobody_notices_moves_the_state_and_no_door(wired: Wired) -> None:
    """`code` 0 says that the cabinet took the command; that a door moved only the door callback says."""
    locker, cabinet = wired
    await locker.post("/api/iot/device/set/box/callback/address/", call_ad="https://shop.example.com/doors/")
    booked = await locker.book()
    cabinet.jam("0105")
    assert (await locker.save(booked["save_code"]))["code"] == 0
    assert await state(locker) == "stored"
    await locker.until("SELECT pulse_at IS NOT NULL FROM door_command", True)
    assert not cabinet.openings
    assert await locker.told() == []
    cabinet.free("0105")
    assert (await locker.act("take", booked["pick_code"]))["code"] == 0
    await locker.until("SELECT door FROM box WHERE name = '05'", "open")
    [report] = await locker.told()
    assert report["msg_data"]["lock_status_list"][0]["lockerSta"] == "open"


async def test_an_unplugged_cabinet_changes_nothing_and_is_asked_for_nothing(wired: Wired, world: World) -> None:
    locker, cabinet = wired
    booked, waiting = await locker.book("100007"), await locker.book("100008")
    await locker.save(booked["save_code"])
    await cabinet.offline()
    await locker.until("SELECT online FROM cabinet WHERE number = %(number)s", False, number=DEVICE)
    assert await locker.save(waiting["save_code"]) == NOT_ONLINE
    assert await locker.act("take", booked["pick_code"]) == NOT_ONLINE
    assert await locker.act("take_by_no", "100007") == NOT_ONLINE
    assert (await locker.post("/api/iot/device/line/status/"))["data"]["status"] == "off"
    door = await locker.post("/api/iot/device/box/status/", lock_address="0105")
    assert (door["data"]["status"], door["data"]["msg"]) == ("fail", "Device not online")
    assert (await locker.book("100009"))["status"] == "fail"
    await cabinet.online()
    await locker.until("SELECT online FROM cabinet WHERE number = %(number)s", True, number=DEVICE)
    assert (await locker.act("take", booked["pick_code"]))["code"] == 0
    assert cabinet.openings == {"0105": 2}
    await world.verified()


# A cabinet that has heard and does not answer ------------------------------------------------


async def test_an_answer_that_comes_after_we_gave_up_is_believed(locker: Locker, world: World) -> None:
    """The courier is told no, the door opens all the same: the record follows the door, and the code is used up."""
    booked = await locker.book()
    assert await _given_up(locker, locker.save(booked["save_code"])) == NOT_ONLINE
    assert await state(locker) == "booked"
    locker.speaks.set()
    await locker.until("SELECT state FROM handover", "stored")

    assert await locker.save(booked["save_code"]) == STORED
    box = (await locker.boxes())["05"]
    assert (box["box_status"], box["order_no"]) == (2, "100007")
    log = await locker.post("/api/iot/device/box/log/", box_name="05", page_num=1, page_size=20)
    assert [row["remark"] for row in log["data"]["list"]] == ["API calls success"]

    assert await _given_up(locker, locker.act("take", booked["pick_code"])) == NOT_ONLINE
    assert await state(locker) == "stored"
    locker.speaks.set()
    await locker.until("SELECT state FROM handover", "taken")
    assert await locker.act("take", booked["pick_code"]) == TAKEN
    assert locker.opened == ["0105", "0105"]
    await world.verified()


async def test_a_retry_is_not_overtaken_by_the_late_answer_to_the_first(locker: Locker, world: World) -> None:
    booked = await locker.book()
    assert await _given_up(locker, locker.save(booked["save_code"])) == NOT_ONLINE
    again = asyncio.create_task(locker.save(booked["save_code"], "M"))
    await locker.until("SELECT count(*) FROM door_command", 2)
    locker.speaks.set()

    assert (await again)["data"]["box_name"] == "19"
    full = [row["box_name"] for row in (await locker.boxes()).values() if row["box_status"] == 2]
    assert full == ["19"]
    assert await locker.value("SELECT facts ->> 'alarm' FROM event WHERE kind = 'door.alarm'") == "late answer"
    await world.verified()


async def test_nothing_is_booked_or_deleted_while_its_door_is_opening(locker: Locker, world: World) -> None:
    booked = await locker.book()
    locker.speaks.clear()
    saving = asyncio.create_task(locker.save(booked["save_code"]))
    await locker.until("SELECT count(*) FROM door_command", 1)
    assert await _deleted(locker, status=1) == {"code": 30005, "msg": "Order status error", "data": None}
    rebooked = await locker.post("/api/iot/kd/set/save/order/", order_no="100007", box_size="S")
    assert rebooked == {"code": 30001, "msg": "Order already booked", "data": None}
    assert (await locker.act("take", booked["pick_code"]))["code"] == 320001
    log = await locker.post("/api/iot/device/box/log/", box_name="05", page_num=1, page_size=20)
    assert [row["remark"] for row in log["data"]["list"]] == ["API calls"]
    locker.speaks.set()
    assert (await saving)["code"] == 0

    locker.speaks.clear()
    taking = asyncio.create_task(locker.act("take", booked["pick_code"]))
    await locker.until("SELECT count(*) FROM door_command", 2)
    assert (await _deleted(locker, status=3))["code"] == 30005
    locker.speaks.set()
    assert (await taking)["code"] == 0
    assert await _deleted(locker, status=3) == {"code": 0, "msg": "ok", "data": None}
    await world.verified()


async def _given_up(locker: Locker, asked: Coroutine[Any, Any, Any]) -> Any:
    """The answer to a call whose command the cabinet has heard and we stopped waiting for."""
    locker.speaks.clear()
    before = await locker.value("SELECT count(*) FROM door_command")
    asking = asyncio.create_task(asked)
    await locker.until("SELECT count(*) FROM door_command WHERE state = 'sent'", 1)
    command_id = await locker.value("SELECT max(id) FROM door_command")
    async with locker.desk.database.transaction() as tx:
        assert await commands.expire(tx, command_id=command_id)
    assert await locker.value("SELECT count(*) FROM door_command") == before + 1
    return await asking


async def _deleted(locker: Locker, *, status: int) -> Any:
    return await locker.post("/api/iot/order/record/delete2/", order_no="100007", status=status)
