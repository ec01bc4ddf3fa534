"""Parcels that nobody takes: reminded of, given more time, or called back to the warehouse."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, OrderId
from crossdock.core.events import commands as listeners
from crossdock.core.events import kinds
from crossdock.core.events import queries as events
from crossdock.core.handover.codes import TRIES_MAX
from crossdock.core.lockers import commands, keeping
from crossdock.core.lockers.asking import DoorBusy
from crossdock.core.lockers.errors import (
    NoCodeFree,
    NoMoreExtensions,
    NothingDue,
    NumberAmbiguous,
    ParcelNotRecalled,
    ParcelNotStored,
    ParcelRecalled,
    ParcelTaken,
    ParcelUnknown,
    PickCodeUnknown,
    PolicyUnknown,
)
from crossdock.core.lockers.model import DoorOutcome, Kept, Parcel
from crossdock.core.orders import queries as orders
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import Order
from tests.core.lockers.conftest import ASKED, Lockers
from tests.world import ACCOUNT, CABINET, COMPANY, LOCKER_SERVICE

BY: dict[str, Any] = {"account_id": ACCOUNT, "actor": "test"}
SECOND = timedelta(seconds=1)


async def policy(lockers: Lockers, name: str = "every", *, account: int = ACCOUNT, **given: Any) -> None:
    columns: dict[str, Any] = {
        "site_id": None,
        "box_size": None,
        "keep_h": 72,
        "remind_h": 24,
        "extend_h": 24,
        "extensions": 1,
        "recall": True,
        **given,
    }
    async with lockers.world.desk.database.transaction() as tx:
        await tx.execute(
            f"INSERT INTO locker_policy (account_id, name, {', '.join(columns)})"
            f" VALUES (%(account)s, %(name)s, {', '.join(f'%({column})s' for column in columns)})",
            account=account,
            name=name,
            **columns,
        )


async def sent(lockers: Lockers, number: str) -> Parcel:
    """The parcel of an order of that number, in a box."""
    await lockers.world.shipped(number, service=LOCKER_SERVICE)
    await lockers.world.cabinet_online()
    parcel = await lockers.parcel(number)
    await lockers.answer(await lockers.ask_store(parcel, parcel.box_size))
    return await lockers.parcel(number)


async def due(lockers: Lockers, **given: Any) -> list[tuple[str, Kept]]:
    found: list[tuple[str, Kept]] = await lockers.do(keeping.overdue, **given)
    return found


async def steps(lockers: Lockers) -> list[tuple[str, str]]:
    return [(kept.number, step) for step, kept in await due(lockers)]


async def run(lockers: Lockers) -> list[Order | CrossdockError | None]:
    """What `crossdock lockers overdue --run` does."""
    answers: list[Order | CrossdockError | None] = []
    for step, kept in await due(lockers):
        if step in ("remind", "recall"):
            answers.append(await carried_out(lockers, step, kept))
    return answers


async def carried_out(lockers: Lockers, step: Any, kept: Kept) -> Order | CrossdockError | None:
    try:
        return await keeping.carry_out(lockers.world.desk.database, step, kept, actor="test")
    except CrossdockError as refusal:
        return refusal


async def recalled(lockers: Lockers, number: str) -> Parcel:
    """After its 72 hours."""
    lockers.world.clock.advance(timedelta(hours=72))
    await run(lockers)
    parcel = await lockers.parcel(number)
    assert parcel.recalled_at is not None
    return parcel


async def order(lockers: Lockers, number: str, kind: Any = "outbound") -> Order:
    found = await lockers.do(orders.order_by_number, account_id=ACCOUNT, kind=kind, number=number)
    assert isinstance(found, Order)
    return found


# Which policy counts --------------------------------------------------------------


async def test_the_most_specific_policy_counts(lockers: Lockers) -> None:
    parcel = await lockers.stored("P", "M")
    here, there = parcel.site_id, await another_station(lockers)
    await policy(lockers, "all", keep_h=4)
    await policy(lockers, "size", box_size="M", keep_h=3)
    await policy(lockers, "station", site_id=here, keep_h=2)
    await policy(lockers, "both", site_id=here, box_size="M", keep_h=1)
    await policy(lockers, "other size", site_id=here, box_size="S", keep_h=1)
    await policy(lockers, "other station", site_id=there, box_size="M", keep_h=1)
    lockers.world.clock.advance(timedelta(hours=9))

    for name, hours in (("both", 1), ("station", 2), ("size", 3), ("all", 4)):
        [(_, kept)] = await due(lockers)
        assert (kept.policy, kept.due_at - kept.stored_at) == (name, timedelta(hours=hours))
        await lockers.world.rows("DELETE FROM locker_policy WHERE name = %(name)s RETURNING 1", name=name)
    assert await due(lockers) == []


async def another_station(lockers: Lockers) -> int:
    [(site_id,)] = await lockers.world.rows(
        "INSERT INTO site (account_id, kind, code, name, zone, created_at, updated_at)"
        " VALUES (47, 'station', 'ST-09', 'x', 'UTC', now(), now()) RETURNING id"
    )
    return int(site_id)


async def test_a_parcel_without_a_policy_lies_in_peace(lockers: Lockers) -> None:
    await lockers.stored("P")
    await lockers.world.rows(
        "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'o', 'UTC', 'GBP') RETURNING 1"
    )
    await policy(lockers, account=48, keep_h=1)
    lockers.world.clock.advance(timedelta(days=900))
    assert await due(lockers) == []
    with pytest.raises(PolicyUnknown):
        await lockers.do(keeping.extend, **BY, number="P")


async def test_only_parcels_of_the_account_that_is_named(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.stored("P")
    lockers.world.clock.advance(timedelta(hours=72))
    assert [kept.number for _, kept in await due(lockers, account_id=ACCOUNT)] == ["P"]
    assert await due(lockers, account_id=AccountId(48)) == []


async def test_a_parcel_in_a_courier_s_hand_or_a_customer_s_is_not_late(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.world.booked("B")
    await lockers.answer(await lockers.ask_take(await lockers.stored("T")))
    lockers.world.clock.advance(timedelta(days=9))
    assert await due(lockers) == []
    for number in ("B", "T"):
        for command in (keeping.remind, keeping.extend):
            with pytest.raises(ParcelNotStored):
                await lockers.do(command, **BY, number=number)
    with pytest.raises(ParcelUnknown):
        await lockers.do(keeping.extend, **BY, number="?")


# Reminding ------------------------------------------------------------------------


async def test_a_customer_is_reminded_once(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.stored("P")
    lockers.world.clock.advance(timedelta(hours=48) - SECOND)
    assert await due(lockers) == []
    with pytest.raises(NothingDue):
        await lockers.do(keeping.remind, **BY, number="P")
    lockers.world.clock.advance(SECOND)
    assert await steps(lockers) == [("P", "remind")]

    answers = await asyncio.gather(*(run(lockers) for _ in range(3)))

    given = [answer for answered in answers for answer in answered]
    assert given.count(None) == 1
    assert all(isinstance(answer, NothingDue) for answer in given if answer is not None)
    [told] = await lockers.events("handover.reminded")
    assert told == {
        "handover_id": (await lockers.parcel("P")).id,
        "number": "P",
        "cabinet": CABINET,
        "due_at": "2024-08-04T23:10:41+00:00",
    }
    assert await steps(lockers) == []
    await lockers.world.verified()


@pytest.mark.parametrize("hours", [None, 0])
async def test_where_nobody_is_reminded(lockers: Lockers, hours: int | None) -> None:
    await policy(lockers, remind_h=hours)
    await lockers.stored("P")
    lockers.world.clock.advance(timedelta(hours=72) - SECOND)
    assert await steps(lockers) == []
    lockers.world.clock.advance(SECOND)
    assert await steps(lockers) == [("P", "recall")]


async def test_one_that_is_not_to_go_back_is_left_to_people(lockers: Lockers) -> None:
    await policy(lockers, recall=False)
    await lockers.stored("P")
    lockers.world.clock.advance(timedelta(hours=72))
    assert await steps(lockers) == [("P", "remind")]
    assert await run(lockers) == [None]
    assert await steps(lockers) == [("P", "overdue")]
    assert await run(lockers) == []
    with pytest.raises(NothingDue):
        await lockers.do(keeping.recall, **BY, number="P", return_id=None)


# More time ------------------------------------------------------------------------


async def test_it_may_lie_for_longer_and_its_customer_is_told_again(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.stored("P")
    lockers.world.clock.advance(timedelta(hours=72) - SECOND)
    assert await run(lockers) == [None]

    kept = await lockers.do(keeping.extend, **BY, number="P")

    assert kept.due_at - kept.stored_at == timedelta(hours=96)
    [told] = await lockers.events("handover.extended")
    assert told["due_at"] == kept.due_at.isoformat()
    assert await steps(lockers) == []
    lockers.world.clock.advance(SECOND)
    assert await run(lockers) == [None]
    lockers.world.clock.advance(timedelta(hours=24) - SECOND)
    assert await steps(lockers) == []
    lockers.world.clock.advance(SECOND)
    assert await steps(lockers) == [("P", "recall")]
    assert len(await lockers.events("handover.reminded")) == 2
    await lockers.world.verified()


async def test_as_often_as_its_policy_allows_also_at_the_same_moment(lockers: Lockers) -> None:
    await policy(lockers, extensions=2)
    await lockers.stored("P")

    answers = await asyncio.gather(
        *(lockers.do(keeping.extend, **BY, number="P") for _ in range(5)), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["Kept"] * 2 + [NoMoreExtensions.__name__] * 3
    assert len(await lockers.events("handover.extended")) == 2


async def test_one_that_is_over_may_still_get_more_time_until_it_was_called_back(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.stored("P")
    await lockers.stored("Q")
    lockers.world.clock.advance(timedelta(hours=72))
    await lockers.do(keeping.extend, **BY, number="P")
    assert await steps(lockers) == [("Q", "recall"), ("P", "remind")]
    await run(lockers)
    assert await steps(lockers) == [("Q", "recalled")]
    with pytest.raises(ParcelRecalled):
        await lockers.do(keeping.extend, **BY, number="Q")


async def test_one_that_its_courier_kept_begins_anew(lockers: Lockers) -> None:
    await policy(lockers)
    parcel = await lockers.stored("P")
    await lockers.do(keeping.extend, **BY, number="P")
    at = {"account_id": ACCOUNT, "cabinet": CABINET, "save_code": parcel.save_code, "dialect": "house", "actor": "x"}
    await lockers.do(commands.keep_parcel, **at, complaint="does not fit")
    await lockers.world.verified()
    await lockers.answer(await lockers.ask_store(parcel))
    lockers.world.clock.advance(timedelta(hours=72))
    [(step, kept)] = await due(lockers)
    assert (step, kept.extensions) == ("recall", 0)


# Back to the warehouse ------------------------------------------------------------


async def test_it_goes_back_as_a_return(lockers: Lockers) -> None:
    await policy(lockers)
    parcel = await sent(lockers, "P")
    lockers.world.clock.advance(timedelta(hours=72) - SECOND)
    assert await steps(lockers) == [("P", "remind")]
    lockers.world.clock.advance(SECOND)
    assert await steps(lockers) == [("P", "recall")]

    [placed] = await run(lockers)

    assert isinstance(placed, Order)
    shipped = await order(lockers, "P")
    assert (shipped.state, placed.number, placed.kind, placed.state) == ("shipped", "R-P", "return", "draft")
    assert (placed.dialect, placed.type, placed.reference) == ("birdsystem", "RETURN", "P")
    assert (placed.site_id, placed.sub_inventory_id) == (shipped.site_id, shipped.sub_inventory_id)
    lines = await lockers.do(orders.lines, account_id=ACCOUNT, order_id=placed.id)
    assert [(line.sku, line.quantity, line.done) for line in lines] == [("00131031", 1, 0)]
    [told] = await lockers.events("handover.recalled")
    assert told == {"handover_id": parcel.id, "number": "P", "cabinet": CABINET, "return_order_id": placed.id}
    assert await steps(lockers) == [("P", "recalled")]
    await lockers.world.verified()


async def test_only_its_couriers_code_opens_the_box_then(lockers: Lockers) -> None:
    await policy(lockers)
    parcel = await sent(lockers, "P")
    courier = await recalled(lockers, "P")
    assert courier.key != parcel.key

    with pytest.raises(PickCodeUnknown):
        await lockers.ask_take(parcel)
    with pytest.raises(PickCodeUnknown):
        await lockers.do(commands.ask_take_by_number, **ASKED, number="P")
    await lockers.answer(await lockers.ask_take(courier))

    assert (await lockers.parcel("P")).state == "taken"
    assert not (await lockers.box(parcel.box_name or "")).full
    back = await order(lockers, "P")
    assert back.state == "returned"
    [told] = await lockers.events("handover.taken")
    assert told["returned"] is True
    assert await lockers.events("order.delivered") == []
    timeline = await lockers.do(events.timeline, account_id=ACCOUNT, order_id=back.id)
    assert timeline[-1].facts == {"from": "shipped", "to": "returned", "reason": keeping.NOBODY_CAME}
    assert await steps(lockers) == []
    with pytest.raises(ParcelTaken):
        await lockers.do(commands.ask_take_by_number, **ASKED, number="P")
    await lockers.world.verified()


async def test_who_follows_the_order_is_told_of_each_step(lockers: Lockers) -> None:
    await policy(lockers)
    await sent(lockers, "P")
    async with lockers.world.desk.database.transaction() as tx:
        await listeners.set_receiver(
            tx, account_id=ACCOUNT, dialect="birdsystem", name="a", url="http://a", kinds=[kinds.ORDER_CHECK_POINT]
        )
    await lockers.answer(await lockers.ask_take(await recalled(lockers, "P")))
    told = await lockers.events(kinds.ORDER_CHECK_POINT)
    assert [[step["kind"] for step in record["steps"]][-1] for record in told] == [
        kinds.HANDOVER_RECALLED,
        kinds.ORDER_STATE,
    ]
    assert told[-1]["order"]["state"] == "returned"


async def test_a_parcel_without_an_order_goes_back_without_a_return(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.stored("P")
    courier = await recalled(lockers, "P")
    assert [told["return_order_id"] for told in await lockers.events("handover.recalled")] == [None]
    await lockers.answer(await lockers.ask_take(courier))
    assert (await lockers.parcel("P")).state == "taken"
    await lockers.world.verified()


async def test_an_order_that_was_not_shipped_here_comes_back_whole(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.world.order("P", lines={"00131031": 2, "P-7001": 3})
    await lockers.stored("P")
    await recalled(lockers, "P")
    placed = await order(lockers, "R-P", "return")
    lines = await lockers.do(orders.lines, account_id=ACCOUNT, order_id=placed.id)
    assert [(line.sku, line.quantity) for line in lines] == [("00131031", 2), ("P-7001", 3)]


async def test_once_however_many_want_it(lockers: Lockers) -> None:
    await policy(lockers)
    await sent(lockers, "P")
    lockers.world.clock.advance(timedelta(hours=72))
    [(step, kept)] = await due(lockers)

    answers = await asyncio.gather(*(carried_out(lockers, step, kept) for _ in range(5)))

    assert sorted(type(answer).__name__ for answer in answers) == ["NothingDue"] * 4 + ["Order"]
    assert len(await lockers.events("handover.recalled")) == 1
    assert await lockers.world.rows("SELECT number FROM orders WHERE kind = 'return'") == [("R-P",)]
    key = (await lockers.parcel("P")).key
    assert isinstance(await carried_out(lockers, step, kept), NothingDue)
    assert (await lockers.parcel("P")).key == key
    await lockers.world.verified()


async def test_more_time_and_going_back_at_the_same_moment(lockers: Lockers) -> None:
    await policy(lockers)
    await sent(lockers, "P")
    lockers.world.clock.advance(timedelta(hours=72))
    [(step, kept)] = await due(lockers)

    extended, answer = await asyncio.gather(
        lockers.do(keeping.extend, **BY, number="P"), carried_out(lockers, step, kept), return_exceptions=True
    )

    assert (isinstance(extended, Kept), isinstance(answer, NothingDue)) in ((True, True), (False, False))
    assert isinstance(extended, Kept | ParcelRecalled)
    await lockers.world.verified()


async def test_a_parcel_whose_order_became_known_meanwhile_waits_for_the_next_run(lockers: Lockers) -> None:
    await policy(lockers)
    await sent(lockers, "P")
    lockers.world.clock.advance(timedelta(hours=72))
    with pytest.raises(NothingDue):
        await lockers.do(keeping.recall, **BY, number="P", return_id=None)
    await lockers.stored("Q")
    lockers.world.clock.advance(timedelta(hours=72))
    with pytest.raises(NothingDue):
        await lockers.do(keeping.recall, **BY, number="Q", return_id=OrderId(1))


async def test_a_second_parcel_of_the_same_number_goes_back_too(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.world.order("R-P", kind="return", lines={"00131031": 1})
    parcel = await sent(lockers, "P")
    await recalled(lockers, "P")
    assert (await order(lockers, f"R-P-{parcel.id}", "return")).state == "draft"


# A code of its own ----------------------------------------------------------------


async def test_a_code_in_use_is_drawn_again(lockers: Lockers, monkeypatch: pytest.MonkeyPatch) -> None:
    await policy(lockers)
    parcel = await lockers.stored("P")
    other = await lockers.world.booked("Q")
    drawn = iter([parcel.key, parcel.save_code, other.key, other.save_code, "000042"])
    monkeypatch.setattr(keeping, "draw", lambda: next(drawn))
    assert (await recalled(lockers, "P")).key == "000042"


async def test_two_that_draw_the_same_code_at_the_same_moment(
    lockers: Lockers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await policy(lockers)
    for number in ("P", "Q"):
        await lockers.stored(number)
    lockers.world.clock.advance(timedelta(hours=72))
    drawn = iter(["000042", "000042", "000043", "000044"])
    monkeypatch.setattr(keeping, "draw", lambda: next(drawn))
    answers = await asyncio.gather(*(carried_out(lockers, step, kept) for step, kept in await due(lockers)))
    assert answers == [None, None]
    assert sorted([(await lockers.parcel(number)).key for number in ("P", "Q")]) in (
        ["000042", "000043"],
        ["000042", "000044"],
    )


@pytest.mark.parametrize(("tries", "found"), [(TRIES_MAX - 1, True), (TRIES_MAX, False)])
async def test_drawing_ends(lockers: Lockers, monkeypatch: pytest.MonkeyPatch, tries: int, found: bool) -> None:
    await policy(lockers)
    parcel = await lockers.stored("P")
    lockers.world.clock.advance(timedelta(hours=72))
    drawn = iter([parcel.key] * tries + ["900000"])
    monkeypatch.setattr(keeping, "draw", lambda: next(drawn))
    [answer] = await run(lockers)
    assert isinstance(answer, NoCodeFree) is not found
    assert (await lockers.parcel("P")).key == ("900000" if found else parcel.key)


async def test_where_no_code_is_free_nothing_is_changed(lockers: Lockers, monkeypatch: pytest.MonkeyPatch) -> None:
    await policy(lockers)
    parcel = await sent(lockers, "P")
    lockers.world.clock.advance(timedelta(hours=72))
    monkeypatch.setattr(keeping, "draw", lambda: parcel.key)
    [answer] = await run(lockers)
    assert isinstance(answer, NoCodeFree)
    assert await lockers.parcel("P") == parcel
    assert await lockers.world.rows("SELECT 1 FROM orders WHERE kind = 'return'") == []


async def test_the_code_is_shown_to_who_may_see_it(lockers: Lockers) -> None:
    await policy(lockers)
    await lockers.stored("P")
    with pytest.raises(ParcelNotRecalled):
        await lockers.do(keeping.recalled, account_id=ACCOUNT, number="P")
    courier = await recalled(lockers, "P")
    shown, cabinet = await lockers.do(keeping.recalled, account_id=ACCOUNT, number="P")
    assert (shown.key, cabinet.number) == (courier.key, CABINET)
    await lockers.answer(await lockers.ask_take(courier))
    with pytest.raises(ParcelNotStored):
        await lockers.do(keeping.recalled, account_id=ACCOUNT, number="P")


async def test_a_number_that_two_accounts_use_needs_the_accounts_name(lockers: Lockers) -> None:
    await lockers.stored("P")
    assert await lockers.do(keeping.account_of, number="P") == ACCOUNT
    async with lockers.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'o', 'UTC', 'GBP')"
        )
        await tx.execute(
            "INSERT INTO site (id, account_id, kind, code, name, zone, created_at, updated_at)"
            " VALUES (190, 48, 'station', 'ST', 'x', 'UTC', now(), now())"
        )
        await tx.execute(
            "INSERT INTO cabinet (id, account_id, site_id, number, name, created_at, updated_at)"
            " VALUES (500, 48, 190, 'c', 'c', now(), now())"
        )
        await tx.execute(
            "INSERT INTO handover (account_id, site_id, place, order_number, state, box_size, cabinet_id, save_code,"
            " key, created_at, updated_at)"
            " VALUES (48, 190, 'locker', 'P', 'booked', 'S', 500, '000001', '000002', now(), now())"
        )
    with pytest.raises(NumberAmbiguous):
        await lockers.do(keeping.account_of, number="P")
    assert await lockers.do(keeping.account_of, number="P", account="other") == 48
    with pytest.raises(ParcelUnknown):
        await lockers.do(keeping.account_of, number="P", account="nobody")


# A customer who comes at the same moment ------------------------------------------


async def test_a_customer_whose_door_is_being_opened_comes_first(lockers: Lockers) -> None:
    await policy(lockers)
    parcel = await sent(lockers, "P")
    lockers.world.clock.advance(timedelta(hours=72))
    command = await lockers.ask_take(parcel)
    [answer] = await run(lockers)
    assert isinstance(answer, DoorBusy)
    assert (await lockers.parcel("P")).recalled_at is None

    await lockers.answer(command)

    assert (await order(lockers, "P")).state == "delivered"
    assert await run(lockers) == []
    await lockers.world.verified()


async def test_one_whose_door_did_not_open_has_come_too_late(lockers: Lockers) -> None:
    await policy(lockers)
    parcel = await sent(lockers, "P")
    lockers.world.clock.advance(timedelta(hours=72))
    await lockers.answer(await lockers.ask_take(parcel), accepted=False)
    [placed] = await run(lockers)
    assert isinstance(placed, Order)
    with pytest.raises(PickCodeUnknown):
        await lockers.ask_take(parcel)


async def test_one_whose_door_had_opened_before_the_cabinet_said_so_has_it(lockers: Lockers) -> None:
    await policy(lockers)
    parcel = await sent(lockers, "P")
    lockers.world.clock.advance(timedelta(hours=72))
    command = await lockers.ask_take(parcel)
    lockers.world.clock.advance(timedelta(seconds=9))
    assert await lockers.do(commands.expire, command_id=command.id)
    [placed] = await run(lockers)
    assert isinstance(placed, Order)

    await lockers.answer(command)

    assert (await lockers.parcel("P")).state == "taken"
    assert (await order(lockers, "P")).state == "delivered"
    assert (await order(lockers, "R-P", "return")).state == "cancelled"
    assert [told["returned"] for told in await lockers.events("handover.taken")] == [False]
    await lockers.world.verified()


@pytest.mark.parametrize("round_", range(5))
async def test_whoever_is_first_the_parcel_goes_one_way(lockers: Lockers, round_: int) -> None:
    await policy(lockers)
    parcel = await sent(lockers, "P")
    await lockers.world.cabinet_answers("accepted")
    lockers.world.clock.advance(timedelta(hours=72))
    [(step, kept)] = await due(lockers)

    taken, answer = await asyncio.gather(
        lockers.take(parcel), carried_out(lockers, step, kept), return_exceptions=True
    )

    if isinstance(taken, DoorOutcome):
        assert isinstance(answer, DoorBusy | ParcelNotStored)
        assert (await order(lockers, "P")).state == "delivered"
        assert await lockers.world.rows("SELECT 1 FROM orders WHERE kind = 'return'") == []
    else:
        assert isinstance(taken, PickCodeUnknown)
        assert isinstance(answer, Order)
        assert (await lockers.parcel("P")).state == "stored"
    await lockers.world.verified()


async def test_ids_that_were_taken_for_nothing_stay_a_gap(lockers: Lockers) -> None:
    await policy(lockers)
    await sent(lockers, "P")
    [return_id] = await OrderIds(lockers.world.desk.database).take([COMPANY])
    with pytest.raises(NothingDue):
        await lockers.do(keeping.recall, **BY, number="P", return_id=return_id)
    assert await lockers.events("handover.recalled") == []
