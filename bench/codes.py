"""Clerks at the counters of many shops, who use up pick-up codes over HTTP: a process of its own.

A plan comes in as JSON on standard input, what was found goes out as JSON. Each clerk has a connection and a token.
In `own` mode each takes one code after the other that nobody else has. In `shared` mode each code is named as often
as there are clerks, by whoever is free. In `race` mode all name the same code at once, round after round: the next
code is named when the last of them has an answer.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator
from typing import Literal, cast

import msgspec
import uvloop
from msgspec import Struct

from bench.figures import Figures, figures
from bench.load import HEAD_END, LENGTH, OK
from bench.machine import cpu_s

CONSUME = "/api/orders/pick_up_code/consume/"
USED = b'"key_used"'
"""In the answer to a clerk who names a code that was used."""


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
        self.plan = plan
        times = len(plan.tokens) if plan.mode == "shared" else 1
        self.codes: Iterator[str] = (code for code in plan.codes for _ in range(times))
        self.used: list[str] = []
        self.latencies_s: list[float] = []
        self.races: list[Race] = []
        self.counting = False
        self.sending = True

    async def go(self) -> Found:
        plan, loop = self.plan, asyncio.get_running_loop()
        clerks = [
            (await loop.create_connection(lambda token=token: Clerk(token), "127.0.0.1", plan.port))[1]  # type: ignore[misc]
            for token in plan.tokens
        ]
        if plan.mode != "race":
            work = [asyncio.create_task(self._own(clerk)) for clerk in clerks]
        else:
            work = [asyncio.create_task(self._race(clerks))]
        await self._for(plan.warm_s, work)
        began, cpu_before = time.perf_counter(), cpu_s(plan.server_pid)
        self.counting = True
        await self._for(plan.seconds, work)
        self.counting = self.sending = False
        seconds, cpu_after = time.perf_counter() - began, cpu_s(plan.server_pid)
        await asyncio.gather(*work)
        busy = None if cpu_before is None or cpu_after is None else (cpu_after - cpu_before) / seconds
        return Found(
            figures=figures(self.latencies_s, seconds=seconds, server_busy=busy), used=self.used, races=self.races
        )

    async def _for(self, seconds: float, work: list[asyncio.Task[None]]) -> None:
        done, _ = await asyncio.wait(work, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
            raise WrongAnswer("all codes that were made ready are used up")

    async def _own(self, clerk: "Clerk") -> None:
        while self.sending:
            code = next(self.codes, None)
            if code is None:
                return
            taken_s, answer = await clerk.name(code)
            if answer.startswith(OK):
                self.used.append(code)
            elif self.plan.mode == "own" or USED not in answer:
                raise WrongAnswer(answer.decode(errors="replace"))
            if self.counting:
                self.latencies_s.append(taken_s)

    async def _race(self, clerks: list["Clerk"]) -> None:
        while self.sending:
            code = next(self.codes, None)
            if code is None:
                return
            answers = await asyncio.gather(*[clerk.name(code) for clerk in clerks])
            won = [taken_s for taken_s, answer in answers if answer.startswith(OK)]
            lost = [taken_s for taken_s, answer in answers if USED in answer]
            if len(won) + len(lost) != len(clerks):
                raise WrongAnswer(b"\n".join(answer for _, answer in answers).decode(errors="replace"))
            self.used += [code] * len(won)
            if self.counting:
                self.latencies_s += won
                self.races.append(
                    Race(
                        winners=len(won),
                        winner_ms=max(won, default=0) * 1_000,
                        slowest_ms=max(lost, default=0) * 1_000,
                    )
                )


class Clerk(asyncio.Protocol):
    def __init__(self, token: str) -> None:
        self._head = (
            f"POST {CONSUME} HTTP/1.1\r\nhost: bench\r\nauthorization: stafftoken {token}\r\n"
            "content-type: application/json\r\ncontent-length: "
        )
        self._received = b""
        self._answered: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.WriteTransport, transport).write

    async def name(self, code: str) -> tuple[float, bytes]:
        """Seconds, and the answer."""
        body = json.dumps({"key": code})
        self._answered = asyncio.get_running_loop().create_future()
        sent_at = time.perf_counter()
        self._write(f"{self._head}{len(body)}\r\n\r\n{body}".encode())
        answer = await self._answered
        return time.perf_counter() - sent_at, answer

    def data_received(self, data: bytes) -> None:
        data = self._received + data
        head_end = data.find(HEAD_END)
        length_at = data.find(LENGTH, 0, head_end)
        complete = head_end >= 0 and length_at >= 0
        if complete:
            length = int(data[length_at + len(LENGTH) : data.index(b"\r", length_at)])
            complete = len(data) >= head_end + len(HEAD_END) + length
        self._received = b"" if complete else data
        if complete and self._answered is not None:
            self._answered.set_result(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(WrongAnswer(f"a connection was lost: {exc}"))


async def main(plan: Plan) -> Found:
    run = Run(plan)
    gc.freeze()
    gc.disable()
    return await run.go()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(main(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(found))
