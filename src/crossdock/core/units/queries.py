"""Reading pieces with names."""

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.units import sql
from crossdock.core.units.model import Unit, Vehicle
from crossdock.db.tx import Tx


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Unit]:
    """Pieces that came with an order, or left with it."""
    return await sql.of_order(tx, account_id=account_id, order_id=order_id)


async def vehicles(
    tx: Tx,
    *,
    account_id: AccountId,
    site: str = "",
    sub_inventory: str = "",
    sku: str = "",
    vin: str = "",
    order_number: str = "",
    start: int,
    limit: int,
) -> tuple[int, list[Vehicle]]:
    """How many cars are in stock in all, and a page of them by VIN. What is empty does not filter."""
    return await sql.vehicles(
        tx,
        account_id=account_id,
        site=site,
        sub_inventory=sub_inventory,
        sku=sku,
        vin=vin,
        order_number=order_number,
        start=start,
        limit=limit,
    )
