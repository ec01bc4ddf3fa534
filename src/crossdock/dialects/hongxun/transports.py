"""运输单: Hongxun's own lorries bring goods, those of an outbound order of the same number or others."""

from typing import Any

from crossdock.core.accounts.model import Caller
from crossdock.dialects.hongxun import placing, words
from crossdock.dialects.hongxun.wire import Call
from crossdock.edge.desk import Desk


async def tms_order(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """运输单创建. Errors: FieldsInvalid, SiteUnknown, SubInventoryUnknown, OrderNumberTaken."""
    command, _ = await placing.wanted(desk, caller, call, kind="transport", state="announced")
    placed = await desk.orders.put(command)
    return {
        "customerNumber": placed.order.number,
        "expressCode": words.downstream_order_code("transport", placed.order.id),
    }
