"""The only file that knows everyone: database, dialects, workers, devices -> one running house."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from crossdock import dialects
from crossdock.base.clock import Clock, SystemClock
from crossdock.base.config import Config
from crossdock.base.seal import Seal, secret_key
from crossdock.base.tasks import stopped
from crossdock.db import migrate
from crossdock.db.embedded import EmbeddedPostgres
from crossdock.delivery.worker import Deliverer
from crossdock.devices.broker import EmbeddedBroker
from crossdock.devices.bus import BrokerAddress, address_of
from crossdock.devices.coordinator import Coordinator
from crossdock.edge.asgi import App
from crossdock.edge.desk import Desk, open_desk
from crossdock.jobs.app import work


@dataclass(frozen=True)
class House:
    """What one process works with. `app` answers HTTP; `run_workers` does everything else."""

    desk: Desk
    app: App


@asynccontextmanager
async def open_house(*, url: str, config: Config, clock: Clock | None = None) -> AsyncIterator[House]:
    seal = Seal(secret_key(config.secret_key, config.var))
    async with open_desk(url=url, config=config, clock=clock or SystemClock(), seal=seal) as desk:
        yield House(desk=desk, app=App(desk, dialects.load()))


@asynccontextmanager
async def database_url(config: Config) -> AsyncIterator[str]:
    """The configured database, or the embedded one for as long as it is needed. Errors: SetupFailed."""
    if config.database_url is not None:
        yield config.database_url
        return
    postgres = EmbeddedPostgres(config.var)
    await asyncio.to_thread(postgres.start)
    try:
        yield postgres.url
    finally:
        await asyncio.to_thread(postgres.stop)


@asynccontextmanager
async def open_desk_of(config: Config) -> AsyncIterator[Desk]:
    """The core without a server, for commands; the database is migrated first."""
    seal = Seal(secret_key(config.secret_key, config.var))
    async with database_url(config) as url:
        await asyncio.to_thread(migrate.upgrade, url)
        async with open_desk(url=url, config=config, clock=SystemClock(), seal=seal) as desk:
            yield desk


@asynccontextmanager
async def broker_address(config: Config) -> AsyncIterator[BrokerAddress]:
    """The configured broker, or the embedded one for as long as it is needed. Errors: SetupFailed."""
    async with AsyncExitStack() as stack:
        if config.mqtt_url is not None:
            yield address_of(config.mqtt_url)
        else:
            yield (await stack.enter_async_context(EmbeddedBroker(config.mqtt_port))).address


async def run_workers(house: House, broker: BrokerAddress) -> None:
    """Callbacks, cabinets and jobs, until cancelled; none of them ends by itself."""
    desk = house.desk
    deliverer = Deliverer(
        database=desk.database,
        signals=desk.signals,
        senders={d.name: d.sender for d in dialects.load() if d.sender is not None},
        accounts=desk.accounts,
        clock=desk.clock,
        networks=desk.config.callback_networks,
    )
    coordinator = Coordinator(desk.database, desk.signals, broker, desk.clock)
    tasks = [
        asyncio.create_task(deliverer.run(), name="callbacks"),
        asyncio.create_task(coordinator.run(), name="cabinets"),
        asyncio.create_task(work(desk.database), name="jobs"),
    ]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            await stopped(task)
