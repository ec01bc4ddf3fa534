"""Clerks at the counters of many shops, who use up pick-up codes over HTTP: a process of its own.

A plan comes in as JSON on standard input, what was found goes out as JSON. Each clerk has a connection and a token.
In `own` mode each takes one code after the other that nobody else has. In `shared` mode each code is named as often
as there are clerks, by whoever is free. In `race` mode all name the same code at once, round after round: the next
code is named when the last of them has an answer.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Literal

import msgspec
import uvloop
from msgspec import Struct

from bench.figures import Figures, figures
from bench.machine import cpu_s
from bench.wire import OK, Asking

CONSUME = "/api/orders/pick_up_code/consume/"
USED = b'"key_used"'
"""In the answer to a clerk who names a code that was used."""


RUN_OUT = "all codes that were made ready are used up"


class Plan(Struct, frozen=True, kw_only=True):
    mode: Literal["own", "shared", "race"]
    port: int
    server_pid: int
    tokens: list[str]
    """One for each clerk: all of one shop."""
    codes: list[str]
    warm_s: float
    seconds: float


class Race(Struct, frozen=True, kw_only=True):
    """One code that all clerks named at once; milliseconds from when the first of them did."""

    winners: int
    winner_ms: float
    slowest_ms: float
    """Until the last loser was answered."""


class Found(Struct, frozen=True, kw_only=True):
    figures: Figures
    used: list[str]
    """Codes somebody was told to have used, once for each who was told so; warming up included."""
    races: list[Race]


class WrongAnswer(Exception):
    """Neither that it was used now nor, in a race, that it was used before."""


class Run:
    def __init__(self, plan: Plan) -> None:
        times = len(plan.tokens) if plan.mode == "shared" else 1
        self.plan = plan
        self.codes: Iterator[str] = (code for code in plan.codes for _ in range(times))
        self.used: list[str] = []
        self.latencies_s: list[float] = []
        self.races: list[Race] = []
        self.counting = False
        self.sending = True
        self.at_work = 0
        """Clerks who wait for an answer."""
        self.race: list[tuple[float, bool]] = []
        """Seconds of the answers to the code that all have named, and whether it was given to this clerk."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def go(self) -> Found:
        plan, loop = self.plan, asyncio.get_running_loop()
        self.clerks = [
            (await loop.create_connection(partial(Clerk, self, token), "127.0.0.1", plan.port))[1]
            for token in plan.tokens
        ]
        self.begin()
        await self._for(plan.warm_s)
        began, cpu_before = time.perf_counter(), cpu_s(plan.server_pid)
        self.counting = True
        await self._for(plan.seconds)
        self.counting = self.sending = False
        seconds, cpu_after = time.perf_counter() - began, cpu_s(plan.server_pid)
        await self.ended
        busy = None if cpu_before is None or cpu_after is None else (cpu_after - cpu_before) / seconds
        return Found(
            figures=figures(self.latencies_s, seconds=seconds, server_busy=busy), used=self.used, races=self.races
        )

    def begin(self) -> None:
        """Every clerk names a code; in a race the same one."""
        code = next(self.codes) if self.plan.mode == "race" else None
        for clerk in self.clerks:
            clerk.name(code or next(self.codes))

    def answered(self, clerk: "Clerk", taken_s: float, answer: bytes) -> None:
        won = answer.startswith(OK)
        if won:
            self.used.append(clerk.code)
        elif self.plan.mode == "own" or USED not in answer:
            self.fail(answer.decode(errors="replace"))
            return
        if self.plan.mode == "race":
            self._raced(taken_s, won)
            return
        if self.counting:
            self.latencies_s.append(taken_s)
        if not self.sending:
            self._end()
            return
        code = next(self.codes, None)
        if code is None:
            self.fail(RUN_OUT)
            return
        clerk.name(code)

    def fail(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(WrongAnswer(why))

    def _raced(self, taken_s: float, won: bool) -> None:
        self.race.append((taken_s, won))
        if self.at_work:
            return
        race, self.race = self.race, []
        winners = [taken_s for taken_s, won in race if won]
        if self.counting:
            self.latencies_s += winners
            slowest_s = max(taken_s for taken_s, won in race if not won)
            self.races.append(
                Race(winners=len(winners), winner_ms=max(winners, default=0) * 1_000, slowest_ms=slowest_s * 1_000)
            )
        if self.sending:
            self.begin()
        else:
            self._end()

    def _end(self) -> None:
        if not self.at_work and not self.ended.done():
            self.ended.set_result(None)

    async def _for(self, seconds: float) -> None:
        await asyncio.wait({self.ended}, timeout=seconds)
        if self.ended.done():
            self.ended.result()


class Clerk(Asking):
    def __init__(self, run: Run, token: str) -> None:
        super().__init__()
        self._run = run
        self._head = (
            f"POST {CONSUME} HTTP/1.1\r\nhost: bench\r\nauthorization: stafftoken {token}\r\n"
            'content-type: application/json\r\ncontent-length: 16\r\n\r\n{"key":"'
        ).encode()
        self._sent_at = 0.0
        self.code = ""

    def name(self, code: str) -> None:
        """One of six digits."""
        self._run.at_work += 1
        self.code = code
        self._sent_at = time.perf_counter()
        self._write(self._head + code.encode() + b'"}')

    def answered(self, answer: bytes) -> None:
        self._run.at_work -= 1
        self._run.answered(self, time.perf_counter() - self._sent_at, answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.fail(f"a connection was lost: {exc}")


async def main(plan: Plan) -> Found:
    run = Run(plan)
    gc.freeze()
    gc.disable()
    return await run.go()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(main(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(found))
