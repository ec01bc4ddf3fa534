"""What does it cost to read one order, to check a code and to ask for stock, beside a handler with the same SQL?

Clients ask over HTTP: BirdSystem's list for the id of one order, Heidian's check of a code, Hongxun's stock of three
products. Beside it, in turns, the same client asks a bare handler (bench/bare.py): it has the same uvicorn and as
many connections to the same database, runs the statements that the house was seen to send for that very request, and
answers the bytes that the house answered. Every answer of either side is compared to the byte, and those bytes were
read before: they say what is on record. The server has one core, PostgreSQL and the client share the others.

With many connections the house may be better than the same number of round trips: it looks up whose tokens they are
for all who call at one moment in one statement. The bare handler looks up each by itself.
"""

import json
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import day, orders
from bench.bench_create import Server, serving
from bench.figures import Figures
from bench.goals import Answer, at_least, show_answers
from bench.ground import PIECES, Ground, ground
from bench.machine import ROOT, Cores, Machine, cores, cpu_s, machine
from bench.parcels import SHOP_SKU, parcels
from bench.report import listed, publish, say_cores, say_machine, say_postgres
from bench.send import Plan, send

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

LEAST: Final = 0.5
"""Of the bare handler's calls a second, with the most connections."""
CONNECTIONS: Final = (1, 64)
TINY_CONNECTIONS: Final = (1, 2)
WARM_S: Final = 0.5
TINY_S: Final = 0.2
ASKED: Final = 100
"""Different requests of each call, sent in turn."""
TINY_ASKED: Final = 5

Says = Callable[[dict[str, Any]], Any]


class Call(Struct, frozen=True):
    """One call of a partner, and what its answers must say."""

    name: str
    call: str
    word: bytes
    """What stands in its good answers."""
    says: Says
    """Of an answer, what is on record of the one that was asked for."""


class Side(Struct, frozen=True, kw_only=True):
    figures: Figures
    cpu_us: float | None
    """Of the server's core, for one call; None where the system does not tell."""


class Round(Struct, frozen=True, kw_only=True):
    ours: Side
    bare: Side

    @property
    def ratio(self) -> float:
        return self.ours.figures.per_s / self.bare.figures.per_s


class Measured(Struct, frozen=True, kw_only=True):
    """One call at one number of connections."""

    name: str
    connections: int
    rounds: list[Round]


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    cores: Cores
    seconds: float
    statements: dict[str, list[str]]
    """By call: what both sides send for one of them, BEGIN and COMMIT among it."""
    bytes: dict[str, int]
    """By call: of one answer's body."""
    measured: list[Measured]
    answers: list[Answer]


class WrongAnswer(Exception):
    """What is answered is not what is on record."""


def _one_order(said: dict[str, Any]) -> Any:
    [order] = said["data"]
    return said["success"], said["total"], order["id"], order["status"], order["consignment_product_quantity"]


def _one_code(said: dict[str, Any]) -> Any:
    [line] = said["order"]["lines"]
    return said["key"], said["key_status"], said["order"]["id"], line["sku"], line["quantity"]


def _stock(said: dict[str, Any]) -> Any:
    rows = said["value"]["list"]
    return said["value"]["total"], [(row["customerProductCode"], row["availableQuantity"]) for row in rows]


ORDER: Final = Call("read one order", "GET /client/consignment?id=", b'"data":[{', _one_order)
CODE: Final = Call("check a code", "GET /api/orders/pick_up_code/check/", b'"key_status":"unused"', _one_code)
STOCK: Final = Call("stock query", "POST /dtc/esboms/stockQuery", b'"pageNum"', _stock)
CALLS: Final = (ORDER, CODE, STOCK)


class Wanted(Struct, frozen=True):
    """A request, and what its answer must say."""

    request: bytes
    says: Any


def wanted(call: Call, codes: Sequence[tuple[str, int]], token: str) -> list[Wanted]:
    """One for each code; of a signed call they are good for ten minutes."""
    if call is ORDER:
        known = {"api_key": orders.credential("birdsystem")["key"], "company_id": "36"}
        return [
            Wanted(day.get(f"/client/consignment?id={order_id}", known), (True, 1, order_id, "FINISHED", "1"))
            for _, order_id in codes
        ]
    if call is CODE:
        asked = day.checks(token, [key for key, _ in codes])
        return [
            Wanted(request, (key, "unused", order_id, SHOP_SKU, 1))
            for request, (key, order_id) in zip(asked, codes, strict=True)
        ]
    return [
        Wanted(request, (3, sorted((orders.sku((number + good) % orders.GOODS), PIECES) for good in range(3))))
        for number, request in enumerate(day.stock_queries(0, len(codes)))
    ]


def bodies(port: int, call: Call, asked: Sequence[Wanted]) -> list[bytes]:
    """What the house answers to each. Errors: WrongAnswer."""
    found = []
    for one in asked:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(one.request)
            response = HTTPResponse(connection)
            response.begin()
            found.append(response.read())
        if response.status != 200 or call.says(json.loads(found[-1])) != one.says:
            raise WrongAnswer(f"{one.says}: {found[-1].decode()}")
    return found


class Bench:
    """Both sides of one call, asked for the same."""

    def __init__(
        self, place: Ground, call: Call, asked: Sequence[Wanted], answered: list[bytes], *, seconds: float
    ) -> None:
        self._ground = place
        self._call = call
        self._requests = [one.request for one in asked]
        self._bodies = answered
        self._seconds = seconds

    def rounds(self, house: Server, bare: Server, *, connections: int, count: int) -> list[Round]:
        """Pairs; which side goes first changes."""
        taken = []
        for number in range(count):
            sides = {
                server.port: self._ask(server, connections)
                for server in ((house, bare) if number % 2 == 0 else (bare, house))
            }
            taken.append(Round(ours=sides[house.port], bare=sides[bare.port]))
        return taken

    def _ask(self, server: Server, connections: int) -> Side:
        self._ground.settle(cores().rest)
        before = cpu_s(server.pid)
        sent = send(
            Plan(
                ports=[server.port],
                connections=connections,
                requests=self._requests,
                success=[self._call.word],
                bodies=self._bodies,
                warm_s=WARM_S,
                seconds=self._seconds,
                again=True,
            )
        )
        after = cpu_s(server.pid)
        spent_s = None if before is None or after is None else after - before
        return Side(figures=sent.figures, cpu_us=None if spent_s is None else spent_s * 1e6 / sent.answered)


def measure(connections: Sequence[int], *, rounds: int, seconds: float, asked: int) -> Report:
    """Errors: WrongAnswer, RunFailed, SendFailed."""
    statements: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    measured: list[Measured] = []
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        ground() as (place, var),
        serving("--url", place.url, "--var", str(var), log=var / "server.log") as house,
    ):
        place.check_durable()
        place.stock_up()
        codes = parcels(place, var, asked)
        place.conn.execute("VACUUM (ANALYZE)")
        token = day.token_of(house.port)
        task = progress.add_task("", total=len(CALLS) * len(connections))
        for call in CALLS:
            calls = wanted(call, codes, token)
            answered = bodies(house.port, call, calls)
            requests, recorded = var / "requests", var / "recorded.json"
            requests.write_bytes(msgspec.msgpack.encode([one.request for one in calls]))
            options = ["--url", place.url, "--var", str(var), "--requests", str(requests)]
            options += ["--recorded", str(recorded)]
            bench = Bench(place, call, calls, answered, seconds=seconds)
            with serving(*options, module="bench.bare", log=var / "bare.log") as bare:
                for number in connections:
                    progress.update(task, description=f"{call.name}: {number} connections", advance=1)
                    taken = bench.rounds(house, bare, connections=number, count=rounds)
                    measured.append(Measured(name=call.name, connections=number, rounds=taken))
            statements[call.name] = msgspec.json.decode(recorded.read_bytes(), type=list[str])
            sizes[call.name] = len(answered[0])
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            cores=cores(),
            seconds=seconds,
            statements=statements,
            bytes=sizes,
            measured=measured,
            answers=[
                at_least(
                    LEAST,
                    f"{one.name}, {one.connections} connections",
                    [taken.ratio for taken in one.rounds],
                    by="ours / the same SQL in a bare handler, calls a second",
                )
                for one in measured
                if one.connections == connections[-1]
            ],
        )


def show(report: Report, out: Console) -> None:
    on = report.cores
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    say_cores(on, f"server on core {listed(on.server)}, PostgreSQL and client on {listed(on.rest)}", out)
    rounds = len(report.measured[0].rounds)
    table = Table(
        caption=f"medians of {rounds} rounds of {report.seconds:g} s; µs: of the server's core for one call"
    )
    table.add_column("call")
    for title in (
        "round trips",
        "bytes",
        "connections",
        "ours/s",
        "bare/s",
        "ratio",
        "from–to",
        "ours µs",
        "bare µs",
    ):
        table.add_column(title, justify="right")
    for one in report.measured:
        ratios = [taken.ratio for taken in one.rounds]
        table.add_row(
            one.name,
            str(len(report.statements[one.name])),
            f"{report.bytes[one.name]:,}",
            str(one.connections),
            f"{median(taken.ours.figures.per_s for taken in one.rounds):,.0f}",
            f"{median(taken.bare.figures.per_s for taken in one.rounds):,.0f}",
            f"{median(ratios):.2f}",
            f"{min(ratios):.2f}–{max(ratios):.2f}",
            _cpu([taken.ours for taken in one.rounds]),
            _cpu([taken.bare for taken in one.rounds]),
        )
    out.print(table)
    for call in CALLS:
        out.print(f"{call.name}: {call.call}", markup=False)
    show_answers(report.answers, out)


def _cpu(sides: Sequence[Side]) -> str:
    spent = [side.cpu_us for side in sides if side.cpu_us is not None]
    return f"{median(spent):,.0f}" if spent else ""


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1, max=40, help="Pairs; signed requests are good for ten minutes.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1)] = 2.0,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    if tiny:
        report = measure(TINY_CONNECTIONS, rounds=1, seconds=TINY_S, asked=TINY_ASKED)
    else:
        report = measure(CONNECTIONS, rounds=rounds, seconds=seconds, asked=ASKED)
    publish(report, show, "reads", results)


if __name__ == "__main__":
    app()
