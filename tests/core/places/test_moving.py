"""Goods are moved between locations: nothing is made or lost on the way, whoever moves at once."""

import asyncio
from typing import Any

import pytest

from crossdock.base.ids import LocationId, StockId
from crossdock.core.places import commands, queries
from crossdock.core.places.errors import (
    BucketUnknown,
    LocationClosed,
    LocationNotEmpty,
    LocationTaken,
    LocationUnknown,
    MoveEmpty,
    NotThere,
)
from crossdock.core.stock.errors import SetAside
from tests.core.places.shelves import Shelves
from tests.world import ACCOUNT, SHOP, World


@pytest.fixture
async def shelves(quiet_world: World) -> Shelves:
    return await Shelves.of(quiet_world, pieces=10)


async def test_pieces_go_to_a_place_and_on(shelves: Shelves) -> None:
    await shelves.move(None, "DOCK-1", 10)
    await shelves.move("DOCK-1", "A-01-1", 4)
    await shelves.move("DOCK-1", "A-01-2", 6)
    await shelves.move("A-01-2", "A-01-1", 6)
    await shelves.move("A-01-1", None, 3)
    assert await shelves.lie() == {"A-01-1": 7, None: 3}
    await shelves.world.verified()


async def test_a_cause_moves_once(shelves: Shelves) -> None:
    first = await shelves.move(None, "A-01-1", 4, cause="x")
    assert await shelves.move(None, "A-01-1", 4, cause="x") == first
    assert await shelves.lie() == {"A-01-1": 4, None: 6}


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (NotThere, {"quantity": 11}),
        (NotThere, {"from_location_id": "A-01-2", "quantity": 1}),
        (MoveEmpty, {"quantity": 0}),
        (MoveEmpty, {"to_location_id": None}),
        (LocationUnknown, {"to_location_id": 999_999}),
        (LocationUnknown, {"from_location_id": 999_999}),
        (BucketUnknown, {"stock_id": StockId(999_999)}),
        (BucketUnknown, {"site_id": SHOP}),
    ],
)
async def test_what_cannot_be_moved(shelves: Shelves, error: type[Exception], fields: dict[str, Any]) -> None:
    wanted = {name: shelves.ids.get(value, value) for name, value in fields.items()}
    with pytest.raises(error):
        async with shelves.tx() as tx:
            await commands.move(tx, **(shelves.shift(None, "A-01-1", 1) | wanted))
    assert await shelves.lie() == {None: 10}


async def test_a_location_is_opened_and_closed(shelves: Shelves) -> None:
    with pytest.raises(LocationTaken):
        async with shelves.tx() as tx:
            await commands.open_location(tx, **shelves.place, code="A-01-1", kind="shelf")
    async with shelves.tx() as tx:
        made = await commands.open_location(tx, **shelves.place, code="Z-1", kind="shelf", walk_order=5)
    shelves.ids["Z-1"] = made.id
    await shelves.move(None, "Z-1", 1)
    with pytest.raises(LocationNotEmpty):
        async with shelves.tx() as tx:
            await commands.close_location(tx, **shelves.place, location_id=made.id)
    await shelves.move("Z-1", None, 1)
    async with shelves.tx() as tx:
        await commands.close_location(tx, **shelves.place, location_id=made.id)
        with pytest.raises(LocationUnknown):
            await commands.close_location(tx, **shelves.place, location_id=LocationId(999_999))
    with pytest.raises(LocationClosed):
        await shelves.move(None, "Z-1", 1)


async def test_twenty_hands_cannot_put_away_more_than_there_is(shelves: Shelves) -> None:
    outcomes = await asyncio.gather(
        *(shelves.move(None, code, 3) for code in ["A-01-1", "A-01-2"] * 10), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Moved"] * 3 + ["NotThere"] * 17
    assert sum(pieces for code, pieces in (await shelves.lie()).items() if code) == 9
    await shelves.world.verified()


async def test_an_adjustment_never_takes_what_is_set_aside(shelves: Shelves) -> None:
    await shelves.move(None, "A-01-1", 8)
    order = await shelves.world.order("N-7", lines={"00131031": 6}, state="allocated")
    await shelves.adjust("A-01-1", -4, cause="count:1")
    await shelves.adjust("A-01-1", -4, cause="count:1")
    assert await shelves.lie() == {"A-01-1": 4, None: 2}
    with pytest.raises(SetAside) as refused:
        await shelves.adjust("A-01-1", -1)
    assert refused.value.facts == {"sku": "00131031", "on_hand": 6, "allocated": 6, "orders": order.number}
    with pytest.raises(NotThere):
        await shelves.adjust("A-01-1", -5)
    with pytest.raises(NotThere):
        await shelves.adjust(None, -3)
    await shelves.adjust("A-01-2", 2)
    await shelves.adjust(None, -2)
    assert await shelves.lie() == {"A-01-1": 4, "A-01-2": 2}
    await shelves.world.verified()


async def test_where_something_lies_is_said_in_walking_order(shelves: Shelves) -> None:
    for code in ("B-01-1", "R-01", "A-01-2"):
        await shelves.move(None, code, 1)
    async with shelves.tx() as tx:
        found = await queries.where(tx, **shelves.place, stock_ids=[shelves.stock_id])
        assert [(one.location, one.quantity) for one in found] == [
            ("A-01-2", 1),
            ("B-01-1", 1),
            ("R-01", 1),
            (None, 7),
        ]
        assert await queries.where(tx, **shelves.place, product_id=found[0].product_id) == found
        [inside] = await queries.contents(tx, **shelves.place, location_id=shelves.ids["R-01"])
        assert (inside.sku, inside.owner, inside.quantity) == ("00131031", "OWN-A", 1)
        empty = await queries.first_empty(tx, **shelves.place, kind="shelf")
        assert empty is not None
        assert empty.code == "A-01-1"
        with pytest.raises(LocationUnknown):
            await queries.location_by_code(tx, account_id=ACCOUNT, site_id=SHOP, code="R-01")
