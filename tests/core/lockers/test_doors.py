"""Doors are opened for the right parcel, once, and no state runs ahead of a door."""

import asyncio
from collections import Counter as Tally
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId
from crossdock.core.lockers import commands, queries
from crossdock.core.lockers.commands import COMMAND_TTL, answer_topic
from crossdock.core.lockers.errors import (
    BoxSizeUnknown,
    BoxUnknown,
    CabinetRefused,
    CabinetUnknown,
    NoFreeBox,
    ParcelStored,
    ParcelTaken,
    ParcelUnknown,
    PickCodeUnknown,
    SaveCodeUnknown,
)
from crossdock.core.lockers.model import OFFLINE, DoorOutcome, ParcelCounts
from tests.core.lockers.conftest import ASKED, Lockers, together
from tests.world import ACCOUNT, CABINET, LOCKER_SERVICE


def kinds(answers: list[DoorOutcome | CrossdockError]) -> dict[str, int]:
    return dict(Tally(type(answer).__name__ for answer in answers))


# The way of one parcel ---------------------------------------------------------------


async def test_from_the_courier_to_the_customer(lockers: Lockers) -> None:
    await lockers.world.cabinet_answers("accepted")
    parcel = await lockers.world.booked("P")

    saved = await lockers.store(parcel)
    assert (saved.accepted, saved.reason, saved.box_before.name, saved.box_before.full) == (True, "ok", "05", False)
    assert saved.parcel is not None
    assert (saved.parcel.state, saved.parcel.box_name, saved.parcel.stored_at) == (
        "stored",
        "05",
        lockers.world.clock.now(),
    )
    box = await lockers.box("05")
    assert (box.full, box.last_order_number, box.last_stored_at) == (True, "P", lockers.world.clock.now())

    taken = await lockers.take(parcel)
    assert (taken.accepted, taken.box_before.name, taken.box_before.full) == (True, "05", True)
    assert taken.parcel is not None
    assert (taken.parcel.state, taken.parcel.used_at) == ("taken", lockers.world.clock.now())
    box = await lockers.box("05")
    assert (box.full, box.last_order_number) == (False, "P")
    assert await lockers.commands() == [("store", "accepted"), ("take", "accepted")]
    for kind in ("handover.stored", "handover.taken"):
        [facts] = await lockers.events(kind)
        assert (facts["number"], facts["cabinet"], facts["box_name"], facts["key"]) == (
            "P",
            CABINET,
            "05",
            parcel.key,
        )
    await lockers.world.verified()


async def test_taking_delivers_the_order_it_belongs_to(lockers: Lockers) -> None:
    await lockers.world.cabinet_answers("accepted")
    shipped = await lockers.world.shipped("P", service=LOCKER_SERVICE)
    assert shipped.parcel is not None
    await lockers.store(shipped.parcel)
    assert await lockers.world.rows("SELECT state FROM orders") == [("shipped",)]
    await lockers.take(shipped.parcel)
    assert await lockers.world.rows("SELECT state FROM orders") == [("delivered",)]
    assert await lockers.events("order.delivered") == [{"number": "P", "place": "locker"}]
    await lockers.world.verified()


async def test_the_size_that_counts_is_the_couriers(lockers: Lockers) -> None:
    await lockers.world.cabinet_answers("accepted")
    saved = await lockers.store(await lockers.world.booked("P", "S"), "M")
    assert saved.parcel is not None
    assert (saved.parcel.box_name, saved.parcel.box_size) == ("19", "M")


async def test_by_order_number(lockers: Lockers) -> None:
    await lockers.world.cabinet_answers("accepted")
    await lockers.world.stored("P")
    asked: dict[str, Any] = {**ASKED, "number": "P"}
    assert (await lockers.doors.take_by_number(**asked)).accepted
    with pytest.raises(ParcelTaken):
        await lockers.doors.take_by_number(**asked)


# Refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "store", "take", "by_number"),
    [
        ("nothing", SaveCodeUnknown, PickCodeUnknown, ParcelUnknown),
        ("booked", None, PickCodeUnknown, PickCodeUnknown),
        ("stored", ParcelStored, None, None),
        ("taken", ParcelTaken, ParcelTaken, ParcelTaken),
        ("deleted", SaveCodeUnknown, PickCodeUnknown, ParcelUnknown),
    ],
)
async def test_what_each_state_says(lockers: Lockers, state: str, store: Any, take: Any, by_number: Any) -> None:
    parcel = await lockers.world.booked("P")
    if state in ("stored", "taken"):
        parcel = await lockers.stored("Q")
        if state == "taken":
            await lockers.answer(await lockers.ask_take(parcel))
    elif state == "deleted":
        await lockers.do(commands.delete_parcel, account_id=ACCOUNT, number="P", believed="booked")
    await lockers.world.cabinet_online()
    code = {"nothing": "nobody"}.get(state)
    before = len(await lockers.commands())

    for command, given, error in (
        (commands.ask_store, {"save_code": code or parcel.save_code, "box_size": "S"}, store),
        (commands.ask_take, {"key": code or parcel.key}, take),
        (commands.ask_take_by_number, {"number": code or parcel.order_number}, by_number),
    ):
        if error is None:
            continue
        with pytest.raises(error):
            await lockers.do(command, **ASKED, **given)
    assert len(await lockers.commands()) == before, "no door was asked to open"


async def test_a_key_opens_nothing_in_the_place_of_a_save_code(lockers: Lockers) -> None:
    booked, stored = await lockers.world.booked("P"), await lockers.stored("Q")
    with pytest.raises(SaveCodeUnknown):
        await lockers.do(commands.ask_store, **ASKED, save_code=booked.key, box_size="S")
    with pytest.raises(PickCodeUnknown):
        await lockers.do(commands.ask_take, **ASKED, key=stored.save_code)


async def test_others_open_nothing(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    asked = {**ASKED, "account_id": AccountId(48)}
    for command, given in (
        (commands.ask_store, {"save_code": parcel.save_code, "box_size": "S"}),
        (commands.ask_take, {"key": parcel.key}),
        (commands.ask_take_by_number, {"number": "P"}),
        (commands.ask_open, {"lock_address": "0105", "use_type": "S"}),
    ):
        with pytest.raises(CabinetUnknown):
            await lockers.do(command, **asked, **given)


@pytest.mark.parametrize("size", ["screen", "", "s"])
async def test_a_size_that_nobody_stores_in(lockers: Lockers, size: str) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    with pytest.raises(BoxSizeUnknown):
        await lockers.store(parcel, size)


async def test_no_box_left_and_one_free_again(lockers: Lockers) -> None:
    stored = [await lockers.stored(f"P{number}", "L") for number in range(4)]
    last = await lockers.world.booked("last", "L")
    with pytest.raises(NoFreeBox):
        await lockers.ask_store(last, "L")
    await lockers.answer(await lockers.ask_take(stored[2]))
    assert (await lockers.ask_store(last, "L")).lock_address == "0103"


async def test_a_box_out_of_use_is_left_out(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    async with lockers.world.desk.database.transaction() as tx:
        await tx.execute("UPDATE box SET enabled = false WHERE name = '05'")
    assert (await lockers.ask_store(await lockers.world.booked("P"))).lock_address == "0106"


# Many at once ---------------------------------------------------------------------------


async def test_fifty_takes_open_the_door_once(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.cabinet_answers("accepted")

    answers = await together(*(lockers.take(parcel) for _ in range(50)))

    assert kinds(answers) == {"DoorOutcome": 1, "ParcelTaken": 49}
    assert await lockers.commands() == [("store", "accepted"), ("take", "accepted")]
    assert len(await lockers.events("handover.taken")) == 1
    await lockers.world.verified()


async def test_by_code_and_by_number_at_once(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.cabinet_answers("accepted")
    answers = await together(
        *(lockers.take(parcel) for _ in range(5)),
        *(lockers.doors.take_by_number(**ASKED, number="P") for _ in range(5)),  # type: ignore[arg-type]
    )
    assert kinds(answers) == {"DoorOutcome": 1, "ParcelTaken": 9}


async def test_fifty_stores_of_one_code_open_one_box(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_answers("accepted")

    answers = await together(*(lockers.store(parcel) for _ in range(50)))

    assert kinds(answers) == {"DoorOutcome": 1, "ParcelStored": 49}
    assert await lockers.commands() == [("store", "accepted")]
    assert await lockers.world.rows('SELECT count(*) FROM box WHERE "full"') == [(1,)]
    await lockers.world.verified()


async def test_as_many_couriers_as_boxes_get_one_each(lockers: Lockers) -> None:
    parcels = [await lockers.world.booked(f"P{number}") for number in range(16)]
    await lockers.world.cabinet_answers("accepted")

    answers = await together(*(lockers.store(parcel) for parcel in parcels))

    assert kinds(answers) == {"DoorOutcome": 14, "NoFreeBox": 2}
    boxes = [answer.box_before.name for answer in answers if isinstance(answer, DoorOutcome)]
    assert sorted(boxes) == [f"{number:02d}" for number in range(5, 19)]
    await lockers.world.verified()


async def test_a_box_that_is_being_shown_is_nobody_elses(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    first = await lockers.ask_store(await lockers.world.booked("P"))
    second = await lockers.ask_store(await lockers.world.booked("Q"))
    assert (first.lock_address, second.lock_address) == ("0105", "0106")


async def test_who_waits_for_another_is_told_what_came_of_it(lockers: Lockers) -> None:
    """The door jams for the first: it is not tried again for each of those who came behind."""
    parcel = await lockers.stored("P")
    command = await lockers.ask_take(parcel)
    waiting = [asyncio.create_task(together(lockers.take(parcel))) for _ in range(10)]
    while len(lockers.world.desk.signals._waiting.get(answer_topic(command.id), ())) < len(waiting):
        await asyncio.sleep(0)

    await lockers.answer(command, accepted=False)

    [told] = {kind for task in waiting for kind in kinds(await task)}
    assert told == "CabinetRefused"
    assert {task.result()[0].facts["reason"] for task in waiting} == {"jammed"}  # type: ignore[union-attr]
    assert await lockers.commands() == [("store", "accepted"), ("take", "refused")]
    assert (await lockers.parcel("P")).state == "stored"


async def test_who_comes_third_is_told_by_the_core(lockers: Lockers) -> None:
    """Two customers' commands wait for a courier's; the second of them for the first one's, too."""
    parcel = await lockers.stored("P")
    moving, _ = await lockers.do(commands.ask_move, **ASKED, save_code=parcel.save_code, complaint="dirty")
    waiting = [asyncio.create_task(together(lockers.take(parcel))) for _ in range(2)]
    while len(lockers.world.desk.signals._waiting.get(answer_topic(moving.id), ())) < len(waiting):
        await asyncio.sleep(0)

    await lockers.answer(moving)
    while ("take", "waiting") not in await lockers.commands():
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    await lockers.world.cabinet_answers("accepted")

    told = kinds([answer for task in waiting for answer in await task])
    assert told == {"DoorOutcome": 1, "ParcelTaken": 1}
    await lockers.world.verified()


async def test_who_waits_for_another_waits_no_longer_than_that_one(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    lockers.doors = lockers.impatient()
    answers = await together(*(lockers.take(parcel) for _ in range(3)))
    assert kinds(answers) == {"CabinetRefused": 3}
    assert {answer.facts["reason"] for answer in answers if isinstance(answer, CrossdockError)} == {OFFLINE}


# A cabinet that is away, unwilling, slow -----------------------------------------------------


@pytest.mark.parametrize(("arrange", "reason"), [("offline", OFFLINE), ("fault", "uqkey is wrong")])
async def test_an_absent_cabinet_is_not_asked(lockers: Lockers, arrange: str, reason: str) -> None:
    booked, stored = await lockers.world.booked("P"), await lockers.stored("Q")
    if arrange == "offline":
        await lockers.world.cabinet_offline()
    else:
        await lockers.world.cabinet_fault("uqkey", "is", "wrong")

    for asked in (lockers.store(booked), lockers.take(stored)):
        with pytest.raises(CabinetRefused) as caught:
            await asked
        assert caught.value.facts == {"reason": reason}
    by_hand = await lockers.doors.open(**ASKED, lock_address="0105", use_type="S")  # type: ignore[arg-type]

    assert (by_hand.accepted, by_hand.reason, by_hand.parcel) == (False, reason, None)
    assert await lockers.commands() == [("store", "accepted"), ("open", "refused")]
    assert await lockers.do(commands.claim_commands, limit=10) == []


async def test_a_refusal_changes_nothing_and_may_be_tried_again(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    await lockers.answer(await lockers.ask_store(parcel), accepted=False)
    assert (await lockers.parcel("P")).state == "booked"
    assert not (await lockers.box("05")).full

    again = await lockers.ask_store(parcel)
    assert again.lock_address == "0105"
    await lockers.answer(again)
    assert (await lockers.parcel("P")).state == "stored"
    await lockers.world.verified()


async def test_nobody_waits_for_ever(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    lockers.doors = lockers.impatient()

    with pytest.raises(CabinetRefused) as caught:
        await lockers.store(parcel)

    assert caught.value.facts == {"reason": OFFLINE}
    assert await lockers.commands() == [("store", "expired")]
    assert (await lockers.parcel("P")).state == "booked"
    assert await lockers.do(commands.claim_commands, limit=10) == [], "nobody publishes it any more"


@pytest.mark.parametrize("purpose", ["store", "take"])
async def test_a_late_acceptance_moved_the_door_so_the_parcel_follows(lockers: Lockers, purpose: str) -> None:
    parcel = await (lockers.world.booked("P") if purpose == "store" else lockers.stored("P"))
    await lockers.world.cabinet_online()
    command = await (lockers.ask_store(parcel) if purpose == "store" else lockers.ask_take(parcel))
    assert await lockers.do(commands.expire, command_id=command.id)

    await lockers.answer(command)

    assert (await lockers.parcel("P")).state == {"store": "stored", "take": "taken"}[purpose]
    assert await lockers.events("door.alarm") == []
    await lockers.world.verified()


async def test_a_late_acceptance_into_a_box_that_is_full_by_now_is_an_alarm(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    first = await lockers.ask_store(await lockers.world.booked("P"))
    await lockers.do(commands.expire, command_id=first.id)
    second = await lockers.ask_store(await lockers.world.booked("Q"))
    assert second.lock_address == first.lock_address
    await lockers.answer(second)

    await lockers.answer(first)

    assert ((await lockers.parcel("P")).state, (await lockers.parcel("Q")).state) == ("booked", "stored")
    assert await lockers.events("door.alarm") == [
        {"cabinet": CABINET, "box": "05", "alarm": "late answer", "command_id": first.id}
    ]
    await lockers.world.verified()


async def test_two_acceptances_for_one_box_at_once(lockers: Lockers) -> None:
    """A late one and the next courier's: one parcel lies in the box, the other is an alarm, none is lost."""
    await lockers.world.cabinet_online()
    first = await lockers.ask_store(await lockers.world.booked("P"))
    await lockers.do(commands.expire, command_id=first.id)
    second = await lockers.ask_store(await lockers.world.booked("Q"))

    await asyncio.gather(lockers.answer(first), lockers.answer(second))

    states = sorted([(await lockers.parcel("P")).state, (await lockers.parcel("Q")).state])
    assert states == ["booked", "stored"]
    assert len(await lockers.events("door.alarm")) == 1
    await lockers.world.verified()


async def test_a_late_take_of_a_parcel_that_was_taken_again(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    first = await lockers.ask_take(parcel)
    await lockers.do(commands.expire, command_id=first.id)
    await lockers.answer(await lockers.ask_take(parcel))

    await lockers.answer(first)

    assert (await lockers.parcel("P")).state == "taken"
    assert len(await lockers.events("handover.taken")) == 1
    assert [facts["alarm"] for facts in await lockers.events("door.alarm")] == ["late answer"]


async def test_a_late_refusal_is_no_news(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    command = await lockers.ask_store(await lockers.world.booked("P"))
    await lockers.do(commands.expire, command_id=command.id)
    await lockers.answer(command, accepted=False)
    assert await lockers.commands() == [("store", "expired")]
    assert await lockers.world.rows("SELECT refusal FROM door_command") == [(OFFLINE,)]


@pytest.mark.parametrize("verdicts", [(True, True), (True, False), (False, False), (False, True)])
async def test_an_answer_counts_once(lockers: Lockers, verdicts: tuple[bool, bool]) -> None:
    await lockers.world.cabinet_online()
    command = await lockers.ask_store(await lockers.world.booked("P"))
    for accepted in verdicts:
        await lockers.answer(command, accepted=accepted)
    assert (await lockers.parcel("P")).state == ("stored" if verdicts[0] else "booked")
    assert await lockers.commands() == [("store", "accepted" if verdicts[0] else "refused")]
    assert len(await lockers.events("handover.stored")) == int(verdicts[0])


async def test_ten_deliveries_of_one_answer_at_once(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    command = await lockers.ask_store(await lockers.world.booked("P"))
    await asyncio.gather(*(lockers.answer(command) for _ in range(10)))
    assert len(await lockers.events("handover.stored")) == 1


@pytest.mark.parametrize("wrong", [{"cabinet_number": "other"}, {"command_id": 1_000}])
async def test_an_answer_to_nothing_we_asked(lockers: Lockers, wrong: dict[str, Any]) -> None:
    await lockers.world.cabinet_online()
    command = await lockers.ask_store(await lockers.world.booked("P"))
    await lockers.answer(command, **wrong)
    assert await lockers.commands() == [("store", "waiting")]


async def test_a_command_is_given_out_once(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    asked = [await lockers.ask_store(await lockers.world.booked(f"P{number}")) for number in range(6)]

    claimed = await asyncio.gather(*(lockers.do(commands.claim_commands, limit=2) for _ in range(5)))

    assert sorted(command.id for batch in claimed for command in batch) == [command.id for command in asked]
    assert {command.state for batch in claimed for command in batch} == {"sent"}


async def test_a_command_that_is_over_is_not_given_out(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    await lockers.ask_store(await lockers.world.booked("P"))
    lockers.world.clock.advance(COMMAND_TTL)
    assert await lockers.do(commands.claim_commands, limit=10) == []


async def test_what_a_restart_left_behind_is_given_up(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    await lockers.ask_store(parcel)
    lockers.world.clock.advance(2 * COMMAND_TTL)
    assert await lockers.do(commands.expire_overdue) == 0
    lockers.world.clock.advance(timedelta(microseconds=1))
    assert await lockers.do(commands.expire_overdue) == 1
    assert (await lockers.ask_store(parcel)).lock_address == "0105", "the parcel and its box are free again"


# By hand, questions, lists --------------------------------------------------------------------


async def test_by_hand_opens_a_door_and_moves_nothing(lockers: Lockers) -> None:
    await lockers.stored("P")
    await lockers.world.cabinet_answers("accepted")
    outcome = await lockers.doors.open(**ASKED, lock_address="010A", use_type="S")  # type: ignore[arg-type]
    assert (outcome.accepted, outcome.box_before.name, outcome.parcel) == (True, "10", None)
    assert (await lockers.parcel("P")).state == "stored"
    with pytest.raises(BoxUnknown):
        await lockers.doors.open(**ASKED, lock_address="0999", use_type="S")  # type: ignore[arg-type]


async def test_the_log_of_a_box_is_newest_first_and_without_questions(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    cabinet, box = await lockers.cabinet(), await lockers.box("05")
    for number in range(3):
        await lockers.do(commands.ask_open, **ASKED, lock_address="0105", use_type=str(number))
    await lockers.do(commands.ask_open, **ASKED, lock_address="0106", use_type="")
    await lockers.do(commands.ask_state, account_id=ACCOUNT, cabinet=CABINET, lock_address="0105")

    total, rows = await lockers.do(queries.log, cabinet_id=cabinet.id, box_id=box.id, start=1, limit=5)

    assert total == 3
    ids = [row.command_id for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert [(row.box_name, row.state, row.asked_by) for row in rows] == [("05", "waiting", ASKED["asked_by"])] * 2


async def test_counting_and_listing(lockers: Lockers) -> None:
    cabinet = await lockers.cabinet()
    await lockers.world.booked("P")
    stored = await lockers.stored("Q")
    await lockers.stored("R")
    await lockers.answer(await lockers.ask_take(stored))

    counts = await lockers.do(queries.parcel_counts, cabinet_id=cabinet.id)
    assert counts == ParcelCounts(booked=1, stored=1, taken=1)
    assert len(await lockers.do(queries.boxes, cabinet_id=cabinet.id)) == 25
    free = await lockers.do(queries.free_boxes, cabinet_id=cabinet.id, size="S")
    assert [box.name for box in free] == ["05", *(f"{number:02d}" for number in range(7, 19))]
    assert await lockers.do(queries.cabinets, account_id=AccountId(48)) == []
