"""入库单结果查询 and 出库单结果查询: what became of an order, with every confirm that was made of it.

This is how a customer finds what a lost callback said.
"""

from collections.abc import Sequence
from typing import Any, Final

from crossdock.core.accounts.model import Caller
from crossdock.core.events import kinds
from crossdock.core.events import queries as events
from crossdock.core.leaving import facts
from crossdock.core.orders import queries as orders
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Kind, Order, OrderLine
from crossdock.core.units import plates
from crossdock.dialects.hongxun import callbacks, confirms, words
from crossdock.dialects.hongxun.confirms import Hearer
from crossdock.dialects.hongxun.wire import Call, object_reader
from crossdock.edge.desk import Desk

CONFIRMED_BY: Final[dict[Kind, tuple[str, str]]] = {
    "inbound": (kinds.INBOUND_RECEIVED, kinds.INBOUND_CLOSED),
    "outbound": (kinds.OUTBOUND_SHIPPED, kinds.OUTBOUND_CLOSED),
}
"""The events that are confirms with and without batches."""


async def in_order_result(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """入库单结果查询, with the plates that were told of for it, before the order or after.

    Errors: FieldsInvalid, OrderUnknown, also for other codes than the order's.
    """
    return await _result(desk, caller, call, "inbound")


async def out_order_result(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """出库单结果查询. Errors: as in_order_result."""
    return await _result(desk, caller, call, "outbound")


async def _result(desk: Desk, caller: Caller, call: Call, kind: Kind) -> dict[str, Any]:
    reader = object_reader(call.request)
    reader.kept()
    number = reader.text("customerNumber", required=True)
    asked = {name: reader.text(name) for name in ("inventoryCode", "subbaseCode")}
    reader.finish()
    account_id = caller.account.id
    async with desk.database.transaction(readonly=True) as tx:
        order = await orders.order_by_number(tx, account_id=account_id, kind=kind, number=number)
        lines = await orders.lines(tx, account_id=account_id, order_id=order.id)
        timeline = await events.timeline(tx, account_id=account_id, order_id=order.id)
        receivers = await events.receivers(tx, account_id=account_id, dialect="hongxun")
        site, owner = await facts.place_codes(tx, order)
        sources = _sources(order, lines) if kind == "inbound" else []
        announced = await plates.of_sources(tx, account_id=account_id, source_numbers=sources) if sources else []
    if any(text and text != code for text, code in zip(asked.values(), (site, owner), strict=True)):
        raise OrderUnknown(number=number)
    batched, whole = CONFIRMED_BY[kind]
    confirmed = batched if not receivers or any(map(callbacks.is_batched, receivers)) else whole
    body = confirms.in_order_confirm if kind == "inbound" else confirms.out_order_confirm
    hearer = Hearer(zone=words.zone_of(caller.credential.scope))
    return {
        "customerNumber": order.number,
        "downstreamOrderCode": words.downstream_order_code(kind, order.id),
        "documentType": confirms.document_type(kind, order.type),
        "inventoryCode": site,
        "subbaseCode": owner,
        "orderStatus": words.ORDER_STATUSES[order.state],
        "totalQuantity": sum(line.quantity for line in lines),
        "actualQuantity": sum(line.done for line in lines),
        "batchList": [body(event, hearer) for event in timeline if event.kind == confirmed],
        **({"lpnList": [plate.members for plate in announced]} if announced else {}),
    }


def _sources(order: Order, lines: Sequence[OrderLine]) -> list[str]:
    """What plates may call it: its own number, or the purchase order of one of its lines."""
    purchases = {str(line.partner_fields.get("ebeln") or "") for line in lines}
    return sorted({order.number, *purchases} - {""})
