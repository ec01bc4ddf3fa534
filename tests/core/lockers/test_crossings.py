"""Commands, answers and reports that meet at one box or one parcel."""

import asyncio
from typing import Any

import pytest

from crossdock.core.lockers import commands
from crossdock.core.lockers.errors import NoFreeBox
from tests.core.lockers.conftest import ASKED, Lockers, together
from tests.world import CABINET


async def given_up(lockers: Lockers, command: Any) -> None:
    assert await lockers.do(commands.expire, command_id=command.id)


async def test_the_last_box_is_free_also_while_its_door_is_being_reported(lockers: Lockers) -> None:
    stored = [await lockers.stored(f"P{number}", "L") for number in range(4)]
    await lockers.answer(await lockers.ask_take(stored[3]))
    courier = await lockers.world.booked("last", "L")
    async with lockers.world.desk.database.transaction() as tx:
        await commands.door_seen(
            tx, cabinet_number=CABINET, lock_address="0104", door="closed", sequence="1", happened_at=tx.now
        )
        asking = asyncio.create_task(lockers.ask_store(courier, "L"))
        await waits_for_a_lock(lockers)
    assert (await asking).lock_address == "0104"


async def test_fifty_couriers_and_fourteen_boxes(lockers: Lockers) -> None:
    parcels = [await lockers.world.booked(f"P{number}") for number in range(50)]
    await lockers.world.cabinet_online()

    answers = await asyncio.gather(*(lockers.ask_store(parcel) for parcel in parcels), return_exceptions=True)

    shown = [answer.lock_address for answer in answers if not isinstance(answer, BaseException)]
    assert sorted(shown) == [f"01{lock:02x}" for lock in range(5, 19)]
    assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [NoFreeBox] * 36


async def test_the_first_box_in_line_is_the_next_one_shown(lockers: Lockers) -> None:
    parcels = [await lockers.world.booked(f"P{number}") for number in range(5)]
    await lockers.world.cabinet_online()
    await asyncio.gather(*(lockers.ask_store(parcel) for parcel in parcels))
    assert sorted(row[0] for row in await lockers.world.rows("SELECT name FROM box b WHERE id IN" + SHOWN)) == [
        "05",
        "06",
        "07",
        "08",
        "09",
    ]


SHOWN = " (SELECT box_id FROM door_command WHERE state = 'waiting')"


async def test_a_late_acceptance_does_not_overtake_the_same_parcels_next_try(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    first = await lockers.ask_store(parcel)
    await given_up(lockers, first)
    second = await lockers.ask_store(parcel, "M")

    await lockers.answer(first)

    assert (await lockers.parcel("P")).state == "booked"
    assert not (await lockers.box("05")).full
    assert [facts["command_id"] for facts in await lockers.events("door.alarm")] == [first.id]
    await lockers.answer(second)
    assert (await lockers.parcel("P")).box_name == "19"
    await lockers.world.verified()


async def test_nor_the_next_courier_who_is_shown_the_box(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    first = await lockers.ask_store(await lockers.world.booked("P"))
    await given_up(lockers, first)
    second = await lockers.ask_store(await lockers.world.booked("Q"))
    assert second.lock_address == first.lock_address

    await lockers.answer(first)
    await lockers.answer(second)

    assert ((await lockers.parcel("P")).state, (await lockers.parcel("Q")).state) == ("booked", "stored")
    assert [facts["command_id"] for facts in await lockers.events("door.alarm")] == [first.id]
    await lockers.world.verified()


async def test_nor_the_next_try_to_take(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    first = await lockers.ask_take(parcel)
    await given_up(lockers, first)
    second = await lockers.ask_take(parcel)

    await lockers.answer(first)
    assert (await lockers.parcel("P")).state == "stored"
    await lockers.answer(second)

    assert (await lockers.parcel("P")).state == "taken"
    assert len(await lockers.events("handover.taken")) == 1
    await lockers.world.verified()


async def test_a_late_acceptance_is_followed_when_the_next_try_is_over(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    first = await lockers.ask_store(parcel)
    await given_up(lockers, first)
    await lockers.answer(await lockers.ask_store(parcel), accepted=False)

    await lockers.answer(first)

    assert (await lockers.parcel("P")).state == "stored"
    assert await lockers.events("door.alarm") == []


@pytest.mark.parametrize("round_", range(5))
async def test_a_late_answer_and_the_next_try_at_once_end_well(lockers: Lockers, round_: int) -> None:
    """Whoever is first: nothing waits for each other in a circle, and the parcel lies in one box."""
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    first = await lockers.ask_store(parcel)
    await given_up(lockers, first)
    await lockers.world.cabinet_answers("accepted")

    answers = await asyncio.gather(lockers.answer(first), together(lockers.store(parcel)))

    assert answers
    assert (await lockers.parcel("P")).state == "stored"
    assert await lockers.world.rows('SELECT count(*) FROM box WHERE "full"') == [(1,)]
    await lockers.world.verified()


async def test_a_parcel_whose_late_door_opened_after_it_was_struck_out_is_an_alarm(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    command = await lockers.ask_store(parcel)
    await given_up(lockers, command)
    await lockers.do(
        commands.delete_parcel, account_id=ASKED["account_id"], number="P", believed="booked", dialect="d", actor="a"
    )

    await lockers.answer(command)

    assert [facts["alarm"] for facts in await lockers.events("door.alarm")] == ["late answer"]
    assert not (await lockers.box("05")).full
    who = await lockers.world.rows("SELECT dialect, actor FROM event WHERE kind = 'handover.deleted'")
    assert who == [("d", "a")]
    await lockers.world.verified()


async def waits_for_a_lock(lockers: Lockers) -> None:
    """Until some other statement of this database waits for a row."""
    while not await lockers.world.rows(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ):
        await asyncio.sleep(0)
