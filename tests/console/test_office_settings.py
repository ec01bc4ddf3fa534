"""Settings at the console: rules of places, one's sessions, what the server runs with."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec import structs
from playwright.async_api import Browser, expect

from crossdock.base.config import Config, effective
from crossdock.base.ids import AccountId
from crossdock.console.office import settings as page
from crossdock.core.film.model import FILM_DAYS_MAX
from crossdock.core.rules.model import RULES
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of, failed
from tests.statements import listed
from tests.world import SHOP, WAREHOUSE, World

CHANGED = "Somebody changed this rule meanwhile. Nothing was done; look at what it says now."


@pytest.fixture
async def office(world: World) -> Office:
    await world.rows("UPDATE site SET settings = '{}' WHERE id IN (12, 80) RETURNING 1")
    return Office(world)


async def put(caller: Caller, rule: str, value: str, site: int = WAREHOUSE, **more: Any) -> httpx.Response:
    await caller.get(f"settings/{site}")
    fields = {"was": "", "reason": "the lots expire", **more}
    return await caller.post(f"settings/{site}", rule=rule, value=value, **fields)


async def says(office: Office, site: int = WAREHOUSE) -> dict[str, Any]:
    [(settings,)] = await office.world.rows("SELECT settings FROM site WHERE id = %(id)s", id=site)
    assert isinstance(settings, dict)
    return settings


@pytest.mark.parametrize("role", ["operator", "manager"])
async def test_which_stock_goes_out_first_is_changed(office: Office, role: str) -> None:
    caller = await (office.as_operator() if role == "operator" else office.as_manager())
    assert await caller.said(await put(caller, "allocation", "fefo")) == "The rule is changed."
    assert await says(office) == {"allocation": "fefo"}
    shown = " ".join((await caller.get("settings/80")).text.split())
    assert "<strong>what expires first, and nothing that has expired</strong>" in shown
    assert await caller.said(await put(caller, "film_days", "90")) == "The rule is changed."
    assert await caller.said(await put(caller, "allocation", "", was='"fefo"')) == "The rule is changed."
    assert await says(office) == {"film_days": 90}
    who = "operator ada" if role == "operator" else "boss"
    history = (await caller.get("history?kind=rules")).text
    assert history.count(f'<td data-label="Who">{who}</td>') == 3
    assert "allocation:  → fefo" in history
    assert "allocation: fefo → " in history
    assert "the lots expire" in history


async def test_a_shops_rules_are_changed_by_operators(office: Office) -> None:
    caller = await office.as_operator()
    for rule, value in (("mask_keys", "yes"), ("prepared_first", "no"), ("rollback_window_s", "0")):
        assert (await put(caller, rule, value, SHOP)).status_code == 303
    assert await says(office, SHOP) == {"mask_keys": True, "prepared_first": False, "rollback_window_s": 0}
    refused = await put(caller, "allocation", "fifo", SHOP)
    assert (refused.status_code, failed(refused)) == (404, "Places of this kind have no such rule. Nothing was done.")


@pytest.mark.parametrize(
    ("rule", "value", "site", "status"),
    [
        ("film_days", "1", WAREHOUSE, 303),
        ("film_days", "0", WAREHOUSE, 400),
        ("film_days", str(FILM_DAYS_MAX), WAREHOUSE, 303),
        ("film_days", str(FILM_DAYS_MAX + 1), WAREHOUSE, 400),
        ("film_days", "9" * (page.DIGITS_MAX + 1), WAREHOUSE, 400),
        ("film_days", "-1", WAREHOUSE, 400),
        ("allocation", "lifo", WAREHOUSE, 400),
        ("mask_keys", "1", SHOP, 400),
        ("gs1_prefix", "1234567", WAREHOUSE, 404),
        ("film_days", "1", 999, 404),
    ],
)
async def test_what_fits_and_what_does_not(office: Office, rule: str, value: str, site: int, status: int) -> None:
    caller = await office.as_operator()
    answer = await put(caller, rule, value, site)
    assert answer.status_code == status
    assert (await says(office) == await says(office, SHOP) == {}) == (status != 303)


async def test_of_two_who_change_a_rule_one_is_told_and_a_repeat_changes_nothing(office: Office) -> None:
    caller, boss = await office.as_operator(), await office.as_manager()
    answers = await asyncio.gather(put(caller, "allocation", "fefo"), put(boss, "allocation", "fifo"))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert [failed(answer) for answer in answers if answer.status_code == 409] == [CHANGED]
    [(kept,)] = await office.world.rows("SELECT settings ->> 'allocation' FROM site WHERE id = 80")
    operation_id = str(uuid4())
    for _ in range(2):
        answer = await put(caller, "film_days", "7", operation_id=operation_id)
        assert answer.status_code == 303
    assert await says(office) == {"allocation": kept, "film_days": 7}
    assert (await put(caller, "film_days", "8", was="{")).status_code == 400


async def test_who_sees_what_and_who_changes_it(office: Office) -> None:
    support = await office.as_support()
    assert "Change" not in (await support.get("settings/80")).text
    assert (await put(support, "allocation", "fefo")).status_code == 403
    boss = await office.as_manager()
    shown = (await boss.get("settings")).text
    assert "WH-GZ01" in shown
    assert "SHOP-12" not in shown
    assert "CROSSDOCK_" not in shown
    assert (await boss.get("settings/12")).status_code == 404
    assert (await put(boss, "mask_keys", "yes", SHOP)).status_code in (403, 404)
    await office.world.rows(
        "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP') RETURNING 1"
    )
    theirs = await office.as_operator("bob", account_id=AccountId(48))
    shown = (await theirs.get("settings")).text
    assert "WH-GZ01" not in shown
    assert "CROSSDOCK_" not in shown
    assert (await theirs.get("settings/80")).status_code == 404
    await theirs.get("settings")
    assert (await theirs.post("settings/80", rule="allocation", value="fefo", reason="why not")).status_code == 404
    assert await says(office) == {}


@pytest.mark.parametrize("role", ["support", "manager"])
async def test_ones_own_sessions_are_seen_and_ended(office: Office, role: str) -> None:
    caller = await (office.as_support() if role == "support" else office.as_manager())
    name, table = ("sue", "operator_session") if role == "support" else ("boss", "staff_session")
    other = office.nobody()
    await other.log_in(name)
    shown = (await caller.get("settings")).text
    assert shown.count("this session") == 1
    ids = [id_ for (id_,) in await office.world.rows(f"SELECT id FROM {table} ORDER BY id")]
    assert f'name="session" value="{ids[1]}"' in shown
    assert f'name="session" value="{ids[0]}"' not in shown
    stranger = await office.as_support("zoe")
    await stranger.get("settings")
    assert (await stranger.post("settings", session=str(ids[1]))).status_code == 303
    assert (await other.get()).status_code == 200, "nobody ends another's"
    assert await caller.said(await caller.post("settings", session=str(ids[1]))) == "The session is ended."
    assert (await other.get()).status_code == 303
    assert (await caller.get("settings")).status_code == 200
    assert (await caller.post("settings", session="x")).status_code == 400


async def test_few_statements(office: Office) -> None:
    caller = await office.as_support()
    with listed() as sent:
        answer = await caller.get("settings")
        assert len(sent) == 3, sent
        sent.clear()
        await caller.get("settings/80")
        assert len(sent) == 2, sent
    assert len(answer.content) < 100_000


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    caller = await office.as_operator()
    async with desk_of(browser, office, caller) as screen:
        await screen.goto("/console/settings")
        await assert_accessible(screen)
        await picture(screen, "console-settings")
        await screen.get_by_role("link", name="WH-GZ01").click()
        await screen.locator("summary", has_text="Which stock goes out first").click()
        form = screen.locator("details[open]")
        await form.get_by_label("Value").select_option("fefo")
        await form.get_by_label("Reason").fill("the lots expire")
        await assert_accessible(screen)
        await picture(screen, "console-rules")
        await form.get_by_role("button").click()
        await expect(screen.get_by_text("The rule is changed.")).to_be_visible()
        await screen.set_viewport_size({"width": 360, "height": 780})
        for address in ("/console/settings", screen.url):
            await screen.goto(address)
            await assert_accessible(screen)
            assert await screen.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    assert await says(office) == {"allocation": "fefo"}


def test_every_rule_has_a_name_and_takes_its_default() -> None:
    rules = [rule for of_kind in RULES.values() for rule in of_kind]
    assert {rule.name for rule in rules} == set(page.RULE_TEXTS)
    assert all(rule.default is None or rule.fits(rule.default) for rule in rules)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "postgresql://app:s3cret@db.example:5433/crossdock?sslmode=s3cret",
            "postgresql://app:***@db.example:5433/crossdock",
        ),
        ("postgresql:///crossdock?host=/run&password=s3cret", "postgresql:///crossdock"),
        ("postgresql://app:s3/cret@db.example/crossdock", "***"),
        ("postgresql://app:12/s3cret@db.example/crossdock", "***"),
        ("postgresql://app:p?s3cret@db.example/crossdock", "***"),
        ("postgresql://db.example/x?password=s3@cret", "***"),
        ("host=db password=s3cret", "***"),
        (None, ""),
    ],
)
def test_no_password_is_in_an_address(address: str | None, shown: str) -> None:
    by_name = {one.variable: one for one in effective(Config(database_url=address))}
    assert (by_name["CROSSDOCK_DATABASE_URL"].value, by_name["CROSSDOCK_DATABASE_URL"].given) == (
        shown,
        address is not None,
    )


def test_no_secret_is_among_what_the_server_runs_with() -> None:
    config = structs.replace(
        Config(),
        secret_key="s3cret",
        sms_secret="s3cret",
        sms_url="https://sms.example/hooks/s3cret?key=s3cret",
        smtp_url="smtp://mail:s3cret@smtp.example:587",
        mqtt_url="mqtt://app:s3cret@mqtt.example",
        aliases=(("/theirs", "/ours"),),
        port=8081,
    )
    found = {one.variable: (one.value, one.default, one.given) for one in effective(config)}
    assert "s3cret" not in str(found)
    assert found["CROSSDOCK_PORT"] == ("8081", "8080", True)
    assert found["CROSSDOCK_ALIASES"] == ("/theirs=/ours", "", True)
    assert found["CROSSDOCK_SMS_URL"] == ("https://sms.example", "", True)
    assert found["CROSSDOCK_HOST"] == ("127.0.0.1", "127.0.0.1", False)
