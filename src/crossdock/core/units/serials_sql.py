"""Statements on codes that were announced."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId
from crossdock.core.units.model import AnnouncedSerial
from crossdock.db.tx import Tx


async def lock_list(
    tx: Tx, *, account_id: AccountId, order_number: str, total: int, transfer_type: str, reference: str, ended: bool
) -> int:
    """The list of an order, made where it is missing; how many codes it is to have. Key: serial_list_pkey.

    All lists of the account are held: a code that two orders name at the same time is refused to one of them.
    """
    await tx.rows("SELECT 1 FROM account WHERE id = %(id)s FOR NO KEY UPDATE", id=account_id)
    return int(
        await tx.value(
            """
INSERT INTO serial_list (account_id, order_number, total, transfer_type, reference, ended, created_at, updated_at)
VALUES (%(account_id)s, %(number)s, %(total)s, %(transfer_type)s, %(reference)s, %(ended)s, %(now)s, %(now)s)
ON CONFLICT ON CONSTRAINT serial_list_pkey DO UPDATE
   SET updated_at = excluded.updated_at, ended = serial_list.ended OR excluded.ended
RETURNING total
""",
            account_id=account_id,
            number=order_number,
            total=total,
            transfer_type=transfer_type,
            reference=reference,
            ended=ended,
            now=tx.now,
        )
    )


async def elsewhere(tx: Tx, *, account_id: AccountId, order_number: str, codes: Sequence[str]) -> list[str]:
    """Codes of another order that is not over, or has not come yet. Index: announced_serial_account_id_code_idx."""
    rows = await tx.rows(
        """
SELECT DISTINCT a.code FROM announced_serial a
 WHERE a.account_id = %(account_id)s AND a.code = ANY (%(codes)s::text[]) AND a.order_number <> %(number)s
   AND NOT EXISTS (SELECT 1 FROM orders o
                    WHERE o.account_id = a.account_id AND o.number = a.order_number
                      AND o.kind IN ('inbound', 'outbound')
                      AND o.state IN ('closed', 'shipped', 'delivered', 'unshipped', 'returned', 'cancelled',
                                      'deleted'))
 ORDER BY a.code
""",
        account_id=account_id,
        number=order_number,
        codes=list(codes),
    )
    return [str(row[0]) for row in rows]


async def put(tx: Tx, *, account_id: AccountId, order_number: str, serials: Sequence[AnnouncedSerial]) -> int:
    """How many codes the order has from then on. Key: announced_serial_pkey."""
    await tx.execute(
        """
INSERT INTO announced_serial (account_id, order_number, sku, code, line_key, announced_at)
SELECT %(account_id)s, %(number)s, g.*, %(now)s
  FROM unnest(%(skus)s::text[], %(codes)s::text[], %(keys)s::text[]) AS g
ON CONFLICT ON CONSTRAINT announced_serial_pkey DO NOTHING
""",
        account_id=account_id,
        number=order_number,
        skus=[serial.sku for serial in serials],
        codes=[serial.code for serial in serials],
        keys=[serial.line_key for serial in serials],
        now=tx.now,
    )
    return int(
        await tx.value(
            "SELECT count(*) FROM announced_serial WHERE account_id = %(account_id)s AND order_number = %(number)s",
            account_id=account_id,
            number=order_number,
        )
    )


async def of_order(tx: Tx, *, account_id: AccountId, order_number: str) -> list[AnnouncedSerial]:
    """Key: announced_serial_pkey."""
    return await tx.many(
        AnnouncedSerial,
        "SELECT sku, code, line_key FROM announced_serial"
        " WHERE account_id = %(account_id)s AND order_number = %(number)s ORDER BY sku, code",
        account_id=account_id,
        number=order_number,
    )
