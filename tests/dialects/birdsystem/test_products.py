"""/client/Product through the front door."""

import json

import pytest

from crossdock.dialects.birdsystem.product_fields import CUT_WIDTHS, PROPERTIES_MAX, REFUSED_WIDTHS, WHOLE_MAX
from tests.dialects.birdsystem.calls import DONE, NIKE, PHONE, Erp, failure

LEAST = {"name": "测试手机", "name_customs": "phone", "price_customs_export": "9.5"}
NOT_FOUND = failure("can't find the record")


async def create(erp: Erp, **changes):
    answer = await erp.post("Product", **(LEAST | changes))
    assert answer["success"], answer
    return answer["data"]


async def listed(erp: Erp, **query):
    answer = await erp.call("GET", "/client/Product", params=query)
    assert answer["success"], answer
    return answer


async def test_a_new_product(world):
    erp = Erp(world.client)

    made = await create(
        erp,
        client_ref="SKU-1",
        weight="10.50",
        length=20,
        url="https://example.com/a.png",
        shape_type="rregular_shape",
        inventory_time=30,
        **{"product_product_customs_property[]": ["1", "3"], "company_product-price": "7.5", "brand": ""},
    )

    wanted = {
        "client_id": 47,
        "client_ref": "SKU-1",
        "company_ref": f"47-{made['id']}",
        "status": "PREPARING",
        "weight": "10.50",
        "length": "20.00",
        "width": "0.00",
        "price_customs_export": "9.500",
        "price_customs_export_internal": "9.500",
        "price_customs_import": "0.00",
        "shape_type": "RREGULAR_SHAPE",
        "inventory_time": "30",
        "product_product_customs_property": [1, 3],
        "company_product-price": "7.50",
        "brand": None,
        "live_stock": "0",
        "pending_stock": "0",
        "customs_value_level": "LOW",
        "primary_keys": ["id"],
    }
    assert {name: made[name] for name in wanted} == wanted
    assert (await listed(erp, id=made["id"]))["data"] == [made]
    assert await world.rows("SELECT weight_g, price, active FROM product WHERE sku = 'SKU-1'") == [(11, 7.5, False)]
    await world.verified()


async def test_what_is_required(world):
    erp = Erp(world.client)
    for name in LEAST:
        for value in ("", "  "):
            assert await erp.post("Product", **(LEAST | {name: value})) == failure(
                f"Value is required and can't be empty: {name}"
            )
    made = await create(erp)
    for name in LEAST:
        for value in ("", "  "):
            assert await erp.post("Product", **{"id": made["id"], name: value}) in (
                failure(f"Value is required and can't be empty: {name}"),
                failure(f"Invalid value for {name}"),
            )
    assert (await listed(erp, id=made["id"]))["data"] == [made]


async def test_a_client_ref_is_taken_once(world):
    erp = Erp(world.client)
    made = await create(erp, client_ref="SKU-1")
    other = await create(erp)

    assert other["client_ref"] is None
    assert await erp.post("Product", **LEAST, client_ref="SKU-1") == failure("Duplicate client_ref [SKU-1]")
    assert await erp.post("Product", id=other["id"], client_ref="SKU-1") == failure("Duplicate client_ref [SKU-1]")
    assert (await erp.post("Product", id=made["id"], client_ref="SKU-1"))["success"]
    assert await erp.call("DELETE", f"/client/Product/{made['id']}") == DONE
    assert await erp.post("Product", **LEAST, client_ref="SKU-1") == failure("Duplicate client_ref [SKU-1]")


async def test_an_update_leaves_the_rest(world):
    erp = Erp(world.client)
    made = await create(erp, client_ref="A", brand="B", weight="7", sales_price="1.25")

    answer = await erp.call("PUT", "/client/product/", data={"id": made["id"], "brand": "C", "status": "active"})

    assert answer["data"] == made | {"brand": "C", "status": "ACTIVE", "update_time": answer["data"]["update_time"]}
    answer = await erp.call("POST", "/client/Product", json={"id": made["id"], "brand": "", "weight": 8})
    assert (answer["data"]["brand"], answer["data"]["weight"]) == (None, "8.00")
    assert await erp.post("Product", id=made["id"]) == failure("No data to update after sanitization")
    assert await erp.post("Product", id=made["id"], colour="x") == failure("No data to update after sanitization")
    for unknown in (1, "abc", "9" * 30):
        assert await erp.post("Product", id=unknown, brand="C") == NOT_FOUND


async def test_what_was_measured_anew_is_shown(world):
    erp = Erp(world.client)
    made = await create(erp, weight="10.50")
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE product SET weight_g = 12 WHERE id = %(id)s", id=made["id"])

    assert (await listed(erp, id=made["id"]))["data"][0]["weight"] == "12.00"


@pytest.mark.parametrize(("name", "width"), REFUSED_WIDTHS.items())
async def test_a_name_too_long_is_refused(world, name, width):
    erp = Erp(world.client)

    assert (await create(erp, **{name: "a" * width}))[name] == "a" * width
    answer = await erp.post("Product", **LEAST, **{name: "b" * (width + 1)})
    assert answer == failure(f"Invalid value for {name}")


async def test_free_text_is_cut(world):
    erp = Erp(world.client)
    names = [name for name in CUT_WIDTHS if name != "shape_type"]

    made = await create(erp, **{name: "a" * (CUT_WIDTHS[name] + 1) for name in names})

    assert {name: len(made[name]) for name in names} == {name: CUT_WIDTHS[name] for name in names}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("price_customs_export", "999999.99", "1000000"),
        ("sales_price", "0", "-1"),
        ("weight", "99999999.99", "100000000"),
        ("status", "ACTIVE", "SOLD"),
        ("status", "PREPARING", "DELETED"),
        ("shape_type", "irregular_shape", "ROUND"),
        ("country_of_origin", "cn", "CHN"),
        ("company_product-is_shared_internal", "1", "2"),
        *((name, str(most), str(most + 1)) for name, most in WHOLE_MAX.items()),
    ],
)
async def test_bounds(world, name, good, bad):
    erp = Erp(world.client)

    await create(erp, **{name: good})
    assert await erp.post("Product", **(LEAST | {name: bad})) == failure(f"Invalid value for {name}")


async def test_how_many_properties(world):
    erp = Erp(world.client)
    name = "product_product_customs_property"

    made = await create(erp, **{f"{name}[]": ["7"] * PROPERTIES_MAX})
    assert made[name] == [7] * PROPERTIES_MAX
    answer = await erp.post("Product", **LEAST, **{f"{name}[]": ["7"] * (PROPERTIES_MAX + 1)})
    assert answer == failure(f"Invalid value for {name}")


async def test_deleted_for_good(world):
    erp = Erp(world.client)
    made = await create(erp, client_ref="A")

    assert await erp.call("DELETE", "/client/Product", params={"id": made["id"]}) == DONE
    assert await erp.call("DELETE", f"/client/Product/{made['id']}") == DONE
    assert [row["status"] for row in (await listed(erp, client_ref="A"))["data"]] == ["DELETED"]
    assert (await listed(erp, client_ref="A", status="active"))["total"] == 0
    assert await erp.post("Product", id=made["id"], brand="B") == NOT_FOUND
    assert await erp.call("DELETE", "/client/Product/7") == NOT_FOUND
    assert await erp.call("DELETE", "/client/Product/x") == NOT_FOUND
    other = await create(erp)
    assert (await erp.post("Product", id=other["id"], status="DELETED"))["data"]["status"] == "DELETED"


async def test_what_is_in_use_stays(world):
    erp = Erp(world.client)
    in_use = f"Product with id {NIKE} has stock or open consignments."
    consignment = await erp.create()
    await erp.add(consignment, NIKE)

    assert await erp.call("DELETE", f"/client/Product/{NIKE}") == failure(in_use)
    await erp.set_status("CANCELLED", consignment)
    await world.stock("00131031", 1)
    assert await erp.call("DELETE", f"/client/Product/{NIKE}") == failure(in_use)
    assert await erp.call("DELETE", f"/client/Product/{PHONE}") == DONE


async def test_stock_of_the_list(world):
    erp = Erp(world.client)
    await world.stock("00131031", 3)
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE stock SET condition = 'defective'")
    await world.stock("00131031", 5)
    await world.order("IN-1", kind="inbound", state="announced", lines={"00131031": 7})

    [row] = (await listed(erp, id=NIKE))["data"]

    figures = {
        name: row[name] for name in ("live_stock", "company_product-live_stock", "frozen_stock", "pending_stock")
    }
    assert figures == {
        "live_stock": "5",
        "company_product-live_stock": "5",
        "frozen_stock": "3",
        "pending_stock": "7",
    }
    assert row["status"] == "ACTIVE"
    for column in ("live_stock", "company_product-live_stock"):
        few = [{"type": "numeric", "field": column, "comparison": "gt", "value": 5}]
        more = [{"type": "numeric", "field": column, "comparison": "gt", "value": 6}]
        assert (await listed(erp, filter=json.dumps(few)))["total"] == 1
        assert (await listed(erp, filter=json.dumps(more)))["total"] == 0


async def test_list_parameters(world):
    erp = Erp(world.client)
    made = [await create(erp, client_ref=f"A-{number}", sales_price=number) for number in (2, 1, 10)]
    ids = [row["id"] for row in made]

    async def found(**query):
        return [row["id"] for row in (await listed(erp, **query))["data"] if row["id"] in ids]

    price = json.dumps([{"property": "sales_price", "direction": "DESC"}])
    assert await found(sort=price) == [ids[2], ids[0], ids[1]]
    assert await found(field="client_ref", query="a-1") == [ids[1], ids[2]]
    assert (
        await found(filter=json.dumps([{"type": "list", "property": "client_ref", "value": ["A-2", "B"]}])) == ids[:1]
    )
    assert await found(**{"fields[]": ["sales_price"], "operators[]": [">"], "values[]": ["2"]}) == ids[2:]
    assert await found(company_ref=made[1]["company_ref"]) == ids[1:2]
    assert await found(name=LEAST["name"], page=3, _dc=1) == ids
    answer = await listed(erp, limit=1, start=4, selectFields="client_ref")
    assert (answer["total"], answer["data"]) == (6, [{"id": ids[1], "client_ref": "A-1"}])
    for status, total in (("PREPARING", 3), ("ACTIVE", 3), ("DELETED", 0), ("NEW", 0)):
        assert (await listed(erp, status=status))["total"] == total


@pytest.mark.parametrize(
    "name",
    [
        "price_customs_import",
        "sales_price",
        "low_stock_level",
        "company_product-cost",
        "company_product-low_stock_level",
        "inventory_time",
    ],
)
async def test_what_is_printed_as_zero_is_found_as_zero(world, name):
    erp = Erp(world.client)
    made = await create(erp)
    assert float(made[name]) == 0

    for comparison, found in (("eq", [made]), ("lt", [made]), ("gt", [])):
        value = 1 if comparison == "gt" else 0
        one = {"type": "numeric", "field": name, "comparison": comparison, "value": value}
        assert (await listed(erp, id=made["id"], filter=json.dumps([one])))["data"] == found


async def test_products_of_others_are_not_seen(world):
    erp = Erp(world.client)
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'EUR')"
        )
        await tx.execute("UPDATE product SET account_id = 48 WHERE sku = 'IP-XX3355'")

    assert [row["client_ref"] for row in (await listed(erp))["data"]] == ["00131031", "P-7001"]
    assert await erp.post("Product", id=2989353, brand="B") == NOT_FOUND
    assert await erp.call("DELETE", "/client/Product/2989353") == NOT_FOUND
