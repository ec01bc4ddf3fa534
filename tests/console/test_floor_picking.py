"""Waves and picking on the floor: over HTTP, and once in a browser with a scanner."""

from playwright.async_api import Browser

from crossdock.core.picking.model import WAVE_ORDERS_MAX
from tests.console.conftest import assert_accessible, picture
from tests.console.floors import BOSS, Hand, hand, handheld, scan
from tests.core.picking.floor import OTHER_SKU, SKU, Floor
from tests.world import World


async def shelves(world: World) -> Floor:
    """Goods on A-01-1 and A-02-1 of the demo's warehouse."""
    floor = await Floor.of(world)
    await floor.shelve(SKU, 9, "A-01-1")
    await floor.shelve(OTHER_SKU, 9, "A-02-1")
    return floor


async def released(boss: Hand, **fields: object) -> int:
    """A manager looks at a wave, and makes it; its number."""
    seen = await boss.get("/floor/waves/new?" + "&".join(f"{name}={value}" for name, value in fields.items()))
    assert seen.status_code == 200, seen.text
    made = await boss.send(seen, "/floor/waves", "Release")
    assert made.status_code == 200
    assert "are on the floor" in made.text
    return int(made.url.path.rpartition("/")[2])


async def test_a_manager_looks_first_and_then_releases_a_wave(world: World) -> None:
    floor = await shelves(world)
    for number in ("N-1", "N-2"):
        await floor.order(number, {SKU: 2})
    await floor.shelve("IP-XX3355", 1, "Q-01")
    await floor.order("N-3", {"IP-XX3355": 1})
    async with hand(world, BOSS) as boss:
        menu = await boss.get("/floor")
        assert "Orders that are picked together" in menu.text
        seen = await boss.get("/floor/waves/new?method=cluster&most=5")
        assert "2 orders, 4 pieces, 1 stops" in seen.text
        assert "IP-XX3355: 0 of 1 can be picked" in seen.text
        for wrong in ("most=0", f"most={WAVE_ORDERS_MAX + 1}", "hours=x", "lines_max=-1", "service=" + "9" * 30):
            assert (await boss.get(f"/floor/waves/new?{wrong}")).status_code == 400, wrong
        assert (await boss.get(f"/floor/waves/new?most={WAVE_ORDERS_MAX}")).status_code == 200
        made = await boss.send(seen, "/floor/waves", "Release")
        assert "Wave 1: 2 orders are on the floor." in made.text
        again = await boss.send(seen, "/floor/waves", "Release")
        assert again.url.path == "/floor/waves/1", "the same tap makes no second wave"
        none = await boss.get("/floor/waves/new?method=single")
        assert "No order that waits fits" in none.text
        assert (await boss.get("/floor/waves/77")).status_code == 404
        listed = await boss.get("/floor/waves")
        assert ("0/2" in listed.text, "0 of 4 pieces" in listed.text) == (True, True)
        ended = await boss.send(made, "/floor/waves/1/cancel")
        assert "cancelled" in ended.text
    async with hand(world) as worker:
        assert (await worker.get("/floor/waves")).status_code == 403
        assert "Orders that are picked together" not in (await worker.get("/floor")).text


async def test_a_walk_asks_for_location_product_and_tote_and_refuses_what_is_wrong(world: World) -> None:
    floor = await shelves(world)
    await floor.order("N-1", {SKU: 2, OTHER_SKU: 1})
    async with hand(world, BOSS) as boss, hand(world) as worker:
        wave = await released(boss, method="single")
        page = await worker.send(await worker.get("/floor/pick"), f"/floor/pick/{wave}/take")
        to = f"/floor/pick/{wave}/scan"
        assert "Go to A-01-1 and scan it" in page.text
        wrong = await worker.send(page, to, code="A-02-1")
        assert (wrong.status_code, "This is not A-01-1." in wrong.text, "A-02-1" in wrong.text) == (409, True, True)
        page = await worker.send(wrong, to, code="A-01-1")
        assert "Scan the product" in page.text
        wrong = await worker.send(page, to, code=OTHER_SKU)
        assert (wrong.status_code, f"This is not {SKU}." in wrong.text) == (409, True)
        wrong = await worker.send(wrong, to, code=SKU, quantity=3)
        assert (wrong.status_code, "2 are still to be taken" in wrong.text) == (400, True)
        page = await worker.send(wrong, to, code=SKU, quantity=1)
        assert "In hand: 1" in page.text
        page = await worker.send(page, to, code=SKU)
        assert "In hand: 2" in page.text
        wrong = await worker.send(page, to, code="A-01-1")
        assert (wrong.status_code, "A-01-1 is not a tote" in wrong.text) == (409, True)
        wrong = await worker.send(wrong, to, code="nowhere")
        assert (wrong.status_code, "There is no location nowhere here." in wrong.text) == (404, True)
        last = wrong
        page = await worker.send(wrong, to, code="TOTE-01")
        assert f"2 × {SKU} into TOTE-01." in page.text
        assert "Go to A-02-1 and scan it" in page.text
        again = await worker.send(last, to, code="TOTE-01")
        assert (again.status_code, "Go to A-02-1" in again.text) == (200, True), "the same scan acts once"
        assert (await floor.lies())["TOTE-01", SKU] == 2
        page = await worker.send(page, to, code="A-02-1")
        page = await worker.send(page, to, code=OTHER_SKU)
        wrong = await worker.send(page, to, code="TOTE-02")
        assert (wrong.status_code, "these goods belong into TOTE-01" in wrong.text) == (409, True)
        page = await worker.send(wrong, to, code="TOTE-01")
        assert "This wave is done." in page.text
    assert await floor.state("N-1") == "picking"
    await world.verified()


async def test_what_is_missing_is_fetched_elsewhere_or_the_order_is_held_and_tried_again(world: World) -> None:
    floor = await shelves(world)
    await floor.shelve(SKU, 1, "B-01-1")
    await floor.order("N-1", {SKU: 10, OTHER_SKU: 1})
    async with hand(world, BOSS) as boss, hand(world) as worker:
        wave = await released(boss, method="single")
        page = await worker.send(await worker.get("/floor/pick"), f"/floor/pick/{wave}/take")
        to, missing = f"/floor/pick/{wave}/scan", f"/floor/pick/{wave}/short"
        page = await worker.send(page, to, code="A-01-1")
        page = await worker.send(page, to, code=SKU, quantity=8)
        page = await worker.send(page, to, code="TOTE-01")
        refused = await worker.send(page, missing, reason="tired")
        assert (refused.status_code, "Please say why" in refused.text) == (400, True)
        page = await worker.send(refused, missing, reason="not_found")
        assert "1 missing at A-01-1: N-1 is held." in page.text
        assert await floor.state("N-1") == "held"
        listed = await boss.get("/floor/waves")
        assert ("A-01-1" in listed.text, "not found" in listed.text) == (True, True)
        back = await worker.get("/floor/put-backs")
        [row] = [one for one in back.text.split('"') if one.startswith("/floor/put-backs?row=")]
        chosen = await worker.get(row)
        done = await worker.send(chosen, "/floor/put-backs", code="B-01-1")
        assert f"8 × {SKU} put back to B-01-1." in done.text
        held = await boss.get("/floor/back-orders")
        assert "short pick: 1 x 00131031 A-01-1 not_found" in held.text
        tried = await boss.send(held, "/floor/back-orders")
        assert "N-1 has its goods again" in tried.text
        assert "N-1" not in (await boss.get("/floor/back-orders")).text.split("<h1>")[1]
    await world.verified()


async def test_a_batch_is_sorted_by_scanning_a_piece_and_then_a_tote(world: World) -> None:
    floor = await shelves(world)
    for number in ("N-1", "N-2"):
        await floor.order(number, {SKU: 1})
    async with hand(world, BOSS) as boss, hand(world) as worker:
        wave = await released(boss, method="batch")
        page = await worker.send(await worker.get("/floor/pick"), f"/floor/pick/{wave}/take")
        to, sort = f"/floor/pick/{wave}/scan", f"/floor/pick/{wave}/sort"
        for code, fields in (("A-01-1", {}), (SKU, {"quantity": 2}), ("TOTE-04", {})):
            page = await worker.send(page, to, code=code, **fields)
        assert "2 pieces are to be sorted" in page.text
        page = await worker.get(sort)
        wrong = await worker.send(page, sort, code=OTHER_SKU)
        assert (wrong.status_code, "No piece of this is still to be sorted" in wrong.text) == (409, True)
        for place in ("1", "2"):
            page = await worker.send(page, sort, code=SKU)
            assert f"into place {place}" in page.text
            page = await worker.send(page, sort, code=f"TOTE-0{place}")
        assert "All is sorted." in page.text
    await world.verified()


async def test_shelves_are_refilled_from_where_waves_would_have_to_go(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 1, "A-01-1")
    await floor.shelve(SKU, 9, "R-01")
    await floor.order("N-1", {SKU: 4})
    async with hand(world, BOSS) as boss, hand(world) as worker:
        wave = await released(boss, method="single")
        listed = await worker.get("/floor/refills")
        assert "bring 3 to A-01-1" in listed.text
        [row] = [one for one in listed.text.split('"') if one.startswith("/floor/refills?row=")]
        chosen = await worker.get(row)
        wrong = await worker.send(chosen, "/floor/refills", code="TOTE-01")
        assert (wrong.status_code, "they are put on a shelf" in wrong.text) == (409, True)
        wrong = await worker.send(wrong, "/floor/refills", code="A-01-1", quantity=4)
        assert wrong.status_code == 409
        half = await worker.send(wrong, "/floor/refills", code="A-01-1", quantity=2)
        assert f"2 × {SKU} now on A-01-1." in half.text
        assert "bring 1 to A-01-1" in half.text
        page = await worker.send(await worker.get("/floor/pick"), f"/floor/pick/{wave}/take")
        assert "A-01-1" in page.text
    await world.verified()


async def test_a_batch_is_picked_and_sorted_with_a_scanner_and_a_piece_is_missing(
    world: World, browser: Browser
) -> None:
    floor = await shelves(world)
    for number in ("N-1", "N-2"):
        await floor.order(number, {SKU: 1})
    await floor.order("N-3", {OTHER_SKU: 9})
    async with hand(world, BOSS) as boss:
        await released(boss, method="batch", lines_max=1)
    async with handheld(browser, world) as page:
        await page.goto("/floor/pick")
        await assert_accessible(page)
        await page.get_by_role("button", name="Take").click()
        await page.wait_for_selector("text=Go to A-01-1")
        for code in ("A-01-1", SKU, SKU):
            await scan(page, code)
        await page.wait_for_selector("text=In hand: 2")
        await scan(page, "TOTE-04")
        await page.wait_for_selector("text=Go to A-02-1")
        await page.get_by_text("Something is missing").click()
        await assert_accessible(page)
        await picture(page, "floor-short")
        await page.get_by_role("button", name="9 pieces are missing").click()
        await page.wait_for_selector("text=N-3 is held.")
        await page.get_by_role("link", name="2 pieces are to be sorted").click()
        await page.wait_for_selector("text=Scan a piece from the batch tote")
        await scan(page, SKU)
        await page.wait_for_selector("text=into place 1")
        await assert_accessible(page)
        await picture(page, "floor-sort")
        for code in ("TOTE-01", SKU, "TOTE-02"):
            await scan(page, code)
        await page.wait_for_selector("text=All is sorted.")
        await page.goto("/floor/count")
        await page.wait_for_selector("text=not found")
        await picture(page, "floor-to-count")
    await world.verified()


async def test_a_cart_is_walked_with_a_scanner(world: World, browser: Browser) -> None:
    floor = await shelves(world)
    for number in ("N-1", "N-2"):
        await floor.order(number, {SKU: 1, OTHER_SKU: 1})
    async with hand(world, BOSS) as boss:
        wave = await released(boss, method="cluster")
    async with handheld(browser, world) as page:
        await page.goto("/floor/pick")
        await page.get_by_role("button", name="Take").click()
        await page.wait_for_selector("text=Go to A-01-1")
        for code in ("A-01-1", SKU, "TOTE-01", SKU):
            await scan(page, code)
        await page.wait_for_selector("text=In hand: 1")
        await assert_accessible(page)
        await picture(page, "floor-pick")
        await scan(page, "TOTE-01")
        await page.wait_for_selector("#failure")
        assert "Other goods lie in TOTE-01" in await page.inner_text("#failure")
        await scan(page, "TOTE-02")
        await page.wait_for_selector("text=Go to A-02-1")
        for code in ("A-02-1", OTHER_SKU, "TOTE-01", OTHER_SKU, "TOTE-02"):
            await scan(page, code)
        await page.wait_for_selector("text=This wave is done.")
    assert (await floor.lies())["TOTE-02", OTHER_SKU] == 1
    assert wave == 1
    await world.verified()
