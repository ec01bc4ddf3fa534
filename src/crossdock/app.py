"""The only file that knows everyone: database, dialects, workers, devices -> one running house."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog

from crossdock import dialects
from crossdock.base.clock import Clock, SystemClock
from crossdock.base.config import Config
from crossdock.base.errors import SetupFailed, Unavailable
from crossdock.base.objects import Objects
from crossdock.base.seal import Seal, secret_key
from crossdock.base.tasks import stopped
from crossdock.core.bulk import commands as bulk
from crossdock.core.bulk import running as importing
from crossdock.db import migrate
from crossdock.db.database import check_url
from crossdock.db.embedded import EmbeddedPostgres
from crossdock.delivery import resending
from crossdock.delivery.networks import Networks
from crossdock.delivery.worker import Deliverer
from crossdock.devices.access import CabinetKeys
from crossdock.devices.broker import EmbeddedBroker
from crossdock.devices.bus import BrokerAddress, address_of
from crossdock.devices.coordinator import Coordinator
from crossdock.edge.asgi import App
from crossdock.edge.desk import Desk, open_desk
from crossdock.film import addresses as film
from crossdock.film.showing import Showing
from crossdock.film.sweep import keep_sweeping
from crossdock.jobs.app import work
from crossdock.jobs.waiting import serve_orders_that_wait
from crossdock.messages import channels as notice_channels
from crossdock.messages.worker import Notifier

LOOK_S: Final = 1.0
"""How often the embedded database is looked after."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class House:
    """What one process works with. `app` answers HTTP; `run_workers` does everything else."""

    desk: Desk
    app: App


def check_settings(config: Config) -> None:
    """Whether all that was given can be used; nothing is started for it. Errors: SetupFailed."""
    if config.database_url is not None:
        check_url(config.database_url)
    if config.secret_key is not None:
        Seal(config.secret_key)
    if config.mqtt_url is not None:
        address_of(config.mqtt_url)
    Networks(config.callback_networks)
    notice_channels.channels(config, SystemClock())
    if config.storage_url is not None:
        Objects(config.storage_url, var=config.var)


@asynccontextmanager
async def open_house(*, url: str, config: Config, clock: Clock | None = None) -> AsyncIterator[House]:
    """The pages are read here, not above: a command that serves nobody would read them for nothing."""
    from crossdock.console import app as console  # noqa: PLC0415  # a second

    seal = Seal(secret_key(config.secret_key, config.var))
    async with open_desk(url=url, config=config, clock=clock or SystemClock(), seal=seal) as desk:
        app = App(
            desk,
            dialects.load(),
            pages={**dict.fromkeys(console.PREFIXES, console.pages(desk)), film.PREFIX: Showing(desk)},
            aliases=config.aliases,
        )
        noting = asyncio.create_task(desk.accounts.keep_noting(), name="uses of keys")
        try:
            yield House(desk=desk, app=app)
        finally:
            await stopped(noting)
            with suppress(Unavailable):
                await desk.accounts.note_uses()


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
        await asyncio.to_thread(migrate.upgrade, url)
        async with open_desk(url=url, config=config, clock=SystemClock(), seal=seal) as desk:
            await desk.accounts.check_key()
            yield desk


@asynccontextmanager
async def broker_address(config: Config, desk: Desk) -> AsyncIterator[BrokerAddress]:
    """The configured broker, or the embedded one for as long as it is needed. Errors: SetupFailed."""
    if config.mqtt_url is not None:
        yield address_of(config.mqtt_url)
        return
    async with EmbeddedBroker(config.mqtt_port, CabinetKeys(desk.database, desk.seal).key_of) as broker:
        yield broker.address


def background_jobs(desk: Desk) -> dict[str, Callable[..., Awaitable[Any]]]:
    """What is done in the background, by name: imports, callbacks that go again, and what dialects ask for."""
    asked = {name: partial(run, desk) for dialect in dialects.load() for name, run in dialect.jobs.items()}
    ours: dict[str, Callable[..., Awaitable[Any]]] = {
        bulk.JOB: partial(importing.go_on, desk.database),
        resending.JOB: partial(resending.go_on, desk.database),
    }
    return {**ours, **asked}


async def run_workers(house: House, broker: BrokerAddress) -> None:
    """Callbacks, notices, cabinets and jobs, until cancelled; none of them ends by itself."""
    desk = house.desk
    deliverer = Deliverer(
        database=desk.database,
        signals=desk.signals,
        senders={d.name: d.sender for d in dialects.load() if d.sender is not None},
        accounts=desk.accounts,
        clock=desk.clock,
        networks=desk.config.callback_networks,
        objects=desk.objects,
    )
    notifier = Notifier(
        database=desk.database,
        signals=desk.signals,
        channels=notice_channels.channels(desk.config, desk.clock),
        clock=desk.clock,
        public_url=notice_channels.public_url(desk.config),
        map_url=desk.config.map_url,
    )
    coordinator = Coordinator(desk.database, desk.signals, broker, desk.clock, open_key=desk.seal.open)
    tasks = [
        asyncio.create_task(deliverer.run(), name="callbacks"),
        asyncio.create_task(notifier.run(), name="notices"),
        asyncio.create_task(coordinator.run(), name="cabinets"),
        asyncio.create_task(work(desk.database, background_jobs(desk)), name="jobs"),
        asyncio.create_task(serve_orders_that_wait(desk.database, desk.signals), name="waiting orders"),
        asyncio.create_task(keep_sweeping(desk.database, desk.objects), name="film"),
    ]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            await stopped(task)
