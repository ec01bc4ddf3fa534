"""An order and all that is printed of it, at one moment: what a callback carries, however often it is tried."""

from collections.abc import Sequence

from msgspec import Struct, structs

from crossdock.base.ids import SiteId
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import Company, DeliveryService, Site
from crossdock.core.catalog import sql as catalog
from crossdock.core.catalog.model import Product
from crossdock.core.events import sql as events
from crossdock.core.orders import sql
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.orders.steps import Step, steps
from crossdock.db.tx import Tx


class Record(Struct, frozen=True, kw_only=True):
    order: Order
    """Without the secret of the buyer's page."""
    lines: list[OrderLine]
    products: list[Product]
    """Those of the lines."""
    service: DeliveryService | None
    company: Company
    site: Site | None
    steps: list[Step]


async def record(tx: Tx, order: Order) -> Record:
    """`order` is as it was read in this transaction."""
    account_id = order.account_id
    lines = await sql.lines(tx, account_id=account_id, order_ids=[order.id])
    product_ids = sorted({line.product_id for line in lines if line.product_id is not None})
    company = await accounts.company(tx, account_id=account_id, company_id=order.company_id)
    if company is None:
        raise LookupError(f"company {order.company_id} is not opened for account {account_id}")
    service = None
    if order.service_id is not None:
        service = await accounts.service(tx, account_id=account_id, service_id=order.service_id)
    return Record(
        order=structs.replace(order, token="", content_hash=None),
        lines=lines,
        products=await catalog.by_ids(tx, account_id=account_id, ids=product_ids),
        service=service,
        company=company,
        site=await accounts.site_by_id(tx, account_id=account_id, site_id=SiteId(order.site_id or 0)),
        steps=steps(await events.of_order(tx, account_id=account_id, order_id=order.id)),
    )


async def records_tracked(tx: Tx, *, dialect: str, tracking_numbers: Sequence[str]) -> list[Record]:
    """Outbound orders of any account that came in through this dialect, under the carrier's numbers.

    Of several orders with one number the newest: a carrier gives out its numbers again after a while.
    """
    orders = await sql.by_tracking_numbers(tx, dialect=dialect, tracking_numbers=tracking_numbers)
    return [await record(tx, order) for order in orders]
