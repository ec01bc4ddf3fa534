"""Statements on cabinets as operators see them."""

from typing import Any

from crossdock.base.ids import AccountId, BoxId, CabinetId, SiteId
from crossdock.core.lockers.model import Compartment, Task, Watched
from crossdock.core.lockers.sql import BOX, CABINET
from crossdock.db.compose import SQL
from crossdock.db.tx import Tx, columns

_WATCHED = f"""
SELECT {CABINET}, a.code AS account, p.code AS site, p.name AS site_name, b.free, b.taken, b.open, b.broken,
       (SELECT count(*) FROM alarm w WHERE w.cabinet_id = c.id AND w.cleared_at IS NULL) AS warnings
  FROM (SELECT * FROM cabinet WHERE {{where}} ORDER BY id LIMIT %(limit)s) c
  JOIN account a ON a.id = c.account_id
  JOIN site p ON p.account_id = c.account_id AND p.id = c.site_id
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE enabled AND closed_for IS NULL AND NOT "full" AND size <> 'screen') AS free,
              count(*) FILTER (WHERE "full") AS taken,
              count(*) FILTER (WHERE door = 'open') AS open,
              count(*) FILTER (WHERE NOT enabled OR closed_for IS NOT NULL) AS broken
         FROM box WHERE box.cabinet_id = c.id) b
 ORDER BY c.id
"""


async def watched(
    tx: Tx,
    *,
    account_id: AccountId | None,
    site_id: SiteId | None,
    cabinet_id: CabinetId | None = None,
    after: int = 0,
    limit: int,
) -> list[Watched]:
    """Indexes: cabinet_pkey, box_cabinet_id_name_key, alarm_standing_key."""
    given: dict[str, Any] = {"account_id": account_id, "site_id": site_id, "id": cabinet_id}
    asked = {name: value for name, value in given.items() if value is not None}
    conditions = [SQL("id > %(after)s"), *(SQL(f"{name} = %({name})s") for name in asked)]
    return await tx.many(
        Watched,
        SQL(_WATCHED).format(where=SQL(" AND ").join(conditions)),
        **asked,
        after=after,
        limit=limit,
    )


_COMPARTMENTS = f"""
SELECT {BOX}, b.door_at, h.id AS handover_id, h.order_id, h.order_number, h.stored_at, h.recalled_at
  FROM box b LEFT JOIN handover h ON h.box_id = b.id AND h.state = 'stored'
 WHERE b.account_id = %(account_id)s AND b.cabinet_id = %(cabinet_id)s
   AND (%(box_id)s::bigint IS NULL OR b.id = %(box_id)s)
 ORDER BY b.lock_address
 LIMIT %(limit)s
"""


async def compartments(
    tx: Tx, *, account_id: AccountId, cabinet_id: CabinetId, box_id: BoxId | None = None, limit: int
) -> list[Compartment]:
    """Indexes: box_cabinet_id_lock_address_key, handover_box_key."""
    return await tx.many(
        Compartment, _COMPARTMENTS, account_id=account_id, cabinet_id=cabinet_id, box_id=box_id, limit=limit
    )


async def tasks(tx: Tx, *, account_id: AccountId, box_id: BoxId, limit: int) -> list[Task]:
    """Index: door_command_account_id_box_id_idx."""
    return await tx.many(
        Task,
        f"SELECT {columns(Task)} FROM door_command"
        " WHERE account_id = %(account_id)s AND box_id = %(box_id)s AND purpose <> 'query'"
        " ORDER BY id DESC LIMIT %(limit)s",
        account_id=account_id,
        box_id=box_id,
        limit=limit,
    )
