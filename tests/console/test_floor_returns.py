"""Returns on the floor: over HTTP, and once in a browser with a scanner."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock.console.floor import returns, strays
from crossdock.core.orders.model import Order
from crossdock.core.returning.model import NOTE_CHARACTERS_MAX, QUANTITY_MAX
from tests.console.conftest import assert_accessible, picture
from tests.console.floors import DESK, Hand, hand, handheld, scan
from tests.core.returning.conftest import PHONE, SKU, Back
from tests.world import SHOP, World

ANOTHER = "11111111-2222-4333-8444-555555555555"
"""The id of an operation that no form of these tests was drawn with."""


@pytest.fixture
async def floor(world: World) -> AsyncIterator[Hand]:
    async with hand(world) as opened:
        yield opened


class Table:
    """One return on the screen of one person."""

    def __init__(self, floor: Hand, order: Order) -> None:
        self.floor = floor
        self.base = f"/floor/returns/{order.id}"

    async def page(self) -> httpx.Response:
        return await self.floor.get(self.base)

    async def look(self, code: str, **fields: Any) -> httpx.Response:
        return await self.floor.send(await self.page(), f"{self.base}/look", code=code, verdict="restock", **fields)

    async def damaged(self, code: str, note: str, **fields: Any) -> httpx.Response:
        said = {"code": code, "verdict": "quarantine", "note": note, **fields}
        return await self.floor.send(await self.page(), f"{self.base}/look", **said)


async def test_a_return_is_found_taken_in_looked_at_and_settled(world: World, floor: Hand) -> None:
    back = Back(world)
    order = await back.announced(reference="SO-7")
    home = await floor.get("/floor/returns")
    assert ("R-1" in home.text, "on its way" in home.text, "Of SO-7" in home.text) == (True, True, True)
    found = await floor.send(home, "/floor/returns", code="SO-7")
    table = Table(floor, order)
    assert found.url.path == table.base
    for _ in range(2):
        here = await floor.send(found, f"{table.base}/receive")
        assert "R-1 is here. Now look at each piece." in here.text
    assert "<b>1</b>" in (await floor.get("/floor")).text
    seen = await table.look(SKU, location="A-01-1", quantity=2)
    assert "2 × 00131031 noted: 2 of 3." in seen.text
    wrong = await table.damaged(SKU, "")
    assert (wrong.status_code, "Say in a few words" in wrong.text) == (400, True)
    assert f'value="{SKU}"' in wrong.text, "what was said stays in the form"
    await table.damaged(SKU, "Sole is loose")
    back_again = await floor.send(await table.page(), f"{table.base}/back", "Take back")
    assert "Taken back." in back_again.text
    short = await floor.send(await table.page(), f"{table.base}/finish", reason="")
    assert (short.status_code, "2 pieces were not seen: say why." in short.text) == (409, True)
    await table.damaged(SKU, "Sole is loose")
    await table.look(PHONE)
    page = await table.page()
    assert "Book 4 pieces and settle the return" in page.text
    for _ in range(2):
        done = await floor.send(page, f"{table.base}/finish")
        assert "R-1 is settled: 3 back to stock, 1 in quarantine, 0 rejected." in done.text
    assert await back.lying() == [
        (SKU, "", "good", None, 2, "A-01-1", 2),
        (SKU, "", "defective", None, 1, "Q-01", 1),
        (PHONE, "", "good", None, 1, "DOCK-1", 1),
    ]
    assert "This return is settled: finished." in (await table.page()).text
    await world.verified()


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"code": "nobody"}, 404, "No product goes by “nobody”."),
        ({"code": "<script>"}, 404, "goes by “&lt;script&gt;”"),
        ({"code": ""}, 400, "cannot be used in the field"),
        ({"code": "9" * 201}, 400, "cannot be used in the field"),
        ({"code": "IP-XX3355"}, 409, "IP-XX3355 does not belong to R-1."),
        ({"code": SKU, "quantity": "4"}, 409, "Too many of 00131031: 3 are still to be seen."),
        ({"code": SKU, "quantity": "0"}, 400, "cannot be used in the field"),
        ({"code": SKU, "quantity": str(QUANTITY_MAX + 1)}, 400, "cannot be used in the field"),
        ({"code": SKU, "verdict": "sell"}, 400, "cannot be used in the field"),
        ({"code": SKU, "expires_on": "2025-02-30"}, 400, "cannot be used in the field"),
        ({"code": SKU, "location": "Q-01"}, 400, "Q-01 is for other goods."),
        ({"code": SKU, "location": "nowhere"}, 404, "This warehouse has no location “nowhere”."),
        ({"code": SKU, "note": "x" * (NOTE_CHARACTERS_MAX + 1)}, 400, f"{NOTE_CHARACTERS_MAX} characters at most."),
        ({"code": SKU, "operation_id": "x"}, 400, "cannot be used in the field"),
        ({"code": SKU, "word": "x"}, 403, "This page is from before you logged in."),
    ],
)
async def test_a_wrong_look_is_said_in_words_and_notes_nothing(
    world: World, floor: Hand, fields: dict[str, str], status: int, told: str
) -> None:
    table = Table(floor, await Back(world).here())
    answer = await floor.send(await table.page(), f"{table.base}/look", **({"verdict": "restock"} | fields))
    assert (answer.status_code, told in answer.text, 'role="alert"' in answer.text) == (status, True, True)
    assert await world.rows("SELECT 1 FROM return_piece") == []


async def test_a_serial_number_is_asked_for_in_words(world: World, floor: Hand) -> None:
    await world.rows("UPDATE product SET serial_tracked = true WHERE sku = 'P-7001' RETURNING 1")
    table = Table(floor, await Back(world).here())
    asked = await table.look(PHONE)
    assert (asked.status_code, "Each piece of P-7001 has a serial number" in asked.text) == (400, True)
    assert "<details open>" in asked.text
    assert "1 × P-7001 noted" in (await table.look(PHONE, serial="SN-1")).text
    assert "SN-1" in (await table.page()).text


async def test_what_nobody_announced_is_put_on_record_from_the_scan(world: World, floor: Hand) -> None:
    await world.shipped("N-1")
    home = await floor.get("/floor/returns")
    missing = await floor.send(home, "/floor/returns", code="nobody")
    assert (missing.status_code, "No return and no order goes by “nobody”." in missing.text) == (404, True)
    known = await floor.send(home, "/floor/returns", code="N-1")
    assert (known.status_code, "Nobody announced that N-1 comes back." in known.text) == (404, True)
    for _ in range(2):
        noted = await floor.send(known, "/floor/returns/unknown", what="A shoe, left")
        assert "Record 1: write this number on the goods" in noted.text
    empty = await floor.send(noted, "/floor/returns/unknown", code="x", what="")
    assert (empty.status_code, "Say in a few words" in empty.text) == (400, True)
    page = await floor.get("/floor/returns/unknown")
    assert ("A shoe, left" in page.text, "Record 1" in page.text) == (True, True)
    for _ in range(2):
        settled = await floor.send(page, "/floor/returns/unknown/1", settlement="Sent back")
        assert "Record 1 is settled." in settled.text
    assert "A shoe, left" not in (await floor.get("/floor/returns/unknown")).text
    gone = await floor.send(page, "/floor/returns/unknown/1", settlement="Again", operation_id=ANOTHER)
    assert (gone.status_code, "Record 1 was settled before." in gone.text) == (409, True)


async def test_the_owner_is_asked_and_what_was_answered_is_read(world: World, floor: Hand) -> None:
    table = Table(floor, await Back(world).here())
    asked = await floor.send(await table.page(), f"{table.base}/ask", question="Which colour?")
    assert "The owner of R-1 was asked." in asked.text
    assert "Which colour?" in asked.text
    assert f"{table.base}/look" not in asked.text


async def test_goods_that_must_not_be_stock_can_only_be_rejected(world: World, floor: Hand) -> None:
    [(action,)] = await world.rows(
        "INSERT INTO return_action (company_id, name, type) VALUES (36, 'Throw away', 'DISPOSE') RETURNING id"
    )
    table = Table(floor, await Back(world).here(action=int(action)))
    page = await table.page()
    assert ("Its owner wants: Throw away" in page.text, 'value="restock"' in page.text) == (True, False)
    refused = await table.look(SKU)
    assert (refused.status_code, "does not want it in stock (DISPOSE)" in refused.text) == (409, True)
    said = {"code": SKU, "verdict": "reject", "note": "Thrown away"}
    assert "1 × 00131031 noted" in (await floor.send(page, f"{table.base}/look", **said)).text


async def test_what_is_of_another_place_or_kind_is_unknown(world: World, floor: Hand) -> None:
    back = Back(world)
    here = Table(floor, await back.here())
    page = await here.page()
    for order in (await world.order("N-1", lines={SKU: 1}), await back.announced("R-2", site_id=SHOP)):
        assert (await floor.get(f"/floor/returns/{order.id}")).status_code == 404
        for deed in ("receive", "look", "back", "ask", "finish"):
            sent = {"code": SKU, "verdict": "restock", "piece": "1", "question": "x", "reason": "x"}
            word = page.text.partition('name="word" value="')[2].partition('"')[0]
            answer = await floor.client.post(
                f"/floor/returns/{order.id}/{deed}", data=sent | {"word": word, "operation_id": ANOTHER}
            )
            assert answer.status_code == 404, deed
    assert (await floor.get("/floor/returns/99999999999999999999999")).status_code == 404
    assert await world.rows("SELECT 1 FROM return_piece") == []


async def test_lists_are_bounded(world: World, floor: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETURNS_SHOWN", "LINES_SHOWN", "PIECES_SHOWN"):
        monkeypatch.setattr(returns, name, 1)
    monkeypatch.setattr(strays, "SHOWN", 1)
    back = Back(world)
    first, second = await back.here("R-1"), await back.announced("R-2")
    for what in ("a lamp", "a shoe"):
        await back.stray("", what)
    await back.see(first, SKU)
    await back.see(first, PHONE)
    home = await floor.get("/floor/returns")
    assert ("R-1" in home.text, "R-2" in home.text, f"?after={first.id}" in home.text) == (True, False, True)
    assert "R-2" in (await floor.get(f"/floor/returns?after={first.id}")).text
    unknown = await floor.get("/floor/returns/unknown")
    assert ("a lamp" in unknown.text, "a shoe" in unknown.text, "?after=1" in unknown.text) == (True, False, True)
    assert "a shoe" in (await floor.get("/floor/returns/unknown?after=1")).text
    page = await floor.get(f"/floor/returns/{first.id}")
    assert ("1 earlier ones" in page.text, "1 more lines" in page.text) == (True, True)
    assert second.state == "pending"


async def test_a_clerk_looks_at_a_return_with_a_scanner(browser: Browser, world: World) -> None:
    back = Back(world)
    await back.announced(reference="SO-7")
    async with handheld(browser, world) as page:
        await page.goto("/floor/returns")
        await scan(page, "nobody")
        await expect(page.locator("#failure")).to_contain_text("No return and no order")
        await assert_accessible(page)
        await page.get_by_label("What it is").fill("A lamp without its box")
        await page.get_by_role("button", name="Put on record").click()
        await expect(page.locator("#said")).to_contain_text("Record 1")
        await assert_accessible(page)
        await picture(page, "floor-returns-unknown")
        await page.goto("/floor/returns")
        await scan(page, "SO-7")
        await page.get_by_role("button", name="It is here").click()
        await expect(page.locator("#said")).to_contain_text("R-1 is here.")
        await assert_accessible(page)
        await scan(page, SKU)
        await expect(page.locator("#said")).to_contain_text("1 × 00131031 noted: 1 of 3.")
        await page.get_by_label("Damaged or unclear: quarantine").check()
        await page.get_by_label("What is wrong with it").fill("Sole is loose")
        await page.locator("#scan").focus()
        await scan(page, SKU)
        await expect(page.locator("#said")).to_contain_text("2 of 3.")
        await scan(page, PHONE)
        await expect(page.locator("#said")).to_contain_text("1 × P-7001 noted")
        await assert_accessible(page)
        await picture(page, "floor-return")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.get_by_text("Book and settle", exact=True).click()
        await page.get_by_label("1 pieces were not seen. Why?").fill("Only two in the box")
        await page.get_by_role("button", name="Book 3 pieces").click()
        await expect(page.locator("#said")).to_contain_text("2 back to stock, 1 in quarantine, 0 rejected.")
        await assert_accessible(page)
    other = await back.here("R-2")
    async with handheld(browser, world, viewport={"width": 360, "height": 640}, language="zh") as page:
        for path in ("/floor/returns", f"/floor/returns/{other.id}", "/floor/returns/unknown"):
            await page.goto(path)
            await assert_accessible(page)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    async with handheld(browser, world, viewport=DESK) as page:
        await page.goto(f"/floor/returns/{other.id}")
        await assert_accessible(page)
        await picture(page, "floor-return-desk")
    await world.verified()
