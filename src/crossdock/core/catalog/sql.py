"""Statements on products."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import structs

from crossdock.base import json
from crossdock.base.ids import AccountId, ProductId
from crossdock.core.catalog.model import NewProduct, Product
from crossdock.db.compose import SQL, Composable, Identifier, Placeholder
from crossdock.db.tx import Tx, columns

OVER: Final = (
    "shipped",
    "delivered",
    "returned",
    "unshipped",
    "closed",
    "refused",
    "finished",
    "cancelled",
    "deleted",
)
"""States of orders whose goods are not expected any more, neither in nor out."""

_COLUMNS = columns(Product)


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


async def by_codes(tx: Tx, *, account_id: AccountId, codes: Sequence[str]) -> Product | None:
    """The one that goes by the first of these that anybody goes by: as a bar code, then as its sku.

    Key: product_code_pkey, product_account_id_sku_key.
    """
    return await tx.one_or_none(
        Product,
        f"""
SELECT {columns(Product, "p")}
  FROM (SELECT product_id AS id, code, 1 AS rank FROM product_code
         WHERE account_id = %(account_id)s AND code = ANY (%(codes)s::text[])
         UNION ALL
        SELECT id, sku, 2 FROM product WHERE account_id = %(account_id)s AND sku = ANY (%(codes)s::text[])) named
  JOIN product p ON p.account_id = %(account_id)s AND p.id = named.id AND p.deleted_at IS NULL
 ORDER BY array_position(%(codes)s::text[], named.code), named.rank LIMIT 1
""",
        account_id=account_id,
        codes=list(codes),
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


async def insert(tx: Tx, new: NewProduct) -> Product | None:
    """None when the sku is taken."""
    return await tx.one_or_none(
        Product,
        f"""
INSERT INTO product (id, account_id, sku, name, name_customs, weight_g, length_mm, width_mm, height_mm, price,
                     lot_tracked, serial_tracked, active, partner_fields, created_at, updated_at)
SELECT id, %(account_id)s, coalesce(%(sku)s::text, %(account_id)s::bigint || '-' || id), %(name)s, %(name_customs)s,
       %(weight_g)s, %(length_mm)s, %(width_mm)s, %(height_mm)s, %(price)s, %(lot_tracked)s, %(serial_tracked)s,
       %(active)s, %(partner_fields)s::jsonb, %(now)s, %(now)s
  FROM nextval(pg_get_serial_sequence('product', 'id')) AS id
ON CONFLICT ON CONSTRAINT product_account_id_sku_key DO NOTHING
RETURNING {_COLUMNS}
""",
        **(structs.asdict(new) | {"partner_fields": json.text(new.partner_fields)}),
        now=tx.now,
    )


async def update(
    tx: Tx,
    *,
    account_id: AccountId,
    product_id: ProductId,
    values: Mapping[str, Any],
    kept: Mapping[str, Any],
    dropped: Sequence[str],
) -> Product | None:
    """`values` by column, `kept` and `dropped` keys of partner_fields; None when the product is deleted."""
    settings: list[Composable] = [SQL("{} = {}").format(Identifier(name), Placeholder(name)) for name in values]
    settings.append(SQL("partner_fields = (partner_fields || %(kept)s::jsonb) - %(dropped)s::text[]"))
    return await tx.one_or_none(
        Product,
        SQL(
            "UPDATE product SET {}, updated_at = %(now)s"
            " WHERE account_id = %(account_id)s AND id = %(product_id)s AND deleted_at IS NULL RETURNING {}"
        ).format(SQL(", ").join(settings), SQL(_COLUMNS)),
        **values,
        kept=json.text(kept),
        dropped=list(dropped),
        account_id=account_id,
        product_id=product_id,
        now=tx.now,
    )


async def hold(tx: Tx, *, account_id: AccountId, sku: str) -> Product:
    """Against other changes of it. Index: product_account_id_sku_key."""
    return await tx.one(
        Product,
        f"SELECT {_COLUMNS} FROM product WHERE account_id = %(account_id)s AND sku = %(sku)s FOR NO KEY UPDATE",
        account_id=account_id,
        sku=sku,
    )


async def lock(tx: Tx, *, account_id: AccountId, product_id: int) -> None:
    """Against lines and buckets of this product: their foreign keys wait."""
    await tx.execute(
        "SELECT 1 FROM product WHERE account_id = %(account_id)s AND id = %(product_id)s FOR UPDATE",
        account_id=account_id,
        product_id=product_id,
    )


async def delete(tx: Tx, *, account_id: AccountId, product_id: int) -> Product | None:
    """None when it is deleted, unknown, on a shelf, or in an order that is not over.

    Index: stock_bucket_key, order_line_product_idx.
    """
    return await tx.one_or_none(
        Product,
        f"""
UPDATE product SET active = false, deleted_at = %(now)s, updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(product_id)s AND deleted_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM stock
                    WHERE stock.account_id = product.account_id AND stock.product_id = product.id AND on_hand > 0)
   AND NOT EXISTS (SELECT 1 FROM order_line l JOIN orders o ON o.account_id = l.account_id AND o.id = l.order_id
                    WHERE l.account_id = product.account_id AND l.product_id = product.id
                      AND o.state <> ALL (%(over)s::text[]))
RETURNING {_COLUMNS}
""",
        account_id=account_id,
        product_id=product_id,
        over=list(OVER),
        now=tx.now,
    )


async def drop_codes(tx: Tx, *, account_id: AccountId, product_id: ProductId, codes: Sequence[str]) -> None:
    """Those that name this product are free. Key: product_code_pkey."""
    await tx.execute(
        "DELETE FROM product_code"
        " WHERE account_id = %(account_id)s AND code = ANY (%(codes)s::text[]) AND product_id = %(product_id)s",
        account_id=account_id,
        product_id=product_id,
        codes=list(codes),
    )


async def put_codes(
    tx: Tx, *, account_id: AccountId, product_id: ProductId, codes: Sequence[str]
) -> dict[str, ProductId]:
    """Whom each code names now: one that named a product before still names it."""
    await tx.execute(
        "INSERT INTO product_code (account_id, code, product_id)"
        " SELECT DISTINCT %(account_id)s, code, %(product_id)s FROM unnest(%(codes)s::text[]) AS code ORDER BY code"
        " ON CONFLICT ON CONSTRAINT product_code_pkey DO NOTHING",
        account_id=account_id,
        product_id=product_id,
        codes=list(codes),
    )
    rows = await tx.rows(
        "SELECT code, product_id FROM product_code"
        " WHERE account_id = %(account_id)s AND code = ANY (%(codes)s::text[])",
        account_id=account_id,
        codes=list(codes),
    )
    return {str(row[0]): ProductId(row[1]) for row in rows}


async def arriving(tx: Tx, *, account_id: AccountId, product_ids: Sequence[ProductId]) -> dict[ProductId, int]:
    """Pieces that open inbound orders still bring. Index: orders_arriving_idx."""
    rows = await tx.rows(
        """
SELECT l.product_id, sum(greatest(l.quantity - l.done, 0))::bigint
  FROM orders o
  JOIN order_line l ON l.account_id = o.account_id AND l.order_id = o.id
 WHERE o.account_id = %(account_id)s AND o.kind = 'inbound' AND o.state IN ('announced', 'accepted', 'receiving')
   AND l.product_id = ANY (%(product_ids)s::bigint[])
 GROUP BY l.product_id
""",
        account_id=account_id,
        product_ids=list(product_ids),
    )
    return {ProductId(row[0]): int(row[1]) for row in rows}
