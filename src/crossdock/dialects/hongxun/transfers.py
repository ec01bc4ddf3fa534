"""物权单: goods change their owner within one warehouse, at once."""

from typing import Any

from crossdock.core.accounts.model import Caller
from crossdock.core.fulfilment.transfers import transfer
from crossdock.core.orders.ids import OrderIds
from crossdock.dialects.hongxun import placing, words
from crossdock.dialects.hongxun.wire import Call
from crossdock.edge.desk import Desk


async def inner_order(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """物权单创建. All lines move, or none; a line with a VIN moves that car.

    Errors: FieldsInvalid, SiteUnknown, SubInventoryUnknown, OutOfStock, ProductUnknown, OrderNumberTaken,
    UnitNotHere.
    """
    command, texts = await placing.wanted(desk, caller, call, kind="transfer", state="allocated")
    target = await desk.accounts.sub_inventory(caller.account.id, texts["targetSubbaseCode"])
    cars = {line.line_key: [str(vin)] for line in command.lines if (vin := line.partner_fields.get("vinNum"))}
    [order_id] = await OrderIds(desk.database).take([command.company_id])
    async with desk.database.transaction() as tx:
        placed = await transfer(tx, command=command, order_id=order_id, target_id=target.id, units=cars)
    return {
        "customerNumber": placed.order.number,
        "downstreamOrderCode": words.downstream_order_code("transfer", placed.order.id),
    }
