"""What does one order take on disk, and what does each index give for its share?

Orders of two lines come in over Hongxun's call, are picked, packed and shipped as warehouses do it, and their owner
is told by callbacks until all are delivered. What tables, indexes and the log grew by is shared out among the orders.
Then every index that grew is held against what it is for: the constraint it carries, the statements that name it in
their docstrings, and how often it was looked into: by the orders on their way, by a few calls of each partner and
`crossdock verify` after it. Pages for people are not asked; what they read is among the statements that name it.
"""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from bench import day, orders
from bench.bench_delivery import started
from bench.bench_memory import RECEIVER, delivered
from bench.goals import Answer
from bench.ground import ACCOUNT, ground
from bench.house import answers, apply, crossdock, environment
from bench.machine import ROOT, Machine, cores, machine
from bench.report import publish, say_machine, say_postgres
from bench.send import Plan, send
from bench.verified import verified
from crossdock.base.clock import SystemClock
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.orders import tally
from crossdock.db.database import Database

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

ORDERS: Final = 20_000
TINY: Final = 200
LINES: Final = 2
CONNECTIONS: Final = 64
AT_ONCE: Final = 200
"""Orders that one transaction ships."""
VACUUMED_EACH: Final = 2_000
"""Orders; autovacuum would come by about as often."""
STATISTICS_S: Final = 1.2
"""PostgreSQL's processes tell what they did once a second."""
SMALL: Final = 1.0
"""Bytes of an order; what grew by less is summed up as others."""
SETTLE: Final = "VACUUM (ANALYZE)"
STEPS: Final = (
    fulfilment.start_picking,
    fulfilment.start_packing,
    fulfilment.finish_packing,
    fulfilment.ship,
)
SIZES: Final = """
SELECT c.relname, coalesce(of.relname, c.relname),
       CASE c.relkind WHEN 'i' THEN 'index' ELSE 'table' END, pg_relation_size(c.oid),
       CASE WHEN c.reltoastrelid <> 0 THEN pg_total_relation_size(c.reltoastrelid) ELSE 0 END
  FROM pg_class c
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  LEFT JOIN pg_class of ON of.oid = i.indrelid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i')
"""
INDEXES: Final = """
SELECT s.indexrelname, s.idx_scan, s.idx_tup_read, i.indisunique,
       (SELECT string_agg(DISTINCT CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
                                                  WHEN 'x' THEN 'exclusion' WHEN 'f' THEN 'foreign keys to it' END,
                          ', ')
          FROM pg_constraint k WHERE k.conindid = s.indexrelid)
  FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
"""
NAMED: Final = re.compile(r"Index(?:es)?: ([^\n]*)")


class Grown(Struct, frozen=True, kw_only=True):
    """Bytes of one order."""

    table: str
    rows: float
    """Of one order."""
    heap: float
    toast: float
    indexes: float

    @property
    def all(self) -> float:
        return self.heap + self.toast + self.indexes


class Index(Struct, frozen=True, kw_only=True):
    table: str
    name: str
    bytes: float
    """Of one order."""
    keeps: str
    """The constraint it carries."""
    named: int
    """Statements of the source that say they go by it."""
    scans: float
    """By one order on its way."""
    asked: int
    """By a few calls of each partner, and by `crossdock verify`."""


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    orders: int
    callbacks: int
    """Delivered."""
    log_bytes: float
    """Of PostgreSQL's log (WAL), of one order."""
    grown: list[Grown]
    indexes: list[Index]
    answers: list[Answer] = []


class Sizes(Struct, frozen=True):
    """Bytes, by name."""

    heap: dict[str, int]
    toast: dict[str, int]
    indexes: dict[str, int]
    table_of: dict[str, str]
    rows: dict[str, int]


def sizes(conn: psycopg.Connection) -> Sizes:
    """After a VACUUM: rows are exact, and nothing dead is left."""
    conn.execute(SETTLE.encode())
    found = conn.execute(SIZES.encode()).fetchall()
    tables = {name: (size, toast) for name, _, kind, size, toast in found if kind == "table"}
    indexes = {name: (of, size) for name, of, kind, size, _ in found if kind == "index"}
    return Sizes(
        heap={name: size for name, (size, _) in tables.items()},
        toast={name: toast for name, (_, toast) in tables.items()},
        indexes={name: size for name, (_, size) in indexes.items()},
        table_of={name: of for name, (of, _) in indexes.items()},
        rows={name: conn.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchall()[0][0] for name in tables},
    )


async def ship(url: str) -> None:
    """All outbound orders that are allocated."""
    async with Database(url, SystemClock(), connections=1) as database:
        async with database.autocommit() as tx:
            found = await tx.rows("SELECT id FROM orders WHERE kind = 'outbound' AND state = 'allocated' ORDER BY id")
        ids = [id_ for (id_,) in found]
        for first in range(0, len(ids), AT_ONCE):
            async with database.transaction() as tx:
                for id_ in ids[first : first + AT_ONCE]:
                    for step in STEPS:
                        await step(tx, account_id=ACCOUNT, order_id=id_)
            if first % VACUUMED_EACH == 0:
                async with database.autocommit() as tx:
                    await tx.execute(SETTLE)
        async with database.transaction() as tx:
            await tally.fold(tx)


def scans(conn: psycopg.Connection) -> Counter[str]:
    time.sleep(STATISTICS_S)
    return Counter({name: scanned for name, scanned, *_ in conn.execute(INDEXES.encode()).fetchall()})


def named_in_source() -> Counter[str]:
    """How many docstrings say of a statement that it goes by this index."""
    found: Counter[str] = Counter()
    for file in (ROOT / "src" / "crossdock").rglob("*.py"):
        for names in NAMED.findall(file.read_text(encoding="utf-8")):
            found.update(set(re.findall(r"[a-z_0-9]+", names)))
    return found


def measure(*, count: int) -> Report:
    """Errors: HouseFailed, SendFailed, NotDelivered, Disagrees."""
    with (
        ground() as (place, var),
        started("--ports", "1", module="bench.hear", pinned=cores().rest, log=var / "hear.log") as said,
    ):
        place.check_durable()
        environ = environment(place.url, var)
        apply(environ)
        place.stock_up()
        place.conn.execute(RECEIVER, (f"http://127.0.0.1:{json.loads(said)['ports'][0]}/hongxun",))
        port, log = int(environ["CROSSDOCK_PORT"]), var / "serve.log"
        with crossdock("serve", environ=environ, log=log) as pid:
            answers(pid, port, log)
            before, scanned, at = sizes(place.conn), scans(place.conn), _log_at(place.conn)
            ready = orders.requests(orders.WORKLOADS["hongxun"], first=orders.NUMBER_FIRST, count=count, lines=LINES)
            success = [orders.WORKLOADS["hongxun"].success.encode()]
            send(Plan(ports=[port], connections=CONNECTIONS, requests=ready, success=success))
            asyncio.run(ship(place.url))
            callbacks = delivered(place)
            log_bytes = _log_at(place.conn) - at
            on_the_way = scans(place.conn) - scanned
            after = sizes(place.conn)
            scanned = scans(place.conn)
            day.ask(port, day.first(0))
            verified(place.url)
            asked = scans(place.conn) - scanned
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            orders=count,
            callbacks=callbacks,
            log_bytes=log_bytes / count,
            grown=list(_grown(before, after, count)),
            indexes=list(_indexes(place.conn, before, after, on_the_way, asked, count)),
        )


def _log_at(conn: psycopg.Connection) -> int:
    [(at,)] = conn.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchall()
    return int(at)


def _grown(before: Sizes, after: Sizes, count: int) -> Iterator[Grown]:
    """Tables that did, the largest first."""
    indexes: Counter[str] = Counter()
    for name, size in after.indexes.items():
        indexes[after.table_of[name]] += size - before.indexes[name]
    grown = [
        Grown(
            table=name,
            rows=(after.rows[name] - before.rows[name]) / count,
            heap=(size - before.heap[name]) / count,
            toast=(after.toast[name] - before.toast[name]) / count,
            indexes=indexes[name] / count,
        )
        for name, size in after.heap.items()
    ]
    yield from sorted((one for one in grown if one.all > 0), key=lambda one: -one.all)


def _indexes(
    conn: psycopg.Connection, before: Sizes, after: Sizes, on_the_way: Counter[str], asked: Counter[str], count: int
) -> Iterator[Index]:
    """Those that grew, the largest first."""
    named, keeps = named_in_source(), {row[0]: row[3:] for row in conn.execute(INDEXES.encode()).fetchall()}
    grown = Counter(after.indexes) - Counter(before.indexes)
    for name, size in grown.most_common():
        unique, constraint = keeps[name]
        yield Index(
            table=after.table_of[name],
            name=name,
            bytes=size / count,
            keeps=constraint or ("unique" if unique else ""),
            named=named[name],
            scans=on_the_way[name] / count,
            asked=asked[name],
        )


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    _show_tables(report, out)
    _show_indexes(report.indexes, out)
    whole = sum(one.all for one in report.grown)
    out.print(
        f"{report.orders:,} orders of {LINES} lines, {report.callbacks:,} callbacks delivered: {whole:,.0f} bytes on"
        f" disk for each, and {report.log_bytes:,.0f} bytes of log written on its way",
        markup=False,
    )


def _show_tables(report: Report, out: Console) -> None:
    table = Table(caption="bytes of one order, from its placing to the last callback")
    table.add_column("table")
    for title in ("rows", "heap", "toast", "indexes", "all"):
        table.add_column(title, justify="right")
    large = [one for one in report.grown if one.all >= SMALL]
    for one in large:
        figures = (f"{size:,.0f}" for size in (one.heap, one.toast, one.indexes, one.all))
        table.add_row(one.table, f"{one.rows:.2f}", *figures)
    sums = [sum(getattr(one, part) for one in report.grown) for part in ("heap", "toast", "indexes", "all")]
    table.add_section()
    table.add_row("all tables", "", *(f"{size:,.0f}" for size in sums))
    out.print(table)


def _show_indexes(indexes: Sequence[Index], out: Console) -> None:
    table = Table(caption="what each index takes of one order, and what it is for")
    table.add_column("index", no_wrap=True)
    table.add_column("keeps")
    for title in ("bytes", "statements naming it", "looks by an order", "by readers"):
        table.add_column(title, justify="right")
    for one in indexes:
        if one.bytes >= SMALL:
            used = (f"{one.named}", f"{one.scans:.2f}", f"{one.asked:,}")
            table.add_row(one.name, one.keeps or "—", f"{one.bytes:,.0f}", *used)
    out.print(table)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1, help="As the other benches; bytes are counted once.")] = 1,
    count: Annotated[int, typer.Option(min=100, help="Orders.")] = ORDERS,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    publish(measure(count=TINY if tiny else count), show, "space", results)


if __name__ == "__main__":
    app()
