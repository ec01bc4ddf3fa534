"""What the warehouse does to an order: receive, pick, pack, ship. Each is one command in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from crossdock.base.ids import AccountId, SiteId, SubInventoryId
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import DeliveryService
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment import notices
from crossdock.core.fulfilment.errors import StationHasNoCabinet
from crossdock.core.fulfilment.model import Shipped
from crossdock.core.fulfilment.shelf import arrivals
from crossdock.core.handover import commands as handover
from crossdock.core.handover import queries as pick_ups
from crossdock.core.handover.model import PickUp
from crossdock.core.lockers import booking
from crossdock.core.lockers import sql as lockers
from crossdock.core.lockers.model import Parcel
from crossdock.core.orders import commands as orders
from crossdock.core.orders import model as order_model
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import reserving
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.errors import LineUnknown, QuantityInvalid, StateForbids
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.stock import commands as stock
from crossdock.db.tx import Tx


async def receive(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    quantities: Mapping[str, int],
    batch_key: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """One batch of an inbound order came in: line key -> pieces. Stock rises, the owner is told.

    `batch_key` is the caller's name for this batch: asked again, nothing comes in twice. More than was announced
    is taken in as it came. Errors: OrderUnknown, StateForbids, LineUnknown, QuantityInvalid.
    """
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    cause = f"receive:{order.id}:{order.batches + 1}" if batch_key is None else f"receive:{order.id}:key:{batch_key}"
    if batch_key is not None and await stock.is_known(tx, account_id=account_id, cause=cause):
        return order
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    batch = order.batches + 1
    moved = _moved(lines, quantities)
    order = await orders.advance(
        tx,
        order,
        to="receiving",
        dialect=dialect,
        actor=actor,
        kind=kinds.INBOUND_RECEIVED,
        facts={**await _facts(tx, order, moved), "batch": batch},
        batches=batch,
    )
    await stock.receive(
        tx,
        account_id=account_id,
        arrivals=arrivals(order, moved),
        cause=cause,
        order_id=order.id,
    )
    await order_sql.add_done(tx, account_id=account_id, done={line.id: pieces for line, pieces in moved})
    await _stocked(tx, account_id, moved, dialect=dialect, actor=actor)
    await tx.notify(stock.STOCK_TOPIC)
    return order


async def reject_inbound(
    tx: Tx, *, account_id: AccountId, order_id: int, reason: str, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """What was announced cannot come in like this; its owner may change it. Errors: OrderUnknown, StateForbids."""
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    return await orders.advance(
        tx,
        order,
        to="rejected",
        dialect=dialect,
        actor=actor,
        facts={"from": order.state, "to": "rejected", "reason": reason},
        feedback=reason,
    )


async def close_inbound(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Nothing more will come. A closed order stays as it is. Errors: OrderUnknown, StateForbids."""
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    if order.state == "closed":
        return order
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    return await orders.advance(
        tx,
        order,
        to="closed",
        dialect=dialect,
        actor=actor,
        kind=kinds.INBOUND_CLOSED,
        facts={
            **await _facts(tx, order, [(line, line.done) for line in lines if line.done]),
            "ordered": sum(line.quantity for line in lines),
            "received": sum(line.done for line in lines),
            "batches": order.batches,
        },
        finished=True,
    )


async def release_to_floor(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Its stock is set aside; pickers may take it on. Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "released", dialect, actor)


async def start_picking(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "picking", dialect, actor)


async def start_packing(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "packing", dialect, actor)


async def finish_packing(
    tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = ""
) -> Order:
    """Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "packed", dialect, actor)


async def confirm(tx: Tx, *, account_id: AccountId, order_id: int, dialect: str = HOUSE, actor: str = "") -> Order:
    """The warehouse has the client's own parcels. Errors: OrderUnknown, StateForbids."""
    return await _step(tx, account_id, order_id, "confirmed", dialect, actor)


async def print_label(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    tracking_number: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """The carrier's label is on the parcel. Errors: OrderUnknown, StateForbids."""
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    return await orders.advance(
        tx, order, to="labelled", dialect=dialect, actor=actor, tracking_number=tracking_number
    )


async def ship(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    tracking_number: str | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> Shipped:
    """The whole order leaves: its stock goes, its hand-over begins, its owner is told.

    A delivery service by locker books a parcel at the station's first cabinet, one by shop issues a code.
    What a held order gave back must be there again. Errors: OrderUnknown, StateForbids, OutOfStock,
    StationHasNoCabinet.
    """
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    leaving = {*order_model.sources("outbound", order.type, "shipped")} - {"delivered"}  # that is a roll-back
    if order.kind != "outbound" or order.state not in leaving:
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="shipped")
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    moved = [(line, line.quantity - line.done) for line in lines if line.quantity > line.done]
    if order.state == "held":
        await reserving.reserve_or_refuse(tx, order, lines)
    batch = order.batches + 1
    facts = {**await _facts(tx, order, moved), "tracking_number": tracking_number or order.tracking_number}
    order = await orders.advance(
        tx,
        order,
        to="shipped",
        dialect=dialect,
        actor=actor,
        kind=kinds.OUTBOUND_SHIPPED,
        facts={**facts, "batch": batch},
        finished=True,
        batches=batch,
        tracking_number=tracking_number,
    )
    await stock.withdraw(
        tx,
        account_id=account_id,
        order_id=order.id,
        quantities={line.id: pieces for line, pieces in moved if line.product_id is not None},
        cause=f"ship:{order.id}:{batch}",
    )
    await order_sql.add_done(tx, account_id=account_id, done={line.id: pieces for line, pieces in moved})
    await _stocked(tx, account_id, moved, dialect=dialect, actor=actor)
    await orders.tell(
        tx,
        order,
        kind=kinds.OUTBOUND_CLOSED,
        dialect=dialect,
        actor=actor,
        facts={
            **facts,
            "ordered": sum(line.quantity for line in lines),
            "shipped": sum(line.done for line in lines) + sum(pieces for _, pieces in moved),
            "batches": batch,
        },
    )
    parcel, pick_up = await _hand_over(tx, order, dialect=dialect, actor=actor)
    return Shipped(order=order, parcel=parcel, pick_up=pick_up)


async def _hand_over(tx: Tx, order: Order, *, dialect: str, actor: str) -> tuple[Parcel | None, PickUp | None]:
    service = None
    if order.service_id is not None:
        service = await accounts.service(tx, account_id=order.account_id, service_id=order.service_id)
    match service:
        case DeliveryService(method="locker"):
            return await _to_locker(tx, order, service, dialect=dialect, actor=actor), None
        case DeliveryService(method="shop"):
            return None, await _to_shop(tx, order, service, dialect=dialect, actor=actor)
    return None, None


async def _to_locker(tx: Tx, order: Order, service: DeliveryService, *, dialect: str, actor: str) -> Parcel:
    """A parcel of this number that a partner booked before is the one; else it is booked now."""
    booked = await lockers.parcel_of_number(tx, account_id=order.account_id, number=order.number)
    if booked is not None and booked.state != "taken":
        await lockers.link_order(tx, account_id=order.account_id, handover_id=booked.id, order_id=order.id)
        return structs.replace(booked, order_id=order.id)
    cabinets = await lockers.cabinets_at(tx, account_id=order.account_id, site_id=SiteId(service.site_id or 0))
    if not cabinets:
        raise StationHasNoCabinet(service=service.name)
    return await booking.book(
        tx,
        account_id=order.account_id,
        cabinet=cabinets[0].number,
        order_number=order.number,
        box_size=service.box_size or "M",
        claimed_by=None,
        dialect=dialect,
        actor=actor,
    )


async def _to_shop(tx: Tx, order: Order, service: DeliveryService, *, dialect: str, actor: str) -> PickUp:
    sold_by = await pick_ups.online_shop(tx, domain=str(service.rules.get("online_shop") or ""))
    return await handover.issue(
        tx,
        order=order,
        site_id=SiteId(service.site_id or 0),
        shop_id=sold_by.id if sold_by is not None and sold_by.account_id == order.account_id else None,
        full_name=str(order.recipient.get("contact") or ""),
        mobile=str(order.recipient.get("telephone") or ""),
        dialect=dialect,
        actor=actor,
    )


async def _step(tx: Tx, account_id: AccountId, order_id: int, to: str, dialect: str, actor: str) -> Order:
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    return await orders.advance(tx, order, to=to, dialect=dialect, actor=actor)


def _moved(lines: Sequence[OrderLine], quantities: Mapping[str, int]) -> list[tuple[OrderLine, int]]:
    by_key = {line.line_key: line for line in lines}
    moved = []
    for key, pieces in quantities.items():
        if key not in by_key:
            raise LineUnknown(line=key)
        if pieces < 0:
            raise QuantityInvalid(line=key, quantity=pieces)
        if pieces:
            moved.append((by_key[key], pieces))
    if not moved:
        raise QuantityInvalid(quantity=0)
    return moved


async def _stocked(
    tx: Tx, account_id: AccountId, moved: Sequence[tuple[OrderLine, int]], *, dialect: str, actor: str
) -> None:
    await notices.stocked(
        tx,
        account_id=account_id,
        product_ids={line.product_id for line, _ in moved if line.product_id is not None},
        dialect=dialect,
        actor=actor,
    )


async def _facts(tx: Tx, order: Order, moved: Sequence[tuple[OrderLine, int]]) -> dict[str, Any]:
    site = await accounts.site_by_id(tx, account_id=order.account_id, site_id=SiteId(order.site_id or 0))
    sub = await accounts.sub_inventory_by_id(
        tx, account_id=order.account_id, sub_inventory_id=SubInventoryId(order.sub_inventory_id or 0)
    )
    return {
        "number": order.number,
        "type": order.type,
        "site": "" if site is None else site.code,
        "sub_inventory": "" if sub is None else sub.code,
        "partner_fields": order.partner_fields,
        "lines": [
            {
                "line_key": line.line_key,
                "sku": line.sku,
                "quantity": pieces,
                "lot": line.lot,
                "condition": line.condition,
                "partner_fields": line.partner_fields,
            }
            for line, pieces in moved
        ],
    }
