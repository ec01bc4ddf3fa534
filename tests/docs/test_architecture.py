"""What a call costs in statements is what docs/architecture.md says."""

import asyncio
import json
import tomllib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from crossdock.signing import explain
from tests import statements
from tests.docs import pages
from tests.world import World

PAGE = pages.DOCS / "architecture.md"
CHINA = timezone(timedelta(hours=8))
JOURNEY = tomllib.loads((pages.ROOT / "examples" / "journey.toml").read_text())
KEYS = JOURNEY["keys"]
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
COSTS = {row[0]: int(row[1]) for row in pages.table(PAGE, "call")}


def signed(dialect: str, body: bytes, headers: dict[str, str]) -> str:
    given = [f"{name}: {value}" for name, value in headers.items()]
    return explain(dialect, body, query="", headers=given, secret=KEYS[dialect]["secret"]).signature


async def hongxun(world: World, path: str, request: dict[str, Any]) -> httpx.Response:
    key = KEYS["hongxun"]
    body = {
        "createBy": key["create_by"],
        "dataSource": key["data_source"],
        "timestamp": f"{world.clock.now().astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        "request": request,
    }
    sign = signed("hongxun", json.dumps(body).encode(), JSON)
    return await world.client.post(path, content=json.dumps({**body, "sign": sign}), headers=JSON)


async def stock_query(world: World, number: int) -> httpx.Response:
    request = {
        "inventoryCode": "WH-GZ01",
        "subbaseCode": "OWN-A",
        "productCodeList": [{"customerProductCode": "00131031"}],
        "pageSize": 50,
        "pageNum": 1,
    }
    return await hongxun(world, "/dtc/esboms/stockQuery", request)


async def out_order(world: World, number: int) -> httpx.Response:
    return await hongxun(world, "/dtc/logistics/outOrder", {"customerNumber": f"CK{number}", **JOURNEY["outbound"]})


async def consignment(world: World, number: int) -> httpx.Response:
    key = KEYS["birdsystem"]
    headers = {"api_key": key["api_key"], "company_id": key["company_id"]}
    return await world.client.post("/client/consignment", data=JOURNEY["to_locker"], headers=headers)


async def consignments(world: World, number: int) -> httpx.Response:
    key = KEYS["birdsystem"]
    headers = {"api_key": key["api_key"], "company_id": key["company_id"]}
    if number == 1:
        order = await world.order("CK1", lines={"00131031": 1}, state="draft")
        return await world.client.get(f"/client/consignment?id={order.id}", headers=headers)
    return await world.client.get("/client/consignment?limit=20", headers=headers)


async def packing_report(world: World, number: int) -> httpx.Response:
    at = datetime.fromisoformat("2024-08-02T07:00:00")
    film = {"startTime": str(at), "endTime": str(at), "orderTime": str(at)}
    form = {
        "_aid": KEYS["ovopark"]["aid"],
        "_akey": KEYS["ovopark"]["akey"],
        "_mt": "open.ovopark.storehouse.sendOrder",
        "_sm": "md5",
        "_requestMode": "POST",
        "_version": "v2",
        "_timestamp": f"{world.clock.now().astimezone(CHINA):%Y%m%d%H%M%S}",
        "orgId": "1",
        "enterpriseId": "1",
        "iposJson": json.dumps({**JOURNEY["packing"], **film, "orderNo": f"P{number}"}),
    }
    sign = signed("ovopark", urlencode(form).encode(), FORM)
    return await world.client.post("/cloud.api", data={**form, "_sig": sign}, headers=FORM)


async def box_list(world: World, number: int) -> httpx.Response:
    body = json.dumps({"app_id": KEYS["bestwond"]["app_id"], "device_number": "2100013075", "timestamps": number})
    sign = signed("bestwond", body.encode(), JSON)
    return await world.client.post(f"/api/iot/device/box/list/?sign={sign}", content=body, headers=JSON)


CODES = "/api/orders/pick_up_code"
STAFF = {"authorization": f"stafftoken {'f' * 40}"}


async def check(world: World, number: int) -> httpx.Response:
    if number == 1:
        await world.pick_up("129322")
        await world.staff_token("clerk1", "f" * 40)
    return await world.client.get(f"{CODES}/check/?key=129322", headers=STAFF)


async def consume(world: World, number: int) -> httpx.Response:
    if number == 1:
        return await check(world, number)
    return await world.client.post(f"{CODES}/consume/", json={"key": "129322"}, headers=STAFF)


CALLS: dict[str, Callable[[World, int], Awaitable[httpx.Response]]] = {
    "hongxun `POST /dtc/esboms/stockQuery`": stock_query,
    "hongxun `POST /dtc/logistics/outOrder`, one line, stock is there": out_order,
    "birdsystem `POST /client/consignment`": consignment,
    "birdsystem `GET /client/consignment`, for one id or for a page": consignments,
    "ovopark `open.ovopark.storehouse.sendOrder`, one kind of goods": packing_report,
    "bestwond `POST /api/iot/device/box/list/`": box_list,
    "heidian `GET /api/orders/pick_up_code/check/`": check,
    "heidian `POST /api/orders/pick_up_code/consume/`": consume,
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_costs_what_the_page_says(world: World, call: str) -> None:
    await world.stock("00131031", 10)
    first = await CALLS[call](world, 1)  # from now on the caller is known

    with statements.listed() as sent:
        second = await CALLS[call](world, 2)

    assert (first.status_code, second.status_code) == (200, 200)
    assert '"flag":false' not in second.text
    assert len(sent) == COSTS[call], sent


def test_every_cost_on_the_page_is_counted() -> None:
    assert list(COSTS) == list(CALLS)


async def test_twenty_orders_that_arrive_together_cost_as_much_as_one(quiet_world: World) -> None:
    await quiet_world.stock("00131031", 20)
    await quiet_world.order("CK0", lines={"00131031": 1}, state="allocated", dialect="hongxun")

    with statements.listed() as sent:
        await asyncio.gather(
            *(
                quiet_world.order(f"CK{number}", lines={"00131031": 1}, state="allocated", dialect="hongxun")
                for number in range(1, 20)
            )
        )

    assert COSTS["hongxun `POST /dtc/logistics/outOrder`, one line, stock is there"] == 2
    assert len([statement for statement in sent if "sub_inventory WHERE" not in statement]) == 2, sent
