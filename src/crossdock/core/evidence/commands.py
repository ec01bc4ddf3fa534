"""Noting on an order's timeline who took its evidence away."""

from datetime import datetime
from typing import Any

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.events import kinds
from crossdock.core.events.commands import append
from crossdock.core.events.model import HOUSE, NewEvent
from crossdock.core.orders import queries as orders
from crossdock.db.tx import Tx


async def note_address(tx: Tx, *, account_id: AccountId, order_id: OrderId, expires: datetime, actor: str) -> None:
    """An address of its evidence was made. Errors: OrderUnknown."""
    order = await orders.order(tx, account_id=account_id, order_id=order_id)
    await append(tx, _of_order(kinds.EVIDENCE_ADDRESSED, account_id, order.id, {"expires": expires}, actor))


async def note_bundle(tx: Tx, *, account_id: AccountId, order_id: OrderId, manifest_sha256: str, actor: str) -> None:
    """A sealed bundle of it was made. Errors: OrderUnknown."""
    order = await orders.order(tx, account_id=account_id, order_id=order_id)
    facts = {"manifest_sha256": manifest_sha256}
    await append(tx, _of_order(kinds.EVIDENCE_BUNDLED, account_id, order.id, facts, actor))


def _of_order(kind: str, account_id: AccountId, order_id: OrderId, facts: dict[str, Any], actor: str) -> NewEvent:
    return NewEvent(
        account_id=account_id,
        kind=kind,
        subject=f"order:{order_id}",
        order_id=order_id,
        dialect=HOUSE,
        actor=actor,
        facts=facts,
    )
