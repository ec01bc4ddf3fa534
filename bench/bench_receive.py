"""What does a large receipt cost, and a large shipment? Is it linear, and how far from the bare set-based SQL?

An inbound order of many lines, each another product, comes in as one batch; an outbound order of as many leaves. Each
is one command in one transaction, measured until its commit. Beside it, on a connection of its own, two bare
statements that write as many moves and change as many buckets, and one that brings the lines along.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.bench_delivery import prepare
from bench.goals import Answer, at_most, show_answers
from bench.ground import ACCOUNT, OWNER, WAREHOUSE, Ground, ground
from bench.machine import ROOT, Machine, machine
from bench.report import publish, say_machine, say_postgres
from crossdock.base.clock import SystemClock
from crossdock.base.ids import CompanyId, SubInventoryId
from crossdock.core.accounts import sql as accounts
from crossdock.core.fulfilment import commands as outbound
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import counted
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import Kind, NewLine, Order, PlaceOrder
from crossdock.core.orders.placing import place_together
from crossdock.db.database import Database
from crossdock.db.tx import Tx

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

SIZES: Final = (1_000, 5_000)
TINY_SIZES: Final = (5, 20)
PROMISED_S: Final = {1_000: 2.0, 5_000: 10.0}
"""A receipt of so many lines, on two cores."""
DEAREST: Final = 3.0
"""Of ours, as a multiple of the bare statements."""
STEEPEST: Final = 1.3
"""A line of the largest, as a multiple of a line of the smallest."""
COMPANY: Final = CompanyId(36)
PIECES: Final = 2

PRODUCTS: Final = """
INSERT INTO product (account_id, sku, name, created_at, updated_at)
SELECT 47, 'R-' || number, '测试商品', now(), now() FROM generate_series(1, %(count)s) AS number
"""
BARE_MOVES: Final = """
INSERT INTO stock_move (account_id, stock_id, cause, quantity, allocated, order_id, order_line_id, moved_at)
SELECT s.account_id, s.id, 'bare:' || %(cause)s::text, 2, 0, NULL, NULL, now()
  FROM stock s JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
 WHERE s.account_id = 47 AND p.sku LIKE 'R-%%' ORDER BY s.id LIMIT %(count)s
"""
BARE_STOCK: Final = """
UPDATE stock SET on_hand = on_hand + m.quantity
  FROM stock_move m
 WHERE m.account_id = stock.account_id AND m.stock_id = stock.id AND m.cause = 'bare:' || %(cause)s::text
"""
BARE_LINES: Final = "UPDATE order_line SET done = done + 0 WHERE account_id = 47 AND order_id = %(order_id)s"


class Measured(Struct, frozen=True, kw_only=True):
    """Seconds of one command, and of the bare statements beside it, of each round."""

    what: str
    lines: int
    ours: list[float]
    bare: list[float]

    @property
    def ours_s(self) -> float:
        return median(self.ours)

    @property
    def bare_s(self) -> float:
        return median(self.bare)


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    rounds: int
    measured: list[Measured]
    answers: list[Answer]


class Docks:
    """Orders of so many lines, and both sides of what is done with them."""

    def __init__(self, database: Database, place: Ground, sub: SubInventoryId, site: Any) -> None:
        self._database = database
        self._place = place
        self._sub = sub
        self._site = site
        self._causes = 0

    async def order(self, kind: Kind, count: int) -> Order:
        [order_id] = await OrderIds(self._database).take([COMPANY])
        command = PlaceOrder(
            account_id=ACCOUNT,
            company_id=COMPANY,
            kind=kind,
            dialect="hongxun",
            type="10",
            state="announced" if kind == "inbound" else "allocated",
            site_id=self._site.id,
            sub_inventory_id=self._sub,
            lines=tuple(
                NewLine(line_key=str(number), sku=f"R-{number}", quantity=PIECES) for number in range(1, count + 1)
            ),
        )
        async with self._database.transaction() as tx:
            [order] = await place_together(tx, [command], [order_id])
        return order

    async def receive(self, order: Order) -> float:
        lines = {str(number): PIECES for number in range(1, order.pieces // PIECES + 1)}

        async def run(tx: Tx) -> None:
            await inbound.receive(tx, account_id=ACCOUNT, order_id=order.id, receipts=counted(lines))

        return await self._timed(run)

    async def ship(self, order: Order) -> float:
        async with self._database.transaction() as tx:
            for step in (outbound.start_picking, outbound.start_packing, outbound.finish_packing):
                await step(tx, account_id=ACCOUNT, order_id=order.id)

        async def run(tx: Tx) -> None:
            await outbound.ship(tx, account_id=ACCOUNT, order_id=order.id)

        return await self._timed(run)

    def bare(self, order: Order) -> float:
        """The statements alone, in one transaction."""
        self._causes += 1
        given = {"cause": str(self._causes), "count": order.pieces // PIECES, "order_id": order.id}
        started = time.perf_counter()
        with self._place.conn.transaction():
            for statement in (BARE_MOVES, BARE_STOCK, BARE_LINES):
                self._place.conn.execute(statement.encode(), given)
        return time.perf_counter() - started

    async def _timed(self, run: Callable[[Tx], Awaitable[None]]) -> float:
        started = time.perf_counter()
        async with self._database.transaction() as tx:
            await run(tx)
        return time.perf_counter() - started


async def _measured(place: Ground, sizes: tuple[int, ...], rounds: int) -> list[Measured]:
    taken: dict[tuple[str, int], tuple[list[float], list[float]]] = {
        (what, size): ([], []) for what in ("receipt", "shipment") for size in sizes
    }
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=rounds * len(sizes))
        async with Database(place.url, SystemClock(), connections=2) as database:
            async with database.transaction() as tx:
                site = await accounts.site(tx, account_id=ACCOUNT, code=WAREHOUSE)
                owner = await accounts.sub_inventory(tx, account_id=ACCOUNT, code=OWNER)
            assert owner is not None
            docks = Docks(database, place, owner.id, site)
            await docks.receive(await docks.order("inbound", max(sizes)))  # the buckets are there from now on
            place.conn.execute("ANALYZE")
            for _ in range(rounds):
                for size in sizes:
                    progress.update(task, description=f"{size:,} lines")
                    coming = await docks.order("inbound", size)
                    taken["receipt", size][0].append(await docks.receive(coming))
                    taken["receipt", size][1].append(docks.bare(coming))
                    going = await docks.order("outbound", size)
                    taken["shipment", size][0].append(await docks.ship(going))
                    taken["shipment", size][1].append(docks.bare(going))
                    progress.advance(task)
    return [Measured(what=what, lines=size, ours=ours, bare=bare) for (what, size), (ours, bare) in taken.items()]


def measure(*, sizes: tuple[int, ...], rounds: int) -> Report:
    with ground() as (place, var):
        place.check_durable()
        prepare(place.url, var)
        place.conn.execute(PRODUCTS.encode(), {"count": max(sizes)})
        measured = asyncio.run(_measured(place, sizes, rounds))
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            rounds=rounds,
            measured=measured,
            answers=list(_answers(measured, sizes)),
        )


def _answers(measured: list[Measured], sizes: tuple[int, ...]) -> Iterator[Answer]:
    for one in measured:
        ratios = [ours / bare for ours, bare in zip(one.ours, one.bare, strict=True)]
        yield at_most(DEAREST, f"{one.what} of {one.lines:,} lines", ratios, by="ours / bare set-based SQL, time")
    by = {(one.what, one.lines): one.ours for one in measured}
    few, many = min(sizes), max(sizes)
    for what in dict.fromkeys(one.what for one in measured):
        ratios = [(large / many) / (small / few) for small, large in zip(by[what, few], by[what, many], strict=True)]
        yield at_most(STEEPEST, f"{what}: is it linear?", ratios, by=f"a line of {many:,} / a line of {few:,}, time")


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    table = Table(caption=f"one command in one transaction, until its commit: medians of {report.rounds} rounds")
    for title in ("measured", "lines", "ours, ms", "bare, ms", "ratio", "ms a line", "promised"):
        table.add_column(title, justify="left" if title == "measured" else "right")
    for one in report.measured:
        promised = PROMISED_S.get(one.lines) if one.what == "receipt" else None
        table.add_row(
            one.what,
            f"{one.lines:,}",
            f"{one.ours_s * 1_000:,.0f}",
            f"{one.bare_s * 1_000:,.0f}",
            f"{one.ours_s / one.bare_s:.1f}",
            f"{one.ours_s * 1_000 / one.lines:.3f}",
            "" if promised is None else f"≤ {promised:g} s",
        )
    out.print(table)
    show_answers(report.answers, out)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="As the other benches; here the sizes say how long it takes.")] = 0.0,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    report = measure(sizes=TINY_SIZES if tiny else SIZES, rounds=1 if tiny else rounds)
    publish(report, show, "receive", results)


if __name__ == "__main__":
    app()
