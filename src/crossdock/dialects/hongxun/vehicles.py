"""车库存查询: cars in stock, one row each."""

from typing import Any, Final

from crossdock.core.accounts.model import Caller
from crossdock.core.units import queries as units
from crossdock.core.units.model import Vehicle
from crossdock.dialects.hongxun import words
from crossdock.dialects.hongxun.confirms import Hearer
from crossdock.dialects.hongxun.fields import ILL_TYPED, MISSING, Text
from crossdock.dialects.hongxun.wire import PAGE_ROWS_MAX, PAGES_MAX, Call, object_reader
from crossdock.edge.desk import Desk

MODE: Final = (Text("ownerId"), Text("whCode"), Text("skuProdCode"), Text("vinCode"), Text("customerNumber"))
"""The filter; the page calls it mode. An empty member does not filter."""


async def vin_stock_query(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """An owner or a warehouse must be named; codes that nobody knows find nothing. Errors: FieldsInvalid."""
    reader = object_reader(call.request)
    reader.kept()
    mode = call.request.get("mode")
    inner = reader.inner("mode", mode if isinstance(mode, dict) else {})
    texts = inner.texts(MODE)
    if not isinstance(mode, dict):
        reader.complain("mode", MISSING if mode in (None, "") else ILL_TYPED)
    elif not texts["ownerId"] and not texts["whCode"]:
        inner.complain("ownerId", MISSING)
    page_size = reader.whole("pageSize", low=1, high=PAGE_ROWS_MAX, reason=f"必须为1到{PAGE_ROWS_MAX}的整数")
    page_num = reader.whole("pageNum", low=1, high=PAGES_MAX, reason=f"必须为1到{PAGES_MAX}的整数")
    reader.finish()
    async with desk.database.transaction(readonly=True) as tx:
        total, rows = await units.vehicles(
            tx,
            account_id=caller.account.id,
            sub_inventory=texts["ownerId"],
            site=texts["whCode"],
            sku=texts["skuProdCode"],
            vin=texts["vinCode"],
            order_number=texts["customerNumber"],
            start=(page_num - 1) * page_size,
            limit=page_size,
        )
    hearer = Hearer(zone=words.zone_of(caller.credential.scope))
    return {
        "total": total,
        "pageNum": page_num,
        "pageSize": page_size,
        "list": [_row(row, hearer) for row in rows],
    }


def _row(car: Vehicle, hearer: Hearer) -> dict[str, Any]:
    return {
        "ownerId": car.sub_inventory,
        "whCode": car.site,
        "skuProdCode": car.sku,
        "skuProdName": car.product_name,
        "vinCode": car.vin,
        "inventoryStatus": words.INVENTORY_STATUSES[car.condition],
        "inTime": words.printed_time(car.received_at, hearer.zone),
        "location": car.location,
        "lockFlag": "10" if car.reserved else "20",
    }
