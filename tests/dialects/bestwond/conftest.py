"""A client of the locker API, and a cabinet behind it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crossdock.devices.simulator import SimulatedCabinet
from tests.dialects.bestwond.locker import Locker, opened_locker, wired_locker
from tests.world import World


@pytest.fixture
async def locker(world: World) -> AsyncIterator[Locker]:
    """The demo's cabinet 2100013075, online and willing."""
    async with opened_locker(world) as opened:
        yield opened


@pytest.fixture
async def wired(world: World, tmp_path: Path) -> AsyncIterator[tuple[Locker, SimulatedCabinet]]:
    """The same with a simulated cabinet at the other end of MQTT."""
    async with wired_locker(world, tmp_path) as opened:
        yield opened
