"""Group commit: requests that arrive together share one transaction, each is answered after the commit.

While one batch is being written the next one gathers; an idle intake writes at once, so one caller alone never
waits for company. Of many, each writer takes its share: while the database writes the ones, this process reads,
judges and answers the others, and neither waits for the other. Two requests with the same key never share a batch:
the second must find the first on disk. A batch that fails as a whole is tried again one by one, each in a transaction
of its own, so a bad one fails alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

from crossdock.base.errors import CrossdockError, Overloaded, Unavailable
from crossdock.db.errors import LockContested

BATCH_MAX = 128
WAITING_MAX = 4_096
WRITERS = 2
"""Batches being written at one time: while one waits for the disk, the other computes."""
TOGETHER = 32
"""Commands that are not worth parting: a statement costs as much for few of them as for one."""

C = TypeVar("C")
R = TypeVar("R")
Handler = Callable[[list[C]], Awaitable[list[R | CrossdockError]]]


class Intake(Generic[C, R]):
    """`handler` writes a batch in one transaction and answers each command with a result or an error."""

    def __init__(
        self,
        handler: Handler[C, R],
        *,
        key: Callable[[C], Hashable | None],
        waiting_max: int = WAITING_MAX,
        batch_max: int = BATCH_MAX,
        writers: int = WRITERS,
    ) -> None:
        self._handler = handler
        self._key = key
        self._waiting_max = waiting_max
        self._batch_max = batch_max
        self._queue: deque[tuple[C, asyncio.Future[R]]] = deque()
        self._keys_busy: set[Hashable] = set()
        self._writers = self._writers_free = writers
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, command: C) -> R:
        """The command's own answer, once it is on disk. Errors: Overloaded, and the command's own."""
        if len(self._queue) >= self._waiting_max:
            raise Overloaded(waiting=len(self._queue))
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.append((command, future))
        if self._writers_free:
            # Let the callers that became ready in this same turn of the loop join the batch.
            asyncio.get_running_loop().call_soon(self._start)
        return await future

    async def close(self) -> None:
        """Wait until everything that was put is answered."""
        while self._queue or self._tasks:
            if self._tasks:
                with suppress(Exception):
                    await asyncio.gather(*self._tasks)
            else:
                self._start()

    def _start(self) -> None:
        while self._writers_free:
            batch = self._take(self._share())
            if not batch:
                return
            self._writers_free -= 1
            self._under_way += len(batch)
            task = asyncio.create_task(self._write(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _share(self) -> int:
        """How many may be taken now; none while fewer wait than a writer's share."""
        here = len(self._queue) + self._under_way
        if here <= TOGETHER:
            return self._batch_max
        share = min(-(-here // self._writers), self._batch_max)
        return share if len(self._queue) >= share else 0

    def _take(self, most: int) -> list[tuple[C, asyncio.Future[R]]]:
        batch: list[tuple[C, asyncio.Future[R]]] = []
        later: list[tuple[C, asyncio.Future[R]]] = []
        while self._queue and len(batch) < most:
            command, future = self._queue.popleft()
            if future.cancelled():
                continue
            key = self._key(command)
            if key is not None and key in self._keys_busy:
                later.append((command, future))
                continue
            if key is not None:
                self._keys_busy.add(key)
            batch.append((command, future))
        self._queue.extendleft(reversed(later))
        return batch

    async def _write(self, batch: list[tuple[C, asyncio.Future[R]]]) -> None:
        try:
            await self._write_together(batch)
        finally:
            for command, _ in batch:
                self._keys_busy.discard(self._key(command))
            self._writers_free += 1
            self._under_way -= len(batch)
            self._start()

    async def _write_together(self, batch: list[tuple[C, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._handler([command for command, _ in batch])
        except Exception as error:
            down = isinstance(error, Unavailable) and not isinstance(error, LockContested)
            if down or len(batch) == 1:
                for _, future in batch:
                    _fail(future, error)
                return
            for one in batch:
                await self._write_together([one])
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if isinstance(answer, CrossdockError):
                    _fail(future, answer)
                elif not future.done():
                    future.set_result(answer)


def _fail(future: "asyncio.Future[R]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
