"""Parcels get their carrier's numbers: when they leave, and when a transport order moves them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import structs

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import LineUnknown, StateForbids
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.transport import readings, sql
from crossdock.core.transport.errors import ParcelRepeated
from crossdock.core.transport.model import NewParcel, Waybill
from crossdock.db.tx import Tx

TOLD: Final = ("mailno", "box_no", "carrier", "weight_g", "length_mm", "width_mm", "height_mm", "volume_cm3")


async def attach(
    tx: Tx,
    *,
    order: Order,
    parcels: Sequence[NewParcel],
    lines: Sequence[OrderLine],
    batch: int | None,
    leg_id: OrderId | None = None,
    vehicle: str = "",
    planned_at: datetime | None = None,
) -> list[Waybill]:
    """The order's goods go under these numbers; `lines` are its own. A number it has already is brought up to date.

    Errors: ParcelRepeated, LineUnknown.
    """
    if not parcels:
        return []
    repeated = [mailno for mailno, times in Counter(parcel.mailno for parcel in parcels).items() if times > 1]
    if repeated:
        raise ParcelRepeated(mailnos=", ".join(repeated))
    by_key = {line.line_key: line.id for line in lines}
    unknown = [key for parcel in parcels for key in parcel.pieces if key not in by_key]
    if unknown:
        raise LineUnknown(line=unknown[0])
    waybills = await sql.put(
        tx,
        account_id=order.account_id,
        order_id=order.id,
        leg_id=leg_id,
        parcels=parcels,
        batch=batch,
        vehicle=vehicle,
        planned_at=planned_at,
    )
    ids = {waybill.mailno: waybill.id for waybill in waybills}
    packed = {
        (ids[parcel.mailno], by_key[key]): pieces
        for parcel in parcels
        for key, pieces in parcel.pieces.items()
        if pieces
    }
    if packed:
        await sql.put_lines(tx, account_id=order.account_id, lines=packed)
    moved_by = order.id if order.kind == "transport" else leg_id
    if await readings.claim(tx, account_id=order.account_id, waybills=waybills, leg_id=moved_by):
        of_order = await sql.of_orders(tx, account_id=order.account_id, order_ids=[order.id])
        return [waybill for waybill in of_order if waybill.id in ids.values()]
    return waybills


def holding(parcels: Sequence[NewParcel], pieces: Mapping[str, int]) -> list[NewParcel]:
    """One parcel alone holds all that goes, line key -> pieces; of several only they themselves can say."""
    if len(parcels) == 1 and not parcels[0].pieces:
        return [structs.replace(parcels[0], pieces=pieces)]
    return list(parcels)


async def told(tx: Tx, waybills: Sequence[Waybill], lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    """As events print parcels, with what is in each where that is known; `lines` are their order's."""
    keys = {line.id: line.line_key for line in lines}
    pieces: dict[int, dict[str, int]] = {waybill.id: {} for waybill in waybills}
    if waybills:
        for one in await sql.packed(tx, account_id=waybills[0].account_id, waybill_ids=list(pieces)):
            pieces[one.waybill_id][keys[one.order_line_id]] = one.pieces
    return [{name: getattr(waybill, name) for name in TOLD} | {"pieces": pieces[waybill.id]} for waybill in waybills]


async def locked_with_leg(tx: Tx, *, account_id: AccountId, order_id: int) -> tuple[Order, Order | None]:
    """An outbound order and the transport order that moves its goods: it bears the same number.

    Both are held for this transaction, in the order of their ids against deadlocks. Errors: OrderUnknown.
    """
    order = await order_queries.order(tx, account_id=account_id, order_id=order_id)
    found = await order_queries.orders_by_number(tx, account_id=account_id, kinds=["transport"], number=order.number)
    ids = [order.id, *(leg.id for leg in found if leg.state != "cancelled")]
    held = {id_: await orders.locked(tx, account_id=account_id, order_id=id_) for id_ in sorted(ids)}
    order = held.pop(order.id)
    return order, next(iter(held.values()), None)


async def dispatch(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    parcels: Sequence[NewParcel] = (),
    carrier: str = "",
    vehicle: str = "",
    departs_at: datetime | None = None,
    planned_at: datetime | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """A carrier took a transport order on. Its parcels are those given, else those its outbound order left with.

    Errors: OrderUnknown, StateForbids, ParcelRepeated, LineUnknown.
    """
    leg = await orders.locked(tx, account_id=account_id, order_id=order_id)
    if leg.kind != "transport":
        raise StateForbids(id=leg.id, number=leg.number, state=leg.state, wanted="dispatched")
    found = await order_queries.orders_by_number(tx, account_id=account_id, kinds=["outbound"], number=leg.number)
    moved = found[0] if found else leg
    lines = await order_queries.lines(tx, account_id=account_id, order_id=moved.id)
    if not parcels:
        left = await sql.of_orders(tx, account_id=account_id, order_ids=[moved.id])
        parcels = [NewParcel(mailno=waybill.mailno, carrier=carrier) for waybill in left]
    elif moved is leg:
        parcels = holding(parcels, {line.line_key: line.quantity for line in lines})
    await attach(
        tx,
        order=moved,
        parcels=parcels,
        lines=lines,
        batch=None,
        leg_id=None if moved is leg else leg.id,
        vehicle=vehicle,
        planned_at=planned_at,
    )
    facts = {
        **leg_facts(leg, await order_queries.lines(tx, account_id=account_id, order_id=leg.id)),
        "mailnos": [parcel.mailno for parcel in parcels],
        "carrier": carrier,
        "vehicle": vehicle,
        "departs_at": departs_at,
        "planned_at": planned_at,
    }
    return await orders.advance(
        tx, leg, to="dispatched", dialect=dialect, actor=actor, kind=kinds.TRANSPORT_DISPATCHED, facts=facts
    )


def leg_facts(leg: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    """What every event of a transport order says of it."""
    return {
        "number": leg.number,
        "type": leg.type,
        "ordered": leg.pieces,
        "lines": [line.told(line.quantity) for line in lines],
        "partner_fields": leg.partner_fields,
    }
