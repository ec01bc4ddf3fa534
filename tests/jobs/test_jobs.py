"""Jobs are enqueued with what they are for, done once it is on disk, and taken over when their worker is gone."""

from procrastinate import App

from crossdock.jobs import app as jobs_app
from crossdock.jobs.app import jobs
from tests.world import World


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
