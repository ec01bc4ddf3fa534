"""Does a list cost the same when there are a hundred times as many orders?

Databases with few and with many orders in one PostgreSQL, a server for each, asked in turn in the same minutes over
HTTP, one call after the other on one connection: BirdSystem's list of consignments by status from its beginning (the
page of the manual: `status=FINISHED&start=0&limit=50`) and from its newest; a poll by update time that finds the same
hundred orders in all sizes, and the manual's worked example of one; a page three quarters behind; and Heidian's list
of a shop's codes by `key_status__in`, a code for every tenth order. Each answer must name the orders and the exact
total that were loaded. Beside it, once, the bare statement that skips to the same page.

Hongxun has no list of orders: its calls name the numbers that they ask for.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from math import isqrt
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

from bench import filled
from bench.bench_create import Server, serving
from bench.goals import Answer, at_most, show_answers
from bench.ground import ground
from bench.machine import ROOT, Cores, Machine, cores, machine
from bench.report import listed, publish, say_cores, say_machine, say_postgres
from crossdock.core.orders.sql import ORDER

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

FEW: Final = 100_000
MANY: Final = 10_000_000
TINY: Final = (3_000, 12_000)
ROUNDS_TINY: Final = 1
CALLS_MIN: Final = 2
"""Of one question in one round, however short it is."""
TINY_S: Final = 0.01
WARM: Final = 20
"""Calls before, not counted: by then each connection of the server has its statements prepared."""
POLLED: Final = 100
"""Orders that changed lately, in all sizes."""
PAGE: Final = 50
DEEP: Final = 0.75
"""How far behind, as a share of all orders."""
DEEPEST: Final = "three quarters down"
"""The question that the bare statement is beside."""
BARE_CALLS: Final = 3
CONSIGNMENTS: Final = "/client/consignment"
KEY: Final = {"api_key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "company_id": "36"}
CLERK: Final = {"username": "clerk1", "password": "clerk1pw"}
FINISHED: Final = ["shipped", "delivered", "returned"]
WIDEST: Final = 1.5
"""What a list may cost with many orders, as a multiple of what it costs with few."""
BARE: Final = f"""
SELECT {ORDER} FROM orders
 WHERE account_id = 47 AND company_id = 36 AND dialect = 'birdsystem' AND kind = ANY ('{{outbound,return}}')
   AND state = ANY (%(states)s) ORDER BY id OFFSET %(start)s LIMIT {PAGE}
"""


class Question(Struct, frozen=True, kw_only=True):
    name: str
    path: str
    query: dict[str, Any]
    total: int
    ids: list[int]
    """Of the orders that the page must show."""


class Point(Struct, frozen=True, kw_only=True):
    """Milliseconds: each round's median."""

    question: str
    orders: int
    rounds_ms: list[float]

    @property
    def ms(self) -> float:
        return median(self.rounds_ms)


class Loaded(Struct, frozen=True, kw_only=True):
    orders: int
    seconds: float
    bytes_on_disk: int
    bare_deep_ms: float
    """The statement that skips all rows before the deep page."""


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    cores: Cores
    seconds: float
    rounds: int
    loaded: list[Loaded]
    points: list[Point]
    answers: list[Answer]


class WrongAnswer(Exception):
    """A list did not say what is on record: nothing was measured."""


def questions(count: int, since: datetime) -> list[Question]:
    shanghai = since.astimezone().isoformat(timespec="seconds")
    changed = {"type": "date", "comparison": "gt", "value": shanghai, "field": "update_time"}
    over = {"type": "list", "value": ["PENDING", "FINISHED"], "field": "status"}
    lately = range(count - POLLED + 1, count + 1)
    local = [n for n in lately if n % 10]
    start = int(count * DEEP)
    codes = range(count // filled.PER_CODE + 1)
    shown = [c for c in codes if c and c % filled.CODES_USED_OF in (0, 1)]
    return [
        Question(
            name="first of a status",
            path=CONSIGNMENTS,
            query={"status": "FINISHED", "start": 0, "limit": PAGE},
            total=filled.finished(count),
            ids=[filled.order_id(filled.nth_finished(rank)) for rank in range(1, PAGE + 1)],
        ),
        Question(
            name="newest of a status",
            path=CONSIGNMENTS,
            query={"status": "FINISHED", "start": 0, "limit": PAGE, "sort": _sort("id", "DESC")},
            total=filled.finished(count),
            ids=[
                filled.order_id(filled.nth_finished(rank))
                for rank in range(filled.finished(count), filled.finished(count) - PAGE, -1)
            ],
        ),
        Question(
            name="poll by update_time",
            path=CONSIGNMENTS,
            query={"filter": json.dumps([changed]), "sort": _sort("update_time", "ASC"), "limit": PAGE},
            total=POLLED,
            ids=[filled.order_id(n) for n in lately[:PAGE]],
        ),
        Question(
            name="the manual's poll",
            path=CONSIGNMENTS,
            query={
                "type": "LOCAL",
                "start": 0,
                "limit": PAGE,
                "filter": json.dumps([changed, over]),
                "sort": _sort("update_time", "DESC"),
            },
            total=len(local),
            ids=[filled.order_id(n) for n in local[:PAGE]],
        ),
        Question(
            name=DEEPEST,
            path=CONSIGNMENTS,
            query={"status": "FINISHED", "start": start, "limit": PAGE},
            total=filled.finished(count),
            ids=[filled.order_id(filled.nth_finished(rank)) for rank in range(start + 1, start + PAGE + 1)],
        ),
        Question(
            name="codes by key_status__in",
            path="/api/orders/pick_up_code/",
            query={"key_status__in": "unused, expired", "page": 1, "page_size": PAGE},
            total=len(shown),
            ids=[filled.order_id(c * filled.PER_CODE) for c in reversed(shown[-PAGE:])],
        ),
    ]


def _sort(name: str, direction: str) -> str:
    return json.dumps([{"property": name, "direction": direction}])


class Asker:
    """One connection to the house of one size, whose every answer is looked at."""

    def __init__(self, house: Server, count: int, since: datetime) -> None:
        self.count = count
        self.questions = questions(count, since)
        self._http = HTTPConnection("127.0.0.1", house.port)
        body = self._call("POST", "/api/shops/staff_login/", {"content-type": "application/json"}, json.dumps(CLERK))
        self._headers = KEY | {"authorization": f"stafftoken {json.loads(body)['token']}"}

    def begin(self) -> None:
        """Before calls are counted: the server hangs up on who was silent while another was asked."""
        self._http.close()

    def ms(self, question: Question) -> float:
        started = time.perf_counter()
        body = self._call("GET", f"{question.path}?{urlencode(question.query)}", self._headers)
        taken_ms = (time.perf_counter() - started) * 1_000
        answer = json.loads(body)
        if _said(answer) != (question.total, question.ids):
            raise WrongAnswer(f"{question.name}, {self.count} orders: {body[:500]!r}")
        return taken_ms

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, path: str, headers: dict[str, str], body: str | None = None) -> bytes:
        self._http.request(method, path, body, headers)
        return self._http.getresponse().read()


def _said(answer: dict[str, Any]) -> tuple[int, list[int]]:
    """The total and the orders of either dialect's page."""
    if "results" in answer:
        return answer["count"], [int(row["order_number"]) for row in answer["results"]]
    return answer.get("total", 0), [int(row["id"]) for row in answer.get("data", ())]


def measure(sizes: Sequence[int], *, rounds: int, seconds: float) -> Report:
    """The first and the last of `sizes` are compared, those between are points of the same curve."""
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        ground() as (place, var),
        ExitStack() as houses,
    ):
        place.check_durable()
        task = progress.add_task("", total=len(sizes) + rounds)
        since = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        loaded, askers = [], []
        for count in sizes:
            progress.update(task, description=f"{count:,} orders: loading")
            url, own = place.another(f"lists_{count}"), var / str(count)
            own.mkdir()
            house = houses.enter_context(serving("--url", url, "--var", str(own), log=own / "server.log"))
            loaded.append(_loaded(url, count, questions(count, since)))
            askers.append(houses.enter_context(closing(Asker(house, count, since))))
            progress.advance(task)
        place.settle(cores().rest)
        progress.update(task, description="asking")
        points = list(_asked(askers, rounds, seconds, lambda: progress.advance(task)))
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            cores=cores(),
            seconds=seconds,
            rounds=rounds,
            loaded=loaded,
            points=points,
            answers=_answers(points, few=sizes[0], many=sizes[-1]),
        )


def _loaded(url: str, count: int, wanted: Sequence[Question]) -> Loaded:
    with psycopg.connect(url, autocommit=True) as conn:
        began = time.monotonic()
        shown = {id_ for question in wanted if question.path == CONSIGNMENTS for id_ in question.ids}
        filled.fill(conn, url, orders=count, lately=POLLED, with_lines=shown)
        took = time.monotonic() - began
        size = conn.execute("SELECT pg_database_size(current_database())").fetchone()
        assert size is not None
        bare = []
        for _ in range(BARE_CALLS):
            started = time.perf_counter()
            conn.execute(BARE.encode(), {"states": FINISHED, "start": int(count * DEEP)}).fetchall()
            bare.append((time.perf_counter() - started) * 1_000)
        return Loaded(orders=count, seconds=took, bytes_on_disk=size[0], bare_deep_ms=median(bare))


def _asked(askers: Sequence[Asker], rounds: int, seconds: float, done: Callable[[], None]) -> Iterator[Point]:
    """Each question of all sizes in turn, the other way round in every second round."""
    taken: dict[tuple[str, int], list[float]] = {}
    for number in range(rounds):
        for position in range(len(askers[0].questions)):
            for asker in askers if number % 2 == 0 else reversed(askers):
                question = asker.questions[position]
                asker.begin()
                for _ in range(WARM):
                    asker.ms(question)
                ms = median(_for_a_while(asker, question, seconds))
                taken.setdefault((question.name, asker.count), []).append(ms)
        done()
    for (name, count), rounds_ms in taken.items():
        yield Point(question=name, orders=count, rounds_ms=rounds_ms)


def _for_a_while(asker: Asker, question: Question, seconds: float) -> Iterator[float]:
    until = time.monotonic() + seconds
    for number in itertools.count():
        if number >= CALLS_MIN and time.monotonic() >= until:
            return
        yield asker.ms(question)


def _answers(points: Sequence[Point], *, few: int, many: int) -> list[Answer]:
    by = {(point.question, point.orders): point.rounds_ms for point in points}
    return [
        at_most(
            WIDEST,
            f"list: {name}",
            [long / short for long, short in zip(by[name, many], by[name, few], strict=True)],
            by=f"{many:,} orders / {few:,}, median ms",
        )
        for name in dict.fromkeys(point.question for point in points)
    ]


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    say_postgres(report.postgres, out, f"one connection to each of {len(report.loaded)} servers, pages of {PAGE}")
    say_cores(report.cores, f"servers: core {listed(report.cores.server)}; others: {listed(report.cores.rest)}", out)
    table = Table(caption=f"milliseconds: medians of {report.rounds} rounds of {report.seconds} s")
    table.add_column("list")
    for one in report.loaded:
        table.add_column(f"{one.orders:,}", justify="right")
    by = {(point.question, point.orders): point.ms for point in report.points}
    for name in dict.fromkeys(point.question for point in report.points):
        table.add_row(name, *(f"{by[name, one.orders]:.2f}" for one in report.loaded))
    table.add_section()
    table.add_row(f"{DEEPEST}, bare OFFSET", *(f"{one.bare_deep_ms:.2f}" for one in report.loaded))
    table.add_row("s to load", *(f"{one.seconds:.0f}" for one in report.loaded))
    table.add_row("GB on disk", *(f"{one.bytes_on_disk / 1e9:.2f}" for one in report.loaded))
    out.print(table)
    show_answers(report.answers, out)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    few: Annotated[int, typer.Option(min=600, help="Orders.")] = FEW,
    many: Annotated[int, typer.Option(min=600, help="Orders; above some millions it is minutes to load.")] = MANY,
    seconds: Annotated[float, typer.Option(min=0.01, help="Of one question in one round.")] = 1.0,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    if tiny:
        (few, many), rounds, seconds = TINY, ROUNDS_TINY, TINY_S
    publish(measure((few, isqrt(few * many), many), rounds=rounds, seconds=seconds), show, "lists", results)


if __name__ == "__main__":
    app()
