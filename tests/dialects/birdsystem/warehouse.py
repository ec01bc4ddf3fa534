"""What the warehouse does to a consignment, for tests of what the client sees of it."""

from typing import Any

from crossdock.core.fulfilment import commands as fulfilment
from tests.dialects.birdsystem.calls import PARCEL, Erp
from tests.world import ACCOUNT, World


async def submitted(world: World, erp: Erp, *, service: int = PARCEL, **changes: Any) -> dict[str, Any]:
    """One Nike, its stock set aside."""
    await world.stock("00131031", 1)
    consignment = await erp.create(delivery_service_id=service, **changes)
    await erp.add(consignment)
    await erp.set_status("PENDING", consignment)
    return consignment


async def ship(world: World, consignment: dict[str, Any], tracking_number: str | None) -> None:
    order_id = consignment["id"]
    for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
        async with world.desk.database.transaction() as tx:
            await step(tx, account_id=ACCOUNT, order_id=order_id)
    async with world.desk.database.transaction() as tx:
        await fulfilment.ship(tx, account_id=ACCOUNT, order_id=order_id, tracking_number=tracking_number)
