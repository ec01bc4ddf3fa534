"""Statements on what comes back."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from crossdock.base.ids import AccountId, LocationId, OrderId, SiteId, StaffId
from crossdock.core.orders.model import Order
from crossdock.core.orders.sql import ORDER
from crossdock.core.returning.model import Piece, Returning, Stray, Wanted
from crossdock.db.compose import SQL
from crossdock.db.tx import Tx

_PIECE: Final = """
       p.id, p.order_id, p.order_line_id, p.quantity, p.verdict, p.lot, p.expires_on, p.serial,
       p.location_id, coalesce(l.code, '') AS location, p.note, p.staff_id, by.username AS by, p.inspected_at, p.ended
"""
_PIECES: Final = """
  LEFT JOIN location l ON l.account_id = p.account_id AND l.id = p.location_id
  JOIN staff by ON by.id = p.staff_id
"""
_STRAY: Final = """
       s.id, s.account_id, s.site_id, s.code, s.what, s.order_id, coalesce(o.number, '') AS number, s.staff_id,
       by.username AS by, s.found_at, s.settled_at, s.settlement
"""
_STRAYS: Final = """
  LEFT JOIN orders o ON o.account_id = s.account_id AND o.id = s.order_id
  JOIN staff by ON by.id = s.staff_id
"""


async def of_references(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, references: Collection[str], limit: int
) -> list[Order]:
    """Returns to this place that carry one of these references, newest first. Index: orders_account_reference_idx."""
    return await tx.many(
        Order,
        f"SELECT {ORDER} FROM orders WHERE account_id = %(account_id)s AND reference = ANY (%(references)s::text[])"
        " AND kind = 'return' AND site_id = %(site_id)s ORDER BY id DESC LIMIT %(limit)s",
        account_id=account_id,
        site_id=site_id,
        references=list(references),
        limit=limit,
    )


async def add(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    order_id: OrderId,
    order_line_id: int,
    staff_id: StaffId,
    wanted: Wanted,
    location_id: LocationId | None,
    operation_id: str,
) -> Piece:
    return await tx.one(
        Piece,
        f"""
WITH p AS (
    INSERT INTO return_piece (account_id, site_id, order_id, order_line_id, quantity, verdict, lot, expires_on,
                              serial, location_id, note, staff_id, operation_id, inspected_at)
    VALUES (%(account_id)s, %(site_id)s, %(order_id)s, %(order_line_id)s, %(quantity)s, %(verdict)s, %(lot)s,
            %(expires_on)s, %(serial)s, %(location_id)s, %(note)s, %(staff_id)s, %(operation_id)s, %(now)s)
    RETURNING *)
SELECT {_PIECE} FROM p {_PIECES}
""",
        account_id=account_id,
        site_id=site_id,
        order_id=order_id,
        order_line_id=order_line_id,
        quantity=wanted.quantity,
        verdict=wanted.verdict,
        lot=wanted.lot,
        expires_on=wanted.expires_on,
        serial=wanted.serial,
        location_id=location_id,
        note=wanted.note,
        staff_id=staff_id,
        operation_id=operation_id,
        now=tx.now,
    )


async def of_operation(tx: Tx, *, account_id: AccountId, site_id: SiteId, operation_id: str) -> Piece | None:
    """Key: return_piece_operation_key."""
    return await tx.one_or_none(
        Piece,
        f"SELECT {_PIECE} FROM return_piece p {_PIECES} WHERE p.account_id = %(account_id)s"
        " AND p.site_id = %(site_id)s AND p.operation_id = %(operation_id)s",
        account_id=account_id,
        site_id=site_id,
        operation_id=operation_id,
    )


async def pieces(tx: Tx, *, account_id: AccountId, order_id: OrderId, limit: int) -> list[Piece]:
    """Newest first, without what was taken back. Index: return_piece_order_idx."""
    return await tx.many(
        Piece,
        f"SELECT {_PIECE} FROM return_piece p {_PIECES} WHERE p.account_id = %(account_id)s"
        " AND p.order_id = %(order_id)s AND p.ended IS DISTINCT FROM 'taken_back' ORDER BY p.id DESC LIMIT %(limit)s",
        account_id=account_id,
        order_id=order_id,
        limit=limit,
    )


async def end(tx: Tx, *, account_id: AccountId, order_id: OrderId, ids: Sequence[int], ended: str) -> list[int]:
    """Those that were open until now. Index: return_piece_order_idx."""
    rows = await tx.rows(
        "UPDATE return_piece SET ended = %(ended)s, ended_at = %(now)s"
        " WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND id = ANY (%(ids)s::bigint[])"
        " AND ended IS NULL RETURNING id",
        account_id=account_id,
        order_id=order_id,
        ids=list(ids),
        ended=ended,
        now=tx.now,
    )
    return [int(row[0]) for row in rows]


async def add_stray(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    code: str,
    what: str,
    order_id: OrderId | None,
    operation_id: str,
) -> Stray:
    """The same operation again finds what it wrote. Key: stray_goods_operation_key."""
    by: dict[str, Any] = {"account_id": account_id, "site_id": site_id, "operation_id": operation_id}
    await tx.execute(
        """
INSERT INTO stray_goods (account_id, site_id, code, what, order_id, staff_id, operation_id, found_at)
VALUES (%(account_id)s, %(site_id)s, %(code)s, %(what)s, %(order_id)s, %(staff_id)s, %(operation_id)s, %(now)s)
ON CONFLICT ON CONSTRAINT stray_goods_operation_key DO NOTHING
""",
        **by,
        code=code,
        what=what,
        order_id=order_id,
        staff_id=staff_id,
        now=tx.now,
    )
    return await tx.one(
        Stray,
        f"SELECT {_STRAY} FROM stray_goods s {_STRAYS} WHERE s.account_id = %(account_id)s"
        " AND s.site_id = %(site_id)s AND s.operation_id = %(operation_id)s",
        **by,
    )


async def settle_stray(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, stray_id: int, staff_id: StaffId, settlement: str
) -> bool:
    """Whether it was open until now. Key: stray_goods_pkey."""
    return bool(
        await tx.execute(
            "UPDATE stray_goods SET settled_by = %(staff_id)s, settled_at = %(now)s, settlement = %(settlement)s"
            " WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND id = %(stray_id)s"
            " AND settled_at IS NULL",
            account_id=account_id,
            site_id=site_id,
            stray_id=stray_id,
            staff_id=staff_id,
            settlement=settlement,
            now=tx.now,
        )
    )


# Looking ----------------------------------------------------------------------------


async def returning(tx: Tx, *, account_id: AccountId, site_id: SiteId, after: int, limit: int) -> list[Returning]:
    """By id. Index: orders_returning_idx."""
    return await tx.many(
        Returning,
        """
SELECT o.id AS order_id, o.number, coalesce(o.reference, '') AS reference, coalesce(sub.code, '') AS owner, o.state,
       o.pieces, coalesce(seen.pieces, 0)::bigint AS seen, o.arrived_at
  FROM (SELECT * FROM orders
         WHERE account_id = %(account_id)s AND site_id = %(site_id)s AND kind = 'return'
           AND state NOT IN ('draft', 'finished', 'cancelled', 'deleted') AND id > %(after)s
         ORDER BY id LIMIT %(limit)s) o
  LEFT JOIN sub_inventory sub ON sub.account_id = o.account_id AND sub.id = o.sub_inventory_id
  LEFT JOIN LATERAL (SELECT sum(quantity) AS pieces FROM return_piece p
                      WHERE p.account_id = o.account_id AND p.order_id = o.id
                        AND p.ended IS DISTINCT FROM 'taken_back') seen ON true
 ORDER BY o.id
""",
        account_id=account_id,
        site_id=site_id,
        after=after,
        limit=limit,
    )


async def here(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> int:
    """Index: orders_returning_idx."""
    found = await tx.value(
        "SELECT count(*) FROM orders WHERE account_id = %(account_id)s AND site_id = %(site_id)s"
        " AND kind = 'return' AND state NOT IN ('draft', 'finished', 'cancelled', 'deleted')"
        " AND arrived_at IS NOT NULL",
        account_id=account_id,
        site_id=site_id,
    )
    return int(found)


async def strays(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, stray_id: int | None, after: int, limit: int
) -> list[Stray]:
    """Those that are not settled, oldest first; with `stray_id` that one, settled or not. Index:
    stray_goods_open_idx.
    """
    return await tx.many(
        Stray,
        SQL(
            f"SELECT {_STRAY} FROM stray_goods s {_STRAYS} WHERE s.account_id = %(account_id)s"
            " AND s.site_id = %(site_id)s AND {} ORDER BY s.id LIMIT %(limit)s"
        ).format(SQL("s.settled_at IS NULL AND s.id > %(after)s" if stray_id is None else "s.id = %(stray_id)s")),
        account_id=account_id,
        site_id=site_id,
        limit=limit,
        **({"after": after} if stray_id is None else {"stray_id": stray_id}),
    )
