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


_NAMED = """
SELECT p.account_id, p.id, p.sku
  FROM unnest(%(accounts)s::bigint[], %(names)s::{type}[]) AS wanted (account_id, name)
 CROSS JOIN LATERAL (SELECT account_id, id, sku FROM product
                      WHERE product.account_id = wanted.account_id AND product.{column} = wanted.name OFFSET 0) p
"""
Named = tuple[AccountId, ProductId, str]
"""Account, id, sku."""


async def of_skus(tx: Tx, named: Sequence[tuple[AccountId, str]]) -> list[Named]:
    """Those that exist, of several accounts. OFFSET 0: one look into the index for each, however large the table."""
    return await _named(tx, _NAMED.format(type="text", column="sku"), named)


async def of_ids(tx: Tx, named: Sequence[tuple[AccountId, int]]) -> list[Named]:
    """As of_skus, by id."""
    return await _named(tx, _NAMED.format(type="bigint", column="id"), named)


async def _named(tx: Tx, statement: str, named: Sequence[tuple[AccountId, str | int]]) -> list[Named]:
    rows = await tx.rows(statement, accounts=[pair[0] for pair in named], names=[pair[1] for pair in named])
    return [(AccountId(row[0]), ProductId(row[1]), str(row[2])) for row in rows]


async def by_code(tx: Tx, *, account_id: AccountId, code: str) -> Product | None:
    """By bar code."""
    return await tx.one_or_none(
        Product,
        f"SELECT {_COLUMNS} FROM product WHERE account_id = %(account_id)s AND id ="
        " (SELECT product_id FROM product_code WHERE account_id = %(account_id)s AND code = %(code)s)",
        account_id=account_id,
        code=code,
    )
