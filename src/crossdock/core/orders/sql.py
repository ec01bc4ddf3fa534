"""Statements on orders, their lines, and the numbers they go by."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, CompanyId, OrderId
from crossdock.core.orders.model import Kind, Order, OrderLine
from crossdock.db.tx import Tx, columns

ORDER = columns(Order)
LINE = columns(OrderLine)


Claim = tuple[AccountId, CompanyId, str, str, OrderId]
"""A unique reference: account, company, order type, reference, and the order that wants it."""


class Block(Struct, frozen=True):
    company_id: CompanyId
    day: date
    last: int


async def count_up(tx: Tx, wanted: Mapping[CompanyId, int]) -> list[Block]:
    """Take the next numbers of each company's day.

    Not flushed by itself: an order that carries the number is flushed after it, and the log is one sequence.
    """
    return await tx.many(
        Block,
        """
WITH unflushed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO order_counter (company_id, day, last)
SELECT company.id, (%(now)s::timestamptz AT TIME ZONE company.zone)::date, wanted.pieces
  FROM unflushed, unnest(%(companies)s::int[], %(counts)s::int[]) AS wanted (id, pieces)
  JOIN company ON company.id = wanted.id
 ORDER BY company.id
ON CONFLICT ON CONSTRAINT order_counter_pkey DO UPDATE SET last = order_counter.last + excluded.last
RETURNING company_id, day, last
""",
        now=tx.now,
        companies=list(wanted),
        counts=list(wanted.values()),
    )


async def by_numbers(tx: Tx, numbers: Collection[tuple[AccountId, Kind, str]]) -> list[Order]:
    """Index: orders_account_id_kind_number_key.

    A row each from the index, by OFFSET 0: a join is planned once, for a table that is still small, and would
    read all of it ever after. The arrays are sub-selects, so that the plan does not depend on their length.
    """
    return await tx.many(
        Order,
        f"""
SELECT found.*
  FROM unnest((SELECT %(accounts)s::bigint[]), (SELECT %(kinds)s::text[]), (SELECT %(numbers)s::text[]))
       AS wanted (account_id, kind, number)
 CROSS JOIN LATERAL (
       SELECT {ORDER} FROM orders
        WHERE orders.account_id = wanted.account_id AND orders.kind = wanted.kind
          AND orders.number = wanted.number
       OFFSET 0) AS found
""",
        accounts=[number[0] for number in numbers],
        kinds=[number[1] for number in numbers],
        numbers=[number[2] for number in numbers],
    )


async def claim_references(tx: Tx, claims: Sequence[Claim], *, kept: timedelta) -> set[OrderId]:
    """The orders that got theirs, in key order against deadlocks."""
    claims = sorted(claims)
    rows = await tx.rows(
        """
INSERT INTO order_reference (account_id, company_id, type, reference, order_id, claimed_at)
SELECT *, %(now)s FROM unnest(%(accounts)s::bigint[], %(companies)s::int[], %(types)s::text[],
                              %(references)s::text[], %(orders)s::bigint[])
ON CONFLICT ON CONSTRAINT order_reference_pkey DO UPDATE
   SET order_id = excluded.order_id, claimed_at = excluded.claimed_at
 WHERE order_reference.claimed_at < %(before)s
RETURNING order_id
""",
        accounts=[claim[0] for claim in claims],
        companies=[claim[1] for claim in claims],
        types=[claim[2] for claim in claims],
        references=[claim[3] for claim in claims],
        orders=[claim[4] for claim in claims],
        now=tx.now,
        before=tx.now - kept,
    )
    return {OrderId(row[0]) for row in rows}


async def free_references(tx: Tx, claims: Sequence[Claim]) -> None:
    """Give back what orders claimed that were refused after all. Index: order_reference_pkey."""
    await tx.execute(
        """
DELETE FROM order_reference r
 USING unnest(%(accounts)s::bigint[], %(companies)s::int[], %(types)s::text[], %(references)s::text[],
              %(orders)s::bigint[]) AS g (account_id, company_id, type, reference, order_id)
 WHERE r.account_id = g.account_id AND r.company_id = g.company_id AND r.type = g.type
   AND r.reference = g.reference AND r.order_id = g.order_id
""",
        accounts=[claim[0] for claim in claims],
        companies=[claim[1] for claim in claims],
        types=[claim[2] for claim in claims],
        references=[claim[3] for claim in claims],
        orders=[claim[4] for claim in claims],
    )


class LineRow(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    order_id: OrderId
    line_no: int
    line_key: str
    product_id: int | None
    sku: str
    sub_inventory_id: int | None
    lot: str
    condition: str
    quantity: int
    partner_fields: dict[str, Any]


async def find(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> Order | None:
    return await tx.one_or_none(
        Order,
        f"SELECT {ORDER} FROM orders WHERE account_id = %(account_id)s AND id = %(order_id)s",
        account_id=account_id,
        order_id=order_id,
    )


async def lock(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> Order | None:
    """The order, and nobody else may change it until this transaction ends."""
    return await tx.one_or_none(
        Order,
        f"SELECT {ORDER} FROM orders WHERE account_id = %(account_id)s AND id = %(order_id)s FOR NO KEY UPDATE",
        account_id=account_id,
        order_id=order_id,
    )


async def by_reference(tx: Tx, *, account_id: AccountId, reference: str) -> list[Order]:
    """Index: orders_account_reference_idx."""
    return await tx.many(
        Order,
        f"SELECT {ORDER} FROM orders WHERE account_id = %(account_id)s AND reference = %(reference)s ORDER BY id",
        account_id=account_id,
        reference=reference,
    )


async def by_token(tx: Tx, token: str) -> Order | None:
    """Index: orders_token_key."""
    return await tx.one_or_none(Order, f"SELECT {ORDER} FROM orders WHERE token = %(token)s", token=token)


async def by_tracking_numbers(tx: Tx, *, dialect: str, tracking_numbers: Sequence[str]) -> list[Order]:
    """The newest of each number. Index: orders_tracking_number_idx."""
    return await tx.many(
        Order,
        f"SELECT DISTINCT ON (tracking_number) {ORDER} FROM orders"
        " WHERE tracking_number = ANY (%(numbers)s::text[]) AND dialect = %(dialect)s AND kind = 'outbound'"
        " ORDER BY tracking_number, id DESC",
        numbers=list(tracking_numbers),
        dialect=dialect,
    )


async def lines(tx: Tx, *, account_id: AccountId, order_ids: Sequence[OrderId]) -> list[OrderLine]:
    """Index: order_line_account_id_order_id_line_no_key."""
    return await tx.many(
        OrderLine,
        f"SELECT {LINE} FROM order_line WHERE account_id = %(account_id)s"
        " AND order_id = ANY (%(order_ids)s::bigint[]) ORDER BY order_id, line_no",
        account_id=account_id,
        order_ids=list(order_ids),
    )


class Waiting(Struct, frozen=True):
    account_id: AccountId
    order_id: OrderId


async def waiting_for_stock(tx: Tx, *, after: OrderId, limit: int) -> list[Waiting]:
    """Submitted orders without stock, oldest first, that some free stock might serve. Index: orders_pending_idx."""
    return await tx.many(
        Waiting,
        """
SELECT o.account_id, o.id AS order_id
  FROM orders o
 WHERE o.state = 'pending' AND o.kind = 'outbound' AND o.id > %(after)s
   AND EXISTS (SELECT 1 FROM order_line l
                 JOIN stock s ON s.account_id = l.account_id AND s.product_id = l.product_id AND s.site_id = o.site_id
                WHERE l.account_id = o.account_id AND l.order_id = o.id AND s.on_hand > s.allocated)
 ORDER BY o.id LIMIT %(limit)s
""",
        after=after,
        limit=limit,
    )


async def set_state(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: OrderId,
    states: Collection[str],
    state: str,
    finished_at: datetime | None,
    batches: int | None,
    tracking_number: str | None,
    feedback: str | None = None,
    arrived_at: datetime | None = None,
) -> Order | None:
    """Move the order on from one of `states`; None when it is in another. What is None stays as it is."""
    return await tx.one_or_none(
        Order,
        f"""
UPDATE orders
   SET state = %(state)s, updated_at = %(now)s, finished_at = coalesce(%(finished_at)s, finished_at),
       batches = coalesce(%(batches)s, batches), tracking_number = coalesce(%(tracking_number)s, tracking_number),
       feedback = coalesce(%(feedback)s, feedback), arrived_at = coalesce(arrived_at, %(arrived_at)s)
 WHERE account_id = %(account_id)s AND id = %(order_id)s AND state = ANY (%(states)s::text[])
RETURNING {ORDER}
""",
        account_id=account_id,
        order_id=order_id,
        states=list(states),
        state=state,
        finished_at=finished_at,
        batches=batches,
        tracking_number=tracking_number,
        feedback=feedback,
        arrived_at=arrived_at,
        now=tx.now,
    )


async def change(tx: Tx, order: Order) -> Order:
    """Write what an update may change of it."""
    return await tx.one(
        Order,
        f"""
UPDATE orders
   SET recipient = %(recipient)s::jsonb, partner_fields = %(partner_fields)s::jsonb, service_id = %(service_id)s,
       reference = %(reference)s, return_action_id = %(return_action_id)s, measure = %(measure)s::jsonb,
       updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(order_id)s
RETURNING {ORDER}
""",
        account_id=order.account_id,
        order_id=order.id,
        recipient=json.text(order.recipient),
        partner_fields=json.text(order.partner_fields),
        service_id=order.service_id,
        reference=order.reference,
        return_action_id=order.return_action_id,
        measure=None if order.measure is None else json.text(order.measure),
        now=tx.now,
    )


async def line(tx: Tx, *, account_id: AccountId, line_id: int) -> OrderLine | None:
    return await tx.one_or_none(
        OrderLine,
        f"SELECT {LINE} FROM order_line WHERE account_id = %(account_id)s AND id = %(line_id)s",
        account_id=account_id,
        line_id=line_id,
    )


async def change_line(tx: Tx, line: OrderLine, *, account_id: AccountId) -> None:
    """Write what a change may set of it."""
    await tx.execute(
        """
UPDATE order_line
   SET line_key = %(line_key)s, quantity = %(quantity)s, sku = %(sku)s, partner_fields = %(partner_fields)s::jsonb
 WHERE account_id = %(account_id)s AND id = %(line_id)s
""",
        account_id=account_id,
        line_id=line.id,
        line_key=line.line_key,
        quantity=line.quantity,
        sku=line.sku,
        partner_fields=json.text(line.partner_fields),
    )


async def delete_line(tx: Tx, *, account_id: AccountId, line_id: int) -> None:
    await tx.execute(
        "DELETE FROM order_line WHERE account_id = %(account_id)s AND id = %(line_id)s",
        account_id=account_id,
        line_id=line_id,
    )


async def put_line(tx: Tx, line: LineRow) -> OrderLine:
    """A new line, or more of the line with this key."""
    return await tx.one(
        OrderLine,
        f"""
INSERT INTO order_line (account_id, order_id, line_no, line_key, product_id, sku, sub_inventory_id, lot,
                        condition, quantity, partner_fields)
SELECT %(account_id)s, %(order_id)s, coalesce(max(line_no), 0) + 1, %(line_key)s, %(product_id)s, %(sku)s,
       %(sub_inventory_id)s, %(lot)s, %(condition)s, %(quantity)s, %(partner_fields)s::jsonb
  FROM order_line WHERE account_id = %(account_id)s AND order_id = %(order_id)s
ON CONFLICT ON CONSTRAINT order_line_account_id_order_id_line_key_key DO UPDATE
   SET quantity = order_line.quantity + excluded.quantity,
       partner_fields = order_line.partner_fields || excluded.partner_fields
RETURNING {LINE}
""",
        account_id=line.account_id,
        order_id=line.order_id,
        line_key=line.line_key,
        product_id=line.product_id,
        sku=line.sku,
        sub_inventory_id=line.sub_inventory_id,
        lot=line.lot,
        condition=line.condition,
        quantity=line.quantity,
        partner_fields=json.text(line.partner_fields),
    )


async def add_pieces(tx: Tx, *, account_id: AccountId, order_id: OrderId, pieces: int) -> None:
    await tx.execute(
        "UPDATE orders SET pieces = pieces + %(pieces)s, updated_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(order_id)s",
        account_id=account_id,
        order_id=order_id,
        pieces=pieces,
        now=tx.now,
    )


async def call_off(tx: Tx, *, account_id: AccountId, pieces: Mapping[int, int]) -> None:
    """Line id -> pieces that are no longer ordered."""
    await tx.execute(
        """
UPDATE order_line SET quantity = order_line.quantity - given.pieces
  FROM unnest(%(ids)s::bigint[], %(pieces)s::bigint[]) AS given (id, pieces)
 WHERE order_line.account_id = %(account_id)s AND order_line.id = given.id
""",
        account_id=account_id,
        ids=list(pieces),
        pieces=list(pieces.values()),
    )


async def reopen(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> None:
    """It is not finished any more."""
    await tx.execute(
        "UPDATE orders SET finished_at = NULL, updated_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(order_id)s",
        account_id=account_id,
        order_id=order_id,
        now=tx.now,
    )


async def add_done(tx: Tx, *, account_id: AccountId, done: Mapping[int, int]) -> None:
    """Line id -> pieces received or shipped just now."""
    await tx.execute(
        """
UPDATE order_line SET done = order_line.done + given.pieces
  FROM unnest(%(ids)s::bigint[], %(pieces)s::bigint[]) AS given (id, pieces)
 WHERE order_line.account_id = %(account_id)s AND order_line.id = given.id
""",
        account_id=account_id,
        ids=list(done),
        pieces=list(done.values()),
    )
