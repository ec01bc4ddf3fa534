"""Where goods come back to WH-GZ01."""

from typing import Any
from uuid import uuid4

import pytest

from crossdock.base.ids import StaffId
from crossdock.core.orders import commands as orders
from crossdock.core.orders.model import Order
from crossdock.core.returning import commands, queries, strays
from crossdock.core.returning.model import Finished, Inspection, Piece, Stray, Verdict, Wanted
from tests.world import ACCOUNT, WAREHOUSE, World

SKU, PHONE = "00131031", "P-7001"
ON_THE_SHELF = 92
WORKER = StaffId(52)
PLACE: Any = {"account_id": ACCOUNT, "site_id": WAREHOUSE}
WHO: Any = PLACE | {"staff_id": WORKER, "actor": "floor1"}


class Back:
    def __init__(self, world: World) -> None:
        self.world = world

    async def announced(self, number: str = "R-1", *, action: int | None = ON_THE_SHELF, **more: Any) -> Order:
        """A return of three Nike and a phone."""
        lines = more.pop("lines", {SKU: 3, PHONE: 1})
        order = await self.world.order(
            number, kind="return", type="RETURN", lines=lines, return_action_id=action, **more
        )
        async with self.world.desk.database.transaction() as tx:
            return await orders.submit(tx, account_id=ACCOUNT, order_id=order.id, dialect="x", actor="x")

    async def here(self, number: str = "R-1", **more: Any) -> Order:
        return await self.receive(await self.announced(number, **more))

    async def receive(self, order: Order, *, operation_id: str = "", **who: Any) -> Order:
        async with self.world.desk.database.transaction() as tx:
            return await commands.receive(
                tx, **(WHO | who), order_id=order.id, operation_id=operation_id or str(uuid4())
            )

    async def see(
        self,
        order: Order,
        code: str,
        verdict: Verdict = "restock",
        quantity: int | None = None,
        *,
        operation_id: str = "",
        **said: Any,
    ) -> Piece:
        wanted = Wanted(code=code, verdict=verdict, quantity=quantity, **said)
        async with self.world.desk.database.transaction() as tx:
            return await commands.inspect(
                tx, **WHO, order_id=order.id, wanted=wanted, operation_id=operation_id or str(uuid4())
            )

    async def take_back(self, order: Order, piece: Piece) -> None:
        async with self.world.desk.database.transaction() as tx:
            await commands.take_back(tx, **PLACE, order_id=order.id, piece_id=piece.id)

    async def finish(self, order: Order, reason: str = "", *, operation_id: str = "") -> Finished:
        async with self.world.desk.database.transaction() as tx:
            return await commands.finish(
                tx, **WHO, order_id=order.id, reason=reason, operation_id=operation_id or str(uuid4())
            )

    async def stray(self, code: str, what: str, *, operation_id: str = "") -> Stray:
        async with self.world.desk.database.transaction() as tx:
            return await strays.note(
                tx, **PLACE, staff_id=WORKER, code=code, what=what, operation_id=operation_id or str(uuid4())
            )

    async def found(self, code: str, **place: Any) -> Order:
        async with self.world.desk.database.autocommit() as tx:
            return await queries.return_of(tx, **(PLACE | place), code=code)

    async def inspection(self, order: Order) -> Inspection:
        async with self.world.desk.database.autocommit() as tx:
            return await queries.inspection(tx, **PLACE, order_id=order.id)

    async def lying(self) -> list[tuple[Any, ...]]:
        """sku, lot, condition, expiry, on hand, location, pieces there"""
        return await self.world.rows(
            "SELECT p.sku, s.lot, s.condition, s.expires_on::text, s.on_hand, at.code, l.quantity FROM stock s"
            " JOIN product p ON p.id = s.product_id LEFT JOIN located l ON l.stock_id = s.id"
            " LEFT JOIN location at ON at.id = l.location_id ORDER BY p.sku, s.lot, s.condition DESC, at.code"
        )


@pytest.fixture
def back(quiet_world: World) -> Back:
    return Back(quiet_world)
