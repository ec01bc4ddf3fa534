"""The loop that sends what is owed: claim in one transaction, send with none open, note in another."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

import structlog

from crossdock.base.clock import Clock
from crossdock.base.errors import Unavailable
from crossdock.base.ids import ReceiverId
from crossdock.base.objects import Objects
from crossdock.core.accounts.book import AccountBook
from crossdock.core.events.commands import CALLBACKS_TOPIC
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.delivery import sql
from crossdock.delivery.model import Due, Tried
from crossdock.delivery.networks import Networks
from crossdock.delivery.notes import Note, Notes
from crossdock.delivery.patience import named, patiently, whatever_comes
from crossdock.delivery.send import Poster, Resolve
from crossdock.delivery.share import AHEAD_MAX, AHEAD_S, IN_FLIGHT_MAX, REST_S, Manners, rotated, share
from crossdock.delivery.telling import Teller
from crossdock.edge.callback import Sender

LEASE_MARGIN_S: Final = 30.0
"""A claim lasts as long as the slowest send and this: for the database, and for clocks that differ."""
NOTE_S: Final = 10.0
"""Of the margin, what is left for writing down what a send brought."""
IDLE_S: Final = 1.0
"""How often the clock is asked whether something has become due."""
STOP_S: Final = 5.0
"""What sends in flight are given when the worker is stopped; the rest is sent again by another."""

Dues = list[Due]
"""What one send takes with it: callbacks of one receiver, each of another mailbox."""
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
        rest_s: float = REST_S,
        objects: Objects | None = None,
    ) -> None:
        """`senders` by dialect: what is owed in other dialects is left alone. Errors: SettingInvalid."""
        self._database = database
        self._signals = signals
        self._senders = dict(senders)
        self._poster = Poster(Networks(networks), resolve=resolve)
        self._teller = Teller(
            senders=self._senders, accounts=accounts, poster=self._poster, clock=clock, objects=objects
        )
        self._notes = Notes(database)
        self._lease_s = max((sender.timeout_s for sender in senders.values()), default=0.0) + LEASE_MARGIN_S
        self._busy: Counter[ReceiverId] = Counter()
        self._manners = Manners(rest_s=rest_s)
        self._served_last: ReceiverId | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self) -> None:
        """Send until cancelled, whatever the database does meanwhile."""
        self._stopping = False
        with self._signals.waiting_for(CALLBACKS_TOPIC) as woken:
            try:
                await whatever_comes(self._tidied)
                while True:
                    woken.clear()
                    sends = await whatever_comes(self._claimed)
                    for dues in sends:
                        self._start(dues).add_done_callback(lambda _: woken.set())
                    if not sends:
                        with suppress(TimeoutError):
                            async with asyncio.timeout(IDLE_S):
                                await woken.wait()
            finally:
                await self._stop()

    async def drain(self, limit: int = IN_FLIGHT_MAX) -> int:
        """One pass: claim, send and note what is due, at most `limit`; how many there were."""
        sends = await self._claim(limit, ahead_max=1)
        tasks = [self._start(dues) for dues in sends]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await self._poster.close()
        return len(sends)

    async def _tidied(self) -> int:
        async with self._database.transaction() as tx:
            return await sql.wake_orphans(tx)

    async def _claimed(self) -> list[Dues]:
        return await self._claim(IN_FLIGHT_MAX - len(self._tasks))

    async def _claim(self, free: int, *, ahead_max: int = AHEAD_MAX) -> list[Dues]:
        """Claim until something is ours or nothing is due; what stands behind others is shelved on the way."""
        while free > 0:
            began = time.monotonic()
            async with self._database.autocommit() as tx:
                owing = await sql.owing(tx, dialects=list(self._senders))
                shares = share(
                    rotated([one for one in owing if not self._manners.rests(one, now=began)], self._served_last),
                    busy=self._busy,
                    failing=self._manners.failing,
                    free=free,
                )
                if not shares:
                    return []
                wanted = {one: sends * min(ahead_max, self._manners.ahead(one)) for one, sends in shares.items()}
                claimed, shelved = await sql.claim(tx, shares=wanted, lease=timedelta(seconds=self._lease_s))
            if claimed:
                self._served_last = list(shares)[-1]
                return self._dealt(
                    [
                        Due(
                            claimed=one,
                            event=event,
                            receiver=receiver,
                            send_before=began + LEASE_MARGIN_S - NOTE_S,
                            note_before=began + self._lease_s,
                        )
                        for one, event, receiver in claimed
                    ],
                    shares,
                )
            if not shelved:
                return []
        return []

    def _dealt(self, dues: Dues, shares: Mapping[ReceiverId, int]) -> list[Dues]:
        """Among the sends of their receiver, alike."""
        of_receiver: dict[ReceiverId, Dues] = {}
        for due in dues:
            of_receiver.setdefault(due.receiver.id, []).append(due)
        return [
            theirs[position :: shares[receiver_id]]
            for receiver_id, theirs in of_receiver.items()
            for position in range(min(shares[receiver_id], len(theirs)))
        ]

    def _start(self, dues: Dues) -> "asyncio.Task[None]":
        receiver_id = dues[0].receiver.id
        self._busy[receiver_id] += 1
        task = asyncio.create_task(self._send(dues), name=f"callback {dues[0].claimed.id}")
        self._tasks.add(task)

        def ended(task: "asyncio.Task[None]") -> None:
            self._tasks.discard(task)
            self._busy[receiver_id] -= 1
            if not self._busy[receiver_id]:
                del self._busy[receiver_id]

        task.add_done_callback(ended)
        return task

    async def _stop(self) -> None:
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._poster.close()

    async def _send(self, dues: Dues) -> None:
        """One after the other, each noted while the next is sent; what would have to wait long is given back."""
        left, until = deque(dues), time.monotonic() + AHEAD_S
        noting: list[asyncio.Task[None]] = []
        try:
            while left:
                due = left.popleft()
                tried = await self._tried(due)
                if tried is not None:
                    noting.append(asyncio.create_task(self._note(due, tried)))
                if self._stopping or due.receiver.id in self._manners.failing or time.monotonic() > until:
                    break
            if left:
                await self._give_back(left)
            if noting:
                await asyncio.wait(noting)
        finally:
            for task in noting:
                task.cancel()

    async def _tried(self, due: Due) -> Tried | None:
        """None: it could not be sent."""
        tried: Tried | None = None
        with _left_alone(due):
            signer = await patiently(lambda: self._teller.signer(due), until=due.send_before)
            began = time.monotonic()
            if began > due.send_before:
                log.warning("callback left", callback_id=due.claimed.id, cause="the claim is too old to send")
            else:
                tried = await self._teller.tell(due, signer)
                now = time.monotonic()
                self._manners.note(due.receiver.id, tried.outcome, took_s=now - began, now=now)
        return tried

    async def _note(self, due: Due, tried: Tried) -> None:
        with _left_alone(due):
            waits_s = self._senders[due.receiver.dialect].waits_s(due.receiver)
            note = Note(claimed=due.claimed, tried=tried, waits_s=waits_s)
            noted = await patiently(lambda: self._notes.put(note), until=due.note_before)
            tell = log.warning if noted.verdict.state == "parked" else log.info
            tell(
                "callback",
                callback_id=due.claimed.id,
                dialect=due.receiver.dialect,
                receiver=due.receiver.name,
                kind=due.event.kind,
                attempt=noted.verdict.attempts,
                outcome=tried.outcome,
                status=tried.status,
                state=noted.verdict.state if noted.ours else "taken over",
            )

    async def _give_back(self, dues: Iterable[Due]) -> None:
        with suppress(Unavailable):  # then they wait for the end of their claims
            async with self._database.autocommit() as tx:
                await sql.release(tx, [due.claimed for due in dues])


@contextmanager
def _left_alone(due: Due) -> Iterator[None]:
    """What cannot be finished is left to the end of its claim, and sent again."""
    try:
        yield
    except Unavailable as error:
        log.warning("callback left", callback_id=due.claimed.id, cause=named(error))
    except Exception as error:
        log.error("callback left", callback_id=due.claimed.id, cause=named(error))
