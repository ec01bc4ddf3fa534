"""Connections, transactions, and what their failures mean."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg import errors as pg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import JsonbDumper, set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from crossdock.base import json
from crossdock.base.clock import Clock
from crossdock.base.errors import CrossdockError, DatabaseUnavailable, DiskFull, Overloaded
from crossdock.db.errors import ConstraintBroken, LockContested, SchemaBehind, ValueNotStorable
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
            },
            configure=_configure,
            open=False,
            reconnect_timeout=0,
        )

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
                async with self._pool.connection() as conn:
                    if readonly:
                        yield Tx(conn, self._clock.now())
                    else:
                        async with conn.transaction():
                            yield Tx(conn, self._clock.now())
            except psycopg.OperationalError:
                self._forget_dead_connections()
                raise

    def autocommit(self) -> AbstractAsyncContextManager[Tx]:
        """Each statement is a transaction of its own: reads, and the few writes that are one statement."""
        return self.transaction(readonly=True)

    async def reachable(self) -> bool:
        """Whether a statement gets an answer now."""
        try:
            async with self.transaction(readonly=True) as tx:
                return bool(await tx.value("SELECT 1"))
        except CrossdockError:
            return False

    def _forget_dead_connections(self) -> None:
        task = asyncio.ensure_future(self._pool.check())
        task.add_done_callback(_note_failure)


class translated:
    """psycopg's errors as ours, by what they mean to the one who asked."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case TooManyRequests():
                raise Overloaded() from error
            case pg.IntegrityError():
                raise ConstraintBroken(constraint=error.diag.constraint_name) from error
            case pg.DiskFull() | pg.ReadOnlySqlTransaction() | pg.IoError():
                raise DiskFull() from error
            case pg.DeadlockDetected() | pg.SerializationFailure() | pg.LockNotAvailable():
                raise LockContested() from error
            case pg.UndefinedTable() | pg.UndefinedColumn() | pg.InvalidCatalogName():
                raise SchemaBehind(cause=str(error).splitlines()[0]) from error
            case pg.NumericValueOutOfRange() | pg.UntranslatableCharacter() | pg.CharacterNotInRepertoire():
                raise ValueNotStorable(cause=str(error).splitlines()[0]) from error
            case psycopg.DataError() if error.sqlstate is None:  # psycopg itself refuses a NUL in a text
                raise ValueNotStorable(cause=str(error)) from error
            case PoolTimeout() | psycopg.OperationalError():
                raise DatabaseUnavailable() from error


def dial_errors() -> tuple[type[Exception], ...]:
    """What a lost or absent server looks like to code that holds its own connection."""
    return (psycopg.OperationalError, PoolTimeout, OSError)


def database_name(url: str) -> str:
    return str(conninfo_to_dict(url).get("dbname", ""))


async def _configure(conn: psycopg.AsyncConnection[Any]) -> None:
    conn.prepare_threshold = 2
    conn.adapters.register_dumper(dict, JsonbDumper)
    set_json_dumps(json.text, conn)
    set_json_loads(_loads, conn)


def _loads(raw: str | bytes) -> Any:
    return _decoder.decode(raw)


def _note_failure(task: "asyncio.Future[None]") -> None:
    with suppress(asyncio.CancelledError):
        if task.exception() is not None:
            log.warning("database does not answer", cause=type(task.exception()).__name__)


_decoder = msgspec.json.Decoder()
