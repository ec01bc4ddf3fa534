"""Parcels that wait at a counter: orders of the demo account, all the way to its shop."""

import asyncio
from pathlib import Path
from typing import Final

from bench.ground import ACCOUNT, OWNER, WAREHOUSE, Ground
from crossdock.base.clock import SystemClock
from crossdock.base.config import Config
from crossdock.base.ids import CompanyId, OrderId, ProductId, ServiceId, SiteId, SubInventoryId
from crossdock.base.seal import Seal, secret_key
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.orders.model import NewLine, PlaceOrder
from crossdock.core.stock import commands as stock
from crossdock.core.stock.model import Arrival
from crossdock.edge.desk import open_desk

SHOP: Final = SiteId(12)
SHOP_SERVICE: Final = ServiceId(2662)
COMPANY: Final = CompanyId(36)
SHOP_SKU: Final = "00131031"
ORDERS_AT_ONCE: Final = 500
STEPS: Final = (
    fulfilment.start_picking,
    fulfilment.start_packing,
    fulfilment.finish_packing,
    fulfilment.ship,
)


def parcels(place: Ground, var: Path, count: int) -> list[tuple[str, OrderId]]:
    """Code and order of so many that have left WH-GZ01 and wait in SHOP-12."""
    return asyncio.run(_parcels(place, var, count))


async def _parcels(place: Ground, var: Path, count: int) -> list[tuple[str, OrderId]]:
    config = Config(database_url=place.url, var=var)
    seal = Seal(secret_key(config.secret_key, var))
    async with open_desk(url=place.url, config=config, clock=SystemClock(), seal=seal) as desk:
        site = SiteId((await desk.accounts.site(ACCOUNT, WAREHOUSE)).id)
        owner = SubInventoryId((await desk.accounts.sub_inventory(ACCOUNT, OWNER)).id)
        async with desk.database.transaction() as tx:
            product = await tx.value(
                "SELECT id FROM product WHERE account_id = %(account)s AND sku = %(sku)s",
                account=ACCOUNT,
                sku=SHOP_SKU,
            )
            arrival = Arrival(
                site_id=site, sub_inventory_id=owner, product_id=ProductId(product), lot="", quantity=count
            )
            await stock.receive(tx, account_id=ACCOUNT, arrivals=[arrival], cause="bench, shop")
        for done in range(0, count, ORDERS_AT_ONCE):
            numbers = range(done, min(count, done + ORDERS_AT_ONCE))
            placed = await asyncio.gather(
                *(desk.orders.put(_paid(f"DAY{number}", site, owner)) for number in numbers)
            )
            async with desk.database.transaction() as tx:
                for one in placed:
                    for step in STEPS:
                        await step(tx, account_id=ACCOUNT, order_id=one.order.id)
    return [
        (str(key), OrderId(order_id))
        for key, order_id in place.conn.execute(
            "SELECT key, order_id FROM handover WHERE site_id = %s AND order_number LIKE 'DAY%%'", (SHOP,)
        ).fetchall()
    ]


def _paid(number: str, site: SiteId, owner: SubInventoryId) -> PlaceOrder:
    return PlaceOrder(
        account_id=ACCOUNT,
        company_id=COMPANY,
        kind="outbound",
        number=number,
        dialect="birdsystem",
        type="LOCAL",
        state="allocated",
        site_id=site,
        sub_inventory_id=owner,
        service_id=SHOP_SERVICE,
        lines=(NewLine(line_key="1", sku=SHOP_SKU, quantity=1),),
        recipient={"contact": "Alex Sample", "telephone": "01632 960123"},
    )
