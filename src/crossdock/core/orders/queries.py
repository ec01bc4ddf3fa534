"""Reading orders."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from crossdock.base.ids import AccountId, CompanyId, OrderId
from crossdock.core.orders import search as searching
from crossdock.core.orders import sql
from crossdock.core.orders.errors import LineUnknown, OrderUnknown
from crossdock.core.orders.model import (
    Criterion,
    GoodsPage,
    Kind,
    NamedOrder,
    Order,
    OrderLine,
    OrderPage,
    SortKey,
    WithGoods,
)
from crossdock.db.tx import Tx

ORDER_ID_MAX = 2**63 - 1


async def order(tx: Tx, *, account_id: AccountId, order_id: int) -> Order:
    """Errors: OrderUnknown."""
    found = None
    if 0 < order_id <= ORDER_ID_MAX:
        found = await sql.find(tx, account_id=account_id, order_id=OrderId(order_id))
    if found is None:
        raise OrderUnknown(id=order_id)
    return found


async def order_by_number(tx: Tx, *, account_id: AccountId, kind: Kind, number: str) -> Order:
    """Errors: OrderUnknown."""
    found = await sql.by_numbers(tx, [(account_id, kind, number)])
    if not found:
        raise OrderUnknown(number=number)
    return found[0]


async def orders_by_number(tx: Tx, *, account_id: AccountId, kinds: Collection[Kind], number: str) -> list[Order]:
    """Those of these kinds that bear the number, none twice."""
    return await sql.by_numbers(tx, [(account_id, kind, number) for kind in kinds])


async def orders_of_reference(tx: Tx, *, account_id: AccountId, company_id: CompanyId, reference: str) -> list[Order]:
    """All orders of the company that carry this reference, oldest first."""
    found = await sql.by_reference(tx, account_id=account_id, reference=reference)
    return [order for order in found if order.company_id == company_id]


async def lines(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[OrderLine]:
    return await sql.lines(tx, account_id=account_id, order_ids=[order_id])


async def line(tx: Tx, *, account_id: AccountId, line_id: int) -> OrderLine:
    """Errors: LineUnknown."""
    found = await sql.line(tx, account_id=account_id, line_id=line_id) if 0 < line_id <= ORDER_ID_MAX else None
    if found is None:
        raise LineUnknown(line=line_id)
    return found


async def lines_of(tx: Tx, *, account_id: AccountId, order_ids: Sequence[OrderId]) -> dict[OrderId, list[OrderLine]]:
    """An empty list for an order without lines."""
    found: defaultdict[OrderId, list[OrderLine]] = defaultdict(list)
    for line in await sql.lines(tx, account_id=account_id, order_ids=order_ids):
        found[line.order_id].append(line)
    return {order_id: found[order_id] for order_id in order_ids}


async def by_token(tx: Tx, token: str) -> Order | None:
    """The order behind a buyer's token."""
    return await sql.by_token(tx, token)


async def search(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId | None = None,
    criteria: Sequence[Criterion] = (),
    sort: Sequence[SortKey] = (),
    start: int = 0,
    limit: int | None,
) -> OrderPage:
    """One page of what fits all criteria, and how many fit; by id where `sort` does not decide."""
    return await searching.search(
        tx,
        account_id=account_id,
        company_id=company_id,
        criteria=criteria,
        sort=sort,
        start=start,
        limit=limit,
    )


async def with_goods(tx: Tx, *, named: Sequence[NamedOrder]) -> list[WithGoods | None]:
    """What each order is of, in the order given; None for one that its company does not have."""
    return await searching.with_goods(tx, named)


async def search_with_goods(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId,
    criteria: Sequence[Criterion] = (),
    sort: Sequence[SortKey] = (),
    start: int = 0,
    limit: int | None,
) -> GoodsPage:
    """As `search`, with what each order is of."""
    return await searching.search_with_goods(
        tx,
        account_id=account_id,
        company_id=company_id,
        criteria=criteria,
        sort=sort,
        start=start,
        limit=limit,
    )
