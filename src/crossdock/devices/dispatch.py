"""Door commands, from the database to the broker."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

import structlog

from crossdock.base.clock import Clock
from crossdock.base.errors import CrossdockError
from crossdock.core.lockers.commands import COMMANDS_TOPIC
from crossdock.core.lockers.model import DoorCommand
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.devices import payloads, topics
from crossdock.devices.bus import Line
from crossdock.devices.core import LockerCommands
from crossdock.devices.pauses import Outage, Pauses
from crossdock.devices.payloads import ACTIONS, Command
from crossdock.devices.topics import CabinetNumberUnusable

CLAIM_MAX: Final = 64
"""Commands claimed at once; more wait for the next round, in order."""
POLL_S: Final = 2.0
"""A signal can be lost with its connection; nobody waits at a door for longer than this for that reason."""

log = structlog.get_logger(__name__)


class Dispatch:
    def __init__(
        self, *, database: Database, signals: Signals, core: LockerCommands, clock: Clock, outage: Outage
    ) -> None:
        self._database = database
        self._signals = signals
        self._core = core
        self._clock = clock
        self._outage = outage
        self._held: deque[DoorCommand] = deque()
        """Claimed, but not yet with the broker: they wait for the next line, or expire."""
        self._unanswered: dict[int, DoorCommand] = {}
        """With the broker, which need not have had the cabinet on its line."""
        self._woken = asyncio.Event()

    async def run(self, line: Line) -> None:
        """Claim and publish while `line` lives. Errors: LineLost; what was claimed is kept for the next one."""
        pauses = Pauses()
        with self._signals.waiting_for(COMMANDS_TOPIC) as self._woken:
            while True:
                self._woken.clear()
                await self._publish_held(line)
                try:
                    async with self._database.autocommit() as tx:
                        claimed = await self._core.claim_commands(tx, limit=CLAIM_MAX)
                except CrossdockError as error:
                    self._outage.began(error)
                    await asyncio.sleep(pauses.next_s())
                    continue
                except Exception:
                    log.exception("door commands cannot be claimed")
                    await asyncio.sleep(pauses.next_s())
                    continue
                self._outage.ended()
                pauses.reset()
                self._held.extend(claimed)
                await self._publish_held(line)
                if len(claimed) < CLAIM_MAX:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_S):
                            await self._woken.wait()

    def settled(self, number: str, command_id: int) -> None:
        """The cabinet has answered; an answer to another one's command is nobody's."""
        command = self._unanswered.get(command_id)
        if command is not None and command.cabinet_number == number:
            del self._unanswered[command_id]

    def repeat(self, number: str) -> None:
        """The cabinet has just connected and may have missed what it has not answered; twice is harmless."""
        missed = [command for command in self._unanswered.values() if command.cabinet_number == number]
        for command in missed:
            del self._unanswered[command.id]
        self._held.extend(missed)
        self._woken.set()

    async def _publish_held(self, line: Line) -> None:
        """All that are held at the same time, begun in their order. Errors: LineLost; what did not go out is held."""
        while self._held:
            sends = [(asked, asyncio.create_task(self._publish(line, asked))) for asked in self._held]
            self._held.clear()
            try:
                await asyncio.wait([task for _, task in sends])
            finally:
                for _, task in sends:
                    task.cancel()
                failed = [(asked, task) for asked, task in sends if not _went_well(task)]
                self._held.extendleft(asked for asked, _ in reversed(failed))
            for _, task in failed:
                task.result()
        now = self._clock.now()
        self._unanswered = {id: asked for id, asked in self._unanswered.items() if asked.expires_at > now}

    async def _publish(self, line: Line, asked: DoorCommand) -> None:
        command = Command(
            id=asked.id,
            action=ACTIONS[asked.purpose],
            lock_address=asked.lock_address,
            issued_at=asked.asked_at,
            expires_at=asked.expires_at,
        )
        now = self._clock.now()
        if command.late(now):
            log.warning("door command came too late to be sent", command=asked.id, cabinet=asked.cabinet_number)
            return
        try:
            topic = topics.topic(asked.cabinet_number, "commands")
        except CabinetNumberUnusable as error:
            log.warning("door command cannot be addressed", command=asked.id, cause=str(error))
            return
        self._unanswered[asked.id] = asked
        try:
            await line.say(topic, payloads.write(command), lives=command.expires_at - now)
        except BaseException:
            self._unanswered.pop(asked.id, None)
            raise


def _went_well(task: "asyncio.Task[None]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
