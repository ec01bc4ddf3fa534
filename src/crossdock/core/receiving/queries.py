"""Reading what comes to a warehouse and what was scanned of it."""

from crossdock.base.ids import AccountId, OrderId, SiteId, StaffId
from crossdock.core.catalog import queries as catalog
from crossdock.core.orders import queries as orders
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Order, product_ids
from crossdock.core.receiving import sql
from crossdock.core.receiving.errors import NotExpectedHere
from crossdock.core.receiving.model import Arriving, Receiving
from crossdock.db.tx import Tx


async def arriving(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, start: int = 0, limit: int
) -> tuple[int, list[Arriving]]:
    """How many inbound orders still bring something here, and one stretch of them, oldest first."""
    return await sql.arriving(tx, account_id=account_id, site_id=site_id, start=start, limit=limit)


async def order_of(tx: Tx, *, account_id: AccountId, site_id: SiteId, number: str) -> Order:
    """The inbound order of this number, or the one that announced this plate. Errors: NotExpectedHere."""
    found = await orders.orders_by_number(tx, account_id=account_id, kinds=["inbound"], number=number)
    if not found:
        source = await sql.source_of_plate(tx, account_id=account_id, plate=number)
        if source:
            found = await orders.orders_by_number(tx, account_id=account_id, kinds=["inbound"], number=source)
    if not found or found[0].site_id != site_id:
        raise NotExpectedHere(number=number)
    return found[0]


async def receiving(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, staff_id: StaffId, order_id: OrderId
) -> Receiving:
    """Errors: NotExpectedHere."""
    try:
        order = await orders.order(tx, account_id=account_id, order_id=order_id)
    except OrderUnknown as error:
        raise NotExpectedHere(number=order_id) from error
    if order.kind != "inbound" or order.site_id != site_id:
        raise NotExpectedHere(number=order.number)
    lines = await orders.lines(tx, account_id=account_id, order_id=order.id)
    products = await catalog.products(tx, account_id=account_id, ids=product_ids(lines))
    scans = await sql.open_scans(tx, account_id=account_id, order_id=order.id)
    return Receiving(
        order=order,
        owner=await sql.owner_of(tx, account_id=account_id, order_id=order.id),
        lines=lines,
        names={product_id: product.name for product_id, product in products.items()},
        scans=[scan for scan in scans if scan.staff_id == staff_id],
        others=sum(scan.quantity for scan in scans if scan.staff_id != staff_id),
    )
