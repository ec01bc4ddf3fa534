"""Reading what comes back."""

from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.accounts import sql as accounts
from crossdock.core.catalog import queries as catalog
from crossdock.core.orders import labels
from crossdock.core.orders import queries as orders
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Order, product_ids
from crossdock.core.returning import sql
from crossdock.core.returning.errors import ReturnNotAnnounced, ReturnUnknown, StrayUnknown
from crossdock.core.returning.model import PIECES_MAX, RETURNS_MAX, Inspection, Returning, Stray
from crossdock.db.tx import Tx


async def return_of(tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str) -> Order:
    """The return behind its number, its reference, its carrier's number, or the order it is of.

    Of several the one that is not settled. Errors: ReturnUnknown, ReturnNotAnnounced where the order is known.
    """
    found = await labels.by_label(tx, account_id=account_id, kinds=["return"], code=code)
    known: Order | None = None
    references = [code]
    if not found:
        originals = await labels.by_label(tx, account_id=account_id, kinds=["outbound"], code=code)
        known = next(iter(originals), None)
        if known is not None:
            references += [said for said in (str(known.id), known.number, known.reference) if said]
        where = {"account_id": account_id, "site_id": site_id}
        found = await sql.of_references(tx, **where, references=references, limit=RETURNS_MAX)  # type: ignore[arg-type]
    here = [one for one in found if one.site_id == site_id]
    if not here:
        raise ReturnUnknown(code=code) if known is None else ReturnNotAnnounced(code=code, number=known.number)
    return next((one for one in here if one.finished_at is None), here[0])


async def returning(tx: Tx, *, account_id: AccountId, site_id: SiteId, after: int = 0, limit: int) -> list[Returning]:
    """Returns that are on their way or not settled, oldest first; `after` is the last one seen."""
    return await sql.returning(tx, account_id=account_id, site_id=site_id, after=after, limit=limit)


async def here(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> int:
    """How many returns came in and are not settled."""
    return await sql.here(tx, account_id=account_id, site_id=site_id)


async def inspection(tx: Tx, *, account_id: AccountId, site_id: SiteId, order_id: int) -> Inspection:
    """Errors: ReturnUnknown."""
    try:
        order = await orders.order(tx, account_id=account_id, order_id=order_id)
    except OrderUnknown as error:
        raise ReturnUnknown(code=order_id) from error
    if order.kind != "return" or order.site_id != site_id:
        raise ReturnUnknown(code=order.number)
    lines = await orders.lines(tx, account_id=account_id, order_id=order.id)
    products = await catalog.products(tx, account_id=account_id, ids=product_ids(lines))
    owner = None
    if order.sub_inventory_id is not None:
        owner = await accounts.sub_inventory_by_id(tx, account_id=account_id, sub_inventory_id=order.sub_inventory_id)
    action = None
    if order.return_action_id is not None:
        action = await accounts.return_action(tx, action_id=order.return_action_id)
    return Inspection(
        order=order,
        owner=owner.code if owner else "",
        action=action,
        lines=lines,
        names={product_id: product.name for product_id, product in products.items()},
        pieces=await sql.pieces(tx, account_id=account_id, order_id=OrderId(order.id), limit=PIECES_MAX),
    )


async def strays(tx: Tx, *, account_id: AccountId, site_id: SiteId, after: int = 0, limit: int) -> list[Stray]:
    """Goods without a return that nobody has settled, oldest first; `after` is the last one seen."""
    return await sql.strays(tx, account_id=account_id, site_id=site_id, stray_id=None, after=after, limit=limit)


async def stray(tx: Tx, *, account_id: AccountId, site_id: SiteId, stray_id: int) -> Stray:
    """Errors: StrayUnknown."""
    found = []
    if 0 < stray_id <= orders.ORDER_ID_MAX:
        found = await sql.strays(tx, account_id=account_id, site_id=site_id, stray_id=stray_id, after=0, limit=1)
    if not found:
        raise StrayUnknown(id=stray_id)
    return found[0]
