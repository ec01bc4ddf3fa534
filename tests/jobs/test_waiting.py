"""Orders that were submitted without stock get theirs when it arrives, the oldest first."""

import asyncio

import pytest

from crossdock.base.errors import DatabaseUnavailable
from crossdock.base.tasks import stopped
from crossdock.core.fulfilment import inbound as dock
from crossdock.core.fulfilment import waiting
from crossdock.core.fulfilment.model import counted
from crossdock.core.fulfilment.waiting import serve_waiting
from crossdock.core.orders import commands as orders
from crossdock.core.orders.model import Order
from crossdock.jobs.waiting import serve_orders_that_wait
from tests.world import ACCOUNT, World

SKU = "00131031"


async def submitted(world: World, pieces: int) -> Order:
    draft = await world.order(lines={SKU: pieces})
    async with world.desk.database.transaction() as tx:
        return await orders.submit(tx, account_id=ACCOUNT, order_id=draft.id, dialect="birdsystem", actor="erp")


async def states(world: World) -> list[str]:
    return [row[0] for row in await world.rows("SELECT state FROM orders WHERE kind = 'outbound' ORDER BY id")]


async def test_the_oldest_first_and_one_that_is_not_served_whole_takes_nothing(quiet_world: World) -> None:
    for pieces in (2, 5, 1):
        await submitted(quiet_world, pieces)
    assert await states(quiet_world) == ["pending"] * 3
    await quiet_world.stock(SKU, 4)
    assert await serve_waiting(quiet_world.desk.database) == 2
    assert await states(quiet_world) == ["allocated", "pending", "allocated"]
    assert await quiet_world.rows("SELECT on_hand, allocated FROM stock") == [(4, 3)]


async def test_more_orders_than_one_page(quiet_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting_before = waiting.PAGE
    monkeypatch.setattr(waiting, "PAGE", 2)
    for _ in range(5):
        await submitted(quiet_world, 1)
    await quiet_world.stock(SKU, 5)
    assert await serve_waiting(quiet_world.desk.database) == 5
    assert waiting_before > 2


async def test_nobody_waits(quiet_world: World) -> None:
    await quiet_world.stock(SKU, 5)
    assert await serve_waiting(quiet_world.desk.database) == 0


async def test_a_cancelled_order_waits_no_more(quiet_world: World) -> None:
    order = await submitted(quiet_world, 1)
    async with quiet_world.desk.database.transaction() as tx:
        await orders.cancel(tx, account_id=ACCOUNT, order_id=order.id, dialect="birdsystem", actor="erp")
    await quiet_world.stock(SKU, 1)
    assert await serve_waiting(quiet_world.desk.database) == 0


async def test_a_receipt_wakes_the_one_who_serves(quiet_world: World) -> None:
    desk = quiet_world.desk
    await submitted(quiet_world, 3)
    inbound = await quiet_world.order("RK1", kind="inbound", state="announced", lines={SKU: 3})
    task = asyncio.create_task(serve_orders_that_wait(desk.database, desk.signals))
    try:
        async with desk.database.transaction() as tx:
            await dock.receive(tx, account_id=ACCOUNT, order_id=inbound.id, receipts=counted({"1": 3}))
        async with asyncio.timeout(30):
            while await states(quiet_world) != ["allocated"]:
                await asyncio.sleep(0.01)
    finally:
        await stopped(task)


async def test_a_lost_database_does_not_end_it(quiet_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, tries = quiet_world.desk, asyncio.Event()

    async def lost(_: object) -> int:
        tries.set()
        raise DatabaseUnavailable()

    monkeypatch.setattr("crossdock.jobs.waiting.serve_waiting", lost)
    task = asyncio.create_task(serve_orders_that_wait(desk.database, desk.signals))
    try:
        async with asyncio.timeout(30):
            await tries.wait()
        assert not task.done()
    finally:
        await stopped(task)
