"""Statements on what was paid for orders and given back."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, OrderId
from crossdock.core.orders.model import Order, PaymentRow
from crossdock.core.orders.sql import ORDER
from crossdock.db.tx import Tx, columns

PAYMENT = columns(PaymentRow)


async def insert(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: OrderId,
    kind: str,
    reference: str,
    amount: Decimal,
    channel: str,
    pieces: dict[str, int],
    reason: str,
    dialect: str,
    actor: str,
) -> PaymentRow:
    """The order is locked already, and the reference is known to be free."""
    return await tx.one(
        PaymentRow,
        f"""
INSERT INTO payment (account_id, order_id, kind, reference, amount, channel, pieces, reason, dialect, actor,
                     created_at)
VALUES (%(account_id)s, %(order_id)s, %(kind)s, %(reference)s, %(amount)s, %(channel)s, %(pieces)s::jsonb, %(reason)s,
        %(dialect)s, %(actor)s, %(now)s)
RETURNING {PAYMENT}
""",
        account_id=account_id,
        order_id=order_id,
        kind=kind,
        reference=reference,
        amount=amount,
        channel=channel,
        pieces=json.text(pieces),
        reason=reason,
        dialect=dialect,
        actor=actor,
        now=tx.now,
    )


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[PaymentRow]:
    """Oldest first. Index: payment_account_id_order_id_reference_key."""
    return await tx.many(
        PaymentRow,
        f"SELECT {PAYMENT} FROM payment WHERE account_id = %(account_id)s AND order_id = %(order_id)s ORDER BY id",
        account_id=account_id,
        order_id=order_id,
    )


async def set_payment(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, before: Sequence[str], payment: str
) -> Order | None:
    """None when it is in none of `before`."""
    return await tx.one_or_none(
        Order,
        f"""
UPDATE orders SET payment = %(payment)s, updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(order_id)s AND payment = ANY (%(before)s::text[])
RETURNING {ORDER}
""",
        account_id=account_id,
        order_id=order_id,
        before=list(before),
        payment=payment,
        now=tx.now,
    )


class Numbered(Struct, frozen=True):
    account_id: AccountId
    order_id: OrderId


async def outbound_of_number(tx: Tx, *, number: str, account: str | None) -> list[Numbered]:
    """Of all accounts, or of the one with this code. Index: orders_account_id_kind_number_key."""
    return await tx.many(
        Numbered,
        """
SELECT o.account_id, o.id AS order_id
  FROM account a JOIN orders o ON o.account_id = a.id AND o.kind = 'outbound' AND o.number = %(number)s
 WHERE a.code = coalesce(%(account)s, a.code)
 ORDER BY a.id
""",
        number=number,
        account=account,
    )
