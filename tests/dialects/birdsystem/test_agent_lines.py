"""Agent-Direct-Consignment-Product: goods described inline, through the front door."""

import pytest

from tests.dialects.birdsystem.calls import DONE, NIKE, Erp, failure

CALL = "Agent-Direct-Consignment-Product"
ADDRESS = {"address_line1": "3 Example Close", "city": "Southport", "post_code": "PR9 0ZZ"}
COLA = {
    "product_name": "cola",
    "product_name_cn": "可乐",
    "client_ref": "47-1",
    "price_customs_export": "14",
    "weight": "10",
    "quantity": "1",
    "product_customs_property[]": ["1", "3"],
    "brand": "C",
}


async def agent(erp: Erp):
    return await erp.create(type="AGENT_DIRECT", delivery_service_id=6102, **ADDRESS)


async def add(erp: Erp, consignment, **changes):
    form = {**COLA, "consignment_id": consignment["id"], **changes}
    return await erp.post(CALL, **form)


async def test_the_record_of_a_line(world):
    erp = Erp(world.client)
    consignment = await agent(erp)
    answer = await add(erp, consignment)
    line = answer["data"]
    assert line.pop("id") > 0
    assert line == {
        "consignment_id": consignment["id"],
        "product_name": "cola",
        "product_name_cn": "可乐",
        "client_ref": "47-1",
        "brand": None,
        "quantity": "1",
        "weight": "10.00",
        "price_customs_export": "14.000",
        "price_customs_export_internal": "14.000",
        "price_customs_export_origin": "0.000",
        "price_customs_export_internal_origin": "0.000",
        "primary_keys": ["id"],
    }
    assert await world.rows("SELECT partner_fields -> 'product_customs_property' FROM order_line") == [(["1", "3"],)]


async def test_the_same_goods_add_to_their_line_and_are_listed(world):
    erp = Erp(world.client)
    consignment = await agent(erp)
    first = (await add(erp, consignment))["data"]
    other = (await add(erp, consignment, client_ref="47-2", product_name="y" * 51))["data"]
    again = (await add(erp, consignment, quantity="2", weight="12.5"))["data"]

    assert (again["id"], again["quantity"], again["weight"]) == (first["id"], "3", "12.50")
    assert other["product_name"] == "y" * 50
    answer = await erp.call("GET", f"/client/{CALL}", params={"consignment_id": consignment["id"]})
    assert (answer["total"], answer["data"]) == (2, [again, other])
    answer = await erp.call("GET", f"/client/{CALL}", params={"id": other["id"]})
    assert answer["data"] == [other]
    [row] = await erp.find()
    assert (row["consignment_product_quantity"], row["total_weight"]) == ("4", 48)  # 3 times 12.5 and 10, rounded


async def test_changed_and_taken_off(world):
    erp = Erp(world.client)
    consignment = await agent(erp)
    line = (await add(erp, consignment))["data"]
    path = f"{CALL}/{line['id']}"

    assert (await erp.post(path, weight="11", client_ref="47-9"))["data"] == line | {
        "weight": "11.00",
        "client_ref": "47-9",
    }
    assert (await erp.post(CALL, id=line["id"], quantity=4))["data"]["quantity"] == "4"
    assert await erp.post(path, colour="red") == failure("No data to update after sanitization")
    assert await erp.post(path, weight="") == failure("Value is required and can't be empty: weight")
    assert (await erp.post(path, sales_price=""))["success"]
    assert await erp.call("DELETE", f"/client/Consignment-Product/{line['id']}") == failure("can't find the record")
    assert await erp.call("DELETE", f"/client/{path}") == DONE
    assert await erp.call("DELETE", f"/client/{path}") == failure("can't find the record")
    assert (await erp.find())[0]["consignment_product_quantity"] == "0"


async def test_goods_are_told_apart_by_the_client_ref_they_have_now(world):
    erp = Erp(world.client)
    consignment = await agent(erp)
    renamed = (await add(erp, consignment, client_ref="47-1", quantity=1))["data"]
    await erp.post(CALL, id=renamed["id"], client_ref="47-9")

    old = (await add(erp, consignment, client_ref="47-1", quantity=2))["data"]
    more = (await add(erp, consignment, client_ref="47-9", quantity=4))["data"]
    assert (old["client_ref"], old["quantity"]) == ("47-1", "2")
    assert (more["id"], more["client_ref"], more["quantity"]) == (renamed["id"], "47-9", "5")
    assert await erp.post(CALL, id=old["id"], client_ref="47-9") == failure("Invalid value for client_ref")
    assert (await erp.post(CALL, id=old["id"], client_ref="47-1"))["data"] == old


@pytest.mark.parametrize(
    "field",
    [
        "consignment_id",
        "product_name",
        "product_name_cn",
        "client_ref",
        "price_customs_export",
        "weight",
        "quantity",
        "product_customs_property[]",
    ],
)
async def test_required(world, field):
    erp = Erp(world.client)
    consignment = await agent(erp)
    assert await add(erp, consignment, **{field: ""}) == failure(
        f"Value is required and can't be empty: {field.removesuffix('[]')}"
    )


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("client_ref", "x" * 256, "Invalid value for client_ref"),
        ("weight", "heavy", "Invalid value for weight"),
        ("weight", "100000000", "Invalid value for weight"),
        ("price_customs_export", "-1", "Invalid value for price_customs_export"),
        ("quantity", "32768", "Invalid value for quantity"),
        ("attachment-url", "x" * 1001, "Invalid value for attachment-url"),
        ("product_customs_property[]", ["1"] * 51, "Invalid value for product_customs_property"),
        ("product_customs_property[]", ["x" * 101], "Invalid value for product_customs_property"),
        ("consignment_id", "7", "Consignment with id 7 does not belong to you."),
    ],
)
async def test_refused(world, field, value, text):
    erp = Erp(world.client)
    consignment = await agent(erp)
    assert await add(erp, consignment, **{field: value}) == failure(text)


async def test_the_widest_that_fits(world):
    erp = Erp(world.client)
    consignment = await agent(erp)
    widest = {
        "client_ref": "x" * 255,
        "weight": "99999999.99",
        "price_customs_export": "9999999.999",
        "quantity": "32767",
        "attachment-url": "x" * 1000,
        "product_customs_property[]": ["x" * 100] * 50,
    }
    assert (await add(erp, consignment, **widest))["success"]


async def test_consignments_of_stocked_goods_take_none(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    assert await add(erp, consignment) == failure("Invalid value for consignment_id")
    line = await erp.add(consignment, NIKE)
    assert await erp.post(f"{CALL}/{line['id']}", weight="1") == failure("can't find the record")
    answer = await erp.call("GET", f"/client/{CALL}", params={"consignment_id": consignment["id"]})
    assert answer["data"] == []


async def test_submitted_it_stays(world):
    erp = Erp(world.client)
    consignment = await agent(erp)
    line = (await add(erp, consignment))["data"]
    await erp.set_status("PENDING", consignment)
    text = f"Consignment {consignment['id']} is PENDING, products can be changed while it is PREPARING only."
    assert await add(erp, consignment) == failure(text)
    assert await erp.call("DELETE", f"/client/{CALL}/{line['id']}") == failure(text)
