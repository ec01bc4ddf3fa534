"""A cabinet without metal: it speaks MQTT as docs/devices.md asks of a real one, and misbehaves when told to."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import structlog
from aiomqtt import Will
from msgspec import Struct, structs

from crossdock.base.clock import Clock
from crossdock.base.tasks import stopped
from crossdock.core.lockers.model import LOCKED_S, WRONG_MAX, CodeUse
from crossdock.devices import payloads, topics
from crossdock.devices.bus import AT_LEAST_ONCE, BrokerAddress, Bus, Heard, Line, LineLost, client_id_of
from crossdock.devices.outbox import Outbox
from crossdock.devices.pauses import Outage, Pauses
from crossdock.devices.payloads import (
    EXPIRED,
    Action,
    Answer,
    CodeEntry,
    Codes,
    Command,
    DoorSeen,
    DoorState,
    Heartbeat,
    PayloadMalformed,
    Pulse,
    Status,
    Use,
)
from crossdock.devices.presence import HEARTBEAT_S

CLOSE_AFTER_S: Final = 3.0
RESEND_S: Final = 5.0
"""A report without a receipt is said again after this."""
COMMANDS_KEPT_MAX: Final = 1_000
"""Ids that are remembered. An older command has expired, so it opens nothing either."""
LOCK_UNKNOWN: Final = "no such lock"

log = structlog.get_logger(__name__)


Door = Literal["open", "closed"]
Told = Callable[[str, payloads.Report], None]
"""Channel and report."""


class _Cause(Struct, frozen=True):
    """Why a door opened: a command, or what was done by the list; neither when a hand did it."""

    command_id: int | None = None
    use: int | None = None


class _Verdict(Struct, frozen=True):
    accepted: bool
    reason: str = ""


class _Used(Struct, frozen=True, kw_only=True):
    """What was done by the list. It stands against every list that was issued before the server knew."""

    use: CodeUse
    parcel: int
    lock: str
    known_at: datetime | None = None
    """When there was a receipt for it."""

    def unknown_to(self, codes: Codes) -> bool:
        return self.known_at is None or codes.issued_at <= self.known_at


class _WrongCodes:
    """In a row, at its own key pad: `WRONG_MAX` lock it for `LOCKED_S`; a pause of that length begins a new count."""

    def __init__(self) -> None:
        self._count = 0
        self._last: datetime | None = None

    def locked(self, now: datetime) -> bool:
        return self._count >= WRONG_MAX and self._recent(now)

    def add(self, now: datetime) -> None:
        self._count = self._count + 1 if self._recent(now) else 1
        self._last = now

    def forget(self) -> None:
        self._count = 0

    def _recent(self, now: datetime) -> bool:
        return self._last is not None and now < self._last + timedelta(seconds=LOCKED_S)


class SimulatedCabinet:
    """`async with SimulatedCabinet(address, "2100013075", ["0101", "0102"], clock) as cabinet:`

    Entering waits until it is online; leaving says goodbye. A lost broker is tried again by itself.
    """

    def __init__(
        self,
        address: BrokerAddress,
        number: str,
        locks: Sequence[str],
        clock: Clock,
        *,
        key: str | None = None,
        close_after_s: float | None = CLOSE_AFTER_S,
        heartbeat_s: float = HEARTBEAT_S,
        resend_s: float = RESEND_S,
        told: Told | None = None,
    ) -> None:
        """`key`: it logs in with its number and this; without one it comes as whoever `address` names.

        `close_after_s`: when a door falls shut by itself; None waits for `close_door`. `told` is called with each
        report, when it is made.
        """
        self.number = number
        self.doors: dict[str, Door] = dict.fromkeys(map(str.lower, locks), "closed")
        self.openings: Counter[str] = Counter()
        """How often each lock was opened by a command."""
        self.outbox = Outbox()
        self._bus = Bus(address if key is None else address.login(number, key), client_id=client_id_of(number))
        self._clock = clock
        self._close_after_s = close_after_s
        self._heartbeat_s = heartbeat_s
        self._resend_s = resend_s
        self._verdicts: OrderedDict[int, _Verdict] = OrderedDict()
        self._jams: dict[str, str | None] = {}
        self._refusal: str | None = None
        self._late_s = 0.0
        self._drift = timedelta()
        self._misleading: set[str] = set()
        self._key = key
        self.told = told
        """Called with each report."""
        self.codes: Codes | None = None
        """The newest list that it could believe."""
        self._used: dict[str, _Used] = {}
        """By the key of its report."""
        self._wrong_codes = _WrongCodes()
        self._wanted = asyncio.Event()
        self._connected = asyncio.Event()
        self._away = asyncio.Event()
        self._news = asyncio.Event()
        self._line: Line | None = None
        self._connected_at: datetime = clock.now()
        self._task: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._opened_by: dict[str, _Cause] = {}
        self._actions: dict[Action, Callable[[Command], None]] = {"open": self._open, "query": self._query}

    # What a test or a demo says to it ---------------------------------------------

    async def __aenter__(self) -> "SimulatedCabinet":
        self._task = asyncio.create_task(self._live(), name=f"cabinet {self.number}")
        await self.online()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._closing, self._task):
            if task is not None:
                await stopped(task)

    async def online(self) -> None:
        """Connect, and wait until the server can hear it."""
        self._wanted.set()
        await self._connected.wait()

    async def offline(self) -> None:
        """Pull the plug: no goodbye, the broker speaks the last will. Doors still move."""
        self._wanted.clear()
        if self._line is not None:
            self._line.cut()
        await self._away.wait()

    def jam(self, lock: str, *, refuses: str | None = None) -> None:
        """The lock takes its current and the door stays shut; or, with `refuses`, the cabinet notices and says so."""
        self._jams[lock.lower()] = refuses

    def free(self, lock: str) -> None:
        self._jams.pop(lock.lower(), None)

    def refuse(self, reason: str | None) -> None:
        """Refuse every command in these words; None takes them again."""
        self._refusal = reason

    def answer_late(self, seconds: float) -> None:
        """A slow line up: what happens is done at once and said so much later. 0 is prompt."""
        self._late_s = seconds

    def drift(self, seconds: float) -> None:
        """Its clock goes wrong by so much; negative is behind."""
        self._drift = timedelta(seconds=seconds)

    def mislead(self, lock: str) -> None:
        """The door's sensor is mounted the wrong way round: it says closed for open."""
        self._misleading.add(lock.lower())

    async def power_loss(self) -> None:
        """It goes dark and comes back: its counter and which command a door is open for are gone. What it judged, did
        by its list and has no receipt for is on its disk."""
        await self.offline()
        self.outbox.restart()
        self._opened_by.clear()
        await self.online()

    def enter(self, code: str, *, size: str | None = None) -> str | None:
        """Typed on its own key pad while it is cut off: the lock that opens, or None.

        A courier's code opens the first free box of `size`, or of the size that was booked.
        """
        codes, now = self.codes, self.now()
        if self._connected.is_set() or codes is None or self._key is None or now >= codes.valid_until:
            return None
        if self._wrong_codes.locked(now):
            return None
        entry = self._listed(codes, payloads.code_mark(code, self._key))
        if entry is None:
            self._wrong_codes.add(now)
            return None
        lock = entry.lock_address or self._free_lock(codes, size or entry.size)
        if lock is None or lock in self._jams:
            return None
        self._wrong_codes.forget()
        said = self._say(
            "uses", Use, use=entry.use, parcel=entry.parcel, lock_address=lock, listed_at=codes.issued_at
        )
        self._used[said.key] = _Used(use=entry.use, parcel=entry.parcel, lock=lock)
        self.openings[lock] += 1
        self._opened_by[lock] = _Cause(use=said.sequence)
        self._move(lock, "open", _Cause(use=said.sequence))
        return lock

    def now(self) -> datetime:
        """By its own clock."""
        return self._clock.now() + self._drift

    def open_door(self, lock: str) -> None:
        """With the emergency key; no command asked for it."""
        self._move(lock.lower(), "open", _Cause())

    def close_door(self, lock: str) -> None:
        self._close(lock.lower())

    # Its line ---------------------------------------------------------------------

    async def _live(self) -> None:
        pauses, outage = Pauses(), Outage(f"MQTT broker, for cabinet {self.number}")
        while True:
            self._away.set()
            await self._wanted.wait()
            try:
                await self._serve_one_line(pauses, outage)
            except* LineLost as lost:
                if self._wanted.is_set():
                    outage.began(lost.exceptions[0])
            if self._wanted.is_set():
                await asyncio.sleep(pauses.next_s())

    async def _serve_one_line(self, pauses: Pauses, outage: Outage) -> None:
        self._connected_at = self.now()
        status = topics.topic(self.number, "status")
        will = Will(status, payloads.write(self._status(online=False)), qos=AT_LEAST_ONCE, retain=True)
        async with self._bus.line(will) as line:
            if not self._wanted.is_set():
                return
            await line.hear(topics.topic(self.number, "commands"))
            await line.hear(topics.topic(self.number, "receipts"))
            await line.hear(topics.topic(self.number, "codes"))
            await line.say(status, payloads.write(self._status(online=True, now=True)), retain=True)
            self.outbox.rewind()
            self._line = line
            self._away.clear()
            self._connected.set()
            outage.ended()
            pauses.reset()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(line))
                    group.create_task(self._report(line))
                    group.create_task(self._beat(line))
            except asyncio.CancelledError:
                with suppress(LineLost):
                    await line.say(status, payloads.write(self._status(online=False, now=True)), retain=True)
                raise
            finally:
                self._connected.clear()
                self._line = None

    async def _listen(self, line: Line) -> None:
        hears: dict[str, Callable[[Heard], None]] = {
            topics.topic(self.number, "commands"): self._hear_command,
            topics.topic(self.number, "receipts"): self._hear_receipt,
            topics.topic(self.number, "codes"): self._hear_codes,
        }
        async for heard in line.messages():
            # A command that a broker kept is from long ago.
            if heard.retained or heard.topic not in hears:
                continue
            try:
                hears[heard.topic](heard)
            except PayloadMalformed as error:
                log.warning("malformed message dropped", cabinet=self.number, cause=str(error))

    async def _report(self, line: Line) -> None:
        while True:
            self._news.clear()
            for kept in self.outbox.unsent():
                await asyncio.sleep(self._late_s)
                await line.say(topics.topic(self.number, kept.channel), payloads.write(kept.report))
                kept.sent = True
            try:
                async with asyncio.timeout(self._resend_s):
                    await self._news.wait()
            except TimeoutError:
                self.outbox.rewind()

    async def _beat(self, line: Line) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            beat = Heartbeat(connected_at=self._connected_at, happened_at=self.now())
            await line.say(topics.topic(self.number, "heartbeats"), payloads.write(beat))

    def _status(self, *, online: bool, now: bool = False) -> Status:
        return Status(
            online=online,
            connected_at=self._connected_at,
            happened_at=self.now() if now else None,
        )

    # Its doors ---------------------------------------------------------------------

    def _listed(self, codes: Codes, mark: str) -> CodeEntry | None:
        """Of this code, unless it was used."""
        used = {(one.use, one.parcel) for one in self._used.values() if one.unknown_to(codes)}
        return next((one for one in codes.codes if one.code == mark and (one.use, one.parcel) not in used), None)

    def _free_lock(self, codes: Codes, size: str) -> str | None:
        """The first of this size that was not given to a courier."""
        used = {one.lock for one in self._used.values() if one.unknown_to(codes)}
        free = (box.lock_address for box in codes.free if box.size == size)
        return next((lock for lock in free if lock not in used), None)

    def _hear_receipt(self, heard: Heard) -> None:
        receipt = payloads.read_receipt(heard.payload)
        self.outbox.heard(receipt)
        used = self._used.get(receipt.key)
        if used is not None and used.known_at is None:
            self._used[receipt.key] = structs.replace(used, known_at=self.now())

    def _hear_codes(self, heard: Heard) -> None:
        if self._key is None:
            return
        codes = payloads.read_codes(heard.payload, key=self._key, now=self.now())
        if codes is None or codes.cabinet != self.number:
            log.warning("a list of codes was not believed", cabinet=self.number)
        elif self.codes is None or codes.issued_at >= self.codes.issued_at:
            self.codes = codes
            self._used = {key: used for key, used in self._used.items() if used.unknown_to(codes)}

    def _hear_command(self, heard: Heard) -> None:
        command = payloads.read_command(heard.payload)
        known = self._verdicts.get(command.id)
        verdict = known or self._judge(command)
        self._say("answers", Answer, command_id=command.id, accepted=verdict.accepted, reason=verdict.reason)
        if known is not None:
            return
        self._verdicts[command.id] = verdict
        if len(self._verdicts) > COMMANDS_KEPT_MAX:
            self._verdicts.popitem(last=False)
        if verdict.accepted:
            self._actions[command.action](command)

    def _judge(self, command: Command) -> _Verdict:
        lock = command.lock_address.lower()
        reasons = (
            EXPIRED if command.late(self.now()) else None,
            self._refusal,
            LOCK_UNKNOWN if lock not in self.doors else None,
            self._jams.get(lock) if command.action == "open" else None,
        )
        reason = next((reason for reason in reasons if reason is not None), None)
        return _Verdict(accepted=True) if reason is None else _Verdict(accepted=False, reason=reason)

    def _open(self, command: Command) -> None:
        lock = command.lock_address.lower()
        self._say("pulses", Pulse, command_id=command.id)
        if lock in self._jams:
            return
        self.openings[lock] += 1
        self._opened_by[lock] = _Cause(command_id=command.id)
        self._move(lock, "open", _Cause(command_id=command.id))
        if self._close_after_s is not None:
            closing = asyncio.create_task(self._fall_shut(lock, self._close_after_s))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _query(self, command: Command) -> None:
        lock = command.lock_address.lower()
        self._say("states", DoorState, command_id=command.id, lock_address=lock, door=self._as_seen(lock))

    async def _fall_shut(self, lock: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        self._close(lock)

    def _close(self, lock: str) -> None:
        """What opened the door is named again when it closes."""
        self._move(lock, "closed", self._opened_by.pop(lock, _Cause()))

    def _move(self, lock: str, door: Door, cause: _Cause) -> None:
        """A door that stands so already says nothing."""
        if self.doors[lock] == door:
            return
        self.doors[lock] = door
        self._say(
            "doors",
            DoorSeen,
            lock_address=lock,
            door=self._as_seen(lock),
            command_id=cause.command_id,
            use=cause.use,
        )

    def _as_seen(self, lock: str) -> Door:
        seen = self.doors[lock]
        if lock not in self._misleading:
            return seen
        return "closed" if seen == "open" else "open"

    def _say(self, channel: topics.Up, kind: type[payloads.Report], **facts: Any) -> payloads.Report:
        report = self.outbox.add(channel, kind, happened_at=self.now(), **facts)
        if self.told is not None:
            self.told(channel, report)
        self._news.set()
        return report
