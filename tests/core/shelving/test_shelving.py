"""Goods go from the dock to a shelf, and on: once, to a place that fits, and picks that wait go after them."""

import asyncio
from typing import Any

import pytest

from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.picking.errors import PicksWait
from crossdock.core.places import commands as places
from crossdock.core.places import queries as place_queries
from crossdock.core.places.errors import BucketUnknown, KindWrong, LocationClosed, LocationUnknown, NotThere
from crossdock.core.receiving import commands as receiving
from crossdock.core.receiving.model import Wanted
from crossdock.core.shelving import commands, queries
from crossdock.core.shelving.errors import NothingWaits, PlatePutAway, PlateUnknown
from crossdock.core.shelving.model import Shelved
from crossdock.core.units import plates
from crossdock.core.units.model import NewPlate
from crossdock.db.tx import Tx
from tests.core.picking.floor import OTHER_SKU, SKU, Floor
from tests.world import World


@pytest.fixture
async def floor(quiet_world: World) -> Floor:
    floor = await Floor.of(quiet_world)
    await floor.hire(2)
    return floor


class Hands:
    """Somebody with a scanner, on goods of one bucket."""

    def __init__(self, floor: Floor, stock_id: int, person: int = 0) -> None:
        self.floor = floor
        self.given: dict[str, Any] = {"stock_id": stock_id, "staff_id": floor.people[person]}

    async def put_away(
        self, to: str, quantity: int | None = None, from_: str | None = "DOCK-1", operation_id: str = ""
    ) -> Shelved:
        return await self._do(commands.put_away, to, quantity, from_, operation_id)

    async def move(self, from_: str, to: str, quantity: int | None = None, operation_id: str = "") -> Shelved:
        return await self._do(commands.move, to, quantity, from_, operation_id)

    async def _do(self, command: Any, to: str, quantity: int | None, from_: str | None, operation_id: str) -> Shelved:
        done: Shelved = await self.floor.do(
            command,
            **self.given,
            from_location_id=None if from_ is None else self.floor.places[from_].id,
            location_code=to,
            quantity=quantity,
            operation_id=operation_id or f"op-{next(self.floor._causes)}",
        )
        return done


async def test_goods_go_from_the_dock_to_a_shelf_and_on(floor: Floor) -> None:
    hands = Hands(floor, await floor.shelve(SKU, 10, "DOCK-1"))
    await floor.shelve(SKU, 4, None)
    assert await hands.put_away("A-01-1", 6) == Shelved(pieces=6, what=SKU, location="A-01-1")
    assert (await hands.put_away("R-01")).pieces == 4
    assert (await hands.put_away("A-01-1", from_=None)).pieces == 4
    await hands.move("A-01-1", "A-01-2", 7, operation_id="once")
    await hands.move("A-01-1", "A-01-2", 7, operation_id="once")
    await hands.move("R-01", "DOCK-1", 1)
    assert await floor.lies() == {("A-01-1", SKU): 3, ("A-01-2", SKU): 7, ("R-01", SKU): 3, ("DOCK-1", SKU): 1}
    done = await floor.world.rows("SELECT action, after ->> 'location' FROM staff_action ORDER BY id")
    assert done == [
        ("put_away", "A-01-1"),
        ("put_away", "R-01"),
        ("put_away", "A-01-1"),
        ("move_goods", "A-01-2"),
        ("move_goods", "DOCK-1"),
    ]
    await floor.world.verified()


@pytest.mark.parametrize(
    ("error", "to", "quantity"),
    [
        (LocationUnknown, "NOWHERE", 1),
        (KindWrong, "TOTE-01", 1),
        (KindWrong, "LANE-1", 1),
        (KindWrong, "DOCK-1", 1),
        (LocationClosed, "B-01-1", 1),
        (NotThere, "A-01-1", 11),
    ],
)
async def test_where_goods_cannot_be_put(floor: Floor, error: type[Exception], to: str, quantity: int) -> None:
    hands = Hands(floor, await floor.shelve(SKU, 10, "DOCK-1"))
    await floor.do(places.close_location, location_id=floor.places["B-01-1"].id)
    with pytest.raises(error):
        await hands.put_away(to, quantity)
    assert await floor.lies() == {("DOCK-1", SKU): 10}


async def test_what_lies_in_a_tote_is_not_moved(floor: Floor) -> None:
    hands = Hands(floor, await floor.shelve(SKU, 1, "TOTE-01"))
    for deed in (hands.move("TOTE-01", "A-01-1"), hands.put_away("A-01-1", from_="TOTE-01")):
        with pytest.raises(KindWrong):
            await deed
    on_shelf = Hands(floor, await floor.shelve(OTHER_SKU, 1, "A-01-1"))
    with pytest.raises(KindWrong):
        await on_shelf.put_away("A-01-2", from_="A-01-1")


async def test_of_two_people_who_put_the_same_pieces_away_one_does(floor: Floor) -> None:
    stock_id = await floor.shelve(SKU, 10, "DOCK-1")
    outcomes = await asyncio.gather(
        Hands(floor, stock_id, 0).put_away("A-01-1", 10),
        Hands(floor, stock_id, 1).put_away("A-01-2", 10),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["NotThere", "Shelved"]
    assert sorted((await floor.lies()).values()) == [10]
    late = await asyncio.gather(Hands(floor, stock_id).put_away("A-01-1"), return_exceptions=True)
    assert [type(one) for one in late] == [BucketUnknown]
    await floor.world.verified()


async def test_the_same_goods_lie_together_else_an_empty_location_is_told(floor: Floor) -> None:
    async def advised(stock_id: int) -> tuple[str, bool]:
        heap = await floor.do(queries.heap, stock_id=stock_id, location_id=floor.places["DOCK-1"].id)
        advice = await floor.do(queries.advised, heap=heap)
        return advice.location.code, advice.same

    first = await floor.shelve(SKU, 2, "DOCK-1")
    assert await advised(first) == ("A-01-1", False)
    await floor.shelve(OTHER_SKU, 1, "A-01-1")
    assert await advised(first) == ("A-01-2", False)
    await floor.shelve(SKU, 1, "R-01")
    assert await advised(first) == ("R-01", True)
    await floor.shelve(SKU, 1, "B-01-1")
    assert await advised(first) == ("B-01-1", True)
    await floor.world.rows("UPDATE stock SET condition = 'defective' WHERE id = %(id)s RETURNING 1", id=first)
    await floor.world.rows(
        "DELETE FROM located WHERE location_id <> %(id)s RETURNING 1", id=floor.places["DOCK-1"].id
    )
    assert await advised(first) == ("Q-01", False)


async def test_picks_go_after_goods_that_are_moved_unless_somebody_is_on_the_way(floor: Floor) -> None:
    hands = Hands(floor, await floor.shelve(SKU, 5, "DOCK-1"))
    for number in ("N-1", "N-2"):
        await floor.order(number, {SKU: 2})
    wave = await floor.wave("single")
    assert (await hands.put_away("A-01-1", 1)).pieces == 1
    with pytest.raises(PicksWait) as refused:
        await hands.put_away("Q-01", 4)
    assert refused.value.facts == {"free": 0}
    await hands.put_away("A-01-1", 2)
    pick = await floor.next(wave)
    assert pick is not None
    with pytest.raises(PicksWait) as refused:
        await hands.put_away("A-01-2")
    assert refused.value.facts == {"free": 0}
    await floor.pick(pick, "TOTE-01")
    second = await floor.next(wave)
    assert second is not None
    assert {pick.location, second.location} == {"A-01-1", "DOCK-1"}
    await floor.pick(second, "TOTE-02")
    assert (await floor.progress(wave)).ready == 2
    await floor.world.verified()


async def came(floor: Floor, number: str, plate: str, lines: dict[str, int], scanned: str = "") -> OrderId:
    """An order that brings goods on a plate, booked at the dock; what was scanned of it, if not each product."""
    order = await floor.world.order(number, lines=lines, kind="inbound", state="announced", dialect="hongxun")
    for code in [scanned] if scanned else lines:
        await floor.do(
            receiving.scan,
            staff_id=floor.people[0],
            order_id=order.id,
            wanted=Wanted(code=code, quantity=lines.get(code), plate=plate),
            operation_id=f"scan-{number}-{code}",
        )
    await floor.do(
        receiving.book, staff_id=floor.people[0], actor="x", order_id=order.id, operation_id=f"book-{number}"
    )
    return order.id


async def test_a_plate_is_put_away_whole_and_once(floor: Floor) -> None:
    await came(floor, "I-1", "LPN-9", {SKU: 12, OTHER_SKU: 3})
    await came(floor, "I-2", "LPN-8", {SKU: 5})
    seen = await floor.do(queries.plate, code="LPN-9")
    assert sorted((heap.sku, heap.quantity) for heap in seen.heaps) == [(SKU, 12), (OTHER_SKU, 3)]
    put: dict[str, Any] = {"plate_code": "LPN-9", "staff_id": floor.people[0]}
    with pytest.raises(KindWrong):
        await floor.do(commands.put_plate_away, **put, location_code="TOTE-01", operation_id="a")
    outcomes = await asyncio.gather(
        floor.do(commands.put_plate_away, **put, location_code="R-01", operation_id="b"),
        floor.do(commands.put_plate_away, **put, location_code="B-01-1", operation_id="c"),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["PlatePutAway", "Shelved"]
    [done] = [one for one in outcomes if isinstance(one, Shelved)]
    [again] = [one for one in outcomes if isinstance(one, PlatePutAway)]
    assert again.facts == {"plate": "LPN-9", "location": done.location}
    assert await floor.lies() == {
        (done.location, SKU): 12,
        (done.location, OTHER_SKU): 3,
        ("DOCK-1", SKU): 5,
    }
    for code, error in (("LPN-9", PlatePutAway), ("nobody", PlateUnknown), ("", PlateUnknown)):
        with pytest.raises(error):
            await floor.do(queries.plate, code=code)
    await floor.world.verified()


async def announced(tx: Tx, *, account_id: AccountId, site_id: SiteId, **batch: Any) -> None:
    await plates.announce(tx, account_id=account_id, **batch)


async def test_a_pallet_is_put_away_with_the_cartons_on_it(floor: Floor) -> None:
    carton: dict[str, Any] = {"sku": SKU, "members": {}}
    await floor.do(
        announced,
        source_number="I-1",
        batch_key="1",
        content_hash=b"1",
        plates=[
            NewPlate(code="PALLET", quantity=9, **carton),
            NewPlate(code="C-1", parent_code="PALLET", quantity=4, **carton),
            NewPlate(code="C-2", parent_code="PALLET", quantity=5, **carton),
        ],
    )
    await came(floor, "I-1", "", {SKU: 9}, scanned="PALLET")
    [heap] = (await floor.do(queries.plate, code="C-1")).heaps
    assert heap.quantity == 4
    done = await floor.do(
        commands.put_plate_away,
        plate_code="PALLET",
        location_code="R-01",
        staff_id=floor.people[0],
        operation_id="a",
    )
    assert done == Shelved(pieces=9, what="PALLET", location="R-01")
    assert await floor.lies() == {("R-01", SKU): 9}
    await floor.world.verified()


async def test_a_plate_of_which_something_left_the_dock_is_not_whole(floor: Floor) -> None:
    await came(floor, "I-2", "LPN-8", {SKU: 5})
    [(stock_id,)] = await floor.world.rows("SELECT id FROM stock WHERE on_hand > 0")
    await Hands(floor, stock_id).put_away("A-01-1", 1)
    with pytest.raises(NothingWaits):
        await floor.do(queries.plate, code="LPN-8")


async def test_what_waits_is_read_page_by_page(floor: Floor) -> None:
    for number, sku in enumerate((SKU, OTHER_SKU, "IP-XX3355")):
        await floor.shelve(sku, 2, "DOCK-1" if number else None)
    await floor.shelve(SKU, 1, "A-01-1")
    await floor.place("DOCK-2", "dock")
    await floor.shelve(SKU, 1, "DOCK-2")
    whole = await floor.do(place_queries.to_put_away, limit=10)
    read = []
    after = None
    for _ in range(len(whole) + 1):
        page = await floor.do(place_queries.to_put_away, limit=1, after=after)
        if not page:
            break
        read += page
        after = (page[0].location_id, page[0].stock_id)
    assert read == whole
    assert [(one.sku, one.location, one.quantity) for one in whole] == [
        (OTHER_SKU, "DOCK-1", 2),
        ("IP-XX3355", "DOCK-1", 2),
        (SKU, "DOCK-2", 1),
        (SKU, None, 2),
    ]
    assert await floor.do(place_queries.heaps_at_docks, most=9) == 3
    assert await floor.do(place_queries.heaps_at_docks, most=2) == 2
