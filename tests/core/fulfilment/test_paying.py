"""Money that comes late, or goes back, and what it does to the code and to the goods."""

import asyncio
from collections import Counter as Tally
from decimal import Decimal
from typing import Any, get_args

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.fulfilment import paying
from crossdock.core.handover import commands as handover
from crossdock.core.handover import queries as pick_ups
from crossdock.core.handover.errors import KeyCanceled, OrderNotPaid
from crossdock.core.handover.model import PickUp
from crossdock.core.orders import commands as orders
from crossdock.core.orders.errors import (
    AmountInvalid,
    LineUnknown,
    NothingLeft,
    OrderUnknown,
    PaymentForbids,
    PaymentReferenceTaken,
    PiecesHandedOver,
    QuantityInvalid,
    ReferenceInvalid,
    RefundTooMuch,
    StateForbids,
)
from crossdock.core.orders.model import PAYMENT_MOVES, Order, Payment
from crossdock.core.staff.errors import ReasonTooLong
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from tests.core.fulfilment.conftest import SKU, Floor
from tests.world import ACCOUNT, SHOP_SERVICE

AT_SHOP: dict[str, Any] = {"account_id": ACCOUNT, "site_id": SiteId(12)}
PRICE = Decimal(998)


async def sent(floor: Floor, payment: Payment = "paid", *, pieces: int = 2) -> Order:
    """An order of two Nike, under way to its shop."""
    await floor.world.stock(SKU, pieces)
    order = await floor.world.order(
        "N-1", lines={SKU: pieces}, service=SHOP_SERVICE, state="allocated", payment=payment
    )
    return (await floor.world.ship(order.id)).order


async def pay(floor: Floor, order: Order, amount: Any = None, reference: str = "T-1", **more: Any) -> Order:
    amount = None if amount is None else Decimal(amount)
    done = await floor.do(paying.pay, order, amount=amount, reference=reference, **more)
    assert isinstance(done, Order)
    return done


async def refund(floor: Floor, order: Order, amount: Any = None, reference: str = "R-1", **more: Any) -> Order:
    amount = None if amount is None else Decimal(amount)
    done = await floor.do(paying.refund, order, amount=amount, reference=reference, **more)
    assert isinstance(done, Order)
    return done


async def code_of(floor: Floor, order: Order) -> PickUp | None:
    async with floor.world.desk.database.transaction() as tx:
        return await pick_ups.newest_of_order(tx, account_id=ACCOUNT, order_id=order.id)


async def use(floor: Floor, order: Order) -> PickUp:
    code = await code_of(floor, order)
    assert code is not None
    async with floor.world.desk.database.transaction() as tx:
        return await handover.consume(tx, **AT_SHOP, key=code.key, staff_id=StaffId(32))


async def take_back(floor: Floor, order: Order) -> PickUp:
    code = await code_of(floor, order)
    assert code is not None
    async with floor.world.desk.database.transaction() as tx:
        return await handover.roll_back(tx, **AT_SHOP, key=code.key, staff_id=StaffId(31))


async def money(floor: Floor) -> list[tuple[Any, ...]]:
    return await floor.world.rows("SELECT kind, reference, amount, pieces FROM payment ORDER BY id")


# Paying ----------------------------------------------------------------------------------


async def test_an_order_gets_its_code_when_it_is_paid(floor: Floor) -> None:
    order = await sent(floor, "pending")
    assert await code_of(floor, order) is None

    part = await pay(floor, order, "1000", "T-1")
    assert (part.payment, await code_of(floor, order)) == ("partially_paid", None)
    paid = await pay(floor, order, "996", "T-2", channel="wx_lite")

    code = await code_of(floor, order)
    assert (paid.payment, code is not None and code.state) == ("paid", "unused")
    assert await money(floor) == [("sale", "T-1", 1000, {}), ("sale", "T-2", 996, {})]
    told = [facts for kind, facts in await floor.told(order) if kind == "order.paid"]
    assert told[-1] == {
        "number": "N-1",
        "reference": "T-2",
        "amount": "996",
        "channel": "wx_lite",
        "payment": "paid",
    }
    issued = await floor.world.rows("SELECT facts -> 'payments' FROM event WHERE kind = 'handover.issued'")
    assert [row["reference"] for row in issued[0][0]] == ["T-1", "T-2"]
    await floor.world.verified()


@pytest.mark.parametrize(("before", "rest"), [([], 1996), (["1000"], 996), (["0.01"], Decimal("1995.99"))])
async def test_without_an_amount_all_that_is_open(floor: Floor, before: list[str], rest: Any) -> None:
    order = await sent(floor, "pending")
    for turn, amount in enumerate(before):
        await pay(floor, order, amount, f"T-{turn}")
    assert (await pay(floor, order, reference="rest")).payment == "paid"
    assert (await money(floor))[-1] == ("sale", "rest", rest, {})


async def test_paid_before_it_is_sent(floor: Floor) -> None:
    """The code comes with the goods; who sends an unpaid order gives it none."""
    await floor.world.stock(SKU, 1)
    order = await floor.world.order("N-1", lines={SKU: 1}, service=SHOP_SERVICE, state="allocated", payment="pending")
    await pay(floor, order)
    assert await code_of(floor, order) is None
    assert (await floor.world.ship(order.id)).pick_up is not None


async def test_the_same_reference_is_told_once(floor: Floor) -> None:
    order = await sent(floor, "pending")
    answers = await asyncio.gather(*(pay(floor, order, "1000") for _ in range(10)))
    assert {answer.payment for answer in answers} == {"partially_paid"}
    assert len(await money(floor)) == 1
    await pay(floor, order)
    assert len(await money(floor)) == 1
    for again in (pay(floor, order, "999"), refund(floor, order, reference="T-1")):
        with pytest.raises(PaymentReferenceTaken):
            await again
    with pytest.raises(AmountInvalid):
        await pay(floor, order, "sNaN")
    await pay(floor, order, "996", "T-2")
    first = await refund(floor, order, pieces={"1": 1})
    assert await refund(floor, order, pieces={"1": 1}) == first
    with pytest.raises(PaymentReferenceTaken):
        await refund(floor, order, pieces={"1": 2})
    await floor.world.verified()


async def test_ten_payments_at_once_are_one_code(floor: Floor) -> None:
    order = await sent(floor, "pending")
    answers = await asyncio.gather(
        *(pay(floor, order, reference=f"T-{turn}") for turn in range(10)), return_exceptions=True
    )
    assert Tally(type(answer).__name__ for answer in answers) == {"Order": 1, "PaymentForbids": 9}
    assert await floor.world.rows("SELECT count(*) FROM handover") == [(1,)]
    await floor.world.verified()


async def test_only_what_is_sent_by_its_own_account(floor: Floor) -> None:
    order = await sent(floor, "pending")
    inbound = await floor.inbound({SKU: 1})
    for call in (pay(floor, order, account_id=AccountId(48)), pay(floor, inbound), refund(floor, inbound)):
        with pytest.raises(OrderUnknown):
            await call


# Giving back -------------------------------------------------------------------------------


async def test_a_part_takes_its_pieces_off_and_leaves_the_code(floor: Floor) -> None:
    order = await sent(floor)
    less = await refund(floor, order, pieces={"1": 1}, reason="one was broken")

    code = await code_of(floor, order)
    assert (less.payment, less.state, less.pieces) == ("partially_refunded", "shipped", 1)
    assert code is not None
    assert code.state == "unused"
    assert await floor.world.rows("SELECT quantity, done FROM order_line") == [(1, 2)]
    assert await money(floor) == [("refund", "R-1", PRICE, {"1": 1})]
    kind, facts = (await floor.told(order))[-1]
    assert (kind, facts["pieces"], facts["reason"]) == ("order.refunded", {"1": 1}, "one was broken")
    assert (await use(floor, order)).state == "used"
    await floor.world.verified()


async def test_a_part_without_pieces_is_money_only(floor: Floor) -> None:
    order = await sent(floor)
    less = await refund(floor, order, "0.0001")
    assert (less.payment, less.pieces) == ("partially_refunded", 2)
    assert (await use(floor, order)).state == "used"
    assert (await refund(floor, order, "10", "R-2")).payment == "partially_refunded"
    await floor.world.verified()


async def test_before_it_leaves_the_pieces_are_free_again(floor: Floor) -> None:
    await floor.world.stock(SKU, 2)
    order = await floor.world.order("N-1", lines={SKU: 2}, service=SHOP_SERVICE, state="allocated")
    await refund(floor, order, pieces={"1": 1})
    assert await floor.on_shelf() == [(SKU, "", 2, 1)]
    with pytest.raises(NothingLeft):
        await refund(floor, order, "1", pieces={"1": 1}, reference="R-2")
    assert await floor.on_shelf() == [(SKU, "", 2, 1)]
    assert (await floor.world.ship(order.id)).order.pieces == 1
    await floor.world.verified()


@pytest.mark.parametrize("state", ["unused", "expired"])
async def test_all_of_it_cancels_the_code(floor: Floor, state: str) -> None:
    order = await sent(floor)
    code = await code_of(floor, order)
    assert code is not None
    if state == "expired":
        async with floor.world.desk.database.transaction() as tx:
            await tx.execute("UPDATE handover SET expires_at = %(now)s", now=tx.now)
            assert await handover.expire_due(tx, **AT_SHOP) == 1

    done = await refund(floor, order, reason="changed their mind")

    now = floor.world.clock.now()
    canceled = await code_of(floor, order)
    assert canceled is not None
    assert (done.payment, done.state, canceled.state, canceled.canceled_at) == (
        "refunded",
        "shipped",
        "canceled",
        now,
    )
    kind, facts = (await floor.told(order))[-1]
    assert (kind, facts["handover_id"], facts["state"]) == ("handover.canceled", code.id, "canceled")
    assert (facts["number"], facts["reason"]) == ("N-1", "changed their mind")
    [row] = await floor.world.rows(
        "SELECT action, staff_id, reason, before, after FROM staff_action ORDER BY id DESC LIMIT 1"
    )
    stands = [{"state": name, "prepared": False} for name in (state, "canceled")]
    assert row == ("cancel", None, "changed their mind", *stands)
    with pytest.raises(KeyCanceled):
        await use(floor, order)
    await floor.world.verified()


async def test_a_used_code_stays_used_until_it_is_taken_back(floor: Floor) -> None:
    order = await sent(floor)
    await use(floor, order)
    done = await refund(floor, order)
    used = await code_of(floor, order)
    assert (done.payment, done.state, used is not None and used.state) == ("refunded", "delivered", "used")
    back = await take_back(floor, order)
    assert (back.state, back.canceled_at) == ("canceled", floor.world.clock.now())
    await floor.world.verified()


async def test_parts_that_make_it_whole(floor: Floor) -> None:
    order = await sent(floor)
    await refund(floor, order, "1000", "R-1")
    assert (await refund(floor, order, "996", "R-2")).payment == "refunded"
    code = await code_of(floor, order)
    assert code is not None
    assert code.state == "canceled"
    with pytest.raises(PaymentForbids):
        await refund(floor, order, "1", "R-3")
    await floor.world.verified()


async def test_never_more_than_came(floor: Floor) -> None:
    order = await sent(floor, "pending")
    await pay(floor, order, "2000")
    await refund(floor, order, "1996", "R-1")
    with pytest.raises(RefundTooMuch) as refused:
        await refund(floor, order, "4.01", "R-2")
    assert refused.value.facts == {"number": "N-1", "left": Decimal(4)}
    assert (await refund(floor, order, "4", "R-3")).payment == "refunded"
    await floor.world.verified()


async def test_a_half_paid_order_is_given_back_whole_only(floor: Floor) -> None:
    order = await sent(floor, "pending")
    with pytest.raises(PaymentForbids):
        await refund(floor, order)
    await pay(floor, order, "10")
    with pytest.raises(PaymentForbids):
        await refund(floor, order, "5")
    assert (await refund(floor, order)).payment == "refunded"
    assert (await money(floor))[-1] == ("refund", "R-1", 10, {})
    await floor.world.verified()


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ({"9": 1}, LineUnknown),
        ({"1": 3}, QuantityInvalid),
        ({"1": -1}, QuantityInvalid),
        ({"1": 0}, QuantityInvalid),
        ({"1": 2}, NothingLeft),
    ],
)
async def test_pieces_that_are_not_there(floor: Floor, pieces: dict[str, int], error: type[CrossdockError]) -> None:
    order = await sent(floor)
    with pytest.raises(error):
        await refund(floor, order, "1", pieces=pieces)
    assert await money(floor) == []


async def test_pieces_in_somebodys_hands(floor: Floor) -> None:
    order = await sent(floor)
    await use(floor, order)
    with pytest.raises(PiecesHandedOver):
        await refund(floor, order, pieces={"1": 1})
    await take_back(floor, order)
    assert (await refund(floor, order, pieces={"1": 1})).pieces == 1
    packed = await floor.packed("N-2")
    with pytest.raises(StateForbids):
        await refund(floor, packed, pieces={"1": 1})
    await floor.world.verified()


async def test_not_paid_is_not_handed_over(floor: Floor) -> None:
    """An order that came with its code before it was paid."""
    order = await sent(floor)
    async with floor.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE orders SET payment = 'pending'")
    with pytest.raises(OrderNotPaid):
        await use(floor, order)
    await pay(floor, order)
    assert (await use(floor, order)).state == "used"
    await floor.world.verified()


# The order ends ------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["given back", "closed"])
async def test_a_code_ends_with_its_order(floor: Floor, end: str) -> None:
    order = await sent(floor)
    if end == "given back":
        done = await floor.do(orders.give_back, order, reason="nobody came")
    else:
        async with floor.world.desk.database.transaction() as tx:
            await tx.execute("UPDATE orders SET state = 'packed'")
        order = await floor.do(orders.cancel, order, reason="x" * (REASON_CHARACTERS_MAX + 1))
        done = order
    code = await code_of(floor, order)
    assert code is not None
    assert (done.state in ("returned", "cancelled"), code.state) == (True, "canceled")
    assert (await floor.told(order))[-1][0] == "handover.canceled"


async def test_ended_and_handed_over_at_once(floor: Floor) -> None:
    """Whichever comes first counts; the other is told."""
    order = await sent(floor)
    answers = await asyncio.gather(
        *(use(floor, order) if turn % 2 else refund(floor, order) for turn in range(12)), return_exceptions=True
    )
    kinds = Tally(type(answer).__name__ for answer in answers)
    assert kinds["Order"] == 6, "a repeat of the refund is told"
    assert kinds["PickUp"] in (0, 1)
    assert set(kinds) <= {"Order", "PickUp", "KeyUsed", "KeyCanceled", "OrderNotPaid"}
    await floor.world.verified()


# Edges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "taken"),
    [
        (paying.AMOUNT_MAX, True),
        (paying.AMOUNT_MAX + Decimal("0.0001"), False),
        ("0.0001", True),
        ("0.00001", False),
        ("0", False),
        ("-1", False),
        ("NaN", False),
        ("Infinity", False),
        ("1e13", False),
        ("1e3", True),
    ],
)
async def test_the_edges_of_an_amount(floor: Floor, amount: Any, taken: bool) -> None:
    order = await sent(floor, "pending")
    if taken:
        await pay(floor, order, amount)
    else:
        with pytest.raises(AmountInvalid):
            await pay(floor, order, amount)


@pytest.mark.parametrize(("length", "taken"), [(0, False), (1, True), (100, True), (101, False)])
async def test_the_edges_of_a_reference(floor: Floor, length: int, taken: bool) -> None:
    order = await sent(floor, "pending")
    if taken:
        await pay(floor, order, reference="x" * length)
    else:
        with pytest.raises(ReferenceInvalid):
            await pay(floor, order, reference="x" * length)


@pytest.mark.parametrize(("length", "taken"), [(REASON_CHARACTERS_MAX, True), (REASON_CHARACTERS_MAX + 1, False)])
async def test_the_edges_of_a_reason(floor: Floor, length: int, taken: bool) -> None:
    order = await sent(floor)
    if taken:
        await refund(floor, order, reason="x" * length)
    else:
        with pytest.raises(ReasonTooLong):
            await refund(floor, order, reason="x" * length)


async def test_what_is_written_of_money_stays(floor: Floor) -> None:
    order = await sent(floor, "pending")
    await pay(floor, order)
    for statement in ("UPDATE payment SET amount = 1", "DELETE FROM payment"):
        with pytest.raises(Exception, match="append-only"):
            async with floor.world.desk.database.transaction() as tx:
                await tx.execute(statement)


def test_the_table_of_payments_is_whole() -> None:
    assert PAYMENT_MOVES.keys() == set(get_args(Payment))
    assert {to for following in PAYMENT_MOVES.values() for to in following} == PAYMENT_MOVES.keys() - {"pending"}
    assert [payment for payment, following in PAYMENT_MOVES.items() if not following] == ["refunded"]


@pytest.mark.parametrize("payment", get_args(Payment))
async def test_each_move_from_each_payment(floor: Floor, payment: Payment) -> None:
    order = await sent(floor, payment)
    asks = {
        "partially_paid": lambda: pay(floor, order, "1", "a"),
        "paid": lambda: pay(floor, order, None, "b"),
        "partially_refunded": lambda: refund(floor, order, "1", "c"),
        "refunded": lambda: refund(floor, order, None, "d"),
    }
    for to, ask in asks.items():
        async with floor.world.desk.database.transaction() as tx:
            await tx.execute("UPDATE orders SET payment = %(payment)s", payment=payment)
        if to in PAYMENT_MOVES[payment]:
            assert (await ask()).payment == to
        else:
            with pytest.raises(PaymentForbids):
                await ask()
