"""Lists that are at hand: services, customs, countries, places; each takes every list parameter."""

import json

import pytest

from crossdock.dialects.birdsystem import reference, services
from crossdock.dialects.birdsystem.columns import VALUES_MAX
from crossdock.dialects.birdsystem.filters import COMPARISONS, READ_AS
from tests.dialects.birdsystem.calls import LOCKER, LOGIN_REQUIRED, PARCEL, PICK_UP, Erp, failure

LISTS = {
    "delivery-service": services.TABLE,
    "product-customs-property": reference.PROPERTIES_TABLE,
    "customs-category": reference.CATEGORIES_TABLE,
    "Country": reference.COUNTRIES_TABLE,
    "Warehouse/Client-Use-Warehouse": reference.PLACES_TABLE,
}


async def ask(erp: Erp, path: str, **query):
    query = {name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in query.items()}
    return await erp.call("GET", f"/client/{path}", params=query)


@pytest.mark.parametrize("path", LISTS)
async def test_every_list_parameter(world, path):
    erp, table = Erp(world.client), LISTS[path]
    key = table.keys[0]

    everything = await ask(erp, path, limit=-1)
    assert everything["total"] == len(everything["data"]) >= 1
    rows = everything["data"]
    assert (await ask(erp, path))["data"] == rows[:50]
    assert (await ask(erp, path, start=1, limit=2, page=9))["data"] == rows[1:3]
    assert (await ask(erp, path, limit=501))["data"] == rows[:50]
    descending = (await ask(erp, path, limit=-1, sort=[{"property": key, "direction": "DESC"}]))["data"]
    assert descending == rows[::-1]
    assert (await ask(erp, path, selectFields="nothing", limit=1))["data"] == [{key: rows[0][key]}]
    for found in (
        await ask(erp, path, **{key: rows[0][key]}),
        await ask(erp, path, filter=[{"type": "list", "field": key, "value": [rows[0][key]]}]),
        await ask(erp, path, filter=[{"type": "string", "property": "name", "value": rows[0]["name"]}], limit=1),
        await ask(erp, path, **{"fields[]": key, "operators[]": "=", "values[]": rows[0][key]}),
    ):
        assert found["data"][0] == rows[0]
    assert (await ask(erp, path, field="name", query="no such name"))["total"] == 0
    assert await ask(erp, path, sort="[{") == failure("Decoding failed: Syntax error")
    assert await ask(erp, path, fields="id") == failure("Search criterias wrong!")
    many = [{"type": "list", "field": key, "value": ["7"] * (VALUES_MAX + 1)}]
    assert await erp.call("GET", f"/client/{path}", json={"filter": many}) == failure(f"Invalid value for {key}")
    assert await erp.call("GET", f"/client/{path}", headers={}) == LOGIN_REQUIRED


@pytest.mark.parametrize("path", LISTS)
async def test_any_column_with_any_condition(world, path):
    erp, table = Erp(world.client), LISTS[path]
    for name in table.columns:
        for comparison in COMPARISONS:
            for type_ in (*READ_AS, None):
                for value in ("2024-03-01", "7", True, -1, "'", ["a", "2024-03-01"]):
                    one = {"type": type_, "field": name, "comparison": comparison, "value": value}
                    answer = await erp.call("GET", f"/client/{path}", json={"filter": [one]})
                    assert answer["success"] or answer["message"] == f"Invalid value for {name}", (one, answer)


async def test_services(world):
    erp = Erp(world.client)
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE delivery_service SET active = false WHERE id = %(id)s", id=PICK_UP)

    async def ids(**query):
        rows = (await ask(erp, "delivery-service", limit=-1, **query))["data"]
        return [row["id"] for row in rows if row["id"] in (PICK_UP, PARCEL, LOCKER)]

    assert await ids() == [PICK_UP, PARCEL, LOCKER]
    assert await ids(status="ACTIVE") == [PARCEL, LOCKER]
    assert await ids(status="deleted") == [PICK_UP]
    assert await ids(special_type="yodel") == [LOCKER]
    assert await ids(consignment_type="DIRECT") == []
    assert await ids(name="x", is_tracking=7, is_signature=7, is_express=7) == [PICK_UP, PARCEL, LOCKER]
    assert await ids(filter=[{"property": "is_tracking", "value": "1"}]) == [LOCKER]
    assert await ids(filter=[{"property": "is_tracking", "value": "false"}]) == [PICK_UP, PARCEL]
    assert await ids(filter=[{"type": "numeric", "property": "restrict_max_length_contact", "value": 19}]) == []


async def test_a_country_by_its_code(world):
    erp = Erp(world.client)

    for path in ("Country/GB", "Country?iso=gb", "Country?id=GB"):
        answer = await erp.call("GET", f"/client/{path}")
        assert answer["data"] == [{"iso": "GB", "name": "UNITED KINGDOM", "primary_keys": ["iso"]}]
    assert (await erp.call("GET", "/client/Country/XX"))["data"] == []


async def test_a_category_by_its_id(world):
    erp = Erp(world.client)

    for path in ("customs-category/16", "customs-category/0000000016/", "Customs-Category?id=16"):
        answer = await erp.call("GET", f"/client/{path}")
        assert (answer["total"], answer["data"][0]["id"]) == (1, "0000000016")
    answer = await erp.call("GET", "/client/customs-category/9999")
    assert (answer["total"], answer["data"]) == (0, [])
    children = await ask(erp, "customs-category", parent_id=16)
    assert [row["code"] for row in children["data"]] == ["84", "85"]


def test_the_tree_is_one():
    rows = {row.id: row for row in reference.CATEGORIES}
    chapters = [row for row in reference.CATEGORIES if row.level == "2"]

    assert len(rows) == len(reference.CATEGORIES) == 21 + len(chapters)
    assert [row.code for row in chapters] == [f"{code:02}" for code in range(1, 98) if code != 77]
    edges = sorted(int(edge) for row in rows.values() for edge in (row.lft, row.rgt))
    assert edges == list(range(1, 2 * len(rows) + 1))
    for row in chapters:
        parent = rows[row.parent_id]
        assert int(parent.lft) < int(row.lft) < int(row.rgt) < int(parent.rgt)
        assert row.customs_category_full_code == f"{parent.code} > {row.code}"
    assert all(isinstance(getattr(row, name), str) for row in rows.values() for name in row.__struct_fields__[:-1])
