"""Statements that read across areas what belongs to one order. Nothing is written here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from crossdock.base.ids import AccountId, CameraId, HandoverId, OrderId, PackingId
from crossdock.core.events.model import Event
from crossdock.core.evidence.model import Deed, Door, DoorReport
from crossdock.core.film.model import LegalHold
from crossdock.core.film.sql import WATCHED
from crossdock.core.orders.model import OrderLine
from crossdock.core.transport.model import KeptReading, Picture, Waybill
from crossdock.db.tx import Tx, columns


class ViewRow(Struct, frozen=True, kw_only=True):
    packing_id: PackingId
    camera_id: CameraId
    name: str
    offset_ms: int | None
    offset_at: datetime | None
    filmed_from: datetime | None
    filmed_to: datetime | None
    since: list[datetime]
    until: list[datetime]


class HandOverRow(Struct, frozen=True, kw_only=True):
    id: HandoverId
    place: str
    site: str
    cabinet: str | None
    box: str | None
    state: str
    key: str
    save_code: str | None
    issued_at: datetime
    prepared_at: datetime | None
    prepared_by: str | None
    stored_at: datetime | None
    used_at: datetime | None
    used_by: str | None
    expires_at: datetime | None
    canceled_at: datetime | None
    recalled_at: datetime | None
    rollbacks: int


async def lines(tx: Tx, *, account_id: AccountId, order_id: OrderId, limit: int) -> list[OrderLine]:
    """As they were placed."""
    return await tx.many(
        OrderLine,
        f"SELECT {columns(OrderLine)} FROM order_line"
        " WHERE account_id = %(account_id)s AND order_id = %(order_id)s ORDER BY line_no LIMIT %(limit)s",
        account_id=account_id,
        order_id=order_id,
        limit=limit,
    )


_VIEWS = f"""
SELECT p.id AS packing_id, c.id AS camera_id, c.name, c.offset_ms, c.offset_at,
       film.filmed_from, film.filmed_to, gaps.since, gaps.until
  FROM packing p
  JOIN camera c ON c.account_id = p.account_id AND {WATCHED}
 CROSS JOIN LATERAL (
       SELECT min(f.started_at) AS filmed_from, max(f.ended_at) AS filmed_to,
              coalesce(range_agg(tstzrange(f.started_at, f.ended_at)), '{{}}') AS seen
         FROM film_piece f
        WHERE f.camera_id = c.id AND f.department_id = p.department_id AND f.station = p.station
          AND tstzrange(f.started_at, f.ended_at)
              && tstzrange(p.filmed_from - %(around)s, p.filmed_to + %(around)s, '[]')) AS film
 CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(lower(gap) ORDER BY lower(gap)), '{{}}') AS since,
              coalesce(array_agg(upper(gap) ORDER BY lower(gap)), '{{}}') AS until
         FROM unnest(tstzmultirange(tstzrange(p.filmed_from, p.filmed_to)) - film.seen) AS gap
        WHERE upper(gap) - lower(gap) > %(told)s) AS gaps
 WHERE p.account_id = %(account_id)s AND p.id = ANY(%(packing_ids)s::bigint[]) AND p.filmed_from <= p.filmed_to
 ORDER BY p.id, c.id
 LIMIT %(limit)s
"""


async def views(
    tx: Tx,
    *,
    account_id: AccountId,
    packing_ids: Sequence[PackingId],
    around: timedelta,
    told: timedelta,
    limit: int,
) -> list[ViewRow]:
    """Of windows that run forward, each camera that watched their station. Index: film_piece_overlap_excl."""
    return await tx.many(
        ViewRow,
        _VIEWS,
        account_id=account_id,
        packing_ids=list(packing_ids),
        around=around,
        told=told,
        limit=limit,
    )


async def waybills(tx: Tx, *, account_id: AccountId, order_id: OrderId, limit: int) -> list[Waybill]:
    """Its own and those it moves, oldest first. Index: waybill_account_id_order_id_idx, waybill_leg_idx."""
    return await tx.many(
        Waybill,
        f"SELECT {columns(Waybill)} FROM waybill"
        " WHERE account_id = %(account_id)s AND (order_id = %(order_id)s OR leg_id = %(order_id)s)"
        " ORDER BY id LIMIT %(limit)s",
        account_id=account_id,
        order_id=order_id,
        limit=limit,
    )


async def readings(tx: Tx, *, account_id: AccountId, waybill_ids: Sequence[int], limit: int) -> list[KeptReading]:
    """As they were made. Index: scale_reading_waybill_idx."""
    return await tx.many(
        KeptReading,
        f"SELECT {columns(KeptReading)} FROM scale_reading"
        " WHERE account_id = %(account_id)s AND waybill_id = ANY(%(waybill_ids)s::bigint[])"
        " ORDER BY measured_at, id LIMIT %(limit)s",
        account_id=account_id,
        waybill_ids=list(waybill_ids),
        limit=limit,
    )


async def pictures(tx: Tx, *, account_id: AccountId, waybill_ids: Sequence[int], limit: int) -> list[Picture]:
    """Oldest first. Index: proof_picture_account_id_waybill_id_digest_key."""
    return await tx.many(
        Picture,
        f"SELECT {columns(Picture)} FROM proof_picture"
        " WHERE account_id = %(account_id)s AND waybill_id = ANY(%(waybill_ids)s::bigint[])"
        " ORDER BY id LIMIT %(limit)s",
        account_id=account_id,
        waybill_ids=list(waybill_ids),
        limit=limit,
    )


_HAND_OVERS = """
SELECT h.id, h.place, s.name AS site, c.number AS cabinet, b.name AS box, h.state, h.key, h.save_code,
       h.created_at AS issued_at, h.prepared_at, preparer.username AS prepared_by, h.stored_at, h.used_at,
       clerk.username AS used_by, h.expires_at, h.canceled_at, h.recalled_at, h.rollbacks
  FROM handover h
  JOIN site s ON s.id = h.site_id
  LEFT JOIN cabinet c ON c.id = h.cabinet_id
  LEFT JOIN box b ON b.id = h.box_id
  LEFT JOIN staff preparer ON preparer.id = h.prepared_by
  LEFT JOIN staff clerk ON clerk.id = h.used_by
 WHERE h.account_id = %(account_id)s AND h.order_id = %(order_id)s
 ORDER BY h.id
 LIMIT %(limit)s
"""


async def hand_overs(tx: Tx, *, account_id: AccountId, order_id: OrderId, limit: int) -> list[HandOverRow]:
    """As they were issued, with their codes in clear. Index: handover_account_id_order_id_idx."""
    return await tx.many(HandOverRow, _HAND_OVERS, account_id=account_id, order_id=order_id, limit=limit)


async def doors(tx: Tx, *, account_id: AccountId, handover_ids: Sequence[HandoverId], limit: int) -> list[Door]:
    """As they were asked for, at boxes the hand-overs' cabinets have. Index: door_command_account_id_box_id_idx."""
    return await tx.many(
        Door,
        """
SELECT d.id, d.handover_id, c.number AS cabinet, b.name AS box, d.purpose, d.state, d.refusal, d.asked_at,
       d.answered_at, d.opened_at, d.closed_at
  FROM door_command d
  JOIN box b ON b.id = d.box_id
  JOIN cabinet c ON c.id = d.cabinet_id
 WHERE d.account_id = %(account_id)s AND d.handover_id = ANY(%(handover_ids)s::bigint[])
   AND d.box_id IN (SELECT mine.id FROM handover h JOIN box mine ON mine.cabinet_id = h.cabinet_id
                     WHERE h.account_id = %(account_id)s AND h.id = ANY(%(handover_ids)s::bigint[]))
 ORDER BY d.id
 LIMIT %(limit)s
""",
        account_id=account_id,
        handover_ids=list(handover_ids),
        limit=limit,
    )


async def door_reports(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, command_ids: Sequence[int], limit: int
) -> list[DoorReport]:
    """As they happened, at the cabinets of the order's hand-overs. Index: door_event_cabinet_id_sequence_key."""
    return await tx.many(
        DoorReport,
        """
SELECT e.command_id, e.kind, e.happened_at, e.learned_at
  FROM door_event e
 WHERE e.account_id = %(account_id)s AND e.command_id = ANY(%(command_ids)s::bigint[])
   AND e.cabinet_id IN (SELECT h.cabinet_id FROM handover h
                         WHERE h.account_id = %(account_id)s AND h.order_id = %(order_id)s)
 ORDER BY e.happened_at, e.id
 LIMIT %(limit)s
""",
        account_id=account_id,
        order_id=order_id,
        command_ids=list(command_ids),
        limit=limit,
    )


async def deeds(tx: Tx, *, account_id: AccountId, handover_ids: Sequence[HandoverId], limit: int) -> list[Deed]:
    """As they were done. Index: staff_action_handover_idx."""
    return await tx.many(
        Deed,
        """
SELECT a.id, a.handover_id, a.action, coalesce(s.username, a.actor) AS who, a.reason, a.created_at, a.before, a.after
  FROM staff_action a
  LEFT JOIN staff s ON s.id = a.staff_id
 WHERE a.account_id = %(account_id)s AND a.handover_id = ANY(%(handover_ids)s::bigint[])
 ORDER BY a.id
 LIMIT %(limit)s
""",
        account_id=account_id,
        handover_ids=list(handover_ids),
        limit=limit,
    )


async def events(tx: Tx, *, account_id: AccountId, order_id: OrderId, limit: int) -> list[Event]:
    """In the order they were learned. Index: event_account_id_order_id_idx."""
    return await tx.many(
        Event,
        f"SELECT {columns(Event)} FROM event WHERE account_id = %(account_id)s AND order_id = %(order_id)s"
        " ORDER BY id LIMIT %(limit)s",
        account_id=account_id,
        order_id=order_id,
        limit=limit,
    )


async def holds(tx: Tx, *, account_id: AccountId, order_id: OrderId, limit: int) -> list[LegalHold]:
    """Oldest first. Index: legal_hold_account_id_order_id_idx."""
    return await tx.many(
        LegalHold,
        f"SELECT {columns(LegalHold)} FROM legal_hold"
        " WHERE account_id = %(account_id)s AND order_id = %(order_id)s ORDER BY id LIMIT %(limit)s",
        account_id=account_id,
        order_id=order_id,
        limit=limit,
    )
