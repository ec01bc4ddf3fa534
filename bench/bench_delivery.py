"""How many callbacks a second, against a bare HTTP client? And what does a dead receiver cost the others?

The delivery's worker claims, signs, sends and notes callbacks of Hongxun orders, two to an order, each note on disk.
Beside it, in the same minutes, a bare aiohttp client with as many connections sends the same bodies to the same
server and notes nothing: first to one that answers at once, then to one that takes as long as a partner near by.
Then the worker delivers to OTHERS receivers while one more, with DEAD callbacks waiting,
refuses connections, or takes them and never answers; each round measures it with and without the dead one.

The worker, or the bare client, has one core; PostgreSQL and the receivers share the others.
"""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.deliver import BODIES, CONNECTIONS
from bench.goals import Answer, at_least, show_answers
from bench.ground import Ground, ground
from bench.hear import FAR_S
from bench.machine import ROOT, Cores, Machine, cores, machine
from bench.orders import DEMO
from bench.report import listed, publish, say_cores, say_machine, say_postgres
from bench.verified import verified
from crossdock.base.clock import SystemClock
from crossdock.base.seal import Seal, secret_key
from crossdock.db import version
from crossdock.db.database import Database
from crossdock.setup.apply import apply_file

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

WARM_S: Final = 1.0
"""Of every run; not counted."""
OTHERS: Final = 4
DEAD: Final = 100_000
"""Callbacks waiting for each dead receiver."""
PER_S_MAX: Final = 5_000
"""So many are made ready for each second of a run: more than one core can deliver."""
TINY_S: Final = 0.3
TINY_DEAD: Final = 300
STOP_S_MAX: Final = 30
QUIET_S: Final = 0.3
RATIO_MIN: Final = 0.5
"""Promised of the delivery against the bare client."""
SLOWED_MIN: Final = 0.9
"""Promised of the delivery beside a dead receiver against the delivery without it."""
ORDER_FIRST: Final = 2_408_020_360_000_001

LINE: Final = {
    "line_key": "10",
    "sku": "00131031",
    "quantity": 4,
    "lot": "L2407",
    "condition": "good",
    "partner_fields": {
        "customerLineNumber": "10",
        "customerProductCode": "00131031",
        "customerProductDescription": "测试手机 8GB",
        "quantity": 4,
        "unitWeight": "0.45",
        "ebeln": "4500012345",
        "ebelp": "00010",
    },
    "units": [],
    "plate": None,
}
FACTS: Final = {
    "type": "10",
    "batch": 1,
    "batches": 1,
    "ordered": 8,
    "received": 8,
    "lines": [LINE, LINE | {"line_key": "20"}],
    "site": "WH-GZ01",
    "sub_inventory": "OWN-A",
    "partner_fields": {"customerNumber": "RK", "documentType": "10", "inventoryCode": "WH-GZ01"},
}
RECEIVER: Final = """
INSERT INTO receiver (account_id, dialect, name, url, kinds, credential_id, settings, active)
SELECT account_id, dialect, %(name)s, %(url)s, '{}', id, '{"batch_callback": true}', false
  FROM credential WHERE dialect = 'hongxun' AND key = 'HXDEMO&DEMO_ERP'
RETURNING id
"""
OWE: Final = """
WITH happened AS (
    INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)
    SELECT 47, (ARRAY['inbound.received', 'inbound.closed'])[part], 'order:' || id, id, 'house', 'dock 1',
           %(facts)s::jsonb || jsonb_build_object('number', 'RK' || id), now(), now()
      FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(count)s / 2 - 1) AS id
     CROSS JOIN generate_series(1, 2) AS part
     ORDER BY id, part
    RETURNING id, account_id, order_id)
INSERT INTO callback (account_id, receiver_id, event_id, mailbox, due_at, created_at)
SELECT account_id, (%(receivers)s::bigint[])[1 + order_id %% cardinality(%(receivers)s::bigint[])], id,
       'order:' || order_id, now(), now()
  FROM happened ORDER BY id
"""


class Beside(Struct, frozen=True, kw_only=True):
    """Callbacks a second to the others, with one more receiver that is dead, and without it."""

    dead: str
    without: list[float]
    with_: list[float]

    @property
    def ratios(self) -> list[float]:
        return _ratios(self.with_, self.without)


class Against(Struct, frozen=True, kw_only=True):
    """Callbacks a second to one receiver, and what the bare client sent it."""

    answers_after_s: float
    connections: int
    ours: list[float]
    bare: list[float]

    @property
    def ratios(self) -> list[float]:
        return _ratios(self.ours, self.bare)


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    cores: Cores
    seconds: float
    waiting: int
    """For each dead receiver."""
    against: list[Against]
    beside: list[Beside]
    answers: list[Answer]


class WrongCount(Exception):
    """What was heard is not what is on record as delivered: nothing was measured."""


class RunFailed(Exception):
    """A process did not do what it was started for."""


class Bench:
    """One worker, switched from one set of receivers to another; whom it must not tell is inactive."""

    def __init__(self, place: Ground, var: Path, hearing: dict[str, Any], *, seconds: float, warm_s: float) -> None:
        self._ground = place
        self._var = var
        self._count_port = hearing["count"]
        self._seconds = seconds
        self._warm_s = warm_s
        self._order_next = ORDER_FIRST
        self.heard = 0
        """By the worker's doing."""

    def receiver(self, name: str, port: int) -> int:
        row = self._ground.conn.execute(
            RECEIVER.encode(), {"name": name, "url": f"http://127.0.0.1:{port}/hongxun"}
        ).fetchone()
        assert row is not None
        return int(row[0])

    def owe(self, receivers: list[int], count: int) -> None:
        """Until so many are waiting for them."""
        [(waiting,)] = self._ground.conn.execute(
            "SELECT count(*) FROM callback WHERE state = 'waiting' AND receiver_id = ANY (%s)", (receivers,)
        ).fetchall()
        missing = max(0, count - waiting)
        span = {"first": self._order_next, "count": missing, "receivers": receivers, "facts": json.dumps(FACTS)}
        self._ground.conn.execute(OWE.encode(), span)
        self._order_next += missing
        self._ground.conn.execute("VACUUM (ANALYZE) callback, event")

    def ours(self, receivers: list[int], dead: int | None = None) -> float:
        """Callbacks a second to `receivers`, while `dead` is served as well."""
        self.owe(receivers, int(PER_S_MAX * (self._warm_s + self._seconds)))
        self._ground.settle(cores().rest)
        before = self._heard()
        self._serve([*receivers, *([] if dead is None else [dead])])
        try:
            return self._rate()
        finally:
            self._serve([])
            self.heard += self._until_quiet() - before

    def bare(self, port: int) -> float:
        self._ground.settle(cores().rest)
        options = ["--url", self._ground.url, "--var", str(self._var), "--port", str(port)]
        with started("bare", *options, log=self._var / "bare.log"):
            rate = self._rate()
        self._until_quiet()
        return rate

    def delivered(self) -> int:
        [(count,)] = self._ground.conn.execute("SELECT count(*) FROM callback WHERE state = 'delivered'").fetchall()
        return int(count)

    def _rate(self) -> float:
        time.sleep(self._warm_s)
        began, before = time.perf_counter(), self._heard()
        time.sleep(self._seconds)
        count, seconds = self._heard() - before, time.perf_counter() - began
        if not count:
            raise RunFailed("nothing was delivered in the time measured: see the worker's log, take more --seconds")
        return count / seconds

    def _serve(self, receivers: list[int]) -> None:
        self._ground.conn.execute("UPDATE receiver SET active = id = ANY (%s)", (receivers,))
        self._ground.conn.execute("SELECT pg_notify('crossdock', 'callbacks')")

    def _until_quiet(self) -> int:
        heard = self._heard()
        while True:
            time.sleep(QUIET_S)
            again = self._heard()
            if again == heard:
                return heard
            heard = again

    def _heard(self) -> int:
        with socket.create_connection(("127.0.0.1", self._count_port)) as connection:
            return int(connection.makefile().read())


@contextmanager
def started(
    *options: str, log: Path, module: str = "bench.deliver", pinned: tuple[int, ...] | None = None
) -> Iterator[str]:
    """A process of the bench that has said its first line, which it is; stopped afterwards. Errors: RunFailed."""
    command = [sys.executable, "-m", module, *options]
    command += [piece for core in (cores().server if pinned is None else pinned) for piece in ("--core", str(core))]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, cwd=ROOT, text=True)
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        if not said:
            raise RunFailed(log.read_text())
        yield said
    finally:
        ended = process.poll() is not None
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_S_MAX)
        process.stdout.close()
        if ended:
            raise RunFailed(log.read_text())


@contextmanager
def refusing() -> Iterator[int]:
    """A port where nobody listens, kept from everybody else."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


def prepare(url: str, var: Path) -> None:
    """The demo's account and key; its own receiver is not told anything."""

    async def apply() -> None:
        async with Database(url, SystemClock(), connections=1) as database:
            await apply_file(DEMO, database=database, seal=Seal(secret_key(None, var)), environ={})

    version.upgrade(url)
    asyncio.run(apply())


def measure(*, rounds: int, seconds: float, warm_s: float, waiting: int) -> Report:
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        ground() as (place, var),
        refusing() as refusing_port,
        started("--ports", str(1 + OTHERS), module="bench.hear", pinned=cores().rest, log=var / "hear.log") as said,
    ):
        place.check_durable()
        prepare(place.url, var)
        hearing = json.loads(said)
        bench = Bench(place, var, hearing, seconds=seconds, warm_s=warm_s)
        one, *others = [bench.receiver(f"erp {port}", port) for port in hearing["ports"]]
        told = {
            0.0: (one, hearing["ports"][0]),
            FAR_S: (bench.receiver("far", hearing["far"]), hearing["far"]),
        }
        dead = {
            "refuses connections": bench.receiver("refusing", refusing_port),
            "never answers": bench.receiver("silent", hearing["silent"]),
        }
        task = progress.add_task("", total=rounds * 2 * (len(told) + len(dead)))
        bench.owe([one], 2 * BODIES)
        for receiver in dead.values():
            bench.owe([receiver], waiting)
        against: dict[float, tuple[list[float], list[float]]] = {after_s: ([], []) for after_s in told}
        taken: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in dead}
        with started("worker", "--url", place.url, "--var", str(var), log=var / "worker.log"):
            for number in range(rounds):
                turn = 1 if number % 2 == 0 else -1
                for after_s, (told_id, port) in told.items():
                    progress.update(task, description=f"against a bare client, answers after {after_s:g} s")
                    for bare in (0, 1)[::turn]:
                        against[after_s][bare].append(bench.bare(port) if bare else bench.ours([told_id]))
                        progress.advance(task)
                for name, receiver in dead.items():
                    progress.update(task, description=f"beside one that {name}")
                    for side in ((0, None), (1, receiver))[::turn]:
                        taken[name][side[0]].append(bench.ours(others, side[1]))
                        progress.advance(task)
        if bench.delivered() != bench.heard:
            raise WrongCount(f"heard {bench.heard}, delivered on record {bench.delivered()}")
        verified(place.url)
        told_of = [
            Against(answers_after_s=after_s, connections=CONNECTIONS, ours=ours, bare=bare)
            for after_s, (ours, bare) in against.items()
        ]
        served = [Beside(dead=name, without=without, with_=with_) for name, (without, with_) in taken.items()]
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            cores=cores(),
            seconds=seconds,
            waiting=waiting,
            against=told_of,
            beside=served,
            answers=list(_answers(told_of, served, waiting)),
        )


def _answers(against: Sequence[Against], beside: Sequence[Beside], waiting: int) -> Iterator[Answer]:
    for one in against:
        yield at_least(
            RATIO_MIN,
            f"callbacks to one that answers {_after(one)}, {one.connections} connections",
            one.ratios,
            by="ours / bare aiohttp loop, callbacks a second",
        )
    for other in beside:
        yield at_least(
            SLOWED_MIN,
            f"{waiting:,} wait for one that {other.dead}",
            other.ratios,
            by="with / without it, callbacks a second to others",
        )


def _after(one: Against) -> str:
    return f"after {1_000 * one.answers_after_s:g} ms" if one.answers_after_s else "at once"


def _ratios(ones: Sequence[float], others: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(ones, others, strict=True)]


def show(report: Report, out: Console) -> None:
    on = report.cores
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    say_cores(on, f"worker or client on core {listed(on.server)}, PostgreSQL and receivers on {listed(on.rest)}", out)
    rounds = len(report.against[0].ours)
    table = Table(caption=f"callbacks a second: medians of {rounds} rounds of {report.seconds:g} s")
    for title in ("measured", "beside it", "measured/s", "beside/s", "ratio"):
        table.add_column(title, justify="left" if title in ("measured", "beside it") else "right")
    for against in report.against:
        table.add_row(
            f"one receiver, {against.connections} connections, answers {_after(against)}",
            "bare aiohttp client",
            *_cells(against.ours, against.bare),
        )
    for one in report.beside:
        table.add_row(
            f"{OTHERS} receivers; one more {one.dead}, {report.waiting:,} waiting",
            "without it",
            *_cells(one.with_, one.without),
        )
    out.print(table)
    show_answers(report.answers, out)


def _cells(ours: Sequence[float], others: Sequence[float]) -> list[str]:
    return [f"{median(ours):,.0f}", f"{median(others):,.0f}", f"{median(_ratios(ours, others)):.2f}"]


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=0.1)] = 2.0,
    waiting: Annotated[int, typer.Option(min=2, help="Callbacks waiting for each dead receiver.")] = DEAD,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    report = (
        measure(rounds=1, seconds=TINY_S, warm_s=TINY_S, waiting=TINY_DEAD)
        if tiny
        else measure(rounds=rounds, seconds=seconds, warm_s=WARM_S, waiting=waiting)
    )
    publish(report, show, "delivery", results)


if __name__ == "__main__":
    app()
