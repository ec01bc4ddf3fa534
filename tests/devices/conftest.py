"""What tests of devices may ask for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crossdock.base.clock import HeldClock
from tests.devices.brokers import KINDS, Amqtt, Mosquitto, running


@pytest.fixture(params=list(KINDS))
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Amqtt | Mosquitto]:
    """A running broker, once of each kind."""
    async with running(request.param, tmp_path) as broker:
        yield broker


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(datetime(2024, 8, 2, 7, 10, 41, tzinfo=UTC))
