"""Statements for cabinets that nobody can reach."""

from datetime import datetime

from crossdock.base.ids import CabinetId
from crossdock.core.lockers.model import Parcel
from crossdock.core.lockers.sql import PARCELS
from crossdock.db.tx import Tx


async def changed(tx: Tx, *, since: datetime) -> list[str]:
    """Indexes: handover_cabinet_updated_idx, box_cabinet_id_name_key."""
    rows = await tx.rows(
        """
SELECT c.number FROM cabinet c
 WHERE c.online AND c.key_sealed IS NOT NULL
   AND (EXISTS (SELECT 1 FROM handover h WHERE h.cabinet_id = c.id AND h.updated_at > %(since)s)
        OR EXISTS (SELECT 1 FROM box b WHERE b.cabinet_id = c.id AND b.updated_at > %(since)s)
        OR c.fault <> '' OR NOT c.in_service OR c.details -> 'offline_days' = '0')
 ORDER BY c.id
""",
        since=since,
    )
    return [row[0] for row in rows]


async def live_parcels(tx: Tx, *, cabinet_id: CabinetId) -> list[Parcel]:
    """Stored, then booked; the newest first. Index: handover_cabinet_save_code_idx."""
    return await tx.many(
        Parcel,
        f"{PARCELS} AND h.cabinet_id = %(cabinet_id)s AND h.state IN ('booked', 'stored')"
        " ORDER BY h.state = 'stored' DESC, h.id DESC",
        cabinet_id=cabinet_id,
    )
