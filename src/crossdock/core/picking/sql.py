"""Statements on waves, their orders and their picks. Locks are taken in one order: orders, buckets, picks, wave."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from msgspec import to_builtins

from crossdock.base import json
from crossdock.base.ids import AccountId, LocationId, OrderId, SiteId, StaffId, StockId
from crossdock.core.orders.model import Order
from crossdock.core.picking.model import (
    PICKED_STATES,
    BackOrder,
    CallOffAsked,
    Candidate,
    Choice,
    CountRequest,
    Demand,
    Method,
    NewTask,
    Pick,
    Progress,
    PutBack,
    Reason,
    Refill,
    SortStep,
    Spot,
    Task,
    TaskState,
    ToteOrder,
    Wave,
    WaveFilter,
)
from crossdock.db.compose import SQL, Composed
from crossdock.db.tx import Tx, columns

_WAVE = columns(Wave)
_TASK = columns(Task)
PICKED: Final = sorted(PICKED_STATES)
PACKED: Final = ("packed", "labelled", "partly_shipped", "shipped", "delivered", "returned")
"""The goods of an order in one of these lie in a parcel, and its tote is free."""
_FREE_FOR_A_WAVE = """
NOT (o.state = 'released' AND EXISTS (
     SELECT 1 FROM wave_order w
      WHERE w.account_id = o.account_id AND w.order_id = o.id AND w.state IN ('open', 'ready')))
"""
"""An order that is allocated has left its last wave, whatever that wave says."""
_ON_THE_WAY = """
  FROM pick_task t
  JOIN wave v ON v.id = t.wave_id AND v.state = 'live'
  JOIN wave_order w ON w.account_id = t.account_id AND w.wave_id = t.wave_id AND w.order_id = t.order_id
                   AND w.state = 'open'
  JOIN orders o ON o.account_id = t.account_id AND o.id = t.order_id AND o.state = ANY (%(picked_states)s::text[])
  JOIN stock s ON s.account_id = t.account_id AND s.id = t.stock_id
  LEFT JOIN location l ON l.account_id = t.account_id AND l.id = t.location_id
 WHERE t.account_id = %(account_id)s AND t.wave_id = %(wave_id)s AND t.state = 'open'
   AND NOT EXISTS (SELECT 1 FROM cancel_request c
                    WHERE c.account_id = o.account_id AND c.number = o.number AND c.state = 'asked')
"""
"""Picks of a wave that somebody is to walk for: nobody asked to call the order off."""
_UNCOUNTED = """
NOT EXISTS (SELECT 1 FROM location_count n
             WHERE n.account_id = c.account_id AND n.location_id = c.location_id AND n.state = 'done'
               AND n.ended_at >= c.asked_at)
"""
_WALK = "l.walk_order NULLS LAST, l.code, s.product_id, t.stock_id, w.place, t.id"


async def candidates(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, wanted: WaveFilter, limit: int
) -> list[Candidate]:
    """Orders that a wave could take, the oldest first. Index: orders_floor_idx."""
    conditions = [SQL(_FREE_FOR_A_WAVE)]
    params: dict[str, Any] = {}
    for name, value, condition in (
        ("services", list(wanted.service_ids), "o.service_id = ANY (%(services)s::bigint[])"),
        ("carrier", wanted.carrier, "d.rules ->> 'carrier' = %(carrier)s"),
        ("owners", list(wanted.owner_ids), "o.sub_inventory_id = ANY (%(owners)s::bigint[])"),
        ("placed_until", wanted.placed_until, "o.created_at <= %(placed_until)s"),
        ("lines_min", wanted.lines_min, "n.lines >= %(lines_min)s"),
        ("lines_max", wanted.lines_max, "n.lines <= %(lines_max)s"),
    ):
        if value not in (None, "", []):
            conditions.append(SQL(condition))
            params[name] = value
    statement: Composed = SQL(
        """
SELECT o.id, o.number, o.state, d.name AS service, n.lines, n.pieces, o.created_at
  FROM orders o
  LEFT JOIN delivery_service d ON d.id = o.service_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS lines, coalesce(sum(l.quantity - l.done), 0)::bigint AS pieces FROM order_line l
        WHERE l.account_id = o.account_id AND l.order_id = o.id AND l.product_id IS NOT NULL
          AND l.quantity > l.done) n
 WHERE o.account_id = %(account_id)s AND o.site_id = %(site_id)s AND o.kind = 'outbound'
   AND o.state IN ('allocated', 'released') AND n.lines > 0 AND {}
 ORDER BY o.id LIMIT %(limit)s
"""
    ).format(SQL(" AND ").join(conditions))
    return await tx.many(Candidate, statement, account_id=account_id, site_id=site_id, limit=limit, **params)


async def choices(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[Choice]:
    """Index: orders_floor_idx."""
    return await tx.many(
        Choice,
        """
SELECT n.service_id, d.name AS service, d.rules ->> 'carrier' AS carrier, n.sub_inventory_id AS owner_id,
       sub.code AS owner, n.orders
  FROM (SELECT service_id, sub_inventory_id, count(*) AS orders FROM orders
         WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND kind = 'outbound'
           AND state IN ('allocated', 'released')
         GROUP BY service_id, sub_inventory_id) n
  LEFT JOIN delivery_service d ON d.id = n.service_id
  LEFT JOIN sub_inventory sub ON sub.account_id = %(account_id)s AND sub.id = n.sub_inventory_id
 ORDER BY d.name NULLS LAST, n.service_id, sub.code
""",
        account_id=account_id,
        site_id=site_id,
    )


async def call_offs(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int, limit: int
) -> list[CallOffAsked]:
    """Index: cancel_request_open_idx."""
    return await tx.many(
        CallOffAsked,
        """
SELECT c.id, o.id AS order_id, c.number, c.reason, c.asked_at
  FROM wave v
  JOIN wave_order w ON w.account_id = v.account_id AND w.wave_id = v.id AND w.state IN ('open', 'ready')
  JOIN orders o ON o.account_id = w.account_id AND o.id = w.order_id
  JOIN cancel_request c ON c.account_id = o.account_id AND c.number = o.number AND c.state = 'asked'
 WHERE v.account_id = %(account_id)s AND v.site_id = %(site_id)s AND v.id = %(wave_id)s
 ORDER BY c.id LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        wave_id=wave_id,
        limit=limit,
    )


async def lock_orders(tx: Tx, *, account_id: AccountId, order_ids: Collection[OrderId]) -> None:
    await tx.execute(
        "SELECT id FROM orders WHERE account_id = %(account_id)s AND id = ANY (%(order_ids)s::bigint[])"
        " ORDER BY id FOR NO KEY UPDATE",
        account_id=account_id,
        order_ids=list(order_ids),
    )


async def still_free(tx: Tx, *, account_id: AccountId, order_ids: Collection[OrderId]) -> list[Order]:
    """Those of the orders that no wave has; the caller holds them."""
    return await tx.many(
        Order,
        f"SELECT {columns(Order, of='o')} FROM orders o WHERE o.account_id = %(account_id)s"
        " AND o.id = ANY (%(order_ids)s::bigint[]) AND o.state IN ('allocated', 'released')"
        f" AND {_FREE_FOR_A_WAVE} ORDER BY o.id",
        account_id=account_id,
        order_ids=list(order_ids),
    )


async def demands(tx: Tx, *, account_id: AccountId, order_ids: Collection[OrderId]) -> list[Demand]:
    """What the orders have set aside. Index: stock_move_account_id_order_id_idx."""
    return await tx.many(
        Demand,
        """
SELECT order_id, order_line_id, stock_id, sum(allocated)::bigint AS quantity
  FROM stock_move
 WHERE account_id = %(account_id)s AND order_id = ANY (%(order_ids)s::bigint[]) AND order_line_id IS NOT NULL
 GROUP BY order_id, order_line_id, stock_id
HAVING sum(allocated) > 0
 ORDER BY order_id, order_line_id, stock_id
""",
        account_id=account_id,
        order_ids=list(order_ids),
    )


async def spots(tx: Tx, *, account_id: AccountId, stock_ids: Collection[StockId]) -> list[Spot]:
    """Where pieces of these buckets may be picked, less what live picks are promised.

    Not where somebody is to count them. Indexes: located_pkey, pick_task_open_idx.
    """
    return await tx.many(
        Spot,
        f"""
WITH promised AS (
    SELECT t.stock_id, t.location_id, sum(t.quantity - t.picked) AS pieces
      FROM pick_task t
      JOIN wave_order w ON w.account_id = t.account_id AND w.wave_id = t.wave_id AND w.order_id = t.order_id
                       AND w.state = 'open'
      JOIN orders o ON o.account_id = t.account_id AND o.id = t.order_id AND o.state = ANY (%(picked_states)s::text[])
     WHERE t.account_id = %(account_id)s AND t.stock_id = ANY (%(stock_ids)s::bigint[]) AND t.state = 'open'
     GROUP BY t.stock_id, t.location_id
), lies AS (
    SELECT stock_id, location_id, quantity FROM located
     WHERE account_id = %(account_id)s AND stock_id = ANY (%(stock_ids)s::bigint[])
    UNION ALL
    SELECT s.id, NULL, s.on_hand - coalesce(sum(l.quantity), 0)
      FROM stock s LEFT JOIN located l ON l.account_id = s.account_id AND l.stock_id = s.id
     WHERE s.account_id = %(account_id)s AND s.id = ANY (%(stock_ids)s::bigint[])
     GROUP BY s.id
)
SELECT x.stock_id, x.location_id, coalesce(l.code, '') AS code, coalesce(l.kind, '') AS kind,
       coalesce(l.walk_order, 0) AS walk_order, (x.quantity - coalesce(p.pieces, 0))::bigint AS free
  FROM lies x
  LEFT JOIN location l ON l.account_id = %(account_id)s AND l.id = x.location_id
  LEFT JOIN promised p ON p.stock_id = x.stock_id AND p.location_id IS NOT DISTINCT FROM x.location_id
 WHERE (x.location_id IS NULL OR (l.active AND l.kind IN ('shelf', 'dock', 'reserve')))
   AND x.quantity > coalesce(p.pieces, 0)
   AND NOT EXISTS (SELECT 1 FROM count_request c
                    WHERE c.account_id = %(account_id)s AND c.stock_id = x.stock_id
                      AND c.location_id = x.location_id AND {_UNCOUNTED})
""",
        account_id=account_id,
        stock_ids=list(stock_ids),
        picked_states=PICKED,
    )


async def products(
    tx: Tx, *, account_id: AccountId, stock_ids: Collection[StockId]
) -> dict[StockId, tuple[str, ...]]:
    """Bucket -> sku, name and lot."""
    rows = await tx.rows(
        """
SELECT s.id, p.sku, p.name, s.lot
  FROM stock s JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
 WHERE s.account_id = %(account_id)s AND s.id = ANY (%(stock_ids)s::bigint[])
""",
        account_id=account_id,
        stock_ids=list(stock_ids),
    )
    return {StockId(row[0]): tuple(row[1:]) for row in rows}


async def add_wave(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, method: Method, wanted: WaveFilter, made_by: StaffId | None
) -> Wave:
    return await tx.one(
        Wave,
        f"""
INSERT INTO wave (account_id, site_id, method, wanted, made_by, created_at)
VALUES (%(account_id)s, %(site_id)s, %(method)s, %(wanted)s::jsonb, %(made_by)s, %(now)s)
RETURNING {_WAVE}
""",
        account_id=account_id,
        site_id=site_id,
        method=method,
        wanted=json.text(to_builtins(wanted)),
        made_by=made_by,
        now=tx.now,
    )


async def leave_waves(tx: Tx, *, account_id: AccountId, order_ids: Collection[OrderId]) -> None:
    """Whatever wave still counts on these orders has lost them. Index: wave_order_live_key."""
    await drop(tx, account_id=account_id, order_ids=order_ids, state="left")


async def drop(
    tx: Tx, *, account_id: AccountId, order_ids: Collection[OrderId], state: str, wave_id: int | None = None
) -> None:
    """Nothing more is picked for these orders, in this wave or in any. Index: wave_order_live_key."""
    of_wave = SQL("" if wave_id is None else " AND w.wave_id = %(wave_id)s")
    await tx.execute(
        SQL(
            """
WITH dropped AS (
    UPDATE wave_order w SET state = %(state)s
     WHERE w.account_id = %(account_id)s AND w.order_id = ANY (%(order_ids)s::bigint[])
       AND w.state IN ('open', 'ready'){}
    RETURNING w.wave_id, w.order_id
)
UPDATE pick_task t SET state = 'void', ended_at = %(now)s
  FROM dropped
 WHERE t.account_id = %(account_id)s AND t.wave_id = dropped.wave_id AND t.order_id = dropped.order_id
   AND t.state = 'open'
"""
        ).format(of_wave),
        account_id=account_id,
        order_ids=list(order_ids),
        state=state,
        now=tx.now,
        **({} if wave_id is None else {"wave_id": wave_id}),
    )


async def add_orders(tx: Tx, *, account_id: AccountId, wave_id: int, order_ids: Sequence[OrderId]) -> None:
    """In the order of their places, which begin with 1."""
    await tx.execute(
        "INSERT INTO wave_order (account_id, wave_id, order_id, place) SELECT %(account_id)s, %(wave_id)s, id, place"
        " FROM unnest(%(order_ids)s::bigint[]) WITH ORDINALITY AS g (id, place)",
        account_id=account_id,
        wave_id=wave_id,
        order_ids=list(order_ids),
    )


async def add_tasks(
    tx: Tx, *, account_id: AccountId, wave_id: int, tasks: Sequence[NewTask], staff_id: StaffId | None = None
) -> None:
    await tx.execute(
        """
INSERT INTO pick_task (account_id, wave_id, order_id, order_line_id, stock_id, location_id, quantity, staff_id,
                       created_at)
SELECT %(account_id)s, %(wave_id)s, g.*, %(staff_id)s::bigint, %(now)s
  FROM unnest(%(orders)s::bigint[], %(lines)s::bigint[], %(stocks)s::bigint[], %(locations)s::bigint[],
              %(quantities)s::bigint[]) AS g
""",
        account_id=account_id,
        wave_id=wave_id,
        staff_id=staff_id,
        orders=[task.order_id for task in tasks],
        lines=[task.order_line_id for task in tasks],
        stocks=[task.stock_id for task in tasks],
        locations=[task.location_id for task in tasks],
        quantities=[task.quantity for task in tasks],
        now=tx.now,
    )


async def wave(tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int) -> Wave | None:
    return await tx.one_or_none(
        Wave,
        f"SELECT {_WAVE} FROM wave WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND id = %(wave_id)s",
        account_id=account_id,
        site_id=site_id,
        wave_id=wave_id,
    )


async def lock_wave(tx: Tx, *, account_id: AccountId, wave_id: int) -> None:
    """One after the other takes on a part of a wave."""
    await tx.execute(
        "SELECT id FROM wave WHERE account_id = %(account_id)s AND id = %(wave_id)s FOR NO KEY UPDATE",
        account_id=account_id,
        wave_id=wave_id,
    )


async def open_orders(tx: Tx, *, account_id: AccountId, wave_id: int) -> list[OrderId]:
    rows = await tx.rows(
        "SELECT order_id FROM wave_order WHERE account_id = %(account_id)s AND wave_id = %(wave_id)s"
        " AND state = 'open' ORDER BY order_id",
        account_id=account_id,
        wave_id=wave_id,
    )
    return [OrderId(row[0]) for row in rows]


async def begun(tx: Tx, *, account_id: AccountId, wave_id: int) -> set[OrderId]:
    """Orders of the wave of which something was picked. Index: pick_task_account_id_wave_id_idx."""
    rows = await tx.rows(
        "SELECT DISTINCT order_id FROM pick_task WHERE account_id = %(account_id)s AND wave_id = %(wave_id)s"
        " AND picked > 0",
        account_id=account_id,
        wave_id=wave_id,
    )
    return {OrderId(row[0]) for row in rows}


async def claim_orders(tx: Tx, *, account_id: AccountId, wave_id: int, staff_id: StaffId, limit: int) -> int:
    """The next orders that nobody has in hand are this person's; the caller holds the wave."""
    return await tx.execute(
        f"""
WITH free AS (
    SELECT t.order_id, min(w.place) AS place {_ON_THE_WAY} AND t.staff_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM pick_task h WHERE h.account_id = t.account_id AND h.wave_id = t.wave_id
                          AND h.order_id = t.order_id AND h.state = 'open' AND h.staff_id IS NOT NULL)
     GROUP BY t.order_id ORDER BY 2 LIMIT %(limit)s
)
UPDATE pick_task t SET staff_id = %(staff_id)s
  FROM free
 WHERE t.account_id = %(account_id)s AND t.wave_id = %(wave_id)s AND t.order_id = free.order_id
   AND t.state = 'open' AND t.staff_id IS NULL
""",
        account_id=account_id,
        wave_id=wave_id,
        staff_id=staff_id,
        limit=limit,
        picked_states=PICKED,
    )


async def claim_walk(tx: Tx, *, account_id: AccountId, wave_id: int, staff_id: StaffId) -> int:
    """All that is to be taken of one bucket at the next location is this person's; the caller holds the wave."""
    return await tx.execute(
        f"""
WITH free AS (
    SELECT t.id, t.stock_id, t.location_id,
           first_value(t.id) OVER (ORDER BY {_WALK}) AS first {_ON_THE_WAY} AND t.staff_id IS NULL
), next AS (SELECT stock_id, location_id FROM free WHERE id = first)
UPDATE pick_task t SET staff_id = %(staff_id)s
  FROM free, next
 WHERE t.id = free.id AND free.stock_id = next.stock_id
   AND free.location_id IS NOT DISTINCT FROM next.location_id AND t.state = 'open' AND t.staff_id IS NULL
""",
        account_id=account_id,
        wave_id=wave_id,
        staff_id=staff_id,
        picked_states=PICKED,
    )


async def put_down(tx: Tx, *, account_id: AccountId, wave_id: int, staff_id: StaffId) -> int:
    """What this person still had in hand is anybody's."""
    return await tx.execute(
        "UPDATE pick_task SET staff_id = NULL WHERE account_id = %(account_id)s AND wave_id = %(wave_id)s"
        " AND staff_id = %(staff_id)s AND state = 'open'",
        account_id=account_id,
        wave_id=wave_id,
        staff_id=staff_id,
    )


async def next_pick(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int, staff_id: StaffId
) -> Pick | None:
    """The first on this person's way; in a batch wave for all orders that want the same there."""
    return await tx.one_or_none(
        Pick,
        f"""
WITH mine AS (
    SELECT t.*, v.method, w.place, o.number, row_number() OVER (ORDER BY {_WALK}) AS turn
           {_ON_THE_WAY} AND t.staff_id = %(staff_id)s AND v.site_id = %(site_id)s
), first AS (SELECT * FROM mine WHERE turn = 1)
SELECT f.id AS task_id, f.wave_id, f.method, f.order_id, f.number, f.place, m.orders, f.location_id,
       coalesce(l.code, '') AS location, s.product_id, f.stock_id, p.sku, p.name, s.lot, s.condition, m.quantity,
       m.picked, m.quantity - m.picked AS left,
       CASE WHEN f.location_id IS NULL THEN s.on_hand - put_away.quantity
            ELSE coalesce(lies.quantity, 0) END::bigint AS there, tote.code AS tote
  FROM first f
  JOIN stock s ON s.account_id = f.account_id AND s.id = f.stock_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
  LEFT JOIN location l ON l.account_id = f.account_id AND l.id = f.location_id
  LEFT JOIN located lies ON lies.account_id = f.account_id AND lies.stock_id = f.stock_id
                        AND lies.location_id = f.location_id
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(e.quantity), 0) AS quantity FROM located e
        WHERE f.location_id IS NULL AND e.account_id = s.account_id AND e.stock_id = s.id) put_away
 CROSS JOIN LATERAL (
       SELECT sum(m.quantity)::bigint AS quantity, sum(m.picked)::bigint AS picked,
              count(DISTINCT m.order_id) AS orders
         FROM mine m
        WHERE m.id = f.id OR (f.method = 'batch' AND m.stock_id = f.stock_id
                              AND m.location_id IS NOT DISTINCT FROM f.location_id)) m
  LEFT JOIN LATERAL (
       SELECT u.tote_id FROM tote_use u
        WHERE u.account_id = f.account_id AND u.wave_id = f.wave_id AND u.freed_at IS NULL
          AND CASE f.method WHEN 'batch'
                            THEN u.tote_id = coalesce(f.tote_id, (
                                 SELECT h.tote_id FROM pick_task h
                                  WHERE h.account_id = f.account_id AND h.wave_id = f.wave_id
                                    AND h.staff_id = f.staff_id AND h.tote_id IS NOT NULL
                                  ORDER BY h.ended_at DESC NULLS FIRST, h.id DESC LIMIT 1))
                            ELSE u.order_id = f.order_id END LIMIT 1) used ON true
  LEFT JOIN location tote ON tote.account_id = f.account_id AND tote.id = used.tote_id
""",
        account_id=account_id,
        site_id=site_id,
        wave_id=wave_id,
        staff_id=staff_id,
        picked_states=PICKED,
    )


async def task(tx: Tx, *, account_id: AccountId, task_id: int) -> Task | None:
    return await tx.one_or_none(
        Task,
        f"SELECT {_TASK} FROM pick_task WHERE account_id = %(account_id)s AND id = %(task_id)s",
        account_id=account_id,
        task_id=task_id,
    )


async def same_walk(tx: Tx, *, task: Task) -> list[Task]:
    """What the same person takes of the same bucket at the same location, by the places of its orders."""
    return await tx.many(
        Task,
        f"""
SELECT {columns(Task, of="t")}
  FROM pick_task t
  JOIN wave_order w ON w.account_id = t.account_id AND w.wave_id = t.wave_id AND w.order_id = t.order_id
  JOIN orders o ON o.account_id = t.account_id AND o.id = t.order_id AND o.state = ANY (%(picked_states)s::text[])
 WHERE t.account_id = %(account_id)s AND t.wave_id = %(wave_id)s AND t.state = 'open'
   AND t.staff_id = %(staff_id)s AND t.stock_id = %(stock_id)s
   AND t.location_id IS NOT DISTINCT FROM %(location_id)s::bigint
 ORDER BY w.place, t.id
""",
        account_id=task.account_id,
        wave_id=task.wave_id,
        staff_id=task.staff_id,
        stock_id=task.stock_id,
        location_id=task.location_id,
        picked_states=PICKED,
    )


async def lock_tasks(tx: Tx, *, account_id: AccountId, task_ids: Collection[int]) -> list[Task]:
    return await tx.many(
        Task,
        f"SELECT {_TASK} FROM pick_task WHERE account_id = %(account_id)s AND id = ANY (%(task_ids)s::bigint[])"
        " ORDER BY id FOR NO KEY UPDATE",
        account_id=account_id,
        task_ids=list(task_ids),
    )


async def picked(tx: Tx, *, task: Task, quantity: int, sorted_: int, tote_id: LocationId) -> None:
    """The caller holds the task."""
    await tx.execute(
        """
UPDATE pick_task
   SET picked = picked + %(quantity)s, sorted = sorted + %(sorted)s, tote_id = %(tote_id)s,
       state = CASE WHEN picked + %(quantity)s = quantity THEN 'done' ELSE state END,
       ended_at = CASE WHEN picked + %(quantity)s = quantity THEN %(now)s::timestamptz ELSE ended_at END
 WHERE account_id = %(account_id)s AND id = %(task_id)s
""",
        account_id=task.account_id,
        task_id=task.id,
        quantity=quantity,
        sorted=sorted_,
        tote_id=tote_id,
        now=tx.now,
    )


async def end_task(tx: Tx, *, task: Task, state: TaskState, reason: str = "") -> None:
    """The caller holds the task."""
    await tx.execute(
        "UPDATE pick_task SET state = %(state)s, reason = %(reason)s, ended_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(task_id)s AND state = 'open'",
        account_id=task.account_id,
        task_id=task.id,
        state=state,
        reason=reason,
        now=tx.now,
    )


async def ready(tx: Tx, *, account_id: AccountId, wave_id: int, order_ids: Collection[OrderId]) -> None:
    """Those of the orders of which all is picked and sorted. Index: pick_task_account_id_wave_id_idx."""
    await tx.execute(
        """
UPDATE wave_order w SET state = 'ready'
 WHERE w.account_id = %(account_id)s AND w.wave_id = %(wave_id)s AND w.order_id = ANY (%(order_ids)s::bigint[])
   AND w.state = 'open'
   AND NOT EXISTS (SELECT 1 FROM pick_task t
                    WHERE t.account_id = w.account_id AND t.wave_id = w.wave_id AND t.order_id = w.order_id
                      AND (t.state = 'open' OR t.sorted < t.picked))
""",
        account_id=account_id,
        wave_id=wave_id,
        order_ids=list(order_ids),
    )


async def gone(tx: Tx, *, account_id: AccountId, wave_id: int) -> list[OrderId]:
    """Orders that the wave still counts on and that are not picked any more."""
    rows = await tx.rows(
        """
SELECT w.order_id FROM wave_order w JOIN orders o ON o.account_id = w.account_id AND o.id = w.order_id
 WHERE w.account_id = %(account_id)s AND w.wave_id = %(wave_id)s AND w.state = 'open'
   AND o.state <> ALL (%(picked_states)s::text[])
""",
        account_id=account_id,
        wave_id=wave_id,
        picked_states=PICKED,
    )
    return [OrderId(row[0]) for row in rows]


async def end_wave(tx: Tx, *, account_id: AccountId, wave_id: int, state: str = "done") -> bool:
    """Unless something of it is still open; whether it ended."""
    return bool(
        await tx.execute(
            """
UPDATE wave v SET state = %(state)s, ended_at = %(now)s
 WHERE v.account_id = %(account_id)s AND v.id = %(wave_id)s AND v.state = 'live'
   AND NOT EXISTS (SELECT 1 FROM wave_order w
                    WHERE w.account_id = v.account_id AND w.wave_id = v.id AND w.state = 'open')
""",
            account_id=account_id,
            wave_id=wave_id,
            state=state,
            now=tx.now,
        )
    )


async def tote_of(tx: Tx, *, account_id: AccountId, wave_id: int, order_id: OrderId) -> tuple[LocationId, str] | None:
    """Index: tote_use_order_idx."""
    rows = await tx.rows(
        """
SELECT l.id, l.code FROM tote_use u JOIN location l ON l.account_id = u.account_id AND l.id = u.tote_id
 WHERE u.account_id = %(account_id)s AND u.wave_id = %(wave_id)s AND u.order_id = %(order_id)s
   AND u.freed_at IS NULL
""",
        account_id=account_id,
        wave_id=wave_id,
        order_id=order_id,
    )
    return (LocationId(rows[0][0]), str(rows[0][1])) if rows else None


async def free_tote(tx: Tx, *, account_id: AccountId, tote_id: LocationId) -> None:
    """A tote in which nothing lies any more, or whose goods are in a parcel.

    What of those lies there by the books is remembered until it left or was put back. Indexes: tote_use_rest_idx,
    location_move_order_idx.
    """
    await tx.execute(
        """
WITH looked AS (
    SELECT u.id, u.freed_at IS NOT NULL OR o.state = ANY (%(packed)s::text[]) AS free,
           NOT EXISTS (SELECT 1 FROM located l WHERE l.account_id = u.account_id AND l.location_id = u.tote_id)
           OR (u.order_id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM location_move m
                WHERE m.account_id = u.account_id AND m.order_id = u.order_id
                  AND u.tote_id IN (m.from_location_id, m.to_location_id)
                GROUP BY m.stock_id
               HAVING sum(CASE WHEN m.to_location_id = u.tote_id THEN m.quantity ELSE -m.quantity END) > 0)) AS empty
      FROM tote_use u LEFT JOIN orders o ON o.account_id = u.account_id AND o.id = u.order_id
     WHERE u.account_id = %(account_id)s AND u.tote_id = %(tote_id)s AND u.emptied_at IS NULL
)
UPDATE tote_use u
   SET freed_at = coalesce(u.freed_at, %(now)s), emptied_at = CASE WHEN looked.empty THEN %(now)s::timestamptz END
  FROM looked
 WHERE u.id = looked.id AND (looked.empty OR (looked.free AND u.freed_at IS NULL))
""",
        account_id=account_id,
        tote_id=tote_id,
        packed=list(PACKED),
        now=tx.now,
    )


async def take_tote(
    tx: Tx, *, account_id: AccountId, tote_id: LocationId, wave_id: int, order_id: OrderId | None
) -> bool:
    """Whether it is this order's, or this wave's where there is none, now or since before."""
    taken = await tx.execute(
        """
INSERT INTO tote_use (account_id, tote_id, wave_id, order_id, taken_at)
VALUES (%(account_id)s, %(tote_id)s, %(wave_id)s, %(order_id)s, %(now)s)
ON CONFLICT (account_id, tote_id) WHERE freed_at IS NULL DO UPDATE SET taken_at = tote_use.taken_at
 WHERE tote_use.wave_id = excluded.wave_id AND tote_use.order_id IS NOT DISTINCT FROM excluded.order_id
""",
        account_id=account_id,
        tote_id=tote_id,
        wave_id=wave_id,
        order_id=order_id,
        now=tx.now,
    )
    return bool(taken)


async def in_tote(tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str) -> ToteOrder | None:
    """Indexes: location_code_key, tote_use_live_key."""
    return await tx.one_or_none(
        ToteOrder,
        """
SELECT u.account_id, u.order_id, o.number, o.state, u.wave_id, u.tote_id, l.code AS tote,
       coalesce(w.state = 'ready', false) AS ready
  FROM location l
  JOIN tote_use u ON u.account_id = l.account_id AND u.tote_id = l.id AND u.freed_at IS NULL
  JOIN orders o ON o.account_id = u.account_id AND o.id = u.order_id
  LEFT JOIN wave_order w ON w.account_id = u.account_id AND w.wave_id = u.wave_id AND w.order_id = u.order_id
 WHERE l.account_id = %(account_id)s AND l.site_id = %(site_id)s AND l.code = %(code)s
   AND EXISTS (SELECT 1 FROM located x WHERE x.account_id = l.account_id AND x.location_id = l.id)
""",
        account_id=account_id,
        site_id=site_id,
        code=code,
    )


async def sort_step(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int, code: str | None
) -> SortStep | None:
    """The next order that a product of this code, or any, belongs to. Index: pick_task_account_id_wave_id_idx."""
    condition = "true"
    if code is not None:
        condition = (
            "(p.sku = %(code)s OR EXISTS (SELECT 1 FROM product_code c WHERE c.account_id = p.account_id"
            " AND c.product_id = p.id AND c.code = %(code)s))"
        )
    return await tx.one_or_none(
        SortStep,
        f"""
SELECT t.id AS task_id, t.wave_id, t.order_id, o.number, w.place, p.sku, p.name, s.lot, t.picked - t.sorted AS left,
       source.code AS source, tote.code AS tote
  FROM pick_task t
  JOIN wave v ON v.id = t.wave_id AND v.site_id = %(site_id)s
  JOIN wave_order w ON w.account_id = t.account_id AND w.wave_id = t.wave_id AND w.order_id = t.order_id
                   AND w.state = 'open'
  JOIN orders o ON o.account_id = t.account_id AND o.id = t.order_id AND o.state = ANY (%(picked_states)s::text[])
  JOIN stock s ON s.account_id = t.account_id AND s.id = t.stock_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
  JOIN location source ON source.account_id = t.account_id AND source.id = t.tote_id
  LEFT JOIN tote_use u ON u.account_id = t.account_id AND u.wave_id = t.wave_id AND u.order_id = t.order_id
                      AND u.freed_at IS NULL
  LEFT JOIN location tote ON tote.account_id = u.account_id AND tote.id = u.tote_id
 WHERE t.account_id = %(account_id)s AND t.wave_id = %(wave_id)s AND t.picked > t.sorted AND {condition}
 ORDER BY w.place, t.id LIMIT 1
""",
        account_id=account_id,
        wave_id=wave_id,
        site_id=site_id,
        picked_states=PICKED,
        **({} if code is None else {"code": code}),
    )


async def trim(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[int]:
    """Open picks of a held order take no more than is set aside for it; in which waves some became less.

    Those that were begun keep theirs first. Indexes: wave_order_live_key, pick_task_account_id_wave_id_idx,
    stock_move_account_id_order_id_idx.
    """
    rows = await tx.rows(
        """
WITH aside AS (
    SELECT order_line_id, stock_id, sum(allocated) AS pieces FROM stock_move
     WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND order_line_id IS NOT NULL
     GROUP BY order_line_id, stock_id
), task AS (
    SELECT t.*, sum(t.picked) OVER of_bucket AS picked_of_all
      FROM wave_order w
      JOIN pick_task t ON t.account_id = w.account_id AND t.wave_id = w.wave_id AND t.order_id = w.order_id
     WHERE w.account_id = %(account_id)s AND w.order_id = %(order_id)s AND w.state = 'open'
    WINDOW of_bucket AS (PARTITION BY t.order_line_id, t.stock_id)
), wanting AS (
    SELECT t.id, t.quantity - t.picked AS missing,
           coalesce(a.pieces, 0) - t.picked_of_all
           - coalesce(sum(t.quantity - t.picked) OVER (PARTITION BY t.order_line_id, t.stock_id
                      ORDER BY t.picked = 0, t.staff_id IS NULL, t.id
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS wanted
      FROM task t
      LEFT JOIN aside a ON a.order_line_id = t.order_line_id AND a.stock_id = t.stock_id
     WHERE t.state = 'open'
)
UPDATE pick_task t
   SET quantity = CASE WHEN t.picked + g.wanted > 0 THEN t.picked + g.wanted ELSE t.quantity END,
       state = CASE WHEN g.wanted > 0 THEN 'open' WHEN t.picked > 0 THEN 'done' ELSE 'void' END,
       ended_at = CASE WHEN g.wanted <= 0 THEN %(now)s::timestamptz END
  FROM (SELECT id, greatest(wanted, 0) AS wanted FROM wanting WHERE missing > wanted) g
 WHERE t.account_id = %(account_id)s AND t.id = g.id AND t.state = 'open'
RETURNING t.wave_id
""",
        account_id=account_id,
        order_id=order_id,
        now=tx.now,
    )
    return sorted({int(row[0]) for row in rows})


async def sorted_(tx: Tx, *, task: Task, quantity: int) -> None:
    """The caller holds the task."""
    await tx.execute(
        "UPDATE pick_task SET sorted = sorted + %(quantity)s WHERE account_id = %(account_id)s AND id = %(task_id)s",
        account_id=task.account_id,
        task_id=task.id,
        quantity=quantity,
    )


async def ask_count(
    tx: Tx,
    *,
    account_id: AccountId,
    location_id: LocationId,
    stock_id: StockId,
    reason: Reason,
    asked_by: StaffId | None,
) -> None:
    """Once for each bucket there, however many ask."""
    await tx.execute(
        """
INSERT INTO count_request (account_id, location_id, stock_id, reason, asked_by, asked_at)
VALUES (%(account_id)s, %(location_id)s, %(stock_id)s, %(reason)s, %(asked_by)s, %(now)s)
ON CONFLICT ON CONSTRAINT count_request_pkey DO UPDATE
   SET reason = excluded.reason, asked_by = excluded.asked_by, asked_at = excluded.asked_at
""",
        account_id=account_id,
        location_id=location_id,
        stock_id=stock_id,
        reason=reason,
        asked_by=asked_by,
        now=tx.now,
    )


async def count_requests(tx: Tx, *, account_id: AccountId, site_id: SiteId, limit: int) -> list[CountRequest]:
    """What nobody counted since it was asked for, oldest first."""
    return await tx.many(
        CountRequest,
        f"""
SELECT c.location_id, l.code AS location, c.stock_id, p.sku, p.name, s.lot, c.reason, c.asked_at,
       coalesce(a.username, '') AS asked_by
  FROM count_request c
  JOIN location l ON l.account_id = c.account_id AND l.id = c.location_id AND l.site_id = %(site_id)s
  JOIN stock s ON s.account_id = c.account_id AND s.id = c.stock_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
  LEFT JOIN staff a ON a.id = c.asked_by
 WHERE c.account_id = %(account_id)s AND {_UNCOUNTED}
 ORDER BY c.asked_at, l.code, p.sku LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        limit=limit,
    )


async def progress(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int | None, live: bool, limit: int
) -> list[Progress]:
    """Newest first. Indexes: wave_listed_idx, wave_live_idx, pick_task_account_id_wave_id_idx."""
    conditions = [SQL("v.account_id = %(account_id)s AND v.site_id = %(site_id)s")]
    if live:
        conditions.append(SQL("v.state = 'live'"))
    if wave_id is not None:
        conditions.append(SQL("v.id = %(wave_id)s"))
    return await tx.many(
        Progress,
        SQL(
            """
SELECT v.*, w.orders, w.ready, w.short, w.gone, w.call_offs, t.pieces, t.picked, t.to_sort, t.pickers
  FROM wave v
 CROSS JOIN LATERAL (
       SELECT count(*) AS orders, count(*) FILTER (WHERE w.state = 'ready') AS ready,
              count(*) FILTER (WHERE w.state = 'short') AS short,
              count(*) FILTER (WHERE w.state = 'left'
                                  OR (w.state = 'open' AND o.state <> ALL (%(picked_states)s::text[]))) AS gone,
              count(c.number) FILTER (WHERE w.state IN ('open', 'ready')) AS call_offs
         FROM wave_order w
         JOIN orders o ON o.account_id = w.account_id AND o.id = w.order_id
         LEFT JOIN LATERAL (SELECT c.number FROM cancel_request c
                             WHERE c.account_id = o.account_id AND c.number = o.number AND c.state = 'asked'
                             LIMIT 1) c ON true
        WHERE w.account_id = v.account_id AND w.wave_id = v.id) w
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(CASE t.state WHEN 'open' THEN t.quantity ELSE t.picked END), 0)::bigint AS pieces,
              coalesce(sum(t.picked), 0)::bigint AS picked,
              coalesce(sum(t.picked - t.sorted) FILTER (WHERE w.state = 'open'), 0)::bigint AS to_sort,
              count(DISTINCT t.staff_id) FILTER (WHERE t.state = 'open') AS pickers
         FROM pick_task t
         JOIN wave_order w ON w.account_id = t.account_id AND w.wave_id = t.wave_id AND w.order_id = t.order_id
        WHERE t.account_id = v.account_id AND t.wave_id = v.id) t
 WHERE {} ORDER BY v.id DESC LIMIT %(limit)s
"""
        ).format(SQL(" AND ").join(conditions)),
        account_id=account_id,
        site_id=site_id,
        limit=limit,
        picked_states=PICKED,
        **({} if wave_id is None else {"wave_id": wave_id}),
    )


async def put_backs(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, order_id: OrderId | None = None, limit: int
) -> list[PutBack]:
    """What lies in totes for orders that left their wave or were called off, and more than an order wants now.

    Indexes: tote_use_rest_idx, location_move_order_idx, stock_move_account_id_order_id_idx.
    """
    of_order = SQL("" if order_id is None else " AND o.id = %(order_id)s")
    return await tx.many(
        PutBack,
        SQL(
            """
SELECT o.id AS order_id, o.number, o.state, l.id AS tote_id, l.code AS tote, s.id AS stock_id, p.sku, p.name, s.lot,
       m.quantity - wants.pieces AS quantity, shelf.code AS shelf
  FROM tote_use u
  JOIN location l ON l.account_id = u.account_id AND l.id = u.tote_id AND l.site_id = %(site_id)s
  JOIN wave_order w ON w.account_id = u.account_id AND w.wave_id = u.wave_id
                   AND (u.order_id IS NULL OR w.order_id = u.order_id)
  JOIN orders o ON o.account_id = w.account_id AND o.id = w.order_id
 CROSS JOIN LATERAL (
       SELECT m.stock_id, max(m.id) FILTER (WHERE m.to_location_id = u.tote_id) AS last,
              sum(CASE WHEN m.to_location_id = u.tote_id THEN m.quantity ELSE -m.quantity END)::bigint AS quantity
         FROM location_move m
        WHERE m.account_id = o.account_id AND m.order_id = o.id
          AND u.tote_id IN (m.from_location_id, m.to_location_id)
        GROUP BY m.stock_id) m
 CROSS JOIN LATERAL (
       SELECT CASE WHEN (w.state IN ('short', 'left') OR o.state = ANY (%(stopped)s::text[]))
                        AND o.state <> ALL (%(further)s::text[]) THEN 0
                   ELSE coalesce(sum(v.allocated), 0)::bigint END AS pieces
         FROM stock_move v
        WHERE v.account_id = o.account_id AND v.order_id = o.id AND v.stock_id = m.stock_id) wants
  JOIN stock s ON s.account_id = u.account_id AND s.id = m.stock_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
  LEFT JOIN location_move taken ON taken.id = m.last
  LEFT JOIN location shelf ON shelf.account_id = u.account_id AND shelf.id = taken.from_location_id
 WHERE u.account_id = %(account_id)s AND u.emptied_at IS NULL AND m.quantity > wants.pieces{}
 ORDER BY l.code, o.id, p.sku, s.id LIMIT %(limit)s
"""
        ).format(of_order),
        account_id=account_id,
        site_id=site_id,
        stopped=["cancelled", "deleted", "unshipped", "held", "pending", "allocated"],
        further=["packing", *PACKED],
        limit=limit,
        **({} if order_id is None else {"order_id": order_id}),
    )


async def refills(tx: Tx, *, account_id: AccountId, site_id: SiteId, limit: int) -> list[Refill]:
    """What live picks that nobody has in hand want from elsewhere than a shelf. Index: wave_live_idx."""
    return await tx.many(
        Refill,
        """
WITH far AS (
    SELECT t.stock_id, t.location_id, sum(t.quantity)::bigint AS needed
      FROM wave v
      JOIN pick_task t ON t.account_id = v.account_id AND t.wave_id = v.id AND t.state = 'open' AND t.picked = 0
                      AND t.staff_id IS NULL
      JOIN wave_order w ON w.account_id = t.account_id AND w.wave_id = t.wave_id AND w.order_id = t.order_id
                       AND w.state = 'open'
      JOIN orders o ON o.account_id = t.account_id AND o.id = t.order_id
                   AND o.state = ANY (%(picked_states)s::text[])
      LEFT JOIN location l ON l.account_id = t.account_id AND l.id = t.location_id
     WHERE v.account_id = %(account_id)s AND v.site_id = %(site_id)s AND v.state = 'live'
       AND coalesce(l.kind, '') <> 'shelf'
     GROUP BY t.stock_id, t.location_id
)
SELECT f.stock_id, p.sku, p.name, s.lot, f.location_id AS from_location_id, coalesce(l.code, '') AS source,
       shelf.id AS to_location_id, shelf.code AS shelf, coalesce(shelf.quantity, 0)::bigint AS on_shelf, f.needed
  FROM far f
  JOIN stock s ON s.account_id = %(account_id)s AND s.id = f.stock_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
  LEFT JOIN location l ON l.account_id = s.account_id AND l.id = f.location_id
  LEFT JOIN LATERAL (
       SELECT h.id, h.code, x.quantity
         FROM stock b
         JOIN located x ON x.account_id = b.account_id AND x.stock_id = b.id
         JOIN location h ON h.account_id = x.account_id AND h.id = x.location_id AND h.kind = 'shelf' AND h.active
        WHERE b.account_id = s.account_id AND b.product_id = s.product_id AND b.site_id = s.site_id
        ORDER BY b.id <> s.id, h.walk_order, h.code LIMIT 1) shelf ON true
 ORDER BY p.sku, s.lot, f.stock_id, l.code LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        limit=limit,
        picked_states=PICKED,
    )


async def waiting_there(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, stock_id: StockId, location_id: LocationId | None
) -> list[Task]:
    """Picks there that nobody has in hand or has begun, held. Index: pick_task_open_idx."""
    return await tx.many(
        Task,
        f"""
SELECT {columns(Task, of="t")}
  FROM pick_task t JOIN wave v ON v.id = t.wave_id AND v.site_id = %(site_id)s AND v.state = 'live'
 WHERE t.account_id = %(account_id)s AND t.stock_id = %(stock_id)s AND t.state = 'open' AND t.picked = 0
   AND t.staff_id IS NULL AND t.location_id IS NOT DISTINCT FROM %(location_id)s::bigint
 ORDER BY t.id FOR NO KEY UPDATE OF t
""",
        account_id=account_id,
        site_id=site_id,
        stock_id=stock_id,
        location_id=location_id,
    )


async def promised_there(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, stock_id: StockId, location_id: LocationId | None
) -> int:
    """Pieces that live picks still take there. Index: pick_task_open_idx."""
    pieces = await tx.value(
        """
SELECT sum(t.quantity - t.picked)::bigint
  FROM pick_task t
  JOIN wave v ON v.id = t.wave_id AND v.site_id = %(site_id)s
  JOIN wave_order w ON w.account_id = t.account_id AND w.wave_id = t.wave_id AND w.order_id = t.order_id
                   AND w.state = 'open'
  JOIN orders o ON o.account_id = t.account_id AND o.id = t.order_id AND o.state = ANY (%(picked_states)s::text[])
 WHERE t.account_id = %(account_id)s AND t.stock_id = %(stock_id)s AND t.state = 'open'
   AND t.location_id IS NOT DISTINCT FROM %(location_id)s::bigint
""",
        account_id=account_id,
        site_id=site_id,
        stock_id=stock_id,
        location_id=location_id,
        picked_states=PICKED,
    )
    return int(pieces or 0)


async def redirect(tx: Tx, *, account_id: AccountId, pieces: Mapping[int, int], location_id: LocationId) -> None:
    """Task -> so many of its pieces are taken at another location now; the caller holds the tasks."""
    await tx.execute(
        """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(pieces)s::bigint[]) AS g (id, pieces)
), whole AS (
    UPDATE pick_task t SET location_id = %(location_id)s
      FROM given WHERE t.account_id = %(account_id)s AND t.id = given.id AND t.quantity = given.pieces
), less AS (
    UPDATE pick_task t SET quantity = t.quantity - given.pieces
      FROM given WHERE t.account_id = %(account_id)s AND t.id = given.id AND t.quantity > given.pieces
    RETURNING t.wave_id, t.order_id, t.order_line_id, t.stock_id, given.pieces
)
INSERT INTO pick_task (account_id, wave_id, order_id, order_line_id, stock_id, location_id, quantity, created_at)
SELECT %(account_id)s, wave_id, order_id, order_line_id, stock_id, %(location_id)s, pieces, %(now)s FROM less
""",
        account_id=account_id,
        ids=list(pieces),
        pieces=list(pieces.values()),
        location_id=location_id,
        now=tx.now,
    )


async def back_orders(tx: Tx, *, account_id: AccountId, site_id: SiteId, limit: int) -> list[BackOrder]:
    """Held orders whose last wave ended short for them. Index: orders_held_idx."""
    return await tx.many(
        BackOrder,
        """
SELECT o.id AS order_id, o.number, coalesce(o.feedback, '') AS feedback, o.updated_at AS held_at, w.wave_id
  FROM orders o
 CROSS JOIN LATERAL (SELECT w.wave_id, w.state FROM wave_order w
                      WHERE w.account_id = o.account_id AND w.order_id = o.id
                      ORDER BY w.wave_id DESC LIMIT 1) w
 WHERE o.account_id = %(account_id)s AND o.site_id = %(site_id)s AND o.kind = 'outbound' AND o.state = 'held'
   AND w.state = 'short'
 ORDER BY o.id LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        limit=limit,
    )
