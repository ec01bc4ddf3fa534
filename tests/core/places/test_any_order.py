"""Whatever is done at once, and in which order: locations never hold more than there is."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.base.errors import CrossdockError
from crossdock.core.fulfilment import transfers
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import NewLine, PlaceOrder
from tests.core.places.shelves import Shelves
from tests.world import ACCOUNT, COMPANY, WAREHOUSE, World

PLACES = (None, "DOCK-1", "A-01-1", "R-01", "TOTE-01")
PIECES = st.integers(1, 6)
DEEDS = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(PLACES), st.sampled_from(PLACES), PIECES),
    st.tuples(st.just("adjust"), st.sampled_from(PLACES), st.integers(-4, 4)),
    st.tuples(st.just("ship"), PIECES),
    st.tuples(st.just("transfer"), PIECES),
    st.tuples(st.just("receive"), PIECES),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(DEEDS, min_size=1, max_size=6), min_size=1, max_size=4))
async def test_after_any_deeds_at_once(quiet_world: World, rounds: list[list[tuple[Any, ...]]]) -> None:
    """Each round at once, one round after the other; what is refused changes nothing."""
    house = House(await Shelves.of(quiet_world, pieces=8))
    for deeds in rounds:
        outcomes = await asyncio.gather(
            *(getattr(house, name)(*rest) for name, *rest in deeds), return_exceptions=True
        )
        assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, CrossdockError)] == []
        await quiet_world.verified()


class House:
    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves
        self.move = shelves.move
        self.adjust = shelves.adjust

    async def ship(self, pieces: int) -> None:
        order = await self.shelves.world.order(lines={"00131031": pieces}, state="allocated")
        await self.shelves.world.ship(order.id)

    async def receive(self, pieces: int) -> None:
        await self.shelves.world.stock("00131031", pieces)

    async def transfer(self, pieces: int) -> None:
        desk = self.shelves.world.desk
        source = await desk.accounts.sub_inventory(ACCOUNT, "OWN-A")
        target = await desk.accounts.sub_inventory(ACCOUNT, "OWN-B")
        command = PlaceOrder(
            account_id=ACCOUNT,
            company_id=COMPANY,
            kind="transfer",
            number=None,
            dialect="hongxun",
            state="allocated",
            site_id=WAREHOUSE,
            sub_inventory_id=source.id,
            lines=(NewLine(line_key="1", sku="00131031", quantity=pieces),),
        )
        [order_id] = await OrderIds(desk.database).take([COMPANY])
        async with desk.database.transaction() as tx:
            await transfers.transfer(tx, command=command, order_id=order_id, target_id=target.id)


async def shipped(shelves: Shelves, pieces: int, **picked: int) -> dict[str | None, int]:
    """An order goes out of which so many were picked into these totes."""
    order = await shelves.world.order(lines={"00131031": pieces}, state="allocated")
    for tote, count in picked.items():
        await shelves.move("A-01-2", tote.replace("_", "-"), count, order_id=order.id)
    await shelves.world.ship(order.id)
    await shelves.world.verified()
    return await shelves.lie()


async def test_what_was_picked_leaves_first_then_what_is_nowhere_then_in_walking_order(quiet_world: World) -> None:
    shelves = await Shelves.of(quiet_world, pieces=20)
    for code, pieces in (("R-01", 5), ("A-01-2", 6), ("A-01-1", 4), ("TOTE-02", 2)):
        await shelves.move(None, code, pieces)
    lie = {"R-01": 5, "A-01-2": 6, "A-01-1": 4, "TOTE-02": 2, None: 3}
    assert await shelves.lie() == lie
    assert await shipped(shelves, 2, TOTE_01=2) == {**lie, "A-01-2": 4}
    assert await shipped(shelves, 4, TOTE_01=1, TOTE_03=1) == {**lie, "A-01-2": 2, None: 1}
    assert await shipped(shelves, 6) == {"R-01": 5, "A-01-2": 1, "TOTE-02": 2}
    assert await shipped(shelves, 7) == {"TOTE-02": 1}


async def test_goods_that_change_their_owner_stay_where_they_lie(quiet_world: World) -> None:
    shelves = await Shelves.of(quiet_world, pieces=6)
    await shelves.move(None, "A-01-1", 3)
    await House(shelves).transfer(5)
    assert await shelves.lie() == {"A-01-1": 1}
    [(theirs,)] = await quiet_world.rows("SELECT max(id) FROM stock")
    shelves.stock_id = theirs
    assert await shelves.lie() == {"A-01-1": 2, None: 3}
    await quiet_world.verified()
