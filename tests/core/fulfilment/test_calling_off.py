"""Owners call off orders, whole or in part, before, while and after the floor works on them."""

import asyncio
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.core.fulfilment import calling_off, commands, inbound
from crossdock.core.fulfilment.calling_off import CallOff
from crossdock.core.fulfilment.errors import (
    CancelBatchTaken,
    CancelDecided,
    CancelTooMuch,
    CancelUnknown,
    CancelWaiting,
)
from crossdock.core.fulfilment.model import counted
from crossdock.core.orders import commands as orders
from crossdock.core.orders.errors import LineUnknown, OrderUnknown, StateForbids
from crossdock.core.orders.model import Order
from crossdock.core.transport import commands as transport
from tests.core.fulfilment.conftest import SKU, Floor
from tests.core.fulfilment.test_transfers import moved
from tests.world import ACCOUNT, PARCEL_SERVICE


def off(number: str = "N-1", batch: str | None = None, content: bytes = b"1", **pieces: int) -> CallOff:
    lines = {key.removeprefix("l"): count for key, count in pieces.items()}
    return CallOff(number=number, batch_key=batch, content_hash=content, reason="changed", pieces=lines)


async def call(floor: Floor, wanted: CallOff) -> list[tuple[str, str]]:
    async with floor.world.desk.database.transaction() as tx:
        after = await calling_off.call_off(tx, account_id=ACCOUNT, wanted=wanted)
    return [(order.kind, order.state) for order in after]


async def decide(floor: Floor, *, granted: bool, request_id: int | None = None) -> list[tuple[str, str]]:
    async with floor.world.desk.database.transaction() as tx:
        if request_id is None:
            [request, *_] = await calling_off.waiting(tx, account_id=ACCOUNT, number="N-1")
            request_id = request.id
        after = await calling_off.decide(tx, account_id=ACCOUNT, request_id=request_id, granted=granted)
    return [(order.kind, order.state) for order in after]


async def ordered(floor: Floor, **more: Any) -> Order:
    """Two Nike and one phone, set aside."""
    await floor.world.stock(SKU, 2)
    await floor.world.stock("P-7001", 1)
    return await floor.world.order(
        "N-1", lines={SKU: 2, "P-7001": 1}, state="allocated", service=PARCEL_SERVICE, dialect="hongxun", **more
    )


async def told(floor: Floor, order: Order) -> list[tuple[str, list[tuple[str, int, int, int]]]]:
    """state and lines: key, ordered before, cancelled, done"""
    return [
        (
            facts["state"],
            [(line["line_key"], line["quantity"], line["cancelled"], line["done"]) for line in facts["lines"]],
        )
        for kind, facts in await floor.told(order)
        if kind == "order.cancel_decided"
    ]


async def lines(floor: Floor) -> list[tuple[Any, ...]]:
    return await floor.world.rows("SELECT quantity, done FROM order_line ORDER BY line_no")


async def test_the_whole_order_before_anybody_works_on_it(floor: Floor) -> None:
    order = await ordered(floor)
    assert await call(floor, off()) == [("outbound", "cancelled")]
    assert await floor.on_shelf() == [(SKU, "", 2, 0), ("P-7001", "", 1, 0)]
    assert await told(floor, order) == [("cancelled", [("1", 2, 2, 0), ("2", 1, 1, 0)])]
    assert await call(floor, off()) == [("outbound", "cancelled")]
    assert len(await told(floor, order)) == 1
    await floor.world.verified()


async def test_a_part_frees_its_stock_and_the_rest_goes_on(floor: Floor) -> None:
    order = await ordered(floor)
    assert await call(floor, off(batch="QX01", l1=1)) == [("outbound", "allocated")]
    assert (await lines(floor), await floor.on_shelf()) == (
        [(1, 0), (1, 0)],
        [(SKU, "", 2, 1), ("P-7001", "", 1, 1)],
    )
    assert await told(floor, order) == [("allocated", [("1", 2, 1, 0)])]
    assert await floor.world.rows("SELECT pieces FROM orders") == [(2,)]
    await floor.world.verified()

    assert await call(floor, off(batch="QX01", l1=1)) == [("outbound", "allocated")]
    assert await lines(floor) == [(1, 0), (1, 0)]
    with pytest.raises(CancelBatchTaken):
        await call(floor, off(batch="QX01", content=b"2", l1=1))

    assert await call(floor, off(batch="QX02", l1=1)) == [("outbound", "allocated")]
    assert await call(floor, off(batch="QX03", l2=1)) == [("outbound", "cancelled")]
    assert await floor.on_shelf() == [(SKU, "", 2, 0), ("P-7001", "", 1, 0)]
    await floor.world.verified()


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (off("N-9"), OrderUnknown),
        (off(batch="QX", l9=1), LineUnknown),
        (off(batch="QX", l1=3), CancelTooMuch),
        (off(batch="QX", l1=1, l2=2), CancelTooMuch),
    ],
)
async def test_what_cannot_be_called_off(floor: Floor, wanted: CallOff, error: type[CrossdockError]) -> None:
    await ordered(floor)
    with pytest.raises(error):
        await call(floor, wanted)
    assert await lines(floor) == [(2, 0), (1, 0)]
    assert await floor.world.rows("SELECT count(*) FROM cancel_request") == [(0,)]


async def test_an_order_and_its_leg_go_together_or_not_at_all(floor: Floor) -> None:
    order = await ordered(floor)
    leg = await floor.world.order(
        "N-1", lines={SKU: 2}, kind="transport", state="announced", dialect="hongxun", type="10"
    )
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = 'dispatched' WHERE kind = 'transport'")
    with pytest.raises(StateForbids):
        await call(floor, off())
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET state = 'announced' WHERE kind = 'transport'")
    assert sorted(await call(floor, off())) == [("outbound", "cancelled"), ("transport", "cancelled")]
    assert [state for state, _ in await told(floor, order) + await told(floor, leg)] == ["cancelled"] * 2
    await floor.world.verified()


@pytest.mark.parametrize("wanted", [off(), off(batch="QX01", l1=2, l2=1)])
async def test_what_is_over_in_another_class_forbids_nothing(floor: Floor, wanted: CallOff) -> None:
    came = await floor.world.order("N-1", lines={SKU: 1}, kind="inbound", state="announced", dialect="hongxun")
    await floor.do(inbound.close_inbound, came)
    await floor.world.stock(SKU, 1)
    title = await moved(floor, "N-1", pieces=1)
    order = await ordered(floor)
    after = [("inbound", "closed"), ("outbound", "cancelled"), ("transfer", "closed")]
    for _ in range(2):
        assert sorted(await call(floor, wanted)) == after
    assert [state for state, _ in await told(floor, order)] == ["cancelled"]
    assert await told(floor, came) == await told(floor, title) == []


async def test_goods_that_left_keep_their_leg(floor: Floor) -> None:
    order = await floor.packed()
    await floor.do(commands.ship, order)
    await floor.world.order("N-1", lines={SKU: 2}, kind="transport", state="announced", dialect="hongxun", type="10")
    with pytest.raises(StateForbids):
        await call(floor, off())


async def test_while_the_floor_works_it_decides(floor: Floor) -> None:
    order = await ordered(floor)
    await floor.do(commands.start_picking, order)
    assert await call(floor, off()) == [("outbound", "picking")]
    assert await call(floor, off()) == [("outbound", "picking")]
    assert await floor.world.rows("SELECT state FROM cancel_request") == [("asked",)]
    assert await told(floor, order) == []
    for step in (commands.start_packing, commands.finish_packing):
        await floor.do(step, order)
    with pytest.raises(CancelWaiting):
        await floor.do(commands.ship, order)
    assert await decide(floor, granted=True) == [("outbound", "cancelled")]
    assert await told(floor, order) == [("cancelled", [("1", 2, 2, 0), ("2", 1, 1, 0)])]
    await floor.world.verified()


async def test_all_of_it_after_a_part_that_still_waits(floor: Floor) -> None:
    order = await ordered(floor)
    await floor.do(commands.start_picking, order)
    await call(floor, off(batch="QX01", l1=1))
    for _ in range(2):
        assert await call(floor, off()) == [("outbound", "picking")]
    asked = await floor.world.rows("SELECT id, wanted FROM cancel_request WHERE state = 'asked' ORDER BY id")
    assert [wanted for _, wanted in asked] == [{"1": 1}, {}]
    assert await decide(floor, granted=True, request_id=asked[1][0]) == [("outbound", "cancelled")]
    assert await decide(floor, granted=True, request_id=asked[0][0]) == [("outbound", "cancelled")]
    assert await told(floor, order) == [("cancelled", [("1", 2, 2, 0), ("2", 1, 1, 0)])]
    await floor.world.verified()


async def test_the_floor_says_no(floor: Floor) -> None:
    order = await ordered(floor)
    await floor.do(commands.start_picking, order)
    await call(floor, off(batch="QX01", l1=1))
    [(request_id,)] = await floor.world.rows("SELECT id FROM cancel_request")
    assert await decide(floor, granted=False) == [("outbound", "picking")]
    assert await told(floor, order) == [("cancel_failed", [("1", 2, 0, 0)])]
    assert await decide(floor, granted=False, request_id=request_id) == [("outbound", "picking")]
    assert len(await told(floor, order)) == 1
    with pytest.raises(CancelDecided):
        await decide(floor, granted=True, request_id=request_id)
    with pytest.raises(CancelUnknown):
        await decide(floor, granted=True, request_id=request_id + 1)
    for step in (commands.start_packing, commands.finish_packing, commands.ship):
        await floor.do(step, order)
    await floor.world.verified()


async def test_the_floor_grants_what_was_cancelled_meanwhile(floor: Floor) -> None:
    order = await ordered(floor)
    await floor.do(commands.start_picking, order)
    await call(floor, off())
    await floor.do(orders.cancel, order)
    assert await decide(floor, granted=True) == [("outbound", "cancelled")]
    assert await told(floor, order) == []
    assert await floor.world.rows("SELECT state FROM cancel_request") == [("granted",)]
    await floor.world.verified()


async def test_what_has_left_stays_and_nothing_open_ends_the_order(floor: Floor) -> None:
    order = await ordered(floor)
    for step in (commands.start_picking, commands.start_packing, commands.finish_packing):
        await floor.do(step, order)
    await floor.do(commands.ship, order, quantities={"1": 1})
    with pytest.raises(StateForbids):
        await call(floor, off())
    with pytest.raises(CancelTooMuch):
        await call(floor, off(batch="QX01", l1=2))
    assert await call(floor, off(batch="QX01", l1=1)) == [("outbound", "partly_shipped")]
    assert await call(floor, off(batch="QX02", l2=1)) == [("outbound", "shipped")]
    assert await lines(floor) == [(1, 1), (0, 0)]
    assert await floor.on_shelf() == [(SKU, "", 1, 0), ("P-7001", "", 1, 0)]
    [closed] = [facts for kind, facts in await floor.told(order) if kind == "outbound.closed"]
    assert (closed["ordered"], closed["shipped"]) == (1, 1)
    await floor.world.verified()


@pytest.mark.parametrize("state", ["dispatched", "departed"])
async def test_what_has_not_moved_may_go_though_the_leg_is_under_way(floor: Floor, state: str) -> None:
    order = await floor.packed(type="20")
    await floor.do(commands.ship, order, quantities={"1": 1})
    leg = await floor.world.order(
        "N-1", lines={SKU: 2, "P-7001": 1}, kind="transport", state="announced", dialect="hongxun", type="10"
    )
    leg = await floor.do(transport.dispatch, leg)
    if state == "departed":
        async with floor.world.desk.database.transaction() as tx:
            await orders.advance(tx, leg, to=state, dialect="house", actor="")
    with pytest.raises(StateForbids):
        await call(floor, off())
    with pytest.raises(CancelTooMuch):
        await call(floor, off(batch="QX01", l1=2))
    after = [("outbound", "partly_shipped"), ("transport", state)]
    assert sorted(await call(floor, off(batch="QX01", l1=1))) == after
    assert await told(floor, order) == [("partly_shipped", [("1", 2, 1, 1)])]
    assert await told(floor, leg) == [(state, [("1", 2, 1, 0)])]
    assert sorted(await call(floor, off(batch="QX02", l2=1))) == [("outbound", "shipped"), ("transport", state)]
    await floor.world.verified()


async def test_goods_of_a_leg_alone_have_moved_with_it(floor: Floor) -> None:
    await floor.world.leg("N-1", "T-1")
    with pytest.raises(CancelTooMuch):
        await call(floor, off(batch="QX01", l1=1))


async def test_what_has_come_in_stays(floor: Floor) -> None:
    order = await floor.inbound({SKU: 5})
    await floor.do(inbound.receive, order, receipts=counted({"1": 3}))
    with pytest.raises(StateForbids):
        await call(floor, off("I-1"))
    assert await call(floor, off("I-1", batch="QX01", l1=2)) == [("inbound", "closed")]
    [closed] = [facts for kind, facts in await floor.told(order) if kind == "inbound.closed"]
    assert (closed["ordered"], closed["received"]) == (3, 3)
    with pytest.raises(StateForbids):
        await call(floor, off("I-1", batch="QX02", l1=1))
    await floor.world.verified()


async def test_a_refusal_is_told_in_a_transaction_of_its_own(floor: Floor) -> None:
    order = await floor.inbound({SKU: 5})
    async with floor.world.desk.database.transaction() as tx:
        await calling_off.tell_refused(tx, account_id=ACCOUNT, wanted=off("I-1"))
    assert await told(floor, order) == [("cancel_failed", [("1", 5, 0, 0)])]


async def test_twenty_at_once_take_off_no_more_than_there_is(floor: Floor) -> None:
    await ordered(floor)
    tries = [call(floor, off(batch=f"QX{turn}", l1=1)) for turn in range(20)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 2
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, Exception)} == {CancelTooMuch}
    assert await lines(floor) == [(0, 0), (1, 0)]
    await floor.world.verified()
