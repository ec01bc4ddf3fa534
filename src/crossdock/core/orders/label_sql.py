"""One statement that finds orders by what is printed on them."""

from collections.abc import Collection

from crossdock.base.ids import AccountId
from crossdock.core.orders.model import Kind, Order
from crossdock.core.orders.sql import ORDER
from crossdock.db.tx import Tx


async def by_label(
    tx: Tx, *, account_id: AccountId, kinds: Collection[Kind], code: str, order_id: int | None, limit: int
) -> list[Order]:
    """Indexes: orders_account_id_kind_number_key, orders_pkey, orders_tracking_number_idx,
    parcel_piece_tracking_idx, waybill_account_id_mailno_order_id_key.
    """
    return await tx.many(
        Order,
        f"""
WITH named AS MATERIALIZED (
    SELECT id FROM orders
     WHERE account_id = %(account_id)s AND kind = ANY (%(kinds)s::text[]) AND number = %(code)s
     UNION
    SELECT %(order_id)s::bigint
     UNION
    SELECT id FROM orders WHERE tracking_number = %(code)s AND account_id = %(account_id)s
     UNION
    SELECT order_id FROM parcel_piece WHERE account_id = %(account_id)s AND tracking_number = %(code)s
     UNION
    SELECT order_id FROM waybill WHERE account_id = %(account_id)s AND mailno = %(code)s
)
SELECT {ORDER} FROM orders
 WHERE id IN (SELECT id FROM named) AND account_id = %(account_id)s AND kind = ANY (%(kinds)s::text[])
 ORDER BY id DESC LIMIT %(limit)s
""",
        account_id=account_id,
        kinds=list(kinds),
        code=code,
        order_id=order_id,
        limit=limit,
    )
