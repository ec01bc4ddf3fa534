"""What does an order of many lines cost: placed, shipped, received? Is it linear, and how far from bare SQL?

An inbound order of many lines, each another product, comes in as one batch; an outbound order of as many is placed
with its stock set aside, and leaves. Each is one command in one transaction, measured until its commit. Beside it, in
the same round, bare set-based SQL does the same to a twin of that order: from temporary tables that were filled
before its clock started, in one transaction, it writes as many rows of every table, which is counted.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final, Literal

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
from bench.verified import verified
from crossdock.base.clock import SystemClock
from crossdock.base.ids import CompanyId, OrderId, SiteId, SubInventoryId
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

SIZES: Final = (100, 500, 1_000, 2_000, 5_000)
ASKED: Final = (1_000, 5_000)
"""Of these a ratio is asked; the others are points of the curve."""
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
Task = Literal["receipt", "placing", "shipment"]
CAUSES: Final[dict[Task, str]] = {
    "receipt": "'receive:' || %(twin)s::text || ':1:' || l.line_no",
    "placing": "'reserve:' || %(twin)s::text || ':' || l.line_no",
    "shipment": "'ship:' || %(twin)s::text || ':1:' || t.id",
}
"""What the moves of the twin are called, of a line `l` and the twin's own line `t`."""

GIVEN: Final = (
    "CREATE TEMP TABLE given_order AS SELECT * FROM orders WHERE account_id = 47 AND id = %(order_id)s",
    "CREATE TEMP TABLE given_line AS SELECT * FROM order_line WHERE account_id = 47 AND order_id = %(order_id)s",
    """
CREATE TEMP TABLE given_move AS
SELECT m.stock_id, {cause} AS cause, m.quantity, m.allocated, l.line_no, t.id AS order_line_id
  FROM stock_move m
  JOIN order_line l ON l.account_id = m.account_id AND l.id = m.order_line_id
  LEFT JOIN order_line t ON t.account_id = m.account_id AND t.order_id = %(twin)s AND t.line_no = l.line_no
 WHERE m.account_id = 47 AND m.order_id = %(order_id)s AND m.id > %(stock_move)s
 ORDER BY m.id
""",
    """
CREATE TEMP TABLE given_event AS
SELECT kind, 'order:' || %(twin)s::text AS subject, dialect, actor, facts, happened_at
  FROM event WHERE account_id = 47 AND order_id = %(order_id)s AND id > %(event)s ORDER BY id
""",
    """
CREATE TEMP TABLE given_callback AS
SELECT c.receiver_id, e.kind, replace(c.mailbox, %(order_id)s::text, %(twin)s::text) AS mailbox, c.state, c.due_at
  FROM callback c JOIN event e ON e.account_id = c.account_id AND e.id = c.event_id
 WHERE c.account_id = 47 AND e.order_id = %(order_id)s AND c.id > %(callback)s
""",
)
"""What ours has written to the order, as it is to be written to its twin."""
GIVEN_TABLES: Final = ("given_order", "given_line", "given_move", "given_event", "given_callback")

BARE_ORDER: Final = """
INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, site_id, sub_inventory_id,
                    recipient, partner_fields, token, pieces, batches, created_at, updated_at)
SELECT %(twin)s, account_id, company_id, kind, %(twin)s::text, dialect, type, state, site_id, sub_inventory_id,
       recipient, partner_fields, md5(%(twin)s::text), pieces, batches, now(), now()
  FROM given_order
"""
BARE_NEW_LINES: Final = """
WITH written AS (
    INSERT INTO order_line (account_id, order_id, line_no, line_key, product_id, sku, sub_inventory_id, lot,
                            condition, quantity, done, partner_fields)
    SELECT account_id, %(twin)s, line_no, line_key, product_id, sku, sub_inventory_id, lot,
           condition, quantity, done, partner_fields
      FROM given_line
    RETURNING id, line_no
)
INSERT INTO stock_move (account_id, stock_id, cause, quantity, allocated, order_id, order_line_id, moved_at)
SELECT 47, m.stock_id, m.cause, m.quantity, m.allocated, %(twin)s, w.id, now()
  FROM given_move m JOIN written w USING (line_no)
"""
BARE_STATE: Final = """
UPDATE orders o SET state = g.state, batches = g.batches, updated_at = now(), finished_at = g.finished_at
  FROM given_order g WHERE o.account_id = 47 AND o.id = %(twin)s
"""
BARE_MOVES: Final = """
INSERT INTO stock_move (account_id, stock_id, cause, quantity, allocated, order_id, order_line_id, moved_at)
SELECT 47, stock_id, cause, quantity, allocated, %(twin)s, order_line_id, now() FROM given_move
"""
BARE_STOCK: Final = """
UPDATE stock s SET on_hand = s.on_hand + g.quantity, allocated = s.allocated + g.allocated
  FROM given_move g WHERE s.account_id = 47 AND s.id = g.stock_id
"""
BARE_LINES: Final = """
UPDATE order_line l SET done = l.done + abs(g.quantity)
  FROM given_move g WHERE l.account_id = 47 AND l.id = g.order_line_id
"""
BARE_EVENTS: Final = """
WITH told AS (
    INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)
    SELECT 47, kind, subject, %(twin)s, dialect, actor, facts, happened_at, now() FROM given_event
    RETURNING id, kind
)
INSERT INTO callback (account_id, receiver_id, event_id, mailbox, state, due_at, created_at)
SELECT 47, c.receiver_id, told.id, c.mailbox, c.state, c.due_at, now() FROM given_callback c JOIN told USING (kind)
"""
BARE: Final[dict[Task, tuple[str, ...]]] = {
    "receipt": (BARE_STATE, BARE_MOVES, BARE_STOCK, BARE_LINES, BARE_EVENTS),
    "placing": (BARE_ORDER, BARE_NEW_LINES, BARE_STOCK, BARE_EVENTS),
    "shipment": (BARE_STATE, BARE_MOVES, BARE_STOCK, BARE_LINES, BARE_EVENTS),
}
COUNTERS: Final = ("order_counter inserted", "order_counter updated")
"""Numbers are counted before the orders' transaction."""
MARKED: Final = ("stock_move", "event", "callback")
WRITTEN: Final = (
    "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'public'"
)


class RowsDiffer(Exception):
    """The two sides do not write the same, or what they wrote does not agree with itself."""


class Measured(Struct, frozen=True, kw_only=True):
    """Seconds of one command, and of the bare statements beside it, of each round."""

    what: Task
    lines: int
    ours: list[float]
    bare: list[float]
    rows: dict[str, int]
    """Written by each side, by table and deed; counted, and found equal."""

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

    def __init__(self, database: Database, place: Ground, sub: SubInventoryId, site_id: SiteId) -> None:
        self._database = database
        self._conn = place.conn
        self._sub = sub
        self._site_id = site_id

    async def order(self, kind: Kind, count: int) -> tuple[Order, float]:
        """As it was placed, and in how many seconds."""
        order_id = await self.order_id()
        command = PlaceOrder(
            account_id=ACCOUNT,
            company_id=COMPANY,
            kind=kind,
            dialect="hongxun",
            type="10",
            state="announced" if kind == "inbound" else "allocated",
            site_id=self._site_id,
            sub_inventory_id=self._sub,
            lines=tuple(
                NewLine(line_key=str(number), sku=f"R-{number}", quantity=PIECES) for number in range(1, count + 1)
            ),
        )
        started = time.perf_counter()
        async with self._database.transaction() as tx:
            [order] = await place_together(tx, [command], [order_id])
        return order, time.perf_counter() - started

    async def order_id(self) -> OrderId:
        [order_id] = await OrderIds(self._database).take([COMPANY])
        return order_id

    async def receive(self, order: Order) -> float:
        lines = {str(number): PIECES for number in range(1, order.pieces // PIECES + 1)}

        async def run(tx: Tx) -> None:
            await inbound.receive(tx, account_id=ACCOUNT, order_id=order.id, receipts=counted(lines))

        return await self._timed(run)

    async def pack(self, order_id: OrderId) -> None:
        async with self._database.transaction() as tx:
            for step in (outbound.start_picking, outbound.start_packing, outbound.finish_packing):
                await step(tx, account_id=ACCOUNT, order_id=order_id)

    async def ship(self, order: Order) -> float:
        async def run(tx: Tx) -> None:
            await outbound.ship(tx, account_id=ACCOUNT, order_id=order.id)

        return await self._timed(run)

    def marks(self) -> dict[str, int]:
        """The last row of each table that is written to, before ours writes."""
        return {table: self._value(f"SELECT coalesce(max(id), 0) FROM {table}") for table in MARKED}

    def bare(self, task: Task, order_id: OrderId, twin: OrderId, marks: dict[str, int]) -> float:
        """What ours wrote to the order is written to its twin, by the statements alone, in one transaction."""
        given: dict[str, Any] = {"order_id": order_id, "twin": twin, **marks}
        for statement in GIVEN:
            self._conn.execute(statement.format(cause=CAUSES[task]).encode(), given, prepare=False)
        self._conn.execute(f"ANALYZE {', '.join(GIVEN_TABLES)}".encode())
        started = time.perf_counter()
        with self._conn.transaction():
            for statement in BARE[task]:
                self._conn.execute(statement.encode(), given)
        taken_s = time.perf_counter() - started
        self._conn.execute(f"DROP TABLE {', '.join(GIVEN_TABLES)}".encode())
        return taken_s

    async def written(self) -> Counter[str]:
        """Rows written so far, by table and deed, of both sides."""
        async with self._database.transaction() as tx:
            await tx.execute("SELECT pg_stat_force_next_flush()")
        self._conn.execute("SELECT pg_stat_force_next_flush()")
        self._conn.execute("SELECT pg_stat_clear_snapshot()")
        counted_rows: Counter[str] = Counter()
        for table, *deeds in self._conn.execute(WRITTEN.encode()).fetchall():
            counted_rows |= {
                f"{table} {deed}": rows
                for deed, rows in zip(("inserted", "updated", "deleted"), deeds, strict=True)
                if rows
            }
        return counted_rows

    async def _timed(self, run: Callable[[Tx], Awaitable[None]]) -> float:
        started = time.perf_counter()
        async with self._database.transaction() as tx:
            await run(tx)
        return time.perf_counter() - started

    def _value(self, statement: str) -> int:
        row = self._conn.execute(statement.encode()).fetchone()
        assert row is not None
        return int(row[0])


class Rounds:
    """Seconds of both sides, and how many rows each wrote."""

    def __init__(self, docks: Docks) -> None:
        self._docks = docks
        self.ours: defaultdict[tuple[Task, int], list[float]] = defaultdict(list)
        self.bare: defaultdict[tuple[Task, int], list[float]] = defaultdict(list)
        self.rows: dict[tuple[Task, int], dict[str, int]] = {}

    async def of(self, size: int) -> None:
        """Errors: RowsDiffer."""
        docks = self._docks
        coming, _ = await docks.order("inbound", size)
        twin, _ = await docks.order("inbound", size)
        await self._pair("receipt", size, coming.id, twin.id, lambda: docks.receive(coming))
        going: list[Order] = []
        twin_id = await docks.order_id()

        async def place() -> float:
            order, taken_s = await docks.order("outbound", size)
            going.append(order)
            return taken_s

        await self._pair("placing", size, lambda: going[0].id, twin_id, place)
        for order_id in (going[0].id, twin_id):
            await docks.pack(order_id)
        await self._pair("shipment", size, going[0].id, twin_id, lambda: docks.ship(going[0]))

    async def _pair(
        self,
        task: Task,
        size: int,
        order_id: OrderId | Callable[[], OrderId],
        twin: OrderId,
        run: Callable[[], Awaitable[float]],
    ) -> None:
        marks, before = self._docks.marks(), await self._docks.written()
        self.ours[task, size].append(await run())
        between = await self._docks.written()
        of = order_id() if callable(order_id) else order_id
        self.bare[task, size].append(self._docks.bare(task, of, twin, marks))
        ours, bare = between - before, await self._docks.written() - between
        for rows in (ours, bare):
            for counter in COUNTERS:
                rows.pop(counter, None)
        if ours != bare:
            raise RowsDiffer(f"{task} of {size} lines: ours {dict(ours)}, bare {dict(bare)}")
        self.rows[task, size] = dict(ours)


async def _measured(place: Ground, sizes: tuple[int, ...], rounds: int) -> list[Measured]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=rounds * len(sizes))
        async with Database(place.url, SystemClock(), connections=1) as database:
            async with database.transaction() as tx:
                site = await accounts.site(tx, account_id=ACCOUNT, code=WAREHOUSE)
                owner = await accounts.sub_inventory(tx, account_id=ACCOUNT, code=OWNER)
            assert site is not None
            assert owner is not None
            docks = Docks(database, place, owner.id, SiteId(site.id))
            first, _ = await docks.order("inbound", max(sizes))
            await docks.receive(first)  # the buckets are there from now on
            place.conn.execute("ANALYZE")
            await Rounds(docks).of(min(sizes))  # not counted: both sides warm up
            taken = Rounds(docks)
            for _ in range(rounds):
                for size in sizes:
                    progress.update(task, description=f"{size:,} lines")
                    await taken.of(size)
                    progress.advance(task)
    return [
        Measured(what=what, lines=size, ours=ours, bare=taken.bare[what, size], rows=taken.rows[what, size])
        for (what, size), ours in sorted(taken.ours.items())
    ]


def measure(*, sizes: tuple[int, ...], rounds: int) -> Report:
    with ground() as (place, var):
        place.check_durable()
        prepare(place.url, var)
        place.conn.execute(PRODUCTS.encode(), {"count": max(sizes)})
        measured = asyncio.run(_measured(place, sizes, rounds))
        verified(place.url)
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            rounds=rounds,
            measured=measured,
            answers=list(_answers(measured, sizes)),
        )


def _answers(measured: list[Measured], sizes: tuple[int, ...]) -> Iterator[Answer]:
    few, many = ASKED if set(ASKED) <= {*sizes} else (min(sizes), max(sizes))
    for one in (one for one in measured if one.lines in (few, many)):
        ratios = [ours / bare for ours, bare in zip(one.ours, one.bare, strict=True)]
        yield at_most(DEAREST, f"{one.what} of {one.lines:,} lines", ratios, by="ours / bare set-based SQL, time")
    by = {(one.what, one.lines): one.ours for one in measured}
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
