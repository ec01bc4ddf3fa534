"""Waking up across connections: after the commit, the right topic only, and everybody after a lost line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from crossdock.base.clock import SystemClock
from crossdock.db import signals as module
from crossdock.db.database import Database
from crossdock.db.signals import Signals

WAIT_S = 20


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[tuple[Database, Signals]]:
    async with Database(url, SystemClock(), connections=2) as database, Signals(url) as signals:
        yield database, signals


async def woken(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), WAIT_S)


async def test_a_signal_comes_with_the_commit(database_url: str) -> None:
    async with listening(database_url) as (database, signals):
        with signals.waiting_for("tea") as tea, signals.waiting_for("milk") as milk:
            with suppress(ZeroDivisionError):
                async with database.transaction() as tx:
                    await tx.notify("milk")
                    raise ZeroDivisionError
            async with database.transaction() as tx:
                await tx.notify("tea")
                await tx.execute("SELECT 1")
                assert not tea.is_set()

            await woken(tea)
            assert not milk.is_set(), "signals come in order: the undone one would have been here before"


async def test_all_who_wait_for_a_topic_are_woken_and_nobody_who_left(database_url: str) -> None:
    async with listening(database_url) as (database, signals):
        with signals.waiting_for("tea") as first:
            with signals.waiting_for("tea") as second:
                pass
            with signals.waiting_for("tea") as third:
                async with database.transaction() as tx:
                    await tx.notify("tea")
                await woken(first)
                await woken(third)
                assert not second.is_set()


async def test_a_lost_line_wakes_everybody_and_is_taken_up_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECONNECT_S", 0.01)
    async with listening(database_url) as (database, signals):
        with signals.waiting_for("tea") as tea:
            async with database.transaction() as tx:
                killed = await tx.value(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE application_name = 'crossdock signals' AND datname = current_database()"
                )
            assert killed == 1
            await woken(tea)

            tea.clear()
            await woken(tea)  # the new connection wakes everybody once more: what was signalled meanwhile is lost
            tea.clear()
            async with database.transaction() as tx:
                await tx.notify("tea")
            await woken(tea)
