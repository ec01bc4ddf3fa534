"""Statements on alarms."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct

from crossdock.base.ids import AccountId, BoxId, CabinetId
from crossdock.core.lockers.model import Alarm, AlarmKind
from crossdock.db.tx import Tx

_ALARM = (
    "a.id, a.account_id, c.number AS cabinet_number, b.name AS box_name, a.kind, a.about, a.facts, a.raised_at,"
    " a.cleared_at, a.cleared_by"
)


async def insert(
    tx: Tx,
    *,
    account_id: AccountId,
    cabinet_id: CabinetId,
    box_id: BoxId | None,
    kind: AlarmKind,
    about: str,
    facts: dict[str, Any],
    at: datetime,
) -> bool:
    """False when it stands already. Index: alarm_standing_key."""
    return bool(
        await tx.execute(
            """
INSERT INTO alarm (account_id, cabinet_id, box_id, kind, about, facts, raised_at)
VALUES (%(account_id)s, %(cabinet_id)s, %(box_id)s, %(kind)s, %(about)s, %(facts)s, %(at)s)
ON CONFLICT DO NOTHING
""",
            account_id=account_id,
            cabinet_id=cabinet_id,
            box_id=box_id,
            kind=kind,
            about=about,
            facts=facts,
            at=at,
        )
    )


async def clear(tx: Tx, *, cabinet_id: CabinetId, box_id: BoxId | None, kind: AlarmKind, by: str) -> list[Alarm]:
    """Those that stood. Index: alarm_standing_key."""
    which = (
        "cabinet_id = %(cabinet_id)s AND coalesce(box_id, 0) = coalesce(%(box_id)s::bigint, 0) AND kind = %(kind)s"
    )
    return await _clear(tx, which, by=by, cabinet_id=cabinet_id, box_id=box_id, kind=kind)


async def clear_one(
    tx: Tx, *, account_id: AccountId, alarm_id: int, by: str, cabinet_id: CabinetId | None = None
) -> Alarm | None:
    """None when there is none, of that cabinet where one is named, or it was cleared before."""
    cleared = await _clear(
        tx,
        "account_id = %(account_id)s AND id = %(id)s"
        " AND (%(cabinet_id)s::bigint IS NULL OR cabinet_id = %(cabinet_id)s)",
        by=by,
        account_id=account_id,
        id=alarm_id,
        cabinet_id=cabinet_id,
    )
    return cleared[0] if cleared else None


async def clear_box(tx: Tx, *, account_id: AccountId, box_id: BoxId, kinds: Collection[str], by: str) -> list[Alarm]:
    """Those of these kinds that stood for a box. Index: alarm_standing_key."""
    return await _clear(
        tx,
        "account_id = %(account_id)s AND box_id = %(box_id)s AND kind = ANY (%(kinds)s::text[])"
        " AND cabinet_id = (SELECT cabinet_id FROM box WHERE id = %(box_id)s)",
        by=by,
        account_id=account_id,
        box_id=box_id,
        kinds=list(kinds),
    )


async def clear_what_is_over(tx: Tx, *, by: str) -> list[Alarm]:
    """Those that end by themselves and whose door, or cabinet, is well."""
    return await _clear(
        tx,
        """
CASE kind
    WHEN 'offline' THEN (SELECT c.online FROM cabinet c WHERE c.id = alarm.cabinet_id)
    WHEN 'left open' THEN (SELECT b.door <> 'open' FROM box b WHERE b.id = alarm.box_id)
    WHEN 'not opened' THEN (SELECT b.door_at > alarm.raised_at FROM box b WHERE b.id = alarm.box_id)
END
""",
        by=by,
    )


async def _clear(tx: Tx, which: str, *, by: str, **params: Any) -> list[Alarm]:
    return await tx.many(
        Alarm,
        f"""
WITH a AS (
    UPDATE alarm SET cleared_at = %(now)s, cleared_by = %(by)s WHERE cleared_at IS NULL AND {which}
    RETURNING *)
SELECT {_ALARM} FROM a JOIN cabinet c ON c.id = a.cabinet_id LEFT JOIN box b ON b.id = a.box_id ORDER BY a.id
""",
        by=by,
        now=tx.now,
        **params,
    )


async def reopen_box(tx: Tx, *, alarm_id: int) -> None:
    """Unless it is closed for something else that still stands."""
    await tx.execute(
        """
UPDATE box SET updated_at = %(now)s,
       closed_for = (SELECT max(o.kind) FROM alarm o
                      WHERE o.box_id = box.id AND o.kind IN ('occupied', 'dirty', 'broken') AND o.cleared_at IS NULL)
 WHERE id = (SELECT box_id FROM alarm WHERE id = %(id)s)
""",
        id=alarm_id,
        now=tx.now,
    )


async def standing(tx: Tx, *, account_id: AccountId | None) -> list[Alarm]:
    """Index: alarm_standing_key."""
    return await tx.many(
        Alarm,
        f"""
SELECT {_ALARM} FROM alarm a JOIN cabinet c ON c.id = a.cabinet_id LEFT JOIN box b ON b.id = a.box_id
 WHERE a.cleared_at IS NULL AND (%(account_id)s::bigint IS NULL OR a.account_id = %(account_id)s)
 ORDER BY a.id
""",
        account_id=account_id,
    )


async def standing_at(tx: Tx, *, account_id: AccountId, cabinet_id: CabinetId, limit: int) -> list[Alarm]:
    """Index: alarm_standing_key."""
    return await tx.many(
        Alarm,
        f"""
SELECT {_ALARM} FROM alarm a JOIN cabinet c ON c.id = a.cabinet_id LEFT JOIN box b ON b.id = a.box_id
 WHERE a.cleared_at IS NULL AND a.account_id = %(account_id)s AND a.cabinet_id = %(cabinet_id)s
 ORDER BY a.id
 LIMIT %(limit)s
""",
        account_id=account_id,
        cabinet_id=cabinet_id,
        limit=limit,
    )


async def account_of(tx: Tx, alarm_id: int) -> AccountId | None:
    found = await tx.value("SELECT account_id FROM alarm WHERE id = %(id)s", id=alarm_id)
    return None if found is None else AccountId(found)


# What the clock shows ---------------------------------------------------------------


class Found(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    cabinet_id: CabinetId
    cabinet_number: str
    box_id: BoxId | None
    box_name: str | None
    kind: AlarmKind
    since: datetime


async def not_opened(tx: Tx, *, before: datetime) -> list[Found]:
    """Doors that did not move for a command of the last hour, each told once. One that was never seen to move has no
    sensor. Index: door_command_unseen_idx."""
    return await tx.many(
        Found,
        """
SELECT d.account_id, d.cabinet_id, c.number AS cabinet_number, d.box_id, b.name AS box_name, 'not opened' AS kind,
       min(d.answered_at) AS since
  FROM door_command d JOIN cabinet c ON c.id = d.cabinet_id JOIN box b ON b.id = d.box_id
 WHERE d.state = 'accepted' AND d.purpose <> 'query' AND d.opened_at IS NULL
   AND d.answered_at > %(before)s - interval '1 hour' AND d.answered_at <= %(before)s
   AND b.door_at < d.answered_at
   AND c.online
   AND NOT EXISTS (SELECT 1 FROM alarm a WHERE a.box_id = d.box_id AND a.kind = 'not opened'
                                           AND a.raised_at >= d.answered_at)
 GROUP BY d.account_id, d.cabinet_id, c.number, d.box_id, b.name
""",
        before=before,
    )


async def left_open(tx: Tx, *, default_s: int) -> list[Found]:
    """Doors that stand open for longer than their cabinet's detail `left_open_s` allows."""
    return await tx.many(
        Found,
        """
SELECT b.account_id, b.cabinet_id, c.number AS cabinet_number, b.id AS box_id, b.name AS box_name,
       'left open' AS kind, b.door_at AS since
  FROM box b JOIN cabinet c ON c.id = b.cabinet_id
 WHERE b.door = 'open' AND b.door_at IS NOT NULL
   AND b.door_at <= %(now)s - interval '1 second' * CASE jsonb_typeof(c.details -> 'left_open_s')
           WHEN 'number' THEN (c.details ->> 'left_open_s')::numeric ELSE %(default_s)s END::float8
""",
        default_s=default_s,
        now=tx.now,
    )


async def offline(tx: Tx, *, before: datetime) -> list[Found]:
    """Cabinets in service that were seen once and are away."""
    return await tx.many(
        Found,
        """
SELECT c.account_id, c.id AS cabinet_id, c.number AS cabinet_number, NULL::bigint AS box_id, NULL AS box_name,
       'offline' AS kind, c.seen_at AS since
  FROM cabinet c
 WHERE c.in_service AND NOT c.online AND c.seen_at <= %(before)s
""",
        before=before,
    )
