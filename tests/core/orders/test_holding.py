"""An order the warehouse cannot go on with: its stock is free for others, and it queues again."""

import pytest

from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.waiting import serve_waiting
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import StateForbids
from crossdock.core.orders.model import OUTBOUND_MOVES, Order
from crossdock.core.stock.errors import OutOfStock
from tests.core.orders.conftest import Counter
from tests.world import ACCOUNT

WHO = {"account_id": ACCOUNT, "dialect": "house", "actor": "test"}
NIKE = "00131031"


async def placed(counter: Counter, number: str, quantity: int = 2) -> Order:
    return (await counter.placed(counter.reserving(number, {NIKE: quantity}))).order


async def do(counter: Counter, command, order: Order, **more) -> Order:
    async with counter.world.desk.database.transaction() as tx:
        return await command(tx, order_id=order.id, **WHO, **more)


async def hold(counter: Counter, order: Order, reason: str = "the box is torn") -> Order:
    return await do(counter, commands.put_on_hold, order, reason=reason)


async def test_what_a_held_order_had_is_free_and_taken_again(counter: Counter) -> None:
    await counter.world.stock(NIKE, 2)
    order = await placed(counter, "N-1")

    for turn in range(3):  # each turn needs a cause of its own in the ledger
        held = await hold(counter, order, f"reason {turn}")
        assert (held.state, held.feedback) == ("held", f"reason {turn}")
        assert await counter.on_shelf(NIKE) == (2, 0)
        released = await do(counter, commands.release, order)
        assert (released.state, released.feedback) == ("allocated", f"reason {turn}")
        assert await counter.on_shelf(NIKE) == (2, 2)
    await counter.world.verified()


async def test_meanwhile_somebody_else_may_have_it(counter: Counter) -> None:
    await counter.world.stock(NIKE, 2)
    order = await placed(counter, "N-1")
    await hold(counter, order)
    other = await placed(counter, "N-2")

    assert (await do(counter, commands.release, order)).state == "pending"
    await do(counter, commands.cancel, other)
    assert await serve_waiting(counter.world.desk.database) == 1
    async with counter.world.desk.database.transaction() as tx:
        assert (await queries.order(tx, account_id=ACCOUNT, order_id=order.id)).state == "allocated"
    assert await counter.on_shelf(NIKE) == (2, 2)
    await counter.world.verified()


@pytest.mark.parametrize("released_before", [0, 2])
async def test_cancelling_a_held_order_leaks_no_stock(counter: Counter, released_before: int) -> None:
    await counter.world.stock(NIKE, 2)
    order = await placed(counter, "N-1")
    for _ in range(released_before):
        await hold(counter, order)
        await do(counter, commands.release, order)
    await hold(counter, order)

    assert (await do(counter, commands.cancel, order)).state == "cancelled"
    assert await counter.on_shelf(NIKE) == (2, 0)
    await counter.world.verified()


async def test_an_order_that_was_held_once_is_cancelled_with_its_stock(counter: Counter) -> None:
    await counter.world.stock(NIKE, 2)
    order = await placed(counter, "N-1")
    await hold(counter, order)
    await do(counter, commands.release, order)

    await do(counter, commands.cancel, order)
    assert await counter.on_shelf(NIKE) == (2, 0)
    await counter.world.verified()


async def test_a_held_order_ships_what_is_there_now(counter: Counter) -> None:
    await counter.world.stock(NIKE, 2)
    order = await placed(counter, "N-1")
    await hold(counter, order)
    thief = await placed(counter, "N-2", 1)

    with pytest.raises(OutOfStock):
        await do(counter, fulfilment.ship, order)
    await do(counter, commands.cancel, thief)
    assert (await do(counter, fulfilment.ship, order)).order.state == "shipped"
    assert await counter.on_shelf(NIKE) == (0, 0)
    await counter.world.verified()


@pytest.mark.parametrize("state", OUTBOUND_MOVES)
async def test_held_from_where_the_table_says(counter: Counter, state: str) -> None:
    order = (await counter.placed(counter.reserving("N-1", {}))).order
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = %(state)s", state=state)
    if "held" in OUTBOUND_MOVES[state]:
        assert (await hold(counter, order)).state == "held"
    else:
        with pytest.raises(StateForbids):
            await hold(counter, order)
    if state != "held" and "held" not in OUTBOUND_MOVES[state]:
        with pytest.raises(StateForbids):
            await do(counter, commands.release, order)
