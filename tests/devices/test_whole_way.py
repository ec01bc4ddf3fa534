"""The real core behind the coordinator: a call, the database, the broker, a cabinet, and all the way back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from crossdock.base import json
from crossdock.base.tasks import stopped
from crossdock.core.lockers import commands as lockers
from crossdock.core.lockers import queries
from crossdock.core.lockers.errors import CabinetRefused
from crossdock.core.lockers.model import OFFLINE, DoorOutcome
from crossdock.devices import code_lists, payloads
from crossdock.devices.coordinator import Coordinator
from crossdock.devices.presence import SILENCE_S_MAX
from crossdock.devices.simulator import SimulatedCabinet
from tests.devices.brokers import WAIT_S_MAX, Amqtt, Mosquitto
from tests.world import ACCOUNT, CABINET, World


@dataclass
class Way:
    world: World
    cabinet: SimulatedCabinet
    coordinator: Coordinator

    async def open(self, lock: str = "0105") -> DoorOutcome:
        return await self.world.desk.doors.open(
            account_id=ACCOUNT, cabinet=CABINET, lock_address=lock, use_type="O", asked_by="test", dialect="bestwond"
        )

    async def value(self, statement: str, **params: Any) -> Any:
        return (await self.world.rows(statement, **params))[0][0]

    async def becomes(self, expected: Any, statement: str, **params: Any) -> None:
        async with asyncio.timeout(WAIT_S_MAX):
            while await self.value(statement, **params) != expected:
                await asyncio.sleep(0.01)

    async def online(self, expected: bool) -> None:
        await self.becomes(expected, "SELECT online FROM cabinet WHERE number = %(number)s", number=CABINET)


@pytest.fixture
async def way(quiet_world: World, broker: Amqtt | Mosquitto) -> AsyncIterator[Way]:
    desk = quiet_world.desk
    async with desk.database.transaction() as tx:
        asked = await queries.cabinet(tx, account_id=ACCOUNT, number=CABINET)
        locks = [box.lock_address for box in await queries.boxes(tx, cabinet_id=asked.id)]
    coordinator = Coordinator(desk.database, desk.signals, broker.address, quiet_world.clock)
    running = asyncio.create_task(coordinator.run())
    async with SimulatedCabinet(
        broker.cabinet_address, CABINET, locks, quiet_world.clock, close_after_s=None, resend_s=0.1
    ) as cabinet:
        way = Way(quiet_world, cabinet, coordinator)
        await way.online(True)
        yield way
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_door_is_opened_seen_and_seen_closed(way: Way) -> None:
    outcome = await way.open()
    assert (outcome.accepted, outcome.reason) == (True, "ok")
    await way.becomes("open", "SELECT door FROM box WHERE lock_address = '0105'")
    way.cabinet.close_door("0105")
    await way.becomes("closed", "SELECT door FROM box WHERE lock_address = '0105'")
    told = await way.world.rows(
        "SELECT state, pulse_at IS NOT NULL, opened_at IS NOT NULL, closed_at IS NOT NULL FROM door_command"
        " WHERE id = %(id)s",
        id=outcome.command_id,
    )
    assert told == [("accepted", True, True, True)]
    assert way.cabinet.openings == {"0105": 1}


async def test_a_parcel_is_stored_and_taken_only_when_the_cabinet_took_the_command(way: Way) -> None:
    way.cabinet.refuse("door blocked")
    parcel = await way.world.booked("100007")
    with pytest.raises(CabinetRefused) as caught:
        await way.world.desk.doors.store(
            account_id=ACCOUNT, cabinet=CABINET, save_code=parcel.save_code, box_size="S", asked_by="t", dialect="b"
        )
    assert caught.value.facts["reason"] == "door blocked"
    assert await way.value("SELECT state FROM handover WHERE id = %(id)s", id=parcel.id) == "booked"
    way.cabinet.refuse(None)
    stored = await way.world.desk.doors.store(
        account_id=ACCOUNT, cabinet=CABINET, save_code=parcel.save_code, box_size="S", asked_by="t", dialect="b"
    )
    assert stored.parcel is not None
    assert stored.parcel.state == "stored"
    assert way.cabinet.openings == {stored.box_before.lock_address: 1}
    taken = await way.world.desk.doors.take(
        account_id=ACCOUNT, cabinet=CABINET, key=parcel.key, asked_by="t", dialect="b"
    )
    assert taken.parcel is not None
    assert taken.parcel.state == "taken"


async def test_a_cut_off_cabinet_is_offline_at_once(way: Way) -> None:
    await way.cabinet.offline()
    await way.online(False)
    outcome = await way.open()
    assert (outcome.accepted, outcome.reason) == (False, OFFLINE)
    assert not way.cabinet.openings


async def test_a_silent_cabinet_lapses(way: Way) -> None:
    way.world.clock.advance(timedelta(seconds=SILENCE_S_MAX, microseconds=1))
    way.coordinator._inbox.take_silence()
    await way.online(False)


async def test_a_question_for_a_door_is_answered(way: Way) -> None:
    way.cabinet.doors["0106"] = "open"  # moved while nobody looked
    async with way.world.desk.database.transaction() as tx:
        asked = await lockers.ask_state(tx, account_id=ACCOUNT, cabinet=CABINET, lock_address="0106")
    await way.becomes("open", "SELECT door FROM box WHERE lock_address = '0106'")
    await way.becomes("accepted", "SELECT state FROM door_command WHERE id = %(id)s", id=asked.id)
    assert not way.cabinet.openings


async def test_a_report_said_twice_is_written_once(way: Way) -> None:
    way.cabinet.open_door("0107")
    kept = next(iter(way.cabinet.outbox._kept.values()))
    async with asyncio.timeout(WAIT_S_MAX):
        while len(way.cabinet.outbox):
            await asyncio.sleep(0.01)
    way.cabinet.outbox._kept[kept.report.key] = kept
    way.cabinet.outbox.rewind()
    async with asyncio.timeout(WAIT_S_MAX):
        while len(way.cabinet.outbox):
            await asyncio.sleep(0.01)
    assert await way.value("SELECT count(*) FROM door_event WHERE sequence = %(key)s", key=kept.report.key) == 1
    assert await way.value("SELECT count(*) FROM event WHERE kind = 'door.changed' AND facts ->> 'box' = '07'") == 1


async def test_the_broker_is_killed_and_restarted_in_the_middle(way: Way, broker: Amqtt | Mosquitto) -> None:
    """Nothing is lost, nothing is opened twice."""
    boxes = await way.world.rows("SELECT lock_address FROM box ORDER BY id LIMIT 20")
    moved: list[tuple[int | None, str]] = []
    way.cabinet.told = lambda _, report: (
        moved.append((report.command_id, report.door)) if isinstance(report, payloads.DoorSeen) else None
    )

    async def some_doors(start: int) -> list[DoorOutcome]:
        return list(await asyncio.gather(*(way.open(lock) for (lock,) in boxes[start : start + 10])))

    before = await some_doors(0)
    for (lock,) in boxes[:10]:
        way.cabinet.close_door(lock)
    during = asyncio.create_task(some_doors(10))
    await asyncio.sleep(0)
    await broker.stop()
    await broker.start()
    outcomes = before + await during
    await way.online(True)
    after = await some_doors(0)
    async with asyncio.timeout(WAIT_S_MAX):
        while len(way.cabinet.outbox):
            await asyncio.sleep(0.01)

    opened = [command_id for command_id, door in moved if door == "open"]
    assert len(opened) == len(set(opened)), "nothing is opened twice"
    accepted = [outcome.command_id for outcome in outcomes + after if outcome.accepted]
    assert set(accepted) <= set(opened), "who was told yes stands before an open door"
    assert all(outcome.accepted for outcome in before + after)
    heard = await way.world.rows("SELECT command_id, kind FROM door_event ORDER BY id")
    assert sorted(heard) == sorted(moved), "nothing is lost"


# Cut off -----------------------------------------------------------------------------


KEY = "cabinet-key-of-the-tests"


@pytest.fixture
async def keyed(quiet_world: World, broker: Amqtt | Mosquitto) -> AsyncIterator[Way]:
    """A cabinet with a key, which is sent its codes."""
    desk = quiet_world.desk
    async with desk.database.transaction() as tx:
        sealed = desk.seal.seal(KEY)
        await tx.execute("UPDATE cabinet SET key_sealed = %(s)s WHERE number = %(n)s", s=sealed, n=CABINET)
        asked = await queries.cabinet(tx, account_id=ACCOUNT, number=CABINET)
        locks = [box.lock_address for box in await queries.boxes(tx, cabinet_id=asked.id)]
    coordinator = Coordinator(desk.database, desk.signals, broker.address, quiet_world.clock, open_key=desk.seal.open)
    running = asyncio.create_task(coordinator.run())
    async with SimulatedCabinet(
        broker.cabinet_address, CABINET, locks, quiet_world.clock, close_after_s=None, resend_s=0.1, key=KEY
    ) as cabinet:
        way = Way(quiet_world, cabinet, coordinator)
        await way.online(True)
        yield way
    await stopped(running)


async def listed(way: Way, *uses: str) -> None:
    async with asyncio.timeout(WAIT_S_MAX):
        while way.cabinet.codes is None or [entry.use for entry in way.cabinet.codes.codes] != list(uses):
            await asyncio.sleep(0.01)


async def state_of(way: Way, number: str, expected: str) -> None:
    await way.becomes(expected, "SELECT state FROM handover WHERE order_number = %(number)s", number=number)


async def test_codes_work_while_nobody_can_be_reached_and_once(keyed: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_lists, "LOOK_S", 0.05)
    first, second = await keyed.world.stored("P"), await keyed.world.booked("Q")
    keyed.cabinet.close_door("0105")
    await listed(keyed, "take", "store")
    raw = str(keyed.cabinet.codes)
    assert first.key not in raw
    assert second.save_code not in raw
    assert keyed.cabinet.enter(first.key) is None, "the server is there to be asked"

    await keyed.cabinet.offline()
    wrong = next(f"{code:06}" for code in range(10) if f"{code:06}" not in (first.key, second.save_code))
    assert keyed.cabinet.enter(wrong) is None
    assert keyed.cabinet.enter(first.key) == "0105"
    assert keyed.cabinet.enter(first.key) is None
    lock = keyed.cabinet.enter(second.save_code)
    assert lock not in (None, "0105")
    keyed.cabinet.close_door("0105")
    await keyed.cabinet.online()

    await state_of(keyed, "P", "taken")
    await state_of(keyed, "Q", "stored")
    lies_in = "SELECT b.lock_address FROM handover h JOIN box b ON b.id = h.box_id WHERE h.state = 'stored'"
    assert await keyed.value(lies_in) == lock
    await keyed.becomes(2, "SELECT count(*) FROM door_command WHERE use_type = 'offline' AND opened_at IS NOT NULL")
    assert await keyed.value("SELECT count(*) FROM alarm") == 0


async def test_a_list_that_is_over_or_forged_opens_nothing(keyed: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_lists, "LOOK_S", 0.05)
    parcel = await keyed.world.stored("P")
    await listed(keyed, "take")
    kept = keyed.cabinet.codes
    assert kept is not None
    forged = payloads.SignedCodes(list=json.text(kept), sign="0" * 64)
    assert payloads.read_codes(payloads.write(forged), key=KEY, now=keyed.world.clock.now()) is None
    await keyed.cabinet.offline()
    keyed.world.clock.advance(timedelta(days=7))
    assert keyed.cabinet.enter(parcel.key) is None
    keyed.cabinet.drift(-1)
    assert keyed.cabinet.enter(parcel.key) == "0105"


async def test_taken_offline_what_was_taken_online_is_a_conflict(keyed: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_lists, "LOOK_S", 0.05)
    parcel = await keyed.world.stored("P")
    await listed(keyed, "take")
    await keyed.cabinet.offline()
    await keyed.world.rows("UPDATE handover SET state = 'taken', used_at = now() RETURNING 1")
    assert keyed.cabinet.enter(parcel.key) == "0105"
    await keyed.cabinet.online()
    await keyed.becomes("offline use", "SELECT coalesce(max(kind), '') FROM alarm")


async def test_a_cabinet_that_lost_its_power_goes_on(keyed: Way) -> None:
    assert (await keyed.open("0105")).accepted
    await keyed.cabinet.power_loss()
    async with asyncio.timeout(WAIT_S_MAX):
        while not (await keyed.open("0106")).accepted:  # the last will may be heard only now
            await asyncio.sleep(0.01)
    assert keyed.cabinet.openings == {"0105": 1, "0106": 1}


async def test_a_clock_that_is_ahead_refuses_and_a_sensor_that_lies_is_believed(keyed: Way) -> None:
    keyed.cabinet.drift(60)
    outcome = await keyed.open("0105")
    assert (outcome.accepted, outcome.reason) == (False, payloads.EXPIRED)
    keyed.cabinet.drift(0)
    keyed.cabinet.mislead("0105")
    assert (await keyed.open("0105")).accepted
    await keyed.becomes("closed", "SELECT door FROM box WHERE lock_address = '0105'")
