"""One report in every form a body may have: the same row comes of it; and what an unsigned body may not do."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from crossdock.dialects.ovopark.routes import FOR_USERS
from tests.dialects.ovopark.conftest import IPOS_JSON, Gate, order, signature, signed
from tests.dialects.ovopark.test_tills import TOKEN, token

__all__ = ["token"]
JSON = {"content-type": "application/json"}
MINE = {"orgId": "1", "enterpriseId": "1"}


def beside(report: Any) -> dict[str, Any]:
    """Public parameters signed in the query, what is business in a JSON body."""
    return {"params": signed(), "json": {"orgId": 1, "enterpriseId": 1, "iposJson": report}}


def flat(call: dict[str, str], *, encoded: bool) -> dict[str, Any]:
    sent = {name: quote_plus(value) for name, value in call.items()} if encoded else call
    return {"content": json.dumps(sent, ensure_ascii=False).encode(), "headers": JSON}


FORMS: dict[str, dict[str, Any]] = {
    "form": {"data": order()},
    "multipart": {"files": {name: (None, value) for name, value in order().items()}},
    "query alone": {"params": order()},
    "query alone, GET": {"method": "GET", "params": order()},
    "query and form": {"params": {"_mt": order()["_mt"]}, "data": {k: v for k, v in order().items() if k != "_mt"}},
    "query, an empty JSON object": {"params": order(), "json": {}},
    "query, an empty JSON object, PUT": {"method": "PUT", "params": order(), "json": {}},
    "form, PUT": {"method": "PUT", "data": order()},
    "query, DELETE": {"method": "DELETE", "params": order()},
    "JSON beside a query, the report a text": beside(IPOS_JSON),
    "JSON beside a query, the report an object": beside(json.loads(IPOS_JSON)),
    "JSON beside a query, all of it twice": {"params": order(), "json": {**MINE, "iposJson": IPOS_JSON}},
    "flat JSON": flat(order(), encoded=False),
    "flat JSON, percent-encoded": flat(order(), encoded=True),
    "first gateway": {"url": "/m.api", "data": order()},
    "first gateway, GET": {"url": "/m.api", "method": "GET", "params": order(_requestMode="GET")},
}


async def rows(gate: Gate) -> Any:
    async with gate.desk.database.autocommit() as tx:
        packing = await tx.rows(
            "SELECT to_jsonb(p) - 'id', e.facts, e.actor FROM packing p"
            " JOIN event e ON e.kind = 'packing.reported' AND e.facts->>'number' = p.order_number"
        )
        items = await tx.rows("SELECT to_jsonb(i) - 'packing_id' FROM packing_item i ORDER BY line_no")
    return packing, items


@pytest.fixture
async def one_row(gate: Gate) -> Any:
    """What the plain form gives, taken away again."""
    assert await gate.code(data=order()) == 0
    found = await rows(gate)
    assert len(found[0]) == len(found[1]) == 1
    await gate.execute("DELETE FROM packing")
    await gate.execute("DELETE FROM event")
    return found


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_gives_the_same_row(gate: Gate, one_row: Any, form: str) -> None:
    assert await gate.code(**FORMS[form]) == 0

    assert await rows(gate) == one_row
    assert await gate.code(**FORMS[form]) == 208003


PUBLIC = ["_mt", "_version", "_akey", "_aid", "_timestamp", "_nonce", "_format", "_sm", "_sig"]


@pytest.mark.parametrize("hidden", PUBLIC)
async def test_a_signed_parameter_is_not_replaced_by_a_body(gate: Gate, hidden: str) -> None:
    call = signed("open.ovopark.storehouse.getSkuType", "v1", _nonce="n")

    said = await gate.send(params=call, json={hidden: "x", **MINE, "iposJson": IPOS_JSON})

    assert (said["stat"]["code"], len(said["data"])) == (0, 3)
    assert await rows(gate) == ([], [])


async def test_an_unsigned_body_cannot_name_another_enterprise(gate: Gate) -> None:
    """Beside signed fields it says nothing; alone it is held against what the key may do."""
    theirs = {"orgId": "2", "enterpriseId": "12", "iposJson": IPOS_JSON.replace("D001", "D130")}

    assert await gate.code(params=order(), json=theirs) == 0
    assert await gate.code(params=signed(), json=theirs) == 206003
    assert await gate.code(params=signed(), json={**theirs, "orgId": "1"}) == 206006
    [(row, *_)] = (await rows(gate))[0]
    assert (row["enterprise_id"], row["department_id"]) == (1, 123)


async def test_an_unsigned_body_cannot_play_another_span(gate: Gate, token: dict[str, str]) -> None:
    span = {"id": "7001", "startTime": "2019-07-03 01:01:01", "endTime": "2019-07-03 01:01:45"}
    call = signed("open.shopweb.device.startRecReqDown", "v1", **span)
    wide = {"endTime": "2019-07-03 03:00:00", "id": 9001}

    assert (await gate.send(params=call, json=wide, headers=token))["data"]["status"] == 1, "not -1: still 44 seconds"


async def test_flat_json_is_signed_whole(gate: Gate) -> None:
    call = order()

    assert await gate.code(**flat(call | {"enterpriseId": "12"}, encoded=False)) == 7
    assert await gate.code(**flat(call | {"extra": "x"}, encoded=True)) == 7
    twice = json.dumps(call)[:-1] + ', "orgId": "2"}'
    assert await gate.code(content=twice, headers=JSON) == 7
    assert await rows(gate) == ([], [])


async def test_a_nonce_is_used_once_by_a_key_whatever_the_method(gate: Gate, token: dict[str, str]) -> None:
    sku = signed("open.ovopark.storehouse.getSkuType", "v1", _nonce="N")
    assert await gate.code(data=sku) == 0

    assert await gate.code(data=sku) == -100
    assert await gate.code(data=order(_nonce="N")) == -100
    assert await gate.code(data=signed("no.such.method", "v1", _nonce="N")) == -100, "before the method"
    assert await gate.code(data=signed("no.such.method", "v1", _nonce="M")) == 9
    assert await gate.code(data=signed("no.such.method", "v1", _nonce="M")) == -100
    [(method, version), *_] = sorted(FOR_USERS)
    assert await gate.code(data=signed(method, version, _nonce="T")) == 9990001
    assert await gate.code(data=signed(method, version, _nonce="T"), headers=token) == -100, "spent, though refused"
    other = {"_akey": "a3f0c1d2e4b5968778695a4b3c2d1e0f", "_aid": "DC-009901"}
    assert await gate.code(data=signed("open.ovopark.storehouse.getSkuType", "v1", _nonce="N", **other)) == 0


FAULTS: list[tuple[int, dict[str, str]]] = [
    (1, {"_akey": ""}),
    (4, {"_sm": ""}),
    (6, {}),
    (8, {"_mt": ""}),
    (10, {"_requestMode": ""}),
    (11, {"_aid": ""}),
    (13, {"_version": ""}),
    (14, {"_timestamp": ""}),
    (2, {"_akey": "S107-00000000"}),
    (12, {"_aid": "S108"}),
    (17, {"_format": "xml"}),
    (15, {"_timestamp": "1705282200000"}),
    (5, {"_sm": "rsa"}),
    (7, {}),
    (-100, {"_nonce": "used"}),
    (9, {"_mt": "open.shopweb.device.snapshot", "_version": "v7"}),
]
"""In the order of the checks: each is answered before every one behind it."""


@pytest.mark.parametrize("first", range(len(FAULTS)), ids=[str(code) for code, _ in FAULTS])
async def test_of_two_faults_the_earlier_one_is_told(gate: Gate, first: int) -> None:
    assert await gate.code(data=signed("open.ovopark.storehouse.getSkuType", "v1", _nonce="used")) == 0
    code, fault = FAULTS[first]
    for later, more in FAULTS[first + 1 :]:
        if more.keys() & fault.keys():
            continue  # one parameter cannot have both
        call = order(**{**more, **fault})
        if 6 in (code, later):
            call["_sig"] = ""
        elif 7 in (code, later):
            call["_sig"] = signature({"another": "text"})
        assert await gate.code(data=call) == code, later


async def test_the_method_is_found_before_the_token_and_the_token_before_the_fields(gate: Gate) -> None:
    assert await gate.code(data=signed("open.shopweb.device.snapshot", "v2")) == 9
    assert await gate.code(data=signed("open.shopweb.device.snapshot", "v1")) == 9990001
    wrong = {"authenticator": TOKEN}
    assert await gate.code(data=signed("open.shopweb.device.snapshot", "v1"), headers=wrong) == 9990001
