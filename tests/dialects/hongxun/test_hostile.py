"""Bodies and moments meant to break it: the answer is always the envelope, and nothing is half done."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.errors import BodyMalformed
from crossdock.dialects.hongxun import auth
from crossdock.dialects.hongxun.canonical import canonical, parse
from tests.dialects.hongxun.samples import SECRETS, TIMESTAMP, sample, sign

IN_ORDER = "/dtc/logistics/inOrder"
OUT_ORDER = "/dtc/logistics/outOrder"
STOCK_QUERY = "/dtc/esboms/stockQuery"
AT_ONCE = 50


def raw(request: str) -> bytes:
    """A body whose request stands as it is written, signed."""
    text = auth.signed_text(
        key="HXDEMO&DEMO_ERP", request=canonical(parse(request)), secret=SECRETS["HXDEMO"], timestamp=TIMESTAMP
    )
    shell = {"createBy": "HXDEMO", "dataSource": "DEMO_ERP", "timestamp": TIMESTAMP, "sign": auth.signature(text)}
    return f'{json.dumps(shell)[:-1]},"request":{request}}}'.encode()


def in_order(more: str = "", **changes: Any) -> str:
    return json.dumps(sample("8.1")["request"] | changes)[:-1] + more + "}"


def out_order(number: str, quantity: int = 2, **changes: Any) -> dict[str, Any]:
    request = sample("8.2")["request"]
    line = request["productList"][0] | {"quantity": quantity}
    return sign(request | {"customerNumber": number, "productList": [line]} | changes)


async def post(world: Any, path: str, body: Any) -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await world.client.post(path, content=content)
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json;charset=UTF-8")
    assert set(said) - {"value"} == {"code", "message", "flag"}
    assert said["flag"] is (said["code"] == 200)
    return said  # type: ignore[no-any-return]


async def orders(world: Any) -> list[Any]:
    return [number for (number,) in await world.rows("SELECT number FROM orders ORDER BY id")]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (in_order(',"x":0e-999999'), 400),
        (in_order(',"x":' + "9" * 5_000), 400),
        (in_order(',"x":1e99999999999999999999'), 400),
        (in_order(',"x":1e300,"y":-1e-300,"z":-0.0'), 200),
        (in_order(',"x":' + "[" * 61 + "]" * 61), 200),
        (in_order(',"x":' + "[" * 63 + "]" * 63), 400),
        (in_order(',"customerNumber":"\\u0000"'), 400),
        (in_order(',"customerNumber":"\\ud800"'), 400),
        (in_order(',"customerNumber":{"$ne":1}'), 400),
        (in_order(',"productList":{"0":{}}'), 400),
        (in_order(',"productList":"[]"'), 400),
        (in_order(supplierCode="'; DROP TABLE orders; --"), 200),
        (in_order(supplierCode="%s %(number)s {number}"), 200),
    ],
)
async def test_a_hostile_order_is_taken_whole_or_refused_whole(world: Any, request_: str, code: int) -> None:
    try:
        body = raw(request_)
    except BodyMalformed:  # nobody can sign it
        body = f'{{"createBy":"HXDEMO","dataSource":"DEMO_ERP","sign":"0","timestamp":"{TIMESTAMP}",'.encode()
        body += f'"request":{request_}}}'.encode()

    said = await post(world, IN_ORDER, body)

    assert said["code"] == code, said
    assert await orders(world) == (["RK2024080200017"] if code == 200 else [])


async def test_the_last_of_two_equal_members_is_the_one_that_counts_and_is_signed(world: Any) -> None:
    await post(world, IN_ORDER, raw(in_order(',"customerNumber":"RK-LAST"')))
    assert await orders(world) == ["RK-LAST"]

    smuggled = raw(in_order()).replace(b'"request":', b'"request":{"customerNumber":"X"},"request":', 1)
    assert (await post(world, IN_ORDER, smuggled))["code"] == 200
    smuggled = raw(in_order())[:-1] + b',"request":{"customerNumber":"X"}}'
    assert (await post(world, IN_ORDER, smuggled))["code"] == 401
    assert await orders(world) == ["RK-LAST", "RK2024080200017"]


async def test_null_members_added_on_the_way_change_nothing(world: Any) -> None:
    body = json.loads(raw(in_order()))
    first = await post(world, IN_ORDER, body)
    body["request"] |= {"associatedOrder": None, "ext9": None}
    body["request"]["productList"][0]["vinNum"] = None

    assert await post(world, IN_ORDER, body) == first
    body["request"]["productList"].append(None)
    assert (await post(world, IN_ORDER, body))["code"] == 401
    body["request"]["customerNumber"] = None
    assert (await post(world, IN_ORDER, body))["code"] == 401
    assert await orders(world) == ["RK2024080200017"]


async def test_complaints_do_not_outgrow_the_body(world: Any) -> None:
    query = sample("8.12")["request"]
    for change in ({"productCodeList": [None] * 9_000}, {"k" * 10_000: ["\x00"] * 10_000}):
        body = sign(query | change, write=lambda request: canonical(parse(json.dumps(request))))
        assert (await post(world, STOCK_QUERY, body))["code"] == 400
        answer = await world.client.post(STOCK_QUERY, json=body)
        assert len(answer.content) < 200_000


async def test_a_body_of_nothing_but_brackets_is_not_read(world: Any) -> None:
    said = await post(world, IN_ORDER, b'{"request":[' + b"[]," * 1_000_000 + b"[]]}")
    assert said == {"code": 400, "message": "参数错误:body 内容超过400000项", "flag": False}


async def test_one_number_sent_fifty_times_is_one_order(world: Any) -> None:
    await world.stock("P-7001", 5)
    bodies = [out_order("CK-1", remark=f"{index % 2}") for index in range(AT_ONCE)]
    answers = await asyncio.gather(*(post(world, OUT_ORDER, body) for body in bodies))

    assert Counter((said["code"], said["message"]) for said in answers) == {
        (200, "响应成功"): AT_ONCE // 2,
        (409, "单据重复:CK-1"): AT_ONCE // 2,
    }
    assert len({said["code"] for said in answers[::2]}) == len({said["code"] for said in answers[1::2]}) == 1
    assert len({said["value"]["downstreamOrderCode"] for said in answers if said["flag"]}) == 1
    assert await orders(world) == ["CK-1"]
    assert await world.rows("SELECT on_hand, allocated FROM stock") == [(5, 2)]
    await world.verified()


async def test_the_last_piece_goes_to_one_of_fifty(world: Any) -> None:
    await world.stock("P-7001", 1)
    bodies = [out_order(f"CK-{index}", quantity=1) for index in range(AT_ONCE)]
    answers = await asyncio.gather(*(post(world, OUT_ORDER, body) for body in bodies))

    assert Counter((said["code"], said["message"]) for said in answers) == {
        (200, "响应成功"): 1,
        (409, "库存不足:P-7001 可用0"): AT_ONCE - 1,
    }
    assert len(await orders(world)) == 1
    await world.verified()


async def test_what_is_anothers_is_unknown(world: Any) -> None:
    async with world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO account (id, code, name, zone, currency) VALUES (99, 'o', 'o', 'UTC', 'CNY')")
        await tx.execute(
            "INSERT INTO site (account_id, kind, code, name, company_id, zone, created_at, updated_at)"
            " VALUES (99, 'warehouse', 'WH-X', 'x', 36, 'UTC', now(), now())"
        )
        await tx.execute("INSERT INTO sub_inventory (account_id, code, name) VALUES (99, 'OWN-X', 'x')")
        await tx.execute(
            "INSERT INTO product (account_id, sku, name, created_at, updated_at)"
            " VALUES (99, 'P-X', 'x', now(), now())"
        )

    line = sample("8.1")["request"]["productList"][0]
    for change, message in (
        ({"inventoryCode": "WH-X"}, "仓库不存在:WH-X"),
        ({"subbaseCode": "OWN-X"}, "货主不存在:OWN-X"),
        ({"productList": [line | {"customerProductCode": "P-X"}]}, "产品不存在:P-X"),
    ):
        said = await post(world, IN_ORDER, raw(in_order(**change)))
        assert said == {"code": 404, "message": message, "flag": False}
    assert await orders(world) == []


async def test_a_revoked_key_is_refused_only_to_who_knows_its_secret(world: Any) -> None:
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE credential SET revoked_at = %(now)s WHERE key = 'HXDEMO&DEMO_ERP'", now=tx.now)

    assert (await post(world, IN_ORDER, sample("8.1")))["code"] == 403
    assert (await post(world, IN_ORDER, sample("8.1") | {"sign": "0"}))["code"] == 401
    world.clock.advance(timedelta(seconds=601))
    assert (await post(world, IN_ORDER, sample("8.1")))["code"] == 408
    assert await orders(world) == []
