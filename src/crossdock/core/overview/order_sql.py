"""Statements that read what belongs to one order, stretch by stretch. Nothing is written here."""

from datetime import datetime

from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.orders.model import OrderLine
from crossdock.core.overview.model import CallbackLine, MoveRow, Parcel, TimelineRow
from crossdock.db.tx import Tx, columns


async def whose(tx: Tx, *, order_id: int) -> tuple[AccountId, SiteId | None] | None:
    """Index: orders_pkey."""
    found = await tx.rows("SELECT account_id, site_id FROM orders WHERE id = %(id)s", id=order_id)
    return (found[0][0], found[0][1]) if found else None


async def lines(tx: Tx, *, account_id: AccountId, order_id: OrderId, after: int, limit: int) -> list[OrderLine]:
    """Index: order_line_account_id_order_id_line_no_key."""
    return await tx.many(
        OrderLine,
        f"SELECT {columns(OrderLine)} FROM order_line WHERE account_id = %(account_id)s"
        " AND order_id = %(order_id)s AND line_no > %(after)s ORDER BY line_no LIMIT %(limit)s",
        account_id=account_id,
        order_id=order_id,
        after=after,
        limit=limit,
    )


MOVE = """
SELECT m.id, m.account_id, m.stock_id, m.cause, m.quantity, m.allocated, m.order_id, p.sku, b.code AS owner,
       site.code AS site, s.lot, s.condition, m.moved_at
"""
OF_BUCKET = """
  JOIN stock s ON s.account_id = m.account_id AND s.id = m.stock_id
  JOIN product p ON p.id = s.product_id
  JOIN sub_inventory b ON b.id = s.sub_inventory_id
  JOIN site ON site.id = s.site_id
"""


async def moves(tx: Tx, *, account_id: AccountId, order_id: OrderId, after: int, limit: int) -> list[MoveRow]:
    """As they were booked. Index: stock_move_account_id_order_id_idx."""
    return await tx.many(
        MoveRow,
        f"""
{MOVE}
  FROM (SELECT * FROM stock_move
         WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND id > %(after)s
         ORDER BY id LIMIT %(limit)s) m
{OF_BUCKET}
 ORDER BY m.id
""",
        account_id=account_id,
        order_id=order_id,
        after=after,
        limit=limit,
    )


async def parcels(tx: Tx, *, account_id: AccountId, order_id: OrderId, after: int, limit: int) -> list[Parcel]:
    """Its own and those it moves. Index: waybill_account_id_order_id_idx, waybill_leg_idx."""
    return await tx.many(
        Parcel,
        f"SELECT {columns(Parcel)} FROM waybill WHERE account_id = %(account_id)s"
        " AND (order_id = %(order_id)s OR leg_id = %(order_id)s) AND id > %(after)s ORDER BY id LIMIT %(limit)s",
        account_id=account_id,
        order_id=order_id,
        after=after,
        limit=limit,
    )


async def callbacks(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, after: int, limit: int
) -> list[CallbackLine]:
    """What partners are told of it. Index: event_account_id_order_id_idx, callback_event_idx."""
    return await tx.many(
        CallbackLine,
        """
SELECT c.id, r.name AS receiver, r.dialect, e.kind, c.state, c.attempts, c.created_at,
       nullif(c.due_at, 'infinity') AS due_at, c.done_at
  FROM event e
 CROSS JOIN LATERAL (SELECT * FROM callback c WHERE c.event_id = e.id OFFSET 0) c
  JOIN receiver r ON r.id = c.receiver_id
 WHERE e.account_id = %(account_id)s AND e.order_id = %(order_id)s AND c.id > %(after)s
 ORDER BY c.id LIMIT %(limit)s
""",
        account_id=account_id,
        order_id=order_id,
        after=after,
        limit=limit,
    )


_TIMELINE = """
SELECT * FROM (
    SELECT 'event' AS source, e.id, e.kind AS what, concat_ws(' ', nullif(e.dialect, ''), nullif(e.actor, '')) AS who,
           e.facts, e.happened_at, e.learned_at
      FROM event e
     WHERE e.account_id = %(account_id)s AND e.order_id = %(order_id)s
    UNION ALL
    SELECT 'route', n.id, n.code, concat_ws(' ', nullif(n.operator, ''), nullif(n.actor, '')),
           jsonb_build_object('mailno', w.mailno, 'place', n.place, 'memo', n.memo), n.happened_at, n.noted_at
      FROM waybill w
     CROSS JOIN LATERAL (SELECT * FROM route_node n
                          WHERE n.account_id = w.account_id AND n.waybill_id = w.id OFFSET 0) n
     WHERE w.account_id = %(account_id)s AND (w.order_id = %(order_id)s OR w.leg_id = %(order_id)s)
    UNION ALL
    SELECT 'scale', r.id, 'measured', r.device,
           jsonb_build_object('mailno', r.mailno, 'weight_g', r.weight_g, 'length_mm', r.length_mm,
                              'width_mm', r.width_mm, 'height_mm', r.height_mm), r.measured_at, r.received_at
      FROM waybill w
     CROSS JOIN LATERAL (SELECT * FROM scale_reading r
                          WHERE r.account_id = w.account_id AND r.waybill_id = w.id OFFSET 0) r
     WHERE w.account_id = %(account_id)s AND (w.order_id = %(order_id)s OR w.leg_id = %(order_id)s)
    UNION ALL
    SELECT 'staff', a.id, a.action, coalesce(s.username, a.actor),
           jsonb_strip_nulls(jsonb_build_object('reason', nullif(a.reason, ''))), a.created_at, a.created_at
      FROM handover h
     CROSS JOIN LATERAL (SELECT * FROM staff_action a
                          WHERE a.account_id = h.account_id AND a.handover_id = h.id OFFSET 0) a
      LEFT JOIN staff s ON s.id = a.staff_id
     WHERE h.account_id = %(account_id)s AND h.order_id = %(order_id)s
    UNION ALL
    SELECT 'operator', a.id, a.action, coalesce(o.username, a.actor),
           jsonb_strip_nulls(jsonb_build_object('reason', nullif(a.reason, ''))), a.created_at, a.created_at
      FROM operator_action a
      LEFT JOIN operator o ON o.id = a.operator_id
     WHERE a.account_id = %(account_id)s AND a.order_id = %(order_id)s) happened
"""
_BEFORE = "WHERE (learned_at, source, id) < (%(learned_at)s, %(source)s, %(id)s)"
_LAST_FIRST = " ORDER BY learned_at DESC, source DESC, id DESC LIMIT %(limit)s"


async def timeline(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: OrderId,
    before: tuple[datetime, str, int] | None,
    limit: int,
) -> list[TimelineRow]:
    """The last that was recorded first. Each part has an index by the order, its parcels or its codes."""
    learned_at, source, id_ = before or (None, None, None)
    return await tx.many(
        TimelineRow,
        f"{_TIMELINE}{'' if before is None else _BEFORE}{_LAST_FIRST}",
        account_id=account_id,
        order_id=order_id,
        learned_at=learned_at,
        source=source,
        id=id_,
        limit=limit,
    )


async def last_event(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> int:
    """0 where there is none: whether something new happened to it. Index: event_account_id_order_id_idx."""
    return int(
        await tx.value(
            "SELECT coalesce(max(id), 0) FROM event WHERE account_id = %(account_id)s AND order_id = %(order_id)s",
            account_id=account_id,
            order_id=order_id,
        )
    )
