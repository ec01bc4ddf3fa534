"""Count and adjust on the floor: what is shown before it is booked, what is refused in words, and who may."""

import pytest
from playwright.async_api import Browser

from crossdock.console.floor import counting
from crossdock.core.counting.model import BOOKED_FREELY_MAX, QUANTITY_MAX
from tests.console.conftest import assert_accessible, picture
from tests.console.floors import BOSS, DESK, Hand, hand, handheld, scan
from tests.console.test_floor_picking import released
from tests.core.picking.floor import OTHER_SKU, SKU, Floor
from tests.world import World


async def begun(worker: Hand, code: str) -> str:
    """A location is scanned; where its count is."""
    page = await worker.send(await worker.get("/floor/count"), "/floor/count", code=code)
    assert f"What lies in {code}?" in page.text
    return str(page.url.params["count"])


async def test_differences_are_shown_before_they_are_booked(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 9, "A-01-1")
    await floor.shelve(OTHER_SKU, 2, "A-01-1")
    async with hand(world) as worker:
        assert "What lies in a location" in (await worker.get("/floor")).text
        count = await begun(worker, "A-01-1")
        page = await worker.get(f"/floor/count?count={count}")
        assert "9" not in page.text.partition("<main")[2].partition("Counted so far")[2].partition("</section>")[0]
        page = await worker.send(page, "/floor/count", code=SKU, quantity=7)
        page = await worker.send(page, "/floor/count", code=SKU)
        page = await worker.send(page, "/floor/count", code=OTHER_SKU, quantity=2)
        assert "Counted so far: 10" in page.text
        wrong = await worker.send(page, "/floor/count", code="nobody")
        assert (wrong.status_code, "No product goes by “nobody”." in wrong.text) == (404, True)
        back = await worker.send(page, f"/floor/count/{count}/back", "Take back")
        assert ("Taken back." in back.text, "Counted so far: 8" in back.text) == (True, True)
        page = await worker.send(back, "/floor/count", code=OTHER_SKU, quantity=2)
        seen = await worker.get(f"/floor/count/{count}/seen")
        assert ("-1" in seen.text, "As in the books: 1" in seen.text) == (True, True)
        assert await world.rows("SELECT 1 FROM stock_move WHERE quantity < 0") == []
        for _ in range(2):
            done = await worker.send(seen, f"/floor/count/{count}/book", note="one was under the shelf")
            assert "A-01-1 is counted: 0 more and 1 fewer than in the books." in done.text
        over = await worker.send(page, "/floor/count", code=SKU)
        assert (over.status_code, "The count of A-01-1 is over." in over.text) == (409, True)
        assert "This count is over." in (await worker.get(f"/floor/count/{count}/seen")).text
    assert await floor.lies() == {("A-01-1", SKU): 8, ("A-01-1", OTHER_SKU): 2}
    await world.verified()


async def test_many_pieces_of_difference_wait_for_a_manager(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, BOOKED_FREELY_MAX + 1, "A-01-1")
    async with hand(world) as worker, hand(world, BOSS) as boss:
        count = await begun(worker, "A-01-1")
        path = f"/floor/count/{count}"
        seen = await worker.get(f"{path}/seen")
        assert ("booked by a manager. The count waits for one." in seen.text, "big" in seen.text) == (True, False)
        refused = await worker.send(seen, f"{path}/book")
        assert (refused.status_code, "11 pieces differ" in refused.text) == (403, True)
        listed = await boss.get("/floor/count")
        assert ("Being counted" in listed.text, f"/floor/count?count={count}" in listed.text) == (True, True)
        seen = await boss.get(f"{path}/seen")
        assert '<option value="found">' not in seen.text
        [name] = [part for part in seen.text.split('"') if part.startswith("reason-")]
        unfit = await boss.send(seen, f"{path}/book", **{name: "found"})
        assert (unfit.status_code, "This is no reason for that." in unfit.text) == (400, True)
        done = await boss.send(seen, f"{path}/book", **{name: "lost"})
        assert "0 more and 11 fewer" in done.text
    assert await floor.lies() == {}
    await world.verified()


async def test_what_orders_have_set_aside_is_refused_with_their_numbers(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 3, "A-01-1")
    order = await floor.order("N-1", {SKU: 3})
    async with hand(world, BOSS) as boss:
        count = await begun(boss, "A-01-1")
        seen = await boss.get(f"/floor/count/{count}/seen")
        refused = await boss.send(seen, f"/floor/count/{count}/book")
        told = f"3 of {SKU} are set aside for orders, so there cannot be fewer: {order.number}."
        assert (refused.status_code, told in refused.text) == (409, True)
        page = await boss.send(await boss.get("/floor/adjust"), "/floor/adjust", code="A-01-1")
        page = await boss.send(page, "/floor/adjust", code=SKU)
        refused = await boss.send(page, "/floor/adjust/book", quantity=1, reason="lost")
        assert (refused.status_code, told in refused.text) == (409, True)
    assert await floor.lies() == {("A-01-1", SKU): 3}
    await world.verified()


async def test_a_count_that_a_picker_asked_for_is_listed_first_and_settled(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 2, "A-01-1")
    await floor.shelve(SKU, 2, "R-01")
    await floor.order("N-1", {SKU: 2})
    async with hand(world, BOSS) as boss, hand(world) as worker:
        wave = await released(boss, method="single")
        page = await worker.send(await worker.get("/floor/pick"), f"/floor/pick/{wave}/take")
        page = await worker.send(page, f"/floor/pick/{wave}/short", reason="not_found")
        assert "The location is to be counted." in page.text
        listed = await worker.get("/floor/count")
        assert ("not found" in listed.text, "by floor1" in listed.text) == (True, True)
        page = await worker.send(listed, "/floor/count", "Count")
        count = str(page.url.params["count"])
        page = await worker.send(page, "/floor/count", code=SKU)
        done = await worker.send(await worker.get(f"/floor/count/{count}/seen"), f"/floor/count/{count}/book")
        assert ("1 fewer than in the books." in done.text, "No count is asked for." in done.text) == (True, True)
    await world.verified()


async def test_a_count_is_begun_again_or_left(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 2, "A-01-1")
    async with hand(world) as worker:
        count = await begun(worker, "A-01-1")
        page = await worker.get(f"/floor/count?count={count}")
        await worker.send(page, "/floor/count", code=SKU)
        await floor.shelve(SKU, 1, "A-01-1")
        seen = await worker.get(f"/floor/count/{count}/seen")
        assert "Something was put in or taken out while you counted." in seen.text
        moved = await worker.send(seen, f"/floor/count/{count}/book")
        assert (moved.status_code, "Something was put into A-01-1 or taken out" in moved.text) == (409, True)
        for _ in range(2):
            page = await worker.send(seen, f"/floor/count/{count}/again")
            assert ("round 2" in page.text, "Counted so far: 0" in page.text) == (True, True)
        left = await worker.send(page, f"/floor/count/{count}/leave")
        assert "The count of A-01-1 is left. Nothing was booked." in left.text


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"code": "TOTE-01"}, 409, "TOTE-01 is no place for this"),
        ({"code": "nowhere"}, 404, "There is no location nowhere here."),
        ({"code": "9" * 65}, 404, "There is no location"),
        ({"code": SKU, "count": "99999"}, 404, ""),
        ({"code": "A-01-1", "count": "x"}, 400, "cannot be used in the field"),
        ({"code": "A-01-1", "word": "x"}, 403, "This page is from before you logged in."),
    ],
)
async def test_what_cannot_be_counted_is_said_in_words(
    world: World, fields: dict[str, str], status: int, told: str
) -> None:
    async with hand(world) as worker:
        refused = await worker.send(await worker.get("/floor/count"), "/floor/count", **fields)
        assert (refused.status_code, told in refused.text) == (status, True)
        for path in ("/floor/count?count=x", "/floor/count?count=99999", "/floor/count/99999/seen"):
            assert (await worker.get(path)).status_code in {400, 404}
    assert await world.rows("SELECT 1 FROM location_count") == []


async def test_a_quantity_has_its_limits(world: World) -> None:
    async with hand(world) as worker:
        count = await begun(worker, "A-01-1")
        page = await worker.get(f"/floor/count?count={count}")
        for quantity, status in (("0", 400), (str(QUANTITY_MAX + 1), 400), (str(QUANTITY_MAX), 200), ("1", 200)):
            assert (await worker.send(page, "/floor/count", code=SKU, quantity=quantity)).status_code == status
            page = await worker.get(f"/floor/count?count={count}")


async def test_a_manager_adjusts_with_a_reason(world: World) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 5, "A-01-1")
    await floor.shelve(SKU, 4, None)
    async with hand(world) as worker:
        assert (await worker.get("/floor/adjust")).status_code == 403
        assert "More or fewer pieces" not in (await worker.get("/floor")).text
    async with hand(world, BOSS) as boss:
        home = await boss.get("/floor/adjust")
        for code, told in (("nobody", "No location and no product has the code “nobody”."), ("TOTE-01", "TOTE-01")):
            assert told in (await boss.send(home, "/floor/adjust", code=code)).text
        everywhere = await boss.send(home, "/floor/adjust", code=SKU)
        assert ("A-01-1" in everywhere.text, "not put away" in everywhere.text) == (True, True)
        [_, nowhere] = [part for part in everywhere.text.split('"') if part.startswith("/floor/adjust?stock=")]
        page = await boss.get(nowhere.replace("&amp;", "&"))
        assert "4 on the books" in page.text
        done = await boss.send(page, "/floor/adjust/book", quantity=1, way="more", reason="found")
        assert "1 pieces more of what is not put away." in done.text
        page = await boss.send(await boss.send(home, "/floor/adjust", code="A-01-1"), "/floor/adjust", code=SKU)
        unfit = await boss.send(page, "/floor/adjust/book", quantity=1, way="more", reason="damaged")
        assert (unfit.status_code, "This is no reason for that." in unfit.text) == (400, True)
        for _ in range(2):
            done = await boss.send(page, "/floor/adjust/book", quantity=2, reason="damaged", note="fell down")
            assert "2 pieces fewer in A-01-1." in done.text
        page = await boss.send(await boss.send(home, "/floor/adjust", code="A-01-1"), "/floor/adjust", code=OTHER_SKU)
        assert "Not on the books of A-01-1" in page.text
        wrong = await boss.send(page, "/floor/adjust/bring-in", owner="nobody", quantity=3)
        assert (wrong.status_code, "There is no owner “nobody”." in wrong.text) == (404, True)
        done = await boss.send(page, "/floor/adjust/bring-in", owner="OWN-A", quantity=3, reason="found")
        assert "3 pieces more in A-01-1." in done.text
        for query in ("stock=99999", "location=99999", "stock=x", "product=nobody"):
            assert (await boss.get(f"/floor/adjust?{query}")).status_code in {400, 404}
    assert await floor.lies() == {("A-01-1", SKU): 3, ("A-01-1", OTHER_SKU): 3}
    await world.verified()


async def test_a_long_count_stays_light(world: World) -> None:
    async with hand(world) as worker:
        count = await begun(worker, "A-01-1")
        page = await worker.get(f"/floor/count?count={count}")
        for _ in range(counting.SCANS_SHOWN + 2):
            page = await worker.send(await worker.get(f"/floor/count?count={count}"), "/floor/count", code=SKU)
        assert ("2 earlier ones" in page.text, len(page.content) < 100_000) == (True, True)


async def test_a_shelf_is_counted_with_a_scanner(world: World, browser: Browser) -> None:
    floor = await Floor.of(world)
    await floor.shelve(SKU, 4, "A-01-1")
    await floor.shelve(OTHER_SKU, 3, "A-01-1")
    async with handheld(browser, world) as page:
        await page.goto("/floor/count")
        await assert_accessible(page)
        for code in ("A-01-1", SKU, SKU, SKU, OTHER_SKU, OTHER_SKU, OTHER_SKU):
            await scan(page, code)
        await page.wait_for_selector("text=Counted so far: 6")
        await assert_accessible(page)
        await picture(page, "floor-count")
        await page.get_by_role("link", name="That is all: look at the differences").click()
        await page.wait_for_selector("text=Differences in A-01-1")
        await assert_accessible(page)
        await picture(page, "floor-count-differences")
        await page.get_by_label("Reason").select_option("lost")
        await page.get_by_role("button", name="Book the differences").click()
        await page.wait_for_selector("text=0 more and 1 fewer than in the books.")
    async with handheld(browser, world, who=BOSS, viewport=DESK) as page:
        await page.goto("/floor/adjust")
        for code in ("A-01-1", SKU):
            await scan(page, code)
        await page.wait_for_selector("text=3 on the books")
        await assert_accessible(page)
        await picture(page, "floor-adjust")
    async with handheld(browser, world, language="zh", viewport={"width": 360, "height": 640}) as page:
        await page.goto("/floor/count")
        assert await page.inner_text("h1") == "盘点"
        await assert_accessible(page)
    assert await floor.lies() == {("A-01-1", SKU): 3, ("A-01-1", OTHER_SKU): 3}
    await world.verified()
