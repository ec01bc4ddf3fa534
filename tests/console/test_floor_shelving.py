"""Put away and move: what the screens ask for, what they refuse in words, and a scanner that is faster than they."""

import pytest
from playwright.async_api import Browser

from crossdock.console.floor import shelving
from crossdock.core.places import commands as places
from tests.console.conftest import assert_accessible, picture
from tests.console.floors import WORKER, hand, handheld, scan
from tests.core.picking.floor import OTHER_SKU, SKU, Floor
from tests.world import World


async def test_goods_are_put_where_more_of_them_lies(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 3, "A-02-1")
    await floor.shelve(SKU, 12, "DOCK-1")
    async with hand(world) as worker:
        menu = await worker.get("/floor")
        assert "From the dock to a shelf" in menu.text
        page = await worker.send(await worker.get("/floor/put-away"), "/floor/put-away", code=SKU)
        assert ("More of it lies in A-02-1." in page.text, 'value="12"' in page.text) == (True, True)
        for quantity in (5, 5):  # the same tap twice
            done = await worker.send(page, "/floor/put-away", code="A-02-1", quantity=quantity)
            assert f"5 × {SKU} now in A-02-1." in done.text
        page = await worker.send(done, "/floor/put-away", code=SKU)
        assert 'value="7"' in page.text
        done = await worker.send(page, "/floor/put-away", code="R-01")
        assert "Nothing waits to be put away." in done.text
    assert await floor.lies() == {("A-02-1", SKU): 8, ("R-01", SKU): 7}
    await world.verified()


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"code": "TOTE-01"}, 409, "TOTE-01 is no place for this"),
        ({"code": "DOCK-1"}, 409, "DOCK-1 is no place for this"),
        ({"code": "B-01-1"}, 409, "B-01-1 is not in use."),
        ({"code": "nowhere"}, 404, "There is no location nowhere here."),
        ({"code": "9" * 65}, 404, "There is no location"),
        ({"code": "A-01-1", "quantity": "13"}, 409, "By the books 12 lie there, not 13"),
        ({"code": "A-01-1", "quantity": "0"}, 400, "cannot be used in the field"),
        ({"code": "A-01-1", "quantity": str(shelving.QUANTITY_MAX + 1)}, 400, "cannot be used in the field"),
        ({"code": "A-01-1", "quantity": str(shelving.QUANTITY_MAX)}, 409, "By the books 12 lie there"),
        ({"code": "A-01-1", "stock": "99999"}, 404, "do not lie there any more"),
        ({"code": "A-01-1", "word": "x"}, 403, "This page is from before you logged in."),
    ],
)
async def test_a_wrong_place_is_said_in_words(world: World, fields: dict[str, str], status: int, told: str) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 12, "DOCK-1")
    await floor.do(places.close_location, location_id=floor.places["B-01-1"].id)
    async with hand(world) as worker:
        page = await worker.send(await worker.get("/floor/put-away"), "/floor/put-away", code=SKU)
        refused = await worker.send(page, "/floor/put-away", **fields)
        assert (refused.status_code, told in refused.text, 'role="alert"' in refused.text) == (status, True, True)
    assert await floor.lies() == {("DOCK-1", SKU): 12}


async def test_goods_that_do_not_wait_and_addresses_that_are_over(world: World) -> None:
    floor = await Floor.of(world)
    stock_id = await floor.shelve(SKU, 1, "A-01-1")
    async with hand(world) as worker:
        home = await worker.get("/floor/put-away")
        for code, told in ((SKU, f"{SKU} does not wait at the dock"), ("nobody", "the code “nobody”")):
            refused = await worker.send(home, "/floor/put-away", code=code)
            assert (refused.status_code, told in refused.text) == (404, True)
        plate = await worker.send(home, "/floor/put-away", code="00395011015300000011")
        assert "Nothing came in on plate 395011015300000011." in plate.text
        for query in (f"stock={stock_id}", "stock=x", "plate=LPN-1", "product=nobody", "stock=" + "9" * 30):
            for path in ("put-away", "move"):
                assert (await worker.get(f"/floor/{path}?{query}")).status_code in {200, 400, 404}, query
        assert (await worker.get(f"/floor/move?location=99999&stock={stock_id}")).status_code == 404


async def test_of_goods_in_several_heaps_one_is_chosen(world: World) -> None:
    floor = await Floor.of(world)
    for lot in ("L-1", "L-2"):
        await floor.shelve(SKU, 2, "DOCK-1", lot=lot)
    async with hand(world) as worker:
        page = await worker.send(await worker.get("/floor/put-away"), "/floor/put-away", code=SKU)
        assert "Which of these is it?" in page.text
        [first, _] = [part for part in page.text.split('"') if part.startswith("/floor/put-away?stock=")]
        page = await worker.get(first.replace("&amp;", "&"))
        await worker.send(page, "/floor/put-away", code="A-01-1")
        page = await worker.send(await worker.get("/floor/move"), "/floor/move", code="A-01-1")
        assert ("Lies in A-01-1" in page.text, "Lot L-1" in page.text) == (True, True)
    await world.verified()


async def test_a_long_list_has_a_next(world: World) -> None:
    floor = await Floor.of(world)
    for number in range(shelving.HEAPS_SHOWN + 1):
        await floor.shelve(SKU, 1, "DOCK-1", lot=f"L-{number}")
    async with hand(world) as worker:
        first = await worker.get("/floor/put-away")
        assert (first.text.count("row-link"), len(first.content) < 100_000) == (shelving.HEAPS_SHOWN, True)
        [to] = [part for part in first.text.split('"') if part.endswith("after")]
        rest = await worker.get(to.replace("&amp;", "&"))
        assert (rest.text.count("row-link"), "after" in rest.text) == (1, False)


async def test_goods_are_moved_from_one_location_to_another(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 9, "A-01-1")
    async with hand(world) as worker:
        home = await worker.get("/floor/move")
        for code, told in (("TOTE-01", "TOTE-01 is no place for this"), ("nowhere", "There is no location nowhere")):
            assert told in (await worker.send(home, "/floor/move", code=code)).text
        page = await worker.send(home, "/floor/move", code="A-01-1")
        other = await worker.send(page, "/floor/move", code=OTHER_SKU)
        assert f"By the books {OTHER_SKU} does not lie in A-01-1." in other.text
        elsewhere = await worker.send(page, "/floor/move", code="A-02-1")
        assert "Nothing lies in A-02-1." in elsewhere.text
        page = await worker.send(page, "/floor/move", code=SKU)
        wrong = await worker.send(page, "/floor/move", code="LANE-1")
        assert wrong.status_code == 409
        same = await worker.send(wrong, "/floor/move", code="A-01-1")
        assert "It lies there already." in same.text
        for _ in range(2):
            done = await worker.send(same, "/floor/move", code="B-01-1", quantity=4)
            assert f"4 × {SKU} now in B-01-1." in done.text
    assert await floor.lies() == {("A-01-1", SKU): 5, ("B-01-1", SKU): 4}
    await world.verified()


async def test_a_scanner_that_is_faster_than_the_page_puts_away_and_moves(world: World, browser: Browser) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 12, "DOCK-1")
    await floor.shelve(OTHER_SKU, 3, "DOCK-1")
    async with handheld(browser, world) as page:
        await page.goto("/floor/put-away")
        await assert_accessible(page)
        for code in (SKU, "A-01-1", OTHER_SKU):
            await scan(page, code)
        await page.wait_for_selector("#advice:has-text('A-01-2')")
        await assert_accessible(page)
        await picture(page, "floor-put-away")
        await scan(page, "TOTE-01")
        await page.wait_for_selector("#failure")
        await picture(page, "floor-wrong")
        await scan(page, "A-01-2")
        await page.wait_for_selector("text=Nothing waits to be put away.")
        await page.goto("/floor/move")
        for code in ("A-01-1", SKU):
            await scan(page, code)
        await page.wait_for_selector("text=of 12")
        await assert_accessible(page)
        await picture(page, "floor-move")
        await page.fill('[name="quantity"]', "5")
        await page.focus("#scan")
        await scan(page, "R-01")
        await page.wait_for_selector("#said")
    assert await floor.lies() == {("A-01-1", SKU): 7, ("R-01", SKU): 5, ("A-01-2", OTHER_SKU): 3}
    async with handheld(browser, world, who=WORKER, language="zh", viewport={"width": 360, "height": 640}) as page:
        await page.goto("/floor/move")
        assert "移库" in await page.inner_text("h1")
        await assert_accessible(page)
    await world.verified()
