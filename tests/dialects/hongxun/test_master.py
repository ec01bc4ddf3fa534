"""Master data a customer tells of: products, places, consignees; and orders that lean on it."""

import asyncio
from decimal import Decimal
from typing import Any

import httpx
import pytest
from msgspec import UNSET

from crossdock.core.catalog import queries as products
from crossdock.core.catalog.model import Product
from crossdock.dialects.hongxun import DIALECT, master
from crossdock.edge.asgi import App
from tests.dialects.hongxun.samples import sample, sign
from tests.dialects.hongxun.test_calls import ACCOUNT, IN_ORDER, OUT_ORDER, on_record, out_order, post
from tests.world import World

PRODUCT = "/dtc/logistics/productCreate"
INVENTORY = "/dtc/logistics/inventoryCreate"
CONSIGNEE = "/dtc/logistics/consigneeCreate"
INNER_ORDER = "/dtc/logistics/innerOrder"
TMS_ORDER = "/dtc/logistics/tmsOrder"
FIGURES = "/dtc/logistics/productVolumeWeight"
BLOCK = ("contact", "mobile", "provinceName", "cityName", "areaName", "streetName", "addressDetail")


def told(number: str, **changes: Any) -> dict[str, Any]:
    """The printed request with members changed, or left out where a change is UNSET."""
    members = sample(number)["request"] | changes
    return {name: member for name, member in members.items() if member is not UNSET}


def product_body(**changes: Any) -> dict[str, Any]:
    """Whole figures only: our own client signs no others."""
    fractions = dict.fromkeys(("price", "longs", "widths", "heights", "netWeight", "roughWeight"), UNSET)
    return sign(told("8.24", **fractions | changes))


async def product(world: World, sku: str = "P-7001") -> Product:
    async with world.desk.database.transaction(readonly=True) as tx:
        return (await products.products_by_sku(tx, account_id=ACCOUNT, skus=[sku]))[sku]


async def wants_what_is_missing(world: World) -> None:
    await world.rows(
        "UPDATE credential SET scope = scope || '{\"auto_create\": true}' WHERE key = 'HXDEMO&DEMO_ERP' RETURNING 1"
    )
    world.desk.accounts.forget()


async def events(world: World, kind: str) -> int:
    return len(await world.rows("SELECT 1 FROM event WHERE kind = %(kind)s", kind=kind))


async def test_a_product_is_made_with_its_units_turned(world: World) -> None:
    body = product_body(customerProductCode="NEW-1", barCode="6900000000024", roughWeight="0.4504", longs="16.06")
    assert (await post(world, PRODUCT, body))["flag"] is True

    made = await product(world, "NEW-1")
    assert (made.name, made.weight_g, made.length_mm, made.width_mm) == ("测试手机 8GB", 450, 161, 0)
    assert (made.active, made.serial_tracked, made.lot_tracked) == (True, True, False)
    assert made.partner_fields["imei1Rule"] == "^86[0-9]{13}$"
    assert await world.rows("SELECT code FROM product_code WHERE product_id = %(id)s", id=made.id) == [
        ("6900000000024",)
    ]


async def test_absent_members_keep_their_value_and_null_clears_it(world: World) -> None:
    await post(world, PRODUCT, product_body(price="19.99", englishDesc="phone", supplierName="A", batchControl="10"))
    before = await product(world)
    await post(world, PRODUCT, product_body(supplierName=None, englishDesc=""))

    after = await product(world)
    assert (before.price, after.price) == (Decimal("19.99"), Decimal("19.99"))
    assert (before.name_customs, after.name_customs) == ("phone", "")
    assert (before.lot_tracked, after.lot_tracked) == (True, True)
    assert (before.partner_fields["supplierName"], "supplierName" in after.partner_fields) == ("A", False)


async def test_one_of_many_makes_the_product_and_the_rest_change_it(world: World) -> None:
    bodies = [product_body(customerProductCode="NEW-1", brand=f"b{n}", barCode=UNSET) for n in range(10)]
    answers = await asyncio.gather(*(post(world, PRODUCT, body) for body in bodies))

    assert {answer["flag"] for answer in answers} == {True}
    assert (await events(world, "product.created"), await events(world, "product.updated")) == (1, 9)


async def test_a_bar_code_names_one_product(world: World) -> None:
    await post(world, PRODUCT, product_body(barCode="6900000000017"))
    refused = await post(world, PRODUCT, product_body(customerProductCode="NEW-1", barCode="6900000000017"))
    assert (refused["code"], refused["message"]) == (409, "条码已属于其他产品:6900000000017")
    assert await world.rows("SELECT 1 FROM product WHERE sku = 'NEW-1'") == []


@pytest.mark.parametrize("now", ["", None, "BC2", 7])
async def test_a_bar_code_that_is_cleared_or_changed_is_free(world: World, now: Any) -> None:
    def named(code: Any, sku: str = "NEW-1") -> dict[str, Any]:
        return product_body(customerProductCode=sku, barCode=code)

    for code in ("BC1", UNSET):
        await post(world, PRODUCT, named(code))
    assert (await post(world, PRODUCT, named("BC1", "NEW-2")))["code"] == 409
    await post(world, PRODUCT, named(now))
    assert (await post(world, PRODUCT, named("BC1", "NEW-2")))["flag"] is True
    assert (await post(world, PRODUCT, named("BC1")))["code"] == 409


async def test_codes_that_its_owner_never_told_stay(world: World) -> None:
    id_ = (await product(world)).id
    await world.rows(
        "INSERT INTO product_code (account_id, code, product_id) VALUES (47, 'OURS', %(id)s) RETURNING 1", id=id_
    )
    for code in ("BC1", "BC2"):
        await post(world, PRODUCT, product_body(barCode=code))
    codes = "SELECT code FROM product_code WHERE product_id = %(id)s AND code IN ('OURS', 'BC1', 'BC2') ORDER BY 1"
    assert await world.rows(codes, id=id_) == [("BC2",), ("OURS",)]


@pytest.mark.parametrize(
    ("change", "tracked"),
    [
        ({"imei1CollectFlag": "20"}, True),
        ({"imei1CollectFlag": "20", "snCollectFlag": None}, False),
        ({"meidCollectFlag": 10, "imei1CollectFlag": "", "snCollectFlag": ""}, True),
    ],
)
async def test_pieces_keep_their_names_while_one_flag_is_set(
    world: World, change: dict[str, Any], tracked: bool
) -> None:
    flags = ("imei1CollectFlag", "imei2CollectFlag", "snCollectFlag", "meidCollectFlag")
    unsaid = product_body(**dict.fromkeys(flags, UNSET))["request"]
    await post(world, PRODUCT, product_body())
    await post(world, PRODUCT, sign(unsaid | change))
    assert (await product(world)).serial_tracked is tracked
    await post(world, PRODUCT, sign(unsaid))
    assert (await product(world)).serial_tracked is tracked


@pytest.mark.parametrize(("figure", "taken"), [("0", True), (str(master.FIGURE_MAX), True), ("-0.01", False)])
async def test_figures_have_bounds(world: World, figure: str, taken: bool) -> None:
    assert (await post(world, PRODUCT, product_body(longs=figure)))["flag"] is taken
    over = await post(world, PRODUCT, product_body(longs=f"{master.FIGURE_MAX}.1", widths="x"))
    assert over["message"] == "参数错误:request.longs 应在0与1000000000之间;request.widths 必须为数字"


async def test_goods_may_be_ordered_into_a_warehouse_just_told_of(world: World) -> None:
    place = told("8.25", inventoryCode="WH-NEW", subbaseCode="OWN-NEW")
    order = sample("8.1")["request"] | {"inventoryCode": "WH-NEW", "subbaseCode": "OWN-NEW"}
    order["productList"] = [{"customerLineNumber": "1", "customerProductCode": "P-7001", "quantity": 1}]
    assert (await post(world, IN_ORDER, sign(order)))["code"] == 404

    assert await post(world, INVENTORY, sign(place)) == {"code": 200, "message": "响应成功", "flag": True}
    assert (await post(world, IN_ORDER, sign(order)))["flag"] is True
    assert await world.rows(
        "SELECT s.name, s.company_id, s.address->>'city', o.name, o.contact->>'telephone'"
        " FROM site s, sub_inventory o WHERE s.code = 'WH-NEW' AND o.code = 'OWN-NEW'"
    ) == [("广州一号仓", 36, "广州市", "演示货主A", "020-00000000")]


async def test_a_path_may_be_agreed_with_a_partner(world: World) -> None:
    app = App(world.desk, [DIALECT], aliases=[("/dps/inventory", INVENTORY)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gate") as client:
        answer = await client.post("/dps/inventory", json=sign(told("8.25")))
    assert answer.json()["flag"] is True


async def test_a_place_told_of_again_is_renamed(world: World) -> None:
    for name in ("一号", "二号"):
        await post(world, INVENTORY, sign(told("8.25", inventoryName=name)))
    assert await world.rows("SELECT id, name FROM site WHERE code = 'WH-GZ01'") == [(80, "二号")]


async def test_a_known_consignee_need_not_be_written_out(world: World) -> None:
    await world.stock("P-7001", 2)
    body = out_order(customerCode="C10086", **dict.fromkeys(BLOCK, ""))
    refused = await post(world, OUT_ORDER, sign(body))
    assert (refused["code"], refused["message"].count("不能为空")) == (400, 6)

    await post(world, CONSIGNEE, sign(sample("8.26")["request"]))
    assert (await post(world, OUT_ORDER, sign(body | {"contact": "李演示"})))["flag"] is True

    order, _ = await on_record(world, "outbound", body["customerNumber"])
    assert (order.recipient["contact"], order.recipient["telephone"], order.recipient["city"]) == (
        "李演示",
        "13900000000",
        "广州市",
    )


@pytest.mark.parametrize(
    ("country", "iso"),
    [
        ({"countyName": "美国"}, "US"),
        ({"countyName": "中国香港"}, "HK"),
        ({"countyName": "de"}, "DE"),
        ({"countyName": UNSET, "countryName": "日本"}, "JP"),
        ({"countyName": "法国", "countryName": "日本"}, "FR"),
        ({"countyName": "Elbonia"}, None),
    ],
)
async def test_goods_go_to_the_country_of_their_consignee(
    world: World, country: dict[str, Any], iso: str | None
) -> None:
    await world.stock("P-7001", 4)
    await post(world, CONSIGNEE, sign(told("8.26", **country)))
    for number, changes in (("CK1", dict.fromkeys(BLOCK, "")), ("CK2", {})):
        await post(world, OUT_ORDER, sign(out_order(number, customerCode="C10086", **changes)))
        order, _ = await on_record(world, "outbound", number)
        assert order.recipient.get("country_iso") == iso


async def test_a_consignee_of_another_account_is_nobody(world: World) -> None:
    await post(world, CONSIGNEE, sign(sample("8.26")["request"]))
    await world.rows(
        "WITH other AS (INSERT INTO account (code, name, zone, currency)"
        "               VALUES ('other', 'other', 'UTC', 'CNY') RETURNING id)"
        " UPDATE consignee SET account_id = other.id FROM other RETURNING 1"
    )
    body = out_order(customerCode="C10086", **dict.fromkeys(BLOCK, ""))
    assert (await post(world, OUT_ORDER, sign(body)))["code"] == 400


async def test_a_null_figure_leaves_what_is_on_record(world: World) -> None:
    def figures(weight: Any, volume: Any) -> dict[str, Any]:
        return sign({"productList": [{"customerProductCode": "P-7001", "roughWeight": weight, "vol": volume}]})

    await post(world, FIGURES, figures("0.46", "0.00071"))
    await post(world, FIGURES, figures(None, "0.0008"))
    known = (await product(world)).figures
    assert (known.weight_g, known.volume_cm3) == (460, Decimal("800"))


async def test_figures_of_one_unknown_product_change_nothing(world: World) -> None:
    lines = [{"customerProductCode": sku, "roughWeight": 9} for sku in ("P-7001", "NO-1", "NO-2")]
    before = await product(world)
    refused = await post(world, FIGURES, sign({"productList": lines}))
    assert (refused["code"], refused["message"]) == (404, "产品不存在:NO-1, NO-2")
    assert await product(world) == before


async def test_how_many_figures_one_message_may_bring(world: World) -> None:
    lines = [{"customerProductCode": f"N-{n}"} for n in range(master.MEASURED_MAX + 1)]
    assert (await post(world, FIGURES, sign({"productList": lines[:-1]})))["code"] == 404
    assert (await post(world, FIGURES, sign({"productList": lines})))["code"] == 400


async def test_what_is_missing_is_made_only_for_who_wants_it(world: World) -> None:
    order = sample("8.1")["request"] | {"inventoryCode": "WH-NEW", "subbaseCode": "OWN-NEW"}
    order["productList"] = [
        {"customerLineNumber": "1", "customerProductCode": "NEW-1", "customerProductDescription": "灯", "quantity": 1}
    ]
    assert (await post(world, IN_ORDER, sign(order)))["code"] == 404
    await wants_what_is_missing(world)
    assert (await post(world, IN_ORDER, sign(order)))["flag"] is True
    assert (await product(world, "NEW-1")).name == "灯"
    assert await world.rows("SELECT name FROM sub_inventory WHERE code = 'OWN-NEW'") == [("演示货主A",)]


async def test_a_transport_order_may_start_from_a_place_nobody_knew(world: World) -> None:
    order = sample("8.4")["request"] | {"inventoryCode": "WH-NEW", "subbaseCode": "OWN-NEW"}
    assert (await post(world, TMS_ORDER, sign(order)))["code"] == 404
    await wants_what_is_missing(world)
    assert (await post(world, TMS_ORDER, sign(order)))["flag"] is True
    assert await world.rows("SELECT code FROM site WHERE code = 'WH-NEW'") == [("WH-NEW",)]
    assert await world.rows("SELECT 1 FROM product WHERE sku = 'CAR-S5'") == []


@pytest.mark.parametrize(("name", "kept"), [("", "OWN-NEW"), ("新货主", "新货主")])
async def test_goods_may_go_to_an_owner_nobody_knew(world: World, name: str, kept: str) -> None:
    await world.stock("P-7001", 3)
    order = sample("8.3")["request"] | {"targetSubbaseCode": "OWN-NEW", "targetSubbaseName": name}
    assert (await post(world, INNER_ORDER, sign(order)))["message"] == "货主不存在:OWN-NEW"
    await wants_what_is_missing(world)
    assert (await post(world, INNER_ORDER, sign(order)))["flag"] is True
    assert await world.rows("SELECT name FROM sub_inventory WHERE code = 'OWN-NEW'") == [(kept,)]


@pytest.mark.parametrize("path", [PRODUCT, INVENTORY, CONSIGNEE, FIGURES])
async def test_everything_that_is_wrong_is_said_at_once(world: World, path: str) -> None:
    assert (await post(world, path, sign([])))["message"] == "参数错误:request 类型错误"
    empty = await post(world, path, sign({}))
    assert (empty["code"], empty["message"].count("不能为空") >= 1) == (400, True)
    assert len(await world.rows("SELECT 1 FROM consignee")) == 0
