"""`crossdock simulate cabinet`: cabinets on record come online, and behave as told."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from crossdock.base.config import Config
from crossdock.base.tasks import stopped
from crossdock.core.lockers.errors import CabinetUnknown
from crossdock.core.lockers.model import DoorOutcome
from crossdock.devices.broker import EmbeddedBroker
from crossdock.devices.coordinator import Coordinator
from crossdock.simulate import Plan, simulate
from tests.devices.brokers import WAIT_S_MAX, keyless
from tests.world import ACCOUNT, CABINET, World


class Played:
    def __init__(self, world: World, config: Config) -> None:
        self._world = world
        self._config = config
        self._printed = io.StringIO()
        self._task: asyncio.Task[None] | None = None

    @property
    def said(self) -> str:
        return self._printed.getvalue()

    async def play(self, plan: Plan, *numbers: str) -> None:
        out = Console(file=self._printed, width=200, highlight=False)
        self._task = asyncio.create_task(simulate(self._config, numbers, plan, out=out, quiet=False))
        async with asyncio.timeout(WAIT_S_MAX):
            while not await self._online() and not self._task.done():
                await asyncio.sleep(0.01)
        if self._task.done():
            await self._task

    async def open(self, lock: str) -> DoorOutcome:
        return await self._world.desk.doors.open(
            account_id=ACCOUNT, cabinet=CABINET, lock_address=lock, use_type="O", asked_by="t", dialect="bestwond"
        )

    async def until_said(self, text: str) -> None:
        async with asyncio.timeout(WAIT_S_MAX):
            while text not in self.said:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self._task is not None:
            await stopped(self._task)

    async def _online(self) -> bool:
        [(online,)] = await self._world.rows("SELECT online FROM cabinet WHERE number = %(n)s", n=CABINET)
        return bool(online)


@pytest.fixture
async def played(quiet_world: World, demo_database_url: str, tmp_path: Path) -> AsyncIterator[Played]:
    desk = quiet_world.desk
    await quiet_world.rows("UPDATE credential SET secret_sealed = NULL RETURNING 1")  # sealed with another key
    async with EmbeddedBroker(0, keyless) as broker:
        url = f"mqtt://127.0.0.1:{broker.address.port}"
        config = Config(database_url=demo_database_url, var=tmp_path, mqtt_url=url)
        coordinator = Coordinator(desk.database, desk.signals, broker.address, desk.clock)
        running = asyncio.create_task(coordinator.run())
        async with asyncio.timeout(WAIT_S_MAX):
            await coordinator.connected.wait()
        played = Played(quiet_world, config)
        yield played
        await played.stop()
        await stopped(running)


async def test_a_well_one(played: Played) -> None:
    # The clock of this world stands in 2024: a command of it has expired for a cabinet of today.
    await played.play(Plan(close_after_s=0.05))
    outcome = await played.open("0105")
    assert (outcome.accepted, outcome.reason) == (False, "expired")
    await played.until_said("answers command_id=1 accepted=False reason=expired")
    assert "1 cabinets are there" in played.said


async def test_one_that_refuses(played: Played) -> None:
    await played.play(Plan(refusal="out of paper", drift_s=-(10**9)), CABINET)
    outcome = await played.open("0105")
    assert (outcome.accepted, outcome.reason) == (False, "out of paper")


async def test_one_whose_lock_is_jammed_and_whose_sensor_lies(played: Played) -> None:
    await played.play(Plan(jammed=["0105"], misleading=["0106"], close_after_s=0.05, drift_s=-(10**9)))
    assert (await played.open("0105")).accepted
    assert (await played.open("0106")).accepted
    await played.until_said("doors lock_address=0106 door=closed command_id=2")
    await played.until_said("doors lock_address=0106 door=open command_id=2")
    assert "lock_address=0105" not in played.said


async def test_one_that_goes_away_and_goes_dark_comes_back(played: Played) -> None:
    plan = Plan(offline_every_s=0.02, offline_for_s=0.02, power_loss_every_s=0.05, drift_s=-(10**9))
    await played.play(plan)
    opened = 0
    async with asyncio.timeout(WAIT_S_MAX):
        while opened < 3:
            opened += (await played.open("0107")).accepted
            await asyncio.sleep(0.01)


async def test_one_that_is_not_on_record(played: Played) -> None:
    with pytest.raises(CabinetUnknown):
        await played.play(Plan(), "0000000000")
