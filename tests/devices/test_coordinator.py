"""Command to answer over a real broker, with a cabinet at the far end and a core that writes down what it hears."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from crossdock.base.clock import HeldClock
from crossdock.devices import dispatch, inbox, payloads, topics
from crossdock.devices.bus import BrokerAddress, Bus, Heard, Line, client_id_of
from crossdock.devices.coordinator import Coordinator
from crossdock.devices.inbox import Inbox
from crossdock.devices.pauses import Outage
from crossdock.devices.payloads import Answer, Command, Heartbeat, Receipt, Status
from crossdock.devices.presence import SILENCE_S_MAX
from crossdock.devices.simulator import SimulatedCabinet
from tests.devices.brokers import WAIT_S_MAX, Amqtt, Mosquitto
from tests.devices.world import NUMBER, FakeCore, FakeDatabase, FakeSignals, until

LOCKS = ["0101", "0102", "010c"]


class Site:
    """A running coordinator and what it stands between."""

    def __init__(self, broker: Amqtt | Mosquitto, clock: HeldClock) -> None:
        self.broker, self.clock = broker, clock
        self.database, self.signals = FakeDatabase(), FakeSignals()
        self.core = FakeCore(clock, self.signals)
        self.coordinator = Coordinator(
            self.database,  # type: ignore[arg-type]
            self.signals,  # type: ignore[arg-type]
            broker.address,
            clock,
            core=self.core,
        )

    def cabinet(self, **options: Any) -> SimulatedCabinet:
        return SimulatedCabinet(
            self.broker.cabinet_address,
            NUMBER,
            LOCKS,
            self.clock,
            **{"close_after_s": None, "resend_s": 0.3} | options,
        )

    @asynccontextmanager
    async def device(self, number: str = NUMBER) -> AsyncIterator[Line]:
        """A bare line, for what no well-behaved cabinet says."""
        async with Bus(self.broker.cabinet_address, client_id=client_id_of(number)).line() as line:
            yield line

    async def online(self, expected: bool) -> None:
        await until(lambda: (seen := self.core.of("cabinet_seen")) and seen[-1]["online"] is expected)


@pytest.fixture
async def site(broker: Amqtt | Mosquitto, clock: HeldClock) -> AsyncIterator[Site]:
    site = Site(broker, clock)
    running = asyncio.create_task(site.coordinator.run())
    async with asyncio.timeout(WAIT_S_MAX):
        await site.coordinator.connected.wait()
    yield site
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_command_is_answered_and_the_door_is_seen(site: Site) -> None:
    async with site.cabinet() as cabinet:
        await site.online(True)
        site.core.ask("010c", id=7)
        await until(lambda: len(site.core.names()) == 3)
        cabinet.close_door("010C")
        await until(lambda: len(site.core.names()) == 4 and not len(cabinet.outbox))
    answer, pulse, opened, closed = [facts for name, facts in site.core.told if name != "cabinet_seen"]
    assert site.core.names() == ["answered", "pulse_sent", "door_seen", "door_seen"]
    now, boot = site.clock.now(), cabinet.outbox.boot
    assert answer == {
        "cabinet_number": NUMBER, "command_id": 7, "accepted": True, "reason": "", "happened_at": now,
    }  # fmt: skip
    assert pulse == {"cabinet_number": NUMBER, "command_id": 7, "happened_at": now}
    assert opened == {
        "cabinet_number": NUMBER, "lock_address": "010c", "door": "open", "sequence": f"{boot}-3",
        "happened_at": now, "command_id": 7, "use": None,
    }  # fmt: skip
    assert closed == opened | {"door": "closed", "sequence": f"{boot}-4"}
    assert cabinet.openings == {"010c": 1}


async def test_a_query_is_answered_with_the_state_of_the_door(site: Site) -> None:
    async with site.cabinet() as cabinet:
        cabinet.open_door("0102")
        site.core.ask("0102", purpose="query")
        await until(lambda: site.core.of("door_reported"))
    assert site.core.names() == ["door_seen", "answered", "door_reported"]
    assert site.core.of("door_reported") == [
        {
            "cabinet_number": NUMBER,
            "lock_address": "0102",
            "door": "open",
            "sequence": f"{cabinet.outbox.boot}-3",
            "happened_at": site.clock.now(),
        }
    ]
    assert not cabinet.openings


async def test_many_commands_go_out_in_order_and_none_is_lost(site: Site) -> None:
    async with site.cabinet():
        for number in range(1, 151):
            site.core.ask(id=number)
        await until(lambda: len(site.core.of("answered")) == 150)
    assert [answer["command_id"] for answer in site.core.of("answered")] == list(range(1, 151))


async def test_a_command_is_found_without_a_signal(
    broker: Amqtt | Mosquitto, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "POLL_S", 0.05)
    site = Site(broker, clock)
    running = asyncio.create_task(site.coordinator.run())
    async with site.cabinet():
        await site.online(True)
        site.core._signals = FakeSignals()  # nobody listens there
        site.core.ask()
        await until(lambda: site.core.of("answered"))
    running.cancel()


async def test_status_follows_the_cabinet(site: Site) -> None:
    async with site.cabinet() as cabinet:
        await site.online(True)
        await cabinet.offline()
        await site.online(False)
        await cabinet.online()
        await site.online(True)
    await site.online(False)


async def test_a_cabinet_that_was_there_first_is_found_by_its_retained_status(
    broker: Amqtt | Mosquitto, clock: HeldClock
) -> None:
    site = Site(broker, clock)
    async with site.cabinet():
        running = asyncio.create_task(site.coordinator.run())
        await site.online(True)
        running.cancel()


async def test_what_happens_offline_is_told_later(site: Site) -> None:
    async with site.cabinet() as cabinet:
        await cabinet.offline()
        cabinet.open_door("0101")
        cabinet.close_door("0101")
        assert not site.core.names()
        await cabinet.online()
        await until(lambda: len(site.core.of("door_seen")) == 2)
    assert [seen["door"] for seen in site.core.of("door_seen")] == ["open", "closed"]


async def test_a_silent_cabinet_lapses_and_a_heartbeat_brings_it_back(site: Site) -> None:
    async with site.device() as device:
        beat = Heartbeat(connected_at=site.clock.now(), happened_at=site.clock.now())
        await device.say(topics.topic(NUMBER, "heartbeats"), payloads.write(beat))
        await site.online(True)
        site.clock.advance(timedelta(seconds=SILENCE_S_MAX, microseconds=1))
        site.coordinator._inbox.take_silence()
        await site.online(False)
        await device.say(topics.topic(NUMBER, "heartbeats"), payloads.write(beat))
        await site.online(True)


async def test_the_will_of_an_older_connection_is_no_news(site: Site) -> None:
    first = site.clock.now()
    second = first + timedelta(seconds=30)
    async with site.device() as device:
        for online, connected_at in ((True, first), (True, second), (False, first), (False, second)):
            status = Status(online=online, connected_at=connected_at)
            await device.say(topics.topic(NUMBER, "status"), payloads.write(status))
        await site.online(False)
    assert [seen["online"] for seen in site.core.of("cabinet_seen")] == [True, True, False]


async def test_what_cannot_be_read_is_dropped_and_the_next_is_heard(site: Site) -> None:
    beat = payloads.write(Heartbeat(connected_at=site.clock.now(), happened_at=site.clock.now()))
    with capture_logs() as logs:
        async with site.device() as device, site.device("stranger") as stranger:
            for payload in (b"", b"{", b"\xff", b"[]", b"x" * 100_000, b'{"happened_at":"yesterday"}'):
                await device.say(topics.topic(NUMBER, "heartbeats"), payload)
            site.coordinator._inbox.take(Heard(topic=f"{topics.ROOT}/a b/heartbeats", payload=beat, retained=False))
            await stranger.say(topics.topic("stranger", "heartbeats"), beat)
            await device.say(topics.topic(NUMBER, "heartbeats"), beat)
            await site.online(True)
            await until(lambda: any(entry["event"] == "message not taken" for entry in logs))
    said = [entry["event"] for entry in logs]
    assert said.count("malformed message dropped") == 6
    assert said.count("message on an unknown topic dropped") == 1
    assert len(site.core.of("cabinet_seen")) == 1


async def receipts_of(site: Site, *reports: Answer, expected: int) -> list[Receipt]:
    got: list[Receipt] = []
    async with site.device() as device:
        await device.hear(topics.topic(NUMBER, "receipts"))
        for report in reports:
            await device.say(topics.topic(NUMBER, "answers"), payloads.write(report))
        async with asyncio.timeout(WAIT_S_MAX):
            async for heard in device.messages():
                got.append(payloads.read_receipt(heard.payload))
                if len(got) == expected:
                    break
    return got


def an_answer(clock: HeldClock, sequence: int) -> Answer:
    return Answer(boot="b", sequence=sequence, happened_at=clock.now(), command_id=sequence, accepted=True)


async def test_a_report_the_core_will_never_want_gets_a_receipt_and_one_that_failed_does_not(site: Site) -> None:
    site.core.fault = RuntimeError("a fault of ours")
    answers = [an_answer(site.clock, sequence) for sequence in (1, 2)]
    assert await receipts_of(site, *answers, expected=1) == [Receipt(boot="b", sequence=2)]
    site.core.known.clear()
    assert await receipts_of(site, answers[0], expected=1) == [Receipt(boot="b", sequence=1)]


async def test_a_lost_database_keeps_what_was_said_and_gives_no_receipt(site: Site) -> None:
    async with site.cabinet(resend_s=60.0) as cabinet:
        await site.online(True)
        with capture_logs() as logs:
            site.database.lost = True
            for _ in range(3):
                cabinet.open_door("0101")
                cabinet.close_door("0101")
            await until(lambda: site.database.asked_while_lost >= 3)
            assert len(cabinet.outbox) == 6
            site.database.lost = False
            await until(lambda: not len(cabinet.outbox))
    assert [seen["sequence"].partition("-")[2] for seen in site.core.of("door_seen")] == list("123456")
    said = [entry["event"] for entry in logs if entry.get("what") == "database, for devices"]
    assert said == ["lost; trying again until it is back", "is back"]


async def test_commands_wait_while_the_database_is_lost(site: Site) -> None:
    async with site.cabinet():
        site.database.lost = True
        site.core.ask()
        await until(lambda: site.database.asked_while_lost >= 2)
        site.database.lost = False
        await until(lambda: site.core.of("answered"))


async def test_a_lost_broker_is_found_again(site: Site) -> None:
    with capture_logs() as logs:
        async with site.cabinet() as cabinet:
            await site.broker.stop()
            await until(lambda: not site.coordinator.connected.is_set())
            site.core.ask(for_s=60)
            await site.broker.start()
            await until(lambda: site.core.of("answered"))
            assert cabinet.openings == {"0101": 1}
    said = [entry["event"] for entry in logs if entry.get("what") == "MQTT broker"]
    assert said == ["lost; trying again until it is back", "is back"]


async def test_a_command_that_met_no_cabinet_is_said_again_when_it_comes(site: Site) -> None:
    site.core.ask(id=1)
    await until(lambda: site.coordinator._dispatch._unanswered)
    site.core.ask(id=2, for_s=1)
    await until(lambda: len(site.coordinator._dispatch._unanswered) == 2)
    site.clock.advance(timedelta(seconds=1))
    async with site.cabinet() as cabinet:
        await until(lambda: site.core.of("answered"))
        await until(lambda: not site.coordinator._dispatch._unanswered)
    assert [answer["command_id"] for answer in site.core.of("answered")] == [1]
    assert cabinet.openings == {"0101": 1}


async def test_an_answer_of_another_cabinet_settles_nothing(site: Site) -> None:
    site.core.known.add("other")
    site.core.ask(id=1)
    await until(lambda: site.coordinator._dispatch._unanswered)
    async with site.device("other") as other:
        await other.say(topics.topic("other", "answers"), payloads.write(an_answer(site.clock, 1)))
        await until(lambda: site.core.of("answered"))
    async with site.cabinet() as cabinet:
        await until(lambda: cabinet.openings == {"0101": 1})


async def test_what_cannot_be_published_waits_for_the_next_line(broker: Amqtt | Mosquitto, clock: HeldClock) -> None:
    site = Site(broker, clock)
    site.core.ask(id=1)
    site.core.ask(id=2)
    sending = site.coordinator._dispatch
    await broker.stop()
    with pytest.raises(ConnectionError):
        await sending.run(BrokenLine())  # type: ignore[arg-type]
    assert not site.core.waiting
    assert [command.id for command in sending._held] == [1, 2]
    await broker.start()
    running = asyncio.create_task(site.coordinator.run())
    async with site.cabinet():
        await until(lambda: len(site.core.of("answered")) == 2)
    running.cancel()


class BrokenLine:
    async def say(self, *_: object, **__: object) -> None:
        raise ConnectionError


class NotedLine:
    def __init__(self) -> None:
        self.said: list[tuple[str, Command, timedelta]] = []

    async def say(self, topic: str, payload: bytes, *, lives: timedelta) -> None:
        self.said.append((topic, payloads.read_command(payload), lives))


@asynccontextmanager
async def dispatching(site: Site) -> AsyncIterator[NotedLine]:
    line = NotedLine()
    running = asyncio.create_task(site.coordinator._dispatch.run(line))  # type: ignore[arg-type]
    yield line
    running.cancel()


@pytest.fixture
def quiet_site(clock: HeldClock) -> Site:
    """Nothing listens at its broker's address; for what happens before the line."""
    return Site(SimpleNamespace(address=BrokerAddress(host="127.0.0.1", port=1)), clock)  # type: ignore[arg-type]


async def test_a_late_command_is_not_sent(quiet_site: Site) -> None:
    late = quiet_site.core.ask(id=1, for_s=10)
    quiet_site.core.ask(id=2, for_s=10.000001)
    quiet_site.clock.set(late.expires_at)
    async with dispatching(quiet_site) as line:
        await until(lambda: line.said)
    assert [(topic, command.id, lives) for topic, command, lives in line.said] == [
        (f"{topics.ROOT}/{NUMBER}/commands", 2, timedelta(microseconds=1))
    ]


async def test_a_cabinet_that_cannot_be_addressed_stops_nobody(quiet_site: Site) -> None:
    quiet_site.core.ask(id=1)
    quiet_site.core.waiting[0] = msgspec.structs.replace(quiet_site.core.waiting[0], cabinet_number="#")
    quiet_site.core.ask(id=2)
    async with dispatching(quiet_site) as line:
        await until(lambda: line.said)
    assert [command.id for _, command, _ in line.said] == [2]


async def test_a_cancellation_is_not_lost_when_a_signal_comes_in_the_same_moment(quiet_site: Site) -> None:
    line = NotedLine()
    running = asyncio.create_task(quiet_site.coordinator._dispatch.run(line))  # type: ignore[arg-type]
    quiet_site.core.ask()
    await until(lambda: line.said)
    quiet_site.signals.wake()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    quiet_site.signals.wake()
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=WAIT_S_MAX)
    assert done == {running}


async def test_a_full_lane_drops_and_takes_again(clock: HeldClock) -> None:
    signals, database = FakeSignals(), FakeDatabase()
    core = FakeCore(clock, signals)
    got: list[Receipt] = []

    async def receipt(_: str, given: Receipt) -> None:
        got.append(given)

    box = Inbox(
        database=database,  # type: ignore[arg-type]
        core=core,
        clock=clock,
        outage=Outage("database"),
        receipt=receipt,
        lane_length_max=2,
    )
    heard = [
        Heard(topic=topics.topic(NUMBER, "answers"), payload=payloads.write(an_answer(clock, number)), retained=False)
        for number in (1, 2, 3)
    ]
    with capture_logs() as logs:
        for message in heard:
            box.take(message)
    assert [entry["event"] for entry in logs] == ["too many messages wait; one dropped"]
    running = asyncio.create_task(box.run())
    await until(lambda: len(got) == 2)
    box.take(heard[2])
    await until(lambda: len(got) == 3)
    running.cancel()
    assert [answer["command_id"] for answer in core.of("answered")] == [1, 2, 3]


async def test_who_is_there_and_what_was_reported_share_no_transaction(clock: HeldClock) -> None:
    core, got = FakeCore(clock, FakeSignals()), []
    transactions: list[list[str]] = []

    class Database(FakeDatabase):
        @asynccontextmanager
        async def transaction(self, *, readonly: bool = False) -> AsyncIterator[object]:
            before = len(core.told)
            yield object()
            transactions.append([name for name, _ in core.told[before:]])

    async def receipt(_: str, given: Receipt) -> None:
        got.append(given.sequence)

    box = Inbox(
        database=Database(),  # type: ignore[arg-type]
        core=core,
        clock=clock,
        outage=Outage("database"),
        receipt=receipt,
    )
    beat = Heartbeat(connected_at=clock.now(), happened_at=clock.now())
    answers = [an_answer(clock, sequence) for sequence in (1, 2)]
    for channel, message in (("answers", answers[0]), ("heartbeats", beat), ("answers", answers[1])):
        box.take(Heard(topic=topics.topic(NUMBER, channel), payload=payloads.write(message), retained=False))
    running = asyncio.create_task(box.run())
    await until(lambda: len(got) == 2)
    running.cancel()
    assert transactions == [["cabinet_seen"], ["answered", "answered"]]
    assert got == [1, 2]


def test_silence_is_looked_for_more_often_than_it_lasts() -> None:
    assert inbox.SILENCE_CHECK_S < SILENCE_S_MAX
