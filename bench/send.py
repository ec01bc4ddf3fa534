"""Requests that are ready, sent over keep-alive connections by a process of its own: all, or for some seconds.

A plan comes in as MessagePack on standard input, figures go out as JSON. Each connection sends the next request
when it has the answer to the last; an answer without one of the words of success ends the run.
"""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, repeat
from typing import Final

import msgspec
import uvloop
from msgspec import Struct

from bench.figures import Figures, figures
from bench.machine import ROOT, cores, pin
from bench.wire import HEAD_END, OK, Asking

SHOWN: Final = 2_000
"""Bytes of an answer that is no success."""


class Plan(Struct, frozen=True, kw_only=True):
    ports: list[int]
    """The connections are shared out among them."""
    connections: int
    requests: list[bytes]
    success: list[bytes]
    """One of these stands in every good answer: the first that does counts it."""
    bodies: list[bytes] = []
    """What each request must be answered, to the byte; none: not compared."""
    warm_s: float = 0
    seconds: float | None = None
    """None: until all are answered."""
    again: bool = False
    """Whether they may be sent a second time: to a server that places nothing."""


class Sent(Struct, frozen=True, kw_only=True):
    figures: Figures
    answered: int
    """All that were answered, those of the warming up as well."""
    of_each: list[int]
    """The same by the words of success."""


class SendFailed(Exception):
    """The client did not come to its end."""


class WrongAnswer(Exception):
    """The server answered something else than success."""


class Run:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        ready = list(zip(plan.requests, plan.bodies or repeat(None), strict=bool(plan.bodies)))
        self.requests: Iterator[tuple[bytes, bytes | None]] = cycle(ready) if plan.again else iter(ready)
        self.latencies_s: list[float] = []
        self.answered = 0
        self.of_each = [0] * len(plan.success)
        self.counting = plan.seconds is None
        self.sending = True
        self.open = plan.connections
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def go(self) -> Sent:
        loop, ports = asyncio.get_running_loop(), cycle(self.plan.ports)
        connections = [
            (await loop.create_connection(lambda: Connection(self), "127.0.0.1", next(ports)))[1]
            for _ in range(self.plan.connections)
        ]
        began = time.perf_counter()
        for connection in connections:
            connection.send()
        if self.plan.seconds is not None:
            await self._for(self.plan.warm_s)
            self.counting, began = True, time.perf_counter()
            await self._for(self.plan.seconds)
            self.counting = self.sending = False
            seconds = time.perf_counter() - began
            await self.ended
        else:
            await self.ended
            seconds = time.perf_counter() - began
        return Sent(figures=figures(self.latencies_s, seconds=seconds), answered=self.answered, of_each=self.of_each)

    async def _for(self, seconds: float) -> None:
        await asyncio.wait({self.ended}, timeout=seconds)
        if self.ended.done():
            self.ended.result()
            raise WrongAnswer("all requests that were made ready are used up")

    def rest(self) -> None:
        self.open -= 1
        if not self.open and not self.ended.done():
            self.ended.set_result(None)

    def fail(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(WrongAnswer(why))


class Connection(Asking):
    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._sent_at = 0.0
        self._body: bytes | None = None
        self._at_rest = False

    def send(self) -> None:
        request = next(self._run.requests, None) if self._run.sending else None
        if request is None:
            self._at_rest = True
            self._run.rest()
            return
        text, self._body = request
        self._sent_at = time.perf_counter()
        self._write(text)

    def answered(self, answer: bytes) -> None:
        run = self._run
        run.answered += 1
        if run.counting:
            run.latencies_s.append(time.perf_counter() - self._sent_at)
        said = next((at for at, word in enumerate(run.plan.success) if word in answer), None)
        other = self._body is not None and answer.partition(HEAD_END)[2] != self._body
        if said is None or other or not answer.startswith(OK):
            run.fail(answer[:SHOWN].decode(errors="replace"))
            return
        run.of_each[said] += 1
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._at_rest:
            self._run.fail(f"a connection was lost: {exc}")


def send(plan: Plan, on: tuple[int, ...] | None = None) -> Sent:
    """In a process of its own, on these cores, or on those that are not the server's. Errors: SendFailed."""
    client = subprocess.Popen(
        [sys.executable, "-m", "bench.send"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    pin([client.pid], cores().rest if on is None else on)
    answer, _ = client.communicate(msgspec.msgpack.encode(plan))
    if client.returncode != 0:
        raise SendFailed("the client's last words are above")
    return msgspec.json.decode(answer, type=Sent)


async def main(plan: Plan) -> Sent:
    run = Run(plan)
    gc.freeze()
    gc.disable()
    return await run.go()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answer = runner.run(main(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(answer))
