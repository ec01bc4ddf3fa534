"""The one who owns the line to the cabinets: commands out, reports in, and the line made again when it breaks."""

import asyncio

import structlog

from crossdock.base.clock import Clock
from crossdock.core.lockers import commands
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.devices import payloads, topics
from crossdock.devices.bus import AT_MOST_ONCE, BrokerAddress, Bus, Line, LineLost, fresh_client_id
from crossdock.devices.code_lists import CodeLists, OpenKey
from crossdock.devices.core import LockerCommands
from crossdock.devices.dispatch import Dispatch
from crossdock.devices.inbox import Inbox
from crossdock.devices.pauses import Outage, Pauses
from crossdock.devices.payloads import Answer, Receipt, Status

log = structlog.get_logger(__name__)


class Coordinator:
    """One a process is enough. More than one may run: the core hears everything twice and acts once."""

    def __init__(
        self,
        database: Database,
        signals: Signals,
        address: BrokerAddress,
        clock: Clock,
        *,
        core: LockerCommands = commands,
        open_key: OpenKey | None = None,
    ) -> None:
        """`open_key` opens the sealed keys of cabinets; without it they get no lists of codes."""
        self.connected = asyncio.Event()
        """Set while the broker listens and every cabinet can be heard."""
        self._bus = Bus(address, client_id=fresh_client_id("crossdock"))
        self._line: Line | None = None
        self._broker_outage = Outage("MQTT broker")
        database_outage = Outage("database, for devices")
        self._inbox = Inbox(
            database=database, core=core, clock=clock, outage=database_outage, receipt=self._send_receipt
        )
        self._dispatch = Dispatch(database=database, signals=signals, core=core, clock=clock, outage=database_outage)

        self._code_lists: CodeLists | None = None
        if open_key is not None:
            self._code_lists = CodeLists(
                database=database, core=core, clock=clock, open_key=open_key, outage=database_outage
            )

    async def run(self) -> None:
        """Until cancelled; neither a lost broker nor a lost database ends it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._inbox.run())
            group.create_task(self._stay_connected())

    async def _stay_connected(self) -> None:
        pauses = Pauses()
        while True:
            try:
                await self._serve_one_line(pauses)
            except* LineLost as lost:
                self._broker_outage.began(_first(lost))
            except* Exception:
                log.exception("the line to the cabinets failed; making it again")
            await asyncio.sleep(pauses.next_s())

    async def _serve_one_line(self, pauses: Pauses) -> None:
        async with self._bus.line() as line:
            for channel in topics.UP:
                await line.hear(topics.of_all_cabinets(channel))
            self._line = line
            self.connected.set()
            self._broker_outage.ended()
            pauses.reset()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(line))
                    group.create_task(self._dispatch.run(line))
                    if self._code_lists is not None:
                        group.create_task(self._code_lists.run(line))
            finally:
                self.connected.clear()
                self._line = None

    async def _listen(self, line: Line) -> None:
        async for heard in line.messages():
            match self._inbox.take(heard):
                case number, Answer(command_id=command_id):
                    self._dispatch.settled(number, command_id)
                case number, Status(online=True):
                    self._dispatch.repeat(number)
                    if self._code_lists is not None:
                        self._code_lists.connected(number)

    async def _send_receipt(self, number: str, receipt: Receipt) -> None:
        """At most once: where it is lost, the report comes again and is answered again."""
        if self._line is None:
            return
        try:
            await self._line.say(topics.topic(number, "receipts"), payloads.write(receipt), qos=AT_MOST_ONCE)
        except LineLost:
            log.debug("receipt lost", cabinet=number)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The innermost cause of a nest of task groups."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
