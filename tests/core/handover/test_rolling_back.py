"""A hand-over is undone: what becomes of the code, and what the history says."""

import asyncio
from collections import Counter as Tally
from datetime import timedelta

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.core.handover.errors import (
    KeyCanceled,
    KeyClash,
    KeyNotUsed,
    KeyUnknown,
    RollbackClosed,
    RollbackLimit,
)
from crossdock.core.handover.model import PICK_UP_MOVES
from tests.core.handover.conftest import CLERK, MANAGER, Counter


async def test_the_code_is_live_again(counter: Counter) -> None:
    pick_up = await counter.issued()
    prepared = await counter.prepare(pick_up)
    await counter.consume(pick_up)

    back = await counter.roll_back(pick_up, reason="wrong parcel")

    assert (back.state, back.used_at, back.used_by, back.canceled_at) == ("unused", None, None, None)
    assert back.prepared_at == prepared.prepared_at, "the goods still lie aside"
    assert await counter.state_of(pick_up.order_id) == "shipped"
    assert (await counter.history())[-1] == ("rollback", MANAGER, "wrong parcel")
    await counter.world.verified()
    assert (await counter.consume(pick_up)).state == "used"


async def test_thirty_times_there_and_back(counter: Counter) -> None:
    pick_up = await counter.issued()
    for _ in range(30):
        await counter.consume(pick_up)
        await counter.roll_back(pick_up)
    await counter.consume(pick_up)

    assert Tally(action for action, *_ in await counter.history()) == {"issue": 1, "consume": 31, "rollback": 30}
    assert [(await counter.read(pick_up)).state, await counter.state_of(pick_up.order_id)] == ["used", "delivered"]
    await counter.world.verified()


async def test_by_twenty_hands_at_once(counter: Counter) -> None:
    pick_up = await counter.issued()
    await counter.consume(pick_up)
    answers = await asyncio.gather(*(counter.roll_back(pick_up) for _ in range(20)), return_exceptions=True)
    assert Tally(type(answer).__name__ for answer in answers) == {"PickUp": 1, "KeyNotUsed": 19}
    await counter.world.verified()


async def test_consumed_and_rolled_back_by_many_at_once(counter: Counter) -> None:
    """Whatever wins, code, order and history tell one story."""
    pick_up = await counter.issued()
    answers = await asyncio.gather(
        *(counter.consume(pick_up) if turn % 2 else counter.roll_back(pick_up) for turn in range(40)),
        return_exceptions=True,
    )
    assert {type(answer).__name__ for answer in answers} <= {"PickUp", "KeyUsed", "KeyNotUsed"}
    actions = [action for action, *_ in await counter.history()][1:]
    assert actions == ["consume", "rollback"] * (len(actions) // 2) + ["consume"] * (len(actions) % 2)
    await counter.world.verified()


@pytest.mark.parametrize(
    ("state", "error"), [("unused", KeyNotUsed), ("expired", KeyNotUsed), ("canceled", KeyCanceled), ("used", None)]
)
async def test_only_what_was_used(counter: Counter, state: str, error: type[CrossdockError] | None) -> None:
    pick_up = await counter.issued()
    await counter.consume(pick_up)
    await counter.set(pick_up, state=state)
    if error is None:
        assert (await counter.roll_back(pick_up)).state == "unused"
    else:
        with pytest.raises(error):
            await counter.roll_back(pick_up)
    with pytest.raises(KeyUnknown):
        await counter.roll_back(pick_up, key="nobody")


@pytest.mark.parametrize(("seconds", "closed"), [(600, False), (601, True)])
async def test_within_the_shops_window(counter: Counter, seconds: int, closed: bool) -> None:
    pick_up = await counter.issued()
    await counter.consume(pick_up)
    counter.world.clock.advance(timedelta(seconds=seconds))
    if closed:
        with pytest.raises(RollbackClosed):
            await counter.roll_back(pick_up, window_s=600)
        assert (await counter.read(pick_up)).state == "used"
    else:
        assert (await counter.roll_back(pick_up, window_s=600)).state == "unused"


@pytest.mark.parametrize("most", [0, 1, 3])
async def test_as_often_as_the_shop_allows(counter: Counter, most: int) -> None:
    pick_up = await counter.issued()
    await counter.consume(pick_up)
    for turn in range(1, most + 1):
        assert (await counter.roll_back(pick_up, rollbacks_max=most)).rollbacks == turn
        await counter.consume(pick_up)
    with pytest.raises(RollbackLimit):
        await counter.roll_back(pick_up, rollbacks_max=most)
    assert (await counter.read(pick_up)).state == "used"
    assert (await counter.roll_back(pick_up)).rollbacks == most + 1, "without a limit it goes on"


@pytest.mark.parametrize(
    ("refunded", "late", "state"), [(True, False, "canceled"), (False, True, "expired"), (True, True, "canceled")]
)
async def test_what_happened_meanwhile_counts(counter: Counter, refunded: bool, late: bool, state: str) -> None:
    assert state in PICK_UP_MOVES["used"]
    end = counter.world.clock.now() + timedelta(days=1)
    pick_up = await counter.issued(expires_at=end)
    await counter.consume(pick_up)
    if refunded:
        await counter.pay(pick_up, "refunded")
    if late:
        counter.world.clock.set(end)

    back = await counter.roll_back(pick_up)

    assert back.state == state
    assert back.canceled_at == (counter.world.clock.now() if refunded else None)
    await counter.world.verified()


async def test_digits_that_are_live_again_elsewhere(counter: Counter) -> None:
    old = await counter.issued("N-1")
    await counter.consume(old)
    new = await counter.issued("N-2")
    await counter.set(new, key=old.key)

    with pytest.raises(KeyClash):
        await counter.roll_back(old)

    assert ((await counter.read(old)).state, await counter.state_of(old.order_id)) == ("used", "delivered")
    assert [action for action, *_ in await counter.history()] == ["issue", "consume", "issue"]
    counter.world.clock.advance(timedelta(minutes=1))
    await counter.consume(old)
    assert (await counter.roll_back(old)).id == new.id, "of two used ones the last"


async def test_of_two_used_ones_the_last_is_undone(counter: Counter) -> None:
    first, second = await counter.issued("N-1"), await counter.issued("N-2")
    await counter.consume(second)
    counter.world.clock.advance(timedelta(minutes=1))
    await counter.consume(first)
    await counter.set(second, key=first.key)
    assert (await counter.roll_back(first)).id == first.id
    with pytest.raises(KeyClash):
        await counter.roll_back(first, staff_id=CLERK)
