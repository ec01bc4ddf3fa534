"""What cabinets say, told to the core: in order for each cabinet, and again until the database has it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from zlib import crc32

import structlog
from msgspec import Struct

from crossdock.base.clock import Clock
from crossdock.base.errors import Conflict, DatabaseUnavailable, Denied, Invalid, NotFound, Overloaded
from crossdock.db.database import Database
from crossdock.db.errors import LockContested
from crossdock.devices import payloads, topics
from crossdock.devices.bus import Heard
from crossdock.devices.core import LockerCommands
from crossdock.devices.pauses import Outage, Pauses
from crossdock.devices.payloads import Heartbeat, Message, PayloadMalformed, Receipt, Report, Status
from crossdock.devices.presence import Presence
from crossdock.devices.tell import TELL, Silence, Speaker

LANES: Final = 4
"""Cabinets are spread over these; what one cabinet says stays in its lane, in order."""
LANE_LENGTH_MAX: Final = 2_500
"""Messages that may wait for the database in one lane; more are dropped, and said again by their cabinets."""
TOGETHER_MAX: Final = 32
"""Messages of one lane that share a transaction, and one flush to disk, while others wait for the database."""
SILENCE_CHECK_S: Final = 5.0
"""How often silent cabinets are looked for."""

log = structlog.get_logger(__name__)


class _Item(Struct, frozen=True):
    cabinet: Speaker
    message: Message | Silence

    @property
    def kind(self) -> str:
        return type(self.message).__name__


class Inbox:
    def __init__(
        self,
        *,
        database: Database,
        core: LockerCommands,
        clock: Clock,
        outage: Outage,
        receipt: Callable[[str, Receipt], Awaitable[None]],
        lane_length_max: int = LANE_LENGTH_MAX,
    ) -> None:
        """`receipt(number, receipt)` is called after the commit. It may lose it; it must not raise."""
        self._database = database
        self._core = core
        self._clock = clock
        self._outage = outage
        self._receipt = receipt
        self._presence = Presence(clock)
        self._lanes = [asyncio.Queue[_Item](lane_length_max) for _ in range(LANES)]

    def take(self, heard: Heard) -> tuple[str, Message] | None:
        """Put one message into its lane; who said what, or None for what cannot be used: it is logged and dropped.

        Never waits, never raises.
        """
        place = topics.place(heard.topic)
        if place is None:
            log.warning("message on an unknown topic dropped", topic=heard.topic[:100])
            return None
        try:
            message = payloads.read(place.channel, heard.payload)
        except PayloadMalformed as error:
            log.warning(
                "malformed message dropped",
                cabinet=place.number,
                channel=place.channel,
                cause=str(error.facts["cause"])[:200],
            )
            return None
        self._put(place.number, message)
        return place.number, message

    def take_silence(self) -> None:
        """Put a word into the lane of every cabinet that has been silent for too long."""
        for number in self._presence.all_silent():
            self._put(number, Silence())

    async def run(self) -> None:
        """Work through the lanes until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(self._work(lane))
            group.create_task(self._notice_silence())

    def _put(self, number: str, message: Message | Silence) -> None:
        lane = self._lanes[crc32(number.encode()) % LANES]
        try:
            lane.put_nowait(_Item(Speaker(number=number, heard_at=self._clock.now()), message))
        except asyncio.QueueFull:
            log.warning("too many messages wait; one dropped", cabinet=number, kind=type(message).__name__)

    async def _notice_silence(self) -> None:
        while True:
            self.take_silence()
            await asyncio.sleep(SILENCE_CHECK_S)

    async def _work(self, lane: "asyncio.Queue[_Item]") -> None:
        """Of what has gathered, first who is there and then what was reported, which are independent of each other.

        Two transactions: presence writes the cabinet, which who asks for a door holds while it wants the parcel; a
        report holds the parcel.
        """
        while True:
            items = [await lane.get()]
            while len(items) < TOGETHER_MAX and not lane.empty():
                items.append(lane.get_nowait())
            news = [item for item in items if self._news(item)]
            await self._tell_all([item for item in news if not isinstance(item.message, Report)])
            await self._tell_all([item for item in news if isinstance(item.message, Report)])

    def _news(self, item: _Item) -> bool:
        """Keep the record of who is there; False for what changes nothing any more."""
        number = item.cabinet.number
        match item.message:
            case Status(online=True, connected_at=connected_at) | Heartbeat(connected_at=connected_at):
                self._presence.there(number, connected_at)
            case Status(connected_at=connected_at):
                if self._presence.outlived(number, connected_at):
                    return False
                self._presence.gone(number)
            case Silence():
                if not self._presence.silent(number):
                    return False
                self._presence.gone(number)
        return True

    async def _tell_all(self, items: Sequence[_Item]) -> None:
        """In one transaction; where one of them is not taken, each in one of its own."""
        together = len(items) > 1 and await self._tell_together(items)
        for item in items:
            if (together or await self._tell(item)) and isinstance(item.message, Report):
                receipt = Receipt(boot=item.message.boot, sequence=item.message.sequence)
                await self._receipt(item.cabinet.number, receipt)

    async def _tell_together(self, items: Sequence[_Item]) -> bool:
        """Whether the core has all of them; False when it has none."""
        try:
            async with self._database.transaction() as tx:
                for item in items:
                    await TELL[type(item.message)](self._core, tx, item.cabinet, item.message)
        except Exception:
            return False
        self._outage.ended()
        return True

    async def _tell(self, item: _Item) -> bool:
        """Whether the core has it, or will never want it; False when it is worth saying again."""
        pauses = Pauses()
        while True:
            try:
                async with self._database.transaction() as tx:
                    await TELL[type(item.message)](self._core, tx, item.cabinet, item.message)
            except (DatabaseUnavailable, Overloaded, LockContested) as error:
                self._outage.began(error)
                await asyncio.sleep(pauses.next_s())
            except (NotFound, Conflict, Invalid, Denied) as error:
                log.warning("message not taken", cabinet=item.cabinet.number, kind=item.kind, cause=str(error))
                return True
            except Exception:
                log.exception("message failed", cabinet=item.cabinet.number, kind=item.kind)
                return False
            else:
                self._outage.ended()
                return True
