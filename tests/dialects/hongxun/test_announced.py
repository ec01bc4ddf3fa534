"""Plates and codes that are told before goods come."""

import asyncio
from typing import Any

import pytest

from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import Receipt
from crossdock.core.units import plates, serials
from crossdock.dialects.hongxun import serials as wire_serials
from tests.dialects.hongxun.samples import sample, sign
from tests.dialects.hongxun.test_calls import ACCOUNT, IN_ORDER, post
from tests.world import World

LPN = "/dtc/esboms/overseasLpn"
CODES = "/dtc/logistics/serialCodePush"
PLATE = {"lpn": "PLT0001", "customerProductCode": "P-7001", "quantity": 6}


def lpn(*told: Any, batch: str = "LPN-B1", source: str = "RK1") -> dict[str, Any]:
    return sign({"batchId": batch, "sourceNum": source, "lpnList": list(told)})


def codes(number: str, *told: str, total: int = 5, left: int = 1) -> dict[str, Any]:
    return sign(
        {
            "customerOrderCode": number,
            "totalCount": total,
            "currentCount": len(told),
            "surPlusCount": left,
            "productList": [{"customerProductCode": "P-7001", "snList": list(told)}],
        }
    )


async def test_members_nobody_knows_are_kept_word_for_word(world: World) -> None:
    plate = PLATE | {"originCountry": "CN", "lpnWeird": {"a": [1, None]}}
    await post(world, LPN, lpn(plate))
    async with world.desk.database.transaction(readonly=True) as tx:
        [kept] = await plates.of_sources(tx, account_id=ACCOUNT, source_numbers=["RK1"])
    assert (kept.members, kept.received) == (plate, False)


@pytest.mark.parametrize("first", ["plates", "order"])
@pytest.mark.parametrize("source", ["RK2024080200017", "4500012345"])
async def test_plates_are_those_of_the_order_that_they_name(world: World, source: str, first: str) -> None:
    told = [PLATE | {"lpnWeird": [1, None]}, PLATE | {"lpn": "PLT0002"}]
    bodies = {"order": (IN_ORDER, sample("8.1")), "plates": (LPN, lpn(*told, source=source))}
    for path, body in (bodies.pop(first), *bodies.values()):
        assert (await post(world, path, body))["flag"] is True
    await post(world, LPN, lpn(PLATE | {"lpn": "PLT9"}, source="RK2"))

    value = (await post(world, "/dtc/esboms/inOrderResultQuery", sample("8.15")))["value"]
    assert value["lpnList"] == told


async def test_a_plate_that_comes_brings_those_on_it_and_its_batch_stands(world: World) -> None:
    order = await world.order("RK1", lines={"P-7001": 6}, kind="inbound", state="announced", dialect="hongxun")
    carton = {"lpn": "CTN0001", "parentLpn": "PLT0001", "customerProductCode": "P-7001", "quantity": 6}
    await post(world, LPN, lpn(PLATE, carton))
    async with world.desk.database.transaction() as tx:
        receipts = [Receipt(line_key="1", quantity=6, plate="PLT0001")]
        await inbound.receive(tx, account_id=ACCOUNT, order_id=order.id, receipts=receipts)
    async with world.desk.database.transaction(readonly=True) as tx:
        told = await plates.of_sources(tx, account_id=ACCOUNT, source_numbers=["RK1"])
    assert [(plate.code, plate.received) for plate in told] == [("CTN0001", True), ("PLT0001", True)]
    assert (await post(world, LPN, lpn(PLATE)))["message"] == "批次已收货:LPN-B1"
    assert (await post(world, LPN, lpn(PLATE, batch="LPN-B2")))["flag"] is True


async def test_twenty_batches_at_once_share_no_plate(world: World) -> None:
    answers = await asyncio.gather(
        *(post(world, LPN, lpn(PLATE, batch=f"B{turn}", source=f"RK{turn}")) for turn in range(20))
    )
    assert sum(answer["flag"] for answer in answers) == 1
    assert await world.rows("SELECT count(*) FROM plate") == [(1,)]


@pytest.mark.parametrize("name", ["lpn", "lpnNum", "lpnNo", "lpnCode", "licensePlateNumber"])
async def test_what_a_plates_number_may_be_called(world: World, name: str) -> None:
    answer = await post(world, LPN, lpn({name: "PLT9", "customerProductCode": "P-7001", "quantity": 1}))
    assert answer["flag"] is True
    assert await world.rows("SELECT code FROM plate") == [("PLT9",)]


async def test_a_number_twice_in_one_message(world: World) -> None:
    other = {"lpnNo": PLATE["lpn"], "customerProductCode": "P-7001", "quantity": 1}
    answer = await post(world, LPN, lpn(7, PLATE, PLATE, other))
    assert answer["message"] == (
        "参数错误:request.lpnList[0] 类型错误;request.lpnList[2].lpn 重复;request.lpnList[3].lpnNo 重复"
    )


@pytest.mark.parametrize("code", [{}, [], True])
async def test_a_plates_number_that_is_no_text(world: World, code: Any) -> None:
    answer = await post(world, LPN, lpn(PLATE | {"lpn": None, "lpnCode": code}))
    assert answer["message"] == "参数错误:request.lpnList[0].lpnCode 类型错误"


@pytest.mark.parametrize("wrong", [None, "", 0, -1, True, "x", {}, {"a": 1}, [], [None], [7], [[]]])
async def test_what_is_no_list_of_plates(world: World, wrong: Any) -> None:
    answer = await post(world, LPN, sign({"batchId": "B1", "sourceNum": "RK1", "lpnList": wrong}))
    assert (answer["code"], answer["message"].startswith("参数错误:request.lpnList")) == (400, True)


async def test_messages_of_codes_add_up_in_any_order(world: World) -> None:
    for told in (("SN4", "SN5"), ("SN1", "SN2"), ("SN2", "SN3"), ("SN1", "SN2")):
        answer = await post(world, CODES, codes("CK1", *told))
    assert answer["value"] == {"customerOrderCode": "CK1", "receivedCount": 5, "totalCount": 5}
    async with world.desk.database.transaction(readonly=True) as tx:
        told_codes = await serials.of_order(tx, account_id=ACCOUNT, order_number="CK1")
    assert [one.code for one in told_codes] == ["SN1", "SN2", "SN3", "SN4", "SN5"]


async def test_a_code_is_free_again_when_its_order_is_over(world: World) -> None:
    await post(world, CODES, codes("CK1", "SN1"))
    assert (await post(world, CODES, codes("CK2", "SN1")))["message"] == "串码已属于其他单据:SN1"
    await world.parcel("CK1", "DEMO000123456")
    assert (await post(world, CODES, codes("CK2", "SN1")))["flag"] is True


async def test_ten_orders_at_once_name_one_code(world: World) -> None:
    answers = await asyncio.gather(*(post(world, CODES, codes(f"CK{turn}", "SN1")) for turn in range(10)))
    assert sum(answer["flag"] for answer in answers) == 1


async def test_a_message_that_says_it_is_the_last(world: World) -> None:
    await post(world, CODES, codes("CK1", "SN1", left=0))
    assert await world.rows("SELECT ended FROM serial_list") == [(True,)]


@pytest.mark.parametrize(("count", "code"), [(0, 200), (1, 400)])
async def test_how_many_codes_one_product_may_have(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int, code: int
) -> None:
    monkeypatch.setattr(wire_serials, "CODES_MAX", 3)
    told = [f"SN{number}" for number in range(3 + count)]
    assert (await post(world, CODES, codes("CK1", *told)))["code"] == code


@pytest.mark.parametrize("entry", [None, "", {}, [], "x" * 65])
async def test_what_is_no_code(world: World, entry: Any) -> None:
    body = sample("8.23")["request"] | {"currentCount": 1}
    body["productList"] = [{"customerProductCode": "P-7001", "snList": [entry]}]
    assert (await post(world, CODES, sign(body)))["code"] == 400
