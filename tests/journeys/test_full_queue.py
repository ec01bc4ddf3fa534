"""More than may wait: each partner is told in its own words, and what waits is answered and kept."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from crossdock import dialects
from crossdock.db import database as pool
from crossdock.db.intake import Intake
from crossdock.edge.asgi import App
from crossdock.journey.samples import Samples
from tests import served
from tests.journeys.asks import ASKS, NOT_STORED, Asker, refusals
from tests.world import START, World

BY_INTAKE = ("birdsystem", "hongxun", "ovopark")
"""Their calls of asks.py are written in groups; each intake has a queue of its own."""
WAITING_MAX = 2


class Gate:
    """Batches wait before it until it opens."""

    def __init__(self, write: Callable[[list[Any]], Awaitable[list[Any]]]) -> None:
        self._write = write
        self.held = 0
        self.open = asyncio.Event()

    async def __call__(self, commands: list[Any]) -> list[Any]:
        self.held += 1
        await self.open.wait()
        return await self._write(commands)


@pytest.mark.parametrize("dialect", BY_INTAKE)
async def test_the_intake_is_full(dialect: str, quiet_world: World, sample: Samples, now: None) -> None:
    desk = quiet_world.desk
    intake: Any = desk.packings if dialect == "ovopark" else desk.orders
    gate = Gate(intake._handler)
    small: Intake[Any, Any] = Intake(gate, key=intake._key, waiting_max=WAITING_MAX, batch_max=1, writers=1)
    held_desk = replace(desk, **{"packings" if dialect == "ovopark" else "orders": small})
    async with served.listening(App(held_desk, dialects.load())) as base_url, askers(base_url, sample, 4) as clients:
        first, *others, late = clients
        asked = [asyncio.create_task(first.ask(dialect, "N0"))]
        await _until(lambda: gate.held == 1)
        asked += [asyncio.create_task(one.ask(dialect, f"N{n}")) for n, one in enumerate(others, start=1)]
        await _until(lambda: len(small._queue) == WAITING_MAX)

        status, said = await late.ask(dialect, "late")

        said.pop("stat", None)
        assert (status, said) == refusals(stored=NOT_STORED)[dialect]
        gate.open.set()
        for answer in await asyncio.gather(*asked):
            assert ASKS[dialect].yes(answer[1])
        _, said = await late.ask(dialect, "late")
        assert ASKS[dialect].yes(said), "asked again, it is taken"
    kept = await quiet_world.rows(f"SELECT count(*) FROM {'packing' if dialect == 'ovopark' else 'orders'}")
    assert kept == [(4,)]


async def test_the_pool_is_full(
    monkeypatch: pytest.MonkeyPatch, demo_database_url: str, tmp_path: Any, sample: Samples, now: None
) -> None:
    monkeypatch.setattr(pool, "POOL_WAITING_MAX", 1)
    async with (
        served.house(demo_database_url, at=START, var=tmp_path) as (house, _),
        served.listening(house.app) as base_url,
        askers(base_url, sample, 2) as (waiter, late),
        AsyncExitStack() as stack,
    ):
        await late.all_say_yes("callers are known")
        held = AsyncExitStack()
        for _ in range(house.desk.config.pool_connections):
            await held.enter_async_context(house.desk.database.transaction())
        waiting = asyncio.create_task(waiter.ask("hongxun", "waits"))
        stack.push_async_callback(held.aclose)
        await _until(lambda: house.desk.database._pool.get_stats().get("requests_waiting") == 1)

        await late.all_refuse("late", refusals(stored=NOT_STORED))

        await held.aclose()
        _, said = await waiting
        assert ASKS["hongxun"].yes(said)
        await late.all_say_yes("late")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partners sign with the time at which the world's clock is held."""
    import tests.journeys.asks as asks
    from crossdock.journey import partners

    class Held(partners.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return START.astimezone(tz)

    for module in (asks, partners):
        monkeypatch.setattr(module, "datetime", Held)


@asynccontextmanager
async def askers(base_url: str, sample: Samples, count: int) -> AsyncIterator[list[Asker]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Asker(base_url, sample)) for _ in range(count)]


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.001)
