"""One open transaction: statements in, frozen structs out. psycopg stays behind this door."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from psycopg import AsyncConnection, AsyncCursor, sql
from psycopg.rows import tuple_row

from crossdock.db.translated import translated

T = TypeVar("T")
Statement = str | sql.Composed | sql.SQL
Row = tuple[Any, ...]


class Tx:
    """`now` is read once, when the transaction opens: all rows of one command carry the same time."""

    __slots__ = ("_conn", "now")

    def __init__(self, conn: AsyncConnection[Row], now: datetime) -> None:
        self._conn = conn
        self.now = now

    async def one(self, kind: type[T], statement: Statement, /, **params: Any) -> T:
        """Exactly one row; for statements that cannot miss."""
        rows = await self.many(kind, statement, **params)
        if len(rows) != 1:
            raise LookupError(f"one {kind.__name__} expected, {len(rows)} found")
        return rows[0]

    async def one_or_none(self, kind: type[T], statement: Statement, /, **params: Any) -> T | None:
        rows = await self.many(kind, statement, **params)
        return rows[0] if rows else None

    async def many(self, kind: type[T], statement: Statement, /, **params: Any) -> list[T]:
        """Rows as structs: columns are matched by name, unknown ones are dropped."""
        cursor = await self._run(statement, params)
        rows = await cursor.fetchall()
        if not rows:
            return []
        names = _names(cursor)
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return msgspec.convert(found, list[kind], strict=True)  # type: ignore[valid-type]

    async def rows(self, statement: Statement, /, **params: Any) -> list[Row]:
        """Rows as plain tuples, for statements whose shape is not worth a struct."""
        cursor = await self._run(statement, params)
        return await cursor.fetchall()

    async def value(self, statement: Statement, /, **params: Any) -> Any:
        """The first column of the first row; None when there is none."""
        cursor = await self._run(statement, params)
        row = await cursor.fetchone()
        return None if row is None else row[0]

    async def execute(self, statement: Statement, /, **params: Any) -> int:
        """How many rows were touched."""
        cursor = await self._run(statement, params)
        return cursor.rowcount

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside is undone alone; the transaction goes on. Errors: those of a transaction."""
        with translated():
            async with self._conn.transaction():
                yield

    async def notify(self, topic: str) -> None:
        """Wake whoever waits for `topic`, once this transaction is on disk."""
        await self.execute("SELECT pg_notify(%(channel)s, %(topic)s)", channel=SIGNAL_CHANNEL, topic=topic)

    async def enqueue(self, task: str, /, *, lock: str, **args: Any) -> None:
        """Have a job of jobs/app.py done in the background, once this transaction is on disk.

        Jobs of one lock are done one after the other.
        """
        # Its own way over a connection sends an array of records, which our connections cannot: they dump in binary.
        await self.execute(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', %(task)s, 0, %(lock)s, NULL, %(args)s::jsonb,"
            " NULL)::procrastinate_job_to_defer_v1])",
            task=task,
            lock=lock,
            args=args,
        )

    async def copy_in(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """COPY … FROM STDIN, for bulk loads."""
        async with self._conn.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)

    async def pipeline(self, *statements: tuple[Statement, dict[str, Any]]) -> list[list[Row]]:
        """Several statements in one round trip; the rows of each, in order."""
        async with self._conn.pipeline():
            cursors = []
            for statement, params in statements:
                cursor = self._conn.cursor(row_factory=tuple_row)
                await cursor.execute(statement, params)
                cursors.append(cursor)
        return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]

    async def _run(self, statement: Statement, params: dict[str, Any]) -> AsyncCursor[Row]:
        cursor = self._conn.cursor()
        await cursor.execute(statement, params)
        return cursor


def _names(cursor: AsyncCursor[Row]) -> list[str]:
    """Of the result's columns. `cursor.description` would look up the type of each as well."""
    result = cursor.pgresult
    assert result is not None
    return [(result.fname(number) or b"").decode() for number in range(result.nfields)]


SIGNAL_CHANNEL = "crossdock"


def columns(kind: type[msgspec.Struct], of: str = "") -> str:
    """What to select for `Tx.many(kind, ...)`: the struct's fields, of the table that goes by `of`."""
    table = f"{of}." if of else ""
    return ", ".join(f'{table}"{entry.name}"' for entry in msgspec.structs.fields(kind))
