"""Reading products."""

from collections.abc import Iterable

from crossdock.base.ids import AccountId, ProductId
from crossdock.core.catalog import sql
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.catalog.model import Product
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
