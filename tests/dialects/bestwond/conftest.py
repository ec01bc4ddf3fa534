"""A client of the locker API and a cabinet that answers what it is told to."""

from collections.abc import AsyncIterator

import pytest

from tests.dialects.bestwond.locker import Locker, opened_locker
from tests.world import World


@pytest.fixture
async def locker(world: World) -> AsyncIterator[Locker]:
    """The demo's cabinet 2100013075, online and willing."""
    async with opened_locker(world) as opened:
        yield opened
