"""What a command needs of the house: the database, the core, and no server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from crossdock.base.clock import SystemClock
from crossdock.base.config import Config
from crossdock.base.errors import SetupFailed
from crossdock.base.objects import Objects
from crossdock.base.seal import Seal, secret_key
from crossdock.base.tasks import stopped
from crossdock.db import version
from crossdock.db.database import check_url
from crossdock.db.embedded import EmbeddedPostgres
from crossdock.edge.desk import Desk, open_desk

LOOK_S: Final = 1.0
"""How often the embedded database is looked after."""

log = structlog.get_logger(__name__)


def check_settings(config: Config) -> None:
    """Whether what every command uses of them can be used; nothing is started for it. Errors: SetupFailed."""
    if config.database_url is not None:
        check_url(config.database_url)
    if config.secret_key is not None:
        Seal(config.secret_key)
    if config.storage_url is not None:
        Objects(config.storage_url, var=config.var)


@asynccontextmanager
async def database_url(config: Config) -> AsyncIterator[str]:
    """The configured database, or the embedded one for as long as it is needed. Errors: SetupFailed.

    The embedded one has nobody else to look after it: when it ends, it is started again.
    """
    if config.database_url is not None:
        yield config.database_url
        return
    postgres = EmbeddedPostgres(config.var)
    await _start(postgres)
    watching = asyncio.create_task(_keep_running(postgres), name="embedded database")
    try:
        yield postgres.url
    finally:
        try:
            await stopped(watching)
        finally:
            await asyncio.to_thread(postgres.stop)


async def _start(postgres: EmbeddedPostgres) -> None:
    """A thread cannot be cancelled: what it still starts when we are is waited for and stopped."""
    starting = asyncio.ensure_future(asyncio.to_thread(postgres.start))
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        while not starting.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({starting})
        if starting.exception() is None:
            await asyncio.to_thread(postgres.stop)
        raise


async def _keep_running(postgres: EmbeddedPostgres) -> None:
    while True:
        await asyncio.sleep(LOOK_S)
        if postgres.pid is not None:
            continue
        log.error("the embedded PostgreSQL has ended; starting it again")
        try:
            await _start(postgres)
        except SetupFailed as error:
            log.error("the embedded PostgreSQL does not start", cause=error.sentence, again_s=LOOK_S)
        else:
            log.info("the embedded PostgreSQL runs again")


@asynccontextmanager
async def open_desk_of(config: Config) -> AsyncIterator[Desk]:
    """The core without a server, for commands; the database is migrated first."""
    seal = Seal(secret_key(config.secret_key, config.var))
    async with database_url(config) as url:
        await asyncio.to_thread(version.upgrade, url)
        async with open_desk(url=url, config=config, clock=SystemClock(), seal=seal) as desk:
            await desk.accounts.check_key()
            yield desk
