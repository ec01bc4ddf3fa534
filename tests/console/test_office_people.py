"""People at the console: who may log in, and what is done with their accounts."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import AccountId
from crossdock.console.office import screen as screens
from crossdock.core.operators.model import REASON_CHARACTERS_MIN
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX, WRONG_PASSWORDS_MAX
from tests.console.conftest import assert_accessible, picture
from tests.console.floors import hand
from tests.console.offices import PASSWORD, Caller, Office, desk_of, failed
from tests.statements import listed
from tests.world import SHOP, WAREHOUSE, World

NEW = "another password"
SECOND = """
INSERT INTO site (id, account_id, kind, code, name, zone, created_at, updated_at)
VALUES (81, 47, 'warehouse', 'WH-2', 'Second', 'UTC', now(), now()) RETURNING 1
"""
FOREIGN = (
    "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP') RETURNING 1",
    "INSERT INTO site (id, account_id, kind, code, name, zone, created_at, updated_at)"
    " VALUES (180, 48, 'warehouse', 'WH-X', 'x', 'UTC', now(), now()) RETURNING 1",
    "INSERT INTO staff (id, account_id, site_id, username, password_hash, created_at, updated_at)"
    " VALUES (900, 48, 180, 'foreign', '', now(), now()) RETURNING 1",
)
"""A person of another account."""


@pytest.fixture
async def office(world: World) -> Office:
    made = Office(world)
    await made.manager("worker", manager=False)
    return made


async def path_to(office: Office, name: str = "worker") -> str:
    [(id_,)] = await office.world.rows("SELECT id FROM staff WHERE username = %(name)s", name=name)
    return f"staff/{id_}"


async def told(caller: Caller, path: str, deed: str, reason: str = "asked for it", **more: Any) -> httpx.Response:
    await caller.get(path)
    return await caller.post(path, deed=deed, reason=reason, **more)


async def actions(office: Office) -> list[tuple[Any, ...]]:
    """Of people: who, what, about whom, why."""
    return await office.world.rows(
        "SELECT coalesce(s.username, a.actor), a.action, b.username, a.reason FROM staff_action a"
        " LEFT JOIN staff s ON s.id = a.staff_id JOIN staff b ON b.id = a.about_staff_id"
        " WHERE a.action <> 'create_staff' ORDER BY a.id"
    )


async def works(office: Office, name: str = "worker", password: str = PASSWORD) -> bool:
    """Whether they come in on the floor."""
    async with httpx.AsyncClient(base_url=office.world.base_url) as client:
        answer = await client.post("/floor/login", data={"username": name, "password": password})
    return answer.status_code == 303


@pytest.mark.parametrize("role", ["operator", "manager"])
async def test_a_worker_is_blocked_let_in_and_given_a_password(office: Office, role: str) -> None:
    caller = await (office.as_operator() if role == "operator" else office.as_manager())
    path = await path_to(office)
    async with hand(office.world, ("worker", PASSWORD)) as floor:
        assert (await floor.client.get("/floor")).status_code == 200
        said = await caller.said(await told(caller, path, "end", "a lost phone"))
        assert said == "worker is logged out everywhere."
        assert (await floor.client.get("/floor")).status_code == 303
    assert await works(office)

    assert await caller.said(await told(caller, path, "block")) == "worker is blocked, and logged out everywhere."
    assert not await works(office)
    assert "blocked" in (await caller.get(path)).text
    assert await caller.said(await told(caller, path, "unblock")) == "worker may log in again."
    assert await works(office)

    answer = await told(caller, path, "reset", "forgot it", password=NEW)
    assert await caller.said(answer) == "worker has another password now, and is logged out everywhere."
    assert not await works(office)
    assert await works(office, password=NEW)

    who = "operator ada" if role == "operator" else "boss"
    assert await actions(office) == [
        (who, "withdraw", "worker", "a lost phone"),
        (who, "disable_staff", "worker", "asked for it"),
        (who, "enable_staff", "worker", "asked for it"),
        (who, "set_password", "worker", "forgot it"),
    ]
    kept = await office.world.rows("SELECT before::text, after::text, reason FROM staff_action")
    assert NEW not in str(kept)


async def test_a_lock_is_taken_away(office: Office) -> None:
    caller, path = await office.as_manager(), await path_to(office)
    assert "Forget wrong passwords" not in (await caller.get(path)).text
    for _ in range(WRONG_PASSWORDS_MAX):
        assert not await works(office, password="wrong")
    assert not await works(office)
    assert "locked after wrong passwords" in (await caller.get("staff?text=WORK")).text
    assert await caller.said(await told(caller, path, "unlock")) == "No wrong password of worker counts any more."
    assert await works(office)


async def test_somebody_is_added(office: Office) -> None:
    operator, boss = await office.as_operator(), await office.as_manager()
    given = {"username": "newcomer", "password": NEW, "reason": "new here"}
    await boss.get("staff")
    operation_id = str(uuid4())
    answers = [await boss.post("staff", **given, site=str(SHOP), operation_id=operation_id) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert await works(office, "newcomer", NEW), "in the manager's own warehouse, whatever the form says"

    await operator.get("staff")
    taken = await operator.post("staff", **given, site=str(WAREHOUSE))
    assert (taken.status_code, failed(taken)) == (
        409,
        "Somebody has the name “newcomer” already: it is one over all places. Nothing was done.",
    )
    of_operator = await operator.post("staff", **{**given, "username": "ada"}, site=str(WAREHOUSE))
    assert of_operator.status_code == 409
    more = {**given, "username": "second", "role": "manager", "site": str(WAREHOUSE)}
    assert await operator.said(await operator.post("staff", **more)) == "second can log in now."
    assert (await office.nobody().log_in("second", NEW)).headers["location"] == "/console"
    assert await office.world.rows(
        "SELECT coalesce(s.username, a.actor), b.username, a.reason FROM staff_action a"
        " LEFT JOIN staff s ON s.id = a.staff_id JOIN staff b ON b.id = a.about_staff_id"
        " WHERE a.action = 'create_staff' AND a.reason <> '' ORDER BY a.id"
    ) == [("boss", "newcomer", "new here"), ("operator ada", "second", "new here")]


async def test_an_operator_makes_managers_and_moves_people(office: Office) -> None:
    await office.world.rows(SECOND)
    caller, path = await office.as_operator(), await path_to(office)
    assert await caller.said(await told(caller, path, "promote")) == "worker is a manager now."
    assert (await office.nobody().log_in("worker")).headers["location"] == "/console"
    assert await caller.said(await told(caller, path, "demote")) == "worker is a worker now."
    assert await caller.said(await told(caller, path, "move", site="81")) == "worker works elsewhere now."
    assert "WH-2 Second" in (await caller.get(path)).text
    for elsewhere in (str(SHOP), "999"):
        refused = await told(caller, path, "move", site=elsewhere)
        assert (refused.status_code, failed(refused)) == (
            404,
            "There is no such place within reach. Nothing was done.",
        )


async def test_a_repeat_and_two_at_once_do_it_once(office: Office) -> None:
    caller, path = await office.as_operator(), await path_to(office)
    await caller.get(path)
    operation_id = str(uuid4())
    form = {"deed": "reset", "reason": "forgot it", "password": NEW, "operation_id": operation_id}
    answers = await asyncio.gather(*(caller.post(path, **form) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [303] * 3
    assert [action for _, action, *_ in await actions(office)] == ["set_password"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"reason": "x" * REASON_CHARACTERS_MIN}, 303),
        ({"reason": "x" * (REASON_CHARACTERS_MIN - 1)}, 400),
        ({"password": "x" * PASSWORD_CHARACTERS_MAX}, 303),
        ({"password": "x" * (PASSWORD_CHARACTERS_MAX + 1)}, 400),
        ({"password": ""}, 400),
        ({"deed": "burn"}, 400),
        ({"deed": "move", "site": "x"}, 400),
        ({"word": "0" * 64}, 403),
    ],
)
async def test_what_is_no_order_changes_nothing(office: Office, fields: dict[str, str], status: int) -> None:
    caller, path = await office.as_operator(), await path_to(office)
    await caller.get(path)
    form = {"deed": "reset", "reason": "forgot it", "password": NEW, **fields}
    answer = await caller.post(path, **form)
    assert answer.status_code == status
    assert len(await actions(office)) == (1 if status == 303 else 0)


async def test_who_sees_whom_and_who_changes_them(office: Office) -> None:
    for statement in FOREIGN:
        await office.world.rows(statement)
    support = await office.as_support()
    shown = (await support.get("staff")).text
    assert all(name in shown for name in ("worker", "foreign", "clerk1"))
    assert "Add somebody" not in shown
    path = await path_to(office)
    assert (await told(support, path, "block")).status_code == 403
    assert (await support.post("staff", username="x", password=NEW, reason="why not")).status_code == 403

    boss = await office.as_manager()
    await office.manager("boss2")
    shown = (await boss.get("staff?site=12")).text
    assert "worker" in shown
    assert "foreign" not in shown
    assert "clerk1" not in shown
    clerk = await path_to(office, "clerk1")
    assert (await boss.get(clerk)).status_code == 404
    assert (await told(boss, clerk, "block")).status_code in (403, 404)
    other = await told(boss, await path_to(office, "boss2"), "block")
    assert (other.status_code, failed(other)) == (
        403,
        "Managers are looked after by the platform’s operators. Nothing was done.",
    )
    for deed in ("promote", "demote", "move"):
        refused = await told(boss, path, deed, site="80")
        assert (refused.status_code, failed(refused)) == (403, "Only the platform's operators may do this.")

    theirs = await office.as_operator("bob", account_id=AccountId(48))
    shown = (await theirs.get("staff")).text
    assert "foreign" in shown
    assert ">worker</a>" not in shown
    assert "WH-GZ01" not in shown
    assert (await theirs.get(path)).status_code == 404
    assert (await theirs.post(path, deed="block", reason="why not")).status_code == 404
    await theirs.get("staff")
    refused = await theirs.post("staff", username="x", password=NEW, reason="why not", site=str(WAREHOUSE))
    assert refused.status_code == 404
    assert await actions(office) == []


async def test_the_list_goes_on_from_a_key_and_costs_few_statements(office: Office) -> None:
    await office.world.rows(
        "INSERT INTO staff (account_id, site_id, username, password_hash, created_at, updated_at)"
        " SELECT 47, 80, 'many-' || n, '', now(), now() FROM generate_series(1, %(n)s) n RETURNING 1",
        n=screens.ROWS_MAX + 1,
    )
    caller = await office.as_support()
    first = (await caller.get("staff?text=many-&site=80")).text
    assert first.count('href="/console/staff/') == screens.ROWS_MAX
    after = first.split('rel="next"')[0].rpartition('href="?')[2].partition('"')[0].replace("&amp;", "&")
    assert "text=many-" in after
    assert (await caller.get(f"staff?{after}")).text.count('href="/console/staff/') == 1
    assert "There is nothing to show." in (await caller.get("staff?text=%25")).text
    with listed() as sent:
        answer = await caller.get("staff")
        assert len(sent) == 3, sent
        sent.clear()
        await caller.get(await path_to(office))
        assert len(sent) <= 4, sent
    assert len(answer.content) < 100_000


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    caller = await office.as_manager()
    async with desk_of(browser, office, caller) as screen:
        await screen.goto("/console/staff")
        await assert_accessible(screen)
        await picture(screen, "console-staff")
        await screen.get_by_role("link", name="worker").click()
        await screen.locator("summary", has_text="Set another password").click()
        await screen.get_by_label("Password").fill(NEW)
        await screen.locator("details[open]").get_by_label("Reason").fill("forgot it")
        await assert_accessible(screen)
        await picture(screen, "console-person")
        await screen.locator("details[open]").get_by_role("button").click()
        await expect(screen.get_by_text("worker has another password now")).to_be_visible()
        await assert_accessible(screen)
        await screen.set_viewport_size({"width": 360, "height": 780})
        for address in ("/console/staff", screen.url):
            await screen.goto(address)
            await assert_accessible(screen)
            assert await screen.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    assert await works(office, password=NEW)
