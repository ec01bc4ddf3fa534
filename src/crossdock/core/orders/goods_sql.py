"""What orders are of, as columns of a statement that reads something else. `account` and `of` are its columns."""

from collections.abc import Collection

from crossdock.base.ids import CompanyId
from crossdock.core.catalog.model import Product
from crossdock.core.orders.model import NamedOrder, Order, OrderLine
from crossdock.db.documents import documents, fields, read
from crossdock.db.tx import Tx


class OrderRead(Order, frozen=True, kw_only=True):
    """What `order` makes."""

    lines: list[OrderLine]
    products: list[Product]


def order() -> str:
    """The row of `orders` that the statement has, with its goods."""
    of = ("orders.account_id", "orders.id")
    return (
        f"(SELECT to_json(one) FROM (SELECT {fields(Order)}, {lines(*of)} AS lines, {products(*of)} AS products) one)"
    )


def lines(account: str, of: str) -> str:
    """An array of OrderLine. Index: order_line_account_id_order_id_line_no_key."""
    return documents(OrderLine, f"FROM order_line WHERE account_id = {account} AND order_id = {of} ORDER BY line_no")


def products(account: str, of: str) -> str:
    """An array of Product, those of the lines, none twice.

    A look into the index for each, by OFFSET 0: a join is planned once, for a table that is still small.
    """
    return documents(
        Product,
        "FROM (SELECT DISTINCT product_id AS wanted FROM order_line"
        f" WHERE account_id = {account} AND order_id = {of} AND product_id IS NOT NULL) AS goods"
        f" CROSS JOIN LATERAL (SELECT * FROM product WHERE account_id = {account} AND id = wanted OFFSET 0) product",
    )


async def of_ids(tx: Tx, named: Collection[NamedOrder]) -> dict[NamedOrder, OrderRead]:
    """Those that are on record. Index: orders_account_id_id_key."""
    rows = await tx.rows(
        f"""
SELECT {order()}::text
  FROM unnest(%(accounts)s::bigint[], %(companies)s::int[], %(ids)s::bigint[])
       AS named (of_account, of_company, of_id)
 CROSS JOIN LATERAL (
       SELECT * FROM orders o
        WHERE o.account_id = of_account AND o.id = of_id AND o.company_id = of_company OFFSET 0) orders
""",
        accounts=[one.account_id for one in named],
        companies=[one.company_id for one in named],
        ids=[one.id for one in named],
    )
    found = [read(OrderRead, text) for (text,) in rows]
    return {NamedOrder(one.account_id, CompanyId(one.company_id or 0), one.id): one for one in found}
