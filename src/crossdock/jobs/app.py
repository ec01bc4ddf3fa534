"""Work in the background that is not a callback, by Procrastinate: what the clock asks for, and what later
issues enqueue in their own transactions."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import procrastinate.jobs
import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException

from crossdock.base.errors import Unavailable
from crossdock.base.tasks import stopped
from crossdock.core.fulfilment import waiting
from crossdock.core.handover import commands as handover
from crossdock.core.lockers import alarms as locker_alarms
from crossdock.core.lockers import commands as lockers
from crossdock.core.nonces import commands as nonces
from crossdock.core.notices import commands as notices
from crossdock.core.operators import commands as operators
from crossdock.core.orders import tally
from crossdock.core.overview import pace
from crossdock.core.staff import commands as staff
from crossdock.core.transport import readings
from crossdock.db.database import Database, dial_errors

CONCURRENCY: Final = 4
PAUSE_S_FIRST: Final = 1.0
PAUSE_S_MAX: Final = 30.0

AGAIN_S: Final = 30
"""After a job lost the database; it goes on from what it had written."""
FINISH_S: Final = 5.0
"""Jobs that are at work get this long when their worker is told to stop; then the next worker goes on."""
STALLED_S: Final = 60.0
"""Without a sign of life of its worker a job is given to another."""

Job = Callable[..., Awaitable[Any]]

LOST: Final[tuple[type[Exception], ...]] = (ConnectorException, Unavailable, *dial_errors())

log = structlog.get_logger(__name__)


class _LostIsSaidOnce(logging.Filter):
    """Procrastinate prints a trace for each part of it that loses the database, and asyncio one for each of its tasks
    that nobody waits for; `work` says it in a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is None or not isinstance(record.exc_info[1], LOST)


for _name in ("procrastinate.utils", "procrastinate.worker", "procrastinate.worker.worker", "asyncio"):
    logging.getLogger(_name).addFilter(_LostIsSaidOnce())


class _GoesOn(BaseRetryStrategy):
    """What lost the database is done again in a while; what its worker left when it was stopped, by the next one."""

    def get_retry_decision(self, *, exception: BaseException, job: procrastinate.jobs.Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, LOST):
            return RetryDecision(retry_in={"seconds": AGAIN_S})
        return None


def jobs(database: Database, others: Mapping[str, Job] | None = None) -> App:
    """The tasks, bound to a database: our own, and others by name. Procrastinate keeps connections of its own."""
    app = App(connector=PsycopgConnector(conninfo=database.url, min_size=1, max_size=3))

    @app.periodic(cron="* * * * *")
    @app.task(name="sweep", queueing_lock="sweep")
    async def sweep(timestamp: int) -> None:
        """Once a minute: codes whose time is over, and codes for what is set aside in its shop; door commands nobody
        waits for, silent cabinets, alarms, old nonces, readings of parcels that never came, sessions and locks of
        logins that are over; orders are counted up and hour by hour, and buyers are reminded."""
        codes = await _expired(database)
        issued = await waiting.issue_waiting(database)
        async with database.transaction() as tx:
            doors = await lockers.expire_overdue(tx)
            silent = await lockers.lapse(tx)
            alarms = await locker_alarms.look(tx)
            await nonces.sweep(tx)
            await tally.fold(tx)
            await pace.note(tx)
            await readings.sweep(tx)
            await staff.sweep(tx)
            await operators.sweep(tx)
        found = {
            "codes_expired": codes,
            "codes_issued": issued,
            "door_commands_expired": doors,
            "cabinets_silent": silent,
            "alarms": alarms,
            "reminded": await notices.remind_due(database),
        }
        if any(found.values()):
            log.info("swept", **found)

    @app.periodic(cron="* * * * *")
    @app.task(name="take over", queueing_lock="take over")
    async def take_over(timestamp: int) -> None:
        """Once a minute: jobs whose worker is gone are done by another."""
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
            log.warning("a job is taken over", job=job.task_name, job_id=job.id)
            await app.job_manager.retry_job(job)

    for name, run in (others or {}).items():
        app.task(name=name, retry=_GoesOn())(_task(run))
    return app


async def _expired(database: Database) -> int:
    """Each batch in a transaction of its own."""
    expired = 0
    while True:
        async with database.transaction() as tx:
            batch = await handover.expire_everywhere(tx)
        expired += batch
        if batch < handover.EXPIRED_AT_ONCE:
            return expired


def _task(run: Job) -> Callable[..., Awaitable[None]]:
    """A function of its own, as Procrastinate wants one."""

    async def task(**args: Any) -> None:
        await run(**args)

    return task


async def work(database: Database, others: Mapping[str, Job] | None = None) -> None:
    """Run jobs until cancelled; then those at work are ended in good order, however often it is said."""
    working = asyncio.create_task(_work(database, others), name="job worker")
    try:
        await asyncio.shield(working)
    finally:
        await stopped(working, again_s=2 * FINISH_S)


async def _work(database: Database, others: Mapping[str, Job] | None) -> None:
    """Procrastinate's worker ends when it loses the database; it is started again."""
    pause_s = PAUSE_S_FIRST
    while True:
        try:
            async with jobs(database, others).open_async() as app:
                pause_s = PAUSE_S_FIRST
                await app.run_worker_async(
                    concurrency=CONCURRENCY,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=FINISH_S,
                )
            log.warning("jobs stopped; starting again", pause_s=pause_s)
        except LOST as error:
            log.warning("jobs lost the database; starting again", cause=type(error).__name__, pause_s=pause_s)
        except Exception:
            log.exception("the job worker failed; starting again", pause_s=pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, PAUSE_S_MAX)
