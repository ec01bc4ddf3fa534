"""What a test puts behind the counter: people with known tokens, and parcels with known codes."""

from datetime import timedelta
from typing import Any, Final

from crossdock.base.ids import StaffId
from crossdock.core.handover import commands as handovers
from crossdock.core.handover import queries as pick_ups
from crossdock.core.handover.model import PickUp
from crossdock.edge.desk import Desk
from tests.world import ACCOUNT, SHOP_SERVICE, World

NUMBER: Final = "3096201701031645115932861"
DOMAIN: Final = "super.heidianer.com"
TOKENS: Final = {
    "xxx": "6109527ae7ba8cb421417304f1759e06732e2849",
    "clerk1": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c",
    "other": "a3f0c1d2e4b5968778695a4b3c2d1e0fa3f0c1d2",
}


async def pick_up(world: World, key: str, state: str = "unused", *, number: str = NUMBER, **more: Any) -> PickUp:
    """A paid order that waits at SHOP-12 under these digits, or was picked up by xxx, expired, canceled."""
    shipped = await world.shipped(
        number, service=SHOP_SERVICE, recipient={"contact": "张三", "telephone": "13800000001"}, **more
    )
    assert shipped.pick_up is not None
    made = shipped.pick_up
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE handover SET key = %(key)s WHERE id = %(id)s", key=key, id=made.id)
        if state == "used":
            await handovers.consume(tx, account_id=ACCOUNT, site_id=made.site_id, key=key, staff_id=StaffId(31))
        else:
            await tx.execute(
                "UPDATE handover SET state = %(state)s, expires_at = %(expires)s, canceled_at = %(canceled)s"
                " WHERE id = %(id)s",
                state=state,
                expires=tx.now if state == "expired" else None,
                canceled=tx.now if state == "canceled" else None,
                id=made.id,
            )
        return await pick_ups.pick_up(tx, account_id=ACCOUNT, site_id=made.site_id, handover_id=made.id)


async def expires_in(desk: Desk, found: PickUp, wait: timedelta) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute("UPDATE handover SET expires_at = %(at)s WHERE id = %(id)s", at=tx.now + wait, id=found.id)


async def order_pays(desk: Desk, found: PickUp, payment: str) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute(
            "UPDATE orders SET payment = %(payment)s WHERE id = %(id)s", payment=payment, id=found.order_id
        )


async def settings(desk: Desk, site_id: int, **values: Any) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute("UPDATE site SET settings = %(values)s WHERE id = %(id)s", values=dict(values), id=site_id)
    desk.accounts.forget()
