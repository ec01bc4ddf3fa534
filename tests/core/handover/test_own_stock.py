"""Goods that lie in the shop itself leave it with their buyer, and come back when that is undone."""

import asyncio
from collections import Counter as Tally
from datetime import timedelta
from typing import Any

import pytest

from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import paying, waiting
from crossdock.core.handover import commands, queries
from crossdock.core.handover.errors import KeyCanceled
from crossdock.core.handover.model import PickUp
from crossdock.core.orders import commands as orders
from crossdock.core.orders.errors import StateForbids
from crossdock.core.orders.model import Order
from crossdock.core.units.errors import UnitsUnnamed
from tests.core.handover.conftest import AT_SHOP, SHOP, Counter
from tests.world import ACCOUNT, SHOP_SERVICE

SKU = "00131031"


async def code_of(counter: Counter, order: Order) -> PickUp | None:
    found = await counter.do(queries.newest_of_order, account_id=ACCOUNT, order_id=order.id)
    assert found is None or isinstance(found, PickUp)
    return found


async def set_aside(counter: Counter, number: str = "N-1", pieces: int = 1, **more: Any) -> tuple[Order, PickUp]:
    order = await counter.world.set_aside(number, pieces, **more)
    code = await code_of(counter, order)
    assert code is not None
    return order, code


async def shelf(counter: Counter) -> tuple[int, int]:
    """On hand, and set aside."""
    [row] = await counter.world.rows("SELECT on_hand, allocated FROM stock WHERE site_id = 12")
    return row[0], row[1]


async def on(counter: Counter, command: Any, order: Order, **more: Any) -> Any:
    given = {"account_id": ACCOUNT, "order_id": order.id, "dialect": "house", "actor": "", **more}
    return await counter.do(command, **given)


# Who gets a code ---------------------------------------------------------------------------


async def test_set_aside_and_paid_it_has_a_code(counter: Counter) -> None:
    order, code = await set_aside(counter)
    assert (code.state, code.site_id, code.order_number, order.state) == ("unused", SHOP, "N-1", "allocated")
    assert await waiting.issue_waiting(counter.world.desk.database) == 0, "once"
    assert await shelf(counter) == (1, 1)
    await counter.world.verified()


async def test_not_before_it_is_paid(counter: Counter) -> None:
    order = await counter.world.set_aside("N-1", payment="pending")
    assert await code_of(counter, order) is None
    await on(counter, paying.pay, order, reference="T-1")
    code = await code_of(counter, order)
    assert code is not None
    assert (await counter.consume(code)).state == "used"
    await counter.world.verified()


async def test_not_before_its_goods_are_there(counter: Counter) -> None:
    order = await counter.world.order("N-1", lines={SKU: 1}, service=SHOP_SERVICE, site_id=SHOP)
    await on(counter, orders.submit, order)
    assert await waiting.issue_waiting(counter.world.desk.database) == 0
    await counter.world.stock(SKU, 1, site_id=SHOP)
    assert await waiting.serve_waiting(counter.world.desk.database) == 1
    assert await waiting.issue_waiting(counter.world.desk.database) == 1
    assert await code_of(counter, order) is not None


async def test_what_comes_from_elsewhere_gets_it_by_shipping(counter: Counter) -> None:
    await counter.world.stock(SKU, 1)
    order = await counter.world.order("N-1", lines={SKU: 1}, service=SHOP_SERVICE, state="allocated")
    assert await waiting.issue_waiting(counter.world.desk.database) == 0
    shipped = await counter.world.ship(order.id)
    assert shipped.pick_up is not None
    await counter.consume(shipped.pick_up)
    await counter.roll_back(shipped.pick_up)
    assert await counter.state_of(order.id) == "shipped"
    await counter.world.verified()


async def test_more_than_a_page_of_them(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAGE", 2)
    await counter.world.stock(SKU, 5, site_id=SHOP)
    for number in range(5):
        await counter.world.order(
            f"N-{number}", lines={SKU: 1}, service=SHOP_SERVICE, state="allocated", site_id=SHOP
        )
    answers = await asyncio.gather(*(waiting.issue_waiting(counter.world.desk.database) for _ in range(2)))
    assert await counter.world.rows("SELECT count(*) FROM handover WHERE state = 'unused'") == [(5,)]
    assert max(answers) >= 1


# Over the counter and back -------------------------------------------------------------------


async def test_handed_over_it_leaves_the_shelf(counter: Counter) -> None:
    order, code = await set_aside(counter, pieces=2)
    used = await counter.consume(code)
    assert (used.state, await counter.state_of(order.id), await shelf(counter)) == ("used", "delivered", (0, 0))
    kinds = [
        row[0] for row in await counter.world.rows("SELECT kind FROM event WHERE order_id IS NOT NULL ORDER BY id")
    ]
    assert kinds == [
        "order.placed",
        "handover.issued",
        "handover.used",
        "outbound.shipped",
        "outbound.closed",
        "order.delivered",
    ]
    await counter.world.verified()


async def test_taken_back_it_lies_there_again(counter: Counter) -> None:
    order, code = await set_aside(counter, pieces=2)
    before = await counter.world.rows("SELECT quantity, done FROM order_line")
    await counter.consume(code)
    back = await counter.roll_back(code, reason="wrong parcel")
    assert (back.state, await counter.state_of(order.id), await shelf(counter)) == ("unused", "allocated", (2, 2))
    assert await counter.world.rows("SELECT quantity, done FROM order_line") == before
    assert await counter.world.rows("SELECT finished_at FROM orders") == [(None,)]
    await counter.world.verified()
    await on(counter, orders.cancel, order)
    assert await shelf(counter) == (2, 0)
    await counter.world.verified()


async def test_a_hundred_times_there_and_back(counter: Counter) -> None:
    order, code = await set_aside(counter, pieces=3)
    for turn in range(100):
        await counter.consume(code, operation_id=f"c-{turn}")
        await counter.roll_back(code, operation_id=f"r-{turn}")
    assert (await counter.state_of(order.id), await shelf(counter)) == ("allocated", (3, 3))
    assert [action for action, *_ in await counter.history()] == ["issue", *["consume", "rollback"] * 100]
    assert (await counter.read(code)).rollbacks == 100
    await counter.world.verified()
    await counter.consume(code)
    assert await shelf(counter) == (0, 0)
    await counter.world.verified()


@pytest.mark.parametrize("verb", ["consume", "roll_back"])
async def test_one_tap_sent_ten_times_at_once(counter: Counter, verb: str) -> None:
    _, code = await set_aside(counter)
    if verb == "roll_back":
        await counter.consume(code)
    answers = await asyncio.gather(*(getattr(counter, verb)(code, operation_id="op-1") for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert await shelf(counter) == ((0, 0) if verb == "consume" else (1, 1))
    await counter.world.verified()


async def test_consumed_and_rolled_back_by_many_at_once(counter: Counter) -> None:
    _, code = await set_aside(counter)
    answers = await asyncio.gather(
        *(counter.consume(code) if turn % 2 else counter.roll_back(code) for turn in range(24)),
        return_exceptions=True,
    )
    assert {type(answer).__name__ for answer in answers} <= {"PickUp", "KeyUsed", "KeyNotUsed"}
    await counter.world.verified()


async def test_the_last_pieces_are_not_set_aside_twice(counter: Counter) -> None:
    """Two orders of one piece each, and their codes; each takes its own."""
    codes = [(await set_aside(counter, f"N-{number}"))[1] for number in range(2)]
    await asyncio.gather(*(counter.consume(code) for code in codes))
    assert await shelf(counter) == (0, 0)
    await asyncio.gather(*(counter.roll_back(code) for code in codes))
    assert await shelf(counter) == (2, 2)
    await counter.world.verified()


@pytest.mark.parametrize("state", ["held", "picking"])
async def test_not_while_the_shop_does_something_else_with_it(counter: Counter, state: str) -> None:
    order, code = await set_aside(counter)
    if state == "held":
        await on(counter, orders.put_on_hold, order, reason="broken")
    else:
        await on(counter, fulfilment.start_picking, order)
    with pytest.raises(StateForbids):
        await counter.consume(code)
    assert (await counter.read(code)).state == "unused"
    if state == "held":
        await on(counter, orders.release, order)
        assert (await counter.consume(code)).state == "used"
    await counter.world.verified()


async def test_named_pieces_leave_by_name_only(counter: Counter) -> None:
    _, code = await set_aside(counter)
    async with counter.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO unit (account_id, product_id, code, stock_id, received_at)"
            " SELECT account_id, product_id, 'SN-1', id, now() FROM stock WHERE site_id = 12"
        )
    with pytest.raises(UnitsUnnamed):
        await counter.consume(code)
    assert await shelf(counter) == (1, 1)


# It ends otherwise -----------------------------------------------------------------------------


async def test_cancelled_the_code_and_the_goods_are_free(counter: Counter) -> None:
    order, code = await set_aside(counter)
    await on(counter, orders.cancel, order, reason="bought elsewhere")
    assert ((await counter.read(code)).state, await shelf(counter)) == ("canceled", (1, 0))
    with pytest.raises(KeyCanceled):
        await counter.consume(code)
    assert (await counter.history())[-1] == ("cancel", None, "bought elsewhere")
    await counter.world.verified()


async def test_refunded_in_full_it_is_cancelled(counter: Counter) -> None:
    order, code = await set_aside(counter)
    await on(counter, paying.refund, order, reference="R-1")
    assert ((await counter.read(code)).state, await counter.state_of(order.id)) == ("canceled", "cancelled")
    assert await shelf(counter) == (1, 0)
    await counter.world.verified()


async def test_refunded_after_its_use_it_is_cancelled_when_that_is_undone(counter: Counter) -> None:
    order, code = await set_aside(counter)
    await counter.consume(code)
    await on(counter, paying.refund, order, reference="R-1")
    assert ((await counter.read(code)).state, await counter.state_of(order.id)) == ("used", "delivered")
    back = await counter.roll_back(code)
    assert (back.state, await counter.state_of(order.id), await shelf(counter)) == ("canceled", "cancelled", (1, 0))
    await counter.world.verified()


async def test_a_part_given_back_stays_on_the_shelf(counter: Counter) -> None:
    order, code = await set_aside(counter, pieces=3)
    await on(counter, paying.refund, order, reference="R-1", pieces={"1": 1})
    assert await shelf(counter) == (3, 2)
    await counter.consume(code)
    assert await shelf(counter) == (1, 0)
    await counter.roll_back(code)
    assert await shelf(counter) == (3, 2)
    await on(counter, paying.refund, order, reference="R-2", pieces={"1": 1})
    assert ((await counter.consume(code)).state, await shelf(counter)) == ("used", (2, 0))
    await counter.world.verified()


async def test_expired_the_goods_are_free_until_it_is_released(counter: Counter) -> None:
    order, code = await set_aside(counter)
    await counter.set(code, expires_at=counter.world.clock.now() + timedelta(hours=1))
    counter.world.clock.advance(timedelta(hours=1))
    assert await counter.do(commands.expire_everywhere) == 1
    [(state, feedback)] = await counter.world.rows("SELECT state, feedback FROM orders")
    assert (state, feedback, await shelf(counter)) == ("held", commands.EXPIRED, (1, 0))
    await counter.world.verified()

    await on(counter, orders.release, order)
    await waiting.issue_waiting(counter.world.desk.database)
    again = await code_of(counter, order)
    assert again is not None
    assert (again.id != code.id, again.state, await shelf(counter)) == (True, "unused", (1, 1))
    await counter.world.verified()


async def test_taken_back_after_its_time(counter: Counter) -> None:
    order, code = await set_aside(counter)
    await counter.set(code, expires_at=counter.world.clock.now() + timedelta(hours=1))
    await counter.consume(code)
    counter.world.clock.advance(timedelta(hours=1))
    back = await counter.roll_back(code)
    assert (back.state, await counter.state_of(order.id), await shelf(counter)) == ("expired", "held", (1, 0))
    await counter.world.verified()


async def test_used_and_cancelled_at_once(counter: Counter) -> None:
    order, code = await set_aside(counter)
    answers = await asyncio.gather(
        *(counter.consume(code) if turn % 2 else on(counter, orders.cancel, order) for turn in range(12)),
        return_exceptions=True,
    )
    kinds = Tally(type(answer).__name__ for answer in answers)
    assert (kinds["PickUp"], kinds["Order"]) in ((1, 0), (0, 6))
    assert set(kinds) <= {"PickUp", "Order", "KeyUsed", "KeyCanceled", "StateForbids"}
    await counter.world.verified()


# Many at once ------------------------------------------------------------------------------------


@pytest.mark.parametrize("due", [2, 3, 4])
async def test_expiry_in_batches(counter: Counter, monkeypatch: pytest.MonkeyPatch, due: int) -> None:
    monkeypatch.setattr(commands, "EXPIRED_AT_ONCE", 3)
    end = counter.world.clock.now() + timedelta(hours=1)
    for number in range(due):
        await counter.issued(f"N-{number}", expires_at=end)
    counter.world.clock.set(end)
    assert await counter.do(commands.expire_everywhere) == min(due, 3)
    assert await counter.do(commands.expire_due, **AT_SHOP) == max(due - 3, 0)


async def test_one_shop_is_up_to_date_however_many_are_due(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "EXPIRED_AT_ONCE", 2)
    end = counter.world.clock.now() + timedelta(hours=1)
    for number in range(5):
        await counter.issued(f"N-{number}", expires_at=end)
    counter.world.clock.set(end)
    assert await counter.do(commands.expire_due, **AT_SHOP) == 5
