"""What cabinets say by themselves: doors seen, pulses, presence."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.ids import CabinetId
from crossdock.core.lockers import commands
from crossdock.core.lockers.door_sql import OPENS_FOR
from crossdock.core.lockers.errors import BoxUnknown
from tests.core.lockers.conftest import ASKED, Lockers
from tests.world import ACCOUNT, CABINET


async def seen(lockers: Lockers, door: str = "open", sequence: str = "1", **more: Any) -> None:
    await lockers.do(
        commands.door_seen,
        **{
            "cabinet_number": CABINET,
            "lock_address": "0105",
            "door": door,
            "sequence": sequence,
            "happened_at": lockers.world.clock.now(),
            **more,
        },
    )


async def test_a_door_is_as_it_was_last_seen(lockers: Lockers) -> None:
    await seen(lockers, "open", "1")
    assert (await lockers.box("05")).door == "open"
    await seen(lockers, "closed", "2")
    assert (await lockers.box("05")).door == "closed"
    assert [facts["door"] for facts in await lockers.events("door.changed")] == ["open", "closed"]


async def test_a_report_counts_once(lockers: Lockers) -> None:
    await seen(lockers, "open", "1")
    await seen(lockers, "closed", "2")
    await seen(lockers, "open", "1")
    assert (await lockers.box("05")).door == "closed"

    await asyncio.gather(*(seen(lockers, "open", "3") for _ in range(10)))
    assert len(await lockers.events("door.changed")) == 3


async def test_a_door_that_opens_for_nobody_is_an_alarm(lockers: Lockers) -> None:
    await seen(lockers, "open", "1")
    alarm = {"cabinet": CABINET, "box": "05", "alarm": "opened without command"}
    assert await lockers.events("door.alarm") == [alarm]


async def test_a_door_that_opens_for_a_command_of_nobody_is_one_too(lockers: Lockers) -> None:
    await seen(lockers, "open", "3", command_id=1_000)
    assert [alarm["alarm"] for alarm in await lockers.events("door.alarm")] == ["opened without command"]


async def test_a_command_of_another_box_or_of_long_ago_is_no_excuse(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    command, _ = await lockers.do(commands.ask_open, **ASKED, lock_address="0105", use_type="O")
    await lockers.answer(command)
    await seen(lockers, "open", "1", command_id=command.id)
    await seen(lockers, "closed", "2", command_id=command.id)
    lockers.world.clock.advance(OPENS_FOR - timedelta(seconds=1))
    await seen(lockers, "open", "2b", command_id=command.id)
    assert await lockers.events("door.alarm") == []
    lockers.world.clock.advance(timedelta(seconds=1))
    await seen(lockers, "open", "3", command_id=command.id)
    assert [alarm["box"] for alarm in await lockers.events("door.alarm")] == ["05"]
    await lockers.do(
        commands.door_seen,
        cabinet_number=CABINET,
        lock_address="0106",
        door="open",
        sequence="4",
        happened_at=lockers.world.clock.now(),
        command_id=command.id,
    )
    assert [alarm["box"] for alarm in await lockers.events("door.alarm")] == ["05", "06"]


@pytest.mark.parametrize("years", [-24, 24])
async def test_a_clock_that_is_wrong_by_years_dates_nothing(lockers: Lockers, years: int) -> None:
    wrong = lockers.world.clock.now() + timedelta(days=365 * years)
    parcel = await lockers.world.booked("P")
    await lockers.world.cabinet_online()
    command = await lockers.ask_store(parcel)
    await lockers.answer(command, happened_at=wrong)
    assert (await lockers.parcel("P")).stored_at == lockers.world.clock.now()
    if years > 0:
        await lockers.do(
            commands.door_seen,
            cabinet_number=CABINET,
            lock_address="0105",
            door="open",
            sequence="1",
            happened_at=wrong,
            command_id=command.id,
        )
        lockers.world.clock.advance(timedelta(seconds=1))
        await seen(lockers, "closed", "2")
        assert (await lockers.box("05")).door == "closed"


async def test_a_door_that_opens_for_a_command_is_kept_with_it_from_its_first_moment(lockers: Lockers) -> None:
    order = await lockers.world.order("P")
    command = await lockers.ask_store(await _online(lockers))
    first = lockers.world.clock.now()
    await lockers.do(commands.pulse_sent, cabinet_number=CABINET, command_id=command.id, happened_at=first)
    await seen(lockers, "open", "1", command_id=command.id)
    await seen(lockers, "closed", "2", command_id=command.id)
    lockers.world.clock.advance(timedelta(seconds=5))
    await lockers.do(
        commands.pulse_sent, cabinet_number=CABINET, command_id=command.id, happened_at=lockers.world.clock.now()
    )
    await seen(lockers, "open", "3", command_id=command.id)

    assert await lockers.world.rows("SELECT pulse_at, opened_at, closed_at FROM door_command") == [
        (first, first, first)
    ]
    assert await lockers.events("door.alarm") == []
    [order_ids] = {
        tuple(row) for row in await lockers.world.rows("SELECT order_id FROM event WHERE kind = 'door.changed'")
    }
    assert order_ids == (order.id,)


async def _online(lockers: Lockers) -> Any:
    await lockers.world.cabinet_online()
    return await lockers.world.booked("P")


async def test_an_unknown_cabinet_says_nothing(lockers: Lockers) -> None:
    await seen(lockers, cabinet_number="none")
    await lockers.do(
        commands.door_reported,
        cabinet_number="none",
        lock_address="0105",
        door="open",
        sequence="1",
        happened_at=lockers.world.clock.now(),
    )
    await lockers.do(commands.pulse_sent, cabinet_number="none", command_id=1, happened_at=lockers.world.clock.now())
    assert await lockers.world.rows("SELECT kind FROM event") == []


async def test_a_box_it_does_not_have(lockers: Lockers) -> None:
    with pytest.raises(BoxUnknown):
        await seen(lockers, lock_address="0999")


async def test_a_question_and_its_answer(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    await lockers.do(commands.ask_state, account_id=ACCOUNT, cabinet=CABINET, lock_address="010A")
    [command] = await lockers.do(commands.claim_commands, limit=10)
    assert (command.purpose, command.lock_address) == ("query", "010a")

    for _ in range(2):
        await lockers.do(
            commands.door_reported,
            cabinet_number=CABINET,
            lock_address="010a",
            door="closed",
            sequence="1",
            happened_at=lockers.world.clock.now(),
        )

    assert (await lockers.box("10")).door == "closed"
    [facts] = await lockers.events("door.queried")
    assert facts == {"cabinet": CABINET, "box": "10", "lock_address": "010a", "door": "closed"}


async def test_presence_follows_the_newest_word(lockers: Lockers) -> None:
    now = lockers.world.clock.now()
    told = [(True, 10), (False, 5), (False, 20), (True, 15), (True, 20)]
    online = []
    for here, second in told:
        await lockers.do(commands.cabinet_seen, number=CABINET, online=here, at=now + timedelta(seconds=second))
        online.append((await lockers.cabinet()).online)
    assert online == [True, True, False, False, True]


async def test_a_pulse_of_another_cabinet_is_not_ours(lockers: Lockers) -> None:
    await lockers.world.cabinet_online()
    async with lockers.world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO cabinet (id, account_id, site_id, number, name, created_at, updated_at)"
            " VALUES (%(id)s, 47, 90, 'other', '', now(), now())",
            id=CabinetId(77),
        )
    command, _ = await lockers.do(commands.ask_open, **ASKED, lock_address="0105", use_type="")
    await lockers.do(
        commands.pulse_sent, cabinet_number="other", command_id=command.id, happened_at=lockers.world.clock.now()
    )
    assert await lockers.world.rows("SELECT pulse_at FROM door_command") == [(None,)]
