"""What a cabinet did by its list while it was cut off: the record follows, or an alarm says why it cannot."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.core.lockers import alarms, commands, offline
from crossdock.core.lockers.model import Parcel
from crossdock.core.lockers.offline import VALID_DAYS, VALID_DAYS_MAX, CodeList
from tests.core.lockers.conftest import Lockers
from tests.world import ACCOUNT, CABINET, LOCKER_SERVICE


async def use(lockers: Lockers, how: str, parcel: Parcel, lock: str = "0105", **more: Any) -> None:
    now = lockers.world.clock.now()
    await lockers.do(
        commands.used,
        **{
            "cabinet_number": CABINET,
            "use": how,
            "handover_id": parcel.id,
            "lock_address": lock,
            "listed_at": now - timedelta(hours=2),
            "sequence": "b-1",
            "happened_at": now - timedelta(hours=1),
            **more,
        },
    )


async def conflicts(lockers: Lockers) -> list[tuple[Any, Any]]:
    standing = await lockers.do(alarms.standing, account_id=ACCOUNT)
    assert all(alarm.kind == "offline use" for alarm in standing)
    return [(alarm.facts["number"], alarm.facts["why"]) for alarm in standing]


async def code_list(lockers: Lockers) -> CodeList | None:
    found = await lockers.do(commands.code_list, number=CABINET)
    assert found is None or isinstance(found, CodeList)
    return found


async def keyed(lockers: Lockers, **details: Any) -> None:
    await lockers.world.rows(
        "UPDATE cabinet SET key_sealed = '\\x01', details = details || %(details)s RETURNING 1", details=details
    )


async def test_the_list_holds_what_may_be_opened(lockers: Lockers) -> None:
    assert await code_list(lockers) is None
    await keyed(lockers)
    stored, booked = await lockers.stored("P"), await lockers.world.booked("Q", "M")

    found = await code_list(lockers)

    assert found is not None
    assert [(one.code, one.use, one.handover_id, one.lock_address, one.size) for one in found.codes] == [
        (stored.key, "take", stored.id, "0105", "S"),
        (booked.save_code, "store", booked.id, None, "M"),
    ]
    names = [box.name for box in found.free]
    assert len(names) == 23
    assert "05" not in names
    assert found.valid_until - found.issued_at == timedelta(days=VALID_DAYS)


@pytest.mark.parametrize(
    ("said", "days"),
    [
        (1, 1),
        (VALID_DAYS_MAX, VALID_DAYS_MAX),
        (VALID_DAYS_MAX + 1, VALID_DAYS),
        (-1, VALID_DAYS),
        ("2", VALID_DAYS),
    ],
)
async def test_how_long_it_is_good_is_for_the_cabinet_to_say(lockers: Lockers, said: Any, days: int) -> None:
    await keyed(lockers, offline_days=said)
    found = await code_list(lockers)
    assert found is not None
    assert (found.valid_until - found.issued_at).days == days


@pytest.mark.parametrize(
    "setting", ["details = details || '{\"offline_days\": 0}'", "in_service = false", "fault = 'its key is wrong'"]
)
async def test_a_cabinet_that_may_open_nothing_gets_an_empty_list(lockers: Lockers, setting: str) -> None:
    await keyed(lockers)
    await lockers.stored("P")
    later = lockers.world.clock.now() + timedelta(days=9_000)
    assert await lockers.do(offline.changed, since=later) == []
    await lockers.world.rows(f"UPDATE cabinet SET {setting} RETURNING 1")

    found = await code_list(lockers)

    assert found is not None
    assert (found.codes, found.free) == ([], [])
    assert found.valid_until > found.issued_at, "a cabinet passes over one that is over"
    assert await lockers.do(offline.changed, since=later) == [CABINET]


async def test_a_list_has_room_for_what_lies_in_boxes_first(
    lockers: Lockers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keyed(lockers)
    first = await lockers.world.booked("P", "M")
    await lockers.stored("Q")
    second = await lockers.world.booked("R", "M")
    third = await lockers.stored("S")

    async def numbers(room: int) -> tuple[list[int], int]:
        monkeypatch.setattr(offline, "LISTED_MAX", room)
        found = await code_list(lockers)
        assert found is not None
        return [one.handover_id for one in found.codes], found.left_out

    stored = [third.id, (await lockers.parcel("Q")).id]
    assert await numbers(4) == ([*stored, second.id, first.id], 0)
    assert await numbers(3) == ([*stored, second.id], 1)


async def test_a_customer_took_it(lockers: Lockers) -> None:
    order = await lockers.world.order("P", service=LOCKER_SERVICE)
    await lockers.world.rows("UPDATE orders SET state = 'shipped' RETURNING 1")
    parcel = await lockers.stored("P")
    then = lockers.world.clock.now() - timedelta(hours=1)

    await use(lockers, "take", parcel)
    await use(lockers, "take", parcel)

    taken = await lockers.parcel("P")
    assert (taken.state, taken.used_at) == ("taken", then)
    assert not (await lockers.box("05")).full
    assert await conflicts(lockers) == []
    assert await lockers.commands() == [("store", "accepted"), ("take", "accepted")]
    assert [told["number"] for told in await lockers.events("order.delivered")] == [order.number]


async def test_its_door_is_no_alarm(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await use(lockers, "take", parcel)
    for door, sequence in (("open", "b-2"), ("closed", "b-3")):
        await lockers.do(
            commands.door_seen,
            cabinet_number=CABINET,
            lock_address="0105",
            door=door,
            sequence=sequence,
            happened_at=lockers.world.clock.now() - timedelta(hours=1),
            use="b-1",
        )
    assert await conflicts(lockers) == []
    [row] = await lockers.world.rows(
        "SELECT opened_at IS NOT NULL, closed_at IS NOT NULL FROM door_command WHERE purpose = 'take'"
    )
    assert row == (True, True)


async def test_a_courier_stored_it(lockers: Lockers) -> None:
    parcel = await lockers.world.booked("P")
    await use(lockers, "store", parcel, "0106")
    stored = await lockers.parcel("P")
    assert (stored.state, stored.box_name) == ("stored", "06")
    assert (await lockers.box("06")).full
    assert (await lockers.box("06")).last_order_number == "P"


async def test_what_cannot_be_followed_is_shown(lockers: Lockers) -> None:
    first, second, other = await lockers.stored("P"), await lockers.stored("Q"), await lockers.world.booked("R")
    await use(lockers, "take", first, "0106", sequence="b-1")
    await use(lockers, "store", second, "0107", sequence="b-2")
    await use(lockers, "store", other, "0105", sequence="b-3")
    await use(lockers, "take", other, "0107", sequence="b-4")
    await lockers.world.cabinet_answers("accepted")
    await lockers.take(first)
    await use(lockers, "take", first, "0105", sequence="b-5")
    await use(lockers, "take", Parcel(**{**_fields(first), "id": 10**9}), sequence="b-6")
    await use(lockers, "take", first, "0105", sequence="b-5")

    assert await conflicts(lockers) == [
        ("P", "the parcel lies in box 05"),
        ("Q", "the parcel is stored already"),
        ("R", "something lies in the box"),
        ("R", "the parcel is booked"),
        ("P", "the parcel is taken"),
        (None, "no such parcel"),
    ]
    assert [(await lockers.parcel(number)).state for number in "PQR"] == ["taken", "stored", "booked"]


async def test_a_door_that_is_not_on_record_is_shown(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    for _ in range(2):
        await use(lockers, "take", parcel, "0999")
    assert await conflicts(lockers) == [("P", "it has no lock 0999")]
    assert (await lockers.parcel("P")).state == "stored"


async def test_one_that_was_recalled_after_the_list_was_made(lockers: Lockers) -> None:
    parcel = await lockers.stored("P")
    await lockers.world.rows("UPDATE handover SET recalled_at = %(now)s RETURNING 1", now=lockers.world.clock.now())
    await use(lockers, "take", parcel)
    assert await conflicts(lockers) == [("P", "the parcel was recalled")]
    await use(lockers, "take", parcel, listed_at=lockers.world.clock.now(), sequence="b-2")
    assert (await lockers.parcel("P")).state == "taken"


async def test_a_courier_who_fetched_it_back_by_a_list_is_no_customer(lockers: Lockers) -> None:
    """Whatever the cabinet's clock says, it happened after its list was made."""
    parcel = await lockers.stored("P")
    recalled = lockers.world.clock.now()
    await lockers.world.rows("UPDATE handover SET recalled_at = %(now)s RETURNING 1", now=recalled)
    lockers.world.clock.advance(timedelta(hours=1))
    await use(lockers, "take", parcel, listed_at=recalled, happened_at=recalled - timedelta(minutes=4))
    assert await conflicts(lockers) == []
    [told] = await lockers.events("handover.taken")
    assert (told["state"], told["returned"]) == ("taken", True)


async def test_changed_cabinets_are_found(lockers: Lockers) -> None:
    clock = lockers.world.clock
    await lockers.world.cabinet_online()
    await keyed(lockers)
    clock.advance(timedelta(days=9_000))  # the boxes are as old as the demo's database
    before = clock.now()
    clock.advance(timedelta(minutes=1))
    assert await lockers.do(offline.changed, since=before) == []
    await lockers.world.booked("P")
    assert await lockers.do(offline.changed, since=before) == [CABINET]
    assert await lockers.do(offline.changed, since=clock.now()) == []
    await lockers.world.cabinet_offline()
    assert await lockers.do(offline.changed, since=before) == []


def _fields(parcel: Parcel) -> dict[str, Any]:
    return {name: getattr(parcel, name) for name in parcel.__struct_fields__}
