"""The signature workbench, through the front door: each dialect's mistakes, and no secret on any page."""

import hashlib
import json
import re
from html import unescape
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock import dialects
from crossdock.base.ids import AccountId
from crossdock.console.office import pasted, workbench
from crossdock.console.office.workbench import CAUSES, FORM_BYTES_MAX
from crossdock.core.accounts import keys
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of, failed
from tests.world import ACCOUNT, World

BW_KEY, BW_SECRET = "bw_de2767d821f911e", "0123456789abcdef0123456789abcdef"
HX_SECRET, OVO_SECRET = "c8f1e2d3b4a59687", "6f1c0a9d5be24738a1d2c3b4e5f60718"
SECRETS = (BW_SECRET, HX_SECRET, OVO_SECRET, "77aa55cc11ee33dd", "3f9c2a7d5e10b8846c1d")
BODY = {"order_no": "10 07", "app_id": BW_KEY, "box_size": "S", "timestamps": 6544215251125}
TEXT = f"app_id={BW_KEY}&box_size=S&order_no=10+07&timestamps=6544215251125"


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def looked(caller: Caller, text: str, **fields: str) -> httpx.Response:
    await caller.get("workbench")
    answer = await caller.post("workbench", request=text, **{"api": "", "key": "", "signed": "", **fields})
    assert not [secret for secret in SECRETS if secret in answer.text]
    return answer


def why(answer: httpx.Response) -> str:
    found = re.search(r'id="why"><strong>. ([^<]*)<', answer.text)
    assert found is not None, failed(answer)
    return unescape(found[1])


def sha512(text: str) -> str:
    return hashlib.sha512(text.encode()).hexdigest()


def bestwond(sign: str, body: dict[str, Any] = BODY) -> str:
    return f"https://iot.example/api/iot/open/box/?sign={sign}\n\n{json.dumps(body)}"


def hongxun(make: Any, **more: Any) -> str:
    """`make` is given key, request as it is signed, secret and time, and answers with what is hashed."""
    envelope = {"createBy": "HXDEMO", "dataSource": "DEMO_ERP", "timestamp": "2024-08-02 07:10:41", **more}
    request = '{"a":"1","b":2}'
    signed = make("HXDEMO&DEMO_ERP", request, HX_SECRET, envelope["timestamp"])
    sign = hashlib.md5(signed.encode()).hexdigest()
    return "POST /dtc/logistics/outOrder HTTP/1.1\n\n" + json.dumps(
        envelope | {"request": {"b": 2, "a": "1"}, "sign": sign}
    )


def ovopark(make: Any, **more: str) -> str:
    """`make` is given the parameters and answers with what is hashed."""
    sent = {
        "_akey": "S107-00009901",
        "_sm": "md5",
        "_aid": "S107",
        "_timestamp": "20240802071041",
        "b": "x y",
        **more,
    }
    sig = hashlib.md5(make(sent).encode()).hexdigest().upper()
    return f"curl https://ovo.example/m.api -d '{urlencode(sent | {'_sig': sig})}'"


def plain(sent: dict[str, str]) -> str:
    return "".join(name + sent[name] for name in sorted(sent))


CASES = {
    "bestwond right": (bestwond(sha512(TEXT + BW_SECRET)), "right", {}),
    "bestwond unsigned": (bestwond(""), "no_signature", {}),
    "bestwond order": (
        bestwond(sha512(f"order_no=10+07&app_id={BW_KEY}&box_size=S&timestamps=6544215251125{BW_SECRET}")),
        "order",
        {},
    ),
    "bestwond encoding": (bestwond(sha512(TEXT.replace("+", "%2B") + BW_SECRET)), "unknown", {}),
    "bestwond raw": (bestwond(sha512(TEXT.replace("+", " ") + BW_SECRET)), "right", {}),
    "bestwond joined": (bestwond(sha512(TEXT + "&key=" + BW_SECRET)), "joined", {}),
    "bestwond secret first": (bestwond(sha512(BW_SECRET + TEXT)), "secret_place", {}),
    "bestwond no secret": (bestwond(sha512(TEXT)), "no_secret", {}),
    "bestwond algorithm": (bestwond(hashlib.md5((TEXT + BW_SECRET).encode()).hexdigest()), "algorithm", {}),
    "bestwond missing": (
        bestwond(sha512(TEXT.replace("box_size=S&", "") + BW_SECRET)),
        "field_missing",
        {"field": "box_size"},
    ),
    "bestwond cut": (bestwond("abc"), "length", {}),
    "bestwond nobody": (bestwond("abc", BODY | {"app_id": "bw_nobody"}), "no_key", {}),
    "hongxun right": (hongxun(lambda *parts: "&".join(parts)), "right", {}),
    "hongxun clock": (hongxun(lambda *parts: "&".join(parts), timestamp="2024-08-02 07:30:00"), "clock", {}),
    "hongxun unsorted": (
        hongxun(lambda key, _, secret, at: f'{key}&{{"b":2,"a":"1"}}&{secret}&{at}'),
        "order",
        {},
    ),
    "hongxun blanks": (
        hongxun(lambda key, _, secret, at: f'{key}&{{"a": "1", "b": 2}}&{secret}&{at}'),
        "encoding",
        {},
    ),
    "hongxun parts": (hongxun(lambda key, text, secret, at: f"{key}&{text}&{at}&{secret}"), "order", {}),
    "hongxun other": (
        hongxun(lambda key, text, _, at: f"{key}&{text}&77aa55cc11ee33dd&{at}"),
        "other_secret",
        {"key": "CARRIER01&CARRIER_TMS"},
    ),
    "hongxun field": (
        hongxun(lambda key, _, secret, at: f'{key}&{{"a":"1"}}&{secret}&{at}'),
        "field_missing",
        {"field": "b"},
    ),
    "ovopark right": (ovopark(lambda sent: OVO_SECRET + plain(sent) + OVO_SECRET), "right", {}),
    "ovopark clock": (
        ovopark(lambda sent: OVO_SECRET + plain(sent) + OVO_SECRET, _timestamp="20240802081041"),
        "clock",
        {},
    ),
    "ovopark order": (
        ovopark(lambda sent: OVO_SECRET + "".join(n + v for n, v in sent.items()) + OVO_SECRET),
        "order",
        {},
    ),
    "ovopark encoding": (
        ovopark(lambda sent: OVO_SECRET + plain(sent | {"b": "x%20y"}) + OVO_SECRET),
        "encoding",
        {},
    ),
    "ovopark half": (ovopark(lambda sent: OVO_SECRET + plain(sent)), "secret_place", {}),
    "ovopark missing": (
        ovopark(lambda sent: OVO_SECRET + plain({n: v for n, v in sent.items() if n != "_aid"}) + OVO_SECRET),
        "field_missing",
        {"field": "_aid"},
    ),
    "birdsystem": (
        "GET /client/consignment HTTP/1.1\napi_key: 0f1e2d3c4b5a69788796a5b4c3d2e1f0\ncompany_id: 36\n",
        "unsigned_api",
        {},
    ),
}


@pytest.fixture
async def caller(office: Office) -> Caller:
    return await office.as_operator()


async def test_each_mistake_is_named(caller: Caller) -> None:
    for name, (text, cause, facts) in CASES.items():
        assert why(await looked(caller, text)) == CAUSES[cause].format(**facts), name


async def test_lower_case_where_case_counts(caller: Caller) -> None:
    text = ovopark(lambda sent: OVO_SECRET + plain(sent) + OVO_SECRET)
    text = re.sub(r"_sig=([0-9A-F]+)", lambda found: "_sig=" + found[1].lower(), text)
    assert why(await looked(caller, text)) == CAUSES["case"]


async def test_a_webhook_as_it_was_received(caller: Caller) -> None:
    body = '{"event": "order_paid"}'
    digest = hashlib.sha256((body + "3f9c2a7d5e10b8846c1d").encode()).hexdigest()
    head = "POST /hook\nX-HeyShop-Shop-Domain: super.heidianer.com\nX-HeyShop-Sha256: "
    assert failed(await looked(caller, f"{head}{digest}\n\n{body}")).startswith("The address does not tell")
    assert why(await looked(caller, f"{head}{digest}\n\n{body}", api="heidian")) == CAUSES["right"]
    compact = hashlib.sha256(('{"event":"order_paid"}' + "3f9c2a7d5e10b8846c1d").encode()).hexdigest()
    assert why(await looked(caller, f"{head}{compact}\n\n{body}", api="heidian")) == CAUSES["encoding"]


async def test_the_first_character_that_differs_and_the_text_without_its_secret(caller: Caller) -> None:
    right = sha512(TEXT + BW_SECRET)
    wrong = right[:40] + ("0" if right[40] != "0" else "1") + right[41:]
    shown = (await looked(caller, bestwond(wrong), signed=TEXT.replace("10+07", "10%2007"))).text
    assert "They differ from character 41 on." in shown
    assert f"What the client signed differs from character {TEXT.index('+') + 1} on." in shown
    shown = (await looked(caller, hongxun(lambda *parts: "&".join(parts)))).text
    assert "HXDEMO&amp;DEMO_ERP&amp;{&#34;a&#34;:&#34;1&#34;,&#34;b&#34;:2}&amp;[secret]&amp;2024-08-02" in shown


async def test_a_key_that_was_revoked_and_one_that_is_chosen(office: Office, caller: Caller) -> None:
    [(id_,)] = await office.world.rows("SELECT id FROM credential WHERE dialect = 'bestwond'")
    body = {name: value for name, value in BODY.items() if name != "app_id"}
    signed = sha512(TEXT.replace(f"app_id={BW_KEY}&", "") + BW_SECRET)
    assert why(await looked(caller, bestwond(signed, body), key=str(id_))) == CAUSES["right"]
    assert failed(await looked(caller, hongxun(lambda *parts: "&".join(parts)), key=str(id_))).startswith(
        "There is no"
    )
    async with office.world.desk.database.transaction() as tx:
        await keys.revoke(tx, account_id=ACCOUNT, credential_id=id_)
    office.world.desk.accounts.forget()
    assert why(await looked(caller, bestwond(signed))) == CAUSES["key_over"]


@pytest.mark.parametrize(
    ("text", "fields", "said"),
    [
        ("", {}, "This is no request"),
        ("hello", {}, "This is no request"),
        ("https://a.example/elsewhere\n{}", {}, "The address does not tell"),
        ("https://a.example/api/iot/open/box/\nno json", {}, "This API cannot read"),
        (bestwond("x"), {"api": "nobody"}, "“nobody” cannot"),
        (bestwond("x"), {"key": "0"}, "“0” cannot"),
        (bestwond("x"), {"key": "999999"}, "There is no such key"),
        ("=" + "x" * pasted.CHARACTERS_MAX, {}, "This is too long"),
        (bestwond("x"), {"signed": "x" * (pasted.CHARACTERS_MAX + 1)}, "This is too long"),
    ],
)
async def test_what_cannot_be_looked_at(caller: Caller, text: str, fields: dict[str, str], said: str) -> None:
    assert failed(await looked(caller, text, **fields)).startswith(said)


async def test_so_many_other_keys_are_tried(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newest first: the carrier's is the second of three."""
    text, _, facts = CASES["hongxun other"]
    for most, cause in ((2, "other_secret"), (1, "unknown")):
        monkeypatch.setattr(workbench, "KEYS_TRIED_MAX", most)
        assert why(await looked(caller, text)) == CAUSES[cause].format(**facts)


async def test_both_texts_may_be_so_large_and_no_larger(caller: Caller) -> None:
    """Of the signs that take the most bytes."""
    text = "x=" + "𝄞" * (pasted.CHARACTERS_MAX - 2)
    answer = await looked(caller, text, signed="𝄞" * pasted.CHARACTERS_MAX, api="ovopark")
    assert failed(answer).startswith("This API cannot read the request")
    assert (await looked(caller, "x" * FORM_BYTES_MAX)).status_code == 413


async def test_only_operators_look_and_it_is_noted_once(office: Office, caller: Caller) -> None:
    text = bestwond(sha512(TEXT + BW_SECRET))
    operation_id = str(uuid4())
    for _ in range(2):
        assert why(await looked(caller, text, operation_id=operation_id)) == CAUSES["right"]
    [(id_,)] = await office.world.rows("SELECT id FROM credential WHERE dialect = 'bestwond'")
    noted = await office.world.rows(
        "SELECT subject, account_id, after FROM operator_action WHERE action = 'examine_signature'"
    )
    assert noted == [(f"bestwond key:{id_}", ACCOUNT, {"cause": "right"})]
    for other in (await office.as_support(), await office.as_manager()):
        page = await other.get("workbench")
        assert (page.status_code, "/console/workbench" in (await other.get("")).text) == (403, False)
        assert (await other.post("workbench", request=text)).status_code == 403


async def test_another_accounts_key_is_nobodys(office: Office) -> None:
    async with office.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP')"
        )
    [(id_,)] = await office.world.rows("SELECT id FROM credential WHERE dialect = 'bestwond'")
    other = await office.as_operator("eve", account_id=AccountId(48))
    right = sha512(TEXT + BW_SECRET)
    answer = await looked(other, bestwond("0" * 128))
    assert (why(answer), right in answer.text) == (CAUSES["no_key"], False)
    assert failed(await looked(other, bestwond("0" * 128), key=str(id_))).startswith("There is no such key")


def test_every_dialect_has_a_workbench() -> None:
    assert [dialect.name for dialect in dialects.load() if dialect.workbench is None] == []


async def test_in_a_browser(office: Office, caller: Caller, browser: Browser) -> None:
    async with desk_of(browser, office, caller) as desk:
        await desk.goto("/console/workbench")
        await assert_accessible(desk)
        await desk.get_by_label("The request").fill(CASES["bestwond missing"][0])
        await desk.get_by_role("button", name="Compare").click()
        await expect(desk.locator("#why")).to_contain_text("box_size")
        await assert_accessible(desk)
        await picture(desk, "console-workbench")
        await desk.set_viewport_size({"width": 360, "height": 740})
        assert await desk.evaluate("document.documentElement.scrollWidth") == 360
