"""Reading locations and what lies in them."""

from collections.abc import Collection, Sequence

from crossdock.base.ids import AccountId, LocationId, ProductId, SiteId, StockId
from crossdock.core.places import sql
from crossdock.core.places.errors import LocationUnknown
from crossdock.core.places.model import Location, LocationKind, Lying
from crossdock.db.tx import Tx


async def location_by_code(tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str) -> Location:
    """Errors: LocationUnknown."""
    found = await sql.by_code(tx, account_id=account_id, site_id=site_id, code=code)
    if found is None:
        raise LocationUnknown(code=code)
    return found


async def location_by_id(tx: Tx, *, account_id: AccountId, site_id: SiteId, location_id: LocationId) -> Location:
    """Errors: LocationUnknown."""
    found = await sql.by_ids(tx, account_id=account_id, site_id=site_id, ids=[location_id])
    if not found:
        raise LocationUnknown(code=location_id)
    return found[0]


async def locations(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, kinds: Collection[LocationKind] | None = None
) -> list[Location]:
    """Those in use, in walking order; of these kinds, or of all."""
    return await sql.of_site(tx, account_id=account_id, site_id=site_id, kinds=kinds)


async def where(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    product_id: ProductId | None = None,
    stock_ids: Sequence[StockId] | None = None,
) -> list[Lying]:
    """Where pieces of a product, or of these buckets, lie: by walking order. What is not put away comes last."""
    return await sql.where(tx, account_id=account_id, site_id=site_id, product_id=product_id, stock_ids=stock_ids)


async def contents(tx: Tx, *, account_id: AccountId, site_id: SiteId, location_id: LocationId) -> list[Lying]:
    """What lies in a location, by sku and lot."""
    return await sql.contents(tx, account_id=account_id, site_id=site_id, location_id=location_id)


async def first_empty(tx: Tx, *, account_id: AccountId, site_id: SiteId, kind: LocationKind) -> Location | None:
    """In walking order."""
    return await sql.first_empty(tx, account_id=account_id, site_id=site_id, kind=kind)


async def first_home(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, stock_id: StockId, kinds: Sequence[LocationKind]
) -> Location | None:
    """Where pieces of this bucket lie already: of the first of these kinds that holds any, the first on the way."""
    return await sql.first_home(tx, account_id=account_id, site_id=site_id, stock_id=stock_id, kinds=kinds)


async def heaps_at_docks(tx: Tx, *, account_id: AccountId, site_id: SiteId, most: int) -> int:
    """How many heaps lie at docks; not counted beyond `most`."""
    return await sql.heaps_at_docks(tx, account_id=account_id, site_id=site_id, most=most)


async def to_put_away(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    after: tuple[LocationId | None, StockId] | None = None,
    limit: int,
    product_id: ProductId | None = None,
    stock_ids: Sequence[StockId] | None = None,
) -> list[Lying]:
    """Heaps at a dock, dock by dock, then those in no location; of one product, or of these buckets, or all.

    `after` is the location and the bucket of the last one of the page before.
    """
    return await sql.to_put_away(
        tx,
        account_id=account_id,
        site_id=site_id,
        after=after,
        limit=limit,
        product_id=product_id,
        stock_ids=stock_ids,
    )
