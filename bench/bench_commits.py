"""How many orders share a flush of the log, and is one lost that was answered when a process is killed?

The load of many connections is taken through the calls of three partners, and PostgreSQL's own count of flushes is
read before and after: what is on record by the flushes it took. Then orders come in, and in the middle of it the
postmaster is killed, or the server, by SIGKILL. What was killed is started again, and each order that was answered
with success must be on record, once, with its line, its reservation and its fact on the timeline.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Final, Literal

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import orders
from bench.acknowledged import Answered, Plan
from bench.bench_create import RunFailed, Server, serving
from bench.figures import Figures
from bench.goals import Answer, at_least, at_most, show_answers
from bench.ground import ACCOUNT, Ground, ground
from bench.load import plan_of
from bench.machine import ROOT, Cores, Machine, cores, machine, pin
from bench.report import publish, say_cores, say_machine, say_postgres
from bench.verified import verified

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

CONNECTIONS: Final = 64
KILLS: Final = 20
TINY_KILLS: Final = 2
TINY_CONNECTIONS: Final = 4
TINY_S: Final = 0.3
WARM_S: Final = 0.5
PER_FLUSH: Final = 12
"""Orders."""
WORKLOADS: Final = ("birdsystem", "hongxun", "ovopark")
COUNTED_S: Final = 1.1
"""A backend tells its counts at the end of a transaction, if it did not do so in the last second."""
COUNTING_S: Final = 0.2
"""So long orders are sent after COUNTED_S, that all who flushed tell of it; at either end of what is counted."""
NUMBER_FIRST: Final = orders.NUMBER_FIRST * 2
"""Of the orders that a kill comes in between."""
KILLED_S: Final = 1.5
"""The load around a kill."""
KILL_AFTER_S: Final = (0.1, 0.6)
"""From the first success."""
ORDERS_PER_S_MAX: Final = 6_000

Victim = Literal["postgres", "server"]


class Flushed(Struct, frozen=True, kw_only=True):
    workload: str
    figures: Figures
    on_record: int
    """Orders or reports written."""
    flushes: int

    @property
    def per_flush(self) -> float:
        return self.on_record / max(self.flushes, 1)


class Killed(Struct, frozen=True, kw_only=True):
    victim: Victim
    acknowledged: int
    """Orders answered with success: before the kill, and after the database was back."""
    unanswered: int
    """Sent, and not answered with success: on record or not."""
    lost: int
    """Acknowledged, and not on record once, with all that belongs to it."""


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    cores: Cores
    seconds: float
    connections: int
    flushed: list[Flushed]
    killed: list[Killed]
    acknowledged: int
    lost: int
    answers: list[Answer]


class Lost(Exception):
    """What is on record is not what was answered."""


class Flushing:
    """Counts what is written and how often the log is flushed for it."""

    def __init__(self, place: Ground, house: Server, *, connections: int, seconds: float, warm_s: float) -> None:
        self._ground = place
        self._house = house
        self._connections = connections
        self._seconds = seconds
        self._warm_s = warm_s
        self._number_next = orders.NUMBER_FIRST

    def rounds(self, workload: orders.Workload, count: int) -> Iterator[Flushed]:
        self._load(workload, self._seconds)
        written, flushes = self._counted(workload)
        for _ in range(count):
            figures = self._load(workload, self._seconds)
            written_now, flushes_now = self._counted(workload)
            yield Flushed(
                workload=workload.name,
                figures=figures,
                on_record=written_now - written,
                flushes=flushes_now - flushes,
            )
            written, flushes = written_now, flushes_now

    def _counted(self, workload: orders.Workload) -> tuple[int, int]:
        """Rows on record, and flushes of the log so far."""
        time.sleep(COUNTED_S)
        self._load(workload, COUNTING_S)
        found = self._ground.conn.execute(
            f"SELECT (SELECT count(*) FROM {workload.table}),"
            " (SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal' AND context = 'normal')".encode()
        ).fetchone()
        assert found is not None
        return int(found[0]), int(found[1])

    def _load(self, workload: orders.Workload, seconds: float) -> Figures:
        plan = plan_of(
            workload,
            port=self._house.port,
            connections=self._connections,
            warm_s=self._warm_s,
            seconds=seconds,
            first=self._number_next,
            server_pid=self._house.pid,
        )
        self._number_next += plan.count
        client = subprocess.Popen(
            [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        pin([client.pid], cores().rest)
        answer, _ = client.communicate(msgspec.json.encode(plan))
        if client.returncode != 0:
            raise RunFailed("the client's last words are above")
        return msgspec.json.decode(answer, type=Figures)


def kill_rounds(place: Ground, var: Path, *, connections: int, count: int) -> Iterator[Killed]:
    """By turns the postmaster and the server. Errors: RunFailed."""
    first, chance = NUMBER_FIRST, random.Random(count)
    for pair in range((count + 1) // 2):
        log = var / f"killed-{pair}.log"
        with serving("--url", place.url, "--var", str(var), log=log) as house:
            for victim in ("postgres", "server") if 2 * pair + 1 < count else ("postgres",):
                plan = Plan(
                    port=house.port,
                    connections=connections,
                    seconds=KILLED_S,
                    first=first,
                    count=int(ORDERS_PER_S_MAX * KILLED_S) + connections,
                )
                first += plan.count
                after_s = chance.uniform(*KILL_AFTER_S)
                answered = _through_a_kill(place, house, plan, victim, after_s)
                yield Killed(
                    victim=victim,
                    acknowledged=len(answered.acknowledged),
                    unanswered=answered.sent - len(answered.acknowledged),
                    lost=len(_lost(place, answered.acknowledged, plan)),
                )


def _through_a_kill(place: Ground, house: Server, plan: Plan, victim: Victim, after_s: float) -> Answered:
    client = subprocess.Popen(
        [sys.executable, "-m", "bench.acknowledged"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert client.stdin is not None
    assert client.stdout is not None
    pin([client.pid], cores().rest)
    client.stdin.write(msgspec.json.encode(plan))
    client.stdin.close()
    if not client.stdout.readline():
        raise RunFailed("nothing was answered before the kill")
    time.sleep(after_s)
    if victim == "postgres":
        place.kill()
        place.start_again()
    else:
        os.kill(house.pid, signal.SIGKILL)
    answer = client.stdout.read()
    if client.wait() != 0:
        raise RunFailed("the client's last words are above")
    return msgspec.json.decode(answer, type=Answered)


def _lost(place: Ground, acknowledged: list[int], plan: Plan) -> set[int]:
    found = place.conn.execute(
        """
SELECT o.number::bigint FROM orders o
 WHERE o.account_id = %(account)s AND o.kind = 'outbound' AND o.number = ANY (%(numbers)s::text[])
   AND 1 = (SELECT count(*) FROM order_line l WHERE l.account_id = o.account_id AND l.order_id = o.id)
   AND 1 = (SELECT count(*) FROM stock_move m WHERE m.account_id = o.account_id AND m.order_id = o.id)
   AND 1 = (SELECT count(*) FROM event e
             WHERE e.account_id = o.account_id AND e.order_id = o.id AND e.kind = 'order.placed')
""",
        {"account": ACCOUNT, "numbers": [f"{number:016d}" for number in acknowledged]},
    ).fetchall()
    on_record = Counter(number for (number,) in found)
    return {number for number in acknowledged if on_record[number] != 1}


def measure(*, connections: int, rounds: int, kills: int, seconds: float, warm_s: float) -> Report:
    """Errors: Lost, and those of the runs."""
    flushed: list[Flushed] = []
    killed: list[Killed] = []
    with Progress(console=Console(stderr=True), transient=True) as progress, ground() as (place, var):
        place.check_durable()
        task = progress.add_task("", total=len(WORKLOADS) * rounds + kills)
        with serving("--url", place.url, "--var", str(var), log=var / "server.log") as house:
            place.stock_up()
            flushing = Flushing(place, house, connections=connections, seconds=seconds, warm_s=warm_s)
            for name in WORKLOADS:
                progress.update(task, description=f"{name}: flushes")
                for one in flushing.rounds(orders.WORKLOADS[name], rounds):
                    flushed.append(one)
                    progress.advance(task)
        progress.update(task, description="kill -9")
        for round_ in kill_rounds(place, var, connections=connections, count=kills):
            killed.append(round_)
            progress.advance(task)
        lost = sum(one.lost for one in killed)
        if lost:
            raise Lost(f"{lost} acknowledged orders are lost")
        verified(place.url)
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            cores=cores(),
            seconds=seconds,
            connections=connections,
            flushed=flushed,
            killed=killed,
            acknowledged=sum(one.acknowledged for one in killed),
            lost=lost,
            answers=list(_answers(connections, flushed, killed)),
        )


def _answers(connections: int, flushed: list[Flushed], killed: list[Killed]) -> Iterator[Answer]:
    for name in WORKLOADS:
        ratios = [one.per_flush for one in flushed if one.workload == name]
        yield at_least(PER_FLUSH, f"{name}, {connections} connections", ratios, by="on record / flushes of the log")
    lost = [one.lost / one.acknowledged for one in killed]
    yield at_most(0, f"kill -9 under load, {len(killed)} times", lost, by="lost / acknowledged orders")


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    say_cores(report.cores, "server on one core, PostgreSQL and client on the others", out)
    table = Table(caption=f"{report.connections} connections, medians of rounds of {report.seconds:g} s")
    table.add_column("orders")
    for title in ("a second", "p50 ms", "p99 ms", "flushes", "orders a flush"):
        table.add_column(title, justify="right")
    for name in WORKLOADS:
        rounds = [one for one in report.flushed if one.workload == name]
        table.add_row(
            name,
            f"{median(one.figures.per_s for one in rounds):,.0f}",
            f"{median(one.figures.p50_ms for one in rounds):.1f}",
            f"{median(one.figures.p99_ms for one in rounds):.1f}",
            f"{median(one.flushes for one in rounds):,.0f}",
            f"{median(one.per_flush for one in rounds):.1f}",
        )
    out.print(table)
    for victim, name in (("postgres", "the postmaster"), ("server", "the server")):
        rounds_of = [one for one in report.killed if one.victim == victim]
        out.print(
            f"{name} killed {len(rounds_of)} times:"
            f" {sum(one.acknowledged for one in rounds_of):,} orders acknowledged,"
            f" {sum(one.unanswered for one in rounds_of):,} not, {sum(one.lost for one in rounds_of)} lost"
        )
    out.print(f"{report.acknowledged:,} acknowledged, {report.lost} lost, and `crossdock verify` finds nothing")
    show_answers(report.answers, out)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=0.1)] = 1.0,
    connections: Annotated[int, typer.Option(min=1)] = CONNECTIONS,
    kills: Annotated[int, typer.Option(min=1)] = KILLS,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    report = (
        measure(connections=TINY_CONNECTIONS, rounds=1, kills=TINY_KILLS, seconds=TINY_S, warm_s=TINY_S)
        if tiny
        else measure(connections=connections, rounds=rounds, kills=kills, seconds=seconds, warm_s=WARM_S)
    )
    publish(report, show, "commits", results)


if __name__ == "__main__":
    app()
