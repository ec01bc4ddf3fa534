"""What orders can be found by."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, structs

from crossdock.base.ids import AccountId, CompanyId
from crossdock.core import search as searching
from crossdock.core.orders import goods_sql
from crossdock.core.orders.model import GoodsPage, NamedOrder, Order, OrderPage, WithGoods
from crossdock.core.orders.sql import ORDER
from crossdock.core.orders.tally_sql import WIDTHS
from crossdock.core.search import Blocks, Criterion, SortKey, Table, Tally
from crossdock.db.documents import read
from crossdock.db.tx import Tx

TABLE: Final = Table(
    name="orders",
    columns=ORDER,
    fields=searching.plain(
        "id",
        "company_id",
        "number",
        "kind",
        "type",
        "state",
        "dialect",
        "service_id",
        "site_id",
        "reference",
        "tracking_number",
        "created_at",
        "updated_at",
        "finished_at",
        "arrived_at",
        "feedback",
        "pieces",
    ),
    documents=frozenset({"recipient", "partner_fields"}),
    times=frozenset({"created_at", "updated_at", "finished_at", "arrived_at"}),
    among={
        "product_id": (
            "l.product_id",
            "EXISTS (SELECT 1 FROM order_line l"
            " WHERE l.account_id = orders.account_id AND l.order_id = orders.id AND {condition})",
        )
    },
    tally=Tally(
        name="order_tally",
        count="orders",
        fields=frozenset({"company_id", "kind", "dialect", "type", "state"}),
        walked=("dialect", "state"),
        blocks=Blocks(name="order_block", widths=WIDTHS),
        scope=frozenset({"company_id"}),
    ),
)
"""Walked along orders_listed_idx, where a page is asked for by no more than the tally counts by."""


_WITH_GOODS: Final = structs.replace(TABLE, columns=f"{goods_sql.order()}::text AS document")


class Counted(Order, frozen=True, kw_only=True):
    """An order of a page, and how many there are in all."""

    total: int


class _Document(Struct, frozen=True):
    document: str
    total: int


async def search(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId | None,
    criteria: Sequence[Criterion],
    sort: Sequence[SortKey],
    start: int,
    limit: int | None,
) -> OrderPage:
    """Errors: LookupError for a field or an operator that does not exist; the caller maps its own names."""
    scope = {"account_id": account_id} | ({} if company_id is None else {"company_id": company_id})
    found = await searching.search(
        tx, Counted, TABLE, scope=scope, criteria=criteria, sort=sort, start=start, limit=limit
    )
    return OrderPage(found.total, list(found.rows))


async def search_with_goods(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId,
    criteria: Sequence[Criterion],
    sort: Sequence[SortKey],
    start: int,
    limit: int | None,
) -> GoodsPage:
    """As `search`, with the lines and products of each in the same statement."""
    scope = {"account_id": account_id, "company_id": company_id}
    found = await searching.search(
        tx, _Document, _WITH_GOODS, scope=scope, criteria=criteria, sort=sort, start=start, limit=limit
    )
    return GoodsPage(found.total, [_with_goods(read(goods_sql.OrderRead, row.document)) for row in found.rows])


async def with_goods(tx: Tx, named: Sequence[NamedOrder]) -> list[WithGoods | None]:
    """In the order given; None for one that is not on record."""
    found = await goods_sql.of_ids(tx, set(named))
    return [None if (order := found.get(one)) is None else _with_goods(order) for one in named]


def _with_goods(found: goods_sql.OrderRead) -> WithGoods:
    return WithGoods(order=found, lines=found.lines, products={product.id: product for product in found.products})
