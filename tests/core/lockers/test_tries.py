"""Five wrong codes in a row, and none is taken for a while."""

import asyncio
from datetime import timedelta

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.core.lockers.errors import CabinetRefused, CodesLocked, ParcelTaken, PickCodeUnknown, SaveCodeUnknown
from crossdock.core.lockers.model import LOCKED_S, WRONG_MAX, DoorOutcome, Parcel
from tests.core.lockers.conftest import ASKED, Lockers
from tests.world import ACCOUNT, CABINET


async def guess(lockers: Lockers, key: str) -> CrossdockError | DoorOutcome:
    try:
        return await lockers.doors.take(**ASKED, key=key, typed=True)
    except CrossdockError as error:
        return error


async def names(lockers: Lockers, *keys: str) -> list[str]:
    return [type(await guess(lockers, key)).__name__ for key in keys]


def unlike(parcel: Parcel, count: int) -> list[str]:
    """Codes that are not this parcel's."""
    return [f"{(int(parcel.key) + step) % 10**6:06}" for step in range(1, count + 1)]


async def test_the_fifth_wrong_one_locks_and_raises_an_alarm(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.cabinet_answers("accepted")

    assert await names(lockers, *unlike(parcel, WRONG_MAX)) == ["PickCodeUnknown"] * 5
    assert await names(lockers, parcel.key) == ["CodesLocked"]
    with pytest.raises(CodesLocked):
        await lockers.doors.store(**ASKED, save_code=parcel.save_code, box_size="S", typed=True)
    [alarm] = await lockers.events("door.alarm")
    assert alarm == {"cabinet": CABINET, "box": None, "alarm": "code entry locked", "tries": 5}

    lockers.world.clock.advance(timedelta(seconds=LOCKED_S - 1))
    assert await names(lockers, parcel.key) == ["CodesLocked"]
    lockers.world.clock.advance(timedelta(seconds=1))
    await lockers.world.cabinet_online()
    assert await names(lockers, parcel.key) == ["DoorOutcome"]


async def test_four_wrong_ones_lock_nothing_and_a_good_one_begins_anew(lockers: Lockers) -> None:
    parcel, other = await lockers.stored("P"), await lockers.stored("Q")
    await lockers.world.cabinet_answers("accepted")
    wrong = [key for key in unlike(parcel, 12) if key != other.key][:4]

    assert await names(lockers, *wrong) == ["PickCodeUnknown"] * 4
    assert await names(lockers, parcel.key) == ["DoorOutcome"]
    assert await names(lockers, *wrong) == ["PickCodeUnknown"] * 4
    assert await names(lockers, other.key) == ["DoorOutcome"]
    assert await lockers.events("door.alarm") == []


async def test_a_pause_begins_anew(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    wrong = unlike(parcel, 4)
    assert await names(lockers, *wrong) == ["PickCodeUnknown"] * 4
    lockers.world.clock.advance(timedelta(seconds=LOCKED_S))
    assert await names(lockers, *wrong) == ["PickCodeUnknown"] * 4


async def test_a_cabinet_that_refuses_costs_no_try(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.cabinet_offline()
    assert await names(lockers, *[parcel.key] * 6) == [CabinetRefused.__name__] * 6
    await lockers.world.cabinet_answers("accepted")
    assert await names(lockers, parcel.key) == ["DoorOutcome"]


async def test_the_code_of_a_parcel_that_is_gone_counts(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.cabinet_answers("accepted")
    await lockers.take(parcel)
    assert await names(lockers, *[parcel.key] * 6) == [ParcelTaken.__name__] * 5 + ["CodesLocked"]


async def test_any_number_at_once_get_five_guesses(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    answers = await asyncio.gather(*(guess(lockers, key) for key in unlike(parcel, 40)))
    told = [type(answer) for answer in answers]
    assert told.count(PickCodeUnknown) == WRONG_MAX
    assert told.count(CodesLocked) == 40 - WRONG_MAX


async def test_the_signed_api_counts_where_the_cabinet_says_so(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    for _ in range(WRONG_MAX + 1):
        with pytest.raises(SaveCodeUnknown):
            await lockers.doors.store(**ASKED, save_code=unlike(parcel, 1)[0] + "x", box_size="S")
    await lockers.world.rows("""UPDATE cabinet SET details = details || '{"count_wrong_codes": true}' RETURNING 1""")
    for _ in range(WRONG_MAX):
        with pytest.raises(SaveCodeUnknown):
            await lockers.doors.store(**ASKED, save_code=unlike(parcel, 1)[0] + "x", box_size="S")
    with pytest.raises(CodesLocked):
        await lockers.doors.take(**ASKED, key=parcel.key)


async def test_what_a_code_is_for(lockers: Lockers) -> None:
    booked, stored = await lockers.world.booked("B"), await lockers.stored("P")

    async def look(code: str) -> tuple[str, str]:
        use, parcel = await lockers.doors.look(account_id=ACCOUNT, cabinet=CABINET, code=code)
        return use, parcel.order_number

    assert await look(booked.save_code) == ("store", "B")
    assert await look(stored.key) == ("take", "P")
    assert await look(stored.save_code) == ("store", "P")
    with pytest.raises(SaveCodeUnknown):
        await look(booked.key)
    await lockers.world.cabinet_answers("accepted")
    await lockers.take(stored)
    with pytest.raises(ParcelTaken):
        await look(stored.key)


async def test_looking_is_a_try_and_a_good_one_does_not_wash_wrong_ones_away(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    for code in unlike(parcel, 4):
        with pytest.raises(SaveCodeUnknown):
            await lockers.doors.look(account_id=ACCOUNT, cabinet=CABINET, code=code)
    for _ in range(3):
        await lockers.doors.look(account_id=ACCOUNT, cabinet=CABINET, code=parcel.key)
    with pytest.raises(SaveCodeUnknown):
        await lockers.doors.look(account_id=ACCOUNT, cabinet=CABINET, code="x")
    with pytest.raises(CodesLocked):
        await lockers.doors.look(account_id=ACCOUNT, cabinet=CABINET, code=parcel.key)


async def typed(lockers: Lockers, code: str) -> DoorOutcome:
    """As the kiosk does it: look, then take."""
    await lockers.doors.look(account_id=ACCOUNT, cabinet=CABINET, code=code)
    return await lockers.doors.take(**ASKED, key=code, typed=True)


async def test_a_good_code_after_a_look_begins_anew(lockers: Lockers) -> None:
    parcel, other = await lockers.stored("P"), await lockers.stored("Q")
    await lockers.world.cabinet_answers("accepted")
    wrong = [key for key in unlike(parcel, 12) if key != other.key][:4]
    for good in (parcel, other):
        assert await names(lockers, *wrong) == ["PickCodeUnknown"] * 4
        assert (await typed(lockers, good.key)).accepted
    assert await lockers.world.rows("SELECT wrong_codes, wrong_at FROM cabinet WHERE wrong_codes > 0") == []


async def test_a_door_that_jams_neither_counts_nor_begins_anew(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.cabinet_answers("jammed")
    assert await names(lockers, *unlike(parcel, 4)) == ["PickCodeUnknown"] * 4
    assert await names(lockers, *[parcel.key] * 2) == ["CabinetRefused"] * 2
    assert await names(lockers, *unlike(parcel, 2)) == ["PickCodeUnknown", "CodesLocked"]


async def test_good_codes_do_not_put_off_the_pause(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    assert await names(lockers, *unlike(parcel, 4)) == ["PickCodeUnknown"] * 4
    lockers.world.clock.advance(timedelta(seconds=LOCKED_S - 1))
    await lockers.doors.look(account_id=ACCOUNT, cabinet=CABINET, code=parcel.key)
    lockers.world.clock.advance(timedelta(seconds=1))
    assert await names(lockers, *unlike(parcel, 4)) == ["PickCodeUnknown"] * 4


async def test_looks_that_come_between_give_nobody_a_sixth_guess(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    answers = await asyncio.gather(
        *(
            guess(lockers, key)
            if step % 2
            else lockers.doors.look(account_id=ACCOUNT, cabinet=CABINET, code=parcel.key)
            for step, key in enumerate(unlike(parcel, 60))
        ),
        return_exceptions=True,
    )
    told = [type(answer) for answer in answers]
    assert 1 <= told.count(PickCodeUnknown) <= WRONG_MAX
    [(count,)] = await lockers.world.rows("SELECT wrong_codes FROM cabinet WHERE number = %(n)s", n=CABINET)
    assert count == told.count(PickCodeUnknown)


async def test_a_try_that_nobody_saw_the_end_of_stays_counted(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.cabinet_online()
    assert await names(lockers, *unlike(parcel, 4)) == ["PickCodeUnknown"] * 4
    waiting = asyncio.create_task(guess(lockers, parcel.key))
    while ("take", "waiting") not in await lockers.commands():
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert await names(lockers, *unlike(parcel, 1)) == ["CodesLocked"]


async def test_taking_along_is_a_try(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    asked = {**ASKED, "complaint": "dirty"}
    for code in unlike(parcel, WRONG_MAX):
        with pytest.raises(SaveCodeUnknown):
            await lockers.doors.keep(**asked, save_code=code + "x")
    with pytest.raises(CodesLocked):
        await lockers.doors.keep(**asked, save_code=parcel.save_code)
    lockers.world.clock.advance(timedelta(seconds=LOCKED_S))
    assert (await lockers.doors.keep(**asked, save_code=parcel.save_code)).state == "booked"
