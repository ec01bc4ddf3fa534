"""The loop that sends notices: claim in one transaction, send with none open, note in another."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, get_args

import structlog

from crossdock.base.clock import Clock
from crossdock.base.errors import Unavailable
from crossdock.core.notices import commands, sending
from crossdock.core.notices.commands import NOTICES_TOPIC
from crossdock.core.notices.model import (
    ANSWER_CHARS_MAX,
    FAILURE_CHARS_MAX,
    Channel,
    Due,
    Tried,
    Verdict,
    overtaken,
)
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.delivery.patience import named, patiently, whatever_comes
from crossdock.messages import texts
from crossdock.messages.port import SEND_S_MAX, NoticeChannel, Sent

IN_FLIGHT_OF_CHANNEL_MAX: Final = 8
"""By one channel at a time, in one process: a mail server that hangs must not hold up the SMS."""
LEASE_S: Final = SEND_S_MAX + 30.0
"""A claim lasts as long as the slowest send and this: for the database, and for clocks that differ."""
NOTE_S: Final = 10.0
"""For writing down what a send brought; then the notice waits for the end of its claim."""
IDLE_S: Final = 5.0
"""How often the clock is asked whether something has become due."""
STOP_S: Final = 5.0
"""What sends in flight are given when the worker is stopped; the rest is sent again by another."""
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
MISSING: Final[Mapping[Channel, str]] = {
    "email": "no e-mail is sent from here: set CROSSDOCK_SMTP_URL",
    "sms": "no SMS is sent from here: set CROSSDOCK_SMS_URL",
}

log = structlog.get_logger(__name__)


class Notifier:
    """Any number of them may run, in one process or many, on one database."""

    def __init__(
        self,
        *,
        database: Database,
        signals: Signals,
        channels: Mapping[Channel, NoticeChannel],
        clock: Clock,
        public_url: str = "",
        map_url: str = "",
    ) -> None:
        self._database = database
        self._signals = signals
        self._channels = channels
        self._clock = clock
        self._public_url = public_url
        self._map_url = map_url
        self._busy: Counter[Channel] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until cancelled, whatever the database does meanwhile."""
        with self._signals.waiting_for(NOTICES_TOPIC) as woken:
            try:
                await whatever_comes(self._open, what="notices")
                while True:
                    woken.clear()
                    dues = await whatever_comes(self._claimed, what="notices")
                    for due in dues:
                        self._start(due).add_done_callback(lambda _: woken.set())
                    if not dues:
                        with suppress(TimeoutError):
                            async with asyncio.timeout(IDLE_S):
                                await woken.wait()
            finally:
                await self._stop()

    async def drain(self) -> int:
        """One pass: claim, send and note what is due; how many there were."""
        tasks = [self._start(due) for due in await self._claimed()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await self._close()
        return len(tasks)

    async def _open(self) -> None:
        async with self._database.transaction() as tx:
            await commands.open_channels(tx, [name for name in self._channels if name != "log"])

    async def _claimed(self) -> list[Due]:
        shares: dict[str, int] = {
            name: free for name in CHANNELS if (free := IN_FLIGHT_OF_CHANNEL_MAX - self._busy[name]) > 0
        }
        if not shares:
            return []
        async with self._database.autocommit() as tx:
            return await sending.claim(tx, shares=shares, lease=timedelta(seconds=LEASE_S))

    def _start(self, due: Due) -> "asyncio.Task[None]":
        channel = due.notice.channel
        self._busy[channel] += 1
        task = asyncio.create_task(self._settle(due), name=f"notice {due.notice.id}")
        self._tasks.add(task)

        def ended(task: "asyncio.Task[None]") -> None:
            self._tasks.discard(task)
            self._busy[channel] -= 1

        task.add_done_callback(ended)
        return task

    async def _stop(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._close()

    async def _close(self) -> None:
        for channel in self._channels.values():
            await channel.close()

    async def _settle(self, due: Due) -> None:
        """What cannot be finished is left to the end of its claim, and sent again."""
        try:
            reason = overtaken(due, now=self._clock.now())
            if reason is not None:
                await self._skip(due, reason)
            else:
                await self._note(due, await self._tried(due))
        except Unavailable as error:
            log.warning("notice left", notice_id=due.notice.id, cause=named(error))
        except Exception as error:
            log.error("notice left", notice_id=due.notice.id, cause=named(error))

    async def _tried(self, due: Due) -> Tried:
        """Whatever goes wrong is a try that failed."""
        started_at = self._clock.now()
        channel = self._channels.get(due.notice.channel)
        secrets: tuple[str, ...] = (due.about.key,)
        if channel is None:
            sent = Sent(outcome="unusable", failure=MISSING[due.notice.channel])
        else:
            try:
                message = texts.message(due, public_url=self._public_url, map_url=self._map_url)
                secrets = message.secrets
                sent = await channel.send(message)
            except Exception as error:
                log.error("notice fault", notice_id=due.notice.id, cause=named(error))
                sent = Sent(outcome="fault", failure=f"a fault of this server: {type(error).__name__}")
        return _kept(sent, secrets, started_at, self._clock.now())

    async def _skip(self, due: Due, reason: str) -> None:
        async def write() -> bool:
            async with self._database.transaction() as tx:
                return await sending.skip(tx, due.notice, reason)

        if await patiently(write, until=_soon()):
            log.info("notice", **_named(due), state="skipped")

    async def _note(self, due: Due, tried: Tried) -> None:
        async def write() -> tuple[Verdict, bool]:
            async with self._database.transaction() as tx:
                return await sending.note(tx, due.notice, tried)

        verdict, ours = await patiently(write, until=_soon())
        tell = log.warning if verdict.state == "parked" else log.info
        state = verdict.state if ours else "taken over"
        tell("notice", **_named(due), attempt=verdict.attempts, outcome=tried.outcome, state=state)


def _named(due: Due) -> dict[str, object]:
    return {"notice_id": due.notice.id, "kind": due.notice.kind, "channel": due.notice.channel}


def _soon() -> float:
    return time.monotonic() + NOTE_S


def _kept(sent: Sent, secrets: tuple[str, ...], started_at: datetime, ended_at: datetime) -> Tried:
    return Tried(
        outcome=sent.outcome,
        started_at=started_at,
        ended_at=ended_at,
        failure=None if sent.failure is None else printable(sent.failure, secrets)[:FAILURE_CHARS_MAX],
        answer=printable(sent.answer, secrets)[:ANSWER_CHARS_MAX],
    )


def printable(text: str, secrets: tuple[str, ...]) -> str:
    """As PostgreSQL can keep it, and without the code, should the other side echo it."""
    for secret in secrets:
        text = text.replace(secret, "[code]")
    return text.encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
