"""Connections, transactions, and what their failures mean."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.array import ListBinaryDumper
from psycopg.types.json import JsonbDumper, set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from crossdock.base import json
from crossdock.base.clock import Clock
from crossdock.base.errors import CrossdockError, DatabaseUnavailable
from crossdock.db.errors import DatabaseUrlMalformed
from crossdock.db.translated import translated
from crossdock.db.tx import Row, Tx

POOL_WAITING_MAX = 2_000
"""Requests that may wait for a connection; more are told to come again."""
POOL_WAIT_S_MAX = 10.0
STATEMENT_S_MAX = 30
LOCK_WAIT_S_MAX = 10

log = structlog.get_logger(__name__)


class Database:
    """A pool to one PostgreSQL. Open it with `async with Database(...) as database`."""

    def __init__(self, url: str, clock: Clock, *, connections: int = 8) -> None:
        self.url = url
        self._clock = clock
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            url,
            min_size=min(2, connections),
            max_size=connections,
            max_waiting=POOL_WAITING_MAX,
            timeout=POOL_WAIT_S_MAX,
            kwargs={
                "autocommit": True,
                "options": f"-c statement_timeout={STATEMENT_S_MAX}s -c lock_timeout={LOCK_WAIT_S_MAX}s"
                " -c timezone=UTC -c idle_in_transaction_session_timeout=60s",
                "application_name": "crossdock",
                "connect_timeout": 5,
                # A network that went silent is noticed in half a minute, not in the hours of the system's default.
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 30_000,
            },
            configure=configure,
            open=False,
            # One try for each that asks: whoever waits hears of its failure, and the next one to ask tries again.
            reconnect_timeout=0,
            reconnect_failed=self._nobody_answers,
        )
        self._waits: set[asyncio.Timeout] = set()

    async def __aenter__(self) -> "Database":
        await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *, readonly: bool = False) -> AsyncIterator[Tx]:
        """One command, one transaction: leaving commits, raising rolls back.

        A read-only one sends no BEGIN: each of its statements sees its own snapshot (see `autocommit`).
        Errors: DatabaseUnavailable, DiskFull, Overloaded, LockContested, ConstraintBroken, ValueNotStorable,
        SchemaBehind.
        """
        with translated():
            try:
                conn = await self._connection()
                try:
                    if readonly:
                        yield Tx(conn, self._clock.now())
                    else:
                        async with conn.transaction():
                            yield Tx(conn, self._clock.now())
                finally:
                    await self._pool.putconn(conn)
            except (psycopg.OperationalError, DatabaseUnavailable):
                self._forget_dead_connections()
                raise

    def autocommit(self) -> AbstractAsyncContextManager[Tx]:
        """Each statement is a transaction of its own: reads, and the few writes that are one statement."""
        return self.transaction(readonly=True)

    async def server(self) -> tuple[str, datetime, bool]:
        """Its version, its clock, and whether it is a standby that takes no writes."""
        async with self.autocommit() as tx:
            [(version, clock, standby)] = await tx.rows(
                "SELECT current_setting('server_version'), clock_timestamp(), pg_is_in_recovery()"
            )
        return str(version), clock, bool(standby)

    async def reachable(self) -> bool:
        """Whether a statement gets an answer now."""
        try:
            async with self.transaction(readonly=True) as tx:
                return bool(await tx.value("SELECT 1"))
        except CrossdockError:
            return False

    async def _connection(self) -> psycopg.AsyncConnection[Row]:
        """A connection that lives, to be given back. Errors: DatabaseUnavailable, Overloaded."""
        while True:
            conn = await self._taken()
            if not _hung_up(conn):
                return conn
            # The server went while nobody asked: the pool makes another in its place.
            await self._pool.putconn(conn)

    async def _taken(self) -> psycopg.AsyncConnection[Row]:
        try:
            async with asyncio.timeout(None) as wait:
                self._waits.add(wait)
                try:
                    return await self._pool.getconn()
                finally:
                    self._waits.discard(wait)
        except TimeoutError as error:
            raise DatabaseUnavailable() from error

    def _nobody_answers(self, pool: AsyncConnectionPool[Any]) -> None:
        """A connection could not be made: without any other, those who wait for one are told at once."""
        if pool.get_stats()["pool_size"]:
            return
        waits, self._waits = self._waits, set()
        now = asyncio.get_running_loop().time()
        for wait in waits:
            wait.reschedule(now)

    def _forget_dead_connections(self) -> None:
        task = asyncio.ensure_future(self._pool.check())
        task.add_done_callback(_note_failure)


def dial_errors() -> tuple[type[Exception], ...]:
    """What a lost or absent server looks like to code that holds its own connection."""
    return (psycopg.OperationalError, PoolTimeout, OSError)


def check_url(url: str) -> None:
    """Whether it can be read as an address; nobody is asked. Errors: DatabaseUrlMalformed."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise DatabaseUrlMalformed() from None  # what psycopg says quotes the password


def _hung_up(conn: psycopg.AsyncConnection[Any]) -> bool:
    """Whether the server has ended this idle connection: read without asking, so it costs no round trip."""
    try:
        # A farewell may be in the way: the end of the stream is behind it.
        conn.pgconn.consume_input()
        conn.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return False


async def configure(conn: psycopg.AsyncConnection[Any]) -> None:
    """What a connection of ours sends and how it reads: statements prepared, JSON by msgspec, lists in binary."""
    conn.prepare_threshold = 2
    conn.adapters.register_dumper(dict, JsonbDumper)
    # As text, psycopg escapes each element of a list by a regular expression: four times the work for a batch.
    conn.adapters.register_dumper(list, ListBinaryDumper)
    set_json_dumps(json.text, conn)
    set_json_loads(_loads, conn)


def _loads(raw: str | bytes) -> Any:
    return _decoder.decode(raw)


def _note_failure(task: "asyncio.Future[None]") -> None:
    with suppress(asyncio.CancelledError):
        if task.exception() is not None:
            log.warning("database does not answer", cause=type(task.exception()).__name__)


_decoder = msgspec.json.Decoder()
