"""What left the warehouse goes to a locker or to a shop."""

from datetime import timedelta

from msgspec import structs

from crossdock.base.ids import SiteId
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import DeliveryService
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment.errors import StationHasNoCabinet
from crossdock.core.handover import commands as handover
from crossdock.core.handover import queries as pick_ups
from crossdock.core.handover.model import HouseRules, PickUp
from crossdock.core.lockers import booking
from crossdock.core.lockers import sql as lockers
from crossdock.core.lockers.model import Parcel
from crossdock.core.orders.model import PAID, Order
from crossdock.db.tx import Tx


async def hand_over(tx: Tx, order: Order, *, dialect: str, actor: str) -> tuple[Parcel | None, PickUp | None]:
    """Book the locker or issue the code, as the order's delivery service says. Errors: StationHasNoCabinet."""
    service = None
    if order.service_id is not None:
        service = await accounts.service(tx, account_id=order.account_id, service_id=order.service_id)
    match service:
        case DeliveryService(method="locker"):
            return await _to_locker(tx, order, service, dialect=dialect, actor=actor), None
        case DeliveryService(method="shop"):
            return None, await give_code(tx, order, dialect=dialect, actor=actor)
    return None, None


async def give_code(tx: Tx, order: Order, *, dialect: str = HOUSE, actor: str = "") -> PickUp | None:
    """The code of an order that is paid and ready for its shop: it left for it, or its goods are set aside there.

    None for any other order; one that has a code keeps it. Errors: KeyClash.
    """
    service = await _shop_service(tx, order)
    if service is None or order.payment not in PAID:
        return None
    if order.state != "shipped" and not (order.state == "allocated" and service.site_id == order.site_id):
        return None
    return await _to_shop(tx, order, service, dialect=dialect, actor=actor)


async def at_its_shop(tx: Tx, order: Order) -> bool:
    """Whether the shop that hands the order over is also where its goods lie."""
    service = await _shop_service(tx, order)
    return service is not None and service.site_id == order.site_id


async def _shop_service(tx: Tx, order: Order) -> DeliveryService | None:
    if order.kind != "outbound" or order.service_id is None:
        return None
    service = await accounts.service(tx, account_id=order.account_id, service_id=order.service_id)
    return service if service is not None and service.method == "shop" else None


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
    site = await accounts.site_by_id(tx, account_id=order.account_id, site_id=SiteId(service.site_id or 0))
    valid_h = None if site is None else HouseRules.of(site.settings).code_valid_h
    sold_by = await pick_ups.online_shop(tx, domain=str(service.rules.get("online_shop") or ""))
    return await handover.issue(
        tx,
        order=order,
        site_id=SiteId(service.site_id or 0),
        shop_id=sold_by.id if sold_by is not None and sold_by.account_id == order.account_id else None,
        full_name=str(order.recipient.get("contact") or ""),
        mobile=str(order.recipient.get("telephone") or ""),
        expires_at=None if valid_h is None else tx.now + timedelta(hours=valid_h),
        dialect=dialect,
        actor=actor,
    )
