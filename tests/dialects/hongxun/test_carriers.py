"""Carriers tell where parcels are."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from crossdock.dialects.hongxun.carriers import NODES_MAX
from tests.dialects.hongxun.samples import sample, sign
from tests.dialects.hongxun.test_calls import post
from tests.world import World

ROUTING = "/dtc/tms/carrierRoutingPush"
NODE = sample("8.28")["request"][0]


async def push(world: World, nodes: Any) -> tuple[int, str]:
    body = sign(nodes, create_by="CARRIER01", data_source="CARRIER_TMS")
    answer = await post(world, ROUTING, body)
    return answer["code"], answer["message"]


def nodes(count: int) -> list[dict[str, Any]]:
    return [NODE | {"time": f"2024-08-02 {number // 60 % 24:02d}:{number % 60:02d}:00"} for number in range(count)]


@pytest.mark.parametrize(("count", "code"), [(NODES_MAX, 200), (NODES_MAX + 1, 400)])
async def test_how_many_nodes_one_message_may_hold(world: World, count: int, code: int) -> None:
    await world.parcel("CK1", "DEMO000123456")
    assert (await push(world, nodes(count)))[0] == code
    assert await world.rows("SELECT count(*) FROM route_node") == [(count if code == 200 else 0,)]


@pytest.mark.parametrize("wrong", [{"a": 1}, [7], [None], [[]]])
async def test_what_is_no_array_of_nodes(world: World, wrong: Any) -> None:
    assert (await push(world, wrong))[0] == 400


async def test_what_cannot_be_kept_is_named_by_its_path(world: World) -> None:
    assert await push(world, [NODE, NODE | {"memo": "\x00"}]) == (400, "参数错误:request[1].memo 含有无法保存的内容")


async def test_codes_are_texts_and_unknown_ones_are_kept(world: World) -> None:
    await world.parcel("CK1", "DEMO000123456")
    for code in ("1", 1, "999"):
        assert await push(world, [NODE | {"scanTypeCode": code}]) == (200, "响应成功")
    assert await world.rows("SELECT code FROM route_node ORDER BY code") == [("1",), ("999",)]
    assert await world.rows("SELECT state FROM orders") == [("shipped",)]
    assert await push(world, [NODE | {"scanTypeCode": ""}]) == (400, "参数错误:request[0].scanTypeCode 不能为空")


async def test_a_carrier_serves_the_accounts_of_its_scope(world: World) -> None:
    await world.parcel("CK1", "DEMO000123456")
    await world.rows(
        "INSERT INTO account (id, code, name, zone, currency)"
        " VALUES (48, 'carriers', 'c', 'Asia/Shanghai', 'CNY') RETURNING id"
    )
    await world.rows("UPDATE credential SET account_id = 48 WHERE key = 'CARRIER01&CARRIER_TMS' RETURNING id")
    world.desk.accounts.forget()
    assert await push(world, [NODE]) == (404, "运单不存在:DEMO000123456")
    [(code,)] = await world.rows("SELECT code FROM account WHERE id = 47")
    await world.rows(
        "UPDATE credential SET scope = scope || jsonb_build_object('accounts', jsonb_build_array(%(code)s::text))"
        " WHERE key = 'CARRIER01&CARRIER_TMS' RETURNING id",
        code=code,
    )
    world.desk.accounts.forget()
    assert await push(world, [NODE]) == (200, "响应成功")


async def test_held_up_parcels_and_unknown_codes_are_in_the_log_once(world: World) -> None:
    await world.parcel("CK1", "DEMO000123456")
    with capture_logs() as logged:
        for _ in range(2):
            await push(world, [NODE | {"scanTypeCode": code} for code in ("80", "104", "88")])
    warned = [(entry["event"], entry.get("code"), entry["mailno"]) for entry in logged if "mailno" in entry]
    assert warned == [("parcel held up", None, "DEMO000123456"), ("route node unknown", "88", "DEMO000123456")]
    assert await world.rows("SELECT state FROM orders") == [("shipped",)]


async def test_a_car_may_be_named_by_the_transport_order_alone(world: World) -> None:
    await world.leg("CK1", vin="LDEMO000000000001")
    await world.parcel("CK1", "DEMO000123456")
    assert await push(world, [NODE]) == (
        400,
        "参数错误:request[0].vinCode 不能为空;request[0].longitude 不能为空;request[0].dimension 不能为空",
    )
    for_cars = {"vinCode": "LDEMO000000000001", "longitude": "112.9", "dimension": "28.2"}
    assert await push(world, [NODE | for_cars]) == (200, "响应成功")


async def test_a_customer_is_no_carrier(world: World) -> None:
    answer = await post(world, ROUTING, sign([NODE]))
    assert (answer["code"], answer["message"]) == (403, "无权限")


@pytest.mark.parametrize("name", ["time", "plannedDeliveryDate"])
async def test_a_time_outside_the_calendar_is_named(world: World, name: str) -> None:
    await world.parcel("CK1", "DEMO000123456")
    code, message = await push(world, [NODE | {name: "0001-01-01 00:00:00"}])
    assert (code, message.endswith(f"request[0].{name} 格式应为yyyy-MM-dd HH:mm:ss")) == (400, True)
