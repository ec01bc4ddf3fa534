"""One function per served call: `run(desk, caller, call)` answers with the envelope's `value`."""

from typing import Any

from crossdock.core.accounts.errors import CompanyUnknown
from crossdock.core.accounts.model import Caller
from crossdock.core.orders.model import Kind, NewLine, PlaceOrder
from crossdock.core.stock import queries as stock
from crossdock.core.stock.model import StockRow
from crossdock.dialects.hongxun import known, wire, words
from crossdock.dialects.hongxun.wire import Call
from crossdock.edge.desk import Desk


async def in_order(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """入库单创建. Nothing is in stock before it is received.

    Errors: FieldsInvalid, SiteUnknown, SubInventoryUnknown, and those of the order intake.
    """
    return await _place(desk, caller, call, kind="inbound", state="announced")


async def out_order(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """出库单创建. The stock of all lines is reserved, or nothing is and it is refused. Errors: as in_order."""
    return await _place(desk, caller, call, kind="outbound", state="allocated")


async def stock_query(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """库存查询: one row per product, lot and condition. Errors: SiteUnknown, SubInventoryUnknown, FieldsInvalid."""
    query = wire.stock_query(call.request)
    site = await known.warehouse(desk, caller, query.inventory_code)
    owner = await desk.accounts.sub_inventory(caller.account.id, query.subbase_code)
    async with desk.database.transaction(readonly=True) as tx:
        total, rows = await stock.stock_rows(
            tx,
            account_id=caller.account.id,
            site_codes=[site.code],
            sub_inventory_codes=[owner.code],
            skus=query.product_codes or None,
            start=(query.page_num - 1) * query.page_size,
            limit=query.page_size,
        )
    return {
        "total": total,
        "pageNum": query.page_num,
        "pageSize": query.page_size,
        "list": [_stock_row(row) for row in rows],
    }


async def _place(desk: Desk, caller: Caller, call: Call, *, kind: Kind, state: str) -> dict[str, Any]:
    """What both creates do. Errors: as in_order; CompanyUnknown for a warehouse of no company."""
    consignee = await known.consignee(desk, caller, call) if kind == "outbound" else None
    body = wire.order_body(call.request, kind, consignee_known=consignee is not None)
    if caller.credential.scope.get("auto_create"):
        await known.make_missing(desk, caller, body)
    site = await known.warehouse(desk, caller, body.texts["inventoryCode"])
    owner = await desk.accounts.sub_inventory(caller.account.id, body.texts["subbaseCode"])
    if site.company_id is None:
        raise CompanyUnknown(site=site.code)
    told = consignee.recipient if consignee is not None else {}
    placed = await desk.orders.put(
        PlaceOrder(
            account_id=caller.account.id,
            company_id=site.company_id,
            kind=kind,
            number=body.texts["customerNumber"],
            dialect="hongxun",
            type=body.texts["documentType"],
            state=state,
            site_id=site.id,
            sub_inventory_id=owner.id,
            reference=body.texts["customerReferenceNumber"] or None,
            recipient=told | words.recipient(body.texts) if kind == "outbound" else {},
            partner_fields=body.members,
            content_hash=known.content_hash(call),
            lines=tuple(map(new_line, body.lines, body.members["productList"])),
            actor=caller.credential.key,
        )
    )
    return {
        "customerNumber": placed.order.number,
        "downstreamOrderCode": words.downstream_order_code(kind, placed.order.id),
    }


def new_line(line: wire.Line, members: dict[str, Any]) -> NewLine:
    return NewLine(
        line_key=line.number,
        sku=line.product_code,
        quantity=line.quantity,
        lot=line.batch_number,
        condition=words.CONDITIONS.get(line.inventory_status, "good"),
        partner_fields=members,
    )


def _stock_row(row: StockRow) -> dict[str, Any]:
    return {
        "inventoryCode": row.site,
        "subbaseCode": row.sub_inventory,
        "customerProductCode": row.sku,
        "customerProductDescription": row.product_name,
        "productBatchNumber": row.lot,
        "inventoryStatus": words.INVENTORY_STATUSES[row.condition],
        "quantity": row.on_hand,
        "lockQuantity": row.allocated,
        "availableQuantity": row.on_hand - row.allocated,
    }
