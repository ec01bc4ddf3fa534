"""The dashboard, through the front door."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import SiteId
from crossdock.core.overview import pace
from tests import statements
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of
from tests.console.test_office_inbox import of_every_kind
from tests.world import World

SKU = "00131031"
PAGE_BYTES_MAX = 100_000
STATEMENTS = 9


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def noted(world: World) -> None:
    """What a worker does once a minute."""
    async with world.desk.database.transaction() as tx:
        await pace.note(tx)


async def states(caller: Caller) -> dict[str, list[str]]:
    """Each row of the orders: how many in all, and how many older than each age."""
    page = (await caller.get()).text
    rows = re.findall(r'<td class="number" id="n-([a-z]+-[a-z_]+)">([^<]*)</td>(.*?)</tr>', page)
    return {name: [total, *re.findall(r">([^<>]*)</td>", rest)] for name, total, rest in rows}


async def test_orders_are_counted_by_state_and_age(office: Office) -> None:
    world = office.world
    await world.stock(SKU, 5)
    await world.order("N-1", lines={SKU: 1}, state="allocated")
    world.clock.advance(timedelta(days=1))
    await world.order("N-2", lines={SKU: 1}, state="allocated")
    await world.order("N-3", lines={SKU: 1}, state="allocated", site_id=SiteId(80))
    await world.order("I-1", lines={SKU: 1}, kind="inbound", state="announced", site_id=SiteId(12))
    await world.order("D-1", lines={SKU: 1})
    caller = await office.as_support()
    assert await states(caller) == {
        "outbound-allocated": ["3", "1", "", ""],
        "inbound-announced": ["1", "", "", ""],
    }
    manager = await office.as_manager()
    assert await states(manager) == {"outbound-allocated": ["3", "1", "", ""]}
    world.clock.advance(timedelta(days=7))
    await manager.log_in("boss")
    assert await states(manager) == {"outbound-allocated": ["3", "3", "3", "3"]}


async def test_it_counts_what_waits_cabinets_and_callbacks(office: Office) -> None:
    await of_every_kind(office.world)
    caller = await office.as_support()
    page = " ".join((await caller.get()).text.split())
    for name, number in {"cabinet alarm": 1, "order held": 1, "call-off to decide": 1}.items():
        assert f"{name}</a></dt><dd>{number}</dd>" in page, name
    assert '<dt>frozen</dt><dd class="warn">1</dd>' in page
    assert '<dt>dead</dt><dd class="warn">1</dd>' in page
    assert '<dt>alarms</dt><dd class="warn">1</dd>' in page
    assert "overdue" not in page
    office.world.clock.advance(timedelta(hours=1, seconds=1))
    assert 'id="overdue">2</dd>' in (await caller.get()).text


async def test_plots_tell_what_came_and_left(office: Office) -> None:
    world = office.world
    caller = await office.as_support()
    assert "The first numbers come within the hour." in (await caller.get()).text
    await world.order("N-0", lines={SKU: 1})
    await noted(world)
    world.clock.advance(timedelta(hours=1))
    await world.order("N-1", lines={SKU: 1})
    await world.shipped("N-2")
    await noted(world)
    page = (await caller.get()).text
    assert 'aria-label="Orders of the last 24 hours: placed 2, shipped 1"' in page
    assert "Orders of the last" not in (await (await office.as_manager()).get()).text


async def test_it_is_small_and_costs_few_statements(office: Office) -> None:
    await of_every_kind(office.world)
    await noted(office.world)
    caller = await office.as_support()
    with statements.listed() as sent:
        page = await caller.get()
    assert len(sent) <= STATEMENTS, sent
    assert len(page.content) < PAGE_BYTES_MAX


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    world = office.world
    await noted(world)
    for hour in range(1, 6):
        world.clock.advance(timedelta(hours=1))
        for number in range(hour):
            await world.order(f"N-{hour}-{number}", lines={SKU: 1})
        await world.shipped(f"S-{hour}")
        await noted(world)
    await of_every_kind(world)
    caller = await office.as_operator()
    async with desk_of(browser, office, caller) as page:
        await page.goto("/console")
        await expect(page.locator("h1")).to_have_text("Dashboard")
        await assert_accessible(page)
        await picture(page, "console-dashboard")
        await page.set_viewport_size({"width": 360, "height": 740})
        await assert_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
