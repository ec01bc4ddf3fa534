"""How many orders a second, against PostgreSQL told to write the same rows directly, and against the usual way?

Orders and packing reports come in over HTTP, signed, through the partners' calls. Beside it, in the same minutes and
in the same database, pgbench writes the same rows, each order in one statement that is its own transaction, and a
plain FastAPI endpoint (bench/naive.py) writes them with a statement for each row. All sides have as many connections,
and every answer means that the order is on disk. The servers have one core, PostgreSQL and the client share the
others; pgbench and its PostgreSQL may use them all. Then the server is asked at half of its highest rate.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import orders, pgbench
from bench.figures import Figures
from bench.goals import Answer, at_least, at_most, show_answers
from bench.ground import Ground, ground
from bench.load import plan_of
from bench.machine import ROOT, Cores, Machine, cores, machine, pin
from bench.report import listed, publish, say_cores, say_machine, say_postgres
from bench.verified import verified

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

WARM_S: Final = 0.5
"""Of every run; not counted."""
TINY_S: Final = 0.2
TINY_CONNECTIONS: Final = (1, 2)
"""Enough to see that it works, never enough to say how fast."""
MOST: Final = {"ovopark": 1.0, "birdsystem": 0.7, "hongxun": 0.7}
"""Of pgbench's orders a second at the most connections."""
LONE: Final = 0.6
"""Of pgbench's with one connection."""
NAIVE: Final = 4.0
P99: Final = 5.0
"""At half of the highest rate, as a multiple of the median of one connection."""
STOP_S_MAX: Final = 30
HEADINGS: Final = (
    "ours/s",
    "pgbench/s",
    "ratio",
    "from–to",
    "ours p50 / p99 ms",
    "pgbench p50 / p99 ms",
    "server busy",
)


class Round(Struct, frozen=True, kw_only=True):
    ours: Figures
    pgbench: Figures

    @property
    def ratio(self) -> float:
        return self.ours.per_s / self.pgbench.per_s


class NaiveRound(Struct, frozen=True, kw_only=True):
    ours: Figures
    naive: Figures


class Measured(Struct, frozen=True, kw_only=True):
    """One workload at one number of connections."""

    workload: str
    connections: int
    rounds: list[Round]
    bare: Figures
    """The same client against a handler that only answers the same bytes."""
    ratio: float
    """Median of the rounds' ratios: orders a second, ours by pgbench's."""


class Beside(Struct, frozen=True, kw_only=True):
    """What else was asked of one workload, at the most connections."""

    workload: str
    naive: list[NaiveRound]
    half_rate: float
    """Orders a second that were asked for: half of what the rounds came to."""
    half: list[Figures]


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    pgbench: str
    cores: Cores
    seconds: float
    rows_per_order: dict[str, dict[str, float]]
    """Workload -> table -> rows each order wrote, counted on both sides and found equal."""
    measured: list[Measured]
    beside: list[Beside]
    answers: list[Answer]


class RowsDiffer(Exception):
    """The two sides do not write the same."""


class RunFailed(Exception):
    """A process did not do what it was started for."""


class Server:
    """A process of bench.serve, answering on `port`."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.pid = process.pid
        self.port = port


class Bench:
    """Both sides of the question on one ground; each run has order numbers of its own."""

    def __init__(
        self, place: Ground, house: Server, usual: Server, var: Path, *, seconds: float, warm_s: float
    ) -> None:
        self._ground = place
        self._house = house
        self._usual = usual
        self._var = var
        self._seconds = seconds
        self._warm_s = warm_s
        self._number_next = orders.NUMBER_FIRST
        self._scripts: dict[str, str] = {}

    def check_rows(self, workload: orders.Workload) -> dict[str, float]:
        """Rows per order, by table, after both sides have run: it warms them up, too. Errors: RowsDiffer."""
        sides = []
        for run in (self.ours, self.pgbench, self.naive):
            before = self._ground.rows()
            run(workload, connections=2)
            written = {table: rows - before[table] for table, rows in self._ground.rows().items()}
            sides.append({table: float(rows / written[workload.table]) for table, rows in written.items()})
        if sides != [sides[0]] * len(sides):
            raise RowsDiffer(f"{workload.name}: ours {sides[0]}, pgbench {sides[1]}, naive {sides[2]}")
        self._ground.conn.execute("ANALYZE")
        return sides[0]

    def ours(self, workload: orders.Workload, *, connections: int) -> Figures:
        self._ground.settle(cores().rest)
        return self._ask(workload, connections, self._house)

    def pgbench(self, workload: orders.Workload, *, connections: int) -> Figures:
        if workload.name not in self._scripts:
            self._scripts[workload.name] = pgbench.script(self._ground.conn, workload)
        self._ground.settle(cores().all)
        return pgbench.run(
            self._ground.url,
            self._scripts[workload.name],
            clients=connections,
            warm_s=self._warm_s,
            seconds=self._seconds,
        )

    def naive(self, workload: orders.Workload, *, connections: int) -> Figures:
        self._ground.settle(cores().rest)
        return self._ask(workload, connections, self._usual)

    def at_rate(self, workload: orders.Workload, *, connections: int, rate: float) -> Figures:
        """Ours, asked so many times a second."""
        self._ground.settle(cores().rest)
        return self._ask(workload, connections, self._house, rate=rate)

    def naive_rounds(self, workload: orders.Workload, *, connections: int, count: int) -> Iterator[NaiveRound]:
        for _ in range(count):
            yield NaiveRound(
                ours=self.ours(workload, connections=connections),
                naive=self.naive(workload, connections=connections),
            )

    def bare(self, workload: orders.Workload, *, connections: int) -> Figures:
        """The client alone: nothing is placed."""
        answer = self._var / "answer"
        [request] = orders.requests(workload, first=self._number_next, count=1)
        self._number_next += 1
        answer.write_bytes(_answer(self._house.port, request))
        with serving("--bare", str(answer), log=self._var / "bare.log") as server:
            return self._ask(workload, connections, server, again=True)

    def rounds(self, workload: orders.Workload, *, connections: int, count: int) -> Iterator[Round]:
        """Pairs; which side goes first changes."""
        for number in range(count):
            first, second = (self.ours, self.pgbench) if number % 2 == 0 else (self.pgbench, self.ours)
            taken = {
                first: first(workload, connections=connections),
                second: second(workload, connections=connections),
            }
            yield Round(ours=taken[self.ours], pgbench=taken[self.pgbench])

    def _ask(
        self,
        workload: orders.Workload,
        connections: int,
        server: Server,
        *,
        again: bool = False,
        rate: float | None = None,
    ) -> Figures:
        plan = plan_of(
            workload,
            port=server.port,
            connections=connections,
            warm_s=self._warm_s,
            seconds=self._seconds,
            first=self._number_next,
            server_pid=server.pid,
            again=again,
            rate=rate,
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


@contextmanager
def serving(*options: str, log: Path, module: str = "bench.serve") -> Iterator[Server]:
    """The module with these options, on its core. Errors: RunFailed."""
    command = [sys.executable, "-m", module, *options]
    command += [piece for core in cores().server for piece in ("--core", str(core))]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, cwd=ROOT, text=True)
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        if not port:
            raise RunFailed(log.read_text())
        yield Server(process, int(port))
    finally:
        process.terminate()
        process.wait(STOP_S_MAX)
        process.stdout.close()


def measure(
    wanted: Sequence[orders.Workload], connections: Sequence[int], *, rounds: int, seconds: float, warm_s: float
) -> Report:
    """Errors: PgbenchMissing before anything is started, and those of the runs."""
    pgbench_version = pgbench.version()
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        ground() as (place, var),
        serving("--url", place.url, "--var", str(var), log=var / "server.log") as house,
        serving("--url", place.url, log=var / "naive.log", module="bench.naive") as usual,
    ):
        place.check_durable()
        place.stock_up()
        bench = Bench(place, house, usual, var, seconds=seconds, warm_s=warm_s)
        task = progress.add_task("", total=len(wanted) * (2 + len(connections)) * (rounds + 1))
        rows_per_order: dict[str, dict[str, float]] = {}
        measured: list[Measured] = []
        beside: list[Beside] = []
        for workload in wanted:
            progress.update(task, description=f"{workload.name}: rows")
            rows_per_order[workload.name] = bench.check_rows(workload)
            progress.advance(task)
            for number in connections:
                progress.update(task, description=f"{workload.name}: {number} connections")
                bare = bench.bare(workload, connections=number)
                progress.advance(task)
                taken = []
                for one in bench.rounds(workload, connections=number, count=rounds):
                    taken.append(one)
                    progress.advance(task)
                measured.append(_measured(workload, number, taken, bare))
            progress.update(task, description=f"{workload.name}: the usual way, and half the rate")
            beside.append(_beside(bench, workload, measured[-1], rounds))
            progress.advance(task, 2 * rounds)
        verified(place.url)
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            pgbench=pgbench_version,
            cores=cores(),
            seconds=seconds,
            rows_per_order=rows_per_order,
            measured=measured,
            beside=beside,
            answers=list(_answers(measured, beside)),
        )


def _beside(bench: Bench, workload: orders.Workload, most: Measured, rounds: int) -> Beside:
    many = most.connections
    rate = median(one.ours.per_s for one in most.rounds) / 2
    return Beside(
        workload=workload.name,
        naive=list(bench.naive_rounds(workload, connections=many, count=rounds)),
        half_rate=rate,
        half=[bench.at_rate(workload, connections=many, rate=rate) for _ in range(rounds)],
    )


def _answers(measured: Sequence[Measured], beside: Sequence[Beside]) -> Iterator[Answer]:
    for other in beside:
        name = other.workload
        if name not in MOST:
            continue
        few, *_, many = (one for one in measured if one.workload == name)
        rates = [one.ratio for one in many.rounds]
        yield at_least(
            MOST[name], f"{name}, {many.connections} connections", rates, by="ours / pgbench, calls a second"
        )
        rates = [one.ours.per_s / one.naive.per_s for one in other.naive]
        yield at_least(
            NAIVE, f"{name}, {many.connections} connections", rates, by="ours / plain FastAPI, calls a second"
        )
        rates = [one.ratio for one in few.rounds]
        yield at_least(LONE, f"{name}, one connection", rates, by="ours / pgbench, calls a second")
        lone_ms = median(one.ours.p50_ms for one in few.rounds)
        waits = [one.p99_ms / lone_ms for one in other.half]
        yield at_most(P99, f"{name}, at half the highest rate", waits, by="p99 / median of one connection")


def show(report: Report, out: Console) -> None:
    on = report.cores
    say_machine(report.machine, out)
    say_postgres(report.postgres, out, report.pgbench)
    where = f"server on core {listed(on.server)}, PostgreSQL and client on {listed(on.rest)}"
    say_cores(on, f"{where}; pgbench on {listed(on.all)}", out)
    for name, rows in report.rows_per_order.items():
        written = ", ".join(f"{table} {number:g}" for table, number in rows.items() if number)
        out.print(f"rows per order, both sides, {name}: {written}", markup=False)
    table = Table(caption=f"medians of {len(report.measured[0].rounds)} rounds of {report.seconds:g} s")
    for title in ("orders", "connections"):
        table.add_column(title)
    for title in (*HEADINGS, "bare"):
        table.add_column(title, justify="right")
    for one in report.measured:
        table.add_row(one.workload, str(one.connections), *_cells(one), f"{one.bare.per_s:,.0f}")
    out.print(table)
    show_answers(report.answers, out)
    out.print(
        "ratio: ours by pgbench's, median of the rounds; bare: the same client, answered by a handler that only"
    )
    out.print("sends the same bytes; server busy: share of its core")


def _cells(one: Measured) -> list[str]:
    ours, other = [taken.ours for taken in one.rounds], [taken.pgbench for taken in one.rounds]
    ratios = [taken.ratio for taken in one.rounds]
    busy = [figures.server_busy for figures in ours if figures.server_busy is not None]
    return [
        f"{median(figures.per_s for figures in ours):,.0f}",
        f"{median(figures.per_s for figures in other):,.0f}",
        f"{one.ratio:.2f}",
        f"{min(ratios):.2f}–{max(ratios):.2f}",
        _latencies(ours),
        _latencies(other),
        f"{median(busy):.0%}" if busy else "",
    ]


def _latencies(runs: Sequence[Figures]) -> str:
    return f"{median(run.p50_ms for run in runs):.2f} / {median(run.p99_ms for run in runs):.2f}"


def _measured(workload: orders.Workload, connections: int, rounds: list[Round], bare: Figures) -> Measured:
    return Measured(
        workload=workload.name,
        connections=connections,
        rounds=rounds,
        bare=bare,
        ratio=median(one.ratio for one in rounds),
    )


def _answer(port: int, request: bytes) -> bytes:
    """The body of one answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection)
        response.begin()
        return response.read()


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=0.1)] = 1.5,
    connections: Annotated[str, typer.Option(help="Numbers, comma-joined.")] = "1,16,64",
    only: Annotated[str | None, typer.Option(help="One kind of orders: " + "; ".join(orders.WORKLOADS))] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    wanted = [workload for name, workload in orders.WORKLOADS.items() if only in (None, name)]
    numbers = [int(number) for number in connections.split(",")]
    try:
        report = (
            measure(wanted, TINY_CONNECTIONS, rounds=1, seconds=TINY_S, warm_s=TINY_S)
            if tiny
            else measure(wanted, numbers, rounds=rounds, seconds=seconds, warm_s=WARM_S)
        )
    except pgbench.PgbenchMissing as error:
        raise SystemExit(str(error)) from error
    publish(report, show, "create", results)


if __name__ == "__main__":
    app()
