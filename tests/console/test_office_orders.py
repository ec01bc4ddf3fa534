"""Orders at the console: found by any number, and listed, through the front door."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import AccountId, CompanyId, SiteId, SubInventoryId
from crossdock.console.office import screen, seeing
from crossdock.core.orders.model import MOVES, NewLine, PlaceOrder
from crossdock.core.overview.model import FOUND_MAX, TEXT_CHARACTERS_MAX
from tests import statements
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of, failed
from tests.core.accounts.test_isolation import SECOND_ACCOUNT
from tests.world import ACCOUNT, SHOP_SERVICE, World

SKU = "00131031"
PAGE_BYTES_MAX = 100_000
STATEMENTS_OF_SEARCH, STATEMENTS_OF_LIST = 5, 5


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def numbers(caller: Caller, query: str) -> list[str]:
    """The orders that a list shows."""
    page = await caller.get(f"orders?{query}")
    return re.findall(r'/console/orders/\d+">([^<]*)</a>', page.text)


async def straight_to(caller: Caller, text: str) -> str:
    """Where the search box leads with this text."""
    answer = await caller.client.get("/console/orders", params={"q": text})
    return answer.headers.get("location", f"{answer.status_code}")


async def test_one_box_finds_an_order_by_whatever_is_known_of_it(office: Office) -> None:
    world = office.world
    shipped = await world.shipped("N-1", service=SHOP_SERVICE, reference="R-1")
    assert shipped.pick_up is not None
    left = await world.parcel("L-1", "T-1")
    car = await world.car("LDEMO1")
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET tracking_number = 'TRACK-9' WHERE id = %(id)s", id=shipped.order.id)
        await tx.execute(
            "INSERT INTO plate_batch (account_id, source_number, batch_key, content_hash, created_at, updated_at)"
            " VALUES (47, 'L-1', 'b', '', now(), now())"
        )
        await tx.execute(
            "INSERT INTO plate (account_id, source_number, batch_key, code, sku, quantity, members)"
            " VALUES (47, 'L-1', 'b', '395212340000000014', '00131031', 1, '{}')"
        )
    caller = await office.as_support()
    order = f"/console/orders/{shipped.order.id}"
    for text in (str(shipped.order.id), "N-1", " N-1 ", "R-1", "TRACK-9", shipped.pick_up.key):
        assert await straight_to(caller, text) == order, text
    for text in ("T-1", "L-1", "395212340000000014", "(00)395212340000000014"):
        assert await straight_to(caller, text) == f"/console/orders/{left.id}", text
    assert await straight_to(caller, "LDEMO1") == f"/console/orders/{car.id}"
    assert await straight_to(caller, SKU) == f"/console/stock?account=demo&q={SKU}"
    for text in ("", "nothing", "x" * TEXT_CHARACTERS_MAX, "x" * (TEXT_CHARACTERS_MAX + 1), "\0", "9" * 30, "<b>"):
        assert await straight_to(caller, text) == "200", text
    assert "“&lt;b&gt;”" in (await caller.client.get("/console/orders", params={"q": "<b>"})).text


async def test_several_orders_of_one_reference_are_listed(office: Office) -> None:
    for number in range(FOUND_MAX + 1):
        await office.world.order(f"N-{number}", lines={SKU: 1}, reference="SALE")
    caller = await office.as_support()
    page = await caller.get("orders?q=SALE")
    shown = re.findall(r'/console/orders/\d+">([^<]*)</a>', page.text)
    assert (len(shown), shown[0]) == (FOUND_MAX, f"N-{FOUND_MAX}")
    assert f"More than {FOUND_MAX} orders" in page.text
    assert len(page.content) < PAGE_BYTES_MAX


async def test_a_list_goes_on_from_its_last_order(office: Office) -> None:
    for number in range(screen.ROWS_MAX + 1):
        await office.world.order(f"N-{number}", lines={SKU: 1})
    caller = await office.as_support()
    page = await caller.get("orders")
    assert f"{screen.ROWS_MAX + 1} in all." in page.text
    assert len(page.content) < PAGE_BYTES_MAX
    [next_] = re.findall(r'href="(\?[^"]*)" rel="next"', page.text)
    assert len(await numbers(caller, "")) == screen.ROWS_MAX
    assert await numbers(caller, next_[1:]) == ["N-0"]


async def test_a_list_shows_what_was_asked_for(office: Office) -> None:
    world = office.world
    await world.order("D-1", lines={SKU: 1})
    await world.order("I-1", lines={SKU: 1}, kind="inbound", state="announced")
    await world.order("S-1", lines={SKU: 1}, site_id=SiteId(12))
    world.clock.advance(timedelta(days=2))
    late = await world.order("D-2", lines={SKU: 1})
    day = f"20{str(late.id)[:2]}-{str(late.id)[2:4]}-{str(late.id)[4:6]}"
    caller = await office.as_support()
    for query, shown in {
        "state=draft": ["D-2", "S-1", "D-1"],
        "state=draft&account=demo&site=WH-GZ01": ["D-2", "D-1"],
        "kind=inbound": ["I-1"],
        "kind=inbound&state=draft": [],
        "account=demo&site=SHOP-12": ["S-1"],
        f"since={day}": ["D-2"],
        f"until={day}": ["D-2", "S-1", "I-1", "D-1"],
        f"state=draft&since={day}&until={day}": ["D-2"],
        "since=1999-01-01": ["D-2", "S-1", "I-1", "D-1"],
        "until=9999-12-31": ["D-2", "S-1", "I-1", "D-1"],
        "account=nobody": [],
        "after=99x": ["D-2", "S-1", "I-1", "D-1"],
    }.items():
        assert await numbers(caller, query) == shown, query
    for query in ("state=gone", "kind=x", "since=yesterday", "site=WH-GZ01", "account=demo&site=%00"):
        answer = await caller.get(f"orders?{query}")
        assert (answer.status_code, failed(answer)[-32:]) == (400, failed(answer)[-32:]), query
        assert failed(answer).endswith("Nothing was done.")


async def test_who_sees_one_account_or_one_place_finds_nothing_else(office: Office) -> None:
    world = office.world
    async with world.desk.database.transaction() as tx:
        for statement in SECOND_ACCOUNT.split(";")[:-1]:
            await tx.execute(statement)
    mine = await world.order("N-1", lines={SKU: 1})
    await world.order("S-1", lines={SKU: 1}, site_id=SiteId(12))
    theirs: Any = await world.desk.orders.put(
        PlaceOrder(
            account_id=AccountId(48),
            company_id=CompanyId(36),
            kind="outbound",
            number="N-1",
            dialect="birdsystem",
            state="draft",
            site_id=SiteId(180),
            sub_inventory_id=SubInventoryId(1000),
            lines=(NewLine(line_key="1", sku=SKU, quantity=1),),
        )
    )
    everyone = await office.as_support()
    assert len(await numbers(everyone, "q=N-1")) == 2
    assert len(await numbers(everyone, "")) == 3
    one = await office.as_support("sam", account_id=ACCOUNT)
    assert await straight_to(one, "N-1") == f"/console/orders/{mine.id}"
    assert await straight_to(one, str(theirs.order.id)) == "200"
    assert await numbers(one, "account=other") == []
    manager = await office.as_manager()
    assert await straight_to(manager, "N-1") == f"/console/orders/{mine.id}"
    assert await straight_to(manager, "S-1") == "200"
    assert await numbers(manager, "") == ["N-1"]


async def test_it_costs_few_statements(office: Office) -> None:
    await office.world.order("N-1", lines={SKU: 1}, reference="R-1")
    await office.world.order("N-2", lines={SKU: 1}, reference="R-1")
    caller = await office.as_support()
    for query, most in {"q=R-1": STATEMENTS_OF_SEARCH, "state=draft": STATEMENTS_OF_LIST}.items():
        with statements.listed() as sent:
            await caller.get(f"orders?{query}")
        assert len(sent) <= most, (query, sent)


def test_every_state_and_kind_has_a_word() -> None:
    assert {state for moves in MOVES.values() for state in moves} <= set(seeing.STATES)
    assert set(MOVES) == set(seeing.KINDS)


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    for number in range(3):
        await office.world.order(f"PO-10{number}", lines={SKU: 1}, reference="SALE-7")
    caller = await office.as_support()
    async with desk_of(browser, office, caller) as page:
        await page.goto("/console/orders")
        await assert_accessible(page)
        await picture(page, "console-orders")
        await page.get_by_role("searchbox", name="Search").fill("SALE-7")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Orders behind “SALE-7”")
        await assert_accessible(page)
        await page.set_viewport_size({"width": 360, "height": 740})
        await assert_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
