"""Goods come back: what the warehouse does with them, step by step, and what of it becomes stock again."""

import pytest

from crossdock.core.fulfilment import commands, returns
from crossdock.core.orders import commands as orders
from crossdock.core.orders.errors import LineUnknown, QuantityInvalid, ReturnNotArrived, StateForbids
from crossdock.core.orders.model import RETURN_MOVES, NewLine, Order
from tests.core.fulfilment.conftest import SKU, Floor
from tests.world import ACCOUNT

ON_THE_SHELF = 92
STEPS = {
    "received": (returns.receive_return, {}),
    "processing": (returns.process_return, {}),
    "waiting_client": (returns.ask_client, {"question": "Which colour?"}),
    "waiting_warehouse": (returns.client_answered, {"answer": "Red"}),
    "problem": (returns.report_problem, {"problem": "Wet"}),
    "held": (orders.put_on_hold, {"reason": "Torn"}),
    "finished": (returns.finish_return, {}),
    "cancelled": (orders.cancel, {}),
    "deleted": (orders.delete, {}),
}


async def a_return(floor: Floor, *walk: str, action: int | None = ON_THE_SHELF, **more) -> Order:
    order = await floor.world.order(
        "R-1", kind="return", type="RETURN", lines={SKU: 2, "P-7001": 1}, return_action_id=action, **more
    )
    await floor.do(orders.submit, order)
    for to in walk:
        order = await step(floor, order, to)
    return order


async def step(floor: Floor, order: Order, to: str, **more) -> Order:
    if to == "pending":
        return await floor.do(returns.queue_return, order)
    command, said = STEPS[to]
    return await floor.do(command, order, **said, **more)


async def action_of(floor: Floor, type_: str) -> int:
    [(action_id,)] = await floor.world.rows(
        "INSERT INTO return_action (company_id, name, type) VALUES (36, %(type)s, %(type)s) RETURNING id", type=type_
    )
    return int(action_id)


async def test_the_whole_way_back_to_the_shelf(floor: Floor) -> None:
    order = await a_return(floor)
    assert order.arrived_at is None
    order = await step(floor, order, "received")
    arrived = order.arrived_at
    assert arrived == floor.world.clock.now()
    for to, feedback in (
        ("pending", None),
        ("processing", None),
        ("waiting_client", "Which colour?"),
        ("waiting_warehouse", "Red"),
        ("processing", "Red"),
        ("problem", "Wet"),
        ("processing", "Wet"),
        ("held", "Torn"),
    ):
        order = await step(floor, order, to)
        assert (order.state, order.feedback, order.arrived_at) == (to, feedback, arrived)
    assert await floor.on_shelf() == []
    order = await step(floor, order, "finished")
    assert (order.state, order.finished_at) == ("finished", floor.world.clock.now())
    assert await floor.on_shelf() == [(SKU, "", 2, 0), ("P-7001", "", 1, 0)]
    assert (await step(floor, order, "finished")).state == "finished"
    assert await floor.on_shelf() == [(SKU, "", 2, 0), ("P-7001", "", 1, 0)]
    told = await floor.told(order)
    assert {"from": "processing", "to": "waiting_client", "reason": "Which colour?"} in [facts for _, facts in told]
    await floor.world.verified()


async def test_only_what_came_back_is_put_on_the_shelf(floor: Floor) -> None:
    order = await a_return(floor, "received", "pending", "processing", "held")
    for quantities, refusal in (({"1": 3}, QuantityInvalid), ({"1": -1}, QuantityInvalid), ({"9": 1}, LineUnknown)):
        with pytest.raises(refusal):
            await step(floor, order, "finished", quantities=quantities)
    await step(floor, order, "finished", quantities={"1": 1, "2": 0})
    assert await floor.on_shelf() == [(SKU, "", 1, 0)]
    await floor.world.verified()


@pytest.mark.parametrize("type_", ["SELLER", "DISPOSE", "CHECK", "TRANSFER", None])
async def test_by_another_action_nothing_becomes_stock(floor: Floor, type_: str | None) -> None:
    action = None if type_ is None else await action_of(floor, type_)
    await a_return(floor, "received", "pending", "processing", "held", "finished", action=action)
    assert await floor.on_shelf() == []
    await floor.world.verified()


async def test_what_never_came_in_is_not_put_on_the_shelf(floor: Floor) -> None:
    order = await a_return(floor, "held")
    with pytest.raises(ReturnNotArrived):
        await step(floor, order, "finished")
    assert await floor.world.rows("SELECT state FROM orders") == [("held",)]


async def test_goods_without_a_product_are_not_put_on_the_shelf(floor: Floor) -> None:
    order = await floor.world.order("R-1", kind="return", type="RETURN", return_action_id=ON_THE_SHELF)
    async with floor.world.desk.database.transaction() as tx:
        await orders.add_line(
            tx,
            account_id=ACCOUNT,
            order_id=order.id,
            line=NewLine(line_key="1", sku="x", stocked=False, quantity=1),
            dialect="house",
            actor="",
        )
    await floor.do(orders.submit, order)
    for to in ("received", "pending", "processing", "held", "finished"):
        await step(floor, order, to)
    assert await floor.on_shelf() == []
    await floor.world.verified()


async def test_a_return_sets_nothing_aside(floor: Floor) -> None:
    await floor.world.stock(SKU, 2)
    await floor.world.stock("P-7001", 1)
    order = await a_return(floor)
    held = await step(floor, order, "held")
    assert (await floor.do(orders.release, held)).state == "pending"
    assert await floor.on_shelf() == [(SKU, "", 2, 0), ("P-7001", "", 1, 0)]


@pytest.mark.parametrize("to", STEPS)
@pytest.mark.parametrize("state", RETURN_MOVES)
async def test_each_step_from_each_state(floor: Floor, state: str, to: str) -> None:
    order = await a_return(floor)
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = %(state)s, arrived_at = updated_at", state=state)
    unchanged = state == to and to in ("waiting_warehouse", "finished", "cancelled", "deleted")
    if to in RETURN_MOVES[state] or unchanged:
        assert (await step(floor, order, to)).state == to
    else:
        with pytest.raises(StateForbids):
            await step(floor, order, to)
        assert await floor.world.rows("SELECT state FROM orders") == [(state,)]


@pytest.mark.parametrize("state", RETURN_MOVES)
async def test_back_in_the_queue_from_the_dock_only(floor: Floor, state: str) -> None:
    order = await a_return(floor)
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = %(state)s", state=state)
    if state == "received":
        assert (await step(floor, order, "pending")).state == "pending"
    else:
        with pytest.raises(StateForbids):
            await step(floor, order, "pending")


@pytest.mark.parametrize("to", ["received", "pending", "processing", "waiting_client", "problem", "finished"])
async def test_an_order_that_goes_out_is_no_return(floor: Floor, to: str) -> None:
    order = await floor.packed()
    with pytest.raises(StateForbids):
        await step(floor, order, to)


@pytest.mark.parametrize("command", [commands.start_picking, commands.ship, commands.print_label, commands.confirm])
async def test_a_return_does_not_go_out(floor: Floor, command) -> None:
    order = await a_return(floor)
    with pytest.raises(StateForbids):
        await floor.do(command, order)
