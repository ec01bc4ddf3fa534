"""What no ERP sends on purpose: every answer is still the partner's, and none is a fault of ours."""

import asyncio
import itertools
import json
from contextlib import suppress
from typing import Any

import pytest

from crossdock.core.orders import queries
from crossdock.dialects.birdsystem import filters
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.filters import COMPARISONS, CONDITIONS_MAX, READ_AS
from crossdock.dialects.birdsystem.goods import QUANTITY_MAX
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.dialects.birdsystem.parcels import PACKAGES_MAX
from crossdock.dialects.birdsystem.records import TOTAL_MAX
from crossdock.dialects.birdsystem.tables import CONSIGNMENTS
from crossdock.dialects.birdsystem.words import volume_weight_g
from crossdock.edge.request import FORM_FIELDS_MAX
from tests import statements
from tests.dialects.birdsystem.calls import KEY, LEAST, LOGIN_REQUIRED, NIKE, PHONE, WHO, Erp, failure
from tests.dialects.birdsystem.test_batch_create import CLIENT, CLIENTS_OWN, PACKAGE, placed

JSON = WHO | {"content-type": "application/json"}
FAULT = failure("A fault of this server; its log has the trace id.")
WORDS = ("id; DROP TABLE orders", "1 OR 1=1", "recipient->>'x'", "consignment.id", "%s", "{}", "%(account_id)s")
VALUES: tuple[Any, ...] = (
    "' OR ''='",
    "\\",
    "%",
    "\x00",
    "a\x00b",
    "٣",
    "9" * 400,
    "-" + "9" * 400,
    10**400,
    1e308,
    -(2**63),
    2**63,
    "1e999",
    "NaN",
    True,
    False,
    [],
    [[]],
    [1, "a", None, 2.5, True],
    ["x"] * 5_000,
    {"a": {"b": 1}},
    "0001-01-01",
    "9999-12-31 23:59:59",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "2024-02-30",
    "",
    None,
)


async def answered(erp: Erp, **sent: Any) -> dict[str, Any]:
    """Said in the envelope, and meant."""
    answer: dict[str, Any] = await erp.call("GET", "/client/consignment", **sent)
    assert answer != FAULT, sent
    assert erp.status == (200 if answer["success"] else 500)
    assert list(answer) == (
        ["total", "data", "success", "moduleName"] if answer["success"] else ["success", "message"]
    )
    return answer


@pytest.mark.parametrize("type_", [*READ_AS, "colour", None])
async def test_any_value_of_a_filter(quiet_world, type_):
    """Read or refused; what was read is a statement that PostgreSQL takes."""
    columns = ("id", "status", "type", "contact", "create_time", "is_urgent", "consignment_product_reference")
    async with quiet_world.desk.database.autocommit() as tx:
        for column, comparison, value in itertools.product(columns, COMPARISONS, VALUES):
            one = {"type": type_, "field": column, "comparison": comparison, "value": value}
            given = Parameters(form={}, query={}, route={}, document={"filter": [one]})
            with suppress(ValueInvalid):
                criteria = filters.criteria(given, CONSIGNMENTS, zone="Asia/Shanghai")
                await queries.search(tx, account_id=47, company_id=36, criteria=criteria, limit=1)


@pytest.mark.parametrize("column", ["id", "create_time", "contact"])
async def test_any_value_of_a_filter_over_http(world, column):
    erp = Erp(world.client)
    for value in VALUES:
        await answered(erp, json={"filter": [{"type": "numeric", "field": column, "value": value}]})


@pytest.mark.parametrize("word", WORDS)
async def test_names_that_are_more_than_names(world, word):
    erp = Erp(world.client)
    record = await erp.create()
    passed_over = (
        {"filter": [{"field": word, "value": "1"}]},
        {"filter": [{"property": word, "field": "id", "value": "1", "type": "string"}]},
        {"sort": [{"property": word, "direction": "DESC; DROP TABLE orders"}]},
        {"sort": [{"property": "id", "direction": word}]},
        {"field": word, "query": "1"},
        {"fields": [word], "operators": ["="], "values": ["1"]},
        {"fields": ["id"], "operators": [word], "values": ["1"]},
        {word: "1"},
        {"includeNullFields": word},
    )

    for body in passed_over:
        assert (await answered(erp, json=body))["data"] == [record], body
    assert (await answered(erp, json={"selectFields": word}))["data"] == [{"id": record["id"]}]
    assert (await answered(erp, json={"contact": word, "post_code": word}))["data"] == []


@pytest.mark.parametrize("name", ["filter", "sort"])
async def test_conditions_have_a_bound(world, name):
    erp = Erp(world.client)
    await erp.create()
    one = {"field": "contact", "property": "contact", "value": "Alex Sample"}

    assert (await answered(erp, json={name: [one] * CONDITIONS_MAX}))["total"] == 1
    for many in (CONDITIONS_MAX + 1, 10_000):
        assert await answered(erp, json={name: [one] * many}) == failure(f"Invalid value for {name}")


@pytest.mark.parametrize("name", ["filter", "sort"])
async def test_shapes_that_are_no_conditions(world, name):
    erp = Erp(world.client)
    for text in ("[{", "{'field': 1}", "[" * 200_000, '{"a":' * 100_000, "﻿[]", "\x00", '"\\ud800"'):
        assert await answered(erp, json={name: text}) == failure("Decoding failed: Syntax error")
    for shape in (7, True, "7", '"a"', [[]], [None], "[1]", [["id"]]):
        assert await answered(erp, json={name: shape}) == failure(f"Invalid value for {name}")
    for nothing in ("", None, [], "[]", {}, "{}", "null"):
        answer = await answered(erp, json={name: nothing})
        assert answer["success"] or answer == failure(f"Invalid value for {name}"), nothing


async def test_pages_far_away(world):
    erp = Erp(world.client)
    record = await erp.create()
    pages = (
        ("0", "1", [record]),
        ("-1", "1", [record]),
        ("x", "\x00", [record]),
        ("1.5", "1e9", [record]),
        ("9" * 18, "500", []),
        ("9" * 400, "9" * 400, []),
        ("9" * 400, "-1", []),
        ("0", "9" * 400, [record]),
        ("0", "-9999999999999999999", [record]),
    )

    for start, limit, rows in pages:
        answer = await answered(erp, params={"start": start, "limit": limit})
        assert (answer["total"], answer["data"]) == (1, rows), (start, limit)
    for wrong in ({}, [], [1], True, 1e300):
        assert (await answered(erp, json={"start": wrong, "limit": wrong}))["total"] == 1


async def test_bodies_that_cannot_be_read(world):
    erp = Erp(world.client)
    malformed = (
        (JSON, b'{"contact": "\xff"}'),
        (JSON, b"[" * 100_000),
        (JSON, b'{"a":' * 100_000),
        (JSON, b'{"contact": 9' + b"9" * 5_000 + b"}"),
        (JSON, b"contact=Alex"),
        (WHO, b'{"contact"'),
        (WHO | {"content-type": "application/x-www-form-urlencoded"}, b"contact=%fe"),
        (WHO | {"content-type": "application/x-www-form-urlencoded"}, b"&".join([b"a=1"] * (FORM_FIELDS_MAX + 1))),
        (WHO | {"content-type": "multipart/form-data"}, b"--x"),
        (WHO | {"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n"),
        (WHO | {"content-type": "multipart/form-data; boundary=" + "x" * 300}, b"--x--"),
    )

    for headers, body in malformed:
        answer = await erp.call("POST", "/client/consignment", headers=headers, content=body)
        assert (answer, erp.status) == (failure("Decoding failed: Syntax error"), 500), body[:40]
    for path in ("/client/consignment?contact=%ff", "/client/consignment?a=1&" + "b=2&" * FORM_FIELDS_MAX):
        assert (await erp.call("POST", path, data=LEAST))["message"] == "Decoding failed: Syntax error"
    assert await erp.find() == []


async def test_strangers_learn_nothing_from_a_body(world):
    erp = Erp(world.client)
    for body in (b'{"contact"', b"{}"):
        answer = await erp.call(
            "POST", "/client/consignment", headers={"content-type": "application/json"}, content=body
        )
        assert answer == LOGIN_REQUIRED


async def test_a_key_in_an_unread_place_is_none(world):
    erp = Erp(world.client)

    assert await erp.call("POST", "/client/consignment", headers={}, json=WHO | LEAST) == LOGIN_REQUIRED
    assert await erp.call("GET", "/client/consignment", headers={"cookie": f"api_key={KEY}"}) == LOGIN_REQUIRED


@pytest.mark.parametrize("id_", ["no-action", "0", "-7", "7.0", "9" * 400, "%00", "%E7%AB%99", "1%2F2", "a b"])
async def test_an_id_nobody_has(world, id_):
    erp = Erp(world.client)

    updated = await erp.call("PUT", f"/client/consignment/{id_}", data=LEAST)
    assert updated in (failure("can't find the record"), failure("Invalid value for id")) or erp.status == 404
    listed = await erp.call("GET", f"/client/consignment/{id_}")
    assert listed.get("total") == 0 or listed == failure("Invalid value for id") or erp.status == 404
    batch = await erp.post("Consignment/Batch-Update-Status", ids="1_" + id_, status="CANCELLED")
    assert batch == failure("can't find the record")
    assert await erp.find() == []


async def test_nul_in_every_field(world):
    erp = Erp(world.client)
    for name in (*LEAST, "city", "sales_reference", "custom_identity_reference", "special_instruction", "type"):
        assert await erp.post("consignment", **(LEAST | {name: "a\x00b"})) == failure(f"Invalid value for {name}")
        answer = await erp.call("POST", "/client/consignment", json=LEAST | {name: "a\x00b"})
        assert answer == failure(f"Invalid value for {name}")
    for name in ("consignment_id", "product_id", "quantity", "sales_price", "ebay_item_no", "product_type"):
        form = {"consignment_id": 7, "product_id": NIKE, "quantity": 1} | {name: "1\x00"}
        assert await erp.post("Consignment-Product", **form) == failure(f"Invalid value for {name}")
    for name in ("ids", "sales_references", "custom_identity_references"):
        answer = await erp.post("Consignment/Batch-Update-Status", **{"status": "PENDING", name: "1\x00"})
        assert answer == failure(f"Invalid value for {name}")
    ignored = await erp.create(**{"_dc": "\x00", "\x00": "x", "update_time": "\x00"})
    assert await erp.find(_dc="\x00") == [ignored]


async def test_wrong_types_in_json(world):
    erp = Erp(world.client)
    for name in (*LEAST, "city", "sales_price", "is_urgent", "type"):
        for value in ([1], {"a": 1}, [[]], [None]):
            answer = await erp.call("POST", "/client/consignment", json=LEAST | {name: value})
            assert answer == failure(f"Invalid value for {name}"), (name, value)


@pytest.mark.parametrize("side", ["300000", "99999999", "99999999.99", "99999999.999999999999999999"])
async def test_parcels_as_large_as_can_be_said(world, side):
    erp = Erp(world.client)
    package = PACKAGE | dict.fromkeys(("length", "width", "depth", "weight"), side)

    [row] = await placed(erp, CLIENT | {"packages": [package] * PACKAGES_MAX}, path=CLIENTS_OWN)

    assert (row["total_volume"], row["total_volume_weight"]) == (f"{TOTAL_MAX}.00", volume_weight_g(TOTAL_MAX))


async def test_goods_as_many_and_as_large_as_can_be_said(world):
    erp = Erp(world.client)
    sizes = dict.fromkeys(("weight", "length", "width", "depth"), "99999999")
    product = await erp.post("Product", name="大", name_customs="large", price_customs_export=1, **sizes)
    consignment = await erp.create()
    for _ in range(3):
        await erp.add(consignment, product["data"]["id"], QUANTITY_MAX)

    [row] = await erp.find()
    assert row["total_volume"] == f"{TOTAL_MAX}.00"
    assert row["total_weight"] == 3 * QUANTITY_MAX * 99999999
    assert row["total_fee_weight"] == max(row["total_weight"], row["total_volume_weight"])


async def test_of_fifty_with_one_identity_reference_one_wins(world):
    form = LEAST | {"custom_identity_reference": "ERP-10001"}

    answers = await asyncio.gather(*(Erp(world.client).post("consignment", **form) for _ in range(50)))

    lost = [answer for answer in answers if not answer["success"]]
    assert lost == [failure("Duplicate consignment identity reference [ERP-10001]")] * 49
    assert len(await Erp(world.client).find(limit=-1)) == 1


async def test_a_batch_with_one_that_cannot_move_moves_none(world):
    erp = Erp(world.client)
    await world.stock("00131031", 5)
    consignments = [await erp.create(sales_reference="S") for _ in range(3)]
    for consignment in consignments[:2]:
        await erp.add(consignment)

    for named in ({"sales_references": "S"}, {"ids": "_".join(str(one["id"]) for one in consignments)}):
        answer = await erp.post("Consignment/Batch-Update-Status", status="PENDING", **named)
        assert answer["message"].startswith(f"You consignment {consignments[2]['id']} does not have product")
    assert await erp.statuses(*consignments) == ["PREPARING"] * 3
    assert await world.rows("SELECT sum(allocated) FROM stock") == [(0,)]
    await world.verified()


async def test_statements_of_a_call(world):
    erp = Erp(world.client)
    filled = [await erp.create(), await erp.create()]
    for consignment in filled:
        await erp.add(consignment)
        await erp.add(consignment, PHONE)
    await erp.find()

    async def cost(call: Any) -> int:
        with statements.listed() as sent:
            answer = await call
        assert isinstance(answer, list) or answer.get("success", True)
        return len(sent)

    assert await cost(erp.create()) == 2
    assert await cost(erp.create(custom_identity_reference="C")) == 3
    assert await cost(erp.find()) == 1
    assert await cost(erp.find(filter=json.dumps([{"field": "contact", "value": "Alex Sample"}]), start=1)) == 1
    assert await cost(erp.find(status="FINISHED")) == 1
    assert await cost(erp.add(filled[0])) == 6
    assert await cost(erp.set_status("CANCELLED", filled[0])) == 5  # a pick-up code would end with it
    assert await cost(erp.set_status("PENDING", filled[1])) == 7
