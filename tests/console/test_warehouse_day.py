"""One day of WH-GZ01 in a browser, from the truck at the dock to the parcels that left and the one that came back."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from bench.bench_pages import links, shape
from crossdock.base.ids import ServiceId
from tests.console.conftest import assert_accessible, picture
from tests.console.floors import BOSS, handheld, scan
from tests.console.offices import Office, desk_of
from tests.console.test_floor_packing import call_off
from tests.core.picking.floor import Floor
from tests.core.returning.conftest import Back
from tests.world import LOCKER_SERVICE, PARCEL_SERVICE, SHOP_SERVICE, World

SKUS: Final = tuple(f"DAY-{n:02}" for n in range(1, 21))
"""Each lies on a shelf of its own."""
PIECES: Final = 5
"""That come of each."""
ORDERS: Final = 12
PAGE_BYTES_MAX: Final = 100_000
PAGES_MIN: Final = {"/floor": 15, "/console": 25}
"""As many shapes of addresses are linked at least: whoever finds fewer has lost the way."""
PHONE_NARROW: Any = {"width": 360, "height": 740}
CALLED_OFF: Final = f"DAY-N{ORDERS - 1:02}"
"""The last that is packed."""
SERVICES: Final[Sequence[ServiceId]] = (PARCEL_SERVICE, LOCKER_SERVICE, SHOP_SERVICE)


def shelf(sku: str) -> str:
    return f"C-{sku.removeprefix('DAY-')}"


def wanted(n: int) -> dict[str, int]:
    """What order `n` asks for: two kinds of goods, two pieces of the first."""
    return {SKUS[n]: 2, SKUS[n + 8]: 1}


@pytest.mark.timeout(300)
async def test_a_day_in_the_warehouse(world: World, browser: Browser) -> None:
    floor = await Floor.of(world)
    for at, sku in enumerate(SKUS):
        await world.product(sku, f"Goods {sku}")
        await floor.place(shelf(sku), walk_order=100 + at)
    await floor.totes(*(f"CART-{n:02}" for n in range(1, ORDERS + 1)))
    await world.order(
        "IN-DAY", lines=dict.fromkeys(SKUS, PIECES), kind="inbound", state="announced", dialect="hongxun"
    )

    async with handheld(browser, world) as worker, handheld(browser, world, who=BOSS) as boss:
        await receive(worker)
        await put_away(worker)
        for n in range(ORDERS):
            await floor.order(f"DAY-N{n:02}", wanted(n), service=SERVICES[n % len(SERVICES)])
        await release(boss)
        await pick(worker)
        await pack(worker, world)
        await put_back(worker, boss)
        await ship(worker)
        await take_in(worker, world)
        await look_at_every_page(boss, "/floor")
    office = Office(world)
    async with desk_of(browser, office, await office.as_operator()) as desk:
        await look_at_every_page(desk, "/console")
    assert await world.rows(
        "SELECT state, count(*) FROM orders WHERE number LIKE 'DAY-N%%' GROUP BY 1 ORDER BY 1"
    ) == [
        ("cancelled", 1),
        ("shipped", ORDERS - 1),
    ]
    await world.verified()


async def receive(page: Page) -> None:
    await picture(page, "floor-menu")
    await page.goto("/floor/receive")
    await scan(page, "IN-DAY")
    await expect(page.locator("h1")).to_contain_text("IN-DAY")
    for sku in SKUS:
        await scan(page, sku)
        row = page.locator("section ul.rows li").filter(has_text=sku)
        await expect(row).to_contain_text("Now 1")
        await row.get_by_role("button").click()
        await expect(row).to_contain_text(f"Now {PIECES}")
    await picture(page, "floor-receive")
    await page.get_by_role("button", name=f"Book {len(SKUS) * PIECES} pieces").click()
    await expect(page.locator("#said")).to_contain_text("are booked and lie at DOCK-1")


async def put_away(page: Page) -> None:
    """Each kind of goods on its shelf, as fast as a scanner scans."""
    await page.goto("/floor/put-away")
    for sku in SKUS:
        await scan(page, sku)
        await scan(page, shelf(sku))
    await expect(page.locator("#said")).to_contain_text(f"{PIECES} × {SKUS[-1]} now in {shelf(SKUS[-1])}.")
    await expect(page.locator("main")).to_contain_text("Nothing waits to be put away.")


async def release(page: Page) -> None:
    await page.goto("/floor/waves/new")
    await page.select_option("[name=method]", "cluster")
    await page.get_by_role("button", name="Look first").click()
    await picture(page, "floor-wave")
    await page.get_by_role("button", name=f"Release {ORDERS} orders to the floor").click()
    await expect(page.locator("#said")).to_contain_text(f"{ORDERS} orders are on the floor.")


async def pick(page: Page) -> None:
    """As the page says: to the shelf, the product as often as it is wanted, into the tote of the order."""
    await page.goto("/floor/pick")
    await page.get_by_role("button", name="Take").click()
    await expect(page.locator("#where")).to_be_visible()
    totes: dict[str, str] = {}
    while await page.locator("#where").count():
        where, sku = await page.inner_text("#where"), await page.inner_text("#what strong")
        left = int((await page.inner_text("#left")).split()[0])
        number = (await page.inner_text("#into")).split()[1]
        if await page.locator("#where.next").count():
            await scan(page, where)
        for _ in range(left):
            await scan(page, sku)
        await expect(page.locator("#into")).to_contain_text(f"In hand: {left}")
        await scan(page, totes.setdefault(number, f"CART-{len(totes) + 1:02}"))
        await expect(page.locator("#said")).to_contain_text("into CART")
    await expect(page.locator("h1")).to_contain_text("This wave is done.")
    assert len(totes) == ORDERS


async def pack(page: Page, world: World) -> None:
    """Tote by tote, each line of its order as often as it is wanted; the label of each parcel opens.

    A wrong piece comes into the first one's hands, and the last order is called off while it is packed.
    """
    await page.goto("/floor/pack")
    await page.get_by_role("button", name="001").click()
    await expect(page.locator("#bench")).to_be_visible()
    for n in range(1, ORDERS + 1):
        await scan(page, f"CART-{n:02}")
        await expect(page.locator("#far")).to_contain_text("0 of 3")
        skus = [await row.inner_text() for row in await page.locator("#lines li .digits").all()]
        counts = [await row.inner_text() for row in await page.locator("#lines li .count").all()]
        pieces = [sku for sku, count in zip(skus, counts, strict=True) for _ in range(int(count.rpartition("/")[2]))]
        if n == 1:
            await scan(page, SKUS[-1])
            await expect(page.locator("#failure")).to_contain_text("does not belong to")
            await page.get_by_role("button", name="Understood, it is out").click()
            await expect(page.locator("#failure")).to_have_count(0)
        for done, sku in enumerate(pieces[:-1], start=1):
            await scan(page, sku)
            await expect(page.locator("#far")).to_contain_text(f"{done} of 3")
        if n == ORDERS:
            await call_off(world, CALLED_OFF)
            await scan(page, pieces[-1])
            await expect(page.locator("#failure")).to_contain_text(f"the owner of {CALLED_OFF} asked to call it off")
            return
        async with page.context.expect_page() as label:
            await scan(page, pieces[-1])
        await expect(page.locator("#said")).to_contain_text("it is on record which film shows it")
        await (await label.value).close()
        await page.bring_to_front()


async def put_back(worker: Page, boss: Page) -> None:
    """A manager lets it be called off, and its goods go back where they lay."""
    await boss.goto("/floor/waves")
    await boss.get_by_role("link", name="Wave 1").first.click()
    await boss.get_by_role("button", name="Call it off").click()
    await expect(boss.locator("#said")).to_contain_text(f"{CALLED_OFF} is called off")
    await worker.goto("/floor/put-backs")
    rows = worker.locator("ul.rows a")
    for left in (1, 0):
        sku = (await rows.first.inner_text()).split()[1]
        await rows.first.click()
        await expect(worker.locator(".what")).to_contain_text(sku)
        await scan(worker, shelf(sku))
        await expect(rows).to_have_count(left)


async def ship(page: Page) -> None:
    """Each parcel onto the manifest of where it goes: a carrier, a locker station, a shop; then all three leave."""
    await page.goto("/floor/ship")
    for n in range(ORDERS):
        number = f"DAY-N{n:02}"
        if number != CALLED_OFF:
            await scan(page, number)
            await expect(page.locator("#said")).to_contain_text(f"{number} goes to")
    manifests = [await row.get_attribute("href") for row in await page.locator("ul.rows a.row-link").all()]
    assert len(manifests) == len(SERVICES)
    for address in manifests:
        await page.goto(address or "")
        await page.get_by_text("Hand over", exact=True).click()
        await page.get_by_label("Driver").fill("Dana Driver")
        await page.get_by_role("button", name="Hand over:").click()
        await expect(page.locator("#said")).to_contain_text("orders left.")


async def take_in(page: Page, world: World) -> None:
    """One comes back: a piece goes into stock again, a broken one into quarantine."""
    await Back(world).announced("R-DAY", lines=wanted(0), reference="DAY-N00")
    await page.goto("/floor/returns")
    await scan(page, "DAY-N00")
    await page.get_by_role("button", name="It is here").click()
    await expect(page.locator("#said")).to_contain_text("R-DAY is here.")
    seen = 0
    for sku, quantity in wanted(0).items():
        for n in range(1, quantity + 1):
            if seen:
                await page.get_by_label("Damaged or unclear: quarantine").check()
                await page.get_by_label("What is wrong with it").fill("The box is crushed")
                await page.locator("#scan").focus()
            await scan(page, sku)
            await expect(page.locator("#said")).to_contain_text(f"1 × {sku} noted: {n} of {quantity}.")
            seen += 1
    await page.get_by_role("button", name="Book 3 pieces").click()
    await expect(page.locator("#said")).to_contain_text("1 back to stock, 2 in quarantine, 0 rejected.")


async def look_at_every_page(page: Page, first: str) -> None:
    """One of each shape that a link leads to: light, without serious findings, and no wider than a phone."""
    found, waiting = {shape(first)}, [first]
    while waiting:
        address = waiting.pop()
        answer = await page.goto(address)
        assert answer is not None
        if not urlsplit(page.url).path.startswith(first):
            continue
        assert answer.ok, address
        text = await answer.text()
        assert len(text.encode()) < PAGE_BYTES_MAX, address
        await assert_accessible(page)
        size = page.viewport_size
        await page.set_viewport_size(PHONE_NARROW)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert size is not None
        await page.set_viewport_size(size)
        new = {shape(to): to for to in links(text, address) if shape(to) not in found}
        found |= new.keys()
        waiting += new.values()
    assert len(found) > PAGES_MIN[first]
