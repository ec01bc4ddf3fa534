"""The one who asks: keep-alive connections in a process of its own, requests made before the clock starts.

A plan comes in as JSON on standard input, figures go out as JSON. Each connection sends the next request when
it has the answer to the last; an answer that is no success ends the run.
"""

import asyncio
import gc
import sys
import time
from collections import deque
from collections.abc import Iterator
from itertools import cycle

import msgspec
import uvloop
from msgspec import Struct

from bench import orders
from bench.figures import Figures, figures
from bench.machine import cpu_s
from bench.wire import OK, Asking

REQUESTS_PER_S_MAX = 15_000
"""So many are made ready for each second: several times what one core can place."""
TICK_S = 0.001
"""At a given rate: so often it is looked which requests are due."""


class Plan(Struct, frozen=True, kw_only=True):
    workload: str
    port: int
    connections: int
    warm_s: float
    seconds: float
    first: int
    """The first order number that is free."""
    server_pid: int
    count: int
    """Requests made ready."""
    again: bool
    """Whether they may be sent a second time: to a server that places nothing."""
    rate: float | None = None
    """Requests a second, evenly; None sends the next one on each connection when it has the answer to the last."""


class WrongAnswer(Exception):
    """The server answered something else than success."""


class Run:
    def __init__(self, plan: Plan) -> None:
        workload = orders.WORKLOADS[plan.workload]
        self.plan = plan
        ready = orders.requests(workload, first=plan.first, count=plan.count)
        self.requests: Iterator[bytes] = cycle(ready) if plan.again else iter(ready)
        self.success = workload.success.encode()
        self.latencies_s: list[float] = []
        self.counting = False
        self.sending = True
        self.open = plan.connections
        self.idle: list[Connection] = []
        self.due: deque[float] = deque()
        """When requests became due that no connection was free for."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def go(self) -> Figures:
        loop = asyncio.get_running_loop()
        connections = [
            (await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.plan.port))[1]
            for _ in range(self.plan.connections)
        ]
        pacing = None
        if self.plan.rate is None:
            for connection in connections:
                connection.send(time.perf_counter())
        else:
            self.idle = connections
            pacing = asyncio.create_task(self._pace(self.plan.rate))
        await self._for(self.plan.warm_s)
        began, cpu_before = time.perf_counter(), cpu_s(self.plan.server_pid)
        self.counting = True
        await self._for(self.plan.seconds)
        self.counting = self.sending = False
        if pacing is not None:
            await pacing
        seconds, cpu_after = time.perf_counter() - began, cpu_s(self.plan.server_pid)
        await self.ended
        busy = None if cpu_before is None or cpu_after is None else (cpu_after - cpu_before) / seconds
        return figures(self.latencies_s, seconds=seconds, server_busy=busy)

    async def _pace(self, rate: float) -> None:
        """A request that finds no free connection waits for one, and its time counts from when it was due."""
        began, sent = time.perf_counter(), 0
        while self.sending:
            now = time.perf_counter()
            while sent < (now - began) * rate:
                sent += 1
                if self.idle:
                    self.idle.pop().send(now)
                else:
                    self.due.append(now)
            await asyncio.sleep(TICK_S)
        self.due.clear()
        for connection in self.idle:
            connection.rest()

    async def _for(self, seconds: float) -> None:
        await asyncio.wait({self.ended}, timeout=seconds)
        if self.ended.done():
            self.ended.result()
            raise WrongAnswer("the connections ended early")

    def fail(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(WrongAnswer(why))


class Connection(Asking):
    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._sent_at = 0.0
        self._at_rest = False

    def send(self, due_at: float) -> None:
        request = next(self._run.requests, None)
        if request is None:
            self._run.fail("all requests that were made ready are used up")
            return
        self._sent_at = due_at
        self._write(request)

    def rest(self) -> None:
        self._at_rest = True
        self._run.open -= 1
        if not self._run.open and not self._run.ended.done():
            self._run.ended.set_result(None)

    def answered(self, answer: bytes) -> None:
        run = self._run
        if run.counting:
            run.latencies_s.append(time.perf_counter() - self._sent_at)
        if not answer.startswith(OK) or run.success not in answer:
            run.fail(answer.decode(errors="replace"))
        elif run.due:
            self.send(run.due.popleft())
        elif run.sending and run.plan.rate is None:
            self.send(time.perf_counter())
        elif run.sending:
            run.idle.append(self)
        else:
            self.rest()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._at_rest:
            self._run.fail(f"a connection was lost: {exc}")


def plan_of(
    workload: orders.Workload,
    *,
    port: int,
    connections: int,
    warm_s: float,
    seconds: float,
    first: int,
    server_pid: int,
    again: bool = False,
    rate: float | None = None,
) -> Plan:
    return Plan(
        workload=workload.name,
        port=port,
        connections=connections,
        warm_s=warm_s,
        seconds=seconds,
        first=first,
        server_pid=server_pid,
        count=int(REQUESTS_PER_S_MAX * (warm_s + seconds)) + connections,
        again=again,
        rate=rate,
    )


async def main(plan: Plan) -> Figures:
    run = Run(plan)
    gc.freeze()
    gc.disable()
    return await run.go()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answer = runner.run(main(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(answer))
