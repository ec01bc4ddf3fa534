"""How many packing reports a second, each with its window? 10,000 a minute are promised.

Reports come in over HTTP through Ovopark's call, signed, of a hundred benches that pack one parcel after the other.
Every answer means that the report is on disk, held against its neighbours at the bench. The server has one core,
PostgreSQL and the client share the others.
"""

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from bench import orders
from bench.bench_create import RunFailed, serving
from bench.figures import Figures
from bench.ground import Ground, ground
from bench.load import Plan, plan_of
from bench.machine import ROOT, Cores, Machine, cores, machine, pin
from bench.report import publish, say_cores, say_machine, say_postgres

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

PROMISED_PER_S: Final = 10_000 / 60
WARM_S: Final = 0.5
TINY_S: Final = 0.2
TINY_CONNECTIONS: Final = (2,)


class RowsDiffer(Exception):
    """There are fewer reports on record than were answered, or one of them overlaps another."""


class Measured(Struct, frozen=True, kw_only=True):
    connections: int
    figures: Figures


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    cores: Cores
    seconds: float
    on_record: int
    measured: list[Measured]


def measure(connections: Sequence[int], *, seconds: float, warm_s: float) -> Report:
    """Errors: RunFailed, RowsDiffer."""
    measured: list[Measured] = []
    with (
        ground() as (place, var),
        serving("--url", place.url, "--var", str(var), log=var / "server.log") as house,
    ):
        place.check_durable()
        number = orders.NUMBER_FIRST
        for many in connections:
            place.settle(cores().rest)
            plan = plan_of(
                orders.PACKINGS,
                port=house.port,
                connections=many,
                warm_s=warm_s,
                seconds=seconds,
                first=number,
                server_pid=house.pid,
            )
            number += plan.count
            measured.append(Measured(connections=many, figures=_asked(plan)))
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            cores=cores(),
            seconds=seconds,
            on_record=_checked(place, sum(int(one.figures.per_s * seconds) for one in measured)),
            measured=measured,
        )


def _asked(plan: Plan) -> Figures:
    client = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    pin([client.pid], cores().rest)
    answer, _ = client.communicate(msgspec.json.encode(plan))
    if client.returncode != 0:
        raise RunFailed("the client's last words are above")
    return msgspec.json.decode(answer, type=Figures)


def _checked(place: Ground, answered: int) -> int:
    """Errors: RowsDiffer."""
    row = place.conn.execute(
        "SELECT count(*), count(*) FILTER (WHERE warnings ? 'window_overlaps') FROM packing"
    ).fetchone()
    assert row is not None
    if row[0] < answered or row[1]:
        raise RowsDiffer(f"{answered} answered, {row[0]} on record, {row[1]} overlap")
    return int(row[0])


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    say_cores(report.cores, "server on one core, PostgreSQL and client on the others", out)
    table = Table("connections", "reports/s", "a minute", "p50 ms", "p99 ms", "server busy", "10,000 a minute")
    for one in report.measured:
        figures = one.figures
        table.add_row(
            str(one.connections),
            f"{figures.per_s:,.0f}",
            f"{figures.per_s * 60:,.0f}",
            f"{figures.p50_ms:.1f}",
            f"{figures.p99_ms:.1f}",
            "" if figures.server_busy is None else f"{figures.server_busy:.0%}",
            "kept" if figures.per_s >= PROMISED_PER_S else "missed",
        )
    out.print(table)
    out.print(f"{report.on_record:,} reports on record, {report.seconds:g} s for each row.")


@app.command()
def main(
    seconds: Annotated[float, typer.Option(min=0.1)] = 3.0,
    connections: Annotated[str, typer.Option(help="Numbers, comma-joined.")] = "1,16,64",
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    numbers = TINY_CONNECTIONS if tiny else [int(number) for number in connections.split(",")]
    length: dict[str, float] = (
        {"seconds": TINY_S, "warm_s": TINY_S} if tiny else {"seconds": seconds, "warm_s": WARM_S}
    )
    publish(measure(numbers, **length), show, "packing", results)


if __name__ == "__main__":
    app()
