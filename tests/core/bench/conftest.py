"""A bench behind a floor: orders are picked into totes, and somebody packs them."""

from typing import Any
from uuid import uuid4

import pytest

from crossdock.base.ids import StaffId
from crossdock.core.bench import commands, queries
from crossdock.core.bench.boxes import CARTONS
from crossdock.core.bench.model import Packing, Parcel, Step
from crossdock.core.orders.model import Order
from tests.core.picking.floor import Floor
from tests.world import World

BENCH = "123/001"
OTHER_BENCH = "123/002"


class Benches:
    """Commands, each in a transaction of its own, with an operation of its own unless one is given."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.world = floor.world

    @property
    def packer(self) -> StaffId:
        return self.floor.people[0]

    async def picked(self, number: str, lines: dict[str, int], tote: str = "T-1", **more: Any) -> Order:
        """An order whose goods lie in a tote."""
        for sku, pieces in lines.items():
            await self.floor.shelve(sku, pieces, "A-01")
        order = await self.floor.order(number, lines, **more)
        wave = await self.floor.wave()
        while (pick := await self.floor.next(wave)) is not None:
            await self.floor.pick(pick, tote)
        return order

    async def open(self, code: str, bench: str = BENCH, **more: Any) -> Packing:
        given = {"operation_id": str(uuid4()), "staff_id": self.packer, "actor": "picker1", **more}
        found: Packing = await self.floor.do(commands.open_packing, bench=bench, code=code, **given)
        return found

    async def scan(self, packing: Packing, code: str, **more: Any) -> Step:
        given = {"operation_id": str(uuid4()), "actor": "picker1", **more}
        step: Step = await self.floor.do(commands.scan, packing_id=packing.id, code=code, **given)
        return step

    async def undo(self, packing: Packing, operation_id: str = "") -> Packing:
        given = {"operation_id": operation_id or str(uuid4()), "staff_id": self.packer}
        found: Packing = await self.floor.do(commands.undo, packing_id=packing.id, **given)
        return found

    async def put_aside(self, packing: Packing, reason: str = "") -> Packing:
        found: Packing = await self.floor.do(
            commands.put_aside, packing_id=packing.id, staff_id=self.packer, reason=reason
        )
        return found

    async def weigh(self, packing: Packing, weight_g: Any, box: str = "") -> Packing:
        found: Packing = await self.floor.do(
            commands.weigh,
            packing_id=packing.id,
            staff_id=self.packer,
            weight_g=weight_g,
            box=box,
            cartons=CARTONS,
        )
        return found

    async def parcel(self, packing: Packing) -> Parcel:
        found: Parcel = await self.floor.do(queries.parcel, packing_id=packing.id, cartons=CARTONS)
        return found


@pytest.fixture
async def benches(quiet_world: World) -> Benches:
    """Shelf A-01, totes T-1 to T-3, and a packer."""
    floor = await Floor.of(quiet_world)
    await floor.place("A-01")
    await floor.totes("T-1", "T-2", "T-3")
    await floor.hire()
    return Benches(floor)
