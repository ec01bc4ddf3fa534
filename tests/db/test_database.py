"""Transactions: all or nothing, and what each failure of PostgreSQL is called."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from msgspec import Struct

from crossdock.base.clock import HeldClock
from crossdock.base.errors import CrossdockError, DatabaseUnavailable, DiskFull, Overloaded
from crossdock.db import database as module
from crossdock.db.database import Database
from crossdock.db.errors import ConstraintBroken, LockContested, SchemaBehind, ValueNotStorable
from crossdock.db.tx import Tx

NOON = datetime(2024, 8, 2, 4, 0, tzinfo=UTC)
INSERT = "INSERT INTO account (id, code, name, zone, currency) VALUES (%(id)s, %(code)s, '', 'UTC', 'CNY')"


class Named(Struct):
    code: str


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(NOON)


@pytest.fixture
async def database(database_url: str, clock: HeldClock) -> AsyncIterator[Database]:
    async with Database(database_url, clock, connections=3) as opened:
        yield opened


async def codes(database: Database) -> list[str]:
    async with database.autocommit() as tx:
        return [row.code for row in await tx.many(Named, "SELECT code FROM account ORDER BY id")]


async def test_leaving_commits_and_raising_undoes_all(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(INSERT, id=1, code="kept")
    with suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            await tx.execute(INSERT, id=2, code="undone")
            raise ZeroDivisionError

    assert await codes(database) == ["kept"]


async def test_a_savepoint_is_undone_alone(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(INSERT, id=1, code="before")
        with pytest.raises(ConstraintBroken):
            async with tx.savepoint():
                await tx.execute(INSERT, id=1, code="again")
        await tx.execute(INSERT, id=2, code="after")

    assert await codes(database) == ["before", "after"]


async def test_a_caller_that_leaves_undoes_its_transaction(database: Database) -> None:
    started = asyncio.Event()

    async def leave() -> None:
        async with database.transaction() as tx:
            await tx.execute(INSERT, id=1, code="left")
            started.set()
            await tx.execute("SELECT pg_sleep(600)")

    task = asyncio.create_task(leave())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await codes(database) == []


async def test_now_is_read_once(database: Database, clock: HeldClock) -> None:
    async with database.transaction() as tx:
        clock.advance(timedelta(hours=1))
        assert tx.now == NOON
    async with database.autocommit() as tx:
        assert tx.now == NOON + timedelta(hours=1)


async def test_times_come_back_in_utc_and_numbers_as_they_were(database: Database) -> None:
    async with database.autocommit() as tx:
        [row] = await tx.rows(
            "SELECT '2024-08-02T12:00+08'::timestamptz, 1.10::numeric, '{\"a\": [\"二\"]}'::jsonb, %(given)s::jsonb",
            given={"b": None},
        )
    assert row == (NOON, Decimal("1.10"), {"a": ["二"]}, {"b": None})


@pytest.mark.parametrize("found", [0, 2])
async def test_one_is_exactly_one(database: Database, found: int) -> None:
    async with database.autocommit() as tx:
        with pytest.raises(LookupError):
            await tx.one(Named, "SELECT 'x' AS code FROM generate_series(1, %(found)s)", found=found)
        assert (await tx.one(Named, "SELECT 'x' AS code, 1 AS dropped")).code == "x"


async def test_several_statements_in_one_round_trip(database: Database) -> None:
    async with database.transaction() as tx:
        answers = await tx.pipeline((INSERT, {"id": 1, "code": "a"}), ("SELECT code FROM account", {}))
    assert answers == [[], [("a",)]]


async def test_bulk_loads(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.copy_in(
            "COPY account (id, code, name, zone, currency) FROM STDIN",
            [(1, "a", "", "UTC", "CNY"), (2, "b", "", "UTC", "CNY")],
        )
    assert await codes(database) == ["a", "b"]


async def _duplicate(tx: Tx) -> None:
    await tx.execute(INSERT, id=1, code="a")
    await tx.execute(INSERT, id=2, code="a")


async def _read_only(tx: Tx) -> None:
    await tx.execute("SET TRANSACTION READ ONLY")
    await tx.execute(INSERT, id=1, code="a")


async def _too_slow(tx: Tx) -> None:
    await tx.execute("SET LOCAL statement_timeout = '1ms'")
    await tx.execute("SELECT pg_sleep(600)")


async def _killed(tx: Tx) -> None:
    await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def _no_table(tx: Tx) -> None:
    await tx.execute("SELECT 1 FROM table_of_the_next_release")


async def _no_column(tx: Tx) -> None:
    await tx.execute("SELECT colour FROM account")


async def _nul(tx: Tx) -> None:
    await tx.execute(INSERT, id=1, code="a\0b")


async def _nul_in_a_document(tx: Tx) -> None:
    await tx.execute("SELECT %(given)s::jsonb ->> 'a'", given={"a": "\0"})


async def _too_large(tx: Tx) -> None:
    await tx.execute("SELECT 1 FROM account WHERE id = ANY (%(ids)s::bigint[])", ids=[2**63])


@pytest.mark.parametrize(
    ("break_", "error"),
    [
        (_duplicate, ConstraintBroken),
        (_read_only, DiskFull),
        (_too_slow, DatabaseUnavailable),
        (_killed, DatabaseUnavailable),
        (_no_table, SchemaBehind),
        (_no_column, SchemaBehind),
        (_nul, ValueNotStorable),
        (_nul_in_a_document, ValueNotStorable),
        (_too_large, ValueNotStorable),
    ],
)
async def test_what_a_failure_is_called(database: Database, break_: Any, error: type[CrossdockError]) -> None:
    with pytest.raises(CrossdockError) as caught:
        async with database.transaction() as tx:
            await break_(tx)
    assert type(caught.value) is error
    assert await codes(database) == [], "the next one finds a working connection, and nothing was written"


async def test_a_broken_rule_has_its_name(database: Database) -> None:
    with pytest.raises(ConstraintBroken) as caught:
        async with database.transaction() as tx:
            await _duplicate(tx)
    assert caught.value.constraint == "account_code_key"


async def test_a_lock_that_does_not_come_is_contested(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(INSERT, id=1, code="a")

    async def ask_for_it() -> None:
        async with database.transaction() as tx:
            await tx.execute("SET LOCAL lock_timeout = '1ms'")
            await tx.execute("SELECT 1 FROM account FOR UPDATE")

    async with database.transaction() as holder:
        await holder.execute("SELECT 1 FROM account FOR UPDATE")
        with pytest.raises(LockContested):
            await ask_for_it()


async def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch, clock: HeldClock) -> None:
    monkeypatch.setattr(module, "POOL_WAIT_S_MAX", 0.05)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody@127.0.0.1:{nobody.getsockname()[1]}/none"
        async with Database(url, clock, connections=1) as database:
            assert not await database.reachable()
            with pytest.raises(DatabaseUnavailable):
                async with database.transaction():
                    pass


async def test_who_waits_is_told_at_once_that_nobody_answers(
    monkeypatch: pytest.MonkeyPatch, clock: HeldClock
) -> None:
    monkeypatch.setattr(module, "POOL_WAIT_S_MAX", 3600.0)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody@127.0.0.1:{nobody.getsockname()[1]}/none"
        async with Database(url, clock, connections=2) as database:
            asked = await asyncio.gather(*(read_one(database) for _ in range(20)), return_exceptions=True)
            assert {type(answer) for answer in asked} == {DatabaseUnavailable}


async def test_a_connection_that_the_server_has_ended_is_not_given_out(database: Database, database_url: str) -> None:
    await asyncio.gather(*(read_one(database) for _ in range(3)))
    with psycopg.connect(database_url, autocommit=True) as outside:
        ended = outside.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert (True,) in ended

    assert [await read_one(database) for _ in range(5)] == [1] * 5


async def read_one(database: Database) -> int:
    async with database.autocommit() as tx:
        return int(await tx.value("SELECT 1"))


async def test_a_server_that_is_there(database: Database) -> None:
    assert await database.reachable()


async def test_so_many_may_wait_for_a_connection(
    monkeypatch: pytest.MonkeyPatch, database_url: str, clock: HeldClock
) -> None:
    monkeypatch.setattr(module, "POOL_WAITING_MAX", 1)

    async def ask(database: Database) -> int:
        async with database.transaction(readonly=True) as tx:
            return int(await tx.value("SELECT 1"))

    async with Database(database_url, clock, connections=1) as database:
        async with database.transaction():
            waiting = asyncio.create_task(ask(database))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await ask(database)
        assert await waiting == 1
