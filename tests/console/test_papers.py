"""Papers over HTTP, and numbers for pallets on the floor."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser

from crossdock.base.errors import Overloaded
from crossdock.base.ids import AccountId
from crossdock.console.floor.papers import QUANTITY_MAX
from crossdock.console.papers import LOT_CHARACTERS_MAX, WAITING_MAX, Press
from crossdock.core.papers.printing import LABELS_MAX
from crossdock.core.papers.product_label import ProductLabel
from crossdock.core.units import gs1
from crossdock.core.units.sscc import HANDED_OUT_MAX
from tests.console.conftest import assert_accessible, picture
from tests.console.floors import DESK, Hand, hand, handheld
from tests.console.offices import Office
from tests.core.papers.reading import codes, labels, pages
from tests.world import PARCEL_SERVICE, SHOP, World

LABEL = ProductLabel(code="1", sku="1", name="n")
PREFIX = "9521234"
"""Of WH-GZ01, as examples/demo.toml has it."""


@pytest.mark.parametrize("more", [0, 1])
async def test_as_many_papers_as_may_wait_and_one_more(more: int) -> None:
    press = Press()
    asked = [press.printed(LABEL, "pdf") for _ in range(WAITING_MAX + more)]
    made = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(paper) for paper in made] == [bytes] * WAITING_MAX + [Overloaded] * more
    assert isinstance(await press.printed(LABEL, "pdf"), bytes)


async def test_the_papers_of_an_order_in_every_form(world: World) -> None:
    order = await world.order("SO-1", lines={"00131031": 1}, service=PARCEL_SERVICE)
    said = str(order.id)
    assert (await world.client.get(f"/floor/papers/label/{said}.pdf")).status_code == 303
    async with hand(world) as floor:
        for paper, read in (("label", [said, said]), ("slip", [said]), ("note", [said])):
            answer = await floor.get(f"/floor/papers/{paper}/{said}.pdf")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
            assert answer.headers["content-disposition"] == f'inline; filename="{paper}-{said}.pdf"'
            assert answer.headers["cache-control"] == "no-store"
            assert [codes(page) for page in pages(answer.content)] == [read]
        for dpi, dots in (("", 800), ("?dpi=203", 800), ("?dpi=300", 1200)):
            answer = await floor.get(f"/floor/papers/label/{said}.zpl{dpi}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zpl")
            [(picture, _)] = labels(answer.content)
            assert (picture.width, codes(picture)) == (dots, [said, said])


async def test_papers_that_there_are_not_and_orders_of_another_place(world: World) -> None:
    here = await world.order("SO-1", lines={"00131031": 1})
    away = await world.order("SO-2", lines={"00131031": 1}, site_id=SHOP)
    nothing = [
        *(f"label/{name}" for name in (f"{away.id}.pdf", "1.pdf", "x.pdf", "٣.pdf", f"{10**20}.pdf", ".pdf")),
        *(f"{name}/{here.id}.pdf" for name in ("plate", "plates", "product", "picks")),
        *(f"label/{here.id}{ending}" for ending in (".zpl?dpi=600", ".png", "")),
        f"slip/{here.id}.zpl",
        "plates/376104250021234569.pdf",
    ]
    async with hand(world) as floor:
        assert {path: (await floor.get(f"/floor/papers/{path}")).status_code for path in nothing} == dict.fromkeys(
            nothing, 404
        )


async def test_labels_of_goods_as_they_are_asked_for(world: World) -> None:
    goods = "/floor/papers/product/2989352.pdf"
    async with hand(world) as floor:
        answer = await floor.get(f"{goods}?lot=L-1&expires=2026-01-31&copies=2")
        assert [codes(page) for page in pages(answer.content)] == [["P-7001", "L-1"]] * 2
        assert (await floor.get(f"{goods}?lot={'L' * LOT_CHARACTERS_MAX}")).status_code == 200
        refused = (
            *(f"copies={copies}" for copies in (0, -1, LABELS_MAX + 1, "x", "9" * 9)),
            *("expires=2026-02-30", "expires=soon"),
            f"lot={'L' * (LOT_CHARACTERS_MAX + 1)}",
        )
        for options in refused:
            assert (await floor.get(f"{goods}?{options}")).status_code == 400, options


async def test_the_console_prints_what_each_sees(world: World) -> None:
    here = await world.order("SO-1", lines={"00131031": 1})
    away = await world.order("SO-2", lines={"00131031": 1}, site_id=SHOP)
    await world.rows(
        "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'o', 'O', 'UTC', 'GBP') RETURNING 1"
    )
    office = Office(world)
    everybody = {
        "operator": (await office.as_operator(), [200, 200, 404]),
        "support": (await office.as_support(), [200, 200, 404]),
        "support of another account": (await office.as_support("sam", account_id=AccountId(48)), [404, 404, 404]),
        "manager": (await office.as_manager(), [200, 404, 404]),
        "nobody": (office.nobody(), [303, 303, 303]),
    }
    papers = [f"papers/47/label/{here.id}.pdf", f"papers/47/slip/{away.id}.pdf", f"papers/48/label/{here.id}.pdf"]
    for name, (caller, expected) in everybody.items():
        assert [(await caller.get(paper)).status_code for paper in papers] == expected, name


async def made(floor: Hand, **fields: Any) -> Any:
    return await floor.send(await floor.get("/floor/plates"), "/floor/plates", **fields)


async def test_numbers_for_pallets_are_made_once_and_printed_as_often_as_wanted(world: World) -> None:
    numbers = [gs1.sscc(PREFIX, serial) for serial in range(3)]
    async with hand(world) as floor:
        form = await floor.get("/floor/plates")
        for _ in range(2):
            answer = await floor.send(form, "/floor/plates", count=2)
            assert str(answer.url).endswith(f"/floor/plates/{numbers[0]}")
            assert all(number in answer.text for number in numbers[:2])
        full = await made(floor, count=1, sku="P-7001", quantity=12, lot="L-1", expires="2026-01-31")
        assert str(full.url).endswith(f"/floor/plates/{numbers[2]}")
        both = await floor.get(f"/floor/papers/plates/{numbers[1]}.pdf")
        assert [codes(page) for page in pages(both.content)] == [[f"(00){number}"] for number in numbers[:2]]
        one = await floor.get(f"/floor/papers/plate/{numbers[2]}.zpl")
        assert [codes(picture) for picture, _ in labels(one.content)] == [["L-1", "P-7001", f"(00){numbers[2]}"]]
        assert (await floor.get("/floor/plates/376104250021234569")).status_code == 404
    assert await world.rows(
        "SELECT s.username, a.after ->> 'first', (a.after ->> 'count')::int FROM staff_action a"
        " JOIN staff s ON s.id = a.staff_id WHERE a.action = 'hand_out_sscc' ORDER BY a.id"
    ) == [("floor1", numbers[0], 2), ("floor1", numbers[2], 1)]


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"count": 0}, "“0” cannot be used in the field “count”"),
    ({"count": HANDED_OUT_MAX + 1}, "cannot be used in the field “count”"),
    ({"count": 1, "sku": "P-1"}, "No product has the SKU P-1."),
    ({"count": 1, "sku": "P-7001"}, "cannot be used in the field “quantity”"),
    ({"count": 1, "sku": "P-7001", "quantity": QUANTITY_MAX + 1}, "cannot be used in the field “quantity”"),
    ({"count": 1, "sku": "P-7001", "quantity": 1, "expires": "soon"}, "“soon” cannot be used"),
    ({"count": 1, "sku": "P-7001", "quantity": 1, "lot": "L" * (LOT_CHARACTERS_MAX + 1)}, "field “lot”"),
)


async def test_what_cannot_be_made_is_said_and_what_was_typed_stays(world: World) -> None:
    async with hand(world) as floor:
        for fields, told in REFUSED:
            answer = await made(floor, **fields)
            assert (answer.status_code in {400, 404}, told in answer.text) == (True, True), told
            assert [value for value in fields.values() if f'value="{value}"' not in answer.text] == []
        assert await world.rows("SELECT 1 FROM sscc") == []
        most = {"sku": "P-7001", "quantity": QUANTITY_MAX, "lot": "L" * LOT_CHARACTERS_MAX}
        answer = await made(floor, count=HANDED_OUT_MAX, **most)
        assert answer.text.count("/floor/papers/plate/") == HANDED_OUT_MAX


async def test_a_warehouse_without_a_prefix(world: World) -> None:
    await world.rows("UPDATE site SET settings = '{}' WHERE id = 80 RETURNING 1")
    async with hand(world) as floor:
        answer = await made(floor, count=1)
        assert (answer.status_code, "set gs1_prefix in the setup file" in answer.text) == (409, True)


async def test_pallet_labels_in_a_browser(world: World, browser: Browser) -> None:
    for size, language, button in ((None, "en", "Make new numbers"), (DESK, "zh", "生成新编号")):
        more: Any = {} if size is None else {"viewport": size}
        async with handheld(browser, world, language=language, **more) as page:
            await page.goto("/floor/plates")
            await assert_accessible(page)
            await picture(page, f"floor-plates-{language}")
            await page.get_by_role("button", name=button).click()
            await page.wait_for_url("**/floor/plates/*")
            await assert_accessible(page)
            await picture(page, f"floor-plates-made-{language}")
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
