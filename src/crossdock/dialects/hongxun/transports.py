"""运输单: Hongxun's own lorries bring goods, those of an outbound order of the same number or others."""

from typing import Any

from msgspec import structs

from crossdock.core.accounts.errors import CompanyUnknown
from crossdock.core.accounts.model import Caller
from crossdock.core.orders.model import PlaceOrder
from crossdock.dialects.hongxun import known, wire, words
from crossdock.dialects.hongxun.routes import new_line
from crossdock.dialects.hongxun.wire import Call
from crossdock.edge.desk import Desk


async def tms_order(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """运输单创建. What is moved need not be a product that is on record.

    Errors: FieldsInvalid, SiteUnknown, SubInventoryUnknown, OrderNumberTaken.
    """
    consignee = await known.consignee(desk, caller, call)
    body = wire.order_body(call.request, "transport", consignee_known=consignee is not None)
    texts = body.texts
    site = await known.warehouse(desk, caller, texts["inventoryCode"])
    owner = await desk.accounts.sub_inventory(caller.account.id, texts["subbaseCode"])
    if site.company_id is None:
        raise CompanyUnknown(site=site.code)
    told = consignee.recipient if consignee is not None else {}
    placed = await desk.orders.put(
        PlaceOrder(
            account_id=caller.account.id,
            company_id=site.company_id,
            kind="transport",
            number=texts["customerNumber"],
            dialect="hongxun",
            type=texts["documentType"],
            state="announced",
            site_id=site.id,
            sub_inventory_id=owner.id,
            reference=texts["customerReferenceNumber"] or None,
            recipient=told | words.recipient(texts),
            partner_fields=body.members,
            content_hash=known.content_hash(call),
            lines=tuple(
                structs.replace(new_line(line, members), stocked=False)
                for line, members in zip(body.lines, body.members["productList"], strict=True)
            ),
            actor=caller.credential.key,
        )
    )
    return {
        "customerNumber": placed.order.number,
        "expressCode": words.downstream_order_code("transport", placed.order.id),
    }
