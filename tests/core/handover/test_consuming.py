"""A parcel goes over the counter once, for a paid order, in its own shop, in time."""

import asyncio
from collections import Counter as Tally
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId
from crossdock.core.events import kinds
from crossdock.core.events.commands import set_receiver
from crossdock.core.handover import commands, queries
from crossdock.core.handover.errors import (
    KeyCanceled,
    KeyExpired,
    KeyUnknown,
    KeyUsed,
    NotPrepared,
    OrderNotPaid,
)
from crossdock.core.handover.model import PickUp, Use
from tests.core.handover.conftest import AT_SHOP, CLERK, MANAGER, OTHER_SHOP, Counter
from tests.world import ACCOUNT


async def test_handed_over(counter: Counter) -> None:
    pick_up = await counter.issued()
    used = await counter.consume(pick_up)

    now = counter.world.clock.now()
    assert (used.state, used.used_at, used.used_by.username) == ("used", now, "clerk1")
    assert (used.prepared_at, used.prepared_by.username) == (now, "clerk1"), "what is handed over was set aside"
    assert await counter.state_of(pick_up.order_id) == "delivered"
    assert (await counter.history())[1:] == [("consume", CLERK, "")]
    await counter.world.verified()


async def test_fifty_clerks_and_one_parcel(counter: Counter) -> None:
    pick_up = await counter.issued()
    answers = await asyncio.gather(
        *(counter.consume(pick_up, staff_id=(CLERK, MANAGER)[turn % 2]) for turn in range(50)), return_exceptions=True
    )
    assert Tally(type(answer).__name__ for answer in answers) == {"PickUp": 1, "KeyUsed": 49}
    kinds = await counter.world.rows(
        "SELECT kind, count(*) FROM event WHERE kind IN ('handover.used', 'order.delivered') GROUP BY kind"
    )
    assert sorted(kinds) == [("handover.used", 1), ("order.delivered", 1)]
    assert len(await counter.history()) == 2
    await counter.world.verified()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"state": "used"}, KeyUsed),
        ({"state": "expired"}, KeyExpired),
        ({"state": "canceled"}, KeyCanceled),
        ({"key": "999999"}, KeyUnknown),
    ],
)
async def test_what_cannot_be_handed_over(
    counter: Counter, change: dict[str, Any], error: type[CrossdockError]
) -> None:
    pick_up = await counter.issued()
    await counter.set(pick_up, **change)
    with pytest.raises(error):
        await counter.consume(pick_up)
    assert await counter.state_of(pick_up.order_id) == "shipped"
    assert len(await counter.history()) == 1


@pytest.mark.parametrize(
    ("payment", "paid"),
    [
        ("pending", False),
        ("partially_paid", False),
        ("paid", True),
        ("partially_refunded", True),
        ("refunded", False),
    ],
)
async def test_only_a_paid_order(counter: Counter, payment: str, paid: bool) -> None:
    pick_up = await counter.issued(payment=payment)
    if paid:
        assert (await counter.consume(pick_up)).state == "used"
    else:
        with pytest.raises(OrderNotPaid):
            await counter.consume(pick_up)
        await counter.pay(pick_up, "paid")
        assert (await counter.consume(pick_up)).state == "used"


async def test_another_shops_code_is_unknown_here(counter: Counter) -> None:
    pick_up = await counter.issued(site=OTHER_SHOP)
    for call in (counter.consume(pick_up), counter.roll_back(pick_up), counter.prepare(pick_up)):
        with pytest.raises(KeyUnknown):
            await call
    with pytest.raises(KeyUnknown):
        await counter.do(queries.check, **AT_SHOP, key=pick_up.key)
    with pytest.raises(KeyUnknown):
        await counter.consume(pick_up, account_id=AccountId(48), site_id=OTHER_SHOP)
    assert (await counter.consume(pick_up, site_id=OTHER_SHOP)).state == "used"


async def test_of_equal_digits_the_live_one_is_handed_over(counter: Counter) -> None:
    old = await counter.issued("N-1")
    await counter.consume(old)
    new = await counter.issued("N-2")
    await counter.set(new, key=old.key)

    assert (await counter.do(queries.check, **AT_SHOP, key=old.key)).id == new.id
    assert (await counter.consume(old)).id == new.id
    with pytest.raises(KeyUsed):
        await counter.consume(old)


async def test_a_code_without_an_order(counter: Counter) -> None:
    pick_up = await counter.issued(payment="pending")
    await counter.set(pick_up, order_id=None)
    assert (await counter.consume(pick_up)).state == "used"


# Together ------------------------------------------------------------------------------


def use(pick_up: PickUp, **more: Any) -> Use:
    return Use(**{**AT_SHOP, "key": pick_up.key, "staff_id": CLERK, **more})


async def test_many_at_once_are_answered_each_by_itself(counter: Counter) -> None:
    good, other, elsewhere = [await counter.issued(number) for number in ("N-1", "N-2", "N-3")]
    unpaid = await counter.issued("N-4", payment="pending")
    own = await counter.world.set_aside("N-5")
    [(key,)] = await counter.world.rows("SELECT key FROM handover WHERE order_id = %(id)s", id=own.id)
    uses = [
        use(good),
        use(good, staff_id=MANAGER),
        use(unpaid),
        use(other, prepared_first=True),
        use(elsewhere, site_id=OTHER_SHOP),
        use(good, key=key),
        use(other, staff_id=MANAGER),
    ]

    answers = await counter.do(commands.consume_many, uses=uses)

    assert [type(answer).__name__ for answer in answers] == [
        "PickUp",
        "KeyUsed",
        "OrderNotPaid",
        "NotPrepared",
        "KeyUnknown",
        "NoneType",
        "PickUp",
    ]
    assert answers[0] == await counter.read(good)
    assert answers[6] == await counter.read(other)
    assert [await counter.state_of(one.order_id) for one in (good, other, elsewhere)] == [
        "delivered",
        "delivered",
        "shipped",
    ]
    assert await counter.state_of(own.id) == "allocated", "goods that lie here leave in a transaction of their own"
    assert sorted(row for row in await counter.history() if row[0] == "consume") == [
        ("consume", MANAGER, ""),
        ("consume", CLERK, ""),
    ]
    await counter.world.verified()


async def test_together_and_alone_say_the_same(counter: Counter) -> None:
    alone, together = await counter.issued("N-1"), await counter.issued("N-2")

    await counter.consume(alone)
    await counter.do(commands.consume_many, uses=[use(together)])

    told = [
        await counter.world.rows(
            "SELECT kind, dialect, actor, facts - 'handover_id' - 'number' FROM event WHERE order_id = %(id)s"
            " AND kind IN ('handover.used', 'order.delivered') ORDER BY id",
            id=one.order_id,
        )
        for one in (alone, together)
    ]
    assert len(told[0]) == 2
    assert told[0] == told[1]


async def test_who_follows_an_order_is_told_whole_that_it_was_handed_over(counter: Counter) -> None:
    codes = [await counter.issued(number) for number in ("N-1", "N-2")]
    await counter.do(
        set_receiver,
        account_id=ACCOUNT,
        dialect="birdsystem",
        name="a",
        url="http://a",
        kinds=[kinds.ORDER_CHECK_POINT],
    )

    await counter.do(commands.consume_many, uses=[use(one) for one in codes])

    told = await counter.world.rows(
        "SELECT e.order_id FROM callback c JOIN event e ON e.id = c.event_id"
        " WHERE e.kind = 'order.check_point' ORDER BY e.id"
    )
    assert [order_id for (order_id,) in told] == [one.order_id for one in codes]


async def test_two_batches_with_the_same_codes_in_turned_order(counter: Counter) -> None:
    codes = [await counter.issued(f"N-{number}") for number in range(20)]

    answers = await asyncio.gather(
        counter.do(commands.consume_many, uses=[use(one) for one in codes]),
        counter.do(commands.consume_many, uses=[use(one) for one in reversed(codes)]),
    )

    for one, other in zip(answers[0], reversed(answers[1]), strict=True):
        assert sorted((type(one).__name__, type(other).__name__)) == ["KeyUsed", "PickUp"]
    await counter.world.verified()


# Setting aside -------------------------------------------------------------------------


async def test_set_aside_once(counter: Counter) -> None:
    pick_up = await counter.issued()
    first = await counter.prepare(pick_up)
    counter.world.clock.advance(timedelta(minutes=1))
    second = await counter.prepare(pick_up, staff_id=MANAGER)

    assert (first.prepared_at, first.prepared_by.username) == (second.prepared_at, "clerk1")
    assert second == first
    assert (await counter.history())[1:] == [("stock_prepare", CLERK, "")]


async def test_by_ten_hands_at_once(counter: Counter) -> None:
    pick_up = await counter.issued()
    answers = await asyncio.gather(*(counter.prepare(pick_up) for _ in range(10)))
    assert len({answer.updated_at for answer in answers}) == 1
    assert len(await counter.history()) == 2


@pytest.mark.parametrize(("state", "error"), [("used", KeyUsed), ("expired", KeyExpired), ("canceled", KeyCanceled)])
async def test_not_when_it_is_over(counter: Counter, state: str, error: type[CrossdockError]) -> None:
    pick_up = await counter.issued()
    await counter.set(pick_up, state=state)
    with pytest.raises(error):
        await counter.prepare(pick_up)


async def test_a_shop_that_hands_over_prepared_ones_only(counter: Counter) -> None:
    pick_up = await counter.issued()
    with pytest.raises(NotPrepared):
        await counter.consume(pick_up, prepared_first=True)
    prepared = await counter.prepare(pick_up)
    counter.world.clock.advance(timedelta(minutes=1))
    used = await counter.consume(pick_up, prepared_first=True, staff_id=MANAGER)
    assert (used.prepared_at, used.prepared_by.username) == (prepared.prepared_at, "clerk1")


# Time ------------------------------------------------------------------------------------


async def test_up_to_its_last_moment(counter: Counter) -> None:
    end = counter.world.clock.now() + timedelta(days=7)
    in_time = await counter.issued("N-1", expires_at=end)
    too_late = await counter.issued("N-2", expires_at=end)
    counter.world.clock.set(end - timedelta(microseconds=1))
    assert (await counter.consume(in_time)).state == "used"
    counter.world.clock.set(end)
    for call in (counter.consume(too_late), counter.prepare(too_late)):
        with pytest.raises(KeyExpired):
            await call


async def test_what_is_due_expires_once_and_is_told(counter: Counter) -> None:
    end = counter.world.clock.now() + timedelta(days=7)
    due = await counter.issued("N-1", expires_at=end)
    elsewhere = await counter.issued("N-2", expires_at=end, site=OTHER_SHOP)
    await counter.issued("N-3", expires_at=end + timedelta(microseconds=1))
    await counter.issued("N-4")
    used = await counter.issued("N-5", expires_at=end)
    await counter.consume(used)
    counter.world.clock.set(end)

    assert await counter.do(commands.expire_due, **AT_SHOP) == 1
    assert await counter.do(commands.expire_due, **AT_SHOP) == 0
    assert await counter.do(commands.expire_everywhere) == 1

    assert (await counter.read(due)).state == "expired"
    told = await counter.world.rows("SELECT order_id, actor FROM event WHERE kind = 'handover.expired' ORDER BY id")
    assert told == [(due.order_id, ""), (elsewhere.order_id, "")]
    assert ("expire", None, "") in await counter.history()
    await counter.world.verified()
