"""Statements on pick-up codes that end with their order."""

from msgspec import Struct

from crossdock.base.ids import AccountId, HandoverId, OrderId, SiteId
from crossdock.core.codes.model import OnlineShop
from crossdock.db.tx import Tx


class Canceled(Struct, frozen=True):
    id: HandoverId
    account_id: AccountId
    site_id: SiteId
    order_id: OrderId | None
    order_number: str
    shop: OnlineShop | None
    was: str
    prepared: bool


_CANCEL = """
WITH live AS (
    SELECT id, state AS was, prepared_at IS NOT NULL AS prepared FROM handover
     WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND place = 'shop'
       AND state IN ('unused', 'expired')
     ORDER BY id FOR NO KEY UPDATE
)
UPDATE handover h SET state = 'canceled', canceled_at = %(now)s, updated_at = %(now)s
  FROM live WHERE h.id = live.id
RETURNING h.id, h.account_id, h.site_id, h.order_id, h.order_number, live.was, live.prepared,
          (SELECT to_jsonb(sold) FROM online_shop sold WHERE sold.id = h.shop_id) AS shop
"""


async def cancel(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Canceled]:
    """Index: handover_account_id_order_id_idx."""
    return await tx.many(Canceled, _CANCEL, account_id=account_id, order_id=order_id, now=tx.now)
