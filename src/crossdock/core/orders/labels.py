"""Orders by whatever stands on a parcel: our label, the owner's number, a carrier's number."""

from collections.abc import Collection
from typing import Final

from crossdock.base.ids import AccountId
from crossdock.core.orders import label_sql
from crossdock.core.orders.model import Kind, Order
from crossdock.core.orders.queries import ORDER_ID_MAX
from crossdock.db.tx import Tx

ORDERS_MAX: Final = 20
"""Carriers give out their numbers again: so many orders of one number are looked at, the newest."""


async def by_label(tx: Tx, *, account_id: AccountId, kinds: Collection[Kind], code: str) -> list[Order]:
    """Those of these kinds whose id, number or carrier's number this is, newest first."""
    digits = code.isascii() and code.isdecimal() and len(code) <= len(str(ORDER_ID_MAX))
    return await label_sql.by_label(
        tx,
        account_id=account_id,
        kinds=kinds,
        code=code,
        order_id=int(code) if digits and int(code) <= ORDER_ID_MAX else None,
        limit=ORDERS_MAX,
    )
