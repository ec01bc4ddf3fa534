"""Statements on benches, the orders that are packed at them, and their scans. Orders are locked before packings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, LocationId, OrderId, PackingId, ProductId, SiteId, StaffId
from crossdock.core.bench.model import Department, Packing, Ready, Scan, State, Station, Weighed
from crossdock.db.tx import Tx, columns

_SCAN = columns(Scan)
_PACKING = f"""
SELECT {columns(Packing)}
  FROM (SELECT p.*, s.username FROM bench_packing p JOIN staff s ON s.id = p.staff_id) AS packing
"""


async def departments(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[Department]:
    """Places of enterprises that are this warehouse, by id."""
    return await tx.many(
        Department,
        "SELECT d.id, d.enterprise_id, d.name FROM department d JOIN enterprise e ON e.id = d.enterprise_id"
        " WHERE e.account_id = %(account_id)s AND d.site_id = %(site_id)s ORDER BY d.id",
        account_id=account_id,
        site_id=site_id,
    )


async def filmed(tx: Tx, *, account_id: AccountId, department_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Department and station of every camera in use, by name. Index: camera_department_id_name_key."""
    rows = await tx.rows(
        "SELECT DISTINCT department_id, station FROM camera"
        " WHERE account_id = %(account_id)s AND department_id = ANY(%(department_ids)s::bigint[]) AND enabled"
        " ORDER BY station, department_id",
        account_id=account_id,
        department_ids=list(department_ids),
    )
    return [(department_id, station) for department_id, station in rows]


async def find(tx: Tx, *, account_id: AccountId, site_id: SiteId, packing_id: int) -> Packing | None:
    return await tx.one_or_none(
        Packing,
        f"{_PACKING} WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND id = %(id)s",
        account_id=account_id,
        site_id=site_id,
        id=packing_id,
    )


async def lock(tx: Tx, *, account_id: AccountId, packing_id: int) -> None:
    await tx.execute(
        "SELECT 1 FROM bench_packing WHERE account_id = %(account_id)s AND id = %(id)s FOR NO KEY UPDATE",
        account_id=account_id,
        id=packing_id,
    )


async def of_operation(tx: Tx, *, account_id: AccountId, site_id: SiteId, operation_id: str) -> Packing | None:
    """Key: bench_packing_operation_key."""
    return await tx.one_or_none(
        Packing,
        f"{_PACKING} WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND operation_id = %(operation_id)s",
        account_id=account_id,
        site_id=site_id,
        operation_id=operation_id,
    )


async def open_at(tx: Tx, *, account_id: AccountId, site_id: SiteId, bench: str) -> Packing | None:
    """Index: bench_packing_bench_key."""
    return await tx.one_or_none(
        Packing,
        f"{_PACKING} WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND bench = %(bench)s"
        " AND state = 'open'",
        account_id=account_id,
        site_id=site_id,
        bench=bench,
    )


async def newest_of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> Packing | None:
    """Index: bench_packing_of_order_idx."""
    return await tx.one_or_none(
        Packing,
        f"{_PACKING} WHERE account_id = %(account_id)s AND order_id = %(order_id)s ORDER BY id DESC LIMIT 1",
        account_id=account_id,
        order_id=order_id,
    )


async def begin(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    order_id: OrderId,
    station: Station,
    staff_id: StaffId,
    operation_id: str,
) -> int | None:
    """None where the order or the bench has one open. Indexes: bench_packing_order_key, bench_packing_bench_key."""
    found = await tx.value(
        """
INSERT INTO bench_packing (account_id, site_id, order_id, bench, department_id, station, staff_id, operation_id,
                           opened_at)
VALUES (%(account_id)s, %(site_id)s, %(order_id)s, %(bench)s, %(department_id)s, %(station)s, %(staff_id)s,
        %(operation_id)s, %(now)s)
ON CONFLICT DO NOTHING RETURNING id
""",
        account_id=account_id,
        site_id=site_id,
        order_id=order_id,
        bench=station.key,
        department_id=station.department_id,
        station=station.name,
        staff_id=staff_id,
        operation_id=operation_id,
        now=tx.now,
    )
    return None if found is None else int(found)


async def end_gone(tx: Tx, *, account_id: AccountId, site_id: SiteId, bench: str) -> None:
    """What is open at a bench of an order that is not packed any more. Index: bench_packing_bench_key."""
    await tx.execute(
        """
UPDATE bench_packing p SET state = 'stopped', ended_at = %(now)s, block = NULL, reason = o.state
  FROM orders o
 WHERE p.account_id = %(account_id)s AND p.site_id = %(site_id)s AND p.bench = %(bench)s AND p.state = 'open'
   AND o.account_id = p.account_id AND o.id = p.order_id AND o.state <> 'packing'
""",
        account_id=account_id,
        site_id=site_id,
        bench=bench,
        now=tx.now,
    )


async def end(
    tx: Tx,
    *,
    account_id: AccountId,
    packing_id: int,
    state: State,
    reason: str = "",
    report_id: PackingId | None = None,
) -> None:
    """One that is open, held by the caller."""
    await tx.execute(
        "UPDATE bench_packing SET state = %(state)s, ended_at = %(now)s, block = NULL, reason = %(reason)s,"
        " packing_id = %(report_id)s WHERE account_id = %(account_id)s AND id = %(id)s AND state = 'open'",
        account_id=account_id,
        id=packing_id,
        state=state,
        reason=reason,
        report_id=report_id,
        now=tx.now,
    )


async def set_block(tx: Tx, *, account_id: AccountId, packing_id: int, block: Mapping[str, Any] | None) -> None:
    await tx.execute(
        "UPDATE bench_packing SET block = %(block)s::jsonb"
        " WHERE account_id = %(account_id)s AND id = %(id)s AND state = 'open'",
        account_id=account_id,
        id=packing_id,
        block=None if block is None else json.text(dict(block)),
    )


async def weigh(tx: Tx, *, account_id: AccountId, packing_id: int, weight_g: Decimal | None, box: str) -> None:
    await tx.execute(
        "UPDATE bench_packing SET weight_g = %(weight_g)s, box = %(box)s"
        " WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=packing_id,
        weight_g=weight_g,
        box=box,
    )


async def scans(tx: Tx, *, account_id: AccountId, packing_id: int) -> list[Scan]:
    """Those that count, in their order. Key: bench_scan_operation_key."""
    return await tx.many(
        Scan,
        f"SELECT {_SCAN} FROM bench_scan WHERE account_id = %(account_id)s AND bench_packing_id = %(id)s"
        " AND taken_back_at IS NULL ORDER BY id",
        account_id=account_id,
        id=packing_id,
    )


async def scan_of(tx: Tx, *, account_id: AccountId, packing_id: int, operation_id: str) -> Scan | None:
    """Also one that was taken back. Key: bench_scan_operation_key."""
    return await tx.one_or_none(
        Scan,
        f"SELECT {_SCAN} FROM bench_scan WHERE account_id = %(account_id)s AND bench_packing_id = %(id)s"
        " AND operation_id = %(operation_id)s",
        account_id=account_id,
        id=packing_id,
        operation_id=operation_id,
    )


async def last_scan(tx: Tx, *, account_id: AccountId, packing_id: int) -> Scan | None:
    """Key: bench_scan_operation_key."""
    return await tx.one_or_none(
        Scan,
        f"SELECT {_SCAN} FROM bench_scan WHERE account_id = %(account_id)s AND bench_packing_id = %(id)s"
        " AND taken_back_at IS NULL ORDER BY id DESC LIMIT 1",
        account_id=account_id,
        id=packing_id,
    )


async def counted(tx: Tx, *, account_id: AccountId, packing_id: int) -> dict[int, int]:
    """Order line -> pieces in the parcel. Key: bench_scan_operation_key."""
    rows = await tx.rows(
        "SELECT order_line_id, sum(quantity)::bigint FROM bench_scan"
        " WHERE account_id = %(account_id)s AND bench_packing_id = %(id)s AND taken_back_at IS NULL"
        " GROUP BY order_line_id",
        account_id=account_id,
        id=packing_id,
    )
    return dict(rows)


async def serial_in(tx: Tx, *, account_id: AccountId, packing_id: int, line_ids: Sequence[int], serial: str) -> bool:
    """Whether this very piece lies in the parcel. Key: bench_scan_operation_key."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT 1 FROM bench_scan"
            " WHERE account_id = %(account_id)s AND bench_packing_id = %(id)s AND taken_back_at IS NULL"
            " AND order_line_id = ANY(%(line_ids)s::bigint[]) AND serial = %(serial)s)",
            account_id=account_id,
            id=packing_id,
            line_ids=list(line_ids),
            serial=serial,
        )
    )


async def add_scan(
    tx: Tx,
    *,
    account_id: AccountId,
    packing_id: int,
    line_id: int,
    quantity: int,
    code: str,
    lot: str,
    serial: str,
    operation_id: str,
) -> None:
    await tx.execute(
        """
INSERT INTO bench_scan (account_id, bench_packing_id, order_line_id, quantity, code, lot, serial, operation_id,
                        scanned_at)
VALUES (%(account_id)s, %(id)s, %(line_id)s, %(quantity)s, %(code)s, %(lot)s, %(serial)s, %(operation_id)s, %(now)s)
""",
        account_id=account_id,
        id=packing_id,
        line_id=line_id,
        quantity=quantity,
        code=code,
        lot=lot,
        serial=serial,
        operation_id=operation_id,
        now=tx.now,
    )


async def take_back(tx: Tx, *, account_id: AccountId, scan_id: int) -> None:
    await tx.execute(
        "UPDATE bench_scan SET taken_back_at = %(now)s WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=scan_id,
        now=tx.now,
    )


async def lots(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> dict[int, list[str]]:
    """Order line -> lots of what is set aside for it. Index: stock_move_account_id_order_id_idx."""
    rows = await tx.rows(
        """
SELECT m.order_line_id, array_agg(m.lot ORDER BY m.lot)
  FROM (SELECT m.order_line_id, s.lot
          FROM stock_move m JOIN stock s ON s.account_id = m.account_id AND s.id = m.stock_id
         WHERE m.account_id = %(account_id)s AND m.order_id = %(order_id)s AND m.order_line_id IS NOT NULL
         GROUP BY m.order_line_id, s.lot
        HAVING sum(m.allocated) > 0) m
 GROUP BY m.order_line_id
""",
        account_id=account_id,
        order_id=order_id,
    )
    return dict(rows)


class Named(Struct, frozen=True):
    product_id: ProductId
    code: str


async def units(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, product_ids: Sequence[ProductId], code: str
) -> list[Named]:
    """Pieces of these products that are here under this name. Index: unit_account_id_product_id_code_key."""
    return await tx.many(
        Named,
        """
SELECT u.product_id, u.code
  FROM unit u JOIN stock s ON s.account_id = u.account_id AND s.id = u.stock_id AND s.site_id = %(site_id)s
 WHERE u.account_id = %(account_id)s AND u.product_id = ANY(%(product_ids)s::bigint[]) AND u.code = %(code)s
   AND u.state = 'in_stock'
""",
        account_id=account_id,
        site_id=site_id,
        product_ids=list(product_ids),
        code=code,
    )


async def has_names(tx: Tx, *, account_id: AccountId, site_id: SiteId, product_id: ProductId) -> bool:
    """Whether pieces of this product that are here have names. Index: unit_here_idx."""
    return bool(
        await tx.value(
            """
SELECT EXISTS (SELECT 1 FROM stock s
                 JOIN unit u ON u.account_id = s.account_id AND u.stock_id = s.id AND u.state = 'in_stock'
                WHERE s.account_id = %(account_id)s AND s.site_id = %(site_id)s AND s.product_id = %(product_id)s)
""",
            account_id=account_id,
            site_id=site_id,
            product_id=product_id,
        )
    )


async def totes(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[tuple[LocationId, str]]:
    """Where the order's goods were picked into. Indexes: wave_order_live_key, tote_use_order_idx."""
    rows = await tx.rows(
        """
SELECT l.id, l.code
  FROM wave_order w
  JOIN tote_use u ON u.account_id = w.account_id AND u.wave_id = w.wave_id AND u.order_id = w.order_id
                 AND u.freed_at IS NULL
  JOIN location l ON l.account_id = u.account_id AND l.id = u.tote_id
 WHERE w.account_id = %(account_id)s AND w.order_id = %(order_id)s AND w.state IN ('open', 'ready')
 ORDER BY l.code
""",
        account_id=account_id,
        order_id=order_id,
    )
    return [(LocationId(id), code) for id, code in rows]


async def unready(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> bool:
    """Whether a wave still has picks of it. Index: wave_order_live_key."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT 1 FROM wave_order WHERE account_id = %(account_id)s AND order_id = %(order_id)s"
            " AND state = 'open')",
            account_id=account_id,
            order_id=order_id,
        )
    )


async def ready(tx: Tx, *, account_id: AccountId, site_id: SiteId, limit: int) -> list[Ready]:
    """Orders that may be packed, the oldest first. Indexes: orders_picked_idx, wave_order_live_key."""
    return await tx.many(
        Ready,
        """
SELECT o.id AS order_id, o.number, o.pieces, coalesce(t.totes, '{}') AS totes
  FROM orders o
  LEFT JOIN wave_order w ON w.account_id = o.account_id AND w.order_id = o.id AND w.state IN ('open', 'ready')
 CROSS JOIN LATERAL (
       SELECT array_agg(l.code ORDER BY l.code) AS totes
         FROM tote_use u JOIN location l ON l.account_id = u.account_id AND l.id = u.tote_id
        WHERE u.account_id = o.account_id AND u.wave_id = w.wave_id AND u.order_id = o.id AND u.freed_at IS NULL) t
 WHERE o.account_id = %(account_id)s AND o.site_id = %(site_id)s AND o.kind = 'outbound' AND o.state = 'picking'
   AND w.state IS DISTINCT FROM 'open'
 ORDER BY o.id LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        limit=limit,
    )


async def reading(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, mailnos: Sequence[str], since: datetime
) -> Weighed | None:
    """What a weighing machine saw last of the parcel, whether it has its carrier's number by now or not.

    Indexes: scale_reading_waiting_idx, waybill_account_id_order_id_idx.
    """
    return await tx.one_or_none(
        Weighed,
        """
SELECT weight_g, device, measured_at
  FROM (SELECT weight_g, device, measured_at FROM scale_reading
         WHERE account_id = %(account_id)s AND mailno = ANY(%(mailnos)s::text[]) AND waybill_id IS NULL
         UNION ALL
        SELECT r.weight_g, r.device, r.measured_at
          FROM waybill w JOIN scale_reading r ON r.account_id = w.account_id AND r.waybill_id = w.id
         WHERE w.account_id = %(account_id)s AND w.order_id = %(order_id)s) seen
 WHERE measured_at >= %(since)s
 ORDER BY measured_at DESC LIMIT 1
""",
        account_id=account_id,
        order_id=order_id,
        mailnos=list(mailnos),
        since=since,
    )


async def order_of_waybill(tx: Tx, *, account_id: AccountId, number: str) -> OrderId | None:
    """The newest outbound order with this carrier's number, given before it left.

    Index: orders_tracking_number_idx.
    """
    found = await tx.value(
        "SELECT id FROM orders WHERE tracking_number = %(number)s AND account_id = %(account_id)s"
        " AND kind = 'outbound' ORDER BY id DESC LIMIT 1",
        account_id=account_id,
        number=number,
    )
    return None if found is None else OrderId(found)
