"""What is said, whole, to those who listen for it, beside the bare fact on the timeline."""

from collections.abc import Collection
from typing import Final

import msgspec

from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events import queries as listeners
from crossdock.core.events.model import NewEvent
from crossdock.core.orders.model import Order
from crossdock.core.orders.records import record
from crossdock.db.tx import Tx

UNDER_WAY: Final = frozenset({"shipped", "delivered", "returned"})
"""States of an outbound order that are told as they are reached."""
WITHDRAWN: Final = frozenset({"cancelled", "deleted"})


def due(before: Order, after: Order) -> list[str]:
    """The kinds that a change of state is told by, to whoever listens."""
    if after.kind == "inbound":
        return [kinds.ARRIVAL_WITHDRAWN if after.state in WITHDRAWN else kinds.ARRIVAL_CHANGED]
    if after.kind != "outbound":
        return []
    tracked = after.tracking_number not in (None, before.tracking_number)
    under_way = after.state in UNDER_WAY
    return [kinds.ORDER_TRACKED] * tracked + [kinds.ORDER_CHECK_POINT] * under_way


async def tell(tx: Tx, order: Order, kinds_due: Collection[str], *, dialect: str, actor: str) -> None:
    """The whole record, once for each of the kinds that somebody listens for."""
    wanted = await listeners.wanted(tx, account_id=order.account_id, kinds=kinds_due)
    await say(tx, order, [kind for kind in kinds_due if kind in wanted], dialect=dialect, actor=actor)


async def say(tx: Tx, order: Order, wanted: Collection[str], *, dialect: str, actor: str) -> None:
    """The whole record, once for each of the kinds."""
    if not wanted:
        return
    facts = msgspec.to_builtins(await record(tx, order))
    await events.append_many(
        tx,
        [
            NewEvent(
                account_id=order.account_id,
                kind=kind,
                subject=order.subject,
                order_id=order.id,
                order_dialect=order.dialect,
                dialect=dialect,
                actor=actor,
                facts=facts,
            )
            for kind in wanted
        ],
    )
