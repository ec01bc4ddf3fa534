"""Goods that are only passed on: lines without a product, and no stock that moves for them."""

import pytest

from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.waiting import serve_waiting
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import LineKeyTaken
from crossdock.core.orders.model import NewLine, Order
from tests.core.orders.conftest import Counter, with_lines
from tests.world import ACCOUNT

WHO = {"account_id": ACCOUNT, "dialect": "house", "actor": "test"}
COLA = NewLine(line_key="47-1", sku="47-1", stocked=False, quantity=3, partner_fields={"product_name": "cola"})
NIKE = NewLine(line_key="1", sku="00131031", quantity=1)


async def do(counter: Counter, command, order: Order, **more):
    async with counter.world.desk.database.transaction() as tx:
        return await command(tx, order_id=order.id, **WHO, **more)


async def lines_of(counter: Counter, order: Order):
    async with counter.world.desk.database.transaction() as tx:
        return await queries.lines(tx, account_id=ACCOUNT, order_id=order.id)


@pytest.mark.parametrize("placed_with", [True, False])
async def test_the_line_keeps_its_own_words(counter: Counter, placed_with: bool) -> None:
    order = (await counter.placed(with_lines("N-1", *[COLA] * placed_with))).order
    if not placed_with:
        await do(counter, commands.add_line, order, line=COLA)

    [line] = await lines_of(counter, order)
    assert (line.product_id, line.sku, line.quantity) == (None, "47-1", 3)
    assert line.partner_fields == {"product_name": "cola"}
    [(pieces,)] = await counter.world.rows("SELECT pieces FROM orders")
    assert pieces == 3


async def test_a_key_of_one_is_not_that_of_the_other(counter: Counter) -> None:
    order = (await counter.placed(with_lines("N-1", NIKE))).order
    with pytest.raises(LineKeyTaken):
        await do(counter, commands.add_line, order, line=NewLine(line_key="1", sku="x", stocked=False, quantity=1))


async def test_submitted_it_waits_for_no_stock_and_leaves_without_any(counter: Counter) -> None:
    order = (await counter.placed(with_lines("N-1", COLA, type="AGENT_DIRECT"))).order

    assert (await do(counter, commands.submit, order)).state == "pending"
    assert await serve_waiting(counter.world.desk.database) == 0
    labelled = await do(counter, fulfilment.print_label, order, tracking_number="T-1")
    assert (labelled.state, labelled.tracking_number) == ("labelled", "T-1")
    assert (await do(counter, fulfilment.ship, order)).order.state == "shipped"
    [line] = await lines_of(counter, order)
    assert line.done == 3
    assert await counter.world.rows("SELECT count(*) FROM stock_move") == [(0,)]
    await counter.world.verified()


async def test_beside_goods_that_are_stocked(counter: Counter) -> None:
    await counter.world.stock("00131031", 1)
    owner = counter.owner
    order = (await counter.placed(with_lines("N-1", COLA, NIKE, sub_inventory_id=owner))).order

    assert (await do(counter, commands.submit, order)).state == "allocated"
    await counter.world.verified()
    assert await counter.on_shelf("00131031") == (1, 1)
    for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing, fulfilment.ship):
        await do(counter, step, order)
    assert [line.done for line in await lines_of(counter, order)] == [3, 1]
    await counter.world.verified()
