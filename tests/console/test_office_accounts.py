"""Accounts and their keys at the console, through the front door."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import AccountId
from crossdock.console.office import accounts as page
from crossdock.core.accounts import keys
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Office, desk_of, failed
from tests.world import ACCOUNT, World

HERE = f"accounts/{ACCOUNT}"
SECRET = re.compile(r'id="secret">([0-9a-f]+)<')
KEY = re.compile(r'id="key">([^<]+)<')


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def key_of(world: World, dialect: str) -> tuple[int, str]:
    [found, *_] = await world.rows(
        "SELECT id, key FROM credential WHERE dialect = %(dialect)s ORDER BY id", dialect=dialect
    )
    return int(found[0]), str(found[1])


def told(answer: httpx.Response, what: re.Pattern[str]) -> str:
    found = what.search(answer.text)
    assert found is not None, answer.text
    return found[1]


async def test_accounts_with_what_is_theirs(office: Office) -> None:
    caller = await office.as_support()
    page_ = (await caller.get("accounts?text=DEM")).text
    assert f'href="/console/{HERE}"' in page_
    assert f'href="/console/{HERE}"' not in (await caller.get("accounts?text=nobody")).text
    shown = (await caller.get(HERE)).text
    assert all(word in shown for word in ("036", "WH-GZ01", "HXDEMO&amp;DEMO_ERP", "bw_de2767d821f911e", "in use"))
    assert "WH-GZ01" in (await caller.get(f"{HERE}/places")).text
    assert "HXDEMO" not in (await caller.get(f"{HERE}?api=bestwond")).text


async def test_a_key_that_is_a_secret_is_not_shown(office: Office) -> None:
    id_, key = await key_of(office.world, "birdsystem")
    caller = await office.as_operator()
    for path in (HERE, f"{HERE}/keys/{id_}"):
        shown = (await caller.get(path)).text
        assert (key in shown, f"{key[:4]}…{key[-4:]}" in shown) == (False, True)


async def test_a_key_is_issued_and_its_secret_shown_once(office: Office, capfd: pytest.CaptureFixture[str]) -> None:
    like, _ = await key_of(office.world, "ovopark")
    caller = await office.as_operator()
    await caller.get(HERE)
    operation_id = str(uuid4())
    form: dict[str, Any] = {"dialect": "ovopark", "like": str(like), "reason": "a second till", "key_text": ""}
    answer = await caller.post(HERE, **form, operation_id=operation_id)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    secret, key = told(answer, SECRET), told(answer, KEY)
    again = await caller.post(HERE, **form, operation_id=operation_id)
    assert (again.status_code, failed(again)[:25]) == (409, "This key was made before.")
    [(id_, scope, sealed)] = await office.world.rows(
        "SELECT id, scope, secret_sealed FROM credential WHERE key = %(key)s", key=key
    )
    assert scope["aid"] == "S107"
    assert office.world.desk.seal.open(sealed) == secret
    for path in (HERE, f"{HERE}/keys/{id_}"):
        assert secret not in (await caller.get(path)).text
    [noted] = [row for row in await office.history() if row[1] == "issue_key"]
    assert noted[2:] == (f"key:{id_} ovopark", "a second till")
    kept = await office.world.rows("SELECT to_jsonb(a)::text FROM operator_action a")
    assert secret not in str(kept) + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("dialect", "fields", "why"),
    [
        ("hongxun", {}, "The partner names"),
        ("hongxun", {"key_text": "NEW&ERP", "role": "king"}, "“king” cannot"),
        ("hongxun", {"key_text": "HXDEMO&DEMO_ERP"}, "Somebody goes by"),
        ("bestwond", {"key_text": "with blank"}, "A key has 64"),
        ("bestwond", {"key_text": "k" * (keys.KEY_CHARACTERS_MAX + 1)}, "“kkk"),
        ("bestwond", {"like": "999999"}, "There is no such key."),
        ("nobody", {}, "“nobody” cannot"),
        ("bestwond", {"reason": ""}, "Please say why"),
    ],
)
async def test_what_cannot_be_issued(office: Office, dialect: str, fields: dict[str, str], why: str) -> None:
    before = await office.world.rows("SELECT count(*) FROM credential")
    caller = await office.as_operator()
    await caller.get(HERE)
    answer = await caller.post(HERE, **{"dialect": dialect, "reason": "because", **fields})
    assert failed(answer).startswith(why)
    assert await office.world.rows("SELECT count(*) FROM credential") == before


async def test_issued_with_a_role_and_with_a_made_up_key(office: Office) -> None:
    caller = await office.as_operator()
    await caller.get(HERE)
    answer = await caller.post(HERE, dialect="hongxun", key_text="NEW&ERP", role="carrier", reason="a new carrier")
    assert told(answer, KEY) == "NEW&amp;ERP"
    assert (await office.world.rows("SELECT scope FROM credential WHERE key = 'NEW&ERP'")) == [({"role": "carrier"},)]
    answer = await caller.post(HERE, dialect="birdsystem", reason="a second ERP")
    assert (len(told(answer, KEY)), SECRET.search(answer.text)) == (32, None)
    assert re.fullmatch("bw_[0-9a-f]{15}", told(await caller.post(HERE, dialect="bestwond", reason="an app"), KEY))


async def test_replaced_with_an_overlap_and_revoked(office: Office) -> None:
    world = office.world
    id_, old = await key_of(world, "bestwond")
    caller = await office.as_operator()
    here = f"{HERE}/keys/{id_}"
    await caller.get(here)
    form: dict[str, Any] = {"deed": "rotate", "sure": "yes", "reason": "each year", "key_text": ""}
    for hours in ("-1", "x", str(keys.OVERLAP_H_MAX + 1)):
        assert failed(await caller.post(here, **form, overlap=hours)).startswith("The old key can go on for 2160")
    assert failed(await caller.post(here, **{**form, "sure": ""}, overlap="1")).startswith("“” cannot")
    operation_id = str(uuid4())
    answer = await caller.post(here, **form, overlap="48", operation_id=operation_id)
    new = told(answer, KEY)
    assert (new[:3], new != old) == ("bw_", True)
    assert (await caller.post(here, **form, overlap="48", operation_id=operation_id)).status_code == 409
    [(until,)] = await world.rows("SELECT valid_until FROM credential WHERE id = %(id)s", id=id_)
    assert until == world.clock.now() + timedelta(hours=48)
    assert "in use until 2024-08-03 23:10:41" in " ".join((await caller.get(here)).text.split())
    said = await caller.said(await caller.post(here, deed="revoke", sure="yes", reason="it leaked"))
    assert said == "The key is revoked."
    assert "revoked 2024-08-0" in " ".join((await caller.get(here)).text.split())
    assert [row[1::2] for row in await office.history() if "key" in row[1]] == [
        ("rotate_key", "each year"),
        ("revoke_key", "it leaked"),
    ]


async def test_who_may_do_what(office: Office) -> None:
    id_, _ = await key_of(office.world, "bestwond")
    screens = ("accounts", HERE, f"{HERE}/places", f"{HERE}/keys/{id_}")
    manager, support = await office.as_manager(), await office.as_support()
    assert [(await manager.get(path)).status_code for path in screens] == [403] * 4
    assert [(await support.get(path)).status_code for path in screens] == [200] * 4
    async with office.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP')"
        )
    other = await office.as_operator("eve", account_id=AccountId(48))
    assert HERE not in (await other.get("accounts")).text
    assert [(await other.get(path)).status_code for path in screens[1:]] == [404] * 3
    assert (await other.get(f"accounts/48/keys/{id_}")).status_code == 404
    before = await office.world.rows("SELECT to_jsonb(c) FROM credential c ORDER BY id")
    fields = {"deed": "revoke", "sure": "yes", "reason": "because", "dialect": "bestwond", "overlap": "1"}
    for path in (HERE, f"{HERE}/keys/{id_}", f"accounts/48/keys/{id_}"):
        assert (await support.post(path, **fields)).status_code == 403
        assert (await manager.post(path, **fields)).status_code == 403
        assert (await other.post(path, **fields)).status_code == 404
    assert await office.world.rows("SELECT to_jsonb(c) FROM credential c ORDER BY id") == before


async def test_keys_go_on_over_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "KEYS_SHOWN", 3)
    caller = await office.as_support()
    seen: list[str] = []
    address = HERE
    while address:
        shown = (await caller.get(address)).text
        seen += re.findall(rf"/console/{HERE}/keys/(\d+)", shown)
        found = re.search(r'href="(\?[^"]*)" rel="next"', shown)
        address = HERE + found[1].replace("&amp;", "&") if found else ""
    ids = [str(row[0]) for row in await office.world.rows("SELECT id FROM credential ORDER BY id DESC")]
    assert seen == ids


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    id_, _ = await key_of(office.world, "hongxun")
    caller = await office.as_operator()
    async with desk_of(browser, office, caller) as desk:
        await desk.goto("/console/accounts")
        await assert_accessible(desk)
        await desk.get_by_role("link", name="demo", exact=True).click()
        await assert_accessible(desk)
        await picture(desk, "console-keys")
        await desk.goto(f"/console/{HERE}/keys/{id_}")
        await assert_accessible(desk)
        await picture(desk, "console-key")
        card = desk.locator("section", has=desk.get_by_role("heading", name="Replace it"))
        await card.get_by_label("The key itself").fill("HXDEMO&DEMO_ERP2")
        await card.get_by_label("Reason").fill("each year")
        await card.get_by_label("I am sure").check()
        await card.get_by_role("button", name="Replace it").click()
        await expect(desk.locator("#secret")).to_be_visible()
        await assert_accessible(desk)
        await desk.get_by_role("link", name="It is written down").click()
        await expect(desk.get_by_text("HXDEMO&DEMO_ERP2")).to_be_visible()
        await desk.set_viewport_size({"width": 360, "height": 740})
        for path in ("accounts", HERE, f"{HERE}/places", f"{HERE}/keys/{id_}"):
            await desk.goto(f"/console/{path}")
            assert await desk.evaluate("document.documentElement.scrollWidth") == 360, path
