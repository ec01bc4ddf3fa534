"""Does a list cost the same when there are a hundred times as many orders?

An ERP asks BirdSystem's list of consignments over HTTP, one call after the other on one connection: the page of the
manual (`status=FINISHED&start=0&limit=50`), a poll by update time that finds the same hundred orders in both sizes,
and a page far behind. Each is asked with few orders and with many; beside it the bare statement that reads the same
page, on a connection of its own.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import psycopg
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.bench_create import Server, serving
from bench.ground import Ground, ground
from bench.machine import ROOT, Cores, Machine, cores, machine
from bench.report import publish, say_machine
from crossdock.core.orders.sql import ORDER

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

FEW: Final = 10_000
MANY: Final = 1_000_000
TINY: Final = (300, 900)
CHUNK: Final = 100_000
CALLS_MIN: Final = 2
"""Of one question in one round, however short it is."""
TINY_S: Final = 0.01
WARM: Final = 20
"""Calls before, not counted: by then each connection of the server has its statements prepared."""
POLLED: Final = 100
"""Orders that changed lately, in both sizes."""
PAGE: Final = 50
DEEP: Final = 0.75
"""How far behind, as a share of all orders."""
KEY: Final = {"api_key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "company_id": "36"}
FINISHED: Final = ["shipped", "delivered", "returned"]
WIDEST: Final = 1.5
"""What the first two questions may cost with many orders, as a multiple of what they cost with few."""

ORDERS: Final = """
INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, service_id, recipient, token,
                    pieces, created_at, updated_at, finished_at)
SELECT id, 47, 36, 'outbound', id::text, 'birdsystem', CASE WHEN id %% 10 = 0 THEN 'DIRECT' ELSE 'LOCAL' END,
       CASE WHEN id %% 50 = 0 THEN 'allocated' WHEN id %% 3 = 0 THEN 'delivered' ELSE 'shipped' END, 5217,
       '{"contact": "Alex Sample", "country_iso": "GB", "post_code": "PR9 0ZZ"}', md5(id::text), 1,
       at, CASE WHEN id > %(newest)s::bigint THEN now() - interval '10 minutes' ELSE at END, at
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS id
 CROSS JOIN LATERAL (SELECT now() - interval '1 day' - (%(top)s::bigint - id) * interval '20 seconds' AS at) written
"""
LINES: Final = """
INSERT INTO order_line (account_id, order_id, line_no, line_key, product_id, sku, quantity, done)
SELECT 47, id, 1, '1', 2989068, '00131031', 1, 1 FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS id
"""
OWN: Final = "account_id = 47 AND company_id = 36 AND dialect = 'birdsystem' AND kind = ANY ('{outbound,return}')"


class Question(Struct, frozen=True, kw_only=True):
    name: str
    query: dict[str, Any]
    bare: str
    """The page's statement, with %(since)s, %(start)s and %(states)s."""
    start: int = 0
    found: int | None = None
    """How many orders it finds, where that is known."""


class Measured(Struct, frozen=True, kw_only=True):
    """Milliseconds: the median of the rounds' medians."""

    question: str
    orders: int
    ours_ms: float
    bare_ms: float


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    cores: Cores
    seconds: float
    rounds: int
    measured: list[Measured]


class WrongAnswer(Exception):
    """A list did not say what is on record: nothing was measured."""


def questions(count: int, since: datetime) -> list[Question]:
    shanghai = since.astimezone().isoformat(timespec="seconds")
    changed = [{"type": "date", "comparison": "gt", "value": shanghai, "field": "update_time"}]
    by_time = [{"property": "update_time", "direction": "ASC"}]
    page = f"SELECT {ORDER} FROM orders WHERE {OWN}"
    deep = int(count * DEEP)
    return [
        Question(
            name="finished",
            query={"status": "FINISHED", "start": 0, "limit": PAGE},
            bare=f"{page} AND state = ANY (%(states)s) ORDER BY id OFFSET %(start)s LIMIT {PAGE}",
        ),
        Question(
            name="poll",
            query={"filter": json.dumps(changed), "sort": json.dumps(by_time), "limit": PAGE},
            bare=f"{page} AND updated_at >= %(since)s ORDER BY updated_at, id OFFSET %(start)s LIMIT {PAGE}",
            found=POLLED,
        ),
        Question(
            name="deep page",
            query={"status": "FINISHED", "start": deep, "limit": PAGE},
            bare=f"{page} AND state = ANY (%(states)s) ORDER BY id OFFSET %(start)s LIMIT {PAGE}",
            start=deep,
        ),
    ]


def load(place: Ground, *, first: int, last: int, top: int) -> None:
    """Orders with these ids and a line each; the newest are POLLED that changed lately."""
    for begin in range(first, last + 1, CHUNK):
        span = {"first": begin, "last": min(begin + CHUNK - 1, last), "top": top, "newest": top - POLLED}
        place.conn.execute(ORDERS.encode(), span)
        place.conn.execute(LINES.encode(), span)
    place.conn.execute("VACUUM (ANALYZE) orders, order_line, order_tally")


class Asker:
    """Both sides of a question."""

    def __init__(self, house: Server, url: str, since: datetime) -> None:
        self._http = HTTPConnection("127.0.0.1", house.port)
        self._conn = psycopg.connect(url, autocommit=True, prepare_threshold=2)
        self._since = since

    def begin(self) -> None:
        """Before calls are counted: the server hangs up on who was silent while the other side was asked."""
        self._http.close()

    def ours(self, question: Question) -> float:
        started = time.perf_counter()
        self._http.request("GET", f"/client/consignment?{urlencode(question.query)}", headers=KEY)
        body = self._http.getresponse().read()
        taken_ms = (time.perf_counter() - started) * 1_000
        answer = json.loads(body)
        if not answer["success"] or len(answer["data"]) != PAGE or question.found not in (None, answer["total"]):
            raise WrongAnswer(f"{question.name}: {body[:500]!r}")
        return taken_ms

    def bare(self, question: Question) -> float:
        started = time.perf_counter()
        rows = self._conn.execute(
            question.bare.encode(), {"states": FINISHED, "since": self._since, "start": question.start}
        ).fetchall()
        taken_ms = (time.perf_counter() - started) * 1_000
        if len(rows) != PAGE:
            raise WrongAnswer(f"{question.name}, bare: {len(rows)} rows")
        return taken_ms

    def close(self) -> None:
        self._http.close()
        self._conn.close()


def measure(*, few: int, many: int, rounds: int, seconds: float) -> Report:
    measured: list[Measured] = []
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        ground() as (place, var),
        serving("--url", place.url, "--var", str(var), log=var / "server.log") as house,
    ):
        task = progress.add_task("", total=2 * (1 + rounds))
        since = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        for count, first, last in ((few, many - few + 1, many), (many, 1, many - few)):
            progress.update(task, description=f"{count:,} orders: loading")
            load(place, first=first, last=last, top=many)
            progress.advance(task)
            asker = Asker(house, place.url, since)
            measured += _asked(asker, questions(count, since), count, rounds, seconds, lambda: progress.advance(task))
            asker.close()
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            cores=cores(),
            seconds=seconds,
            rounds=rounds,
            measured=measured,
        )


def _asked(
    asker: Asker, wanted: list[Question], count: int, rounds: int, seconds: float, done: Callable[[], None]
) -> Iterator[Measured]:
    taken: dict[str, tuple[list[float], list[float]]] = {question.name: ([], []) for question in wanted}
    for number in range(rounds):
        for question in wanted:
            sides = (asker.ours, asker.bare)
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                asker.begin()
                for _ in range(WARM):
                    sides[side](question)
                taken[question.name][side].append(median(_for_a_while(sides[side], question, seconds)))
        done()
    for name, (ours, bare) in taken.items():
        yield Measured(question=name, orders=count, ours_ms=median(ours), bare_ms=median(bare))


def _for_a_while(ask: Callable[[Question], float], question: Question, seconds: float) -> Iterator[float]:
    until = time.monotonic() + seconds
    for number in itertools.count():
        if number >= CALLS_MIN and time.monotonic() >= until:
            return
        yield ask(question)


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    out.print(f"PostgreSQL {report.postgres}; one connection, pages of {PAGE}", markup=False)
    sizes = sorted({one.orders for one in report.measured})
    table = Table(caption=f"milliseconds: medians of {report.rounds} rounds of {report.seconds} s")
    table.add_column("list")
    for title in (
        *(f"ours, {size:,}" for size in sizes),
        "ratio",
        *(f"bare, {size:,}" for size in sizes),
        "ratio",
        f"ours by bare, {sizes[-1]:,}",
    ):
        table.add_column(title, justify="right")
    by = {(one.question, one.orders): one for one in report.measured}
    for name in dict.fromkeys(one.question for one in report.measured):
        ours, bare = [by[name, size].ours_ms for size in sizes], [by[name, size].bare_ms for size in sizes]
        table.add_row(
            name,
            *(f"{ms:.2f}" for ms in ours),
            f"{ours[-1] / ours[0]:.2f}",
            *(f"{ms:.2f}" for ms in bare),
            f"{bare[-1] / bare[0]:.2f}",
            f"{ours[-1] / bare[-1]:.2f}",
        )
    out.print(table)
    out.print(f"`finished` and `poll` are promised a ratio of at most {WIDEST}; a deep page costs what it skips")


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    few: Annotated[int, typer.Option(min=300)] = FEW,
    many: Annotated[int, typer.Option(min=600)] = MANY,
    seconds: Annotated[float, typer.Option(min=0.01, help="Of one question in one round.")] = 1.0,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    if tiny:
        (few, many), rounds, seconds = TINY, 1, TINY_S
    report = measure(few=few, many=many, rounds=rounds, seconds=seconds)
    publish(report, show, "lists", results)


if __name__ == "__main__":
    app()
