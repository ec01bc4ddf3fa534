"""The simulated cabinet keeps to docs/devices.md, and misbehaves as told. The server's side is a bare line."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from crossdock.base import json
from crossdock.base.clock import HeldClock
from crossdock.core.lockers.model import LOCKED_S, WRONG_MAX
from crossdock.devices import payloads, topics
from crossdock.devices.bus import Bus, Heard, Line
from crossdock.devices.payloads import (
    EXPIRED,
    Answer,
    CodeEntry,
    Codes,
    Command,
    DoorSeen,
    DoorState,
    FreeBox,
    Heartbeat,
    Message,
    Pulse,
    Receipt,
    Report,
    SignedCodes,
    Status,
    Use,
)
from crossdock.devices.simulator import COMMANDS_KEPT_MAX, LOCK_UNKNOWN, SimulatedCabinet
from tests.devices.brokers import WAIT_S_MAX, Amqtt, Mosquitto
from tests.devices.world import NUMBER, until

KEY = "cabinet-key-of-the-tests"
TAKE, STORE, STORE_TOO, WRONG = "111111", "222222", "333333", "000000"


class Server:
    """Hears everything, gives a receipt for every report once told to."""

    def __init__(self, line: Line, clock: HeldClock) -> None:
        self.heard: list[Message] = []
        self.retained: list[Message] = []
        self.gives_receipts = True
        self._line = line
        self._clock = clock

    async def listen(self) -> None:
        async for heard in self._line.messages():
            await self._take(heard)

    async def command(
        self, lock: str = "0101", *, id: int = 1, action: payloads.Action = "open", for_s: float = 10
    ) -> None:
        now = self._clock.now()
        command = Command(
            id=id, action=action, lock_address=lock, issued_at=now, expires_at=now + timedelta(seconds=for_s)
        )
        await self._line.say(topics.topic(NUMBER, "commands"), payloads.write(command))

    async def say(self, channel: topics.Down, payload: bytes, *, retain: bool = False) -> None:
        await self._line.say(topics.topic(NUMBER, channel), payload, retain=retain)

    async def list_codes(self, cabinet: SimulatedCabinet) -> None:
        """`TAKE` opens 010c; `STORE` and `STORE_TOO` get a box, of which 0101 and 0102 are free."""
        now = self._clock.now()
        codes = Codes(
            cabinet=NUMBER,
            issued_at=now,
            valid_until=now + timedelta(days=7),
            codes=[
                CodeEntry(code=payloads.code_mark(TAKE, KEY), use="take", parcel=1, lock_address="010c", size="S"),
                CodeEntry(code=payloads.code_mark(STORE, KEY), use="store", parcel=2, size="S"),
                CodeEntry(code=payloads.code_mark(STORE_TOO, KEY), use="store", parcel=3, size="S"),
            ],
            free=[FreeBox(lock_address=lock, size="S") for lock in ("0101", "0102")],
        )
        text = json.text(codes)
        await self.say("codes", payloads.write(SignedCodes(list=text, sign=payloads.codes_sign(text, KEY))))
        await until(lambda: cabinet.codes == codes)

    async def reports(self, count: int) -> list[Report]:
        """All so far, once there are so many."""
        await until(lambda: len(self.all_reports()) >= count)
        return self.all_reports()

    async def answer(self, id: int) -> Answer:
        def found() -> list[Answer]:
            return [heard for heard in self.heard if isinstance(heard, Answer) and heard.command_id == id]

        await until(found)
        return found()[0]

    def all_reports(self) -> list[Report]:
        return [heard for heard in self.heard if isinstance(heard, Report)]

    def statuses(self) -> list[bool]:
        return [heard.online for heard in self.heard if isinstance(heard, Status)]

    async def _take(self, heard: Heard) -> None:
        place = topics.place(heard.topic)
        assert place is not None
        message = payloads.read(place.channel, heard.payload)
        (self.retained if heard.retained else self.heard).append(message)
        if isinstance(message, Report) and self.gives_receipts:
            receipt = Receipt(boot=message.boot, sequence=message.sequence)
            await self.say("receipts", payloads.write(receipt))


@pytest.fixture
async def server(broker: Amqtt | Mosquitto, clock: HeldClock) -> AsyncIterator[Server]:
    async with Bus(broker.address, client_id="server").line() as line:
        for channel in topics.UP:
            await line.hear(topics.of_all_cabinets(channel))
        server = Server(line, clock)
        listening = asyncio.create_task(server.listen())
        yield server
        listening.cancel()


@pytest.fixture
async def cabinet(server: Server, broker: Amqtt | Mosquitto, clock: HeldClock) -> AsyncIterator[SimulatedCabinet]:
    async with SimulatedCabinet(
        broker.cabinet_address, NUMBER, ["0101", "0102", "010C"], clock, close_after_s=None, resend_s=0.1, key=KEY
    ) as cabinet:
        yield cabinet


def shape(reports: list[Report]) -> list[str]:
    return [type(report).__name__ + (f" {report.door}" if isinstance(report, DoorSeen) else "") for report in reports]


async def test_it_accepts_pulses_and_opens(server: Server, cabinet: SimulatedCabinet) -> None:
    await server.command("010c", id=9)
    reports = await server.reports(3)
    assert shape(reports) == ["Answer", "Pulse", "DoorSeen open"]
    assert [report.sequence for report in reports] == [1, 2, 3]
    assert {report.boot for report in reports} == {cabinet.outbox.boot}
    answer, pulse, seen = reports
    assert isinstance(answer, Answer)
    assert isinstance(pulse, Pulse)
    assert isinstance(seen, DoorSeen)
    assert (answer.accepted, answer.command_id, pulse.command_id, seen.command_id) == (True, 9, 9, 9)
    assert (seen.lock_address, cabinet.doors["010c"]) == ("010c", "open")
    cabinet.close_door("010C")
    closed = (await server.reports(4))[3]
    assert isinstance(closed, DoorSeen)
    assert (closed.door, closed.command_id) == ("closed", 9)
    await until(lambda: len(cabinet.outbox) == 0)


async def test_a_door_falls_shut_by_itself(server: Server, broker: Amqtt | Mosquitto, clock: HeldClock) -> None:
    async with SimulatedCabinet(broker.cabinet_address, NUMBER, ["0101"], clock, close_after_s=0.0):
        await server.command()
        assert shape(await server.reports(4)) == ["Answer", "Pulse", "DoorSeen open", "DoorSeen closed"]


async def test_a_repeated_command_is_answered_again_and_opens_nothing(
    server: Server, cabinet: SimulatedCabinet
) -> None:
    await server.command(id=5)
    await server.reports(3)
    cabinet.close_door("0101")
    await server.command(id=5)
    reports = await server.reports(5)
    assert shape(reports) == ["Answer", "Pulse", "DoorSeen open", "DoorSeen closed", "Answer"]
    assert isinstance(reports[0], Answer)
    assert isinstance(reports[4], Answer)
    assert (reports[0].accepted, reports[4].accepted) == (True, True)
    assert cabinet.openings == {"0101": 1}


async def test_the_oldest_command_it_remembers_and_one_older(server: Server, cabinet: SimulatedCabinet) -> None:
    cabinet.refuse("no")
    for id in range(1, COMMANDS_KEPT_MAX + 2):
        heard = Heard(topic="", payload=command_bytes(cabinet, id), retained=False)
        cabinet._hear_command(heard)
    cabinet.refuse(None)
    await server.command(id=2, for_s=10)
    await until(lambda: len(server.all_reports()) >= COMMANDS_KEPT_MAX + 1)
    assert not cabinet.openings
    await server.command(id=1)
    await until(lambda: cabinet.openings)


def command_bytes(cabinet: SimulatedCabinet, id: int) -> bytes:
    now = cabinet._clock.now()
    return payloads.write(
        Command(id=id, action="open", lock_address="0101", issued_at=now, expires_at=now + timedelta(seconds=1))
    )


async def test_a_late_command_is_refused_and_one_in_time_is_not(
    server: Server, cabinet: SimulatedCabinet, clock: HeldClock
) -> None:
    await server.command(id=1, for_s=0)
    await server.command(id=2, for_s=0.000001)
    late, in_time = await server.answer(1), await server.answer(2)
    assert (late.accepted, late.reason) == (False, EXPIRED)
    assert in_time.accepted
    clock.advance(timedelta(seconds=1))
    await server.command(id=2, for_s=-1)
    await until(lambda: len([heard for heard in server.heard if isinstance(heard, Answer)]) == 3)
    assert cabinet.openings == {"0101": 1}


async def test_a_query_says_how_the_door_stands(server: Server, cabinet: SimulatedCabinet) -> None:
    cabinet.open_door("010c")
    await server.command("010c", id=3, action="query")
    _, answer, state = await server.reports(3)
    assert isinstance(answer, Answer)
    assert isinstance(state, DoorState)
    assert (answer.accepted, state.command_id, state.lock_address, state.door) == (True, 3, "010c", "open")


async def test_a_door_moved_by_hand_names_no_command(server: Server, cabinet: SimulatedCabinet) -> None:
    cabinet.open_door("0101")
    cabinet.open_door("0101")  # stands open already
    cabinet.close_door("0101")
    reports = await server.reports(2)
    assert shape(reports) == ["DoorSeen open", "DoorSeen closed"]
    assert [report.command_id for report in reports if isinstance(report, DoorSeen)] == [None, None]


async def test_it_refuses_what_it_is_told_to_refuse(server: Server, cabinet: SimulatedCabinet) -> None:
    cabinet.refuse("The device uqkey is error, Please ask seller!")
    await server.command(id=1)
    answer = await server.answer(1)
    assert (answer.accepted, answer.reason) == (False, "The device uqkey is error, Please ask seller!")
    cabinet.refuse(None)
    await server.command(id=2)
    assert (await server.answer(2)).accepted


async def test_it_refuses_a_lock_it_has_not(server: Server, cabinet: SimulatedCabinet) -> None:
    await server.command("0199", id=1)
    answer = await server.answer(1)
    assert (answer.accepted, answer.reason) == (False, LOCK_UNKNOWN)


async def test_a_jammed_lock_takes_its_current_and_stays_shut(server: Server, cabinet: SimulatedCabinet) -> None:
    cabinet.jam("010C")
    await server.command("010c", id=1)
    assert shape(await server.reports(2)) == ["Answer", "Pulse"]
    cabinet.jam("010C", refuses="jammed")
    await server.command("010c", id=2)
    answer = await server.answer(2)
    assert (answer.accepted, answer.reason) == (False, "jammed")
    await server.command("010c", id=3, action="query")
    assert (await server.answer(3)).accepted
    cabinet.free("010C")
    await server.command("010c", id=4)
    await until(lambda: cabinet.doors["010c"] == "open")


async def test_it_acts_at_once_and_says_so_late(server: Server, cabinet: SimulatedCabinet) -> None:
    cabinet.answer_late(60)
    await server.command()
    await until(lambda: cabinet.doors["0101"] == "open")
    assert not server.all_reports()
    assert len(cabinet.outbox) == 3


async def test_what_has_no_receipt_is_said_again_in_order(server: Server, cabinet: SimulatedCabinet) -> None:
    server.gives_receipts = False
    cabinet.open_door("0101")
    cabinet.close_door("0101")
    reports = await server.reports(4)
    assert [report.sequence for report in reports[:4]] == [1, 2, 1, 2]
    server.gives_receipts = True
    await until(lambda: len(cabinet.outbox) == 0)


async def test_it_comes_goes_and_is_cut(server: Server, cabinet: SimulatedCabinet, clock: HeldClock) -> None:
    await until(lambda: server.statuses() == [True])
    clock.advance(timedelta(seconds=1))
    await cabinet.offline()
    await until(lambda: server.statuses() == [True, False])
    await cabinet.online()
    await until(lambda: server.statuses() == [True, False, True])
    came, cut, came_again = (heard for heard in server.heard if isinstance(heard, Status))
    assert (came.connected_at, cut.happened_at) == (cut.connected_at, None)
    assert came_again.connected_at == clock.now() > came.connected_at


async def test_its_goodbye_is_kept_by_the_broker(server: Server, broker: Amqtt | Mosquitto, clock: HeldClock) -> None:
    async with SimulatedCabinet(broker.cabinet_address, NUMBER, [], clock):
        await until(lambda: server.statuses() == [True])
    await until(lambda: server.statuses() == [True, False])
    async with Bus(broker.address, client_id="late").line() as line:
        await line.hear(topics.of_all_cabinets("status"))
        async with asyncio.timeout(WAIT_S_MAX):
            async for heard in line.messages():
                status = payloads.read("status", heard.payload)
                assert isinstance(status, Status)
                assert (heard.retained, status.online) == (True, False)
                break


async def test_its_heart_beats(server: Server, broker: Amqtt | Mosquitto, clock: HeldClock) -> None:
    async with SimulatedCabinet(broker.cabinet_address, NUMBER, [], clock, heartbeat_s=0.01):
        await until(lambda: sum(isinstance(heard, Heartbeat) for heard in server.heard) >= 2)


async def test_a_retained_or_malformed_command_does_nothing(server: Server, cabinet: SimulatedCabinet) -> None:
    await cabinet.offline()
    await server.say("commands", command_bytes(cabinet, 1), retain=True)
    await cabinet.online()
    await server.say("commands", b"{")
    await server.say("receipts", b"[]")
    await server.command("010c", id=2)
    assert (await server.answer(2)).accepted
    assert cabinet.openings == {"010c": 1}


# By its list of codes ----------------------------------------------------------------


async def test_a_used_code_stays_used_in_lists_of_a_server_that_does_not_know_it(
    server: Server, cabinet: SimulatedCabinet, clock: HeldClock
) -> None:
    server.gives_receipts = False
    await server.list_codes(cabinet)
    await cabinet.offline()
    assert (cabinet.enter(TAKE), cabinet.enter(STORE)) == ("010c", "0101")

    clock.advance(timedelta(seconds=1))
    await cabinet.online()
    await server.list_codes(cabinet)
    await cabinet.offline()
    assert (cabinet.enter(TAKE), cabinet.enter(STORE)) == (None, None)

    await cabinet.online()
    server.gives_receipts = True
    await until(lambda: len(cabinet.outbox) == 0)
    await server.list_codes(cabinet)  # was made before the receipt, and comes after it
    await cabinet.offline()
    assert (cabinet.enter(TAKE), cabinet.enter(STORE)) == (None, None)
    assert cabinet.enter(STORE_TOO) == "0102", "the box it gave is given to nobody else"


async def test_a_list_of_a_server_that_knows_counts_as_it_stands(
    server: Server, cabinet: SimulatedCabinet, clock: HeldClock
) -> None:
    await server.list_codes(cabinet)
    await cabinet.offline()
    assert cabinet.enter(TAKE) == "010c"
    await cabinet.online()
    await until(lambda: len(cabinet.outbox) == 0)
    clock.advance(timedelta(microseconds=1))
    await server.list_codes(cabinet)
    await cabinet.offline()
    assert cabinet.enter(TAKE) == "010c"


async def test_a_power_cut_makes_no_used_code_good_again(server: Server, cabinet: SimulatedCabinet) -> None:
    server.gives_receipts = False
    await server.list_codes(cabinet)
    await cabinet.offline()
    assert cabinet.enter(TAKE) == "010c"
    before = cabinet.outbox.boot
    await cabinet.power_loss()
    await cabinet.offline()
    assert cabinet.enter(TAKE) is None
    server.gives_receipts = True
    await cabinet.online()
    await until(lambda: len(cabinet.outbox) == 0)
    assert {report.boot for report in server.all_reports() if isinstance(report, Use)} == {before}
    assert cabinet.outbox.boot != before


async def test_a_power_cut_opens_no_door_twice(server: Server, cabinet: SimulatedCabinet) -> None:
    server.gives_receipts = False
    await server.command(id=5)
    await server.reports(3)
    cabinet.close_door("0101")
    await cabinet.power_loss()
    server.gives_receipts = True
    await server.command(id=5)
    await until(lambda: len(cabinet.outbox) == 0)
    assert cabinet.openings == {"0101": 1}
    answers = [heard for heard in server.heard if isinstance(heard, Answer)]
    assert {(answer.command_id, answer.accepted) for answer in answers} == {(5, True)}
    assert len({answer.boot for answer in answers}) == 2


async def test_five_wrong_codes_lock_its_key_pad(server: Server, cabinet: SimulatedCabinet, clock: HeldClock) -> None:
    await server.list_codes(cabinet)
    await cabinet.offline()
    wrong(cabinet, WRONG_MAX - 1)
    assert cabinet.enter(STORE) == "0101", "a good one begins the count anew"
    wrong(cabinet, WRONG_MAX)
    assert cabinet.enter(TAKE) is None
    clock.advance(timedelta(seconds=LOCKED_S, microseconds=-1))
    assert cabinet.enter(TAKE) is None
    clock.advance(timedelta(microseconds=1))
    wrong(cabinet, WRONG_MAX - 1)
    assert cabinet.enter(TAKE) == "010c"


def wrong(cabinet: SimulatedCabinet, times: int) -> None:
    for _ in range(times):
        assert cabinet.enter(WRONG) is None
