"""Reading stock."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId, ProductId
from crossdock.core.stock import sql
from crossdock.core.stock.model import CompanyStock, StockRow
from crossdock.db.tx import Tx


async def stock_rows(
    tx: Tx,
    *,
    account_id: AccountId,
    site_codes: Sequence[str] | None = None,
    sub_inventory_codes: Sequence[str] | None = None,
    skus: Sequence[str] | None = None,
    start: int = 0,
    limit: int,
) -> tuple[int, list[StockRow]]:
    """How many buckets fit, and those from `start`; a filter that is None does not filter."""
    return await sql.rows(
        tx,
        account_id=account_id,
        site_codes=site_codes,
        sub_inventory_codes=sub_inventory_codes,
        skus=skus,
        start=start,
        limit=limit,
    )


async def on_hand(tx: Tx, *, account_id: AccountId, product_ids: Sequence[ProductId]) -> dict[ProductId, int]:
    """Good pieces in all places, set aside or not; a product that never was on a shelf is left out."""
    return await sql.on_hand(tx, account_id=account_id, product_ids=product_ids)


async def by_company(
    tx: Tx, *, account_id: AccountId, product_ids: Sequence[ProductId], by_site: bool = False
) -> list[CompanyStock]:
    """Good pieces, also none where there were some; by product, company and place."""
    return await sql.by_company(tx, account_id=account_id, product_ids=product_ids, by_site=by_site)
