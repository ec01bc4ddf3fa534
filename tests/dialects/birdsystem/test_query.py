"""GET /client/consignment through the front door."""

import asyncio
import json
from datetime import datetime
from zoneinfo import ZoneInfo

from crossdock.base.ids import AccountId, CompanyId, OrderId
from crossdock.core.orders.model import NamedOrder
from crossdock.dialects.birdsystem import listing
from tests import statements
from tests.dialects.birdsystem.calls import NIKE, PHONE, WHO, Erp, failure
from tests.world import ACCOUNT, COMPANY

FILTERS = (
    ({"type": "string", "field": "contact", "value": "lex"}, 1),
    ({"type": "string", "field": "id", "value": "0360000002"}, 1),
    ({"type": "numeric", "field": "consignment_product_quantity", "comparison": "gt", "value": 1}, 2),
    ({"type": "numeric", "field": "consignment_product_quantity", "comparison": "gt", "value": 2}, 1),
    ({"type": "numeric", "field": "consignment_product_quantity", "comparison": "lt", "value": 1}, 2),
    ({"type": "numeric", "field": "consignment_product_quantity", "comparison": "ne", "value": 0}, 2),
    ({"type": "numeric", "field": "consignment_product_reference", "value": NIKE}, 2),
    ({"type": "numeric", "field": "id", "comparison": "lt", "value": "9" * 30}, 3),
    ({"type": "numeric", "field": "id", "comparison": "gt", "value": "9" * 30}, 0),
    ({"type": "numeric", "field": "sales_price", "comparison": "lt", "value": "1.5"}, 2),
    ({"type": "numeric", "field": "sales_price", "value": 2}, 1),
    ({"type": "numeric", "field": "customs_price", "value": 0}, 3),
    ({"field": "guarantee_percentage", "value": "0.00"}, 3),
    ({"field": "delivery_service_id_internal", "value": 5217}, 3),
    ({"field": "delivery_service_id_internal", "value": 5218}, 0),
    ({"type": "list", "field": "id", "value": [1, 2.5]}, 0),
    ({"type": "list", "field": "status", "value": ["PREPARING", "FINISHED"]}, 3),
    ({"type": "list", "field": "status", "value": ["RECEIVED"]}, 0),
    ({"type": "boolean", "field": "is_urgent", "value": True}, 1),
    ({"type": "boolean", "field": "is_urgent", "value": False}, 2),
    ({"type": "date", "field": "create_time", "value": "2024-03-01"}, 2),
    ({"type": "date", "field": "create_time", "comparison": "gt", "value": "2024-03-02"}, 1),
    ({"type": "date", "field": "create_time", "comparison": "lt", "value": "2024-03-01 23:59:58"}, 1),
    ({"type": "date", "field": "create_time", "comparison": "lt", "value": "2024-03-01 23:59:59"}, 2),
    ({"field": "create_time", "value": "2024-03-01 23:59:59"}, 1),
    ({"type": "list", "field": "create_time", "value": ["2024-03-01", "2024-03-01 23:59:59"]}, 2),
    ({"type": "date", "field": "finish_time", "comparison": "gt", "value": "2024-03-01"}, 0),
)
"""A condition, and how many of the three consignments of `test_filtered` fit it."""


async def test_the_list_form(world):
    erp = Erp(world.client)
    records = [await erp.create() for _ in range(3)]

    answer = await erp.call("GET", "/client/consignment", params={"start": 1, "limit": 1})

    assert list(answer) == ["total", "data", "success", "moduleName"]
    assert (answer["total"], answer["data"]) == (3, [records[1]])


async def test_by_id_it_is_still_a_list(world):
    erp = Erp(world.client)
    record = await erp.create()
    await erp.create()

    for path, query in (
        ("/client/consignment", {"id": record["id"]}),
        (f"/client/consignment/{record['id']}", {}),
        (f"/client/Consignment/{record['id']}/", {}),
    ):
        answer = await erp.call("GET", path, params=query)
        assert (answer["total"], answer["data"]) == (1, [record])
    for unknown in (record["id"] + 9, "abc", "9" * 30):
        answer = await erp.call("GET", "/client/consignment", params={"id": unknown})
        assert (answer["total"], answer["data"], erp.status) == (0, [], 200)


async def test_of_others_there_is_none_by_id(world):
    """Another company's, another account's, another dialect's."""
    erp = Erp(world.client)
    record = await erp.create()
    await world.rows("INSERT INTO company (id, name, currency, zone) VALUES (37, 'x', 'GBP', 'UTC') RETURNING 1")
    for change in ("company_id = 37", "dialect = 'hongxun'", "kind = 'inbound'"):
        await world.rows(f"UPDATE orders SET {change} WHERE id = {record['id']} RETURNING 1")
        answer = await erp.call("GET", "/client/consignment", params={"id": record["id"]})
        assert (answer["total"], answer["data"]) == (0, [])
        await world.rows("UPDATE orders SET company_id = 36, dialect = 'birdsystem', kind = 'outbound' RETURNING 1")
    assert await erp.find(id=record["id"]) == [record]


async def test_who_asks_at_one_moment_is_answered_with_one_statement(world):
    erp = Erp(world.client)
    ids = [(await erp.create())["id"] for _ in range(3)]
    asked = [*ids, ids[0], 1]

    with statements.listed() as sent:
        found = await asyncio.gather(
            *(world.desk.goods.put(NamedOrder(ACCOUNT, CompanyId(COMPANY), OrderId(id_))) for id_ in asked)
        )

    assert len(sent) == 1
    assert [None if one is None else one.order.id for one in found] == [*ids, ids[0], None]
    of_others = await asyncio.gather(
        world.desk.goods.put(NamedOrder(AccountId(48), CompanyId(COMPANY), OrderId(ids[0]))),
        world.desk.goods.put(NamedOrder(ACCOUNT, CompanyId(37), OrderId(ids[0]))),
    )
    assert of_others == [None, None]


async def test_by_a_plain_column(world):
    erp = Erp(world.client)
    for column in ("sales_reference", "post_code", "contact", "sales_order_id", "custom_identity_reference"):
        wanted = await erp.create(**{column: "A 1"})
        other = await erp.create(**{column: "A 12"})

        assert await erp.find(**{column: "A 1"}) == [wanted]
        assert await erp.find(**{column: ""}, sort='[{"property":"id","direction":"DESC"}]', limit=2) == [
            other,
            wanted,
        ]
        assert await erp.find(**{column: "a%"}) == []


async def test_by_product(world):
    erp = Erp(world.client)
    both, one, empty = await erp.create(), await erp.create(), await erp.create()
    await erp.add(both, NIKE)
    await erp.add(both, PHONE)
    await erp.add(one, PHONE)

    assert [row["id"] for row in await erp.find(consignment_product_reference=PHONE)] == [both["id"], one["id"]]
    assert [row["id"] for row in await erp.find(consignment_product_reference=NIKE)] == [both["id"]]
    assert (await erp.find(id=both["id"]))[0]["consignment_product_reference"] == f"{NIKE},{PHONE}"
    nothing = {"type": "numeric", "field": "consignment_product_reference", "value": 0}
    named = {"filter": json.dumps([nothing]), "includeNullFields": "consignment_product_reference"}
    assert [row["id"] for row in await erp.find(**named)] == [empty["id"]]


async def test_by_status_and_type_in_any_case(world):
    erp = Erp(world.client)
    record = await erp.create()

    assert [row["id"] for row in await erp.find(status="preparing", type="local")] == [record["id"]]
    for nothing in ({"status": "PENDING"}, {"type": "FBA"}, {"status": "PROBLEM"}, {"status": "NEW"}):
        assert await erp.find(**nothing) == []


async def test_unknown_parameters_never_fail(world):
    erp = Erp(world.client)
    record = await erp.create()

    assert await erp.find(_dc="1", page="3", update_time="x", colour="red") == [record]


async def test_sorted(world):
    erp = Erp(world.client)
    records = [await erp.create(contact=contact) for contact in ("B", "A", "B")]

    sort = '[{"property":"contact","direction":"ASC"},{"property":"id","direction":"DESC"}]'
    assert await erp.find(sort=sort) == [records[1], records[2], records[0]]
    answer = await erp.call("GET", "/client/consignment", params={"sort": "[{"})
    assert answer == failure("Decoding failed: Syntax error")


async def test_no_limit(world):
    erp = Erp(world.client)
    for _ in range(51):
        await erp.create()

    assert len(await erp.find()) == 50
    assert len(await erp.find(limit=501)) == 50
    assert len(await erp.find(limit=500)) == 51
    assert len(await erp.find(limit=-1)) == 51


async def test_all_have_a_bound(world, monkeypatch):
    monkeypatch.setattr(listing, "ALL_MAX", 3)
    erp = Erp(world.client)
    await world.stock("00131031", 1)
    await world.stock("P-7001", 1)
    for _ in range(4):
        await erp.create()

    paths = ("consignment", "Product", "Container-Product/Get-Product-Stock-Info", "product-customs-property")
    for path, total in zip(paths, (4, 3, 2, 7), strict=True):
        for start, rows in ((0, total), (max(total - 3, 0), min(total, 3))):
            answer = await erp.call("GET", f"/client/{path}", params={"limit": -1, "start": start})
            if rows > 3:
                assert answer == failure("Invalid value for limit"), path
            else:
                assert (answer["total"], len(answer["data"])) == (total, rows), path
        assert (await erp.call("GET", f"/client/{path}", params={"limit": 2}))["total"] == total


async def test_json_on_a_get(world):
    erp = Erp(world.client)
    record = await erp.create(sales_reference="2")
    await erp.create()

    for body in ('{"sales_reference": 2}', '{"sales_reference": "2", "sort": [{"property": "id"}]}'):
        answer = await erp.call(
            "GET", "/client/consignment", headers=WHO | {"content-type": "application/json"}, content=body
        )
        assert answer["data"] == [record]
    assert (await erp.call("GET", "/client/consignment", json={}))["total"] == 2


async def test_selected_columns(world):
    erp = Erp(world.client)
    record = await erp.create()

    assert await erp.find(selectFields="status,nothing") == [{"id": record["id"], "status": "PREPARING"}]


async def test_a_raw_quote_and_brace_in_the_query(world):
    answer = await world.client.get('/client/consignment?sort=[{"property":"id"}]', headers=WHO)

    assert answer.json()["success"]


async def test_the_service_hides_the_tracking_number(world):
    erp = Erp(world.client)
    record = await erp.create()
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET tracking_number = 'J1'")
    assert (await erp.find(delivery_reference="J1"))[0]["delivery_reference"] == "J1"
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            "UPDATE delivery_service SET rules = %(rules)s",
            rules={"is_hide_delivery_reference_to_consignment": 1},
        )
    world.desk.accounts.forget()

    [row] = await erp.find(id=record["id"])
    assert row["delivery_reference"] is None
    assert row["delivery_service_is_hide_delivery_reference_to_consignment"] == "1"


async def test_orders_of_other_partners_are_not_listed(world):
    erp = Erp(world.client)
    record = await erp.create()
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET dialect = 'hongxun'")

    assert await erp.find() == []
    assert await erp.set_status("CANCELLED", record) == failure("can't find the record")


async def test_a_page_is_one_statement(world):
    erp = Erp(world.client)
    for _ in range(3):
        await erp.add(await erp.create())

    with statements.listed() as sent:
        rows = await erp.find()

    assert len(sent) == 1
    assert [row["total_weight"] for row in rows] == [500, 500, 500]


async def test_filtered(world):
    erp = Erp(world.client)
    shanghai = ZoneInfo("Asia/Shanghai")
    for clock, fields, quantity in (
        ("2024-03-01T00:00:00", {"contact": "Alex"}, 1),
        ("2024-03-01T23:59:59.5", {"is_urgent": "1", "sales_price": "2"}, 2),
        ("2024-03-02T00:00:00", {"contact": "Bo"}, 0),
    ):
        world.clock.set(datetime.fromisoformat(clock).replace(tzinfo=shanghai))
        record = await erp.create(**({"contact": "B"} | fields))
        if quantity:
            await erp.add(record, NIKE, quantity)

    for element, found in FILTERS:
        for sent in ({"params": {"filter": json.dumps([element])}}, {"json": {"filter": [element]}}):
            assert (await erp.call("GET", "/client/consignment", **sent))["total"] == found, element
