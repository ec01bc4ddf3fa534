"""What does a second worker of the web server add, and do two nodes on one database answer as one?

Orders come in over 64 connections to `crossdock serve --workers 1` and to `--workers 2`, in turns. Each web process
has a core of its own, PostgreSQL and the client have the others; where there are no others they share those of the
web processes, and the figure says little. Then two nodes stand on two ports: the same order is sent to both at once,
what one has acknowledged is read from the other, and both sell the last pieces of one product, all under load.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from bench import day, orders
from bench.goals import Answer, at_least, show_answers
from bench.ground import ACCOUNT, OWNER, PRODUCT_FIRST, WAREHOUSE, Ground, ground
from bench.house import HouseFailed, answers, apply, crossdock, environment
from bench.machine import PROC, ROOT, Machine, cpu_s, family, machine, pin, usable_cores
from bench.report import listed, publish, say_machine, say_postgres
from bench.send import Plan, send
from bench.verified import verified
from crossdock.base.clock import SystemClock
from crossdock.base.ids import ProductId, SiteId
from crossdock.core.accounts import sql as accounts
from crossdock.core.stock import commands as stock
from crossdock.core.stock.model import Arrival
from crossdock.db.database import Database

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

CONNECTIONS: Final = 64
WORKERS: Final = (1, 2)
KINDS: Final = ("birdsystem", "hongxun")
PER_S_MAX: Final = 6_000
"""Requests made ready for each second of a run: more than two cores can place."""
LOOK_S: Final = 0.3
LOOKS_MAX: Final = 200
STARTING_S: Final = 0.3
"""Of processor; a web process that has used less has not loaded its program yet."""
RESTING_S: Final = 0.02
"""Of processor in LOOK_S: it waits for requests."""
WARM_S: Final = 0.5
TINY_S: Final = 0.2
TWICE: Final = 200
"""Numbers sent to both nodes at once, and orders written on one and read from the other."""
TWICE_TINY: Final = 20
SCARCE: Final = 40
"""Pieces of the product that both nodes sell out; twice as many are asked for."""
SCARCE_GOOD: Final = orders.GOODS
LOAD: Final = 2_000
"""Orders that arrive together while the nodes are compared."""
SPAN: Final = 10_000_000
"""Order numbers of one run."""


class NodesDiffer(Exception):
    """Two nodes do not answer as one."""


class Scaled(Struct, frozen=True, kw_only=True):
    orders: str
    one_per_s: list[float]
    two_per_s: list[float]
    ratio: float
    """Median of the rounds' ratios: two workers by one."""


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    web_cores: list[tuple[int, ...]]
    """Of the first and the second web process."""
    rest_cores: tuple[int, ...]
    """Of PostgreSQL and the client; the same as the web's where there are too few."""
    seconds: float
    scaled: list[Scaled]
    sent_to_both: int
    read_from_the_other: int
    sold_out: int
    """Pieces of one product, sold by both nodes at once."""
    answers: list[Answer]


class Places:
    """Which process may use which core."""

    def __init__(self) -> None:
        usable = usable_cores()
        self.web: list[tuple[int, ...]] = (
            [(core,) for core in usable[: len(WORKERS)]] if len(usable) > 1 else [(), ()]
        )
        self.rest = usable[len(WORKERS) :] or (usable if len(usable) > 1 else ())


@contextmanager
def scaled(place: Ground, var: Path, places: Places) -> Iterator[list[int]]:
    """A port for each number of workers."""
    with ExitStack() as stack:
        ports = []
        for workers in WORKERS:
            environ, log = environment(place.url, var), var / f"workers-{workers}.log"
            pid = stack.enter_context(crossdock("serve", "--workers", str(workers), environ=environ, log=log))
            ports.append(int(environ["CROSSDOCK_PORT"]))
            answers(pid, ports[-1], log)
            web = [pid] if workers == 1 else _web(pid, workers, log)
            for one, core in zip(web, places.web, strict=False):
                pin([one], core)
        yield ports


def _web(pid: int, workers: int, log: Path) -> list[int]:
    """The web processes behind one port, once all of them have started and are at rest. Errors: HouseFailed."""
    for _ in range(LOOKS_MAX):
        web = [one for one in family(pid) if "--no-work" in _command(one)]
        before = [cpu_s(one) or 0 for one in web]
        time.sleep(LOOK_S)
        used = [(cpu_s(one) or 0) - earlier for one, earlier in zip(web, before, strict=True)]
        if len(web) == workers and min(before) >= STARTING_S and max(used) <= RESTING_S:
            return web
    raise HouseFailed(log.read_text())


def _command(pid: int) -> str:
    return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()


def rate(port: int, kind: str, first: int, seconds: float, places: Places) -> float:
    workload = orders.WORKLOADS[kind]
    count = int(PER_S_MAX * (WARM_S + seconds)) + CONNECTIONS
    plan = Plan(
        ports=[port],
        connections=CONNECTIONS,
        requests=orders.requests(workload, first=first, count=count),
        success=[workload.success.encode()],
        warm_s=WARM_S,
        seconds=seconds,
    )
    return send(plan, places.rest).figures.per_s


def scaling(place: Ground, var: Path, places: Places, rounds: int, seconds: float) -> list[Scaled]:
    first = orders.NUMBER_FIRST
    taken: dict[tuple[str, int], list[float]] = {(kind, workers): [] for kind in KINDS for workers in WORKERS}
    with scaled(place, var, places) as ports:
        for number in range(rounds):
            for kind in KINDS:
                turn = list(zip(WORKERS, ports, strict=True))
                for workers, port in turn if number % 2 == 0 else reversed(turn):
                    place.settle(places.rest)
                    taken[kind, workers].append(rate(port, kind, first, seconds, places))
                    first += SPAN
    return [
        Scaled(
            orders=kind,
            one_per_s=taken[kind, 1],
            two_per_s=taken[kind, 2],
            ratio=median(two / one for one, two in zip(taken[kind, 1], taken[kind, 2], strict=True)),
        )
        for kind in KINDS
    ]


class Nodes:
    """Two of them, and a connection of ours to each."""

    def __init__(self, place: Ground, ports: Sequence[int]) -> None:
        self._ground = place
        self.ports = list(ports)
        self._to = [HTTPConnection("127.0.0.1", port) for port in ports]
        self._number = 9 * orders.NUMBER_FIRST

    def at_once(self, requests: Sequence[bytes]) -> list[dict[str, Any]]:
        """One request to each node, sent in the same moment: what they answered."""
        said: list[dict[str, Any]] = [{}, {}]
        together = threading.Barrier(len(requests))

        def tell(node: int, request: bytes) -> None:
            together.wait()
            said[node] = self._ask(node, request)

        telling = [threading.Thread(target=tell, args=one) for one in enumerate(requests)]
        for thread in telling:
            thread.start()
        for thread in telling:
            thread.join()
        return said

    def same(self, count: int) -> int:
        """How many of so many orders got the same answer from both, and are one on record."""
        numbers = range(self._number, self._number + count)
        self._number += count
        same = 0
        for number in numbers:
            [request] = orders.requests(orders.WORKLOADS["hongxun"], first=number, count=1)
            one, other = self.at_once([request, request])
            same += one == other and one.get("flag") is True
        [(placed,)] = self._ground.conn.execute(
            "SELECT count(*) FROM orders WHERE number = ANY (%s)", ([f"{number:016d}" for number in numbers],)
        ).fetchall()
        if placed != count:
            raise NodesDiffer(f"{count} numbers sent to both are {placed} orders")
        return same

    def seen(self, count: int) -> int:
        """How many of so many orders the other node shows as soon as the first has answered."""
        key = orders.credential("birdsystem")["key"]
        headers, seen = {"api_key": key, "company_id": "36"}, 0
        [create] = orders.requests(orders.WORKLOADS["birdsystem"], first=0, count=1)
        for number in range(count):
            writer, reader = (0, 1) if number % 2 == 0 else (1, 0)
            made = self._ask(writer, create)["data"]
            self._to[reader].request("GET", f"/client/consignment?id={made['id']}", headers=headers)
            shown = json.loads(self._to[reader].getresponse().read())["data"]
            seen += [row["id"] for row in shown] == [made["id"]]
        return seen

    def sell_out(self) -> int:
        """Pieces that both sold of a product of SCARCE pieces, asked for twice as often. Errors: NodesDiffer."""
        for _ in range(SCARCE):
            self.at_once([self._scarce(), self._scarce()])
        [(on_hand, sold)] = self._ground.conn.execute(
            "SELECT sum(on_hand), sum(allocated) FROM stock WHERE account_id = %s AND product_id = %s",
            (ACCOUNT, PRODUCT_FIRST + SCARCE_GOOD),
        ).fetchall()
        if not sold == on_hand == SCARCE:
            raise NodesDiffer(f"{SCARCE} pieces were there, {sold} are sold, {on_hand} on the shelf")
        return int(sold)

    def _scarce(self) -> bytes:
        self._number += 1
        return day.hongxun(
            "/dtc/logistics/outOrder", orders.outbound(f"{self._number:016d}", orders.sku(SCARCE_GOOD))
        )

    def _ask(self, node: int, request: bytes) -> dict[str, Any]:
        head, _, body = request.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        method, path, _ = line.split(" ")
        headers = dict(field.split(": ", 1) for field in fields)
        self._to[node].request(method, path, body, headers)
        answer: dict[str, Any] = json.loads(self._to[node].getresponse().read())
        return answer


@contextmanager
def nodes(place: Ground, var: Path, places: Places) -> Iterator[Nodes]:
    """Two servers on two ports, without a worker."""
    with ExitStack() as stack:
        ports = []
        for number, core in enumerate(places.web):
            environ, log = environment(place.url, var), var / f"node-{number}.log"
            pid = stack.enter_context(crossdock("serve", "--no-work", environ=environ, log=log, core=core))
            ports.append(int(environ["CROSSDOCK_PORT"]))
            answers(pid, ports[-1], log)
        yield Nodes(place, ports)


@contextmanager
def loaded(ports: list[int], places: Places) -> Iterator[None]:
    """BirdSystem's and Hongxun's orders arrive at both nodes meanwhile. Errors: SendFailed."""
    ended: list[BaseException] = []
    going = threading.Event()
    going.set()

    def ask() -> None:
        first = 5 * orders.NUMBER_FIRST
        try:
            while going.is_set():
                ready = [orders.requests(orders.WORKLOADS[kind], first=first, count=LOAD // 2) for kind in KINDS]
                mixed = [one for pair in zip(*ready, strict=True) for one in pair]
                success = [orders.WORKLOADS[kind].success.encode() for kind in KINDS]
                send(Plan(ports=ports, connections=CONNECTIONS, requests=mixed, success=success), places.rest)
                first += LOAD
        except BaseException as error:  # told to who waits for the thread
            ended.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        going.clear()
        asking.join()
    for error in ended:
        raise error


async def _shelve(url: str) -> None:
    async with Database(url, SystemClock(), connections=1) as database, database.transaction() as tx:
        site = await accounts.site(tx, account_id=ACCOUNT, code=WAREHOUSE)
        owner = await accounts.sub_inventory(tx, account_id=ACCOUNT, code=OWNER)
        assert site is not None
        assert owner is not None
        arrival = Arrival(
            site_id=SiteId(site.id),
            sub_inventory_id=owner.id,
            product_id=ProductId(PRODUCT_FIRST + SCARCE_GOOD),
            lot="",
            quantity=SCARCE,
        )
        await stock.receive(tx, account_id=ACCOUNT, arrivals=[arrival], cause="bench, scarce")


def shelve(place: Ground) -> None:
    """SCARCE pieces of a product of its own."""
    place.conn.execute(
        "INSERT INTO product (id, account_id, sku, name, created_at, updated_at) OVERRIDING SYSTEM VALUE"
        " VALUES (%s, %s, %s, 'the last ones', now(), now())",
        (PRODUCT_FIRST + SCARCE_GOOD, ACCOUNT, orders.sku(SCARCE_GOOD)),
    )
    asyncio.run(_shelve(place.url))


def measure(*, rounds: int, seconds: float, twice: int) -> Report:
    """Errors: HouseFailed, SendFailed, NodesDiffer, Disagrees."""
    places = Places()
    with ground() as (place, var):
        place.check_durable()
        apply(environment(place.url, var))
        place.stock_up()
        shelve(place)
        taken = scaling(place, var, places, rounds, seconds)
        with nodes(place, var, places) as both, loaded(both.ports, places):
            same, seen, sold = both.same(twice), both.seen(twice), both.sell_out()
        verified(place.url)
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            web_cores=places.web,
            rest_cores=places.rest,
            seconds=seconds,
            scaled=taken,
            sent_to_both=twice,
            read_from_the_other=twice,
            sold_out=sold,
            answers=[
                at_least(1, "the same order sent to both nodes", [same / twice], by="same answers, one order / sent"),
                at_least(1, "written on one node, read from the other", [seen / twice], by="seen at once / written"),
            ],
        )


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    web = " and ".join(listed(core) for core in report.web_cores)
    shared = " too" if set(report.rest_cores) & {core for one in report.web_cores for core in one} else ""
    out.print(f"web processes on cores {web}, PostgreSQL and client on {listed(report.rest_cores)}{shared}")
    table = Table(
        caption=f"orders a second over {CONNECTIONS} connections: medians of rounds of {report.seconds:g} s"
    )
    table.add_column("orders")
    for title in ("1 worker/s", "2 workers/s", "2 by 1", "from–to"):
        table.add_column(title, justify="right")
    for one in report.scaled:
        ratios = [two / alone for alone, two in zip(one.one_per_s, one.two_per_s, strict=True)]
        table.add_row(
            one.orders,
            f"{median(one.one_per_s):,.0f}",
            f"{median(one.two_per_s):,.0f}",
            f"{one.ratio:.2f}",
            f"{min(ratios):.2f}–{max(ratios):.2f}",
        )
    out.print(table)
    out.print(
        f"two nodes under load: {report.sent_to_both} orders sent to both, {report.read_from_the_other} read from the"
        f" other, {report.sold_out} last pieces sold once each"
    )
    show_answers(report.answers, out)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=0.1)] = 2.0,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    report = (
        measure(rounds=1, seconds=TINY_S, twice=TWICE_TINY)
        if tiny
        else measure(rounds=rounds, seconds=seconds, twice=TWICE)
    )
    publish(report, show, "nodes", results)


if __name__ == "__main__":
    app()
