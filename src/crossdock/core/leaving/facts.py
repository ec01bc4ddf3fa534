"""What events say of goods that moved."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from crossdock.base.ids import SiteId, StockId, SubInventoryId
from crossdock.core.accounts import sql as accounts
from crossdock.core.leaving.model import Moved
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.stock import commands as stock
from crossdock.core.units import queries as units
from crossdock.core.units.model import NewUnit, named
from crossdock.db.tx import Tx


async def facts(tx: Tx, order: Order, moved: Sequence[Moved]) -> dict[str, Any]:
    """The members that all events of moved goods share, as core/events/kinds.py lists them."""
    site, owner = await place_codes(tx, order)
    return {
        "number": order.number,
        "type": order.type,
        "site": site,
        "sub_inventory": owner,
        "partner_fields": order.partner_fields,
        "lines": [_line(one) for one in moved],
    }


async def place_codes(tx: Tx, order: Order) -> tuple[str, str]:
    """The codes of an order's site and of its sub-inventory; empty where it has none."""
    site = await accounts.site_by_id(tx, account_id=order.account_id, site_id=SiteId(order.site_id or 0))
    sub = await accounts.sub_inventory_by_id(
        tx, account_id=order.account_id, sub_inventory_id=SubInventoryId(order.sub_inventory_id or 0)
    )
    return "" if site is None else site.code, "" if sub is None else sub.code


async def gathered(tx: Tx, order: Order, lines: Sequence[OrderLine]) -> list[Moved]:
    """All that came or went for an order in its batches: by line, lot and condition, with the names of the pieces.

    `lines` say how much of what is not stocked was done.
    """
    by_id = {line.id: line for line in lines}
    moved = await stock.moved_for(tx, account_id=order.account_id, order_id=order.id)
    named_here: defaultdict[StockId, list[NewUnit]] = defaultdict(list)
    for unit in await units.of_order(tx, account_id=order.account_id, order_id=order.id):
        named_here[unit.stock_id].append(unit.as_new())
    found = as_announced([(line, line.done) for line in lines if line.product_id is None and line.done])
    for one in moved:
        names = named_here[one.stock_id]
        found.append(
            Moved(
                line=by_id[one.order_line_id],
                pieces=one.quantity,
                lot=one.lot,
                condition=one.condition,
                units=tuple(names[: one.quantity]),
            )
        )
        del names[: one.quantity]
    return sorted(found, key=lambda one: one.line.line_no)


def as_announced(lines: Sequence[tuple[OrderLine, int]]) -> list[Moved]:
    return [Moved(line=line, pieces=pieces, lot=line.lot, condition=line.condition) for line, pieces in lines]


def _line(one: Moved) -> dict[str, Any]:
    return (
        one.line.told(one.pieces)
        | {"lot": one.lot, "condition": one.condition, "ordered": one.line.quantity}
        | ({"units": named(one.units)} if one.units else {})
        | ({"plate": one.plate} if one.plate else {})
    )
