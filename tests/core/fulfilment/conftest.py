"""The warehouse floor: one command in one transaction each."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crossdock.core.events.queries import timeline
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.orders.model import Order
from tests.world import ACCOUNT, World

SKU = "00131031"


class Floor:
    def __init__(self, world: World) -> None:
        self.world = world

    async def do(self, command: Callable[..., Awaitable[Any]], order: Order, **more: Any) -> Any:
        async with self.world.desk.database.transaction() as tx:
            return await command(
                tx, **{"account_id": ACCOUNT, "order_id": order.id, "dialect": "house", "actor": "floor", **more}
            )

    async def inbound(self, lines: dict[str, int], **more: Any) -> Order:
        return await self.world.order(
            "I-1", lines=lines, kind="inbound", state="announced", dialect="hongxun", **more
        )

    async def packed(self, number: str = "N-1", **more: Any) -> Order:
        """An order of two Nike and one phone, ready to leave."""
        await self.world.stock(SKU, 2)
        await self.world.stock("P-7001", 1)
        order = await self.world.order(number, lines={SKU: 2, "P-7001": 1}, state="allocated", **more)
        for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
            order = await self.do(step, order)
        return order

    async def told(self, order: Order) -> list[tuple[str, dict[str, Any]]]:
        """kind and facts of the timeline"""
        async with self.world.desk.database.autocommit() as tx:
            events = await timeline(tx, account_id=ACCOUNT, order_id=order.id)
        return [(event.kind, event.facts) for event in events]

    async def on_shelf(self) -> list[tuple[Any, ...]]:
        """sku, lot, on hand, allocated"""
        return await self.world.rows(
            "SELECT p.sku, s.lot, s.on_hand, s.allocated FROM stock s JOIN product p ON p.id = s.product_id"
            " ORDER BY p.sku, s.lot"
        )


@pytest.fixture
def floor(quiet_world: World) -> Floor:
    return Floor(quiet_world)
