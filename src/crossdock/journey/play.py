"""`crossdock journey`: start what does not run yet, apply the demo, play, print, and go on serving."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec
from msgspec import Struct
from rich.console import Console

from crossdock import dialects, server
from crossdock.app import House
from crossdock.base.config import Config
from crossdock.base.errors import SetupFailed
from crossdock.base.tasks import stopped
from crossdock.core.accounts import sql as accounts
from crossdock.core.events import queries as events
from crossdock.core.lockers import queries as lockers
from crossdock.devices.access import CabinetKeys
from crossdock.devices.bus import BrokerAddress, address_of
from crossdock.devices.simulator import SimulatedCabinet
from crossdock.edge.desk import Desk
from crossdock.journey import receiver as receivers
from crossdock.journey import samples, show
from crossdock.journey.diary import Diary, StepFailed
from crossdock.journey.partners import Partners
from crossdock.journey.samples import Samples
from crossdock.journey.story import Story, Told
from crossdock.opening import open_desk_of
from crossdock.running import told_to_stop
from crossdock.setup.apply import apply_file

DEMO_ACCOUNT: Final = "demo"
LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
"""Where the journey's own receiver listens; callbacks into it must be allowed."""
START_S_MAX: Final = 30.0
CABINET_S_MAX: Final = 20.0
ASK_S_MAX: Final = 30.0


class DemoMissing(SetupFailed):
    """The demo's account is not there: apply examples/demo.toml."""


class CabinetAway(SetupFailed):
    """The demo's cabinet did not come online: see the log for the MQTT broker. Facts: cabinet."""


async def journey(config: Config, examples: Path, *, out: Console, once: bool) -> bool:
    """Whether every step was answered as it should be. Errors: SetupFailed."""
    sample = samples.load(examples / "journey.toml")
    base_url = f"http://{config.host}:{config.port}"
    if await _answers(base_url):
        async with open_desk_of(config) as desk:
            out.print(f"A server answers on {base_url}: playing against it.")
            return await _play(desk, base_url, examples, sample, out=out)
    config = msgspec.structs.replace(config, callback_networks=(*config.callback_networks, *LOOPBACK))
    listener = server.listen(config)
    with contextlib.closing(listener):
        out.print(f"Starting: database, broker, workers and web on {base_url} (log: {config.var / 'crossdock.log'})")
        async with server.whole_house(config) as (house, broker), _serving(house, listener, broker) as running:
            go_on = None if once else running
            return await _play(house.desk, base_url, examples, sample, out=out, go_on=go_on)


class Running(Struct, frozen=True):
    """A server beside us: `stop` ends it."""

    task: "asyncio.Task[None]"
    stop: asyncio.Event


@asynccontextmanager
async def _serving(house: House, listener: socket.socket, broker: BrokerAddress) -> AsyncIterator[Running]:
    """The server runs beside the block and is stopped after it. Errors: what ended it before it answered."""
    started, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(server.serve_house(house, listener, broker, until=stop, started=started))
    answering = asyncio.create_task(started.wait())
    try:
        await asyncio.wait({task, answering}, timeout=START_S_MAX, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield Running(task, stop)
    finally:
        await stopped(answering)
        stop.set()
        await asyncio.wait({task})


async def _play(
    desk: Desk,
    base_url: str,
    examples: Path,
    sample: Samples,
    *,
    out: Console,
    go_on: Running | None = None,
) -> bool:
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receivers.listening(sample.keys))
        changes = await apply_file(
            examples / "demo.toml",
            database=desk.database,
            seal=desk.seal,
            environ={**os.environ, "CROSSDOCK_DEMO_RECEIVER": f"{receiver.address}/hongxun"},
            dialects=dialects.names(),
        )
        out.print(f"examples/demo.toml applied: {len(changes)} changed.")
        await stack.enter_async_context(_cabinet(desk, sample.cabinet.device_number))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=base_url, timeout=ASK_S_MAX))
        diary = Diary()
        ok = await _tell(desk, receiver, Partners(http, sample), sample, diary, out)
        if go_on is not None:
            out.print(f"Serving on {base_url}; Ctrl-C stops, the data stays.")
            await _until_told(go_on)
        return ok


async def _until_told(server: Running) -> None:
    """Errors: what ended the server, if it was not a signal."""
    told = asyncio.create_task(told_to_stop().wait())
    try:
        await asyncio.wait({server.task, told}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await stopped(told)
    server.stop.set()
    await server.task


async def _tell(
    desk: Desk, receiver: receivers.Receiver, partners: Partners, sample: Samples, diary: Diary, out: Console
) -> bool:
    async with desk.database.autocommit() as tx:
        account = await accounts.account_by_code(tx, DEMO_ACCOUNT)
    if account is None:
        raise DemoMissing()
    story = Story(desk=desk, account_id=account.id, partners=partners, receiver=receiver, samples=sample, diary=diary)
    told: Told | None = None
    try:
        told = await story.tell()
    except StepFailed:
        out.print("The journey stopped:", style="red")
    show.journey(diary.steps, out=out)
    if told is None:
        return False
    for order_id, title in ((told.to_locker, "to the locker"), (told.to_shop, "to the shop")):
        async with desk.database.autocommit() as tx:
            happened = await events.timeline(tx, account_id=told.account_id, order_id=order_id)
        show.timeline(f"Order {order_id}, {title}", happened, zone=account.zone, out=out)
    return not diary.failed


@asynccontextmanager
async def _cabinet(desk: Desk, number: str) -> AsyncIterator[None]:
    """A simulated cabinet, unless the real one, or another simulated one, is online already. Errors: CabinetAway."""
    async with desk.database.autocommit() as tx:
        account = await accounts.account_by_code(tx, DEMO_ACCOUNT)
        if account is None:
            raise DemoMissing()
        cabinet = await lockers.cabinet(tx, account_id=account.id, number=number)
        boxes = await lockers.boxes(tx, cabinet_id=cabinet.id)
    locks = [box.lock_address for box in boxes]
    key = await CabinetKeys(desk.database, desk.seal).key_of(number)
    async with AsyncExitStack() as stack:
        simulated = SimulatedCabinet(_broker_of(desk.config), number, locks, desk.clock, key=key)
        await stack.enter_async_context(simulated)
        deadline = asyncio.get_running_loop().time() + CABINET_S_MAX
        while True:
            async with desk.database.autocommit() as tx:
                if (await lockers.cabinet(tx, account_id=account.id, number=number)).online:
                    break
            if asyncio.get_running_loop().time() > deadline:
                raise CabinetAway(cabinet=number)
            await asyncio.sleep(0.05)
        yield


async def _answers(base_url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=2) as http:
            return bool((await http.get(f"{base_url}/healthz")).json().get("database") == "ok")
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _broker_of(config: Config) -> BrokerAddress:
    """As a cabinet without a key comes to it."""
    if config.mqtt_url is not None:
        return address_of(config.mqtt_url)
    return BrokerAddress(host="127.0.0.1", port=config.mqtt_port, speaks_five=False)
