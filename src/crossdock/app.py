"""The only file that knows everyone: database, dialects, workers, devices -> one running house."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from crossdock import dialects, opening
from crossdock.base.clock import Clock, SystemClock
from crossdock.base.config import Config
from crossdock.base.errors import Unavailable
from crossdock.base.seal import Seal, secret_key
from crossdock.base.tasks import stopped
from crossdock.console import app as console
from crossdock.core.bulk import commands as bulk
from crossdock.core.bulk import running as importing
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


@dataclass(frozen=True)
class House:
    """What one process works with. `app` answers HTTP; `run_workers` does everything else."""

    desk: Desk
    app: App


def check_settings(config: Config) -> None:
    """Whether all that was given can be used; nothing is started for it. Errors: SetupFailed."""
    opening.check_settings(config)
    if config.mqtt_url is not None:
        address_of(config.mqtt_url)
    Networks(config.callback_networks)
    notice_channels.channels(config, SystemClock())


@asynccontextmanager
async def open_house(*, url: str, config: Config, clock: Clock | None = None) -> AsyncIterator[House]:
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
