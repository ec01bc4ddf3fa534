"""Reading receipts."""

from typing import Any

from crossdock.base.ids import AccountId, EnterpriseId
from crossdock.core.tills import sql
from crossdock.core.tills.model import SHOWN_MAX, Receipt, ReceiptFilter
from crossdock.db.tx import Tx


async def receipts(
    tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, wanted: ReceiptFilter, start: int = 0, limit: int
) -> tuple[int, list[Receipt]]:
    """How many receipts fit, at most SHOWN_MAX, and one stretch of them, the latest sale first."""
    scope: dict[str, Any] = {"account_id": account_id, "enterprise_id": enterprise_id}
    total = await sql.count(tx, **scope, wanted=wanted)
    if start >= min(total, SHOWN_MAX):
        return total, []
    return total, await sql.receipts(tx, **scope, wanted=wanted, start=start, limit=limit)
