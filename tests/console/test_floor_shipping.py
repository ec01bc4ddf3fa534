"""Shipping on the floor: over HTTP, and once in a browser with a scanner."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from crossdock.console.floor import shipping
from crossdock.core.fulfilment.calling_off import CallOff, call_off
from crossdock.core.manifests.model import DRIVER_CHARACTERS_MAX
from tests.console.conftest import assert_accessible, picture
from tests.console.floors import DESK, Hand, hand, handheld, scan
from tests.core.manifests.conftest import Door
from tests.world import ACCOUNT, LOCKER_SERVICE, SHOP_SERVICE, World


@pytest.fixture
async def floor(world: World) -> AsyncIterator[Hand]:
    async with hand(world) as opened:
        yield opened


async def test_parcels_are_loaded_taken_off_and_handed_over(world: World, floor: Hand) -> None:
    door = Door(world)
    await door.packed("N-1")
    await door.packed("N-2", numbers=("CN-2",))
    await door.packed("L-1", service=LOCKER_SERVICE)
    menu = await floor.get("/floor")
    assert "<b>3</b>" in menu.text
    home = await floor.get("/floor/ship")
    assert "飞鸟小包" in home.text
    assert "2 wait" in home.text
    loaded = await floor.send(home, "/floor/ship", code="N-1")
    assert "N-1 goes to 飞鸟小包: 1 on the manifest." in loaded.text
    again = await floor.send(home, "/floor/ship", code="N-1")
    assert "N-1 goes to 飞鸟小包: 1 on the manifest." in again.text, "the same form says the same"
    twice = await floor.send(again, "/floor/ship", code="N-1")
    assert (twice.status_code, "N-1 was scanned before." in twice.text) == (409, True)
    [(manifest_id,)] = await world.rows("SELECT id FROM manifest")
    base = f"/floor/ship/{manifest_id}"
    page = await floor.send(await floor.get(base), f"{base}/scan", code="CN-2")
    assert "2 on the manifest" in page.text
    wrong = await floor.send(page, f"{base}/scan", code="L-1")
    assert "L-1 does not go here. It goes with: Yodel Tracked" in wrong.text
    off = await floor.send(page, f"{base}/off", "Take off")
    assert "N-2 is off the manifest." in off.text
    closed = await floor.send(off, f"{base}/close", driver="Dana Driver", vehicle="XX-123")
    assert f"Manifest {manifest_id} is closed: 1 orders left." in closed.text
    assert "Taken by Dana Driver XX-123" in closed.text
    repeat = await floor.send(off, f"{base}/close", driver="Dana Driver")
    assert f"Manifest {manifest_id} is closed: 1 orders left." in repeat.text
    late = await floor.send(off, f"{base}/scan", code="N-2")
    assert f"Manifest {manifest_id} is closed." in late.text
    paper = await floor.get(f"/floor/papers/manifest/{manifest_id}.pdf")
    assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
    assert (await floor.get("/floor/papers/manifest/99.pdf")).status_code == 404
    assert f"Manifest {manifest_id}" in (await floor.get("/floor/ship/closed")).text
    assert dict(await door.states()) == {"L-1": "packed", "N-1": "shipped", "N-2": "packed"}
    await world.verified()


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"code": "nobody"}, 404, "No parcel of this warehouse goes by “nobody”."),
        ({"code": "<script>"}, 404, "goes by “&lt;script&gt;”"),
        ({"code": ""}, 400, "cannot be used in the field"),
        ({"code": "9" * 201}, 400, "cannot be used in the field"),
        ({"code": "D-1"}, 409, "D-1 is not packed: it is draft. Bring it back to the bench."),
        ({"code": "N-1"}, 409, "The owner of N-1 asked to call it off."),
        ({"code": "L-1"}, 409, "is not in service. Put it aside"),
        ({"code": "N-1", "operation_id": "x"}, 400, "cannot be used in the field"),
        ({"code": "N-1", "word": "x"}, 403, "This page is from before you logged in."),
    ],
)
async def test_a_wrong_scan_is_said_in_words_and_loads_nothing(
    world: World, floor: Hand, fields: dict[str, str], status: int, told: str
) -> None:
    door = Door(world)
    await world.order("D-1", lines={"00131031": 1})
    await door.packed("N-1")
    await door.packed("L-1", service=LOCKER_SERVICE)
    async with world.desk.database.transaction() as tx:
        await call_off(tx, account_id=ACCOUNT, wanted=CallOff(number="N-1", content_hash=b""), dialect="x", actor="x")
        await tx.execute("UPDATE cabinet SET in_service = false")
    answer = await floor.send(await floor.get("/floor/ship"), "/floor/ship", **fields)
    assert (answer.status_code, told in answer.text, 'role="alert"' in answer.text) == (status, True, True)
    assert await world.rows("SELECT 1 FROM manifest") == []


async def test_what_cannot_go_stops_the_hand_over_with_its_number(world: World, floor: Hand) -> None:
    door = Door(world)
    for number in ("N-1", "N-2"):
        loaded = await door.load((await door.packed(number, numbers=(f"{number}a", f"{number}b"))).number)
    base = f"/floor/ship/{loaded.manifest_id}"
    page = await floor.get(base)
    assert "2 of its parcels are not scanned" in page.text
    stuck = await floor.send(page, f"{base}/close")
    assert (stuck.status_code, "scan all their parcels: N-1, N-2" in stuck.text) == (409, True)
    part = await floor.send(stuck, f"{base}/scan", code="N-2b")
    assert "1 of its parcels are still to be scanned." in part.text
    long = await floor.send(page, f"{base}/close", driver="x" * (DRIVER_CHARACTERS_MAX + 1))
    assert (long.status_code, f"has {DRIVER_CHARACTERS_MAX} characters at most" in long.text) == (400, True)
    assert {state for _, state in await door.states()} == {"packed"}


async def test_an_interrupted_closing_is_gone_on_with(world: World, floor: Hand) -> None:
    door = Door(world)
    loaded = await door.load((await door.packed("N-1")).number)
    await world.rows("UPDATE manifest SET state = 'closing' RETURNING 1")
    base = f"/floor/ship/{loaded.manifest_id}"
    page = await floor.get(base)
    assert "Closing was interrupted" in page.text
    gone = await floor.send(page, f"{base}/close")
    assert "1 orders left" in gone.text
    assert await door.states() == [("N-1", "shipped")]


async def test_what_was_left_is_named_until_everybody_has_seen_it(world: World, floor: Hand) -> None:
    door = Door(world)
    loaded = await door.load((await door.packed("N-1")).number)
    await world.rows("UPDATE manifest SET state = 'closing' RETURNING 1")
    async with world.desk.database.transaction() as tx:
        await call_off(tx, account_id=ACCOUNT, wanted=CallOff(number="N-1", content_hash=b""), dialect="x", actor="x")
    base = f"/floor/ship/{loaded.manifest_id}"
    gone = await floor.send(await floor.get(base), f"{base}/close")
    assert "0 orders left. These did not go, take them off the van: N-1" in gone.text
    assert "It did not go (CancelWaiting)" in (await floor.get(base)).text


async def test_lists_are_bounded_and_light(world: World, floor: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "PARCELS_SHOWN", 2)
    monkeypatch.setattr(shipping, "DESTINATIONS_SHOWN", 1)
    monkeypatch.setattr(shipping, "MANIFESTS_SHOWN", 1)
    door = Door(world)
    for number in ("N-1", "N-2", "N-3"):
        loaded = await door.load((await door.packed(number)).number)
    shop = await door.load((await door.packed("S-1", service=SHOP_SERVICE)).number)
    page = await floor.get(f"/floor/ship/{loaded.manifest_id}")
    [parcel_id] = (await world.rows("SELECT id FROM manifest_parcel ORDER BY id"))[1]
    assert f"?before={parcel_id}" in page.text
    rest = await floor.get(f"/floor/ship/{loaded.manifest_id}?before={parcel_id}")
    assert ("N-1" in rest.text, "N-2" in rest.text) == (True, False)
    home = await floor.get("/floor/ship")
    assert ("SHOP-12" in home.text, "飞鸟" in home.text, "?after=" in home.text) == (True, False, True)
    for manifest_id in (loaded.manifest_id, shop.manifest_id):
        await door.close(manifest_id)
    closed = await floor.get("/floor/ship/closed")
    assert ("SHOP-12" in closed.text, f"?before={shop.manifest_id}" in closed.text) == (True, True)
    assert "飞鸟" in (await floor.get(f"/floor/ship/closed?before={shop.manifest_id}")).text
    for wrong in ("?before=x", "?before=" + "9" * 40, "?after=" + "x" * 99):
        assert (await floor.get(f"/floor/ship{wrong}")).status_code == 200
        assert (await floor.get(f"/floor/ship/closed{wrong}")).status_code == 200
    assert (await floor.get("/floor/ship/99999999999999999999999")).status_code == 404


async def test_a_clerk_loads_and_hands_over_with_a_scanner(browser: Browser, world: World) -> None:
    door = Door(world)
    orders = [await door.packed(f"SO-10{at}", numbers=(f"PX40{at}",)) for at in range(3)]
    await door.packed("L-1", service=LOCKER_SERVICE)
    await door.packed("S-1", service=SHOP_SERVICE)
    async with handheld(browser, world) as page:
        await page.goto("/floor/ship")
        await scan(page, str(orders[0].id))
        await expect(page.locator("#said")).to_contain_text("SO-100 goes to 飞鸟小包: 1 on the manifest.")
        await scan(page, "L-1")
        await expect(page.locator("#said")).to_contain_text("L-1 goes to")
        await scan(page, "nobody")
        await expect(page.locator("#failure")).to_contain_text("No parcel of this warehouse")
        await assert_accessible(page)
        await scan(page, "PX401")
        await expect(page.locator("#said")).to_contain_text("2 on the manifest")
        await assert_accessible(page)
        await picture(page, "floor-ship")
        await page.get_by_role("link", name="飞鸟小包").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("飞鸟小包")
        await scan(page, "PX402")
        await expect(page.locator("#said")).to_contain_text("3 on the manifest")
        await page.get_by_text("Hand over", exact=True).click()
        await page.get_by_label("Driver").fill("Dana Driver")
        await page.get_by_label("Vehicle").fill("XX-123")
        await assert_accessible(page)
        await picture(page, "floor-ship-manifest")
        await page.get_by_role("button", name="Hand over: 3 orders leave").click()
        await expect(page.locator("#said")).to_contain_text("3 orders left.")
        await assert_accessible(page)
        await picture(page, "floor-ship-closed")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    async with handheld(browser, world, viewport={"width": 360, "height": 640}, language="zh") as page:
        await page.goto("/floor/ship")
        await expect(page.get_by_role("heading", name="发货")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.goto("/floor/ship/closed")
        await assert_accessible(page)
    async with handheld(browser, world, viewport=DESK) as page:
        await page.goto("/floor/ship")
        await assert_accessible(page)
        await picture(page, "floor-ship-desk")
    await world.verified()
