"""订单取消: an order is called off by its number, whatever classes of orders bear it."""

from typing import Any, Final

from crossdock.core.accounts.model import Caller
from crossdock.core.fulfilment import calling_off
from crossdock.core.fulfilment.calling_off import CallOff
from crossdock.core.fulfilment.errors import CancelTooMuch
from crossdock.core.orders.errors import StateForbids
from crossdock.core.orders.model import Kind, Order
from crossdock.dialects.hongxun import known, words
from crossdock.dialects.hongxun.fields import MISSING, NOT_ALLOWED, REMARK_CHARS_MAX, Reader
from crossdock.dialects.hongxun.wire import LINES_MAX, PIECES_MAX, Call, object_reader
from crossdock.edge.desk import Desk

WHOLE: Final = "10"
PART: Final = "20"
ANSWERED_FIRST: Final[tuple[Kind, ...]] = ("outbound", "inbound", "transfer", "transport")
"""Whose status is answered where several orders bear the number."""


async def order_cancel(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """Answers the state from then on; an order on the floor stays as it is until somebody there decides.

    A refusal is told to those who listen for it, too. Errors: FieldsInvalid, OrderUnknown, StateForbids,
    LineUnknown, CancelBatchTaken, CancelTooMuch.
    """
    wanted = _wanted(call)
    who: dict[str, Any] = {
        "account_id": caller.account.id,
        "wanted": wanted,
        "dialect": "hongxun",
        "actor": caller.credential.key,
    }
    try:
        async with desk.database.transaction() as tx:
            orders = await calling_off.call_off(tx, **who)
    except (StateForbids, CancelTooMuch):
        async with desk.database.transaction() as tx:
            await calling_off.tell_refused(tx, **who)
        raise
    return {
        "customerNumber": wanted.number,
        **({} if wanted.batch_key is None else {"cancelBatch": wanted.batch_key}),
        "orderStatus": words.ORDER_STATUSES[_first(orders).state],
    }


def _wanted(call: Call) -> CallOff:
    """Errors: FieldsInvalid."""
    reader = object_reader(call.request)
    reader.kept()
    number = reader.text("customerNumber", required=True)
    type_ = reader.text("cancelType") or WHOLE
    if type_ not in (WHOLE, PART):
        reader.complain("cancelType", NOT_ALLOWED)
    batch = reader.text("cancelBatch", required=type_ == PART)
    reason = reader.text("reason", chars_max=REMARK_CHARS_MAX, required=True)
    items = _items(reader) if type_ == PART else []
    reader.finish()
    return CallOff(
        number=number,
        batch_key=batch or None,
        content_hash=known.content_hash(call),
        reason=reason,
        pieces={line: pieces for line, _, pieces in items},
        skus={line: sku for line, sku, _ in items},
    )


def _items(reader: Reader) -> list[tuple[str, str, int]]:
    """Line, product, pieces."""
    if not reader.says("item"):
        reader.complain("item", MISSING)
        return []
    items: dict[str, tuple[str, str, int]] = {}
    for item in reader.objects("item", entries_max=LINES_MAX):
        line = item.text("customerLineNumber", required=True)
        sku = item.text("customerProductCode", required=True)
        pieces = item.whole("quantity", low=1, high=PIECES_MAX, reason="必须为正整数")
        if line in items:
            item.complain("customerLineNumber", "重复")
        items[line] = (line, sku, pieces)
    return list(items.values())


def _first(orders: list[Order]) -> Order:
    """An order that was over before says least of a cancel; a leg less than the goods it moves."""

    def rank(order: Order) -> tuple[bool, bool, int]:
        return order.kind == "transport", order.finished_at is not None, ANSWERED_FIRST.index(order.kind)

    return min(orders, key=rank)
