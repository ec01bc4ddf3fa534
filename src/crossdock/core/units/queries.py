"""Reading pieces with names."""

from collections.abc import Collection

from crossdock.base.ids import AccountId, OrderId, ProductId
from crossdock.core.units import sql
from crossdock.core.units.model import Unit, Vehicle
from crossdock.db.tx import Tx


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Unit]:
    """Pieces that came with an order, or left with it."""
    return await sql.of_order(tx, account_id=account_id, order_id=order_id)


async def named(
    tx: Tx, *, account_id: AccountId, product_ids: Collection[ProductId], codes: Collection[str]
) -> list[Unit]:
    """Pieces of these products that go by one of these names, here or shipped."""
    return await sql.named(tx, account_id=account_id, product_ids=product_ids, codes=codes)


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
