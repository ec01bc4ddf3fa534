"""The door of WH-GZ01: orders are brought to the state in which they stand ready."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from crossdock.base.ids import ServiceId, StaffId
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.manifests import closing, commands, queries
from crossdock.core.manifests.model import Closed, Listed, ListedParcel, Loaded, Waiting
from crossdock.core.orders import pieces
from crossdock.core.orders.model import NewPiece, Order
from tests.world import ACCOUNT, PARCEL_SERVICE, WAREHOUSE, World

SKU = "00131031"
WORKER = StaffId(52)
PLACE: Any = {"account_id": ACCOUNT, "site_id": WAREHOUSE}


class Door:
    def __init__(self, world: World) -> None:
        self.world = world

    async def packed(
        self, number: str, *, service: ServiceId | None = PARCEL_SERVICE, numbers: tuple[str, ...] = (), **more: Any
    ) -> Order:
        """`numbers`: the carrier's, of its parcels."""
        await self.world.stock(SKU, 1)
        order = await self.world.order(number, lines={SKU: 1}, state="allocated", service=service, **more)
        async with self.world.desk.database.transaction() as tx:
            for serial, mailno in enumerate(numbers, start=1):
                piece = NewPiece(
                    serial=serial,
                    tracking_number=mailno,
                    weight_g=Decimal(500),
                    length_mm=Decimal(1),
                    width_mm=Decimal(1),
                    height_mm=Decimal(1),
                )
                await pieces.add(tx, account_id=ACCOUNT, order_id=order.id, piece=piece)
            for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
                order = await step(tx, account_id=ACCOUNT, order_id=order.id)
        return order

    async def load(
        self, code: str, manifest_id: int | None = None, *, operation_id: str = "", **place: Any
    ) -> Loaded:
        async with self.world.desk.database.transaction() as tx:
            return await commands.load(
                tx,
                **(PLACE | place),
                staff_id=WORKER,
                code=code,
                operation_id=operation_id or str(uuid4()),
                manifest_id=manifest_id,
            )

    async def unload(self, manifest_id: int, order: Order, *, operation_id: str = "") -> str:
        async with self.world.desk.database.transaction() as tx:
            return await commands.unload(
                tx,
                **PLACE,
                staff_id=WORKER,
                manifest_id=manifest_id,
                order_id=order.id,
                operation_id=operation_id or str(uuid4()),
            )

    async def close(self, manifest_id: int, **taker: str) -> Closed:
        return await closing.close(
            self.world.desk.database, **PLACE, staff_id=WORKER, actor="floor1", manifest_id=manifest_id, **taker
        )

    async def waiting(self, **page: Any) -> list[Waiting]:
        async with self.world.desk.database.autocommit() as tx:
            return await queries.destinations(tx, **PLACE, **({"limit": 50} | page))

    async def manifest(self, manifest_id: int) -> Listed:
        async with self.world.desk.database.autocommit() as tx:
            return await queries.manifest(tx, **PLACE, manifest_id=manifest_id)

    async def parcels(self, manifest_id: int, **page: Any) -> list[ListedParcel]:
        async with self.world.desk.database.autocommit() as tx:
            return await queries.parcels(tx, **PLACE, manifest_id=manifest_id, **({"limit": 50} | page))

    async def states(self) -> list[tuple[Any, ...]]:
        return await self.world.rows("SELECT number, state FROM orders ORDER BY number")


@pytest.fixture
def door(quiet_world: World) -> Door:
    return Door(quiet_world)
