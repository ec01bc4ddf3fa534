"""POST /client/Consignment-Product through the front door."""

import pytest

from crossdock.dialects.birdsystem.goods import QUANTITY_MAX
from tests.dialects.birdsystem.calls import DONE, NIKE, PHONE, Erp, failure


async def test_the_record_of_a_line(world):
    erp = Erp(world.client)
    consignment = await erp.create()

    line = await erp.add(consignment, NIKE, 2)

    assert line.pop("id") > 0
    assert line == {
        "sold_quantity": None,
        "count": None,
        "product_customs_name": None,
        "product_weight": None,
        "total_price_customs_export": None,
        "product_client_ref": None,
        "product_id": NIKE,
        "consignment_id": consignment["id"],
        "quantity": "2",
        "unit_product_price": "998.00",
        "unit_product_cost": "0.00",
        "unit_product_weight": "500.00",
        "unit_product_length": "100.00",
        "unit_product_width": "100.00",
        "unit_product_depth": "50.00",
        "price_customs_export": "0.000",
        "price_customs_export_internal": "0.000",
        "price_customs_export_origin": "0.000",
        "price_customs_export_internal_origin": "0.000",
        "sales_price": None,
        "sn": None,
        "product_type": "NORMAL",
        "primary_keys": ["id"],
    }


async def test_the_same_product_adds_to_its_line(world):
    erp = Erp(world.client)
    consignment = await erp.create()

    first, other, again = [await erp.add(consignment, product) for product in (NIKE, PHONE, NIKE)]

    assert (again["id"], again["quantity"], other["quantity"]) == (first["id"], "2", "1")
    [row] = await erp.find(id=consignment["id"])
    assert (row["consignment_product_quantity"], row["consignment_product_reference"]) == ("3", f"{NIKE},{PHONE}")
    assert (row["total_weight"], row["total_volume"], row["total_volume_weight"]) == (1000, "1000000.00", 167)
    assert row["total_fee_weight"] == 1000


PRODUCT_TYPES = (
    ({}, "NORMAL"),
    ({"product_type": "normal"}, "NORMAL"),
    ({"product_type": "DIRECTIONAL"}, "DIRECTIONAL"),
    ({"product_type": "is_directional_shared_product"}, "DIRECTIONAL"),
    ({"is_directional_shared_product": "1"}, "DIRECTIONAL"),
    ({"is_directional_shared_product": "0"}, "NORMAL"),
)


async def test_product_type_and_price_are_said_back(world):
    erp = Erp(world.client)
    for fields, product_type in PRODUCT_TYPES:
        form = {"consignment_id": (await erp.create())["id"], "product_id": PHONE, "quantity": 1, "sales_price": "10"}
        answer = await erp.post("Consignment-Product/", **form, **fields)
        assert (answer["data"]["product_type"], answer["data"]["sales_price"]) == (product_type, "10"), fields


async def test_required(world):
    for missing in ("consignment_id", "product_id", "quantity"):
        form = {"consignment_id": 7, "product_id": NIKE, "quantity": 1} | {missing: ""}
        assert await Erp(world.client).post("Consignment-Product", **form) == failure(
            f"Value is required and can't be empty: {missing}"
        )


async def test_quantity(world):
    erp = Erp(world.client)
    form = {"consignment_id": (await erp.create())["id"], "product_id": NIKE}

    for quantity in (0, QUANTITY_MAX + 1):
        refused = await erp.post("Consignment-Product", **form, quantity=quantity)
        assert refused == failure("Invalid value for quantity")
    for quantity in (1, QUANTITY_MAX):
        assert (await erp.post("Consignment-Product", **form, quantity=quantity))["success"]


async def test_wrong_values(world):
    erp = Erp(world.client)
    form = {"consignment_id": (await erp.create())["id"], "product_id": NIKE, "quantity": 1}
    wrong = {"product_type": "GIFT", "sales_price": "ten", "is_directional_shared_product": "maybe"}

    for name, value in wrong.items():
        refused = await erp.post("Consignment-Product", **form, **{name: value})
        assert refused == failure(f"Invalid value for {name}")


@pytest.mark.parametrize("product", [2989, 10**17])
async def test_a_product_of_nobody(world, product):
    erp = Erp(world.client)
    consignment = await erp.create()
    form = {"consignment_id": consignment["id"], "product_id": product, "quantity": 1}

    assert await erp.post("Consignment-Product", **form) == failure(
        f"Product with id {product} does not belong to you."
    )
    assert (await erp.find())[0]["consignment_product_quantity"] == "0"


async def test_a_consignment_of_nobody(world):
    form = {"consignment_id": 7, "product_id": NIKE, "quantity": 1}

    assert await Erp(world.client).post("Consignment-Product", **form) == failure(
        "Consignment with id 7 does not belong to you."
    )


async def test_only_while_preparing(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    await erp.add(consignment)
    await erp.set_status("PENDING", consignment)
    form = {"consignment_id": consignment["id"], "product_id": NIKE, "quantity": 1}

    assert await erp.post("Consignment-Product", **form) == failure(
        f"Consignment {consignment['id']} is PENDING, products can be changed while it is PREPARING only."
    )


async def test_a_line_is_changed_by_its_id(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    line = await erp.add(consignment)
    form = {"id": line["id"], "consignment_id": consignment["id"], "product_id": NIKE, "quantity": 5}

    assert (await erp.post("Consignment-Product", **form))["data"] == line | {"quantity": "5"}
    answer = await erp.post(f"Consignment-Product/{line['id']}", sales_price="12.5", product_type="directional")
    assert answer["data"] == line | {"quantity": "5", "sales_price": "12.5", "product_type": "DIRECTIONAL"}
    assert (await erp.find())[0]["consignment_product_quantity"] == "5"
    for changes, text in (
        ({"product_id": PHONE}, "Invalid value for product_id"),
        ({"consignment_id": 7}, "Invalid value for consignment_id"),
        ({"quantity": 0}, "Invalid value for quantity"),
        ({"quantity": QUANTITY_MAX + 1}, "Invalid value for quantity"),
        ({"id": 7}, "can't find the record"),
        ({"id": "x"}, "can't find the record"),
    ):
        assert await erp.post("Consignment-Product", **(form | changes)) == failure(text)
    assert await erp.post("Consignment-Product", id=line["id"], colour="red") == failure(
        "No data to update after sanitization"
    )


async def test_an_empty_field_of_a_line_is_its_default(world):
    erp = Erp(world.client)
    line = await erp.add(await erp.create())
    for shared, default in (
        ({"product_type": "DIRECTIONAL"}, {"product_type": ""}),
        (
            {"is_directional_shared_product": 1},
            {"is_directional_shared_product": 0},
        ),
    ):
        told = (await erp.post("Consignment-Product", id=line["id"], sales_price="12.5", **shared))["data"]
        assert told == line | {"sales_price": "12.5", "product_type": "DIRECTIONAL"}
        assert (await erp.post("Consignment-Product", id=line["id"], sales_price="", **default))["data"] == line


async def test_the_lines_of_a_consignment_are_listed(world):
    erp = Erp(world.client)
    consignment, other = await erp.create(), await erp.create()
    first, second = await erp.add(consignment, NIKE, 2), await erp.add(consignment, PHONE)
    third = await erp.add(other, PHONE)
    rows = [first | {"product-client_ref": "00131031"}, second | {"product-client_ref": "P-7001"}]

    async def listed(path="Consignment-Product", **query):
        return await erp.call("GET", f"/client/{path}", params=query)

    assert await listed(consignment_id=consignment["id"]) == {
        "total": 2,
        "data": rows,
        "success": True,
        "moduleName": "client",
    }
    assert (await listed(consignment_id=consignment["id"], product_id=PHONE))["data"] == rows[1:]
    assert (await listed(id=third["id"]))["data"] == [third | {"product-client_ref": "P-7001"}]
    assert (await listed(f"Consignment-Product/{first['id']}"))["data"] == rows[:1]
    page = await listed(consignment_id=consignment["id"], start=1, limit=1, selectFields="product-client_ref")
    assert (page["total"], page["data"]) == (2, [{"id": second["id"], "product-client_ref": "P-7001"}])
    assert (await listed(consignment_id=7))["total"] == (await listed(id=7))["total"] == 0
    assert await listed() == failure("Value is required and can't be empty: consignment_id")


async def test_a_line_is_taken_off(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    first, second = await erp.add(consignment, NIKE, 2), await erp.add(consignment, PHONE)

    path = f"/client/Consignment-Product/{first['id']}?_dc=1"
    assert await erp.call("DELETE", path) == DONE
    assert await erp.call("DELETE", path) == failure("can't find the record")
    [row] = await erp.find()
    assert (row["consignment_product_quantity"], row["consignment_product_reference"]) == ("1", str(PHONE))
    assert await erp.set_status("PENDING", consignment) == DONE
    for method, rest in (("DELETE", {}), ("POST", {"data": {"quantity": 2}})):
        answer = await erp.call(method, f"/client/Consignment-Product/{second['id']}", **rest)
        assert answer == failure(
            f"Consignment {consignment['id']} is PENDING, products can be changed while it is PREPARING only."
        )


async def test_goods_described_inline_have_a_call_of_their_own(world):
    erp = Erp(world.client)
    consignment = await erp.create()
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET type = 'AGENT_DIRECT'")
    form = {"consignment_id": consignment["id"], "product_id": NIKE, "quantity": 1}

    assert await erp.post("Consignment-Product", **form) == failure("Invalid value for consignment_id")
