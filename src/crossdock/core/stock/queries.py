"""Reading stock."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId
from crossdock.core.stock import sql
from crossdock.core.stock.model import StockRow
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
