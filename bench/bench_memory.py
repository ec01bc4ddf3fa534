"""How much memory does the house take at rest, and how much more after a day's work?

`crossdock serve` is started as a user starts it, web, worker and broker in one process, and `crossdock serve
--no-work` beside `crossdock worker` as two. Each partner asks a few things, then all rest, and what Linux counts for
the processes (PSS; PostgreSQL's are not among them) is read. Then the house takes orders over HTTP and tells a
receiver of as many callbacks, rests, and is read again.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from bench import day, orders
from bench.bench_delivery import FACTS, OWE, started
from bench.goals import Answer, at_most, show_answers
from bench.ground import Ground, ground
from bench.house import answers, apply, crossdock, environment, megabytes, works
from bench.machine import ROOT, Machine, cores, machine
from bench.report import publish, say_machine, say_postgres
from bench.send import Plan, send
from bench.verified import verified

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

REST_MB_MAX: Final = 150.0
"""Promised of web and worker together."""
GROWTH_MAX: Final = 1.25
"""Promised of the same processes after ORDERS."""
ORDERS: Final = 100_000
TINY: Final = 300
REST_S: Final = 5.0
TINY_REST_S: Final = 1.0
CONNECTIONS: Final = 64
DELIVERED_S_MAX: Final = 300
LOOK_S: Final = 0.2
ORDER_FIRST: Final = 2_408_020_360_000_001
RECEIVER: Final = "UPDATE receiver SET url = %s WHERE dialect = 'hongxun' RETURNING id"


class NotDelivered(Exception):
    """Callbacks are waiting that the receiver should have heard."""


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    orders: int
    rest_s: float
    together_mb: list[float]
    """Web and worker in one process, at rest, one for each start."""
    apart_mb: list[float]
    """The same as two processes, added up."""
    orders_mb: float
    """After the orders, web and worker in one process."""
    callbacks_mb: float
    """After their callbacks as well."""
    answers: list[Answer]


class House:
    """One start of it; `pids` are its processes."""

    def __init__(self, port: int, pids: list[int]) -> None:
        self.port = port
        self._pids = pids

    def rest(self, seconds: float) -> float:
        """Megabytes when it has had so long to itself."""
        time.sleep(seconds)
        return megabytes(*self._pids)


@contextmanager
def together(environ: dict[str, str], var: Path) -> Iterator[House]:
    log, port = var / "serve.log", int(environ["CROSSDOCK_PORT"])
    with crossdock("serve", environ=environ, log=log) as pid:
        answers(pid, port, log)
        yield House(port, [pid])


@contextmanager
def apart(environ: dict[str, str], var: Path) -> Iterator[House]:
    logs, port = (var / "web.log", var / "worker.log"), int(environ["CROSSDOCK_PORT"])
    with (
        crossdock("serve", "--no-work", environ=environ, log=logs[0]) as web,
        crossdock("worker", environ=environ, log=logs[1]) as worker,
    ):
        answers(web, port, logs[0])
        works(worker, logs[1])
        yield House(port, [web, worker])


def order(port: int, count: int) -> None:
    """Half of them BirdSystem's, half Hongxun's. Errors: SendFailed."""
    first, half = 2 * orders.NUMBER_FIRST, count // 2
    ready = [
        *orders.requests(orders.WORKLOADS["birdsystem"], first=first, count=half),
        *orders.requests(orders.WORKLOADS["hongxun"], first=first, count=count - half),
    ]
    success = [orders.WORKLOADS[name].success.encode() for name in ("birdsystem", "hongxun")]
    send(Plan(ports=[port], connections=CONNECTIONS, requests=ready, success=success))


def tell(place: Ground, receiver: int, count: int) -> None:
    """So many callbacks, until all of them are heard. Errors: NotDelivered."""
    place.conn.execute(
        OWE.encode(), {"first": ORDER_FIRST, "count": count, "receivers": [receiver], "facts": json.dumps(FACTS)}
    )
    place.conn.execute("ANALYZE callback, event")
    place.conn.execute("SELECT pg_notify('crossdock', 'callbacks')")
    delivered(place)


def delivered(place: Ground) -> int:
    """Wait until all callbacks are: how many. Errors: NotDelivered."""
    until = time.monotonic() + DELIVERED_S_MAX
    while time.monotonic() < until:
        states: dict[str, int] = dict(
            place.conn.execute("SELECT state, count(*) FROM callback GROUP BY state").fetchall()
        )
        if states.keys() == {"delivered"}:
            return states["delivered"]
        time.sleep(LOOK_S)
    raise NotDelivered(str(states))


def measure(*, rounds: int, count: int, rest_s: float) -> Report:
    """Errors: HouseFailed, SendFailed, NotDelivered, Disagrees."""
    with (
        ground() as (place, var),
        started("--ports", "1", module="bench.hear", pinned=cores().rest, log=var / "hear.log") as said,
    ):
        place.check_durable()
        environ = environment(place.url, var)
        apply(environ)
        place.stock_up()
        hearing = json.loads(said)
        [(receiver,)] = place.conn.execute(RECEIVER, (f"http://127.0.0.1:{hearing['ports'][0]}/hongxun",)).fetchall()
        apart_mb, together_mb = [], []
        for number in range(rounds):
            with apart(environ, var) as house:
                day.ask(house.port, day.first(2 * number))
                apart_mb.append(house.rest(rest_s))
            with together(environ, var) as house:
                day.ask(house.port, day.first(2 * number + 1))
                together_mb.append(house.rest(rest_s))
                if number == rounds - 1:
                    before = _count(place)
                    order(house.port, count)
                    orders_mb = house.rest(rest_s)
                    if _count(place) - before != count:
                        raise NotDelivered(f"{count} orders sent, {_count(place) - before} on record")
                    verified(place.url)
                    tell(place, receiver, count)
                    if _heard(hearing["count"]) < count:
                        raise NotDelivered("the receiver heard fewer than are on record")
                    callbacks_mb = house.rest(rest_s)
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            orders=count,
            rest_s=rest_s,
            together_mb=together_mb,
            apart_mb=apart_mb,
            orders_mb=orders_mb,
            callbacks_mb=callbacks_mb,
            answers=[
                at_most(REST_MB_MAX, "memory at rest, web and worker in one", together_mb, by="megabytes (PSS)"),
                at_most(REST_MB_MAX, "memory at rest, web and worker as two", apart_mb, by="megabytes (PSS)"),
                at_most(
                    GROWTH_MAX,
                    f"memory after {count:,} orders and callbacks",
                    [callbacks_mb / together_mb[-1]],
                    by="then / at rest, megabytes",
                ),
            ],
        )


def _count(place: Ground) -> int:
    return place.rows()["orders"]


def _heard(port: int) -> int:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        return int(connection.makefile().read())


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    table = Table(caption=f"megabytes (PSS) without PostgreSQL, after {report.rest_s:g} s of rest")
    for title in ("processes", "when"):
        table.add_column(title)
    for title in ("megabytes", "from–to"):
        table.add_column(title, justify="right")
    for name, taken in (
        ("serve", report.together_mb),
        ("serve --no-work and worker", report.apart_mb),
    ):
        low, high = min(taken), max(taken)
        table.add_row(name, "at rest", f"{sorted(taken)[len(taken) // 2]:.1f}", f"{low:.1f}–{high:.1f}")
    table.add_row("serve", f"after {report.orders:,} orders", f"{report.orders_mb:.1f}", "")
    table.add_row("serve", f"and {report.orders:,} callbacks", f"{report.callbacks_mb:.1f}", "")
    out.print(table)
    show_answers(report.answers, out)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1, help="Starts of the house.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of rest before each reading.")] = REST_S,
    count: Annotated[int, typer.Option(min=100, help="Orders, and callbacks.")] = ORDERS,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    if tiny:
        rounds, seconds, count = 1, TINY_REST_S, TINY
    publish(measure(rounds=rounds, count=count, rest_s=seconds), show, "memory", results)


if __name__ == "__main__":
    app()
