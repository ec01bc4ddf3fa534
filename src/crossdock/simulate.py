"""`crossdock simulate`: cabinets without metal, a camera without glass, well or not."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

from msgspec import Struct
from rich.console import Console

from crossdock.base.clock import SystemClock
from crossdock.base.config import Config
from crossdock.core.lockers import queries
from crossdock.core.lockers.errors import CabinetUnknown
from crossdock.devices.broker import HOST
from crossdock.devices.bus import BrokerAddress, address_of
from crossdock.devices.payloads import Report
from crossdock.devices.simulator import CLOSE_AFTER_S, SimulatedCabinet, Told
from crossdock.film.simulator import SimulatedCamera
from crossdock.opening import open_desk_of

CONNECTING_MAX: Final = 50
"""Cabinets that connect at the same time; a thousand at once would look like an attack."""
NUMBERING: Final = ("boot", "sequence", "happened_at")


class Plan(Struct, frozen=True, kw_only=True):
    """How the cabinets behave. Locks are meant in each of them; seconds, 0 for never."""

    close_after_s: float = CLOSE_AFTER_S
    jammed: Sequence[str] = ()
    misleading: Sequence[str] = ()
    refusal: str | None = None
    late_s: float = 0
    drift_s: float = 0
    offline_every_s: float = 0
    offline_for_s: float = 30
    power_loss_every_s: float = 0


class Known(Struct, frozen=True, kw_only=True):
    """A cabinet as it stands on record."""

    number: str
    locks: list[str]
    key: str | None


class CameraPlan(Struct, frozen=True, kw_only=True):
    """How a camera behaves; seconds, 0 for never."""

    rtsp_port: int
    http_port: int
    lie_s: float = 0
    drop_every_s: float = 0
    jump_every_s: float = 0
    jump_s: float = 0


async def film(plan: CameraPlan, *, out: Console) -> None:
    """Until cancelled. Errors: OSError, where a port is taken."""
    async with SimulatedCamera(SystemClock(), rtsp_port=plan.rtsp_port, http_port=plan.http_port) as camera:
        camera.lie(timedelta(seconds=plan.lie_s))
        out.print(f"A camera films: {camera.rtsp_url} and {camera.http_url}; Ctrl-C ends it.", soft_wrap=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(_forever())
            if plan.drop_every_s:
                group.create_task(_again(plan.drop_every_s, camera.drop))
            if plan.jump_every_s:
                jump = timedelta(seconds=plan.jump_s)
                group.create_task(_again(plan.jump_every_s, lambda: camera.jump(jump)))


async def _again(every_s: float, do: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(every_s)
        do()


async def simulate(config: Config, numbers: Sequence[str], plan: Plan, *, out: Console, quiet: bool) -> None:
    """Until cancelled. Errors: CabinetUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        devices = await queries.devices(tx, numbers=numbers or None)
        missing = sorted({*numbers} - {device.number for device in devices})
        if missing:
            raise CabinetUnknown(number=missing[0])
        known = [
            Known(
                number=device.number,
                locks=[box.lock_address for box in await queries.boxes(tx, cabinet_id=device.id)],
                key=None if device.key_sealed is None else desk.seal.open(device.key_sealed),
            )
            for device in devices
        ]
    async with cabinets(broker_of(config), known, plan, out=None if quiet else out) as running:
        out.print(f"{len(running)} cabinets are there; Ctrl-C ends them.")
        await asyncio.gather(*(_live(cabinet, plan) for cabinet in running), _forever())


def broker_of(config: Config) -> BrokerAddress:
    """The configured broker, or the one that a server on this machine has embedded."""
    if config.mqtt_url is not None:
        return address_of(config.mqtt_url)
    return BrokerAddress(host=HOST, port=config.mqtt_port, speaks_five=False)


@asynccontextmanager
async def cabinets(
    address: BrokerAddress, known: Sequence[Known], plan: Plan, *, out: Console | None = None
) -> AsyncIterator[list[SimulatedCabinet]]:
    """All of them, online. With `out` each report is printed."""
    turn = asyncio.Semaphore(CONNECTING_MAX)
    made = [
        SimulatedCabinet(
            address,
            one.number,
            one.locks,
            SystemClock(),
            close_after_s=plan.close_after_s or None,
            key=one.key,
            told=None if out is None else _printer(one.number, out),
        )
        for one in known
    ]
    for cabinet in made:
        _prepare(cabinet, plan)
    async with AsyncExitStack() as stack:

        async def connect(cabinet: SimulatedCabinet) -> None:
            async with turn:
                await stack.enter_async_context(cabinet)

        await asyncio.gather(*map(connect, made))
        yield made


def _prepare(cabinet: SimulatedCabinet, plan: Plan) -> None:
    for lock in plan.jammed:
        cabinet.jam(lock)
    for lock in plan.misleading:
        cabinet.mislead(lock)
    cabinet.refuse(plan.refusal)
    cabinet.answer_late(plan.late_s)
    cabinet.drift(plan.drift_s)


async def _live(cabinet: SimulatedCabinet, plan: Plan) -> None:
    """The troubles of one cabinet, at moments of its own."""
    async with asyncio.TaskGroup() as group:
        if plan.offline_every_s:
            group.create_task(_goes_away(cabinet, plan))
        if plan.power_loss_every_s:
            group.create_task(_goes_dark(cabinet, plan))


async def _goes_away(cabinet: SimulatedCabinet, plan: Plan) -> None:
    while True:
        await asyncio.sleep(random.uniform(0, 2 * plan.offline_every_s))  # nothing is guessed by it
        await cabinet.offline()
        await asyncio.sleep(plan.offline_for_s)
        await cabinet.online()


async def _goes_dark(cabinet: SimulatedCabinet, plan: Plan) -> None:
    while True:
        await asyncio.sleep(random.uniform(0, 2 * plan.power_loss_every_s))
        await cabinet.power_loss()


async def _forever() -> None:
    await asyncio.get_running_loop().create_future()


def _printer(number: str, out: Console) -> Told:
    def told(channel: str, report: Report) -> None:
        facts = {
            name: value for name in report.__struct_fields__ if (value := getattr(report, name)) not in (None, "")
        }
        for name in ("boot", "sequence", "happened_at"):
            facts.pop(name)
        said = " ".join(f"{name}={value}" for name, value in facts.items())
        out.print(f"{report.happened_at:%H:%M:%S} {number} {channel} {said}", markup=False, soft_wrap=True)

    return told
