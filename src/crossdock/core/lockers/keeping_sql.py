"""Statements on parcels that lie too long."""

from crossdock.base.ids import AccountId, HandoverId
from crossdock.core.lockers.model import Kept
from crossdock.db.tx import Tx

_KEPT = """
SELECT h.id, h.account_id, a.code AS account, h.order_id, o.company_id, h.order_number AS number,
       c.number AS cabinet, b.name AS box_name, h.box_size, p.name AS policy, h.stored_at,
       h.stored_at + interval '1 hour' * (p.keep_h + h.extensions * p.extend_h) AS due_at,
       nullif(p.remind_h, 0) AS remind_h, p.recall, h.extensions, p.extensions AS extensions_max,
       h.reminded_at, h.recalled_at
  FROM handover h
  JOIN account a ON a.id = h.account_id
  JOIN cabinet c ON c.id = h.cabinet_id
  JOIN box b ON b.id = h.box_id
  LEFT JOIN orders o ON o.account_id = h.account_id AND o.id = h.order_id
  JOIN LATERAL (SELECT * FROM locker_policy p
                 WHERE p.account_id = h.account_id AND (p.site_id IS NULL OR p.site_id = h.site_id)
                   AND (p.box_size IS NULL OR p.box_size = h.box_size)
                 ORDER BY p.site_id IS NULL, p.box_size IS NULL, p.id LIMIT 1) p ON true
 WHERE h.place = 'locker' AND h.state = 'stored'
"""


async def due(tx: Tx, *, account_id: AccountId | None) -> list[Kept]:
    """Those that are to be reminded of, are over, or wait for their courier. Index: handover_stored_idx."""
    return await tx.many(
        Kept,
        f"""
SELECT * FROM ({_KEPT} AND (%(account_id)s::bigint IS NULL OR h.account_id = %(account_id)s)) kept
 WHERE recalled_at IS NOT NULL OR due_at - interval '1 hour' * coalesce(remind_h, 0) <= %(now)s
 ORDER BY due_at, id
""",
        account_id=account_id,
        now=tx.now,
    )


async def kept(tx: Tx, *, account_id: AccountId, handover_id: HandoverId) -> Kept | None:
    """None when no policy is for it."""
    return await tx.one_or_none(
        Kept,
        f"{_KEPT} AND h.account_id = %(account_id)s AND h.id = %(id)s",
        account_id=account_id,
        id=handover_id,
    )


async def note_reminder(tx: Tx, *, account_id: AccountId, handover_id: HandoverId) -> None:
    await tx.execute(
        "UPDATE handover SET reminded_at = %(now)s, updated_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=handover_id,
        now=tx.now,
    )


async def extend(tx: Tx, *, account_id: AccountId, handover_id: HandoverId) -> None:
    """Its customer is told again before the new end."""
    await tx.execute(
        "UPDATE handover SET extensions = extensions + 1, reminded_at = NULL, updated_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=handover_id,
        now=tx.now,
    )


async def recall(tx: Tx, *, account_id: AccountId, handover_id: HandoverId, key: str) -> bool:
    """False when this code, as one of either kind, is in use at the station. Errors: ConstraintBroken."""
    return bool(
        await tx.execute(
            """
UPDATE handover SET key = %(key)s, recalled_at = %(now)s, updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(id)s
   AND NOT EXISTS (SELECT 1 FROM handover live
                    WHERE live.site_id = handover.site_id AND live.state IN ('booked', 'stored', 'unused')
                      AND (live.key = %(key)s OR live.save_code = %(key)s))
""",
            account_id=account_id,
            id=handover_id,
            key=key,
            now=tx.now,
        )
    )


async def accounts_of(tx: Tx, *, number: str, account: str | None) -> list[AccountId]:
    """Those that have a parcel of this number, or the one with this code if it has."""
    found = await tx.rows(
        """
SELECT h.account_id FROM handover h JOIN account a ON a.id = h.account_id
 WHERE h.place = 'locker' AND h.state <> 'deleted' AND h.order_number = %(number)s
   AND (%(account)s::text IS NULL OR a.code = %(account)s)
 ORDER BY h.account_id
""",
        number=number,
        account=account,
    )
    return [AccountId(row[0]) for row in found]
