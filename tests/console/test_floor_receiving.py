"""Receiving at the dock over HTTP: what is taken, what is refused in words, and what acts once."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crossdock.core.orders.model import Order
from crossdock.core.receiving import model
from crossdock.core.units import plates
from crossdock.core.units.model import NewPlate
from tests.console.floors import BOSS, Hand, forms, hand
from tests.world import ACCOUNT, SHOP, World

NIKE, PHONE = "00131031", "P-7001"


@pytest.fixture
async def floor(world: World) -> AsyncIterator[Hand]:
    async with hand(world) as opened:
        yield opened


async def announced(world: World, number: str = "IN-1", **more: Any) -> Order:
    lines = more.pop("lines", {NIKE: 30, PHONE: 2})
    return await world.order(number, lines=lines, kind="inbound", state="announced", dialect="hongxun", **more)


class Dock:
    """One order on the screen of one person."""

    def __init__(self, floor: Hand, order: Order) -> None:
        self.floor = floor
        self.base = f"/floor/receive/{order.id}"

    async def page(self) -> httpx.Response:
        return await self.floor.get(self.base)

    async def scan(self, code: str, **fields: Any) -> httpx.Response:
        return await self.floor.send(await self.page(), f"{self.base}/scan", "Take", code=code, **fields)

    async def book(self) -> httpx.Response:
        return await self.floor.send(await self.page(), f"{self.base}/book")


async def lying(world: World) -> list[tuple[Any, ...]]:
    return await world.rows(
        "SELECT p.sku, s.lot, s.condition, s.expires_on::text, s.on_hand, at.code, l.quantity FROM stock s"
        " JOIN product p ON p.id = s.product_id LEFT JOIN located l ON l.stock_id = s.id"
        " LEFT JOIN location at ON at.id = l.location_id ORDER BY p.sku, s.lot, s.condition DESC"
    )


async def test_what_was_scanned_is_seen_taken_back_and_booked_at_the_dock(world: World, floor: Hand) -> None:
    order = await announced(world)
    home = await floor.get("/floor/receive")
    assert "IN-1" in home.text
    dock = Dock(floor, order)
    opened = await floor.send(home, "/floor/receive", code="IN-1")
    assert (opened.status_code, opened.url.path) == (200, dock.base)
    for code, more in (
        (NIKE, {}),
        (NIKE, {"quantity": 12, "lot": "L-7", "expires_on": "2025-06-30"}),
        (NIKE, {"quantity": 2, "damaged": "1", "plate": "LPN-9"}),
        (PHONE, {"serial": "SN-1"}),
    ):
        assert (await dock.scan(code, **more)).status_code == 200
    page = await dock.page()
    assert "Book 16 pieces" in page.text
    assert "L-7" in page.text
    back = await floor.send(page, f"{dock.base}/back", "Take back")
    assert "Taken back." in back.text
    assert "Book 15 pieces" in back.text
    assert await lying(world) == []
    await dock.scan(PHONE, serial="SN-1")
    booked = await dock.book()
    assert "16 pieces of IN-1 are booked and lie at DOCK-1." in booked.text
    assert await lying(world) == [
        (NIKE, "", "good", None, 1, "DOCK-1", 1),
        (NIKE, "", "defective", None, 2, "DOCK-1", 2),
        (NIKE, "L-7", "good", "2025-06-30", 12, "DOCK-1", 12),
        (PHONE, "", "good", None, 1, "DOCK-1", 1),
    ]
    assert await world.rows("SELECT sn, state FROM unit") == [("SN-1", "in_stock")]
    [(_, told)] = await world.rows("SELECT action, after FROM staff_action WHERE action = 'receive'")
    assert told == {"order": "IN-1", "batch": 1, "pieces": 16, "dock": "DOCK-1"}
    await world.verified()


async def test_a_form_that_is_sent_again_acts_once(world: World, floor: Hand) -> None:
    dock = Dock(floor, await announced(world))
    first = await dock.page()
    for _ in range(3):
        await floor.send(first, f"{dock.base}/scan", "Take", code=NIKE)
    page = await dock.page()
    assert "Book 1 pieces" in page.text
    for _ in range(3):
        again = await floor.send(page, f"{dock.base}/book")
        assert "1 pieces of IN-1 are booked" in again.text
    assert [row[4] for row in await lying(world)] == [1]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"code": "nobody"}, "No product goes by “nobody”."),
        ({"code": "<script>"}, "No product goes by “&lt;script&gt;”."),
        ({"code": ""}, "cannot be used in the field"),
        ({"code": "9" * 201}, "cannot be used in the field"),
        ({"code": "IP-XX3355"}, "IP-XX3355 is not announced in IN-1."),
        ({"code": NIKE, "quantity": "0"}, "cannot be used in the field"),
        ({"code": NIKE, "quantity": str(model.QUANTITY_MAX + 1)}, "cannot be used in the field"),
        ({"code": NIKE, "quantity": "１"}, "cannot be used in the field"),
        ({"code": NIKE, "expires_on": "2025-02-30"}, "cannot be used in the field"),
        ({"code": "00395011015300000011"}, "Nobody announced plate 395011015300000011"),
        ({"code": NIKE, "operation_id": "x"}, "cannot be used in the field"),
        ({"code": NIKE, "word": "x"}, "This page is from before you logged in."),
    ],
)
async def test_a_wrong_scan_is_said_in_words_and_changes_nothing(
    world: World, floor: Hand, fields: dict[str, str], told: str
) -> None:
    dock = Dock(floor, await announced(world))
    answer = await dock.scan(**fields)
    assert answer.status_code in {400, 403, 404, 409}
    assert told in answer.text
    assert 'role="alert"' in answer.text
    assert await world.rows("SELECT 1 FROM receipt_scan") == []


@pytest.mark.parametrize(("counted", "status"), [(model.QUANTITY_MAX, 200), (model.QUANTITY_MAX + 1, 400)])
async def test_a_code_that_counts_its_pieces_has_the_same_limit(
    world: World, floor: Hand, counted: int, status: int
) -> None:
    gtin = "09501101530003"
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO product_code (account_id, product_id, code) SELECT account_id, id, %(gtin)s FROM product"
            " WHERE account_id = 47 AND sku = %(sku)s",
            gtin=gtin,
            sku=NIKE,
        )
    dock = Dock(floor, await announced(world))
    answer = await dock.scan(f"02{gtin}37{counted}")
    assert answer.status_code == status
    assert ("A quantity is a whole number from 1 to 1000000." in answer.text) == (status == 400)
    counting = await floor.send(await floor.get("/floor/count"), "/floor/count", code="A-01-1")
    answer = await floor.send(counting, "/floor/count", code=f"02{gtin}37{counted}")
    assert answer.status_code == status
    assert ("A quantity is a whole number from 1 to 1000000." in answer.text) == (status == 400)


async def test_the_owner_s_word_on_too_many(world: World, floor: Hand) -> None:
    dock = Dock(floor, await announced(world, lines={NIKE: 2}))
    assert "1 too many" in (await dock.scan(NIKE, quantity=3)).text
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE sub_inventory SET over_receipt = false WHERE code = 'OWN-A'")
    refused = await dock.scan(NIKE)
    assert (refused.status_code, "2 are still expected, with this there are 4" in refused.text) == (409, True)
    late = await dock.book()
    assert "Their owner takes no more" in late.text
    assert await lying(world) == []


async def test_a_lot_and_a_serial_number_are_asked_for(world: World, floor: Hand) -> None:
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE product SET lot_tracked = true, serial_tracked = true WHERE sku = 'P-7001'")
    dock = Dock(floor, await announced(world))
    asked = await dock.scan(PHONE)
    assert "Which lot of P-7001?" in asked.text
    asked = await floor.send(asked, f"{dock.base}/scan", "Take", lot="L-1")
    assert "Scan the serial number of P-7001" in asked.text
    taken = await floor.send(asked, f"{dock.base}/scan", "Take", serial="SN-1")
    assert "1 × P-7001: 1 of 2" in taken.text
    twice = await dock.scan(PHONE, lot="L-1", serial="SN-1")
    assert "SN-1 was scanned before." in twice.text
    await dock.book()
    assert [row[1] for row in await lying(world)] == ["L-1"]
    await dock.scan(PHONE, lot="L-1", serial="SN-1")
    here = await dock.book()
    assert "These pieces are in stock already: SN-1" in here.text


async def test_one_lot_has_one_date(world: World, floor: Hand) -> None:
    dock = Dock(floor, await announced(world))
    await dock.scan(NIKE, lot="L-1", expires_on="2025-06-30")
    await dock.book()
    await dock.scan(NIKE, lot="L-1", expires_on="2025-07-31")
    assert "is here with the date 2025-06-30, not 2025-07-31" in (await dock.book()).text
    await dock.floor.send(await dock.page(), f"{dock.base}/back", "Take back all")
    await dock.scan(NIKE, lot="L-1")
    await dock.book()
    assert [row[3:5] for row in await lying(world)] == [("2025-06-30", 2)]


async def test_a_plate_brings_what_was_announced_of_it(world: World, floor: Hand) -> None:
    order = await announced(world)
    carton = {"sku": NIKE, "quantity": 15, "members": {}}
    async with world.desk.database.transaction() as tx:
        await plates.announce(
            tx,
            account_id=ACCOUNT,
            source_number="IN-1",
            batch_key="1",
            content_hash=b"1",
            plates=[
                NewPlate(code="PALLET", **(carton | {"quantity": 30})),
                NewPlate(code="C-1", parent_code="PALLET", **carton),
                NewPlate(code="C-2", parent_code="PALLET", **carton),
            ],
        )
    found = await floor.send(await floor.get("/floor/receive"), "/floor/receive", code="C-2")
    dock = Dock(floor, order)
    assert found.url.path == dock.base
    assert "15 × 00131031: 15 of 30" in (await dock.scan("C-1")).text
    assert "Plate PALLET was scanned before." in (await dock.scan("PALLET")).text
    await dock.scan("C-2")
    await dock.book()
    assert await world.rows("SELECT code FROM plate WHERE received_at IS NOT NULL ORDER BY code") == [
        ("C-1",),
        ("C-2",),
    ]


async def test_a_short_order_is_closed_with_a_reason(world: World, floor: Hand) -> None:
    order = await announced(world)
    dock = Dock(floor, order)
    await dock.scan(NIKE, quantity=30)
    page = await dock.page()
    waits = await floor.send(page, f"{dock.base}/close", reason="x")
    assert "30 pieces are scanned and not booked yet." in waits.text
    await dock.book()
    page = await dock.page()
    assert "2 pieces are missing. Why?" in page.text
    assert "Something is missing: say why." in (await floor.send(page, f"{dock.base}/close")).text
    for _ in range(2):
        closed = await floor.send(page, f"{dock.base}/close", reason="one carton was not on the truck")
        assert "IN-1 is closed." in closed.text
    [(state, feedback)] = await world.rows("SELECT state, feedback FROM orders WHERE id = %(id)s", id=order.id)
    assert (state, feedback) == ("closed", "one carton was not on the truck")
    [(reason, after)] = await world.rows("SELECT reason, after FROM staff_action WHERE action = 'close_receipt'")
    assert (reason, after["missing"]) == ("one carton was not on the truck", {PHONE: 2})
    assert "This order is closed" in (await dock.page()).text


async def test_what_is_not_for_this_warehouse_or_not_inbound_is_unknown(world: World, floor: Hand) -> None:
    elsewhere = await announced(world, "IN-2", site_id=SHOP)
    outbound = await world.order("OUT-1", lines={NIKE: 1})
    for number in ("IN-2", "OUT-1", "nobody"):
        answer = await floor.send(await floor.get("/floor/receive"), "/floor/receive", code=number)
        assert (answer.status_code, f"No order “{number}” comes to this warehouse." in answer.text) == (404, True)
    here = Dock(floor, await announced(world))
    for order in (elsewhere, outbound):
        assert (await floor.get(f"/floor/receive/{order.id}")).status_code == 404
        answer = await floor.client.post(
            f"/floor/receive/{order.id}/scan", data=forms(await here.page())[0].fields | {"code": NIKE}
        )
        assert answer.status_code == 404
    assert (await floor.get("/floor/receive/99999999999999999999999")).status_code == 404
    assert await world.rows("SELECT 1 FROM receipt_scan") == []


async def test_each_books_what_that_one_scanned(world: World, floor: Hand) -> None:
    order = await announced(world)
    mine = Dock(floor, order)
    await mine.scan(NIKE)
    async with hand(world, BOSS) as other:
        theirs = Dock(other, order)
        page = await theirs.scan(NIKE, quantity=4)
        assert "Others have scanned 1 pieces that are not booked yet." in page.text
        [(scan_id,)] = await world.rows("SELECT min(id) FROM receipt_scan")
        gone = await other.send(page, f"{theirs.base}/back", "Take back", scan=scan_id)
        assert "This was booked, or taken back, before." in gone.text
        await theirs.book()
    assert [row[4] for row in await lying(world)] == [4]
    assert "Book 1 pieces" in (await mine.page()).text
