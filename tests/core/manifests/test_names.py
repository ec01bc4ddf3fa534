"""Pieces with names leave by them, as they were packed at a bench."""

import pytest

from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.orders.model import Order
from tests.core.bench.conftest import Benches
from tests.core.manifests.conftest import SKU, Door
from tests.core.picking.floor import Floor
from tests.world import ACCOUNT, World


@pytest.fixture
async def benches(quiet_world: World) -> Benches:
    """Without locations: what is packed here lies in none."""
    floor = await Floor.of(quiet_world)
    await floor.hire()
    return Benches(floor)


async def at_the_bench(world: World, number: str, sku: str, owner: str = "OWN-A") -> Order:
    order = await world.order(number, lines={sku: 1}, owner=owner, state="allocated")
    async with world.desk.database.transaction() as tx:
        return await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=order.id)


async def test_the_piece_that_was_packed_is_the_one_that_leaves(benches: Benches) -> None:
    for vin in ("LDEMO1", "LDEMO2"):
        await benches.world.car(vin)
    await at_the_bench(benches.world, "N-1", "CAR-S5", "OWN-CAR")
    await benches.scan(await benches.open("N-1"), "LDEMO2")
    door = Door(benches.world)
    closed = await door.close((await door.load("N-1")).manifest_id)
    assert closed.left == []
    assert await benches.world.rows("SELECT code, state FROM unit ORDER BY code") == [
        ("LDEMO1", "in_stock"),
        ("LDEMO2", "shipped"),
    ]
    await benches.world.verified()


async def test_goods_that_came_in_without_names_leave_although_they_were_packed_with_them(benches: Benches) -> None:
    await benches.world.stock(SKU, 1)
    await at_the_bench(benches.world, "N-1", SKU)
    await benches.scan(await benches.open("N-1"), SKU, serial="SN-1")
    door = Door(benches.world)
    closed = await door.close((await door.load("N-1")).manifest_id)
    assert (closed.left, closed.manifest.parcels) == ([], 1)
    await benches.world.verified()
