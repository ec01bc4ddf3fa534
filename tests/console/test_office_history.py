"""The history at the console: who did what, when, to what."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser

from crossdock.base.ids import AccountId
from crossdock.console.office import history as page
from crossdock.console.office import screen as screens
from crossdock.core.history import queries
from crossdock.core.history.queries import IMPORT
from crossdock.core.operators.model import ACTIONS as OPERATORS_ACTIONS
from crossdock.core.staff.model import ACTIONS, FLOOR_ACTIONS
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of
from tests.statements import listed
from tests.world import World

DEED = re.compile(r'<td data-label="What">([^<]*)<')


@pytest.fixture
async def office(world: World) -> Office:
    return Office(world)


async def shown(caller: Caller, query: str = "") -> list[str]:
    """What the list tells of, newest first."""
    answer = await caller.get(f"history?{query}")
    assert answer.status_code == 200
    return DEED.findall(answer.text)


async def busy(office: Office) -> Caller:
    """An operator blocked a worker, whom a manager let in again the day after."""
    operator = await office.as_operator()
    await operator.get("staff/52")
    await operator.post("staff/52", deed="block", reason="left the keys")
    office.world.clock.advance(timedelta(days=1))
    boss = await office.as_manager()
    await boss.get("staff/52")
    await boss.post("staff/52", deed="unblock", reason="brought <b>them</b> back")
    return await office.as_support()


async def test_it_tells_who_did_what_to_whom_and_why(office: Office) -> None:
    caller = await busy(office)
    text = " ".join((await caller.get("history")).text.split())
    assert '<td data-label="Who">operator ada</td><td data-label="What">Blocked</td>' in text
    assert "active: yes → no; sessions: 0 → 0" in text
    assert "brought &lt;b&gt;them&lt;/b&gt; back" in text
    assert text.index("Let in again") < text.index(">Blocked<")
    assert '<a href="/console/history?person=floor1">' in (await caller.get("staff/52")).text


async def test_filters(office: Office) -> None:
    caller = await busy(office)
    assert await shown(caller, "person=floor1") == ["Let in again", "Blocked"]
    assert await shown(caller, "person=boss") == ["Let in again", "Logged in", "Added somebody"]
    assert await shown(caller, "person=ada&kind=people") == ["Blocked"]
    assert await shown(caller, "person=nobody") == []
    assert await shown(caller, "kind=doors") == []
    assert await shown(caller, "person=floor1&from=2024-08-02") == ["Let in again"]
    assert await shown(caller, "person=floor1&to=2024-08-01") == ["Blocked"]
    assert await shown(caller, "person=floor1&from=x&to=9999-12-31&kind=x") == ["Let in again", "Blocked"]
    assert await shown(caller, "person=floor1&from=0001-01-01&to=0001-01-01&kind=people") == []
    assert await shown(caller, "person=floor1&after=x.y.z") == ["Let in again", "Blocked"]
    assert await shown(caller, f"person=floor1&after={'9' * 18}.0.1") == ["Let in again", "Blocked"]


async def test_of_one_kind_a_month_is_looked_at(office: Office) -> None:
    caller = await busy(office)
    for days, expected in ((page.KIND_DAYS - 1, 1), (1, 1), (1, 0)):
        office.world.clock.advance(timedelta(days=days))
        caller = office.nobody()
        await caller.log_in("sue")
        assert (await shown(caller, "kind=people&person=boss")).count("Let in again") == expected
    assert (await shown(caller, "kind=people&person=boss&from=2024-08-01")).count("Let in again") == 1


async def test_who_sees_what(office: Office) -> None:
    await busy(office)
    boss = office.nobody()
    await boss.log_in("boss")
    seen = (await boss.get("history")).text
    assert "operator ada" in seen
    assert "Set up the second factor" not in seen
    await office.world.rows(
        "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP') RETURNING 1"
    )
    theirs = await office.as_operator("bob", account_id=AccountId(48))
    assert await shown(theirs) == []
    assert await shown(theirs, "person=floor1") == []


async def test_it_goes_on_from_a_key_costs_few_statements_and_leaves_as_a_file(office: Office) -> None:
    await office.world.rows(
        "INSERT INTO staff_action (account_id, site_id, staff_id, action, reason, created_at)"
        " SELECT 47, 80, 52, 'pick', '=' || n, %(now)s FROM generate_series(1, %(n)s) n RETURNING 1",
        n=screens.ROWS_MAX + 3,
        now=office.world.clock.now() - timedelta(hours=1),
    )
    caller = await office.as_support()
    answer = await caller.get("history?person=floor1")
    assert len(DEED.findall(answer.text)) == screens.ROWS_MAX
    assert len(answer.content) < 100_000
    following = answer.text.split('rel="next"')[0].rpartition('href="?')[2].partition('"')[0].replace("&amp;", "&")
    assert await shown(caller, following) == ["Picked"] * 3
    with listed() as sent:
        await caller.get("history")
        assert len(sent) == 4, sent
    table = (await caller.client.get("/console/history/export.csv?person=floor1")).content.decode("utf-8-sig")
    rows = table.splitlines()
    assert rows[0] == "at,who,action,about,subject,place,account,change,reason"
    assert len(rows) == 1 + screens.ROWS_MAX + 3
    assert ",=" not in table, "no spreadsheet takes a reason for a formula"
    assert (await caller.client.get("/console/history/export.pdf")).status_code == 404
    assert (await caller.client.get("/console/history/other.csv")).status_code == 404


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    caller = await busy(office)
    async with desk_of(browser, office, caller) as screen:
        await screen.goto("/console/history")
        await assert_accessible(screen)
        await picture(screen, "console-history")
        await screen.get_by_label("Person").fill("floor1")
        await screen.get_by_label("What").select_option(label="people")
        await screen.get_by_role("button", name="Show").click()
        await screen.wait_for_url("**/history?person=floor1&kind=people*")
        await screen.set_viewport_size({"width": 360, "height": 780})
        await assert_accessible(screen)
        assert await screen.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_action_has_a_name_and_a_kind() -> None:
    known = ACTIONS | FLOOR_ACTIONS | OPERATORS_ACTIONS | {IMPORT}
    assert known <= set(page.ACTION_TEXTS)
    assert set(page.ACTION_TEXTS) == frozenset().union(*page.KINDS.values())
    assert queries.EXPORT_ROWS_MAX > screens.ROWS_MAX
