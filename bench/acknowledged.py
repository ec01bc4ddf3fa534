"""A client that remembers what it was promised: orders over Hongxun's call, through whatever happens to the server.

A plan comes in as JSON on standard input. A line is printed at the first success, so that something can happen now;
at the end the numbers of the orders that were answered with success are printed as JSON. Nothing is sent twice: what
was not answered may be on record or not. A connection that is lost, or refused, is made again.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from typing import Final

import msgspec
import uvloop
from msgspec import Struct

from bench import orders
from bench.wire import HEAD_END, LENGTH, OK

WORKLOAD: Final = orders.WORKLOADS["hongxun"]
PAUSE_S: Final = 0.02
"""After anything but success."""
ANSWER_S_MAX: Final = 15
"""Longer than the server lets anybody wait for its database."""


class Plan(Struct, frozen=True, kw_only=True):
    port: int
    connections: int
    seconds: float
    first: int
    count: int


class Answered(Struct, frozen=True, kw_only=True):
    acknowledged: list[int]
    """Order numbers."""
    sent: int
    failed: int
    """Answers that were no success, and connections that were lost or refused."""


class Run:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        ready = orders.requests(WORKLOAD, first=plan.first, count=plan.count)
        self._requests: Iterator[tuple[int, bytes]] = iter(enumerate(ready, plan.first))
        self._acknowledged: list[int] = []
        self._sent = self._failed = 0

    async def go(self) -> Answered:
        self._until = time.monotonic() + self._plan.seconds
        await asyncio.gather(*[self._connection() for _ in range(self._plan.connections)])
        return Answered(acknowledged=self._acknowledged, sent=self._sent, failed=self._failed)

    async def _connection(self) -> None:
        while time.monotonic() < self._until:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
            except OSError:
                self._failed += 1
                await asyncio.sleep(PAUSE_S)
                continue
            try:
                await self._orders(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                self._failed += 1
                await asyncio.sleep(PAUSE_S)
            finally:
                writer.close()

    async def _orders(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while time.monotonic() < self._until:
            number, request = next(self._requests)
            writer.write(request)
            self._sent += 1
            async with asyncio.timeout(ANSWER_S_MAX):
                head = await reader.readuntil(HEAD_END)
                at = head.index(LENGTH) + len(LENGTH)
                body = await reader.readexactly(int(head[at : head.index(b"\r", at)]))
            if head.startswith(OK) and WORKLOAD.success.encode() in body:
                if not self._acknowledged:
                    print(flush=True)
                self._acknowledged.append(number)
            else:
                self._failed += 1
                await asyncio.sleep(PAUSE_S)


async def main(plan: Plan) -> Answered:
    return await Run(plan).go()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answered = runner.run(main(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(answered))
