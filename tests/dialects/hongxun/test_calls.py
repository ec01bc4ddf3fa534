"""Orders through the front door: what is kept of them, and what a repeat does."""

import asyncio
import json
from typing import Any

from crossdock.base.ids import AccountId
from crossdock.core.orders import queries as orders
from crossdock.core.orders.model import Kind, Order, OrderLine
from crossdock.dialects.hongxun import wire
from tests.dialects.hongxun.samples import sample, sign

ACCOUNT = AccountId(47)
IN_ORDER = "/dtc/logistics/inOrder"
OUT_ORDER = "/dtc/logistics/outOrder"


def out_order(number: str = "CK2024080200101", **changes: Any) -> dict[str, Any]:
    """The printed body, with the one product of it that the demo account has."""
    request = sample("8.2")["request"]
    return request | {"customerNumber": number, "productList": request["productList"][:1]} | changes


async def post(world: Any, path: str, body: Any) -> Any:
    answer = await world.client.post(path, json=body)
    assert answer.status_code == 200
    return answer.json()


async def on_record(world: Any, kind: Kind, number: str) -> tuple[Order, list[OrderLine]]:
    async with world.desk.database.transaction(readonly=True) as tx:
        order = await orders.order_by_number(tx, account_id=ACCOUNT, kind=kind, number=number)
        return order, await orders.lines(tx, account_id=ACCOUNT, order_id=order.id)


async def test_an_inbound_order_is_kept_whole(world: Any) -> None:
    body = sample("8.1")
    body["request"] |= {"customerReferenceNumber": "PO-7", "ext1": "x", "unknown": {"a": [1]}}
    body = sign(body["request"])

    said = await post(world, IN_ORDER, body)

    order, lines = await on_record(world, "inbound", "RK2024080200017")
    assert said["value"] == {"customerNumber": "RK2024080200017", "downstreamOrderCode": f"HXRK{order.id}"}
    assert (order.company_id, order.type, order.state, order.dialect, order.pieces) == (
        36,
        "10",
        "announced",
        "hongxun",
        10,
    )
    assert (order.reference, order.partner_fields) == ("PO-7", body["request"])
    assert [(line.line_key, line.sku, line.quantity, line.lot, line.condition) for line in lines] == [
        ("10", "P-7001", 10, "L2407", "good")
    ]
    assert lines[0].partner_fields == body["request"]["productList"][0]


async def test_an_outbound_order_knows_its_consignee(world: Any) -> None:
    await world.stock("P-7001", 2)
    said = await post(world, OUT_ORDER, sign(out_order()))

    order, _ = await on_record(world, "outbound", "CK2024080200101")
    assert said["value"]["downstreamOrderCode"] == f"HXCK{order.id}"
    assert (order.state, order.type) == ("allocated", "20")
    assert order.recipient == {
        "contact": "王演示",
        "business_name": "演示门店",
        "telephone": "13900000000",
        "address_line1": "演示路1号",
        "address_line2": "演示街道",
        "address_line3": "天河区",
        "city": "广州市",
        "county": "广东省",
        "country_iso": "CN",
    }


async def test_the_same_order_sent_at_once_is_one_order(world: Any) -> None:
    await world.stock("P-7001", 3)
    answers = await asyncio.gather(*(post(world, OUT_ORDER, sign(out_order())) for _ in range(8)))

    assert all(answer["flag"] for answer in answers)
    assert len({answer["value"]["downstreamOrderCode"] for answer in answers}) == 1
    left = await post(world, OUT_ORDER, sign(out_order("CK-2")))
    assert left["message"] == "库存不足:P-7001 可用1"


async def test_a_repeat_may_be_written_otherwise(world: Any) -> None:
    first = await post(world, IN_ORDER, sample("8.1"))
    body = sample("8.1")
    body["request"] = json.dumps(dict(reversed(body["request"].items())), indent=2)

    assert await post(world, IN_ORDER, body) == first


async def test_inbound_and_outbound_may_share_a_number(world: Any) -> None:
    await world.stock("P-7001", 2)
    await post(world, IN_ORDER, sample("8.1"))

    assert (await post(world, OUT_ORDER, sign(out_order("RK2024080200017"))))["flag"] is True


async def test_a_body_may_be_eight_megabytes(world: Any) -> None:
    for size, code in ((wire.BODY_BYTES_MAX, 400), (wire.BODY_BYTES_MAX + 1, 413)):
        answer = await world.client.post(IN_ORDER, content=b" " * size)
        assert (answer.status_code, answer.json()["code"], answer.json()["flag"]) == (200, code, False)


async def test_get_is_answered_in_the_envelope(world: Any) -> None:
    answer = await world.client.get(IN_ORDER)
    assert (answer.status_code, answer.json()["flag"], answer.headers["allow"]) == (405, False, "POST")
