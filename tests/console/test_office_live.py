"""Pages that are told what happens, through the front door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import SiteId
from crossdock.console.office import live
from tests.console.offices import Caller, Office, desk_of
from tests.devices.brokers import WAIT_S_MAX
from tests.world import World

SKU = "00131031"


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As little waiting as possible."""
    monkeypatch.setattr(live, "QUIET_S", 0.0)
    monkeypatch.setattr(live, "GAP_S", 0.0)
    monkeypatch.setattr(live, "POLL_S", 0.02)


@asynccontextmanager
async def told(caller: Caller, query: str = "") -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream that say something."""
    async with asyncio.timeout(WAIT_S_MAX), caller.client.stream("GET", f"/console/live?{query}") as answer:
        assert answer.status_code == 200, answer.status_code
        assert answer.headers["content-type"].startswith("text/event-stream")

        async def lines() -> AsyncIterator[str]:
            async for line in answer.aiter_lines():
                if line and line != ":":
                    yield line

        yield lines()


async def last_event(world: World) -> int:
    [(last,)] = await world.rows("SELECT coalesce(max(id), 0) FROM event")
    return int(last)


async def test_a_page_hears_of_what_happens_and_of_what_it_has_missed(office: Office) -> None:
    world = office.world
    caller = await office.as_support()
    known = await last_event(world)
    async with told(caller, f"since={known}") as lines:
        assert await anext(lines) == f"retry: {live.RETRY_MS}"
        await world.order("N-1", lines={SKU: 1})
        assert [await anext(lines), await anext(lines)] == ["event: changed", f"data: {await last_event(world)}"]
    async with told(caller, f"since={known}") as lines:
        await anext(lines)
        assert [await anext(lines), await anext(lines)] == ["event: changed", f"data: {await last_event(world)}"]


async def test_the_page_of_an_order_hears_of_that_order_only(office: Office) -> None:
    world = office.world
    order = await world.order("N-1", lines={SKU: 1})
    known = await last_event(world)
    caller = await office.as_support()
    async with told(caller, f"order={order.id}&since={known}") as lines:
        await anext(lines)
        await world.order("N-2", lines={SKU: 1})
        await world.rows(
            "INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)"
            " VALUES (47, 'told', 'x', %(id)s, 'house', '', '{}', now(), now()) RETURNING 1",
            id=order.id,
        )
        assert [await anext(lines), await anext(lines)] == ["event: changed", f"data: {await last_event(world)}"]


async def test_it_ends_with_the_session(office: Office) -> None:
    caller = await office.as_support()
    async with told(caller, f"since={await last_event(office.world)}") as lines:
        await anext(lines)
        assert (await caller.post("logout")).status_code == 303
        await office.world.order("N-1", lines={SKU: 1})
        assert await anext(lines) == "event: over"
    nobody = await office.nobody().client.get("/console/live")
    assert (nobody.status_code, nobody.headers["location"][:14]) == (303, "/console/login")


async def test_a_quiet_stream_beats_and_comes_to_its_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(live, "LIFE_S", 0.1)
    caller = await office.as_support()
    async with asyncio.timeout(WAIT_S_MAX):
        answer = await caller.client.get(f"/console/live?since={await last_event(office.world)}")
    assert answer.text.count(":\n\n") >= 1


async def test_so_many_pages_listen_and_no_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OF_SESSION_MAX", 2)
    caller = await office.as_support()
    async with told(caller) as first, told(caller) as second:
        await anext(first)
        await anext(second)
        assert (await caller.client.get("/console/live")).status_code == 503
        other = await office.as_support("sam")
        async with told(other) as third:
            await anext(third)
            monkeypatch.setattr(live, "LISTENERS_MAX", 3)
            more = await office.as_support("sim")
            assert (await more.client.get("/console/live")).status_code == 503
    async with asyncio.timeout(WAIT_S_MAX):  # a page that was closed makes room
        status = 503
        while status != 200:
            async with caller.client.stream("GET", "/console/live") as answer:
                status = answer.status_code


async def test_nobody_hears_of_an_order_that_is_not_for_them(office: Office) -> None:
    order = await office.world.order("N-1", lines={SKU: 1}, site_id=SiteId(12))
    manager = await office.as_manager()
    for asked in (order.id, 1, "x", 10**19):
        answer: httpx.Response = await manager.client.get(f"/console/live?order={asked}")
        assert answer.status_code == 404, asked


async def test_open_pages_show_it_without_being_loaded_again(office: Office, browser: Browser) -> None:
    world = office.world
    await world.stock(SKU, 5)
    order = await world.order("N-1", lines={SKU: 1}, state="allocated")
    caller = await office.as_support()
    async with desk_of(browser, office, caller) as page, asyncio.timeout(WAIT_S_MAX):
        await page.goto("/console")
        await page.evaluate("window.unchanged = true")
        await expect(page.locator("#n-outbound-allocated")).to_have_text("1")
        await world.order("N-2", lines={SKU: 1}, state="allocated")
        await expect(page.locator("#n-outbound-allocated")).to_have_text("2")
        assert await page.evaluate("window.unchanged")

        await page.goto(f"/console/orders/{order.id}")
        await page.evaluate("window.unchanged = true")
        await expect(page.locator(".state")).to_have_text("stock set aside")
        await world.ship(order.id)
        await expect(page.locator(".state")).to_have_text("shipped", timeout=WAIT_S_MAX * 1000)
        await expect(page.locator('[aria-labelledby="s-timeline"]')).to_contain_text("shipped")
        assert await page.evaluate("window.unchanged")
