"""Statements on products."""

from collections.abc import Sequence

from msgspec import structs

from crossdock.base.ids import AccountId, ProductId
from crossdock.core.catalog.model import Product
from crossdock.db.tx import Tx

_COLUMNS = ", ".join(entry.name for entry in structs.fields(Product))


async def by_ids(tx: Tx, *, account_id: AccountId, ids: Sequence[int]) -> list[Product]:
    return await tx.many(
        Product,
        f"SELECT {_COLUMNS} FROM product WHERE account_id = %(account_id)s AND id = ANY(%(ids)s::bigint[])",
        account_id=account_id,
        ids=list(ids),
    )


async def by_skus(tx: Tx, *, account_id: AccountId, skus: Sequence[str]) -> list[Product]:
    """Index: product_account_id_sku_key."""
    return await tx.many(
        Product,
        f"SELECT {_COLUMNS} FROM product WHERE account_id = %(account_id)s AND sku = ANY(%(skus)s::text[])",
        account_id=account_id,
        skus=list(skus),
    )


async def ids_of_skus(
    tx: Tx, *, account_ids: Sequence[int], skus: Sequence[str]
) -> dict[tuple[AccountId, str], ProductId]:
    """(account, sku) pairs in, the known ones out; several accounts in one statement."""
    rows = await tx.rows(
        """
SELECT p.account_id, p.sku, p.id
  FROM product p
  JOIN unnest(%(account_ids)s::bigint[], %(skus)s::text[]) AS wanted (account_id, sku)
    ON p.account_id = wanted.account_id AND p.sku = wanted.sku
""",
        account_ids=list(account_ids),
        skus=list(skus),
    )
    return {(AccountId(row[0]), row[1]): ProductId(row[2]) for row in rows}


async def by_code(tx: Tx, *, account_id: AccountId, code: str) -> Product | None:
    """By bar code."""
    return await tx.one_or_none(
        Product,
        f"SELECT {_COLUMNS} FROM product WHERE account_id = %(account_id)s AND id ="
        " (SELECT product_id FROM product_code WHERE account_id = %(account_id)s AND code = %(code)s)",
        account_id=account_id,
        code=code,
    )
