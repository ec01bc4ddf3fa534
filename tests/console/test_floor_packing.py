"""The pack bench: over HTTP, and in a browser with a scanner."""

import asyncio
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, Route

from crossdock.console.floor import packing
from crossdock.console.floor.packing import LINES_SHOWN
from crossdock.core.bench.model import WEIGHT_G_MAX
from crossdock.core.fulfilment import calling_off
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.calling_off import CallOff
from crossdock.core.orders.model import NewLine, Order
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from crossdock.core.transport import readings
from crossdock.core.transport.model import Reading
from tests.console.conftest import PHONE, assert_accessible, picture
from tests.console.floors import BOSS, DESK, Hand, hand, handheld, scan
from tests.core.picking.floor import HERE, OTHER_SKU, SKU, Floor
from tests.world import ACCOUNT, World

HOME = "/floor/pack"
PAGE_BYTES_MAX = 100_000
STRANGE = "IP-XX3355"


async def picked(world: World, number: str, lines: dict[str, int], tote: str = "TOTE-01") -> Order:
    """An order of these goods lies in a tote of the demo's warehouse."""
    floor = await Floor.of(world)
    if not await world.rows("SELECT 1 FROM staff WHERE username = 'picker1'"):
        await floor.hire()
    floor.people = [row[0] for row in await world.rows("SELECT id FROM staff WHERE username = 'picker1'")]
    for sku, pieces in lines.items():
        await floor.shelve(sku, pieces, "A-01-1")
    order = await floor.order(number, lines)
    wave = await floor.wave()
    while (pick := await floor.next(wave)) is not None:
        await floor.pick(pick, tote)
    return order


async def call_off(world: World, number: str) -> None:
    async with world.desk.database.transaction() as tx:
        await calling_off.call_off(tx, account_id=ACCOUNT, wanted=CallOff(number=number, content_hash=b"1"))


class Packer:
    """Somebody at bench 001."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.page: httpx.Response
        self.base = ""

    async def stand(self, bench: str = "001") -> None:
        page = await self.hand.get(HOME)
        assert "Which bench is this?" in page.text
        self.page = await self.hand.send(page, f"{HOME}/bench", bench)
        assert f"Bench {bench}" in self.page.text

    async def open(self, code: str) -> httpx.Response:
        self.page = await self.hand.send(self.page, HOME, code=code)
        self.base = self.page.url.path
        return self.page

    async def scan(self, code: str, **fields: Any) -> httpx.Response:
        self.page = await self.hand.send(self.page, f"{self.base}/scan", code=code, **fields)
        return self.page

    async def send(self, what: str, **fields: Any) -> httpx.Response:
        self.page = await self.hand.send(self.page, f"{self.base}/{what}", **fields)
        return self.page


async def test_every_piece_is_scanned_and_the_last_one_closes_the_parcel(world: World) -> None:
    order = await picked(world, "N-1", {SKU: 2, OTHER_SKU: 1})
    async with hand(world) as person:
        assert "Scan every piece; the last one closes the parcel" in (await person.get("/floor")).text
        packer = Packer(person)
        await packer.stand()
        assert ("N-1" in packer.page.text, "TOTE-01" in packer.page.text) == (True, True)
        page = await packer.open("TOTE-01")
        assert "N-1: 3 pieces." in page.text
        assert f"Nobody measured {OTHER_SKU}" in page.text
        assert (await person.get(HOME)).status_code == 303, "who packs comes back to it"
        world.clock.advance(timedelta(seconds=9))
        page = await packer.scan(SKU)
        assert f"{SKU}: 1 of 2." in page.text
        page = await packer.send("undo")
        assert "Taken out." in page.text
        for code in (SKU, OTHER_SKU, SKU):
            page = await packer.scan(code)
        assert "N-1 is packed, and it is on record which film shows it." in page.text
        assert (page.url.path, page.url.query) == (packer.base, b"label=1")
        assert len(page.content) < PAGE_BYTES_MAX
        label = await person.get(f"/floor/papers/label/{order.id}.pdf")
        assert (label.status_code, label.content[:5]) == (200, b"%PDF-")
    [(station, operator, filmed)] = await world.rows("SELECT station, operator, filmed_to - filmed_from FROM packing")
    assert (station, operator, filmed) == ("001", "floor1", timedelta(seconds=9))
    await world.verified()


async def test_a_wrong_piece_blocks_in_words_until_somebody_has_seen_it(world: World) -> None:
    await picked(world, "N-1", {SKU: 1, OTHER_SKU: 1})
    async with hand(world) as person:
        packer = Packer(person)
        await packer.stand()
        await packer.open("N-1")
        for code, said in (
            (STRANGE, f"Wrong: {STRANGE} does not belong to N-1. Take it out."),
            ("no-such-code", "Nothing goes by “no-such-code”."),
        ):
            page = await packer.scan(code)
            assert (page.status_code, said in page.text, 'data-sound="wrong"' in page.text) == (409, True, True)
            packer.page = await person.get(packer.base)
            assert (packer.page.status_code, said in packer.page.text) == (200, True), "it stays"
        page = await packer.send("seen")
        assert "Nothing goes by" not in page.text
        await packer.scan(SKU)
        page = await packer.scan(SKU)
        assert f"Too many of {SKU}: 0 are missing, this is 1. Take it out." in page.text
        page = await packer.scan(OTHER_SKU)
        assert "N-1 is packed" in page.text
    await world.verified()


async def test_a_call_off_stops_the_parcel_and_says_where_its_goods_go(world: World) -> None:
    await picked(world, "N-1", {SKU: 2})
    async with hand(world) as person:
        packer = Packer(person)
        await packer.stand()
        await packer.open("N-1")
        await packer.scan(SKU)
        await call_off(world, "N-1")
        page = await packer.scan(SKU)
        said = "Stop: the owner of N-1 asked to call it off. Put everything back where it came from"
        assert (page.status_code, said in page.text, "TOTE-01" in page.text) == (409, True, True)
        again = await person.get(packer.base)
        assert (again.status_code, said in again.text, "/floor/put-backs" in again.text) == (200, True, True)
        packer.page = await person.get(HOME)
        page = await packer.open("N-1")
        assert (page.status_code, "Do not pack N-1: its owner asked to call it off." in page.text) == (409, True)
    assert await world.rows("SELECT state FROM orders") == [("picking",)]
    assert await world.rows("SELECT 1 FROM packing") == []
    await world.verified()


async def test_an_order_is_put_aside_and_packed_by_somebody_else(world: World) -> None:
    await picked(world, "N-1", {SKU: 1})
    async with hand(world) as person, hand(world, BOSS) as boss:
        packer, other = Packer(person), Packer(boss)
        for one in (packer, other):
            await one.stand()
        await packer.open("N-1")
        other.page = await boss.get(HOME)
        assert "floor1 packs an order here." in other.page.text
        page = await other.open("TOTE-01")
        assert (page.status_code, "floor1 packs N-1 at bench 001 at this moment." in page.text) == (409, True)
        page = await packer.send("aside", reason="9" * (REASON_CHARACTERS_MAX + 1))
        assert page.status_code == 400
        page = await packer.send("aside", reason="9" * REASON_CHARACTERS_MAX)
        assert "N-1 was put aside." in page.text
        ended = await person.get(packer.base)
        assert "N-1 was put aside." in ended.text
        await other.open("N-1")
        await other.scan(SKU)
    assert await world.rows("SELECT operator FROM packing") == [("boss1",)]
    await world.verified()


async def test_a_parcel_is_weighed_by_hand_or_by_the_scale(world: World) -> None:
    order = await picked(world, "N-1", {SKU: 2})
    async with hand(world) as person:
        packer = Packer(person)
        await packer.stand()
        page = await packer.open("N-1")
        assert ("Carton XS" in page.text, "200 × 150 × 100 mm" in page.text) == (True, True)
        for _ in range(2):
            page = await packer.scan(SKU)
        assert "1090 g are expected." in page.text
        async with world.desk.database.transaction() as tx:
            sides = {f"{side}_mm": Decimal(100) for side in ("length", "width", "height")}
            seen = Reading(
                mailno=str(order.id),
                device="DWS-1",
                weight_g=Decimal(1105),
                volume_cm3=Decimal(1000),
                measured_at=tx.now,
                **sides,
            )
            await readings.read(tx, **HERE, reading=seen)
        packer.page = await person.get(packer.base)
        assert "The scale DWS-1 read 1105 g." in packer.page.text
        assert 'id="odd"' not in packer.page.text
        for wrong in ("0", str(WEIGHT_G_MAX + 1), "heavy"):
            assert (await packer.send("weigh", weight_g=wrong)).status_code == 400, wrong
        assert (await packer.send("weigh", weight_g="1105", box="crate")).status_code == 404
        page = await packer.send("weigh", weight_g="2400", box="S")
        assert "It weighs 2400 g, 1180 g are expected." in page.text
    assert await world.rows("SELECT weight_g, box FROM bench_packing") == [(2400, "S")]


async def test_a_serial_number_is_asked_for(world: World) -> None:
    await world.rows("UPDATE product SET serial_tracked = true WHERE sku = %(sku)s RETURNING 1", sku=SKU)
    await picked(world, "N-1", {SKU: 1})
    async with hand(world) as person:
        packer = Packer(person)
        await packer.stand()
        await packer.open("N-1")
        page = await packer.scan(SKU)
        assert (page.status_code, f"Scan the serial number of {SKU}" in page.text) == (400, True)
        page = await packer.send("scan", serial="SN-1")
        assert "N-1 is packed" in page.text


async def test_a_bench_has_a_name_and_a_browser_remembers_it(world: World) -> None:
    await picked(world, "N-1", {SKU: 1})
    async with hand(world) as person:
        page = await person.get(HOME)
        assert "North Warehouse" in page.text
        wrong = await person.send(page, f"{HOME}/bench", "001", bench="999/001")
        assert (wrong.status_code, "This warehouse has no bench of this name." in wrong.text) == (404, True)
        packer = Packer(person)
        packer.page = await person.send(page, f"{HOME}/bench", "I pack here", other="by the door")
        assert ("Bench by the door" in packer.page.text, "no camera" in packer.page.text) == (True, True)
        page = await person.get(f"{HOME}?bench=1")
        assert "Which bench is this?" in page.text
        await packer.open("N-1")
        page = await packer.scan(SKU)
        assert "N-1 is packed. No camera watches this bench." in page.text
    assert await world.rows("SELECT station, warnings FROM packing") == [
        ("by the door", {"no_camera": {"station": "by the door"}})
    ]
    async with hand(world) as person:
        page = await person.client.get(HOME, headers={"cookie": "crossdock_floor_bench=!!"})
        assert page.status_code == 303


async def test_long_lists_end_and_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    floor = await Floor.of(world)
    for number, lines in (("N-1", LINES_SHOWN), ("N-2", LINES_SHOWN + 1)):
        await floor.shelve(SKU, lines, "A-01-1")
        new = tuple(NewLine(line_key=str(line), sku=SKU, quantity=1) for line in range(lines))
        order = await world.order(number, new_lines=new, state="allocated")
        async with world.desk.database.transaction() as tx:
            await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order.id)
    async with hand(world) as person:
        packer = Packer(person)
        await packer.stand()
        for most, more in ((2, False), (1, True)):
            monkeypatch.setattr(packing, "READY_LISTED_MAX", most)
            packer.page = await person.get(HOME)
            assert ("More wait: scan their totes." in packer.page.text) is more
        page = await packer.open("N-1")
        assert "more lines" not in page.text
        packer.page = await packer.send("aside")
        page = await packer.open("N-2")
        assert "1 more lines" in page.text
        assert len(page.content) < PAGE_BYTES_MAX


@pytest.mark.parametrize("path", ["", "/scan", "/seen", "/undo", "/aside", "/weigh"])
async def test_a_packing_that_is_not_here_is_unknown(world: World, path: str) -> None:
    async with hand(world) as person:
        packer = Packer(person)
        await packer.stand()
        if not path:
            assert (await person.get(f"{HOME}/7")).status_code == 404
            return
        sent = dict(re.findall(r'name="(word|operation_id)" value="([^"]+)"', packer.page.text))
        answer = await person.client.post(f"{HOME}/7{path}", data={**sent, "code": SKU})
        assert answer.status_code == 404


async def test_a_parcel_is_packed_with_a_scanner(world: World, browser: Browser) -> None:
    order = await picked(world, "N-1", {SKU: 2, OTHER_SKU: 1})
    await picked(world, "N-2", {SKU: 1}, "TOTE-02")
    async with handheld(browser, world, viewport=DESK) as page:
        await page.goto(HOME)
        await assert_accessible(page)
        await page.get_by_role("button", name="001").click()
        await page.wait_for_selector("#bench")
        await assert_accessible(page)
        await scan(page, "TOTE-01")
        await page.wait_for_selector("#far")
        await scan(page, SKU)
        await page.wait_for_selector("#far >> text=/^1/")
        await picture(page, "floor-pack")
        await assert_accessible(page)
        await scan(page, STRANGE)
        await page.wait_for_selector("#failure")
        assert "does not belong to N-1" in await page.inner_text("#failure")
        await assert_accessible(page)
        await picture(page, "floor-pack-wrong")
        await page.reload()
        assert "does not belong to N-1" in await page.inner_text("#failure")
        await page.get_by_role("button", name="Understood, it is out").click()
        await page.wait_for_selector("#failure", state="detached")
        await scan(page, OTHER_SKU)
        await page.wait_for_selector("#far >> text=/^2/")
        async with page.context.expect_page() as opened:
            await scan(page, SKU)
        label = await opened.value
        await page.wait_for_selector("#label")
        address = await page.get_attribute("#label", "href")
        assert address == f"/floor/papers/label/{order.id}.pdf"
        assert (await (await page.request.get(address)).body())[:5] == b"%PDF-"
        await label.close()
        await assert_accessible(page)
        await picture(page, "floor-pack-closed")
        await page.bring_to_front()
        await scan(page, "TOTE-02")
        await page.wait_for_selector("#far >> text=/^0/")
        await call_off(world, "N-2")
        await scan(page, SKU)
        await page.wait_for_selector("#failure")
        assert "Stop: the owner of N-2 asked to call it off." in await page.inner_text("#failure")
        await assert_accessible(page)
    await world.verified()


async def test_a_scan_right_after_a_button_waits_its_turn(world: World, browser: Browser) -> None:
    await picked(world, "N-1", {SKU: 2, OTHER_SKU: 1})
    scanned = asyncio.Event()

    async def slow(route: Route) -> None:
        await scanned.wait()
        await route.continue_()

    async with handheld(browser, world, viewport=DESK) as page:
        await page.goto(HOME)
        await page.get_by_role("button", name="001").click()
        await page.wait_for_selector("#bench")
        await scan(page, "TOTE-01")
        await page.wait_for_selector("#far")
        await scan(page, SKU)
        await page.wait_for_selector("#far >> text=/^1/")
        await page.route("**/undo", slow)
        for _ in range(2):
            await page.locator("form[action$='/undo'] button").click(no_wait_after=True)
        await scan(page, OTHER_SKU)
        await page.keyboard.type("0013")
        scanned.set()
        await page.wait_for_selector("form[action$='/undo'] >> text=P-7001")
        await page.keyboard.type("1031")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#far >> text=/^2/")
    rows = await world.rows("SELECT code, taken_back_at IS NULL FROM bench_scan ORDER BY id")
    assert rows == [(SKU, False), (OTHER_SKU, True), (SKU, True)]
    await world.verified()


async def test_a_bench_fits_a_phone_and_speaks_chinese(world: World, browser: Browser) -> None:
    await picked(world, "N-1", {SKU: 30, OTHER_SKU: 1})
    async with handheld(browser, world, language="zh-CN", viewport={**PHONE, "width": 360}) as page:
        await page.goto(HOME)
        await page.get_by_role("button", name="001").click()
        await page.wait_for_selector("#bench")
        await picture(page, "phone-home")
        await scan(page, "N-1")
        await page.wait_for_selector("#far")
        assert await _wide(page) <= 360
        await scan(page, STRANGE)
        await page.wait_for_selector("#failure")
        assert "不属于 N-1" in await page.inner_text("#failure")
        assert await _wide(page) <= 360
        await picture(page, "phone-wrong")


async def _wide(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))
