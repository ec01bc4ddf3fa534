"""The PostgreSQL of a measurement: embedded, with its default settings, so every commit is on disk."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from bench import orders
from bench.machine import ROOT, family, pin
from crossdock.base.clock import SystemClock
from crossdock.base.ids import AccountId, ProductId, SiteId
from crossdock.core.accounts import sql as accounts
from crossdock.core.stock import commands as stock
from crossdock.core.stock.model import Arrival
from crossdock.db.database import Database
from crossdock.db.embedded import EmbeddedPostgres

ACCOUNT: Final = AccountId(47)
WAREHOUSE: Final = "WH-GZ01"
OWNER: Final = "OWN-A"
PIECES: Final = 1_000_000_000
PRODUCT_FIRST: Final = 5_000_000
"""The products made here have the ids from this one on."""
DURABLE: Final = {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}
TABLES: Final = (
    "orders",
    "order_line",
    "order_reference",
    "stock_move",
    "event",
    "callback",
    "packing",
    "packing_item",
)


class NotDurable(Exception):
    """PostgreSQL does not flush every commit, so nothing can be compared."""


class Ground:
    """One running PostgreSQL and a connection of our own to it."""

    def __init__(self, postgres: EmbeddedPostgres, conn: psycopg.Connection) -> None:
        self.url = postgres.url
        self.conn = conn
        self._postgres = postgres

    @property
    def version(self) -> str:
        return self._show("server_version")

    def another(self, name: str) -> str:
        """The address of a new database beside the one of `url`."""
        self.conn.execute(f"CREATE DATABASE {name}".encode())
        return self._postgres.url_of(name)

    def check_durable(self) -> None:
        """Errors: NotDurable."""
        for name, wanted in DURABLE.items():
            if self._show(name) != wanted:
                raise NotDurable(f"{name} is {self._show(name)}")

    def settle(self, cores: tuple[int, ...]) -> None:
        """Begin a run with nothing left to write from the one before, PostgreSQL on these cores."""
        self.conn.execute("CHECKPOINT")
        if cores and self._postgres.pid is not None:
            pin(family(self._postgres.pid), cores)

    def rows(self) -> dict[str, int]:
        """Rows of every table an order writes to, and pieces set aside in all buckets: each stock update adds one."""
        counted = {table: self._value(f"SELECT count(*) FROM {table}") for table in TABLES}
        return counted | {"stock updates": self._value("SELECT sum(allocated) FROM stock")}

    def stock_up(self) -> None:
        """GOODS products with PIECES of each on the shelf, once the demo account is there."""
        self.conn.execute(
            "INSERT INTO product (id, account_id, sku, name, created_at, updated_at) OVERRIDING SYSTEM VALUE"
            " SELECT %s + good, %s, 'BENCH-' || 100000 + good, '测试商品', now(), now()"
            " FROM generate_series(0, %s) AS good",
            (PRODUCT_FIRST, ACCOUNT, orders.GOODS - 1),
        )
        asyncio.run(self._shelve())
        self.conn.execute("ANALYZE product, stock")

    def kill(self) -> None:
        """SIGKILL to the postmaster, whatever it does."""
        pid = self._postgres.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def start_again(self) -> None:
        """After `kill`: it reads its log, and `conn` is a new one."""
        self.conn.close()
        self._postgres.start()
        self.conn = psycopg.connect(self.url, autocommit=True)

    async def _shelve(self) -> None:
        async with Database(self.url, SystemClock(), connections=1) as database, database.transaction() as tx:
            site = await accounts.site(tx, account_id=ACCOUNT, code=WAREHOUSE)
            owner = await accounts.sub_inventory(tx, account_id=ACCOUNT, code=OWNER)
            assert site is not None
            assert owner is not None
            await stock.receive(
                tx,
                account_id=ACCOUNT,
                arrivals=[
                    Arrival(
                        site_id=SiteId(site.id),
                        sub_inventory_id=owner.id,
                        product_id=ProductId(PRODUCT_FIRST + good),
                        lot="",
                        quantity=PIECES,
                    )
                    for good in range(orders.GOODS)
                ],
                cause="bench",
            )

    def _show(self, name: str) -> str:
        return str(self._value(f"SHOW {name}"))

    def _value(self, statement: str) -> int:
        row = self.conn.execute(statement.encode()).fetchone()
        assert row is not None
        return row[0] or 0


@contextmanager
def ground() -> Iterator[tuple[Ground, Path]]:
    """PostgreSQL and its directory, below ./var: /tmp may lie in memory, where a flush costs nothing."""
    parent = ROOT / "var"
    parent.mkdir(exist_ok=True)
    var = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    os.chmod(var, 0o755)  # noqa: PTH101 - as root the server runs as another user, who must be able to pass
    try:
        with EmbeddedPostgres(var) as postgres:
            place = Ground(postgres, psycopg.connect(postgres.url, autocommit=True))
            try:
                yield place, var
            finally:
                place.conn.close()
    finally:
        shutil.rmtree(var, ignore_errors=True)
