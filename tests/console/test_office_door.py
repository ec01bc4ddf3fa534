"""The way into the console, through the front door."""

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from crossdock.console.office.who import COOKIE
from crossdock.core.operators.model import HALF_SESSION_MINUTES, RECOVERY_CODES, SESSION_H, SESSIONS_MAX
from crossdock.core.staff.model import LOCKED_S, WRONG_PASSWORDS_MAX
from tests.console.conftest import PHONE, assert_accessible, picture
from tests.console.conftest import screen as browser_screen
from tests.console.offices import PASSWORD, Office, failed
from tests.world import SHOP, World

WRONG = "The name or the password is wrong."


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def test_nobody_is_sent_to_the_log_in_and_comes_back(office: Office) -> None:
    caller = office.nobody()
    answer = await caller.get("factor?x=1")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/login?over=1&to=/console/factor%3Fx%3D1",
    )
    await office.operator("sue", role="support")

    assert "You were logged out" in (await caller.get("login?over=1")).text
    entered = await caller.log_in("sue", to="/console/factor?x=1")

    assert (entered.status_code, entered.headers["location"]) == (303, "/console/factor?x=1")
    for elsewhere in (
        "https://example.org",
        "//example.org",
        "/console/\\..",
        "/counter",
        "/console/\x01",
        "/console/\tx",
    ):
        again = await office.nobody().log_in("sue", to=elsewhere)
        assert again.headers["location"] == "/console"


async def test_an_operator_sets_up_a_second_factor_before_anything_else(office: Office) -> None:
    await office.operator("ada")
    caller = office.nobody()
    entered = await caller.log_in("ada")
    assert entered.headers["location"] == "/console/factor"
    assert (await caller.get()).headers["location"] == "/console/factor"
    page = await caller.get("factor")
    secret = page.text.split('id="secret">')[1].split("<")[0].replace(" ", "")
    assert "data:image/svg+xml;base64," in page.text
    assert secret in (await caller.get("factor")).text.replace(" ", "")

    wrong = await caller.post("factor", code="000000" if office.code(secret) != "000000" else "000001")
    assert (wrong.status_code, failed(wrong)) == (
        403,
        "This is not the code that the phone shows now. Please read it again.",
    )
    right = await caller.post("factor", code=office.code(secret))

    codes = [part.split("<")[0] for part in right.text.split("<li><code>")[1:]]
    assert len(set(codes)) == RECOVERY_CODES
    assert (await caller.get()).status_code == 200
    assert secret not in (await caller.get("factor")).text.replace(" ", "")
    assert [row[:2] for row in await office.history()] == [
        ("crossdock operators", "add_operator"),
        ("ada", "set_totp"),
        ("ada", "login"),
    ]
    kept = await office.world.rows("SELECT totp_sealed::text, recovery_hashes::text FROM operator")
    assert not any(text in str(kept) for text in (secret, *codes))


async def test_a_code_opens_once_and_each_recovery_code_too(office: Office) -> None:
    await office.operator("ada")
    first = office.nobody()
    await first.log_in("ada")
    secret = (await first.get("factor")).text.split('id="secret">')[1].split("<")[0].replace(" ", "")
    shown = office.code(secret)
    codes = [part.split("<")[0] for part in (await first.post("factor", code=shown)).text.split("<li><code>")[1:]]

    second = office.nobody()
    assert (await second.log_in("ada")).headers["location"] == "/console/code"
    spent = await second.post("code", code=shown)
    assert failed(spent) == "This code was used before. Please wait for the next one."
    assert (await second.get()).headers["location"] == "/console/code"

    office.world.clock.advance(timedelta(seconds=30))
    assert (await second.post("code", code=f"{office.code(secret)[:3]} {office.code(secret)[3:]}")).status_code == 303
    assert (await second.get()).status_code == 200

    for expected in (303, 403):
        third = office.nobody()
        await third.log_in("ada")
        assert (await third.post("code", code=codes[0].upper())).status_code == expected
    assert f"Recovery codes left: {RECOVERY_CODES - 1}" in (await second.get("factor")).text


async def test_codes_of_one_step_before_and_after_open_and_of_two_do_not(office: Office) -> None:
    await office.operator("ada")
    secret = await office.enrolled("ada")
    clock = office.world.clock
    for seconds, expected in ((-60, 403), (-30, 303), (60, 403), (30, 303)):
        caller = office.nobody()
        await caller.log_in("ada")
        clock.advance(timedelta(seconds=seconds))
        code = office.code(secret)
        clock.advance(timedelta(seconds=-seconds))
        assert (await caller.post("code", code=code)).status_code == expected, seconds


async def test_wrong_passwords_and_wrong_codes_lock_a_name(office: Office) -> None:
    await office.operator("ada")
    secret = await office.enrolled("ada")
    caller = office.nobody()
    await caller.log_in("ada")
    for _ in range(WRONG_PASSWORDS_MAX - 1):
        assert (await caller.post("code", code="abc")).status_code == 403

    locked = await caller.post("code", code=office.code(secret))
    assert (locked.status_code, "Nobody can log in" in failed(locked)) == (429, True)
    assert (await office.nobody().log_in("ada")).status_code == 429

    office.world.clock.advance(timedelta(seconds=LOCKED_S))
    assert (await caller.get()).headers["location"].startswith("/console/login")
    await caller.log_in("ada")
    assert (await caller.post("code", code=office.code(secret))).status_code == 303
    unknown = await office.nobody().log_in("nobody")
    assert (unknown.status_code, failed(unknown)) == (403, WRONG)
    assert failed(await office.nobody().log_in("ada", "wrong")) == WRONG


async def test_who_else_logs_in(office: Office) -> None:
    await office.manager("boss")
    await office.manager("worker", manager=False)
    assert (await office.nobody().log_in("boss")).headers["location"] == "/console"
    worker = await office.nobody().log_in("worker")
    assert (worker.status_code, failed(worker).partition(".")[0]) == (
        403,
        "Only operators, support and managers of warehouses log in here",
    )
    clerk = await office.nobody().log_in("xxx", "yyy")
    assert (clerk.status_code, failed(clerk)) == (
        403,
        "You do not work in a warehouse. People of a shop log in at /counter.",
    )
    open_ = await office.world.rows(
        "SELECT s.username FROM staff_session o JOIN staff s ON s.id = o.staff_id ORDER BY 1"
    )
    assert open_ == [("boss",)]


async def test_a_manager_who_is_none_any_more_is_out(office: Office) -> None:
    caller = await office.as_manager()
    assert (await caller.get()).status_code == 200
    for change in ("manager = false", f"manager = true, site_id = {SHOP}", "site_id = 80, active = false"):
        async with office.world.desk.database.transaction() as tx:
            await tx.execute(f"UPDATE staff SET {change} WHERE username = 'boss'")
        assert (await caller.get()).status_code == 303, change


async def test_sessions_end(office: Office) -> None:
    callers = [await office.as_support()]
    for _ in range(SESSIONS_MAX):
        caller = office.nobody()
        await caller.log_in("sue")
        callers.append(caller)
    assert [(await caller.get()).status_code for caller in callers] == [303, *[200] * SESSIONS_MAX]

    office.world.clock.advance(timedelta(hours=SESSION_H, seconds=-1))
    assert (await callers[1].get()).status_code == 200
    office.world.clock.advance(timedelta(seconds=1))
    assert (await callers[1].get()).status_code == 303

    await callers[2].log_in("sue")
    out = await callers[2].post("logout")
    assert (out.status_code, out.headers["location"]) == (303, "/console/login")
    assert [action for _, action, *_ in await office.history()][-2:] == ["login", "logout"]


async def test_half_a_session_ends_soon(office: Office) -> None:
    await office.operator("ada")
    caller = office.nobody()
    await caller.log_in("ada")
    office.world.clock.advance(timedelta(minutes=HALF_SESSION_MINUTES, seconds=-1))
    assert (await caller.get("factor")).status_code == 200
    office.world.clock.advance(timedelta(seconds=1))
    assert (await caller.get("factor")).headers["location"].startswith("/console/login")


async def test_a_form_of_another_site_does_nothing(office: Office) -> None:
    caller = await office.as_support()
    for word in ("", "0" * 64):
        answer = await caller.post("logout", word=word)
        assert answer.status_code == 403
    nothing = await caller.client.post("/console/logout", content=b"\xff\xfe", headers={"content-type": "text/plain"})
    assert nothing.status_code in {400, 403}
    crossed = await caller.client.post(
        "/console/login",
        data={"username": "sue", "password": PASSWORD},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert crossed.status_code == 403
    assert (await caller.get()).status_code == 200
    [kept] = [cookie for cookie in caller.client.cookies.jar if cookie.name == COOKIE]
    assert (kept.path, kept.has_nonstandard_attr("HttpOnly")) == ("/console", True)
    assert (await caller.post("logout", operation_id=str(uuid4()))).status_code == 303


async def test_it_is_set_up_in_a_browser(office: Office, browser: Browser) -> None:
    await office.operator("ada")
    async with browser_screen(
        browser, width=PHONE["width"], height=PHONE["height"], base_url=office.world.base_url
    ) as page:
        await page.goto("/console")
        await assert_accessible(page)
        await page.fill('[name="username"]', "ada")
        await page.fill('[name="password"]', PASSWORD)
        await page.press('[name="password"]', "Enter")
        await expect(page.locator("#secret")).to_be_visible()
        await assert_accessible(page)
        await picture(page, "console-factor")
        secret = (await page.locator("#secret").inner_text()).replace(" ", "")
        await page.fill('[name="code"]', office.code(secret))
        await page.press('[name="code"]', "Enter")
        await expect(page.locator(".codes li")).to_have_count(RECOVERY_CODES)
        await assert_accessible(page)
        await page.click("text=Go on")
        await expect(page.locator("h1")).to_have_text("Dashboard")
        await assert_accessible(page)
