"""Stock at the console, through the front door."""

import re

import pytest
from playwright.async_api import Browser, expect

from crossdock.base.ids import SiteId
from crossdock.console.office import screen
from crossdock.core.overview.model import HEAPS_SHOWN
from tests import statements
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of
from tests.core.places.shelves import Shelves
from tests.world import World

SKU = "00131031"
PAGE_BYTES_MAX = 100_000
STATEMENTS_OF_LIST, STATEMENTS_OF_BUCKET = 5, 7


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def listed(caller: Caller, query: str = "") -> list[str]:
    """The numbers of the buckets that a list shows."""
    page = await caller.get(f"stock?{query}")
    assert page.status_code == 200
    return re.findall(r'/console/stock/(\d+)">', page.text)


async def test_buckets_are_found_by_product_place_owner_lot_and_condition(office: Office) -> None:
    world = office.world
    await world.stock(SKU, 3, lot="L-1")
    await world.stock(SKU, 4, lot="L-2", site_id=SiteId(12))
    await world.stock("P-7001", 5)
    [one, two, three] = [str(row[0]) for row in await world.rows("SELECT id FROM stock ORDER BY id")]
    caller = await office.as_support()
    for query, found in {
        "": [one, two, three],
        f"q={SKU}": [one, two],
        f"q={SKU}&lot=L-2": [two],
        "site=WH-GZ01": [one, three],
        "owner=OWN-A&condition=good": [one, two, three],
        "owner=OWN-X": [],
        "condition=defective": [],
        "condition=nonsense": [one, two, three],
        "account=nobody": [],
        "q=nothing": [],
        "lot=%00": [one, two, three],
        f"after={one}": [two, three],
    }.items():
        assert await listed(caller, query) == found, query
    manager = await office.as_manager()
    assert await listed(manager) == [one, three]
    assert (await manager.get(f"stock/{two}")).status_code == 404
    assert (await caller.get("stock/99999")).status_code == 404
    assert (await caller.get(f"stock/{10**19}")).status_code == 404


async def test_a_bucket_shows_where_it_lies_and_its_ledger(office: Office) -> None:
    world = office.world
    shelves = await Shelves.of(world, pieces=5)
    await shelves.move(None, "A-01-1", 2)
    order = await world.order("N-1", lines={SKU: 2}, state="allocated")
    caller = await office.as_support()
    page = (await caller.get(f"stock/{shelves.stock_id}")).text
    assert "A-01-1" in page
    assert re.findall(r'not put away</td><td class="number">(\d+)', page) == ["3"]
    assert f'<a href="/console/orders/{order.id}">' in page
    assert f"reserve:{order.id}" in page
    assert "A-01-1: 2" in (await caller.get("stock")).text


async def test_a_list_names_a_few_locations_only(office: Office) -> None:
    shelves = await Shelves.of(office.world, pieces=50)
    for number in range(HEAPS_SHOWN + 1):
        await office.world.rows(
            "WITH made AS (INSERT INTO location (account_id, site_id, code, kind) VALUES (47, 80, %(code)s, 'shelf')"
            " RETURNING id) INSERT INTO located SELECT 47, %(stock)s, id, 1 FROM made RETURNING 1",
            code=f"Z-{number}",
            stock=shelves.stock_id,
        )
    caller = await office.as_support()
    text = (await caller.get("stock")).text
    assert f"Z-{HEAPS_SHOWN - 1}: 1 … and more" in text
    assert f"Z-{HEAPS_SHOWN}" not in text
    assert f"Z-{HEAPS_SHOWN}" in (await caller.get(f"stock/{shelves.stock_id}")).text


async def test_lists_go_on_from_a_key(office: Office) -> None:
    world = office.world
    for number in range(screen.ROWS_MAX + 1):
        await world.stock(SKU, 1, lot=f"L-{number}")
    caller = await office.as_support()
    first = await caller.get(f"stock?q={SKU}")
    assert len(first.content) < PAGE_BYTES_MAX
    [next_] = re.findall(r'href="(\?[^"]*)" rel="next"', first.text)
    assert len(await listed(caller, next_[1:].replace("&amp;", "&"))) == 1
    assert len(await listed(caller)) == screen.ROWS_MAX
    stock_id = (await world.rows("SELECT min(id) FROM stock"))[0][0]
    for _ in range(screen.ROWS_MAX):
        await world.stock(SKU, 1, lot="L-0")
    ledger = await caller.get(f"stock/{stock_id}")
    assert len(ledger.content) < PAGE_BYTES_MAX
    [next_] = re.findall(r'href="(\?[^"]*)" rel="next"', ledger.text)
    rest = await caller.get(f"stock/{stock_id}{next_}")
    assert len(re.findall(r"<td>test:[\d:]+</td>", rest.text)) == 1


async def test_it_costs_few_statements(office: Office) -> None:
    await office.world.stock(SKU, 1)
    caller = await office.as_support()
    for path, most in {f"stock?q={SKU}": STATEMENTS_OF_LIST, "stock/1": STATEMENTS_OF_BUCKET}.items():
        with statements.listed() as sent:
            await caller.get(path)
        assert len(sent) <= most, (path, sent)


async def test_in_a_browser(office: Office, browser: Browser) -> None:
    shelves = await Shelves.of(office.world, pieces=5)
    await shelves.move(None, "A-01-1", 2)
    caller = await office.as_support()
    async with desk_of(browser, office, caller) as page:
        await page.goto("/console/stock")
        await assert_accessible(page)
        await picture(page, "console-stock")
        await page.get_by_role("link", name=SKU).click()
        await expect(page.locator("#on-hand")).to_have_text("5")
        await assert_accessible(page)
        await picture(page, "console-ledger")
        await page.set_viewport_size({"width": 360, "height": 740})
        for path in ("/console/stock", f"/console/stock/{shelves.stock_id}"):
            await page.goto(path)
            await assert_accessible(page)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
