"""The gateway on a real socket: forms of bodies against each other, clocks at their edges, races, and its cost."""

import asyncio
import hashlib
import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest

from crossdock.base.ids import AccountId, EnterpriseId
from crossdock.core.packing.model import Packing
from crossdock.core.packing.queries import packing_by_number
from crossdock.dialects.ovopark.report import GOODS_MAX
from tests import statements
from tests.dialects.ovopark.conftest import IPOS_JSON, NOW, SECRET, order, signature, signed
from tests.world import World

NUMBER = "21382148343292"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
SKU_TYPES = ("open.ovopark.storehouse.getSkuType", "v1")


class Till:
    """A client of the demo house, at the contract's moment."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def ask(self, url: str = "/cloud.api", **request: Any) -> dict[str, Any]:
        answer = await self.world.client.request(request.pop("method", "POST"), url, **request)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json;charset=utf-8")
        said: dict[str, Any] = answer.json()
        assert list(said) == ["stat", "result", "data"]
        return said

    async def code(self, url: str = "/cloud.api", **request: Any) -> int:
        return int((await self.ask(url, **request))["stat"]["code"])

    async def packing(self, number: str = NUMBER) -> Packing | None:
        async with self.world.desk.database.autocommit() as tx:
            return await packing_by_number(tx, account_id=AccountId(47), enterprise_id=EnterpriseId(1), number=number)


@pytest.fixture
def till(world: World) -> Till:
    world.clock.set(NOW)
    return Till(world)


def numbered(number: str) -> str:
    return IPOS_JSON.replace(NUMBER, number)


def report(**changes: Any) -> str:
    return json.dumps(json.loads(IPOS_JSON) | changes, ensure_ascii=False)


# Bodies ---------------------------------------------------------------------------


async def test_what_is_signed_may_be_split_between_query_and_form(till: Till) -> None:
    call = order()
    names = sorted(call)
    for cut in range(len(names) + 1):
        sent = order(iposJson=numbered(f"N-{cut}"))
        query = {name: sent[name] for name in names[:cut]}
        form = {name: sent[name] for name in names[cut:]}
        assert await till.code(params=query, data=form) == 0, cut


async def test_of_a_name_that_comes_twice_the_first_is_signed_and_used(till: Till) -> None:
    mine = urlencode(order(iposJson=numbered("N-1")))
    other = urlencode({"iposJson": numbered("N-2"), "orgId": "2", "_sig": "0" * 32})

    assert await till.code(f"/cloud.api?{mine}&{other}") == 0
    assert await till.code(f"/cloud.api?{mine.replace('N-1', 'N-3')}", content=other, headers=FORM) == 7
    assert await till.code(content=f"{other}&{mine}", headers=FORM) == 7
    assert await till.packing("N-1") is not None
    assert await till.packing("N-2") is None


async def test_an_empty_value_is_signed_and_hides_the_bodys(till: Till) -> None:
    call = order(iposJson="")
    without = {name: value for name, value in call.items() if name != "iposJson"}

    assert await till.code(data=call) == 100002
    assert await till.code(data=without) == 7
    assert await till.code(params=call, json={"iposJson": json.loads(IPOS_JSON)}) == 100002
    assert await till.code(params=order(_nonce=""), data={}) == 0


@pytest.mark.parametrize("hidden", ["_mt", "_version", "_timestamp", "_akey", "_aid", "_sm", "_sig", "_requestMode"])
async def test_nothing_of_the_gateways_comes_from_an_unsigned_body(till: Till, hidden: str) -> None:
    call = order()
    body = {hidden: call.pop(hidden)}
    if hidden != "_sig":
        call["_sig"] = signature({name: value for name, value in call.items() if name != "_sig"})

    assert await till.code(params=call, json=body) in (1, 4, 6, 8, 10, 11, 13, 14)


async def test_a_format_or_a_nonce_in_an_unsigned_body_is_nothing(till: Till) -> None:
    for _ in range(2):
        assert await till.code(params=signed(*SKU_TYPES), json={"_format": "xml", "_nonce": "n"}) == 0


async def test_a_form_under_a_json_label_and_the_reverse(till: Till) -> None:
    call = order()

    assert await till.code(content=urlencode(call), headers=JSON) == -500
    assert await till.code(content=json.dumps(call), headers=FORM) == 1
    assert await till.code(content=json.dumps(call), headers=JSON | {"content-type": "APPLICATION/JSON; a=b"}) == 0


async def test_a_multipart_form(till: Till) -> None:
    parts = {name: (None, value) for name, value in order().items()}

    assert await till.code(files=parts) == 0


ENCODINGS = {
    "blank as %20": quote,
    "blank as +": quote_plus,
    "lower-case hex": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "what need not be stands raw": lambda text: quote(text, safe='"{}[]:,;|^`\\<>'),
}


@pytest.mark.parametrize("name", [*ENCODINGS, "raw UTF-8"])
@pytest.mark.parametrize("place", ["form", "query"])
async def test_ways_to_encode_a_value(till: Till, name: str, place: str) -> None:
    """Raw UTF-8 in an address is no HTTP, so only a form has it."""
    [line] = json.loads(IPOS_JSON)["goods"]
    call = order(iposJson=report(userName="王五 +100% & =?#;", goods=[line | {"goodsName": "鞋 €"}]))
    encoded = ENCODINGS.get(name, lambda text: re.sub("[%&+#]", lambda found: quote(found[0]), text))
    raw = "&".join(f"{name}={encoded(value)}" for name, value in call.items()).encode()

    if place == "form":
        assert await till.code(content=raw, headers=FORM) == 0
    elif raw.isascii():
        assert b'"code":0' in await _got(till, raw)
    else:
        assert (await _got(till, raw)).startswith(b"HTTP/1.1 400 ")
        return
    found = await till.packing()
    assert found is not None
    assert (found.operator, found.items[0].goods_name) == ("王五 +100% & =?#;", "鞋 €")


async def _got(till: Till, query: bytes) -> bytes:
    """httpx would encode what is to go raw."""
    address = till.world.client.base_url
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"GET /cloud.api?" + query + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_bytes_that_are_no_text(till: Till) -> None:
    for sent in (
        {"content": b"_akey=%ff", "headers": FORM},
        {"content": b"_akey=\xff", "headers": FORM},
        {"content": b'{"_akey": "\xff"}', "headers": JSON},
        {"content": b'{"_akey": "\\ud800"}', "headers": JSON},
        {"content": b'{"_akey": 9' + b"9" * 5_000 + b"}", "headers": JSON | {"x": "1"}},
    ):
        assert await till.code(**sent) in (-500, 4), sent
    assert await till.code("/cloud.api?_akey=%fe") == -500


async def test_nul_in_any_public_parameter(till: Till) -> None:
    call = order(_nonce="n\0", other="\0")
    assert await till.code(data=call) == 0
    for name in ("_akey", "_aid", "_mt", "_version", "_timestamp", "_sm", "_format", "_requestMode"):
        assert await till.code(data=order(**{name: "\0"})) in (0, 2, 5, 9, 12, 15, 17, 208003), name
    for name in ("orgId", "enterpriseId", "iposJson"):
        assert await till.code(data=order(**{name: "1\0"})) in (206001, 206006, 999999), name


# The signature and the clock --------------------------------------------------------


@pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "SHA1"])
async def test_algorithms_and_the_case_of_the_digest(till: Till, method: str) -> None:
    call = order(_sm=method)
    text = SECRET + "".join(name + call[name] for name in sorted(call) if name != "_sig") + SECRET
    digest = hashlib.new(method.lower(), text.encode()).hexdigest()

    assert await till.code(data=call | {"_sig": digest}) == 7
    assert await till.code(data=call | {"_sig": f" {digest.upper()}"}) == 7
    assert await till.code(data=call | {"_sig": digest.upper()}) == 0


@pytest.mark.parametrize("method", ["rsa", "sha512", "md5 ", "md-5", "none"])
async def test_other_algorithms(till: Till, method: str) -> None:
    assert await till.code(data=order(_sm=method)) == 5


@pytest.mark.parametrize(("seconds", "code"), [(-601, 16), (-600, 0), (0, 0), (600, 0), (601, 16)])
async def test_edges_of_the_clock(till: Till, seconds: int, code: int) -> None:
    till.world.clock.advance(timedelta(seconds=seconds))

    assert await till.code(data=signed(*SKU_TYPES)) == code


async def test_a_later_check_waits_for_an_earlier_one(till: Till) -> None:
    """Each step mends the fault of the one before; all later faults are there from the start."""
    call = {"_format": "xml", "_nonce": "n"}
    steps = [
        (1, {"_akey": "nobody"}),
        (4, {"_sm": "rsa"}),
        (6, {"_sig": "0"}),
        (8, {"_mt": "open.none"}),
        (10, {"_requestMode": "neither"}),
        (11, {"_aid": "S999"}),
        (13, {"_version": "v9"}),
        (14, {"_timestamp": "yesterday"}),
        (2, {"_akey": "S107-00009901"}),
        (12, {"_aid": "S107"}),
        (17, {"_format": "json"}),
        (15, {"_timestamp": "20240115091959"}),
        (16, {"_timestamp": "20240115093000"}),
        (5, {"_sm": "md5"}),
    ]
    for code, mended in steps:
        assert await till.code(data=call) == code
        call |= mended
    assert await till.code(data=call) == 7
    call["_sig"] = signature({name: value for name, value in call.items() if name != "_sig"})
    assert await till.code(data=call) == 9
    assert await till.code(data=call) == -100


async def test_a_nonce_is_known_to_every_process(till: Till) -> None:
    call = signed(*SKU_TYPES, _nonce="0b1f")

    codes = await asyncio.gather(*(till.code(data=call) for _ in range(8)))

    assert sorted(codes) == [-100] * 7 + [0]
    # Another web process shares nothing with this one but the database.
    [row] = await till.world.rows("SELECT dialect, key, octet_length(nonce_hash) FROM call_nonce")
    assert row == ("ovopark", "S107-00009901", 32)


# Size and shape of the report ---------------------------------------------------------


async def test_how_many_lines_an_order_may_have(till: Till) -> None:
    [line] = json.loads(IPOS_JSON)["goods"]

    assert await till.code(data=order(iposJson=report(goods=[line] * (GOODS_MAX + 1)))) == 999999
    assert await till.packing() is None
    assert await till.code(data=order(iposJson=report(goods=[line] * GOODS_MAX))) == 0
    found = await till.packing()
    assert found is not None
    assert len(found.items) == GOODS_MAX


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"orderNo": ' + "9" * 5_000 + "}",
        IPOS_JSON[:-1],
        IPOS_JSON + "x",
        "\ufeff" + IPOS_JSON,
        IPOS_JSON.replace(NUMBER, "\\ud800"),
        IPOS_JSON.replace(NUMBER, "\\u0000"),
        IPOS_JSON.replace('"goodsPrice":998', '"goodsPrice":1e999'),
        IPOS_JSON.replace('"goodsNums":1', '"goodsNums":NaN'),
        IPOS_JSON.replace('"skuKeyId":2', '"skuKeyId":{}'),
    ],
)
async def test_a_report_that_cannot_be_taken(till: Till, text: str) -> None:
    answer = await till.ask(data=order(iposJson=text))

    assert answer["stat"]["code"] in (999999, 100002)
    assert (answer["stat"]["gatewayParam"], answer["data"]) == ({"isGatewayReturn": False}, None)
    assert await till.world.rows("SELECT count(*) FROM packing") == [(0,)]


# Races and links ----------------------------------------------------------------------


async def test_of_fifty_reports_of_one_number_one_is_stored(till: Till) -> None:
    codes = await asyncio.gather(*(till.code(data=order(userName=str(turn))) for turn in range(50)))

    assert sorted(codes) == [0] + [208003] * 49
    assert await till.world.rows("SELECT count(*) FROM packing") == [(1,)]
    assert await till.world.rows("SELECT count(*) FROM event WHERE kind = 'packing.reported'") == [(1,)]


async def test_the_public_id_of_a_birdsystem_order_links(till: Till) -> None:
    placed = await till.world.order(lines={"00131031": 2})
    assert len(placed.number) == 16

    assert await till.code(data=order(iposJson=numbered(placed.number))) == 0

    found = await till.packing(placed.number)
    assert found is not None
    assert (found.order_id, found.warnings) == (placed.id, {"mismatch": {"00131031": "packed 1, ordered 2"}})


# What a call costs --------------------------------------------------------------------


async def test_statements_of_a_call(till: Till) -> None:
    placed = await till.world.order(lines={"00131031": 1})
    assert await till.code(data=order()) == 0  # whoever asks is known for some seconds from here on

    async def cost(call: dict[str, str]) -> int:
        with statements.listed() as sent:
            assert await till.code(data=call) in (0, 208003)
        return len(sent)

    assert await cost(signed(*SKU_TYPES)) == 0
    assert await cost(signed(*SKU_TYPES, _nonce="n")) == 1
    assert await cost(order(iposJson=numbered("N-1"))) == 2
    assert await cost(order(iposJson=numbered(placed.number))) == 2
    assert await cost(order(iposJson=numbered("N-1"))) == 2
