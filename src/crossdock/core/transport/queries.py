"""Reading parcels under way."""

from collections.abc import Collection

from msgspec import structs

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.transport import sql
from crossdock.core.transport.model import RouteNode, Waybill
from crossdock.db.tx import Tx


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Waybill]:
    """Oldest first."""
    return await sql.of_orders(tx, account_id=account_id, order_ids=[order_id])


async def of_leg(tx: Tx, *, account_id: AccountId, leg_id: OrderId) -> list[Waybill]:
    """Those that a transport order moves, oldest first."""
    return await sql.of_leg(tx, account_id=account_id, leg_id=leg_id)


async def newest(tx: Tx, *, account_ids: Collection[AccountId], mailnos: Collection[str]) -> list[Waybill]:
    """Of each number the parcel that got it last, with its leg, though that was announced after the parcel left."""
    found = await sql.newest(tx, account_ids=account_ids, mailnos=mailnos)
    alone = {waybill.order_id for waybill in found if waybill.leg_id is None}
    legs = await sql.legs(tx, account_ids=account_ids, order_ids=alone) if alone else {}
    return [structs.replace(waybill, leg_id=legs.get(waybill.order_id, waybill.leg_id)) for waybill in found]


async def nodes(tx: Tx, *, account_id: AccountId, waybill_ids: Collection[int]) -> list[RouteNode]:
    """In the order of their own time."""
    return await sql.nodes(tx, account_id=account_id, waybill_ids=waybill_ids) if waybill_ids else []
