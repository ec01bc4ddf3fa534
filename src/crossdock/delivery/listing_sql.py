"""Statements that show callbacks and receivers, a page at a time. None of them looks at more than a bounded part."""

from datetime import datetime
from typing import Any, get_args

from crossdock.base.ids import AccountId, CallbackId, OrderId, ReceiverId
from crossdock.core.orders.model import Kind
from crossdock.db.compose import SQL, Composable
from crossdock.db.tx import Tx, columns
from crossdock.delivery import sql
from crossdock.delivery.model import Attempt, CallbackRow, Choice, ReceiverPage, Reckoned, Which

COUNTED_MAX = 1_000
"""Of one receiver's waiting callbacks, and of its dead ones; more are called that many and more."""
LOOKED_AT_MAX = 10_000
"""Callbacks looked at for one page: of a rare state a page may be empty, and the next one looks further."""
RECKONED_MAX = 100_000
"""Callbacks that are counted before a range goes again; more are called that many and more."""
ORDERS_MAX = 20
"""Orders of one number, in all accounts."""

_RECEIVERS = """
SELECT r.id, r.account_id, a.code AS account, r.dialect, r.name, r.url, r.active, r.frozen_at, r.frozen_why,
       r.heard_at, r.failed_at, r.failed_why, open.waiting, open.failing, open.oldest, dead.parked
  FROM receiver r
  JOIN account a ON a.id = r.account_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS waiting, count(*) FILTER (WHERE attempts > 0) AS failing, min(created_at) AS oldest
         FROM (SELECT attempts, created_at FROM callback c
                WHERE c.receiver_id = r.id AND c.state = 'waiting'
                ORDER BY c.due_at, c.id LIMIT %(most)s) AS seen) AS open
 CROSS JOIN LATERAL (
       SELECT count(*) AS parked
         FROM (SELECT 1 FROM callback c WHERE c.receiver_id = r.id AND c.state = 'parked'
                ORDER BY c.id LIMIT %(most)s) AS seen) AS dead
 WHERE {where}
 ORDER BY r.id
 LIMIT %(limit)s
"""
_RECEIVER_FILTERS = {
    "account_id": "r.account_id = %(account_id)s",
    "receiver_id": "r.id = %(receiver_id)s",
    "after": "r.id > %(after)s",
    "text": "strpos(lower(a.code || ' ' || r.dialect || ' ' || r.name || ' ' || r.url), lower(%(text)s)) > 0",
}


async def receivers(
    tx: Tx,
    *,
    account_id: AccountId | None,
    receiver_id: ReceiverId | None = None,
    text: str = "",
    after: int | None = None,
    limit: int,
) -> list[ReceiverPage]:
    """By number. Indexes: callback_due_idx, callback_parked_idx."""
    asked: dict[str, Any] = {
        "account_id": account_id,
        "receiver_id": receiver_id,
        "after": after,
        "text": text or None,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    where = SQL(" AND ").join([SQL("true"), *(SQL(_RECEIVER_FILTERS[name]) for name in given)])
    return await tx.many(ReceiverPage, SQL(_RECEIVERS).format(where=where), most=COUNTED_MAX, limit=limit, **given)


_STATES: dict[Which, str] = {
    "waiting": "c.state = 'waiting'",
    "failing": "c.state = 'waiting' AND c.attempts > 0",
    "parked": "c.state = 'parked'",
    "delivered": "c.state = 'delivered'",
    "skipped": "c.state = 'skipped'",
}
_DEAD = """
SELECT c.* FROM receiver r
 CROSS JOIN LATERAL (SELECT * FROM callback WHERE receiver_id = r.id AND state = 'parked' AND id < %(before)s
                      ORDER BY id DESC LIMIT %(limit)s) AS c
 WHERE {where}
"""
_OF_ORDERS = """
SELECT c.* FROM event e JOIN callback c ON c.event_id = e.id
 WHERE (e.account_id, e.order_id) IN (SELECT * FROM unnest(%(account_ids)s::bigint[], %(order_ids)s::bigint[]))
   AND c.id < %(before)s
"""
_OF_RECEIVER = "SELECT * FROM callback WHERE receiver_id = %(receiver_id)s AND event_id < %(before)s"
_OF_ALL = "SELECT * FROM callback WHERE id < %(before)s"


NEWEST = 2**63 - 1
"""As `before`: from the newest on."""


def key_of(row: CallbackRow, *, receiver_id: ReceiverId | None, which: Which | None, ordered: bool) -> int:
    """What a page that follows this row goes on from: with a receiver the number of the event, else its own."""
    return row.event_id if _by_event(receiver_id, which, ordered) else row.id


async def callbacks(
    tx: Tx,
    *,
    account_id: AccountId | None,
    receiver_id: ReceiverId | None = None,
    which: Which | None = None,
    orders: list[tuple[AccountId, OrderId]] | None = None,
    before: int,
    limit: int,
) -> tuple[list[CallbackRow], int | None]:
    """Newest first; and where to look further when LOOKED_AT_MAX were looked at and the page is not full.

    Indexes: receiver_event key, callback_parked_idx, callback_event_idx, the primary key.
    """
    given: dict[str, Any] = {"before": before, "limit": limit, "most": LOOKED_AT_MAX}
    key = "event_id" if _by_event(receiver_id, which, orders is not None) else "id"
    parts = [SQL(_STATES[which])] if which is not None else []
    if account_id is not None:
        parts.append(SQL("c.account_id = %(account_id)s"))
    if receiver_id is not None:
        parts.append(SQL("c.receiver_id = %(receiver_id)s"))
    owned: dict[str, Any] = {"account_id": account_id, "receiver_id": receiver_id}
    bounded = False
    looked: Composable
    if orders is not None:
        looked = SQL(_OF_ORDERS)
        owned |= {"account_ids": [one[0] for one in orders], "order_ids": [one[1] for one in orders]}
    elif which == "parked":
        of = [SQL(_RECEIVER_FILTERS[name]) for name in ("account_id", "receiver_id") if owned[name] is not None]
        looked = SQL(_DEAD).format(where=SQL(" AND ").join([SQL("true"), *of]))
    else:
        looked = SQL("{} ORDER BY {} DESC LIMIT %(most)s").format(
            SQL(_OF_RECEIVER if receiver_id is not None else _OF_ALL), SQL(key)
        )
        bounded = True
    found = SQL("SELECT * FROM ({}) AS c WHERE {} ORDER BY c.{} DESC LIMIT %(limit)s").format(
        looked, SQL(" AND ").join([SQL("true"), *parts]), SQL(key)
    )
    rows = await tx.many(
        CallbackRow,
        SQL(sql.LIST_OF + " ORDER BY c.{} DESC").format(SQL("({})").format(found), SQL(key)),
        **given,
        **owned,
    )
    if not bounded or not parts or len(rows) >= limit:
        return rows, None
    [(count, last)] = await tx.rows(
        SQL("SELECT count(*), min({}) FROM ({}) AS c").format(SQL(key), looked), **given, **owned
    )
    return rows, last if count == LOOKED_AT_MAX else None


def _by_event(receiver_id: ReceiverId | None, which: Which | None, ordered: bool) -> bool:
    return receiver_id is not None and which != "parked" and not ordered


async def orders_named(
    tx: Tx, *, account_id: AccountId | None, text: str, order_id: int | None
) -> list[tuple[AccountId, OrderId]]:
    """Of this number, the partner's or our own. Indexes: orders_pkey, orders_account_id_kind_number_key."""
    rows = await tx.rows(
        """
SELECT o.account_id, o.id FROM orders o
 WHERE o.id = %(order_id)s AND (%(account_id)s::bigint IS NULL OR o.account_id = %(account_id)s)
UNION
SELECT o.account_id, o.id
  FROM account a CROSS JOIN unnest(%(kinds)s::text[]) AS k (kind)
  JOIN orders o ON o.account_id = a.id AND o.kind = k.kind AND o.number = %(text)s
 WHERE (%(account_id)s::bigint IS NULL OR a.id = %(account_id)s)
 LIMIT %(limit)s
""",
        account_id=account_id,
        order_id=order_id,
        text=text,
        kinds=list(get_args(Kind)),
        limit=ORDERS_MAX,
    )
    return [(AccountId(row[0]), OrderId(row[1])) for row in rows]


async def reckoned(tx: Tx, *, account_id: AccountId | None, choice: Choice) -> Reckoned:
    """How many a range holds, at most RECKONED_MAX, and its two ends."""
    where, given = await sql.of_choice(tx, account_id=account_id, choice=choice)
    [(count,)] = await tx.rows(
        SQL("SELECT count(*) FROM (SELECT 1 FROM callback c WHERE {} LIMIT %(most)s) AS seen").format(where),
        most=RECKONED_MAX,
        **given,
    )
    ends: list[tuple[int, datetime] | None] = []
    for direction in ("ASC", "DESC"):
        found = await tx.rows(
            SQL("SELECT c.id, c.created_at FROM callback c WHERE {} ORDER BY c.id {} LIMIT 1").format(
                where, SQL(direction)
            ),
            **given,
        )
        ends.append((found[0][0], found[0][1]) if found else None)
    oldest, newest = ends
    return Reckoned(
        count=int(count),
        more=count >= RECKONED_MAX,
        oldest=None if oldest is None else oldest[1],
        newest=None if newest is None else newest[1],
        last_id=None if newest is None else CallbackId(newest[0]),
    )


_OWNED = " AND EXISTS (SELECT 1 FROM callback c WHERE c.id = callback_id AND c.account_id = %(account_id)s)"


async def tries(
    tx: Tx, *, account_id: AccountId | None, callback_id: CallbackId, before: int, limit: int
) -> list[Attempt]:
    """Newest first, without their bodies. Index: callback_attempt_callback_id_number_key."""
    owned = "" if account_id is None else _OWNED
    return await tx.many(
        Attempt,
        "SELECT number, started_at, ended_at, status, answer, failure, '' AS body FROM callback_attempt"
        f" WHERE callback_id = %(id)s AND number < %(before)s{owned} ORDER BY number DESC LIMIT %(limit)s",
        account_id=account_id,
        id=callback_id,
        before=before,
        limit=limit,
    )


async def attempt(
    tx: Tx, *, account_id: AccountId | None, callback_id: CallbackId, number: int | None
) -> Attempt | None:
    """One try, whole; without a number the newest."""
    owned = "" if account_id is None else _OWNED
    numbered = "" if number is None else " AND number = %(number)s"
    return await tx.one_or_none(
        Attempt,
        f"SELECT {columns(Attempt)} FROM callback_attempt WHERE callback_id = %(id)s{numbered}{owned}"
        " ORDER BY number DESC LIMIT 1",
        account_id=account_id,
        id=callback_id,
        number=number,
    )
