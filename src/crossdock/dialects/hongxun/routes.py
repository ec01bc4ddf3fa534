"""One function per served call: `run(desk, caller, call)` answers with the envelope's `value`."""

from typing import Any

from crossdock.core.accounts.model import Caller
from crossdock.core.orders.model import Kind
from crossdock.core.stock import queries as stock
from crossdock.core.stock.model import StockRow
from crossdock.dialects.hongxun import known, placing, wire, words
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
    command, _ = await placing.wanted(desk, caller, call, kind=kind, state=state)
    placed = await desk.orders.put(command)
    return {
        "customerNumber": placed.order.number,
        "downstreamOrderCode": words.downstream_order_code(kind, placed.order.id),
    }


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
