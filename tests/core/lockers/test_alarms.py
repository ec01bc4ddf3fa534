"""What is wrong at a cabinet stands until it is well again."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.core.lockers import alarms, commands, watching
from crossdock.core.lockers.alarms import LEFT_OPEN_S, NOT_OPENED_S, OFFLINE_S
from crossdock.core.lockers.errors import BoxClosed, BoxInOrder, BoxUnknown
from crossdock.core.lockers.model import Alarm
from tests.core.lockers.conftest import ASKED, Lockers
from tests.world import ACCOUNT, CABINET


async def standing(lockers: Lockers) -> list[tuple[str, str | None]]:
    found: list[Alarm] = await lockers.do(alarms.standing, account_id=ACCOUNT)
    return [(alarm.kind, alarm.box_name) for alarm in found]


async def seen(lockers: Lockers, door: str, sequence: str, command_id: int | None = None) -> None:
    await lockers.do(
        commands.door_seen,
        cabinet_number=CABINET,
        lock_address="0105",
        door=door,
        sequence=sequence,
        happened_at=lockers.world.clock.now(),
        command_id=command_id,
    )


async def opened(lockers: Lockers) -> Any:
    """A command that the cabinet took."""
    command, _ = await lockers.do(commands.ask_open, **ASKED, lock_address="0105", use_type="O")
    await lockers.answer(command)
    return command


async def pass_time(lockers: Lockers, seconds: float) -> int:
    lockers.world.clock.advance(timedelta(seconds=seconds))
    new = await lockers.do(alarms.look)
    assert isinstance(new, int)
    return new


@pytest.fixture
async def there(lockers: Lockers) -> Lockers:
    await lockers.world.cabinet_online()
    return lockers


async def test_a_door_that_did_not_open(there: Lockers) -> None:
    await seen(there, "closed", "0")
    there.world.clock.advance(timedelta(seconds=1))
    command = await opened(there)
    assert await pass_time(there, NOT_OPENED_S - 1) == 0
    assert await pass_time(there, 1) == 1
    assert await pass_time(there, 1) == 0
    assert await standing(there) == [("not opened", "05")]

    await seen(there, "open", "1", command.id)

    assert await standing(there) == []
    assert [told["alarm"] for told in await there.events("door.alarm_cleared")] == ["not opened"]


async def test_what_somebody_has_looked_at_is_not_told_again(there: Lockers) -> None:
    await seen(there, "closed", "0")
    there.world.clock.advance(timedelta(seconds=1))
    await opened(there)
    assert await pass_time(there, NOT_OPENED_S) == 1
    [alarm] = await there.do(alarms.standing)
    await there.do(alarms.clear, account_id=ACCOUNT, alarm_id=alarm.id, actor="floor")
    assert await pass_time(there, 60) == 0
    await opened(there)
    assert await pass_time(there, NOT_OPENED_S) == 1


async def test_a_door_without_a_sensor_is_believed(there: Lockers) -> None:
    await opened(there)
    assert await pass_time(there, NOT_OPENED_S) == 0


async def test_what_ended_while_it_was_raised_is_cleared_at_the_next_look(there: Lockers) -> None:
    await there.world.cabinet_offline()
    await pass_time(there, OFFLINE_S)
    await there.world.rows("UPDATE cabinet SET online = true RETURNING 1")
    assert await standing(there) == [("offline", None)]
    assert await pass_time(there, 0) == 0
    assert await standing(there) == []
    await seen(there, "open", "1", (await opened(there)).id)
    await pass_time(there, LEFT_OPEN_S)
    await there.world.rows("UPDATE box SET door = 'closed' WHERE lock_address = '0105' RETURNING 1")
    assert await pass_time(there, 0) == 0
    assert await standing(there) == []


async def test_one_that_opened_by_itself_in_time(there: Lockers) -> None:
    command = await opened(there)
    await seen(there, "open", "1", command.id)
    await seen(there, "closed", "2", command.id)
    assert await pass_time(there, NOT_OPENED_S) == 0


async def test_a_door_that_is_left_open(there: Lockers) -> None:
    await seen(there, "open", "1", (await opened(there)).id)
    assert await pass_time(there, LEFT_OPEN_S - 1) == 0
    assert await pass_time(there, 1) == 1
    assert await standing(there) == [("left open", "05")]
    await seen(there, "closed", "2")
    assert await standing(there) == []


async def test_how_long_is_for_the_cabinet_to_say(there: Lockers) -> None:
    await there.world.rows("""UPDATE cabinet SET details = details || '{"left_open_s": 30}' RETURNING 1""")
    await seen(there, "open", "1", (await opened(there)).id)
    assert await pass_time(there, 29) == 0
    assert await pass_time(there, 1) == 1
    await there.world.rows("""UPDATE cabinet SET details = details || '{"left_open_s": "x"}' RETURNING 1""")
    assert await pass_time(there, 0) == 0


async def test_a_cabinet_that_is_away(there: Lockers) -> None:
    await there.world.cabinet_offline()
    assert await pass_time(there, OFFLINE_S - 1) == 0
    assert await pass_time(there, 1) == 1
    assert await standing(there) == [("offline", None)]
    await there.world.cabinet_online()
    assert await standing(there) == []


async def test_a_door_that_was_forced_waits_for_a_person(there: Lockers) -> None:
    await seen(there, "open", "1")
    await seen(there, "closed", "2")
    await seen(there, "open", "3")
    assert await standing(there) == [("opened without command", "05")]
    assert [told["alarm"] for told in await there.events("door.alarm")] == ["opened without command"]
    [alarm] = await there.do(alarms.standing)
    await there.do(alarms.clear, account_id=ACCOUNT, alarm_id=alarm.id, actor="floor")
    await seen(there, "closed", "4")
    await seen(there, "open", "5")
    assert len(await there.events("door.alarm")) == 2


async def test_a_box_that_is_broken_is_shown_to_no_courier(there: Lockers) -> None:
    box = await there.box("05")
    at: dict[str, Any] = {"account_id": ACCOUNT, "cabinet_id": box.cabinet_id, "box_id": box.id}
    await there.do(watching.mark_broken, **at, reason="the hinge is bent", actor="ada")
    with pytest.raises(BoxClosed):
        await there.do(watching.mark_broken, **at, reason="again", actor="bob")
    assert (await there.stored("P-1")).box_name == "06"
    await there.do(watching.mark_sound, **at, actor="ada")
    with pytest.raises(BoxInOrder):
        await there.do(watching.mark_sound, **at, actor="ada")
    with pytest.raises(BoxUnknown):
        await there.do(watching.mark_sound, **{**at, "box_id": 10**9}, actor="ada")
    assert (await there.stored("P-2")).box_name == "05"
    assert await standing(there) == []


async def test_a_box_that_is_broken_and_dirty_is_closed_until_both_are_over(there: Lockers) -> None:
    box = await there.box("05")
    at: dict[str, Any] = {"account_id": ACCOUNT, "cabinet_id": box.cabinet_id, "box_id": box.id}
    await there.do(watching.mark_broken, **at, reason="the hinge is bent", actor="ada")
    named: dict[str, Any] = {"account_id": ACCOUNT, "cabinet_id": box.cabinet_id, "cabinet": CABINET}
    await there.do(alarms.raise_alarm, **named, kind="dirty", box=(box.id, box.name))
    broken, dirty = await there.do(alarms.standing, account_id=ACCOUNT)
    await there.do(alarms.clear, account_id=ACCOUNT, alarm_id=dirty.id, actor="ada")
    assert (await there.box("05")).closed_for == "broken"
    await there.do(alarms.clear, account_id=ACCOUNT, alarm_id=broken.id, actor="ada")
    assert (await there.box("05")).closed_for is None
