"""A courier says that a box will not do, and gets another one, or takes the parcel along."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.core.lockers import alarms, commands
from crossdock.core.lockers.asking import MOVE_WITHIN
from crossdock.core.lockers.errors import (
    AlarmUnknown,
    CabinetRefused,
    DoorShut,
    MoveTooLate,
    NoFreeBox,
    ParcelTaken,
    SaveCodeUnknown,
)
from crossdock.core.lockers.model import DoorOutcome, Parcel
from tests.core.lockers.conftest import ASKED, Lockers
from tests.world import ACCOUNT, CABINET


async def move(lockers: Lockers, parcel: Parcel, complaint: Any) -> DoorOutcome:
    return await lockers.doors.move(**ASKED, save_code=parcel.save_code, complaint=complaint)


async def keep(lockers: Lockers, parcel: Parcel, complaint: Any) -> Parcel:
    kept = await lockers.do(
        commands.keep_parcel,
        account_id=ACCOUNT,
        cabinet=CABINET,
        save_code=parcel.save_code,
        complaint=complaint,
        dialect="house",
        actor="courier",
    )
    assert isinstance(kept, Parcel)
    return kept


@pytest.fixture
async def there(lockers: Lockers) -> Lockers:
    await lockers.world.cabinet_answers("accepted")
    return lockers


async def test_one_that_does_not_fit_goes_into_the_next_larger_box(there: Lockers) -> None:
    parcel = await there.world.stored("P")
    assert (parcel.box_name, parcel.box_size) == ("05", "S")

    moved = await move(there, parcel, "does not fit")

    assert moved.parcel is not None
    assert (moved.parcel.state, moved.parcel.box_name, moved.parcel.box_size) == ("stored", "19", "M")
    assert [(await there.box(name)).full for name in ("05", "19")] == [False, True]
    assert [(await there.box(name)).usable for name in ("05", "19")] == [True, True]
    [told] = await there.events("handover.moved")
    assert (told["from_box"], told["box_name"], told["complaint"]) == ("05", "19", "does not fit")
    await there.world.verified()
    assert (await there.take(parcel)).box_before.name == "19"
    assert await there.commands() == [("store", "accepted"), ("move", "accepted"), ("take", "accepted")]


@pytest.mark.parametrize("complaint", ["occupied", "dirty"])
async def test_a_box_that_will_not_do_is_shown_to_nobody_until_somebody_looked(
    there: Lockers, complaint: str
) -> None:
    parcel = await there.world.stored("P")

    moved = await move(there, parcel, complaint)

    assert moved.box_before.name == "06"
    assert (await there.box("05")).closed_for == complaint
    assert (await there.world.stored("Q")).box_name == "07"
    [alarm] = await there.do(alarms.standing, account_id=ACCOUNT)
    assert (alarm.kind, alarm.box_name) == (complaint, "05")

    await there.do(alarms.clear, account_id=ACCOUNT, alarm_id=alarm.id, actor="floor")

    assert (await there.box("05")).usable
    assert (await there.world.stored("R")).box_name == "05"
    assert await there.do(alarms.standing) == []
    with pytest.raises(AlarmUnknown):
        await there.do(alarms.clear, account_id=ACCOUNT, alarm_id=alarm.id, actor="floor")


async def test_a_box_with_two_complaints_opens_when_both_were_looked_into(there: Lockers) -> None:
    for complaint in ("occupied", "dirty"):
        await there.world.rows("UPDATE box SET closed_for = NULL WHERE name = '05' RETURNING 1")
        await move(there, await there.world.stored(complaint), complaint)
    first, second = await there.do(alarms.standing)
    await there.do(alarms.clear, account_id=ACCOUNT, alarm_id=first.id, actor="floor")
    assert (await there.box("05")).closed_for == "dirty"
    await there.do(alarms.clear, account_id=ACCOUNT, alarm_id=second.id, actor="floor")
    assert (await there.box("05")).usable


async def test_no_larger_box_and_the_courier_takes_it_along(there: Lockers) -> None:
    parcel = await there.world.stored("P", "L")
    with pytest.raises(NoFreeBox):
        await move(there, parcel, "does not fit")

    kept = await keep(there, parcel, "does not fit")

    assert (kept.state, kept.box_name, kept.stored_at) == ("booked", None, None)
    assert not (await there.box("01")).full
    [told] = await there.events("handover.kept")
    assert (told["from_box"], told["state"]) == ("01", "booked")
    again = await there.store(parcel, "L")
    assert again.parcel is not None
    assert again.parcel.state == "stored"


async def test_only_who_just_stored_it(there: Lockers) -> None:
    booked = await there.world.booked("B")
    parcel = await there.world.stored("P")
    with pytest.raises(SaveCodeUnknown):
        await move(there, booked, "dirty")
    there.world.clock.advance(MOVE_WITHIN)
    await there.world.cabinet_online()
    assert (await move(there, parcel, "dirty")).accepted
    there.world.clock.advance(timedelta(seconds=1))
    with pytest.raises(MoveTooLate):
        await move(there, parcel, "dirty")
    with pytest.raises(MoveTooLate):
        await keep(there, parcel, "dirty")
    await there.take(parcel)
    with pytest.raises(ParcelTaken):
        await move(there, parcel, "dirty")


async def test_a_cabinet_that_does_not_take_it_leaves_all_as_it_was(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.cabinet_answers("door jammed")

    with pytest.raises(CabinetRefused):
        await move(lockers, parcel, "dirty")

    assert (await lockers.parcel("P")).box_name == "05"
    assert (await lockers.box("05")).closed_for is None
    assert await lockers.do(alarms.standing) == []


async def shut(lockers: Lockers, name: str, lock: str) -> None:
    """Its door was seen open for its command, and is shut."""
    [(command_id,)] = await lockers.world.rows(
        "SELECT max(d.id) FROM door_command d JOIN box b ON b.id = d.box_id WHERE b.name = %(name)s", name=name
    )
    for door in ("open", "closed"):
        await lockers.do(
            commands.door_seen,
            cabinet_number=CABINET,
            lock_address=lock,
            door=door,
            sequence=f"{name}-{door}",
            happened_at=lockers.world.clock.now(),
            command_id=command_id,
        )


async def test_what_lies_behind_a_shut_door_is_not_moved(there: Lockers) -> None:
    parcel = await there.world.stored("P")
    await shut(there, "05", "0105")

    with pytest.raises(DoorShut):
        await move(there, parcel, "dirty")
    with pytest.raises(DoorShut):
        await keep(there, parcel, "dirty")

    assert (await there.parcel("P")).box_name == "05"
    assert (await there.box("05")).full


async def test_a_take_that_is_told_late_does_not_empty_another_box(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    late = await lockers.ask_take(parcel)
    lockers.world.clock.advance(commands.COMMAND_TTL)
    await lockers.do(commands.expire, command_id=late.id)
    await lockers.world.cabinet_answers("accepted")
    assert (await move(lockers, parcel, "does not fit")).box_before.name == "19"
    assert (await lockers.world.stored("Q")).box_name == "05"

    await lockers.answer(late)

    assert (await lockers.parcel("P")).state == "stored"
    assert [(await lockers.box(name)).full for name in ("05", "19")] == [True, True]
    assert [alarm["alarm"] for alarm in await lockers.events("door.alarm")] == ["late answer"]
