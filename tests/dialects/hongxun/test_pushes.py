"""What customers are told of transfers, transports, parcels, cancels, cars and figures: as the manual prints it."""

import base64
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crossdock.base.ids import OrderId, SiteId
from crossdock.core.catalog import commands as catalog
from crossdock.core.catalog.model import Figures
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.inspecting import Inspected, InspectedVehicle, inspect_vehicles
from crossdock.core.transport import commands as transport
from crossdock.core.transport import readings
from crossdock.core.transport.model import NewParcel, Reading
from crossdock.delivery.worker import Deliverer
from crossdock.dialects.hongxun.callbacks import SENDER
from tests.delivery.receiver import Partner
from tests.dialects.hongxun.samples import sample, sign
from tests.dialects.hongxun.test_calls import ACCOUNT, post
from tests.dialects.hongxun.test_confirms import placed, told
from tests.dialects.hongxun.test_delivered import YES, drained, hears
from tests.world import World

CANCEL = "/dtc/logistics/orderCancel"
ROUTING = "/dtc/tms/carrierRoutingPush"
PICTURES = "/dtc/tms/carrierSignImagePush"
CHINA = timedelta(hours=8)


def carrier(request: Any) -> dict[str, Any]:
    return sign(request, create_by="CARRIER01", data_source="CARRIER_TMS")


async def order_id(world: World, kind: str) -> OrderId:
    [(found,)] = await world.rows("SELECT id FROM orders WHERE kind = %(kind)s", kind=kind)
    return OrderId(found)


async def sent(world: World, kind: str) -> list[tuple[str, Any]]:
    return await told(world, await order_id(world, kind))


async def test_a_title_order(world: World) -> None:
    await world.stock("P-7001", 3)
    id_ = await placed(world, "/dtc/logistics/innerOrder", sample("8.3"))
    [(name, request)] = await sent(world, "transfer")
    printed = sample("8.10")["request"]
    assert name == "innerOrderConfirm"
    assert request == printed | {
        "callbackBatchId": f"HXWQ{id_}-01",
        "downstreamOrderCode": f"HXWQ{id_}",
        "confirmTime": "2024-08-02 07:10:41",
        "productList": [printed["productList"][0] | {"inventoryStatus": "10"}],
    }


async def test_a_title_order_for_one_car(world: World) -> None:
    for vin in ("VIN00001", "VIN00002"):
        await world.car(vin)
    [line] = sample("8.4")["request"]["productList"]
    order = sample("8.3")["request"] | {"subbaseCode": "OWN-CAR", "productList": [line | {"vinNum": "VIN00003"}]}
    answer = await post(world, "/dtc/logistics/innerOrder", sign(order))
    assert (answer["code"], answer["message"]) == (404, "串码不在库:VIN00003")
    await placed(world, "/dtc/logistics/innerOrder", sign(order | {"productList": [line | {"vinNum": "VIN00002"}]}))
    for owner, vin in (("OWN-CAR", "VIN00001"), ("OWN-B", "VIN00002")):
        asked = {"mode": {"ownerId": owner}, "pageSize": 10, "pageNum": 1}
        cars = (await post(world, "/dtc/logistics/vinStockQuery", sign(asked)))["value"]["list"]
        assert [car["vinCode"] for car in cars] == [vin]
    [(_, confirm)] = await sent(world, "transfer")
    assert [one["vinNum"] for one in confirm["productList"]] == ["VIN00002"]


async def test_a_transport_order_from_the_ramp_to_the_door(world: World) -> None:
    await world.owner("OWN-CAR", "演示整车")
    await post(world, "/dtc/logistics/tmsOrder", sample("8.4"))
    id_ = await order_id(world, "transport")
    now = world.clock.now()
    async with world.desk.database.transaction() as tx:
        await transport.dispatch(
            tx,
            account_id=ACCOUNT,
            order_id=id_,
            parcels=[NewParcel(mailno="DEMO000123457", carrier="演示承运商")],
            carrier="演示承运商",
            vehicle="粤A00000",
            departs_at=now + timedelta(hours=1),
            planned_at=now + timedelta(days=2),
        )
    node = {
        **sample("8.28")["request"][1],
        "mailno": "DEMO000123457",
        "vinCode": "LDEMO000000000001",
        "longitude": "112.9",
        "dimension": "28.2",
    }
    bare = {name: text for name, text in node.items() if name not in ("vinCode", "longitude")}
    answer = await post(world, ROUTING, carrier([bare]))
    assert answer["message"] == "参数错误:request[0].vinCode 不能为空;request[0].longitude 不能为空"
    assert (await post(world, ROUTING, carrier([node])))["flag"] is True

    pushes = await sent(world, "transport")
    assert [name for name, _ in pushes] == ["tmsOrderConfirm", "routePush", "signInfoPush", "tmsOrderConfirm"]
    (_, first), (_, routed), (_, signed), (_, last) = pushes
    printed = sample("8.21")["request"]
    assert {name: first[name] for name in printed} == printed | {
        "callbackBatchId": f"HXYS{id_}-01",
        "expressCode": f"HXYS{id_}",
        "departTime": "2024-08-02 08:10:41",
        "plannedDeliveryDate": "2024-08-04 07:10:41",
    }
    assert (last["callbackBatchId"], last["orderStatus"], last["actualQuantity"]) == (
        f"HXYS{id_}-02",
        "FULFILLED",
        1,
    )
    assert routed["routeList"][0] == {
        "scanTypeCode": "001",
        "scanTypeName": "签收",
        "operator": "演示司机",
        "time": "2024-08-03 11:20:00",
        "transferAddress": "天河区",
        "memo": "已签收",
        "plannedDeliveryDate": "2024-08-03 12:00:00",
        "vinCode": "LDEMO000000000001",
        "longitude": "112.9",
        "dimension": "28.2",
    }
    assert [push["expressCode"] for _, push in pushes] == [f"HXYS{id_}"] * 4
    assert (signed["signType"], signed["actualQuantity"]) == ("10", 1)
    for request in (first, signed, last):
        assert request["productList"] == sample("8.4")["request"]["productList"]


@pytest.mark.parametrize("announced", ["before", "after"])
async def test_a_leg_that_is_announced_after_its_parcel_left(world: World, announced: str) -> None:
    number = "CK2024080200101"
    if announced == "before":
        leg = await world.leg(number)
        await world.parcel(number, "DEMO000123456")
    else:
        await world.parcel(number, "DEMO000123456")
        leg = await world.leg(number)
    asked = await post(world, "/dtc/esboms/routeQuery", sign({"customerNumber": number}))
    assert [one["expressCode"] for one in asked["value"]["list"]] == [f"HXYS{leg.id}"]
    await post(world, PICTURES, sample("8.29"))
    await post(world, ROUTING, sample("8.28"))
    pushes = dict(await sent(world, "outbound"))
    assert pushes["signImagePush"][0]["signList"][0]["expressCode"] == f"HXYS{leg.id}"
    assert pushes["routePush"]["expressCode"] == pushes["signInfoPush"]["expressCode"] == f"HXYS{leg.id}"
    confirms = [push["orderStatus"] for name, push in await sent(world, "transport") if name == "tmsOrderConfirm"]
    assert confirms == ["ACCEPT", "FULFILLED"]


async def test_a_parcel_on_its_way_and_signed_for(world: World) -> None:
    leg = await world.leg("CK2024080200101")
    await world.parcel("CK2024080200101", "DEMO000123456")
    await post(world, ROUTING, sample("8.28"))

    pushes = dict(await sent(world, "outbound"))
    express = f"HXYS{leg.id}"
    assert pushes["outOrderConfirm"]["expressCode"] == express
    assert pushes["routePush"]["expressCode"] == express
    assert [node["scanTypeCode"] for node in pushes["routePush"]["routeList"]] == ["80", "001"]
    printed = sample("8.14")["request"]
    assert pushes["signInfoPush"] == printed | {
        "expressCode": express,
        "actualQuantity": 1,
        "signer": "演示司机",
        "productList": [
            {
                "customerLineNumber": "1",
                "customerProductCode": "P-7001",
                "quantity": 1,
            }
        ],
    }
    assert [name for name, _ in await sent(world, "transport")] == ["tmsOrderConfirm"] * 2


async def test_measures_of_the_scale_are_in_the_confirm_that_follows(world: World) -> None:
    reading = Reading(
        mailno="DEMO000123456",
        device="dws-1",
        weight_g=Decimal(1250),
        length_mm=Decimal(305),
        width_mm=Decimal(200),
        height_mm=Decimal(100),
        volume_cm3=Decimal(6100),
        measured_at=world.clock.now(),
    )
    async with world.desk.database.transaction() as tx:
        await readings.read(tx, account_id=ACCOUNT, site_id=SiteId(80), reading=reading)
    await world.parcel("CK2024080200101", "DEMO000123456")
    pushes = dict(await sent(world, "outbound"))
    [package] = pushes["outOrderConfirm"]["packageList"]
    [printed] = sample("8.8")["request"]["packageList"]
    assert {name: package[name] for name in printed if name != "boxNo"} == {
        name: value for name, value in printed.items() if name != "boxNo"
    }


async def test_pictures_by_address_and_whole(world: World) -> None:
    await world.parcel("CK2024080200101", "DEMO000123456")
    async with Partner() as customer:
        customer.reply = YES
        await hears(world, customer)
        async with world.desk.database.transaction() as tx:
            await tx.execute("UPDATE receiver SET kinds = '{order.pictured}'")
        await post(world, PICTURES, sample("8.29"))
        whole = {"imageType": "imageBase64", "mailno": "DEMO000123456"}
        picture = b"\x89PNG\r\n\x1a\n whole"
        told_twice = [{"imageContent": base64.b64encode(picture).decode(), "imageName": "a.png"}] * 2
        for _ in range(2):
            assert (await post(world, PICTURES, carrier(whole | {"imageInfos": told_twice})))["flag"] is True
        await drained(
            Deliverer(
                database=world.desk.database,
                signals=world.desk.signals,
                senders={"hongxun": SENDER},
                accounts=world.desk.accounts,
                clock=world.clock,
                networks=("127.0.0.0/8",),
                objects=world.desk.objects,
            )
        )
        first, second = [
            json.loads(heard.body)["request"] for heard in customer.heard if "signImagePush" in heard.path
        ]
    printed = sample("8.18")["request"]
    printed[0]["signList"][0].pop("expressCode")
    assert first == printed
    assert second[0]["signList"] == [
        {
            "mailno": "DEMO000123456",
            "imageType": "imageBase64",
            "imageBase64": base64.b64encode(picture).decode(),
            "imageName": "a.png",
        }
    ]
    kept = await world.rows("SELECT content_type, size_bytes FROM proof_picture WHERE object_key IS NOT NULL")
    assert kept == [("image/png", len(picture))]


async def test_a_whole_cancel(world: World) -> None:
    await world.stock("P-7001", 2)
    body = sample("8.2")["request"] | {"productList": [sample("8.8")["request"]["productList"][0]]}
    id_ = await placed(world, "/dtc/logistics/outOrder", sign(body))
    await post(world, CANCEL, sign({"customerNumber": "CK2024080200101", "reason": "客户改单"}))
    [(name, request)] = await sent(world, "outbound")
    printed = sample("8.22")["request"]
    printed["orderBasicInfo"] |= {
        "cancelTime": "2024-08-02 07:10:41",
        "reason": "客户改单",
        "downstreamOrderCode": f"HXCK{id_}",
    }
    assert (name, request) == ("cancelResult", printed)


async def test_a_cancel_answers_with_the_order_it_was_about(world: World) -> None:
    await world.parcel("CK1", "DEMO000123456")
    await world.order("CK1", lines={"P-7001": 1}, kind="inbound", state="announced", dialect="hongxun", type="10")
    for _ in range(2):
        answer = await post(world, CANCEL, sign({"customerNumber": "CK1", "reason": "r"}))
        assert answer["value"] == {"customerNumber": "CK1", "orderStatus": "CANCELED"}
    assert [name for name, _ in await sent(world, "outbound")] == ["outOrderConfirm", "outOrderStatusConfirm"]


async def test_a_cancel_that_comes_too_late_is_told_though_it_is_refused(world: World) -> None:
    await world.parcel("CK2024080200101", "DEMO000123456")
    answer = await post(world, CANCEL, sign({"customerNumber": "CK2024080200101", "reason": "客户改单"}))
    assert answer == {"code": 409, "message": "单据状态不允许:FULFILLED", "flag": False}
    request = dict(await sent(world, "outbound"))["cancelResult"]
    assert request["orderBasicInfo"]["orderStatus"] == "CANCELEDFAIL"
    assert request["orderProductList"][0] == {
        "customerLineNumber": "1",
        "customerProductCode": "P-7001",
        "quantity": 1,
        "cancelQuantity": 0,
        "actualQuantity": 1,
    }


async def test_a_part_while_the_floor_works_is_answered_and_told_later(world: World) -> None:
    await world.stock("P-7001", 2)
    order = await world.order("CK1", lines={"P-7001": 2}, state="allocated", dialect="hongxun", type="20")
    async with world.desk.database.transaction() as tx:
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order.id)
    item = {"customerLineNumber": "1", "customerProductCode": "P-7001", "quantity": 1}
    body = {"customerNumber": "CK1", "cancelBatch": "Q", "cancelType": "20", "reason": "r", "item": [item]}
    answer = await post(world, CANCEL, sign(body))
    assert answer["value"] == {"customerNumber": "CK1", "cancelBatch": "Q", "orderStatus": "ACCEPT"}
    assert await told(world, order.id) == []


async def test_cars_that_were_looked_over(world: World) -> None:
    order = await world.order(
        "RK2024080200017", lines={"P-7001": 1}, kind="inbound", state="announced", dialect="hongxun"
    )
    bumper = Inspected(category_id="EXT", category_name="外观", item_id="EXT-01", item_name="前保险杠", passed=True)
    at = datetime.fromisoformat("2024-08-02T14:00:00+08:00")
    car = InspectedVehicle(vin="LDEMO000000000001", checked_at=at, passed=True, items=(bumper,))
    async with world.desk.database.transaction() as tx:
        await inspect_vehicles(tx, account_id=ACCOUNT, order_id=order.id, vehicles=[car])
    assert await told(world, order.id) == [("vehicleCheckConfirm", sample("8.20")["request"])]


async def test_figures_that_were_measured(world: World) -> None:
    async with Partner() as customer:
        customer.reply = YES
        deliverer = await hears(world, customer)
        async with world.desk.database.transaction() as tx:
            await tx.execute("UPDATE receiver SET kinds = '{product.measured}'")
            product_id = await tx.value("SELECT id FROM product WHERE account_id = 47 AND sku = 'P-7001'")
        async with world.desk.database.transaction() as tx:
            await catalog.measure_product(
                tx,
                account_id=ACCOUNT,
                product_id=product_id,
                figures=Figures(weight_g=460, volume_cm3=Decimal(710)),
                dialect="house",
                actor="scale",
            )
        await drained(deliverer)
        [heard] = customer.heard
    assert heard.path.endswith("/productVolumeWeightSync")
    assert json.loads(heard.body)["request"] == {
        "productList": [{"customerProductCode": "P-7001", "roughWeight": 0.46, "vol": 0.00071}]
    }
