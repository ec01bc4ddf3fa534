"""One statement for each check: what was looked at is counted, what disagrees is returned.

A check is a query of rows (subject, says); `says` is null where all is well.
"""

from typing import Final

from crossdock.core.audit.model import Checked, Finding
from crossdock.core.orders.tally_sql import SORT, WIDTHS
from crossdock.db.tx import Tx

FINDINGS_MAX: Final = 100
"""Of one check; a broken ledger need not be printed whole."""
_WIDTHS: Final = f"'{{{','.join(map(str, WIDTHS))}}}'::bigint[]"

CHECKS: Final[dict[str, str]] = {
    "every bucket is the sum of its moves": """
SELECT 'stock ' || s.id AS subject,
       CASE WHEN s.on_hand <> coalesce(m.quantity, 0) OR s.allocated <> coalesce(m.allocated, 0)
            THEN format('on hand %%s, allocated %%s; its moves say %%s and %%s', s.on_hand, s.allocated,
                        coalesce(m.quantity, 0), coalesce(m.allocated, 0)) END AS says
  FROM stock s
  LEFT JOIN (SELECT account_id, stock_id, sum(quantity) AS quantity, sum(allocated) AS allocated
               FROM stock_move GROUP BY account_id, stock_id) m ON m.account_id = s.account_id AND m.stock_id = s.id
""",
    "no more lies in locations than there is": """
SELECT 'stock ' || l.stock_id AS subject,
       CASE WHEN l.quantity > s.on_hand THEN format('%%s lie in locations, %%s are there', l.quantity, s.on_hand)
            WHEN l.elsewhere > 0 THEN format('%%s locations of another site', l.elsewhere) END AS says
  FROM (SELECT d.account_id, d.stock_id, sum(d.quantity) AS quantity,
               count(*) FILTER (WHERE p.site_id <> s.site_id) AS elsewhere
          FROM located d
          JOIN location p ON p.account_id = d.account_id AND p.id = d.location_id
          JOIN stock s ON s.account_id = d.account_id AND s.id = d.stock_id
         GROUP BY d.account_id, d.stock_id) l
  JOIN stock s ON s.account_id = l.account_id AND s.id = l.stock_id
""",
    "what lies in a location is the sum of its moves": """
SELECT format('stock %%s in location %%s', coalesce(l.stock_id, m.stock_id), coalesce(l.location_id, m.location_id))
           AS subject,
       CASE WHEN coalesce(l.quantity, 0) <> coalesce(m.quantity, 0)
            THEN format('%%s lie there, its moves say %%s', coalesce(l.quantity, 0), coalesce(m.quantity, 0))
       END AS says
  FROM located l
  FULL JOIN (SELECT account_id, stock_id, location_id, sum(quantity) AS quantity
               FROM (SELECT account_id, stock_id, to_location_id AS location_id, quantity FROM location_move
                      UNION ALL
                     SELECT account_id, stock_id, from_location_id, -quantity FROM location_move) moved
              WHERE location_id IS NOT NULL
              GROUP BY account_id, stock_id, location_id) m
    ON (m.account_id, m.stock_id, m.location_id) = (l.account_id, l.stock_id, l.location_id)
""",
    "reserved stock belongs to orders that wait for it": """
SELECT 'order ' || o.id AS subject,
       CASE WHEN o.state IN ('allocated', 'released', 'picking', 'packing', 'packed', 'labelled', 'partly_shipped')
                 AND l.wanted <> l.held
                 THEN format('%%s, wants %%s, has %%s set aside', o.state, l.wanted, l.held)
            WHEN o.state NOT IN ('allocated', 'released', 'picking', 'packing', 'packed', 'labelled',
                                 'partly_shipped') AND l.held <> 0
                 THEN format('%%s, still has %%s set aside', o.state, l.held) END AS says
  FROM orders o
  JOIN (SELECT l.account_id, l.order_id,
               coalesce(sum(greatest(l.quantity - l.done, 0)) FILTER (WHERE l.product_id IS NOT NULL), 0) AS wanted,
               coalesce(sum(m.allocated), 0) AS held
          FROM order_line l
          LEFT JOIN (SELECT account_id, order_line_id, sum(allocated) AS allocated
                       FROM stock_move WHERE order_line_id IS NOT NULL GROUP BY account_id, order_line_id) m
                 ON m.account_id = l.account_id AND m.order_line_id = l.id
         GROUP BY l.account_id, l.order_id) l ON l.account_id = o.account_id AND l.order_id = o.id
 WHERE o.kind = 'outbound'
""",
    "what a line says was moved is in the ledger": """
SELECT 'order ' || l.order_id || ' line ' || l.line_no AS subject,
       CASE WHEN abs(coalesce(m.quantity, 0)) <> l.done
            THEN format('%%s done, the ledger moved %%s', l.done, coalesce(m.quantity, 0)) END AS says
  FROM order_line l
  LEFT JOIN (SELECT account_id, order_line_id, sum(quantity) AS quantity
               FROM stock_move WHERE order_line_id IS NOT NULL GROUP BY account_id, order_line_id) m
         ON m.account_id = l.account_id AND m.order_line_id = l.id
 WHERE l.product_id IS NOT NULL
""",
    "no more pieces have names than there are": """
SELECT 'stock ' || u.stock_id AS subject,
       CASE WHEN u.pieces > s.on_hand
            THEN format('%%s pieces have names, %%s are there', u.pieces, s.on_hand) END AS says
  FROM (SELECT account_id, stock_id, count(*) AS pieces FROM unit WHERE state = 'in_stock'
         GROUP BY account_id, stock_id) u
  JOIN stock s ON s.account_id = u.account_id AND s.id = u.stock_id
""",
    "every picked piece was moved": """
SELECT 'pick ' || t.id AS subject,
       CASE WHEN t.picked <> coalesce(m.picked, 0)
            THEN format('%%s picked, its moves say %%s', t.picked, coalesce(m.picked, 0)) END AS says
  FROM pick_task t
  LEFT JOIN (SELECT account_id, split_part(cause, ':', 2) AS pick, sum(quantity) AS picked
               FROM location_move WHERE cause LIKE 'pick:%%' GROUP BY 1, 2) m
         ON m.account_id = t.account_id AND m.pick = t.id::text
""",
    "what a bench reported is what was scanned there": """
SELECT 'packing ' || p.order_number AS subject,
       CASE WHEN (p.filmed_from, p.filmed_to, p.station) IS DISTINCT FROM (b.opened_at, b.ended_at, b.station)
            THEN format('filmed at %%s from %%s to %%s, packed at %%s from %%s to %%s', p.station, p.filmed_from,
                        p.filmed_to, b.station, b.opened_at, b.ended_at)
            WHEN coalesce(i.pieces, 0) <> coalesce(s.pieces, 0)
            THEN format('%%s reported, %%s scanned', coalesce(i.pieces, 0), coalesce(s.pieces, 0)) END AS says
  FROM bench_packing b
  JOIN packing p ON p.id = b.packing_id
  LEFT JOIN (SELECT packing_id, sum(quantity) AS pieces FROM packing_item GROUP BY packing_id) i
         ON i.packing_id = p.id
  LEFT JOIN (SELECT account_id, bench_packing_id, sum(quantity) AS pieces FROM bench_scan
              WHERE taken_back_at IS NULL GROUP BY account_id, bench_packing_id) s
         ON s.account_id = b.account_id AND s.bench_packing_id = b.id
""",
    "every manifest holds what it says, and that has left with it": """
SELECT 'manifest ' || m.id AS subject,
       CASE WHEN m.state <> 'closing' AND x.orders <> m.parcels
                 THEN format('%%s, has %%s orders, counts %%s', m.state, x.orders, m.parcels)
            WHEN x.strayed > 0 THEN format('%%s, %%s of its orders are elsewhere', m.state, x.strayed) END AS says
  FROM manifest m
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE p.state = CASE m.state WHEN 'closed' THEN 'shipped' ELSE 'on' END) AS orders,
              count(*) FILTER (WHERE p.state = 'on' AND m.state = 'closed'
                                  OR p.state = 'shipped' AND o.state NOT IN ('shipped', 'delivered', 'returned')
              ) AS strayed
         FROM manifest_parcel p JOIN orders o ON o.account_id = p.account_id AND o.id = p.order_id
        WHERE p.account_id = m.account_id AND p.manifest_id = m.id) x
""",
    "what was seen of a settled return is booked": """
SELECT 'order ' || l.order_id || ' line ' || l.line_no AS subject,
       CASE WHEN p.stocked <> l.done THEN format('%%s seen for stock, %%s booked', p.stocked, l.done)
            WHEN p.waiting > 0 AND o.finished_at IS NOT NULL
            THEN format('%%s, %%s findings wait', o.state, p.waiting) END AS says
  FROM (SELECT account_id, order_line_id, count(*) FILTER (WHERE ended IS NULL) AS waiting,
               coalesce(sum(quantity) FILTER (WHERE ended = 'booked' AND verdict <> 'reject'), 0) AS stocked
          FROM return_piece GROUP BY account_id, order_line_id) p
  JOIN order_line l ON l.account_id = p.account_id AND l.id = p.order_line_id
  JOIN orders o ON o.account_id = l.account_id AND o.id = l.order_id
 WHERE l.product_id IS NOT NULL
""",
    "every order is where its timeline left it": """
SELECT 'order ' || o.id AS subject,
       CASE WHEN e.state IS DISTINCT FROM o.state
            THEN format('%%s, its timeline ends in %%s', o.state, coalesce(e.state, 'nothing')) END AS says
  FROM orders o
  LEFT JOIN LATERAL (
       SELECT CASE e.kind WHEN 'order.placed' THEN e.facts ->> 'state' WHEN 'order.state' THEN e.facts ->> 'to'
                          WHEN 'inbound.received' THEN 'receiving' WHEN 'inbound.closed' THEN 'closed'
                          WHEN 'outbound.shipped' THEN coalesce(e.facts ->> 'state', 'shipped')
                          WHEN 'order.delivered' THEN 'delivered' WHEN 'transfer.closed' THEN 'closed'
                          WHEN 'transport.dispatched' THEN 'dispatched'
                          WHEN 'transport.finished' THEN e.facts ->> 'state' END AS state
         FROM event e
        WHERE e.account_id = o.account_id AND e.order_id = o.id
          AND e.kind IN ('order.placed', 'order.state', 'inbound.received', 'inbound.closed', 'outbound.shipped',
                         'order.delivered', 'transfer.closed', 'transport.dispatched', 'transport.finished')
        ORDER BY e.id DESC LIMIT 1) e ON true
""",
    "as many orders as were tallied": """
SELECT format('%%s %%s orders of account %%s in %%s', coalesce(o.dialect, t.dialect), coalesce(o.kind, t.kind),
              coalesce(o.account_id, t.account_id), coalesce(o.state, t.state)) AS subject,
       CASE WHEN coalesce(o.orders, 0) <> coalesce(t.orders, 0)
            THEN format('%%s, tallied as %%s', coalesce(o.orders, 0), coalesce(t.orders, 0)) END AS says
  FROM (SELECT account_id, company_id, kind, dialect, type, state, count(*) AS orders
          FROM orders GROUP BY account_id, company_id, kind, dialect, type, state) o
  FULL JOIN (SELECT account_id, company_id, kind, dialect, type, state, sum(orders) AS orders
               FROM order_tally GROUP BY account_id, company_id, kind, dialect, type, state) t
    ON (t.account_id, t.company_id, t.kind, t.dialect, t.type, t.state)
     = (o.account_id, o.company_id, o.kind, o.dialect, o.type, o.state)
""",
    "as many orders as were tallied in each block of ids": f"""
SELECT format('%%s %%s orders of account %%s in %%s, block %%s of %%s', coalesce(o.dialect, b.dialect),
              coalesce(o.kind, b.kind), coalesce(o.account_id, b.account_id), coalesce(o.state, b.state),
              coalesce(o.block, b.block), coalesce(o.width, b.width)) AS subject,
       CASE WHEN coalesce(o.orders, 0) <> coalesce(b.orders, 0)
            THEN format('%%s, tallied as %%s', coalesce(o.orders, 0), coalesce(b.orders, 0)) END AS says
  FROM (SELECT {SORT}, width, block * {WIDTHS[-1]} / width AS block, sum(orders) AS orders
          FROM (SELECT {SORT}, id / {WIDTHS[-1]} AS block, count(*) AS orders FROM orders
                 GROUP BY {SORT}, id / {WIDTHS[-1]}) narrow
         CROSS JOIN unnest({_WIDTHS}) AS width
         GROUP BY {SORT}, width, block * {WIDTHS[-1]} / width) o
  FULL JOIN (SELECT {SORT}, width, block, sum(orders) AS orders
               FROM (SELECT {SORT}, width, block, orders FROM order_block
                     UNION ALL
                     SELECT {SORT}, width, block * {WIDTHS[-1]} / width, orders
                       FROM order_tally CROSS JOIN unnest({_WIDTHS}) AS width WHERE block IS NOT NULL) every
              GROUP BY {SORT}, width, block) b
    ON (b.account_id, b.company_id, b.kind, b.dialect, b.type, b.state, b.width, b.block)
     = (o.account_id, o.company_id, o.kind, o.dialect, o.type, o.state, o.width, o.block)
""",
    "every box is full if and only if a parcel lies in it": """
SELECT 'box ' || c.number || '/' || b.name AS subject,
       CASE WHEN b."full" AND h.id IS NULL THEN 'full, and no parcel lies in it'
            WHEN NOT b."full" AND h.id IS NOT NULL THEN format('empty, and parcel %%s lies in it', h.order_number)
       END AS says
  FROM box b JOIN cabinet c ON c.id = b.cabinet_id
  LEFT JOIN handover h ON h.box_id = b.id AND h.state = 'stored'
""",
    "every parcel is where its cabinet's word left it": """
SELECT 'parcel ' || h.order_number AS subject,
       CASE WHEN h.state IN ('stored', 'taken') AND NOT EXISTS (
                 SELECT 1 FROM door_command d WHERE d.handover_id = h.id AND d.purpose IN ('store', 'move')
                    AND d.state = 'accepted') THEN h.state || ', no cabinet took it in'
            WHEN h.state = 'taken' AND NOT EXISTS (
                 SELECT 1 FROM door_command d WHERE d.handover_id = h.id AND d.purpose = 'take'
                    AND d.state = 'accepted') THEN 'taken, no cabinet gave it out'
            WHEN e.state IS DISTINCT FROM h.state
                 THEN format('%%s, its timeline ends in %%s', h.state, coalesce(e.state, 'nothing')) END AS says
  FROM handover h
  LEFT JOIN LATERAL (
       SELECT CASE e.kind WHEN 'handover.moved' THEN 'stored' WHEN 'handover.kept' THEN 'booked'
                          ELSE replace(e.kind, 'handover.', '') END AS state
         FROM event e
        WHERE e.account_id = h.account_id AND e.subject = 'handover:' || h.id AND e.subject LIKE 'handover:%%'
          AND e.kind NOT IN ('handover.reminded', 'handover.extended', 'handover.recalled')
        ORDER BY e.id DESC LIMIT 1) e ON true
 WHERE h.place = 'locker'
""",
    "every pick-up code is where its timeline left it": """
SELECT 'code of ' || h.order_number AS subject,
       CASE WHEN h.key !~ '^[0-9]{6}$' THEN 'is not six digits'
            WHEN e.state IS DISTINCT FROM h.state
                 THEN format('%%s, its timeline ends in %%s', h.state, coalesce(e.state, 'nothing')) END AS says
  FROM handover h
  LEFT JOIN LATERAL (
       SELECT CASE e.kind WHEN 'handover.issued' THEN 'unused' WHEN 'handover.used' THEN 'used'
                          WHEN 'handover.rolled_back' THEN coalesce(e.facts ->> 'state', 'unused')
                          WHEN 'handover.expired' THEN 'expired' WHEN 'handover.canceled' THEN 'canceled' END AS state
         FROM event e
        WHERE e.account_id = h.account_id AND e.subject = 'handover:' || h.id AND e.subject LIKE 'handover:%%'
          AND e.kind <> 'handover.prepared' ORDER BY e.id DESC LIMIT 1) e ON true
 WHERE h.place = 'shop'
""",
    "every pick-up code is where its shop's history left it": """
SELECT 'code of ' || h.order_number AS subject,
       CASE WHEN a.state IS DISTINCT FROM h.state
            THEN format('%%s, its history ends in %%s', h.state, coalesce(a.state, 'nothing'))
            WHEN (h.state = 'canceled') <> (h.canceled_at IS NOT NULL) THEN h.state || ', and canceled_at differs'
            WHEN (h.state = 'used') <> (h.used_at IS NOT NULL) THEN h.state || ', and used_at differs'
            WHEN a.rollbacks <> h.rollbacks
            THEN format('rolled back %%s times, %%s in its history', h.rollbacks, a.rollbacks) END AS says
  FROM handover h
  LEFT JOIN LATERAL (
       SELECT (array_agg(a.after ->> 'state' ORDER BY a.id DESC))[1] AS state,
              count(*) FILTER (WHERE a.action = 'rollback') AS rollbacks
         FROM staff_action a
        WHERE a.account_id = h.account_id AND a.handover_id = h.id AND a.after IS NOT NULL) a ON true
 WHERE h.place = 'shop'
   AND EXISTS (SELECT 1 FROM staff_action a
                WHERE a.account_id = h.account_id AND a.handover_id = h.id AND a.after IS NOT NULL)
""",
    "no live pick-up code is left of an order that ended": """
SELECT 'order ' || o.id AS subject,
       CASE WHEN h.state = 'unused' AND (o.state IN ('cancelled', 'deleted', 'returned', 'unshipped')
                                         OR o.payment = 'refunded')
            THEN format('%%s and %%s, and its code is live', o.state, o.payment) END AS says
  FROM orders o JOIN handover h ON h.account_id = o.account_id AND h.order_id = o.id AND h.place = 'shop'
 WHERE o.kind = 'outbound'
""",
    "every payment is what its rows say": """
SELECT 'order ' || o.id AS subject,
       CASE WHEN e.payment IS DISTINCT FROM o.payment
            THEN format('%%s, its timeline ends in %%s', o.payment, coalesce(e.payment, 'nothing'))
            WHEN p.given > 0 AND p.came > 0 AND p.given > p.came
            THEN format('%%s given back of %%s', p.given, p.came)
            WHEN (p.refunds > 0) <> (o.payment IN ('partially_refunded', 'refunded'))
            THEN format('%%s, with %%s refunds', o.payment, p.refunds)
            WHEN p.came > 0 AND p.refunds > 0 AND (p.given = p.came) <> (o.payment = 'refunded')
            THEN format('%%s, %%s given back of %%s', o.payment, p.given, p.came) END AS says
  FROM (SELECT account_id, order_id, coalesce(sum(amount) FILTER (WHERE kind = 'sale'), 0) AS came,
               coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS given,
               count(*) FILTER (WHERE kind = 'refund') AS refunds
          FROM payment GROUP BY account_id, order_id) p
  JOIN orders o ON o.account_id = p.account_id AND o.id = p.order_id
  LEFT JOIN LATERAL (
       SELECT e.facts ->> 'payment' AS payment FROM event e
        WHERE e.account_id = o.account_id AND e.order_id = o.id AND e.kind IN ('order.paid', 'order.refunded')
        ORDER BY e.id DESC LIMIT 1) e ON true
""",
    "a hand-over that is over has delivered its order": """
SELECT 'order ' || o.id AS subject,
       CASE WHEN h.state IN ('taken', 'used') AND o.state = 'shipped'
                 THEN format('shipped, and its parcel is %%s', h.state)
            WHEN h.state IN ('booked', 'stored', 'unused') AND o.state = 'delivered'
                 THEN format('delivered, and its parcel is %%s', h.state) END AS says
  FROM orders o JOIN handover h ON h.account_id = o.account_id AND h.order_id = o.id
 WHERE o.kind = 'outbound' AND h.state NOT IN ('deleted', 'canceled', 'expired')
""",
    "every callback called delivered was tried": """
SELECT 'callback ' || c.id AS subject,
       CASE WHEN c.state = 'delivered' AND NOT EXISTS (SELECT 1 FROM callback_attempt a
                                                        WHERE a.callback_id = c.id AND a.failure IS NULL)
            THEN 'delivered, and no try went well' END AS says
  FROM callback c
""",
    "every task that is over is done with its rows": """
SELECT 'task ' || t.id AS subject,
       CASE WHEN i.items <> t.total THEN format('of %%s rows, has %%s', t.total, i.items)
            WHEN t.state = 'finished' AND i.open > 0 THEN format('finished, %%s rows are open', i.open)
            WHEN i.strayed > 0 THEN format('%%s rows are another order, or none', i.strayed) END AS says
  FROM background_task t
 CROSS JOIN LATERAL (
       SELECT count(*) AS items, count(*) FILTER (WHERE i.done_at IS NULL) AS open,
              count(*) FILTER (WHERE i.order_id IS NOT NULL AND i.order_id IS DISTINCT FROM r.order_id) AS strayed
         FROM background_task_item i
         JOIN temp_consignment r ON r.account_id = i.account_id AND r.id = i.temp_consignment_id
        WHERE i.task_id = t.id) i
""",
}


async def check(tx: Tx, name: str) -> Checked:
    rows = await tx.value(f"SELECT count(*) FROM ({CHECKS[name]}) looked")
    findings = await tx.rows(
        f"SELECT subject, says FROM ({CHECKS[name]}) looked WHERE says IS NOT NULL ORDER BY subject LIMIT %(limit)s",
        limit=FINDINGS_MAX,
    )
    return Checked(
        check=name,
        rows=int(rows),
        findings=[Finding(check=name, subject=row[0], says=row[1]) for row in findings],
    )


async def freeze(tx: Tx) -> None:
    """All checks see the same moment, however long they take; first statement of its transaction."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    await tx.execute("SET LOCAL statement_timeout = 0")
