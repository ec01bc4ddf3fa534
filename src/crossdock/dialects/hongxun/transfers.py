"""物权单: goods change their owner within one warehouse, at once."""

from typing import Any

from crossdock.core.accounts.errors import CompanyUnknown
from crossdock.core.accounts.model import Caller
from crossdock.core.fulfilment.transfers import transfer
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import PlaceOrder
from crossdock.dialects.hongxun import known, wire, words
from crossdock.dialects.hongxun.routes import new_line
from crossdock.dialects.hongxun.wire import Call
from crossdock.edge.desk import Desk


async def inner_order(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """物权单创建. All lines move, or none. Errors: FieldsInvalid, SiteUnknown, SubInventoryUnknown, OutOfStock,
    ProductUnknown, OrderNumberTaken.
    """
    body = wire.order_body(call.request, "transfer")
    texts, account_id = body.texts, caller.account.id
    site = await known.warehouse(desk, caller, texts["inventoryCode"])
    owner = await desk.accounts.sub_inventory(account_id, texts["subbaseCode"])
    target = await desk.accounts.sub_inventory(account_id, texts["targetSubbaseCode"])
    if site.company_id is None:
        raise CompanyUnknown(site=site.code)
    [order_id] = await OrderIds(desk.database).take([site.company_id])
    command = PlaceOrder(
        account_id=account_id,
        company_id=site.company_id,
        kind="transfer",
        number=texts["customerNumber"],
        dialect="hongxun",
        type=texts["documentType"],
        state="allocated",
        site_id=site.id,
        sub_inventory_id=owner.id,
        reference=texts["customerReferenceNumber"] or None,
        partner_fields=body.members,
        content_hash=known.content_hash(call),
        lines=tuple(map(new_line, body.lines, body.members["productList"])),
        actor=caller.credential.key,
    )
    async with desk.database.transaction() as tx:
        placed = await transfer(tx, command=command, order_id=order_id, target_id=target.id)
    return {
        "customerNumber": placed.order.number,
        "downstreamOrderCode": words.downstream_order_code("transfer", placed.order.id),
    }
