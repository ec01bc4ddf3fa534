"""The counter of SHOP-12, its people, and short ways to codes."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from crossdock.base.ids import OrderId, SiteId, StaffId
from crossdock.core.handover import commands, queries
from crossdock.core.handover.model import PickUp
from crossdock.core.orders.model import Order
from tests.world import ACCOUNT, World

SHOP, OTHER_SHOP = SiteId(12), SiteId(13)
MANAGER, CLERK = StaffId(31), StaffId(32)
AT_SHOP: dict[str, Any] = {"account_id": ACCOUNT, "site_id": SHOP}


class Counter:
    def __init__(self, world: World) -> None:
        self.world = world

    async def do(self, command: Callable[..., Awaitable[Any]], **given: Any) -> Any:
        """One command in a transaction of its own."""
        async with self.world.desk.database.transaction() as tx:
            return await command(tx, **given)

    async def order(self, number: str, payment: str = "paid") -> Order:
        """One that is under way to the shop."""
        shipped = await self.world.shipped(number, payment=payment)
        return shipped.order

    async def issued(
        self, number: str = "N-1", *, payment: str = "paid", expires_at: datetime | None = None, site: SiteId = SHOP
    ) -> PickUp:
        order = await self.order(number, payment)
        pick_up = await self.issue(order, expires_at=expires_at, site_id=site)
        assert isinstance(pick_up, PickUp)
        return pick_up

    async def issue(self, order: Order, **more: Any) -> Any:
        return await self.do(
            commands.issue,
            **{
                "order": order,
                "site_id": SHOP,
                "shop_id": None,
                "full_name": "张三",
                "mobile": "13800000001",
                **more,
            },
        )

    async def prepare(self, pick_up: PickUp, **more: Any) -> Any:
        given = {**AT_SHOP, "handover_id": pick_up.id, "staff_id": CLERK, **more}
        return await self.do(commands.prepare, **given)

    async def consume(self, pick_up: PickUp, **more: Any) -> Any:
        return await self.do(commands.consume, **{**AT_SHOP, "key": pick_up.key, "staff_id": CLERK, **more})

    async def roll_back(self, pick_up: PickUp, **more: Any) -> Any:
        return await self.do(commands.roll_back, **{**AT_SHOP, "key": pick_up.key, "staff_id": MANAGER, **more})

    async def read(self, pick_up: PickUp) -> PickUp:
        found = await self.do(queries.pick_up, **AT_SHOP, handover_id=pick_up.id)
        assert isinstance(found, PickUp)
        return found

    async def state_of(self, order_id: OrderId | None) -> str:
        [(state,)] = await self.world.rows("SELECT state FROM orders WHERE id = %(id)s", id=order_id)
        return str(state)

    async def history(self) -> list[tuple[Any, ...]]:
        return await self.world.rows("SELECT action, staff_id, reason FROM staff_action ORDER BY id")

    async def set(self, pick_up: PickUp, **columns: Any) -> None:
        async with self.world.desk.database.transaction() as tx:
            for name, value in columns.items():
                await tx.execute(
                    f"UPDATE handover SET {name} = %(value)s WHERE id = %(id)s", value=value, id=pick_up.id
                )

    async def pay(self, pick_up: PickUp, payment: str) -> None:
        async with self.world.desk.database.transaction() as tx:
            await tx.execute(
                "UPDATE orders SET payment = %(payment)s WHERE id = %(id)s", payment=payment, id=pick_up.order_id
            )


@pytest.fixture
def counter(quiet_world: World) -> Counter:
    return Counter(quiet_world)
