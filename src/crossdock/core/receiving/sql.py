"""Statements on what comes and what was scanned of it."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId, OrderId, SiteId, StaffId
from crossdock.core.receiving.model import Arriving, Scan, Wanted
from crossdock.db.tx import Tx, columns

_SCAN = columns(Scan)
_ARRIVING_FROM = """
  FROM orders o
 WHERE o.account_id = %(account_id)s AND o.kind = 'inbound' AND o.state IN ('announced', 'accepted', 'receiving')
   AND o.site_id = %(site_id)s
"""


async def arriving(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, start: int, limit: int
) -> tuple[int, list[Arriving]]:
    """Index: orders_arriving_idx."""
    total = await tx.value(f"SELECT count(*) {_ARRIVING_FROM}", account_id=account_id, site_id=site_id)
    found = await tx.many(
        Arriving,
        f"""
SELECT o.id AS order_id, o.number, coalesce(sub.code, '') AS owner, o.state, o.created_at, l.lines, l.pieces, l.done
  FROM (SELECT o.* {_ARRIVING_FROM} ORDER BY o.id OFFSET %(start)s LIMIT %(limit)s) o
  LEFT JOIN sub_inventory sub ON sub.account_id = o.account_id AND sub.id = o.sub_inventory_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS lines, coalesce(sum(quantity), 0)::bigint AS pieces, coalesce(sum(done), 0)::bigint AS done
         FROM order_line WHERE order_line.account_id = o.account_id AND order_line.order_id = o.id) l
 ORDER BY o.id
""",
        account_id=account_id,
        site_id=site_id,
        start=start,
        limit=limit,
    )
    return int(total), found


async def owner_of(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> str:
    code = await tx.value(
        "SELECT sub.code FROM orders o JOIN sub_inventory sub"
        " ON sub.account_id = o.account_id AND sub.id = o.sub_inventory_id"
        " WHERE o.account_id = %(account_id)s AND o.id = %(order_id)s",
        account_id=account_id,
        order_id=order_id,
    )
    return str(code or "")


async def source_of_plate(tx: Tx, *, account_id: AccountId, plate: str) -> str:
    """The number under which a plate was announced that has not come yet. Index: plate_waiting_key."""
    source = await tx.value(
        "SELECT source_number FROM plate"
        " WHERE account_id = %(account_id)s AND code = %(plate)s AND received_at IS NULL",
        account_id=account_id,
        plate=plate,
    )
    return str(source or "")


async def of_operation(tx: Tx, *, account_id: AccountId, site_id: SiteId, operation_id: str) -> list[Scan]:
    """Key: receipt_scan_operation_key."""
    return await tx.many(
        Scan,
        f"SELECT {_SCAN} FROM receipt_scan WHERE account_id = %(account_id)s AND site_id = %(site_id)s"
        " AND operation_id = %(operation_id)s ORDER BY part",
        account_id=account_id,
        site_id=site_id,
        operation_id=operation_id,
    )


async def open_scans(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Scan]:
    """Newest first. Index: receipt_scan_open_idx."""
    return await tx.many(
        Scan,
        f"SELECT {_SCAN} FROM receipt_scan"
        " WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND ended IS NULL ORDER BY id DESC",
        account_id=account_id,
        order_id=order_id,
    )


async def add(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    order_id: OrderId,
    staff_id: StaffId,
    operation_id: str,
    parts: Sequence[tuple[int, Wanted]],
) -> list[Scan]:
    """A row for each (order line, what was scanned of it)."""
    return await tx.many(
        Scan,
        f"""
INSERT INTO receipt_scan (account_id, site_id, order_id, staff_id, operation_id, scanned_at, order_line_id, quantity,
                          lot, expires_on, condition, serials, plate, part)
SELECT %(account_id)s, %(site_id)s, %(order_id)s, %(staff_id)s, %(operation_id)s, %(now)s, g.line, g.quantity, g.lot,
       g.expires_on, g.condition, array_remove(ARRAY[g.serial], ''), g.plate, g.part
  FROM unnest(%(lines)s::bigint[], %(quantities)s::bigint[], %(lots)s::text[], %(days)s::date[],
              %(conditions)s::text[], %(serials)s::text[], %(plates)s::text[])
       WITH ORDINALITY AS g (line, quantity, lot, expires_on, condition, serial, plate, part)
RETURNING {_SCAN}
""",
        account_id=account_id,
        site_id=site_id,
        order_id=order_id,
        staff_id=staff_id,
        operation_id=operation_id,
        now=tx.now,
        lines=[line_id for line_id, _ in parts],
        quantities=[one.quantity for _, one in parts],
        lots=[one.lot for _, one in parts],
        days=[one.expires_on for _, one in parts],
        conditions=[one.condition for _, one in parts],
        serials=[one.serial for _, one in parts],
        plates=[one.plate for _, one in parts],
    )


async def end(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, staff_id: StaffId, ids: Sequence[int], ended: str
) -> list[int]:
    """Those that were open until now. Index: receipt_scan_open_idx."""
    rows = await tx.rows(
        "UPDATE receipt_scan SET ended = %(ended)s, ended_at = %(now)s"
        " WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND staff_id = %(staff_id)s"
        " AND id = ANY (%(ids)s::bigint[]) AND ended IS NULL RETURNING id",
        account_id=account_id,
        order_id=order_id,
        staff_id=staff_id,
        ids=list(ids),
        ended=ended,
        now=tx.now,
    )
    return [int(row[0]) for row in rows]
