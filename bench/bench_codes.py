"""How fast is a pick-up code used, by many clerks on many codes and by all of them on one, against PostgreSQL alone?

Clerks of one shop name codes over HTTP, through Heidian's call: each one code after the other that nobody else has,
and then each code as often as there are clerks, of whom one gets the parcel. Beside it, in the same minutes and in
the same database, pgbench does the same UPDATE and writes the same rows, in one statement that is its own
transaction, with as many clients. The server has one core, PostgreSQL and the clerks share the others; pgbench and
its PostgreSQL may use them all. Then all clerks name one code at the same moment, round after round, while it is
looked at who waits for a lock in PostgreSQL, and how old the transaction is that holds it. Clients of pgbench, who
wait at a gate until it opens for all of them, show how long that takes without us.
"""

import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
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

from bench import counters, pgbench
from bench.bench_create import RowsDiffer, RunFailed, Server, serving
from bench.codes import Found, Plan
from bench.figures import Figures
from bench.goals import Answer, at_least, at_most, show_answers
from bench.ground import Ground, ground
from bench.locks import Waits, Watch
from bench.machine import ROOT, Cores, Machine, cores, machine, pin
from bench.report import listed, publish, say_cores, say_machine, say_postgres
from bench.verified import verified

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

CLERKS: Final = 64
WARM_S: Final = 0.5
TINY_S: Final = 0.3
TINY_CLERKS: Final = 4
SAME: Final = 1.0
"""What is asked of either ratio."""
OURS_PER_S_MAX: Final = 6_000
"""Codes made ready for each second: more than one core can use."""
PGBENCH_PER_S_MAX: Final = 15_000
PGBENCH_OVER_S: Final = 1.5
"""pgbench runs for whole seconds, and is told to go on for a moment longer."""

RACES: Final = 40
"""Of pgbench in a round."""
RACES_WARM: Final = 10
"""The first of them, not counted: by then each client has its plan."""
GATE_S_MAX: Final = 30
GATE_PAUSE_S: Final = 0.02
"""Longer than a race: who looks at the gate must not be in its way."""

Mode = Literal["own", "shared"]
MODES: Final[tuple[Mode, ...]] = ("own", "shared")


class Round(Struct, frozen=True, kw_only=True):
    """Calls a second: in `shared` mode the losers' too."""

    ours: Figures
    pgbench: Figures

    @property
    def ratio(self) -> float:
        return self.ours.per_s / self.pgbench.per_s


class Raced(Struct, frozen=True, kw_only=True):
    """All clerks on one code at the same moment, for one round's time."""

    codes: int
    winner_ms: float
    """Median, as the winner's connection sees it."""
    slowest_ms: float
    """Until the last loser had its answer, median."""
    pgbench_ms: float
    """Until the last of as many clients of pgbench had its answer who did the same UPDATE at one moment, median."""
    waits: Waits

    @property
    def ratio(self) -> float:
        return self.pgbench_ms / self.slowest_ms


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    pgbench: str
    cores: Cores
    seconds: float
    clerks: int
    rows_per_code: dict[str, float]
    """Table -> rows each use wrote, counted on both sides and found equal."""
    own: list[Round]
    shared: list[Round]
    raced: list[Raced]
    used: int
    """Codes that clerks were told to have used: each was told one of them, and is on record."""
    answers: list[Answer]


class NotOnce(Exception):
    """A code was given to nobody, or to two, or what is on record disagrees with itself."""


class Bench:
    """Both sides of the question on one ground, each with codes of its own shop."""

    def __init__(self, place: Ground, house: Server, *, clerks: int, seconds: float, warm_s: float) -> None:
        self._ground = place
        self._house = house
        self._tokens = counters.hire(place.conn, clerks)
        self._seconds = seconds
        self._warm_s = warm_s
        self._ready: deque[str] = deque()
        self._filled = {counters.OURS: 0, counters.PGBENCH: 0}
        self.used: list[str] = []

    def check_rows(self) -> dict[str, float]:
        """Rows per code, by table, after both sides have run: it warms them up, too. Errors: RowsDiffer."""
        sides = []
        for run in (self.ours, self.pgbench):
            before = counters.rows(self._ground.conn)
            run("own")
            written = {name: count - before[name] for name, count in counters.rows(self._ground.conn).items()}
            sides.append({name: count / written["codes used"] for name, count in written.items()})
        if sides[0] != sides[1]:
            raise RowsDiffer(f"ours {sides[0]}, pgbench {sides[1]}")
        self._ground.conn.execute("VACUUM (ANALYZE) orders, handover, event, staff_action")
        return sides[0]

    def ours(self, mode: Mode) -> Figures:
        return self._ask(mode).figures

    def race(self) -> Raced:
        """Errors: NotOnce."""
        with Watch(self._ground.url) as watch:
            races = self._ask("race").races
        if any(race.winners != 1 for race in races):
            raise NotOnce(f"winners of one code: {sorted({race.winners for race in races})}")
        return Raced(
            codes=len(races),
            winner_ms=median(race.winner_ms for race in races),
            slowest_ms=median(race.slowest_ms for race in races),
            pgbench_ms=median(self._pgbench_race()),
            waits=watch.waits,
        )

    def pgbench(self, mode: Mode) -> Figures:
        """Errors: RunFailed where it ran out of codes."""
        conn, names = self._ground.conn, len(self._tokens) if mode == "shared" else 1
        text = counters.script(conn, names=names)
        first = self._filled[counters.PGBENCH]
        count = int(PGBENCH_PER_S_MAX * (self._warm_s + self._seconds + PGBENCH_OVER_S)) // names + 1
        counters.fill(conn, counters.PGBENCH, first=first, count=count)
        counters.begin_at(conn, first * names)
        self._ground.settle(cores().all)
        found = pgbench.run(
            self._ground.url, text, clients=len(self._tokens), warm_s=self._warm_s, seconds=self._seconds
        )
        self._filled[counters.PGBENCH] = -(-counters.calls(conn) // names)
        if self._filled[counters.PGBENCH] > first + count:
            raise RunFailed("pgbench used up all codes that were made ready")
        counters.close(conn, counters.PGBENCH, first=self._filled[counters.PGBENCH])
        return found

    def _pgbench_race(self) -> Iterator[float]:
        """Milliseconds of each race, from when its gate was opened."""
        conn, clients, first = self._ground.conn, len(self._tokens), self._filled[counters.PGBENCH]
        counters.fill(conn, counters.PGBENCH, first=first, count=RACES)
        self._filled[counters.PGBENCH] += RACES
        text = counters.race_script(conn)
        self._ground.settle(cores().all)
        counters.shut_gate(conn, first)
        opened = []
        with pgbench.Lockstep.going(
            self._ground.url, text, clients=clients, times=RACES, define=f"code={first}"
        ) as lockstep:
            for number in range(first, first + RACES):
                until = time.monotonic() + GATE_S_MAX
                while counters.at_gate(conn, number) < clients:
                    if time.monotonic() > until:
                        raise RunFailed("pgbench's clients do not come to the gate")
                    time.sleep(GATE_PAUSE_S)
                counters.shut_gate(conn, number + 1)
                opened.append(time.time())
                counters.open_gate(conn, number)
            ends = lockstep.ends()
        counters.open_gate(conn, first + RACES)
        for began, ended in zip(opened[RACES_WARM:], ends[RACES_WARM:], strict=True):
            yield (ended - began) * 1_000

    def rounds(self, mode: Mode, count: int) -> list[Round]:
        """Pairs; which side goes first changes."""
        taken = []
        for number in range(count):
            first, second = (self.ours, self.pgbench) if number % 2 == 0 else (self.pgbench, self.ours)
            figures = {first: first(mode), second: second(mode)}
            taken.append(Round(ours=figures[self.ours], pgbench=figures[self.pgbench]))
        return taken

    def check(self) -> int:
        """How many codes were used, each once, and nothing on record disagrees. Errors: NotOnce, Disagrees."""
        answered = set(self.used)
        if len(answered) != len(self.used):
            raise NotOnce(f"{len(self.used)} were told to have used one of {len(answered)} codes")
        on_record = counters.used_once(self._ground.conn, counters.OURS)
        if on_record != answered:
            raise NotOnce(f"{len(answered)} codes answered, {len(on_record)} used once on record")
        verified(self._ground.url)
        return len(answered)

    def _ask(self, mode: Literal["own", "shared", "race"]) -> Found:
        names = len(self._tokens) if mode == "shared" else 1
        wanted = int(OURS_PER_S_MAX * (self._warm_s + self._seconds)) // names + len(self._tokens)
        short = wanted - len(self._ready)
        if short > 0:
            conn, first = self._ground.conn, self._filled[counters.OURS]
            self._ready += counters.fill(conn, counters.OURS, first=first, count=short)
            self._filled[counters.OURS] += short
        self._ground.settle(cores().rest)
        plan = Plan(
            mode=mode,
            port=self._house.port,
            server_pid=self._house.pid,
            tokens=self._tokens,
            codes=list(self._ready),
            warm_s=self._warm_s,
            seconds=self._seconds,
        )
        client = subprocess.Popen(
            [sys.executable, "-m", "bench.codes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        pin([client.pid], cores().rest)
        answer, _ = client.communicate(msgspec.json.encode(plan))
        if client.returncode != 0:
            raise RunFailed("the clerks' last words are above")
        found = msgspec.json.decode(answer, type=Found)
        gone = set(found.used)
        self._ready = deque(code for code in self._ready if code not in gone)
        self.used += found.used
        return found


def measure(*, clerks: int, rounds: int, seconds: float, warm_s: float) -> Report:
    """Errors: PgbenchMissing before anything is started, and those of the runs."""
    pgbench_version = pgbench.version()
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        ground() as (place, var),
        serving("--url", place.url, "--var", str(var), log=var / "server.log") as house,
    ):
        place.check_durable()
        task = progress.add_task("rows", total=5)
        bench = Bench(place, house, clerks=clerks, seconds=seconds, warm_s=warm_s)
        rows_per_code = bench.check_rows()
        taken: dict[Mode, list[Round]] = {}
        for mode in MODES:
            progress.update(task, description=f"codes: {mode}", advance=1)
            taken[mode] = bench.rounds(mode, rounds)
        progress.update(task, description="all on one code", advance=1)
        raced = [bench.race() for _ in range(rounds)]
        progress.update(task, description="verify", advance=1)
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            pgbench=pgbench_version,
            cores=cores(),
            seconds=seconds,
            clerks=clerks,
            rows_per_code=rows_per_code,
            own=taken["own"],
            shared=taken["shared"],
            raced=raced,
            used=bench.check(),
            answers=_answers(clerks, taken, raced),
        )


def _answers(clerks: int, taken: dict[Mode, list[Round]], raced: Sequence[Raced]) -> list[Answer]:
    by = "ours / pgbench, calls a second"
    return [
        at_least(SAME, f"{clerks} clerks, each on codes of its own", [one.ratio for one in taken["own"]], by=by),
        at_least(SAME, f"{clerks} clerks on one code after the other", [one.ratio for one in taken["shared"]], by=by),
        at_least(
            SAME,
            f"{clerks} clerks on one code at one moment",
            [one.ratio for one in raced],
            by="pgbench / ours, until the last is answered",
        ),
        at_most(
            SAME,
            f"{clerks} clerks on one code, longest wait for a lock",
            [one.waits.share for one in raced],
            by="wait / the transaction that holds it",
        ),
    ]


def show(report: Report, out: Console) -> None:
    on = report.cores
    say_machine(report.machine, out)
    say_postgres(report.postgres, out, report.pgbench)
    where = f"server on core {listed(on.server)}, PostgreSQL and clerks on {listed(on.rest)}"
    say_cores(on, f"{where}; pgbench on {listed(on.all)}", out)
    written = ", ".join(f"{name} {number:g}" for name, number in report.rows_per_code.items() if number)
    out.print(f"rows per code, both sides: {written}", markup=False)
    table = Table(caption=f"{report.clerks} clerks, medians of {len(report.own)} rounds of {report.seconds:g} s")
    table.add_column("codes")
    for title in ("ours/s", "pgbench/s", "ours p50 / p99 ms", "pgbench p50 / p99 ms", "server busy"):
        table.add_column(title, justify="right")
    for name, rounds in (("of one's own", report.own), ("named by all", report.shared)):
        ours, other = [one.ours for one in rounds], [one.pgbench for one in rounds]
        busy = [figures.server_busy for figures in ours if figures.server_busy is not None]
        table.add_row(
            name,
            f"{median(figures.per_s for figures in ours):,.0f}",
            f"{median(figures.per_s for figures in other):,.0f}",
            _latencies(ours),
            _latencies(other),
            f"{median(busy):.0%}" if busy else "",
        )
    out.print(table)
    raced = report.raced
    out.print(
        f"all at once on one code, {sum(one.codes for one in raced):,} codes, one winner each: the winner is answered"
        f" after {median(one.winner_ms for one in raced):.1f} ms, the last loser after"
        f" {median(one.slowest_ms for one in raced):.1f} ms, the last of pgbench's after"
        f" {median(one.pgbench_ms for one in raced):.1f} ms;"
    )
    out.print(
        f"{sum(one.waits.seen for one in raced):,} waits for a lock in"
        f" {sum(one.waits.looks for one in raced):,} looks,"
        f" the longest {max(one.waits.longest_ms for one in raced):.1f} ms"
    )
    out.print(f"{report.used:,} codes used, each by one clerk, and `crossdock verify` finds nothing")
    show_answers(report.answers, out)


def _latencies(runs: Sequence[Figures]) -> str:
    return f"{median(run.p50_ms for run in runs):.2f} / {median(run.p99_ms for run in runs):.2f}"


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=0.1)] = 1.5,
    clerks: Annotated[int, typer.Option(min=2)] = CLERKS,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    try:
        report = (
            measure(clerks=TINY_CLERKS, rounds=1, seconds=TINY_S, warm_s=TINY_S)
            if tiny
            else measure(clerks=clerks, rounds=rounds, seconds=seconds, warm_s=WARM_S)
        )
    except pgbench.PgbenchMissing as error:
        raise SystemExit(str(error)) from error
    publish(report, show, "codes", results)


if __name__ == "__main__":
    app()
