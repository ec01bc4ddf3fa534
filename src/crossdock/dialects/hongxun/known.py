"""What an order names and somebody told us of before: the warehouse, the owner, the products, the consignee."""

from collections.abc import Awaitable
from hashlib import sha256
from typing import Any

from crossdock.core.accounts import master
from crossdock.core.accounts.errors import SiteUnknown, SubInventoryUnknown
from crossdock.core.accounts.model import Caller, Site
from crossdock.core.catalog import commands as catalog
from crossdock.core.catalog import queries as catalog_queries
from crossdock.core.catalog.model import NewProduct, ProductChange
from crossdock.dialects.hongxun.wire import Call, OrderBody
from crossdock.edge.desk import Desk


def content_hash(call: Call) -> bytes:
    """What was asked, whatever its spaces and the order of its members."""
    return sha256(call.text.encode("utf-8", "replace")).digest()


async def warehouse(desk: Desk, caller: Caller, code: str) -> Site:
    """Errors: SiteUnknown, also for a shop or a station, and for a warehouse out of use."""
    site = await desk.accounts.site(caller.account.id, code)
    if site.kind != "warehouse" or not site.active:
        raise SiteUnknown(code=code)
    return site


async def is_consignee(desk: Desk, caller: Caller, code: str) -> bool:
    """Whether somebody told us of them."""
    async with desk.database.transaction(readonly=True) as tx:
        return await master.consignee(tx, account_id=caller.account.id, code=code) is not None


async def make_missing(desk: Desk, caller: Caller, body: OrderBody, *, products: bool) -> None:
    """For a customer whose credential has `auto_create`: what the order names and nobody told us of is made.

    Errors: CompanyUnknown, SiteCodeTaken.
    """
    account_id, texts = caller.account.id, body.texts
    names = {line.product_code: line.product_name or line.product_code for line in body.lines} if products else {}
    owners = {texts["subbaseCode"]: texts["subbaseName"]}
    if target := texts.get("targetSubbaseCode"):
        owners |= {target: texts["targetSubbaseName"] or target}
    site_missing = await _missing(desk.accounts.site(account_id, texts["inventoryCode"]))
    owners_missing = [code for code in owners if await _missing(desk.accounts.sub_inventory(account_id, code))]
    async with desk.database.transaction() as tx:
        if site_missing:
            code, name = texts["inventoryCode"], texts["inventoryName"]
            await master.put_warehouse(tx, account_id=account_id, code=code, name=name)
        for code in sorted(owners_missing):
            await master.put_sub_inventory(tx, account_id=account_id, code=code, name=owners[code])
        there = await catalog_queries.products_by_sku(tx, account_id=account_id, skus=sorted(names))
        for sku in sorted(names.keys() - there.keys()):
            await catalog.put_product(
                tx,
                NewProduct(account_id=account_id, sku=sku, name=names[sku], active=True),
                lambda _: ProductChange(),
                dialect="hongxun",
                actor=caller.credential.key,
            )


async def _missing(found: Awaitable[Any]) -> bool:
    try:
        await found
    except (SiteUnknown, SubInventoryUnknown):
        return True
    return False
