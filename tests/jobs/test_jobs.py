"""Jobs are enqueued with what they are for, done once it is on disk, and taken over when their worker is gone."""

import asyncio
import logging
from typing import Any

import pytest
from procrastinate import App
from procrastinate.exceptions import ConnectorException

from crossdock.base import tasks
from crossdock.base.tasks import stopped
from crossdock.core.handover import commands as handover
from crossdock.jobs import app as jobs_app
from crossdock.jobs.app import jobs, work
from tests.world import SHOP, SHOP_SERVICE, World


async def _work(app: App) -> None:
    await app.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")


async def test_a_job_is_done_once_its_transaction_is_on_disk(quiet_world: World) -> None:
    done: list[int] = []

    async def run(*, number: int) -> None:
        done.append(number)

    database = quiet_world.desk.database
    async with database.transaction() as tx:
        await tx.enqueue("test.run", lock="a", number=1)
    try:
        async with database.transaction() as tx:
            await tx.enqueue("test.run", lock="a", number=2)
            raise LookupError
    except LookupError:
        pass
    async with jobs(database, {"test.run": run}).open_async() as app:
        await _work(app)
    assert done == [1]
    assert await quiet_world.rows("SELECT 1 FROM procrastinate_jobs WHERE task_name = 'test.run'") == []


async def test_a_job_whose_worker_is_gone_is_taken_over(quiet_world: World) -> None:
    done: list[int] = []

    async def run(*, number: int) -> None:
        done.append(number)

    database = quiet_world.desk.database
    async with database.transaction() as tx:
        await tx.enqueue("test.run", lock="a", number=1)
    await quiet_world.rows(
        "WITH gone AS (INSERT INTO procrastinate_workers (last_heartbeat)"
        " VALUES (now() - %(seconds)s * interval '1 second') RETURNING id)"
        " UPDATE procrastinate_jobs SET status = 'doing', worker_id = gone.id FROM gone RETURNING 1",
        seconds=jobs_app.STALLED_S + 60,
    )
    async with jobs(database, {"test.run": run}).open_async() as app:
        await app.tasks["take over"].func(timestamp=0)
        await _work(app)
    assert done == [1]


async def test_one_whose_worker_shows_itself_is_left_to_it(quiet_world: World) -> None:
    async def run(*, number: int) -> None:
        raise AssertionError

    database = quiet_world.desk.database
    async with database.transaction() as tx:
        await tx.enqueue("test.run", lock="a", number=1)
    await quiet_world.rows(
        "WITH here AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id)"
        " UPDATE procrastinate_jobs SET status = 'doing', worker_id = here.id FROM here RETURNING 1"
    )
    async with jobs(database, {"test.run": run}).open_async() as app:
        await app.tasks["take over"].func(timestamp=0)
    assert await quiet_world.rows("SELECT status::text FROM procrastinate_jobs WHERE task_name = 'test.run'") == [
        ("doing",)
    ]


async def _stopped_in_the_middle(world: World, *, seconds: float) -> list[int]:
    """A job of so many seconds whose worker is stopped, by one who is stopped too: what was done."""
    begun, done = asyncio.Event(), []

    async def run(*, number: int) -> None:
        begun.set()
        await asyncio.sleep(seconds)
        done.append(number)

    async def workers() -> None:
        working = asyncio.create_task(work(database, {"test.run": run}))
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await stopped(working)

    database = world.desk.database
    async with database.transaction() as tx:
        await tx.enqueue("test.run", lock="a", number=1)
    task = asyncio.create_task(workers())
    await begun.wait()
    await stopped(task)
    assert await world.rows("SELECT 1 FROM procrastinate_workers") == []
    return done


async def test_a_job_that_is_at_work_when_its_worker_is_stopped_is_finished(quiet_world: World) -> None:
    assert await _stopped_in_the_middle(quiet_world, seconds=3 * tasks.AGAIN_S) == [1]
    assert await quiet_world.rows("SELECT 1 FROM procrastinate_jobs WHERE task_name = 'test.run'") == []


async def test_one_that_takes_too_long_is_done_by_the_next_worker(
    quiet_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_app, "FINISH_S", 2 * tasks.AGAIN_S)
    assert await _stopped_in_the_middle(quiet_world, seconds=3600) == []
    done: list[int] = []

    async def run(*, number: int) -> None:
        done.append(number)

    async with jobs(quiet_world.desk.database, {"test.run": run}).open_async() as app:
        await _work(app)
    assert done == [1]


@pytest.mark.parametrize("due", [2, 3, 5])
async def test_a_sweep_ends_all_codes_that_are_due(
    quiet_world: World, monkeypatch: pytest.MonkeyPatch, due: int
) -> None:
    """In batches; and what is set aside in its shop gets the code it waits for."""
    monkeypatch.setattr(handover, "EXPIRED_AT_ONCE", 2)
    for number in range(due):
        await quiet_world.shipped(f"N-{number}", service=SHOP_SERVICE)
    now = quiet_world.clock.now()
    await quiet_world.rows("UPDATE handover SET expires_at = %(now)s RETURNING 1", now=now)
    await quiet_world.stock("00131031", 1, site_id=SHOP)
    more: dict[str, Any] = {"service": SHOP_SERVICE, "state": "allocated", "site_id": SHOP}
    waits = await quiet_world.order("W-1", lines={"00131031": 1}, **more)

    async with jobs(quiet_world.desk.database).open_async() as app:
        await app.tasks["sweep"].func(timestamp=0)

    assert await quiet_world.rows("SELECT count(*) FROM handover WHERE state = 'expired'") == [(due,)]
    assert await quiet_world.rows("SELECT order_id FROM handover WHERE state = 'unused'") == [(waits.id,)]
    await quiet_world.verified()


@pytest.mark.parametrize(("error", "told"), [(ConnectorException("gone"), False), (ValueError("a fault"), True)])
def test_a_task_that_nobody_waits_for_is_told_of_unless_it_lost_the_database(
    error: Exception, told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=(type(error), error, None))
    assert bool(caplog.records) is told
