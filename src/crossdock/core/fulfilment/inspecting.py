"""Vehicles are looked over, item by item, and their owner is told."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from crossdock.base.ids import AccountId
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment.errors import NothingInspected
from crossdock.core.orders import commands as orders
from crossdock.core.orders.model import Order
from crossdock.db.tx import Tx


class Inspected(Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    category_id: str
    category_name: str = ""
    item_id: str
    item_name: str = ""
    passed: bool
    remark: str = ""
    image_urls: tuple[str, ...] = ()


class InspectedVehicle(Struct, frozen=True, kw_only=True):
    vin: str
    checked_at: datetime
    passed: bool
    items: tuple[Inspected, ...] = ()


async def inspect_vehicles(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    vehicles: Sequence[InspectedVehicle],
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """It stands on the order's timeline; what does not pass stops nothing. Errors: OrderUnknown, NothingInspected."""
    if not vehicles:
        raise NothingInspected()
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    await orders.tell(
        tx,
        order,
        kind=kinds.VEHICLES_INSPECTED,
        dialect=dialect,
        actor=actor,
        facts={"number": order.number, "vehicles": msgspec.to_builtins(list(vehicles))},
    )
    return order
