"""All that is on record of one order, stretch by stretch, its codes masked."""

import re
from datetime import timedelta
from typing import Final

from msgspec import structs

from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.evidence import sql as evidence_sql
from crossdock.core.evidence.queries import Hide, hand_over
from crossdock.core.fulfilment import calling_off
from crossdock.core.orders import queries as orders
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.overview import order_sql as sql
from crossdock.core.overview.model import EPOCH, CallbackLine, MoveRow, OrderSheet, Parcel, TimelineRow
from crossdock.db.tx import Tx

CODES_MAX: Final = 20
"""Pick-up codes of one order that are shown; an order has one, and now and then another after it."""
_KEY = re.compile(r"([a-z]{1,16})\.([0-9]{1,18})\.([0-9]{1,17})")


async def whose(tx: Tx, *, order_id: int) -> tuple[AccountId, SiteId | None]:
    """For whoever has to know whether it may be seen. Errors: OrderUnknown."""
    found = await sql.whose(tx, order_id=order_id) if 0 < order_id <= orders.ORDER_ID_MAX else None
    if found is None:
        raise OrderUnknown(id=order_id)
    return found


async def sheet(tx: Tx, *, account_id: AccountId, order_id: OrderId, limit: int) -> OrderSheet:
    """Errors: OrderUnknown."""
    order = await orders.order(tx, account_id=account_id, order_id=order_id)
    rows = await evidence_sql.hand_overs(tx, account_id=account_id, order_id=order_id, limit=CODES_MAX)
    hide = Hide({order.token, *(row.key for row in rows), *(row.save_code or "" for row in rows)})
    first = await sql.timeline(tx, account_id=account_id, order_id=order_id, before=None, limit=limit + 1)
    return OrderSheet(
        order=order,
        lines=await lines(tx, account_id=account_id, order_id=order_id, limit=limit),
        moves=await moves(tx, account_id=account_id, order_id=order_id, limit=limit),
        parcels=await parcels(tx, account_id=account_id, order_id=order_id, limit=limit),
        codes=[hand_over(row) for row in rows],
        callbacks=await callbacks(tx, account_id=account_id, order_id=order_id, limit=limit),
        timeline=[structs.replace(row, facts=hide(row.facts)) for row in first],
        asked=await calling_off.waiting(tx, account_id=account_id, number=order.number),
    )


async def lines(tx: Tx, *, account_id: AccountId, order_id: OrderId, after: int = 0, limit: int) -> list[OrderLine]:
    """As they were placed, one more than `limit` where there are more."""
    return await sql.lines(tx, account_id=account_id, order_id=order_id, after=after, limit=limit + 1)


async def moves(tx: Tx, *, account_id: AccountId, order_id: OrderId, after: int = 0, limit: int) -> list[MoveRow]:
    """What it did to the ledger, oldest first, one more than `limit` where there is more."""
    return await sql.moves(tx, account_id=account_id, order_id=order_id, after=after, limit=limit + 1)


async def parcels(tx: Tx, *, account_id: AccountId, order_id: OrderId, after: int = 0, limit: int) -> list[Parcel]:
    """Oldest first, one more than `limit` where there are more."""
    return await sql.parcels(tx, account_id=account_id, order_id=order_id, after=after, limit=limit + 1)


async def callbacks(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, after: int = 0, limit: int
) -> list[CallbackLine]:
    """Oldest first, one more than `limit` where there are more."""
    return await sql.callbacks(tx, account_id=account_id, order_id=order_id, after=after, limit=limit + 1)


async def timeline(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, before: str = "", limit: int
) -> list[TimelineRow]:
    """The last first; `before` is the `key` of a row, and what is none begins anew. One more than `limit` where
    there is more. Errors: OrderUnknown."""
    order = await orders.order(tx, account_id=account_id, order_id=order_id)
    codes = await evidence_sql.hand_overs(tx, account_id=account_id, order_id=order_id, limit=CODES_MAX)
    hide = Hide({order.token, *(row.key for row in codes), *(row.save_code or "" for row in codes)})
    key = None
    if found := _KEY.fullmatch(before):
        key = (EPOCH + timedelta(microseconds=int(found[3])), found[1], int(found[2]))
    rows = await sql.timeline(tx, account_id=account_id, order_id=order_id, before=key, limit=limit + 1)
    return [structs.replace(row, facts=hide(row.facts)) for row in rows]


async def last_event(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> int:
    """A number that grows with what happens to it."""
    return await sql.last_event(tx, account_id=account_id, order_id=order_id)


async def here(tx: Tx, *, account_id: AccountId, number: str) -> list[Order]:
    """Every order that bears the number, whatever its kind: what calling it off concerns."""
    return await orders.orders_by_number(tx, account_id=account_id, kinds=calling_off.KINDS, number=number)
