"""How much there is, in this company and in all of them."""

import json

import pytest

from crossdock.dialects.birdsystem.stock_levels import PRODUCTS_MAX
from tests.dialects.birdsystem.calls import NIKE, PHONE, Erp, failure
from tests.world import World

AVAILABLE = "/client/product/Get-Product-Available-Quantity"
INFO = "/client/Container-Product/Get-Product-Stock-Info"
THIRD = 2989353


@pytest.fixture
async def shelves(world: World) -> World:
    """Nike: 5 here, 2 of them set aside, 3 in another company, 4 defective; the phone was sold out."""
    async with world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO company (id, name, currency, zone) VALUES (35, '空运动态仓', 'CNY', 'UTC')")
        await tx.execute("INSERT INTO account_company (account_id, company_id) VALUES (47, 35)")
        await tx.execute(
            "INSERT INTO site (id, account_id, kind, code, name, company_id, zone, created_at, updated_at)"
            " VALUES (81, 47, 'warehouse', 'WH-35', '二号仓', 35, 'UTC', now(), now())"
        )
    for pieces, change in ((4, "condition = 'defective'"), (3, "site_id = 81"), (5, None)):
        await world.stock("00131031", pieces)
        if change:
            async with world.desk.database.transaction() as tx:
                await tx.execute(f"UPDATE stock SET {change} WHERE condition = 'good' AND site_id = 80")
    await world.order(lines={"00131031": 2}, state="allocated")
    await world.stock("P-7001", 1)
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE stock SET on_hand = 0 WHERE product_id = %(id)s", id=PHONE)
    return world


def row(product: int, quantity: str, company: object, name: str, client_ref: str, **more):
    return {
        "product_id": product,
        "quantity": quantity,
        "company_id": company,
        "company_site_name": name,
        "client_ref": client_ref,
        "product_client_ref": client_ref,
        "is_dynamic_warehouse": 0,
        **more,
    }


NIKE_ROWS = [
    row(NIKE, "3", 35, "空运动态仓", "00131031"),
    row(NIKE, "5", 36, "CN 东莞站", "00131031"),
    row(NIKE, "4", "0", "Frozen Stock", "00131031"),
]
PHONE_ROWS = [row(PHONE, "0", 36, "CN 东莞站", "P-7001")]


async def test_available(shelves):
    erp = Erp(shelves.client)

    answer = await erp.call("GET", AVAILABLE, params={"ids": f"{PHONE},{NIKE},{NIKE}"})

    assert answer == {
        "data": [
            {"live_stock": 5, "current_locked_stock": 2, "dynamic_warehouse_available_stock": 0, "id": NIKE},
            {"live_stock": 0, "current_locked_stock": 0, "dynamic_warehouse_available_stock": 0, "id": PHONE},
        ],
        "success": True,
        "refresh": False,
        "moduleName": "client",
    }
    assert await erp.call("GET", AVAILABLE, json={"ids": f"{NIKE},2989"}) == failure(
        "Product with id 2989 does not belong to you."
    )


async def test_available_without_ids(shelves):
    erp = Erp(shelves.client)

    async def found(**query):
        return [one["id"] for one in (await erp.call("GET", AVAILABLE, params=query))["data"]]

    assert await found() == await found(limit=-1) == await found(ids="") == [NIKE, PHONE, THIRD]
    assert await found(start=1, limit=1) == [PHONE]
    await erp.call("DELETE", f"/client/Product/{THIRD}")
    assert await found() == [NIKE, PHONE]
    assert await found(ids=THIRD) == [THIRD]
    assert await found(sort='[{"property":"live_stock"}]') == [PHONE, NIKE]

    async def with_pieces(field: str, pieces: int):
        return await found(filter=json.dumps([{"type": "numeric", "field": field, "value": pieces}]))

    assert await with_pieces("live_stock", 5) == await with_pieces("current_locked_stock", 2) == [NIKE]
    assert await with_pieces("live_stock", 8) == []


async def test_how_many_are_available_at_once(shelves):
    erp = Erp(shelves.client)
    async with shelves.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO product (account_id, sku, name, created_at, updated_at)"
            " SELECT 47, 'S-' || n, 'a', now(), now() FROM generate_series(1, %(most)s) n",
            most=PRODUCTS_MAX,
        )

    async def count(**query):
        return len((await erp.call("GET", AVAILABLE, params=query))["data"])

    assert await count(limit=PRODUCTS_MAX) == await count(limit=-1) == PRODUCTS_MAX
    assert await count(limit=PRODUCTS_MAX + 1) == await count() == 50
    assert await count(ids=",".join([str(NIKE)] * PRODUCTS_MAX)) == 1
    answer = await erp.call("GET", AVAILABLE, json={"ids": [NIKE] * (PRODUCTS_MAX + 1)})
    assert answer == failure("Invalid value for ids")


async def test_stock_info_counts_products(shelves):
    erp = Erp(shelves.client)

    answer = await erp.call("GET", INFO)

    assert answer == {
        "total": 2,
        "data": NIKE_ROWS + PHONE_ROWS,
        "success": True,
        "refresh": False,
        "moduleName": "client",
    }


@pytest.mark.parametrize(
    ("query", "total", "rows"),
    [
        ({"ids": f"{PHONE}"}, 1, PHONE_ROWS),
        ({"ids": f"{PHONE},7,{NIKE}|D"}, 1, PHONE_ROWS),
        ({"ids": f"{NIKE}|D"}, 0, []),
        ({"product_id": NIKE}, 1, NIKE_ROWS),
        ({"filter": [{"type": "list", "field": "product_id", "value": [PHONE, THIRD]}]}, 1, PHONE_ROWS),
        ({"filter": [{"type": "numeric", "property": "product_id", "value": NIKE, "comparison": "gt"}]}, 2, None),
        ({"filter": [{"type": "numeric", "field": "company_id", "value": 35}]}, 1, NIKE_ROWS[:1]),
        ({"field": "client_ref", "query": "p-7"}, 1, PHONE_ROWS),
        ({"start": 1, "limit": 1}, 2, PHONE_ROWS),
        ({"sort": [{"property": "client_ref", "direction": "DESC"}]}, 2, PHONE_ROWS + NIKE_ROWS),
    ],
)
async def test_stock_info_asked_for(shelves, query, total, rows):
    erp = Erp(shelves.client)
    query = {name: json.dumps(value) if isinstance(value, list) else value for name, value in query.items()}

    answer = await erp.call("GET", INFO, params=query)

    assert (answer["total"], answer["data"]) == (total, NIKE_ROWS + PHONE_ROWS if rows is None else rows)


async def test_stock_info_by_warehouse(shelves):
    erp = Erp(shelves.client)

    answer = await erp.call("GET", INFO, params={"groupByWarehouse": "true", "ids": NIKE})

    assert answer["data"] == [
        NIKE_ROWS[0] | {"warehouse_id": 81, "warehouse_name": "二号仓"},
        NIKE_ROWS[1] | {"warehouse_id": 80, "warehouse_name": "广州一号仓"},
        NIKE_ROWS[2] | {"warehouse_id": None, "warehouse_name": None},
    ]
    answer = await erp.call("GET", INFO, params={"ids": PHONE, "selectFields": "quantity"})
    assert answer["data"] == [{"product_id": PHONE, "quantity": "0", "company_id": 36}]
