"""A location is counted, and the books follow: never behind the back of orders, moves or managers."""

import asyncio
from typing import Any

import pytest

from crossdock.core.counting import commands, queries
from crossdock.core.counting.errors import (
    CountedLotNeeded,
    CountFull,
    CountOver,
    CountUnknown,
    DifferencesChanged,
    ManagerNeeded,
    MovedMeanwhile,
    OwnerUnclear,
    OwnerUnknown,
    ReasonUnfit,
    RoundsOver,
    ScanUnknown,
    SerialsHere,
)
from crossdock.core.counting.model import BOOKED_FREELY_MAX, ROUNDS_MAX, Booked, Compared, Count
from crossdock.core.picking import queries as picking
from crossdock.core.places import commands as places
from crossdock.core.places.errors import BucketUnknown, KindWrong, LocationUnknown, MoveEmpty, NotThere
from crossdock.core.stock.errors import SetAside
from tests.core.picking.floor import OTHER_SKU, SKU, Floor
from tests.world import World


@pytest.fixture
async def floor(quiet_world: World) -> Floor:
    floor = await Floor.of(quiet_world)
    await floor.hire(2)
    return floor


class Counting:
    """One count, and whoever does it."""

    def __init__(self, floor: Floor, count: Count) -> None:
        self.floor, self.count = floor, count

    @classmethod
    async def of(cls, floor: Floor, code: str, person: int = 0) -> "Counting":
        return cls(floor, await floor.do(commands.begin, location_code=code, staff_id=floor.people[person]))

    async def do(self, function: Any, **given: Any) -> Any:
        return await self.floor.do(function, count_id=self.count.id, **given)

    async def scan(self, code: str, quantity: int | None = None, operation_id: str = "", **more: Any) -> None:
        by = {"staff_id": self.floor.people[0], "operation_id": operation_id or f"s-{next(self.floor._causes)}"}
        await self.do(commands.scan, code=code, quantity=quantity, **by, **more)

    async def compared(self) -> Compared:
        found: Compared = await self.do(queries.compared)
        return found

    async def differences(self) -> dict[str, int]:
        return {line.sku: line.difference for line in (await self.compared()).differing}

    async def book(self, *, manager: bool = True, operation_id: str = "", **more: Any) -> Booked:
        given = {"seen": (await self.compared()).fingerprint, "reasons": {}, **more}
        by = {"staff_id": self.floor.people[0], "operation_id": operation_id or f"b-{next(self.floor._causes)}"}
        booked: Booked = await self.do(commands.book, manager=manager, **by, **given)
        return booked


async def on_hand(floor: Floor) -> dict[str, int]:
    rows = await floor.world.rows(
        "SELECT p.sku, sum(s.on_hand)::bigint FROM stock s JOIN product p ON p.id = s.product_id GROUP BY 1"
    )
    return {row[0]: row[1] for row in rows if row[1]}


async def test_what_differs_is_booked_with_a_reason(floor: Floor) -> None:
    nike = await floor.shelve(SKU, 10, "A-01-1")
    phone = await floor.shelve(OTHER_SKU, 4, "A-01-1")
    counting = await Counting.of(floor, "A-01-1")
    await counting.scan(SKU, 7)
    for _ in range(2):
        await counting.scan(SKU, operation_id="once")
    await counting.scan(OTHER_SKU, 5)
    assert await counting.differences() == {SKU: -2, OTHER_SKU: 1}
    reasons = {nike: "lost", phone: "found"}
    booked = await counting.book(reasons=reasons, note="behind the shelf", operation_id="tap")
    assert booked == Booked(location="A-01-1", more=1, fewer=2)
    again = await counting.do(
        commands.book,
        seen="",
        reasons={},
        manager=False,
        staff_id=floor.people[0],
        operation_id="tap",
    )
    assert again == booked
    assert await floor.lies() == {("A-01-1", SKU): 8, ("A-01-1", OTHER_SKU): 5}
    assert await on_hand(floor) == {SKU: 8, OTHER_SKU: 5}
    causes = await floor.world.rows("SELECT cause FROM stock_move WHERE cause LIKE 'count%%' ORDER BY cause")
    assert causes == [(f"count:{counting.count.id}:found",), (f"count:{counting.count.id}:lost",)]
    [(note, after)] = await floor.world.rows("SELECT reason, after FROM staff_action WHERE action = 'count'")
    assert (note, [one["reason"] for one in after["differences"]]) == ("behind the shelf", ["lost", "found"])
    with pytest.raises(CountOver):
        await counting.scan(SKU)
    await floor.world.verified()


async def test_an_empty_location_and_one_that_is_right_end_without_a_move(floor: Floor) -> None:
    await floor.shelve(SKU, 3, "A-01-1")
    for code, pieces in (("A-01-1", 3), ("A-01-2", 0)):
        counting = await Counting.of(floor, code)
        if pieces:
            await counting.scan(SKU, pieces)
        assert await counting.book(manager=False) == Booked(location=code, more=0, fewer=0)
    assert await on_hand(floor) == {SKU: 3}


async def test_more_pieces_are_first_those_that_were_never_put_away(floor: Floor) -> None:
    await floor.shelve(SKU, 3, "A-01-1")
    await floor.shelve(SKU, 2, None)
    counting = await Counting.of(floor, "A-01-1")
    await counting.scan(SKU, 9)
    assert (await counting.book()).more == 6
    assert (await floor.lies(), await on_hand(floor)) == ({("A-01-1", SKU): 9}, {SKU: 9})
    await floor.world.verified()


async def test_a_manager_is_asked_beyond_the_limit(floor: Floor) -> None:
    await floor.shelve(SKU, 50, "A-01-1")
    for pieces in (BOOKED_FREELY_MAX + 1, BOOKED_FREELY_MAX):
        counting = await Counting.of(floor, "A-01-1")
        await counting.scan(SKU, 50 - pieces)
        if pieces > BOOKED_FREELY_MAX:
            with pytest.raises(ManagerNeeded) as refused:
                await counting.book(manager=False)
            assert refused.value.facts == {"pieces": pieces, "most": BOOKED_FREELY_MAX}
            await counting.do(commands.leave)
        else:
            await counting.book(manager=False)
    assert await on_hand(floor) == {SKU: 50 - BOOKED_FREELY_MAX}
    counting = await Counting.of(floor, "A-01-1")
    await counting.book(manager=True)
    assert await on_hand(floor) == {}
    await floor.world.verified()


async def test_what_orders_have_set_aside_is_not_counted_away(floor: Floor) -> None:
    stock_id = await floor.shelve(SKU, 8, "A-01-1")
    order = await floor.order("N-1", {SKU: 6})
    counting = await Counting.of(floor, "A-01-1")
    await counting.scan(SKU, 5)
    with pytest.raises(SetAside) as refused:
        await counting.book()
    assert refused.value.facts == {"sku": SKU, "on_hand": 8, "allocated": 6, "orders": order.number}
    assert (await counting.do(queries.count)).state == "open"
    await counting.scan(SKU)
    assert (await counting.book()).fewer == 2
    with pytest.raises(SetAside):
        await adjusted(floor, stock_id, "A-01-1", quantity=-1, reason="lost")
    await floor.world.verified()


async def test_a_short_pick_is_settled_by_a_count(floor: Floor) -> None:
    await floor.shelve(SKU, 2, "A-01-1")
    await floor.shelve(SKU, 2, "R-01")
    await floor.order("N-1", {SKU: 2})
    wave = await floor.wave("single")
    pick = await floor.next(wave)
    assert pick is not None
    await floor.short(pick)
    [asked] = await floor.do(picking.count_requests)
    assert (asked.location, asked.sku) == ("A-01-1", SKU)
    counting = await Counting.of(floor, asked.location)
    await counting.scan(SKU)
    assert len(await floor.do(picking.count_requests)) == 1
    await counting.book(manager=False)
    assert await floor.do(picking.count_requests) == []
    await floor.world.verified()


async def test_who_moves_something_meanwhile_makes_it_count_again(floor: Floor) -> None:
    stock_id = await floor.shelve(SKU, 8, "A-01-1")
    counting = await Counting.of(floor, "A-01-1")
    await counting.scan(SKU, 8)
    seen = (await counting.compared()).fingerprint
    await floor.do(
        places.move,
        stock_id=stock_id,
        from_location_id=floor.places["A-01-1"].id,
        to_location_id=floor.places["A-01-2"].id,
        quantity=1,
        cause="x",
    )
    with pytest.raises(MovedMeanwhile):
        await counting.book(seen=seen)
    for _ in range(2):
        await counting.do(commands.again, seen_round=1)
    assert (await counting.do(queries.count)).round == 2
    assert await counting.do(queries.scans) == []
    await counting.scan(SKU, 7)
    with pytest.raises(DifferencesChanged):
        await counting.book(seen=seen)
    assert await counting.book() == Booked(location="A-01-1", more=0, fewer=0)


async def test_a_location_has_one_count_that_anybody_goes_on_with(floor: Floor) -> None:
    counts = await asyncio.gather(*(Counting.of(floor, "A-01-1", person) for person in (0, 1, 0, 1)))
    assert len({one.count.id for one in counts}) == 1
    assert len(await floor.do(queries.open_counts)) == 1
    counting = counts[0]
    await counting.scan(SKU)
    [scan] = await counting.do(queries.scans)
    await counting.do(commands.take_back, scan_id=scan.id)
    with pytest.raises(ScanUnknown):
        await counting.do(commands.take_back, scan_id=scan.id)
    await counting.do(commands.leave)
    with pytest.raises(CountOver):
        await counting.do(commands.leave)
    assert (await Counting.of(floor, "A-01-1")).count.id != counting.count.id


async def test_what_cannot_be_counted(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    for code, error in (("TOTE-01", KindWrong), ("LANE-1", KindWrong), ("nowhere", LocationUnknown)):
        with pytest.raises(error):
            await Counting.of(floor, code)
    for count_id in (0, -1, 99_999, 10**30):
        with pytest.raises(CountUnknown):
            await floor.do(queries.count, count_id=count_id)
    counting = await Counting.of(floor, "A-01-1")
    for round_ in range(1, ROUNDS_MAX):
        await counting.do(commands.again, seen_round=round_)
    with pytest.raises(RoundsOver):
        await counting.do(commands.again, seen_round=ROUNDS_MAX)
    monkeypatch.setattr(commands, "SCANS_MAX", 2)
    for _ in range(2):
        await counting.scan(SKU)
    with pytest.raises(CountFull):
        await counting.scan(SKU)


async def test_lots_and_damage_are_counted_apart(floor: Floor) -> None:
    await floor.shelve(SKU, 3, "A-01-1", lot="L-1")
    counting = await Counting.of(floor, "A-01-1")
    await counting.scan(SKU, 2)
    await floor.shelve(SKU, 4, "A-01-1", lot="L-2")
    with pytest.raises(CountedLotNeeded):
        await counting.scan(SKU)
    await counting.do(commands.again, seen_round=1)
    await counting.scan(SKU, 3, lot="L-1")
    await counting.scan(SKU, 4, lot="L-2")
    await counting.scan(SKU, 1, lot="L-2", condition="defective")
    compared = await counting.compared()
    assert [(line.lot, line.condition, line.difference) for line in compared.differing] == [("L-2", "defective", 1)]
    with pytest.raises(OwnerUnclear):
        await counting.book()


async def test_of_two_owners_goods_only_the_sum_is_counted(floor: Floor) -> None:
    mine = await floor.shelve(SKU, 3, "A-01-1")
    await floor.world.stock(SKU, 4, sub="OWN-B")
    [(theirs,)] = await floor.world.rows("SELECT max(id) FROM stock")
    await floor.do(
        places.move,
        stock_id=theirs,
        from_location_id=None,
        to_location_id=floor.places["A-01-1"].id,
        quantity=4,
        cause="x",
    )
    counting = await Counting.of(floor, "A-01-1")
    await counting.scan(SKU, 6)
    [line] = (await counting.compared()).differing
    assert (line.stock_id, line.owner, line.books, line.counted) == (None, "OWN-A, OWN-B", 7, 6)
    with pytest.raises(OwnerUnclear):
        await counting.book()
    await adjusted(floor, mine, "A-01-1", quantity=-1, reason="lost")
    await counting.do(commands.again, seen_round=1)
    await counting.scan(SKU, 6)
    assert (await counting.book()).fewer == 0
    await floor.world.verified()


async def adjusted(floor: Floor, stock_id: int, code: str | None, **given: Any) -> Booked:
    booked: Booked = await floor.do(
        commands.adjust,
        stock_id=stock_id,
        location_id=None if code is None else floor.places[code].id,
        staff_id=floor.people[0],
        **{"operation_id": f"a-{next(floor._causes)}", **given},
    )
    return booked


async def test_pieces_are_adjusted_with_a_reason(floor: Floor) -> None:
    stock_id = await floor.shelve(SKU, 8, "A-01-1")
    for _ in range(2):
        booked = await adjusted(floor, stock_id, "A-01-1", quantity=-3, reason="damaged", operation_id="once")
        assert booked == Booked(location="A-01-1", more=0, fewer=3)
    await adjusted(floor, stock_id, None, quantity=2, reason="found")
    assert await on_hand(floor) == {SKU: 7}
    for error, given in (
        (ReasonUnfit, {"quantity": 1, "reason": "lost"}),
        (ReasonUnfit, {"quantity": -1, "reason": "found"}),
        (ReasonUnfit, {"quantity": 1, "reason": "<b>"}),
        (MoveEmpty, {"quantity": 0, "reason": "counted"}),
        (NotThere, {"quantity": -6, "reason": "lost"}),
    ):
        with pytest.raises(error):
            await adjusted(floor, stock_id, "A-01-1", **given)
    with pytest.raises(BucketUnknown):
        await adjusted(floor, 99_999, None, quantity=1, reason="found")
    with pytest.raises(KindWrong):
        await adjusted(floor, stock_id, "TOTE-01", quantity=1, reason="found")
    await floor.world.verified()


async def test_goods_that_no_books_know_are_brought_in(floor: Floor) -> None:
    given: dict[str, Any] = {
        "location_id": floor.places["A-01-1"].id,
        "code": SKU,
        "lot": "L-9",
        "condition": "good",
        "owner": "OWN-B",
        "quantity": 3,
        "reason": "found",
        "staff_id": floor.people[0],
    }
    with pytest.raises(OwnerUnknown):
        await floor.do(commands.bring_in, **(given | {"owner": "nobody"}), operation_id="a")
    with pytest.raises(ReasonUnfit):
        await floor.do(commands.bring_in, **(given | {"reason": "lost"}), operation_id="b")
    with pytest.raises(MoveEmpty):
        await floor.do(commands.bring_in, **(given | {"quantity": 0}), operation_id="c")
    for _ in range(2):
        await floor.do(commands.bring_in, **given, operation_id="d")
    assert (await floor.lies(), await on_hand(floor)) == ({("A-01-1", SKU): 3}, {SKU: 3})
    await floor.world.verified()


async def test_pieces_with_serial_numbers_are_not_counted_away(floor: Floor) -> None:
    stock_id = await floor.shelve(SKU, 2, "A-01-1")
    await floor.world.rows(
        "INSERT INTO unit (account_id, product_id, code, sn, stock_id, received_at)"
        " SELECT account_id, product_id, 'SN-1', 'SN-1', id, now() FROM stock WHERE id = %(id)s RETURNING 1",
        id=stock_id,
    )
    await adjusted(floor, stock_id, "A-01-1", quantity=-1, reason="lost")
    with pytest.raises(SerialsHere):
        await adjusted(floor, stock_id, "A-01-1", quantity=-1, reason="lost")
    counting = await Counting.of(floor, "A-01-1")
    with pytest.raises(SerialsHere):
        await counting.book()
    await floor.world.verified()
