"""Reading products."""

from collections.abc import Iterable, Sequence

from crossdock.base.ids import AccountId, CompanyId, ProductId
from crossdock.core.catalog import search as searching
from crossdock.core.catalog import sql
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.catalog.model import Product, ProductPage
from crossdock.core.search import Criterion, SortKey
from crossdock.db.tx import Tx


async def products(tx: Tx, *, account_id: AccountId, ids: Iterable[int]) -> dict[ProductId, Product]:
    """The account's products among `ids`; others are left out."""
    found = await sql.by_ids(tx, account_id=account_id, ids=sorted(set(ids)))
    return {product.id: product for product in found}


async def products_by_sku(tx: Tx, *, account_id: AccountId, skus: Iterable[str]) -> dict[str, Product]:
    """The account's products among `skus`; others are left out."""
    found = await sql.by_skus(tx, account_id=account_id, skus=sorted(set(skus)))
    return {product.sku: product for product in found}


async def product(tx: Tx, *, account_id: AccountId, product_id: int) -> Product:
    """Errors: ProductUnknown."""
    found = await sql.by_ids(tx, account_id=account_id, ids=[product_id])
    if not found:
        raise ProductUnknown(id=product_id)
    return found[0]


async def search(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId,
    criteria: Sequence[Criterion] = (),
    sort: Sequence[SortKey] = (),
    start: int = 0,
    limit: int | None,
) -> ProductPage:
    """One page of what fits all criteria, deleted products among them; `company_id` is the one that asks."""
    return await searching.search(
        tx, account_id=account_id, company_id=company_id, criteria=criteria, sort=sort, start=start, limit=limit
    )


async def arriving(tx: Tx, *, account_id: AccountId, product_ids: Sequence[ProductId]) -> dict[ProductId, int]:
    """Pieces that open inbound orders still bring; a product without any is left out."""
    return await sql.arriving(tx, account_id=account_id, product_ids=product_ids)
