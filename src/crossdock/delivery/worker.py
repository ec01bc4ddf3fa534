"""The loop that sends what is owed: claim in one transaction, send with none open, note in another."""

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from msgspec import structs

from crossdock.base.clock import Clock
from crossdock.base.errors import CrossdockError, Unavailable
from crossdock.base.ids import ReceiverId
from crossdock.core.accounts.book import AccountBook
from crossdock.core.accounts.model import Account, Credential
from crossdock.core.events.commands import CALLBACKS_TOPIC
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.delivery import sql
from crossdock.delivery.model import (
    ANSWER_CHARS_KEPT_MAX,
    BODY_CHARS_MAX,
    FAILURE_CHARS_MAX,
    Claimed,
    Due,
    Outcome,
    Tried,
    verdict,
)
from crossdock.delivery.networks import Networks
from crossdock.delivery.send import Answer, Poster, Resolve
from crossdock.delivery.share import IN_FLIGHT_MAX, rotated, share
from crossdock.edge.callback import Outgoing, Owed, Sender

LEASE_MARGIN_S = 30.0
"""A claim lasts as long as the slowest send and this: for the database, and for clocks that differ."""
NOTE_S = 10.0
"""Of the margin, what is left for writing down what a send brought."""
IDLE_S = 1.0
"""How often the clock is asked whether something has become due."""
PAUSE_S_MIN = 0.2
PAUSE_S_MAX = 10.0
"""Between two questions to a database that does not answer; doubled each time."""
STOP_S = 5.0
"""What sends in flight are given when the worker is stopped; the rest is sent again by another."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Deliverer:
    """Any number of them may run, in one process or many, on one database."""

    def __init__(
        self,
        *,
        database: Database,
        signals: Signals,
        senders: Mapping[str, Sender],
        accounts: AccountBook,
        clock: Clock,
        networks: Iterable[str] = (),
        resolve: Resolve | None = None,
    ) -> None:
        """`senders` by dialect: what is owed in other dialects is left alone. Errors: SettingInvalid."""
        self._database = database
        self._signals = signals
        self._senders = dict(senders)
        self._accounts = accounts
        self._clock = clock
        self._poster = Poster(Networks(networks), resolve=resolve)
        self._lease_s = max((sender.timeout_s for sender in senders.values()), default=0.0) + LEASE_MARGIN_S
        self._busy: Counter[ReceiverId] = Counter()
        self._failing: set[ReceiverId] = set()
        self._served_last: ReceiverId | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until cancelled, whatever the database does meanwhile."""
        with self._signals.waiting_for(CALLBACKS_TOPIC) as woken:
            try:
                await self._tidied()
                while True:
                    woken.clear()
                    dues = await self._claimed_whatever_comes()
                    for due in dues:
                        self._start(due).add_done_callback(lambda _: woken.set())
                    if not dues:
                        with suppress(TimeoutError):
                            async with asyncio.timeout(IDLE_S):
                                await woken.wait()
            finally:
                await self._stop()

    async def drain(self, limit: int = IN_FLIGHT_MAX) -> int:
        """One pass: claim, send and note what is due, at most `limit`; how many there were."""
        dues = await self._claim(limit)
        tasks = [self._start(due) for due in dues]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return len(dues)

    async def _tidied(self) -> None:
        async def wake() -> int:
            async with self._database.transaction() as tx:
                return await sql.wake_orphans(tx)

        await self._until_it_answers(wake)

    async def _claimed_whatever_comes(self) -> list[Due]:
        free = IN_FLIGHT_MAX - len(self._tasks)
        return await self._until_it_answers(lambda: self._claim(free))

    async def _until_it_answers(self, work: Callable[[], Awaitable[T]]) -> T:
        """One line when the database is lost, one when it is back."""
        pause_s = 0.0
        while True:
            _stop_if_told()
            try:
                done = await work()
            except Exception as error:
                if not pause_s:
                    log.warning("callbacks wait", cause=_named(error))
                pause_s = min(max(pause_s * 2, PAUSE_S_MIN), PAUSE_S_MAX)
                await asyncio.sleep(pause_s)
            else:
                if pause_s:
                    log.info("callbacks go on")
                return done

    async def _claim(self, free: int) -> list[Due]:
        """Claim until something is ours or nothing is due; what stands behind others is shelved on the way."""
        while free > 0:
            began = time.monotonic()
            async with self._database.transaction() as tx:
                owing = rotated(await sql.owing(tx, dialects=list(self._senders)), self._served_last)
                shares = share(owing, busy=self._busy, failing=self._failing, free=free)
                if not shares:
                    return []
                claimed, shelved = await sql.claim(tx, shares=shares, lease=timedelta(seconds=self._lease_s))
                events = await sql.events(tx, [one.event_id for one in claimed])
                receivers = await sql.receivers(tx, [one.receiver_id for one in claimed])
            if claimed:
                self._served_last = list(shares)[-1]
                return [
                    Due(
                        claimed=one,
                        event=events[one.event_id],
                        receiver=receivers[one.receiver_id],
                        send_before=began + LEASE_MARGIN_S - NOTE_S,
                        note_before=began + self._lease_s,
                    )
                    for one in claimed
                ]
            if not shelved:
                return []
        return []

    def _start(self, due: Due) -> "asyncio.Task[None]":
        receiver_id = due.receiver.id
        self._busy[receiver_id] += 1
        task = asyncio.create_task(self._try(due), name=f"callback {due.claimed.id}")
        self._tasks.add(task)

        def ended(task: "asyncio.Task[None]") -> None:
            self._tasks.discard(task)
            self._busy[receiver_id] -= 1
            if not self._busy[receiver_id]:
                del self._busy[receiver_id]

        task.add_done_callback(ended)
        return task

    async def _stop(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _try(self, due: Due) -> None:
        """One try from end to end. What cannot be finished is left to the end of its claim, and sent again."""
        try:
            account, credential = await _patiently(lambda: self._signer(due), until=due.send_before)
            if time.monotonic() > due.send_before:
                log.warning("callback left", callback_id=due.claimed.id, cause="the claim is too old to send")
                return
            tried = await self._send(due, account, credential)
            self._remember(due.receiver.id, tried.outcome)
            await _patiently(lambda: self._note(due, tried), until=due.note_before)
        except Unavailable as error:
            log.warning("callback left", callback_id=due.claimed.id, cause=_named(error))
        except Exception as error:
            log.error("callback left", callback_id=due.claimed.id, cause=_named(error))

    async def _signer(self, due: Due) -> tuple[Account, Credential | CrossdockError | None]:
        """The account, and whose secret signs; an error where a secret cannot be opened."""
        account = await self._accounts.account(due.claimed.account_id)
        if due.receiver.credential_id is None:
            return account, None
        try:
            return account, await self._accounts.credential(due.receiver.credential_id)
        except Unavailable:
            raise
        except CrossdockError as error:
            return account, error

    async def _send(self, due: Due, account: Account, credential: Credential | CrossdockError | None) -> Tried:
        started_at = self._clock.now()
        sender = self._senders[due.receiver.dialect]
        outgoing: Outgoing | None = None
        try:
            if isinstance(credential, CrossdockError):
                raise credential
            owed = Owed(
                event=due.event,
                receiver=due.receiver,
                credential=credential,
                account=account,
                attempt=due.claimed.attempts + 1,
            )
            outgoing = sender.compose(owed, started_at)
            if outgoing is None:
                return Tried(outcome="skipped", started_at=started_at, ended_at=started_at)
            answer = await self._poster.post(outgoing, timeout_s=sender.timeout_s)
            _judge(answer, sender)
        except Exception as error:
            log.error("callback fault", callback_id=due.claimed.id, cause=_named(error))
            answer = Answer(outcome="fault", failure=f"a fault of this server: {type(error).__name__}")
        secret = credential.secret if isinstance(credential, Credential) else ""
        return _tried(answer, outgoing, secret, started_at, self._clock.now())

    def _remember(self, receiver_id: ReceiverId, outcome: Outcome) -> None:
        if outcome == "unreachable":
            self._failing.add(receiver_id)
        else:
            self._failing.discard(receiver_id)

    async def _note(self, due: Due, tried: Tried) -> None:
        claimed: Claimed = due.claimed
        waits_s = self._senders[due.receiver.dialect].waits_s
        async with self._database.transaction() as tx:
            found = verdict(tried, attempts=claimed.attempts, waits_s=waits_s, now=tx.now)
            ours = await sql.close(tx, claimed=claimed, tried=tried, verdict=found)
        note = log.warning if found.state == "parked" else log.info
        note(
            "callback",
            callback_id=claimed.id,
            dialect=due.receiver.dialect,
            receiver=due.receiver.name,
            kind=due.event.kind,
            attempt=found.attempts,
            outcome=tried.outcome,
            status=tried.status,
            state=found.state if ours else "taken over",
        )


def _judge(answer: Answer, sender: Sender) -> None:
    """What came back, as the dialect takes it. A redirect is never a yes: nothing was heard where we sent it."""
    if answer.failure is not None or answer.status is None:
        return
    if 300 <= answer.status < 400:
        answer.failure = f"HTTP {answer.status}: redirects are not followed"
    else:
        answer.failure = sender.accepted(answer.status, answer.head)
    if answer.failure is not None:
        answer.outcome = "refused"


def _tried(answer: Answer, outgoing: Outgoing | None, secret: str, started_at: datetime, ended_at: datetime) -> Tried:
    kept = Tried(
        outcome=answer.outcome,
        started_at=started_at,
        ended_at=ended_at,
        status=answer.status,
        answer=_printable(answer.head.decode(errors="replace"), secret)[:ANSWER_CHARS_KEPT_MAX],
        failure=None if answer.failure is None else _printable(answer.failure, secret)[:FAILURE_CHARS_MAX],
    )
    if outgoing is None:
        return kept
    body = _printable(outgoing.body.decode(errors="replace"), secret)
    return structs.replace(kept, body=body[:BODY_CHARS_MAX])


def _printable(text: str, secret: str) -> str:
    """As PostgreSQL can keep it, and without the secret, should a partner echo it."""
    if secret:
        text = text.replace(secret, "[secret]")
    return text.encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _named(error: BaseException) -> str:
    """Its kind and place; the text of an error, or a whole traceback, may quote what must not be logged."""
    if isinstance(error, Unavailable):
        return type(error).__name__
    steps = traceback.extract_tb(error.__traceback__)
    return (
        f"{type(error).__name__} at {Path(steps[-1].filename).name}:{steps[-1].lineno}"
        if steps
        else repr(type(error))
    )


def _stop_if_told() -> None:
    """Python 3.11's wait_for, which the pool waits with, loses a cancellation that comes with the result."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _patiently(work: Callable[[], Awaitable[T]], *, until: float) -> T:
    """Again and again while the database does not answer, up to the monotonic time `until`."""
    pause_s = PAUSE_S_MIN
    while True:
        _stop_if_told()
        try:
            return await work()
        except Unavailable:
            if time.monotonic() + pause_s > until:
                raise
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, PAUSE_S_MAX)
