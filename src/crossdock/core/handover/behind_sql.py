"""What stands behind a code, in one statement: whoever shows a code at a counter is asked for all of it at once."""

from collections.abc import Sequence
from typing import Final

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.catalog.model import Product
from crossdock.core.handover.model import Behind, HandedOver
from crossdock.core.handover.sql import IS_DUE, MEANT, PICK_UPS, Row, pick_up_of
from crossdock.core.orders import goods_sql
from crossdock.core.orders.model import Order, OrderLine, PaymentRow
from crossdock.db.documents import document, documents, read
from crossdock.db.tx import Tx

HISTORY_MAX: Final = 100
"""Hand-overs and rollbacks of one code, the newest."""

_ORDER: Final = document(Order, "FROM orders WHERE account_id = code.account_id AND id = code.order_id")
_LINES: Final = goods_sql.lines("code.account_id", "code.order_id")
_PRODUCTS: Final = goods_sql.products("code.account_id", "code.order_id")
_PAYMENTS: Final = documents(
    PaymentRow, "FROM payment WHERE account_id = code.account_id AND order_id = code.order_id ORDER BY id"
)
_HISTORY: Final = documents(
    HandedOver,
    "FROM staff_action WHERE account_id = code.account_id AND site_id = code.site_id AND handover_id = code.id"
    " AND action IN ('consume', 'rollback') ORDER BY id DESC LIMIT %(history_max)s",
)
_BEHIND: Final = f"""
SELECT to_json(behind)::text
  FROM (SELECT code.*, {_ORDER} AS "order", {_LINES} AS lines, {_PRODUCTS} AS products, {_PAYMENTS} AS payments,
               {_HISTORY} AS history, {IS_DUE} AS due
          FROM ({PICK_UPS} AND h.account_id = %(account_id)s AND h.site_id = %(site_id)s {{}}) code) behind
"""
_OF_KEY: Final = _BEHIND.format(f"AND h.key = %(key)s ORDER BY {MEANT} LIMIT 1")
_OF_ID: Final = _BEHIND.format("AND h.id = %(id)s")


class _Read(Row, frozen=True, kw_only=True):
    order: Order | None
    lines: list[OrderLine]
    products: list[Product]
    payments: list[PaymentRow]
    history: list[HandedOver]
    due: bool


async def of_key(tx: Tx, *, account_id: AccountId, site_id: SiteId, key: str, first: Sequence[str]) -> Behind | None:
    """Of several with this key the one that `sql.of_key` finds.

    Index: handover_site_key_idx, staff_action_handover_idx, handover_expiry_idx.
    """
    text = await tx.value(
        _OF_KEY,
        account_id=account_id,
        site_id=site_id,
        key=key,
        first=list(first),
        history_max=HISTORY_MAX,
        now=tx.now,
    )
    return None if text is None else _behind(read(_Read, text))


async def of_id(tx: Tx, *, account_id: AccountId, site_id: SiteId, handover_id: int) -> Behind | None:
    """Index: staff_action_handover_idx, handover_expiry_idx."""
    text = await tx.value(
        _OF_ID, account_id=account_id, site_id=site_id, id=handover_id, history_max=HISTORY_MAX, now=tx.now
    )
    return None if text is None else _behind(read(_Read, text))


def _behind(found: _Read) -> Behind:
    return Behind(
        pick_up=pick_up_of(found),
        order=found.order,
        lines=found.lines,
        products={product.id: product for product in found.products},
        payments=found.payments,
        history=found.history[::-1],
        due=found.due,
    )
