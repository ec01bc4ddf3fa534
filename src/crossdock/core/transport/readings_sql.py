"""Statements on what weighing machines saw."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.base.ids import AccountId, ProductId, SiteId
from crossdock.core.transport.model import KeptReading, Reading
from crossdock.db.tx import Tx, columns


async def put(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    waybill_id: int | None,
    reading: Reading,
    volume_differs: bool,
) -> KeptReading | None:
    """None when this very reading is on record. Key: scale_reading_once_key."""
    return await tx.one_or_none(
        KeptReading,
        f"""
INSERT INTO scale_reading (account_id, site_id, mailno, waybill_id, device, weight_g, length_mm, width_mm, height_mm,
                           volume_cm3, volume_differs, remark, measured_at, received_at)
VALUES (%(account_id)s, %(site_id)s, %(mailno)s, %(waybill_id)s, %(device)s, %(weight_g)s, %(length_mm)s,
        %(width_mm)s, %(height_mm)s, %(volume_cm3)s, %(volume_differs)s, %(remark)s, %(measured_at)s, %(now)s)
ON CONFLICT ON CONSTRAINT scale_reading_once_key DO NOTHING
RETURNING {columns(KeptReading)}
""",
        account_id=account_id,
        site_id=site_id,
        waybill_id=waybill_id,
        mailno=reading.mailno,
        device=reading.device,
        weight_g=reading.weight_g,
        length_mm=reading.length_mm,
        width_mm=reading.width_mm,
        height_mm=reading.height_mm,
        volume_cm3=reading.volume_cm3,
        volume_differs=volume_differs,
        remark=reading.remark,
        measured_at=reading.measured_at,
        now=tx.now,
    )


async def claim(
    tx: Tx, *, account_id: AccountId, waybills: Sequence[tuple[int, str]], since: datetime
) -> list[KeptReading]:
    """Readings of these numbers that waited find their parcel. Index: scale_reading_waiting_idx."""
    return await tx.many(
        KeptReading,
        f"""
UPDATE scale_reading r SET waybill_id = g.id
  FROM unnest(%(ids)s::bigint[], %(mailnos)s::text[]) AS g (id, mailno)
 WHERE r.account_id = %(account_id)s AND r.mailno = g.mailno AND r.waybill_id IS NULL AND r.received_at > %(since)s
RETURNING {columns(KeptReading, of="r")}
""",
        account_id=account_id,
        ids=[waybill_id for waybill_id, _ in waybills],
        mailnos=[mailno for _, mailno in waybills],
        since=since,
    )


async def apply(tx: Tx, *, account_id: AccountId, waybill_ids: Sequence[int]) -> None:
    """The figures read last stand on the waybill. Index: scale_reading_waybill_idx."""
    await tx.execute(
        """
UPDATE waybill w
   SET weight_g = r.weight_g, length_mm = r.length_mm, width_mm = r.width_mm, height_mm = r.height_mm,
       volume_cm3 = r.volume_cm3, measured_at = r.measured_at
  FROM (SELECT DISTINCT ON (waybill_id) * FROM scale_reading
         WHERE account_id = %(account_id)s AND waybill_id = ANY (%(ids)s::bigint[])
         ORDER BY waybill_id, measured_at DESC, id DESC) r
 WHERE w.account_id = %(account_id)s AND w.id = r.waybill_id
""",
        account_id=account_id,
        ids=list(waybill_ids),
    )


class Single(Struct, frozen=True):
    product_id: ProductId
    weight_g: Decimal
    volume_cm3: Decimal


async def single_pieces(tx: Tx, *, account_id: AccountId, waybill_ids: Sequence[int]) -> list[Single]:
    """Of measured parcels those that hold one piece of one product, and nothing else."""
    return await tx.many(
        Single,
        """
SELECT min(l.product_id) AS product_id, w.weight_g, w.volume_cm3
  FROM waybill w
  JOIN waybill_line p ON p.account_id = w.account_id AND p.waybill_id = w.id
  JOIN order_line l ON l.account_id = p.account_id AND l.id = p.order_line_id
 WHERE w.account_id = %(account_id)s AND w.id = ANY (%(ids)s::bigint[]) AND w.measured_at IS NOT NULL
 GROUP BY w.id, w.weight_g, w.volume_cm3
HAVING sum(p.pieces) = 1 AND min(l.product_id) IS NOT NULL
""",
        account_id=account_id,
        ids=list(waybill_ids),
    )


async def forget(tx: Tx, *, before: datetime, limit: int) -> int:
    """Those that waited for a parcel in vain; how many. Index: scale_reading_kept_idx."""
    return await tx.execute(
        "DELETE FROM scale_reading WHERE id IN (SELECT id FROM scale_reading"
        " WHERE waybill_id IS NULL AND received_at <= %(before)s ORDER BY received_at LIMIT %(limit)s)",
        before=before,
        limit=limit,
    )
