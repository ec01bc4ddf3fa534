"""The floor that most of these tests begin with."""

import pytest

from tests.core.picking.floor import Floor
from tests.world import World


@pytest.fixture
async def floor(quiet_world: World) -> Floor:
    """Shelves A-02, A-01 and A-03 as they are walked, totes T-1 to T-4, one worker, and the demo's R-01 and Q-01."""
    floor = await Floor.of(quiet_world)
    for walk_order, code in enumerate(("A-02", "A-01", "A-03"), start=1):
        await floor.place(code, walk_order=walk_order)
    await floor.totes("T-1", "T-2", "T-3", "T-4")
    await floor.hire()
    return floor
