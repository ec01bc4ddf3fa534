"""Parcels that wait at the counters of two shops, and clerks: one shop is the server's, the other is pgbench's.

An order has no lines, as nothing but its state changes when its parcel is handed over.
"""

from hashlib import sha256
from typing import Final

import psycopg
from msgspec import Struct

from bench import pgbench
from bench.ground import ACCOUNT

CODE_DIGITS: Final = 6
CODES_MAX: Final = 10**CODE_DIGITS
"""Of one shop."""
TABLES: Final = ("staff_action", "event", "callback")
SEQUENCE: Final = "bench_code"
GATE: Final = 4711
"""The first half of an advisory lock's key; the second is the code."""

_PARCELS: Final = """
WITH given AS (
    SELECT n, %(base)s::bigint + n AS id, lpad(n::text, 6, '0') AS key
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
), placed AS (
    INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, payment, recipient, token,
                        created_at, updated_at)
    SELECT id, %(account)s, 36, 'outbound', id::text, 'birdsystem', 'LOCAL', 'shipped', 'paid', '{}', md5(id::text),
           now(), now()
      FROM given
), waiting AS (
    INSERT INTO handover (id, account_id, site_id, place, shop_id, order_id, order_number, state, key, full_name,
                          mobile, created_at, updated_at)
    OVERRIDING SYSTEM VALUE
    SELECT id, %(account)s, %(site)s, 'shop',
           (SELECT sold.id FROM online_shop sold WHERE domain = %(domain)s), id, id::text, 'unused', key, 'Alex',
           '13800000001', now(), now()
      FROM given
)
INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)
SELECT %(account)s, kind, subject || id, id, 'house', '', facts, now(), now()
  FROM given
 CROSS JOIN (VALUES ('order.placed', 'order:', '{"state": "shipped"}'::jsonb),
                    ('handover.issued', 'handover:', '{}'::jsonb)) AS said (kind, subject, facts)
"""


class Counter(Struct, frozen=True, kw_only=True):
    """A shop, the online shop whose parcels wait there, and where their ids begin."""

    site_id: int
    domain: str
    base: int


OURS: Final = Counter(site_id=12, domain="super.heidianer.com", base=1_000_000_000_000)
PGBENCH: Final = Counter(site_id=13, domain="bench.example", base=2_000_000_000_000)
CLERK_FIRST: Final = 1_000_000


def hire(conn: psycopg.Connection, clerks: int) -> list[str]:
    """So many people at our counter; their tokens. And pgbench's online shop."""
    conn.execute(
        "INSERT INTO online_shop (account_id, name, domain, domains) VALUES (%s, 'bench', %s, '{}')",
        (ACCOUNT, PGBENCH.domain),
    )
    tokens = [sha256(f"clerk {number}".encode()).hexdigest()[:40] for number in range(clerks)]
    for number, token in enumerate(tokens):
        conn.execute(
            "INSERT INTO staff (id, account_id, site_id, username, password_hash, token_hash, created_at, updated_at)"
            " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, '', %s, now(), now())",
            (CLERK_FIRST + number, ACCOUNT, OURS.site_id, f"clerk-{number}", sha256(token.encode()).hexdigest()),
        )
    return tokens


def fill(conn: psycopg.Connection, counter: Counter, *, first: int, count: int) -> list[str]:
    """Parcels that wait, from number `first` on, which is what their codes are made of; the codes."""
    if first + count > CODES_MAX:
        raise ValueError(f"a shop has {CODES_MAX} codes: take fewer rounds")
    span = {
        "account": ACCOUNT,
        "site": counter.site_id,
        "domain": counter.domain,
        "base": counter.base,
        "first": first,
        "last": first + count - 1,
    }
    conn.execute(_PARCELS, span)
    conn.execute("ANALYZE orders, handover")
    return [f"{number:0{CODE_DIGITS}d}" for number in range(first, first + count)]


def rows(conn: psycopg.Connection) -> dict[str, int]:
    """What a hand-over writes: rows of the tables, and how many codes and orders have been through it."""
    asked = {table: f"SELECT count(*) FROM {table}" for table in TABLES}
    asked["event"] += " WHERE kind NOT IN ('order.placed', 'handover.issued')"
    asked["codes used"] = "SELECT count(*) FROM handover WHERE place = 'shop' AND state = 'used'"
    asked["orders delivered"] = "SELECT count(*) FROM orders WHERE state = 'delivered'"
    return {name: _count(conn, statement) for name, statement in asked.items()}


def script(conn: psycopg.Connection, *, names: int) -> str:
    """A hand-over as a pgbench script, after the newest one on record: each code is named `names` times in a row."""
    given = f"SELECT lpad(CAST(nextval('{SEQUENCE}') / {names} AS text), 6, '0') AS key"
    return _hand_over(conn, f"given AS MATERIALIZED (\n    {given}\n)")


def race_script(conn: psycopg.Connection) -> str:
    """The same of one code after the other, from `:code` on: all who come wait until its gate opens."""
    gate = f"SELECT pg_advisory_xact_lock_shared({GATE}, CAST(:code AS int)) AS passed"
    given = "SELECT lpad(CAST(CAST(:code AS int) AS text), 6, '0') AS key FROM gate"
    parts = f"gate AS MATERIALIZED (\n    {gate}\n), given AS MATERIALIZED (\n    {given}\n)"
    return _hand_over(conn, parts) + "\\set code :code + 1\n"


def shut_gate(conn: psycopg.Connection, number: int) -> None:
    conn.execute("SELECT pg_advisory_lock(%s::int, %s::int)", (GATE, number))


def open_gate(conn: psycopg.Connection, number: int) -> None:
    conn.execute("SELECT pg_advisory_unlock(%s::int, %s::int)", (GATE, number))


def at_gate(conn: psycopg.Connection, number: int) -> int:
    """How many wait there."""
    return _count(
        conn,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        f" AND classid = {GATE} AND objid = {number}",
    )


def _hand_over(conn: psycopg.Connection, given: str) -> str:
    conn.execute(f"CREATE SEQUENCE IF NOT EXISTS {SEQUENCE} MINVALUE 0 START 0")
    found = conn.execute(
        "SELECT id, order_id FROM handover WHERE site_id = %s AND state = 'used' ORDER BY used_at DESC LIMIT 1",
        (OURS.site_id,),
    ).fetchone()
    assert found is not None
    handover_id, order_id = found
    times = {"happened_at": "now()", "learned_at": "now()"}
    action = pgbench.insert(
        conn,
        "staff_action",
        f"account_id = {ACCOUNT} AND handover_id = {handover_id} AND action = 'consume'",
        {"site_id": str(PGBENCH.site_id), "handover_id": "used.id", "created_at": "now()"},
        "used",
    )
    told = pgbench.insert(
        conn,
        "event",
        f"account_id = {ACCOUNT} AND subject = 'handover:{handover_id}' AND kind = 'handover.used'",
        {"subject": "E'handover\\x3a' || used.id", "order_id": "used.order_id", **times},
        "used",
    )
    delivered = pgbench.insert(
        conn,
        "event",
        f"account_id = {ACCOUNT} AND order_id = {order_id} AND kind = 'order.delivered'",
        {"subject": "E'order\\x3a' || delivered.id", "order_id": "delivered.id", **times},
        "delivered",
    )
    return f"""WITH {given}, used AS (
    UPDATE handover h
       SET state = 'used', used_at = now(), used_by = {CLERK_FIRST}, updated_at = now(),
           prepared_at = coalesce(prepared_at, now()), prepared_by = coalesce(prepared_by, {CLERK_FIRST})
      FROM given WHERE h.site_id = {PGBENCH.site_id} AND h.key = given.key AND h.state = 'unused'
    RETURNING h.id, h.order_id
), noted AS (
{action}
), delivered AS (
    UPDATE orders o SET state = 'delivered', updated_at = now() FROM used
     WHERE o.account_id = {ACCOUNT} AND o.id = used.order_id AND o.state = 'shipped'
    RETURNING o.id
), told AS (
{told}
)
{delivered};
"""


def begin_at(conn: psycopg.Connection, number: int) -> None:
    """Where pgbench's next script begins: calls, not codes."""
    conn.execute("SELECT setval(%s, %s, false)", (SEQUENCE, number))


def calls(conn: psycopg.Connection) -> int:
    """The number of pgbench's next call."""
    return _count(conn, f"SELECT last_value + is_called::int FROM {SEQUENCE}")


def used_once(conn: psycopg.Connection, counter: Counter) -> set[str]:
    """Codes of the shop that were used, with one fact each on the timeline, one row in the history, and their order
    delivered once."""
    found = conn.execute(
        """
SELECT h.key FROM handover h JOIN orders o ON o.account_id = h.account_id AND o.id = h.order_id
 WHERE h.account_id = %(account)s AND h.site_id = %(site)s AND h.id >= %(base)s AND h.state = 'used'
   AND o.state = 'delivered'
   AND 1 = (SELECT count(*) FROM staff_action a
             WHERE a.account_id = h.account_id AND a.handover_id = h.id AND a.staff_id = h.used_by)
   AND 1 = (SELECT count(*) FROM event e
             WHERE e.account_id = h.account_id AND e.order_id = h.order_id AND e.kind = 'handover.used')
   AND 1 = (SELECT count(*) FROM event e
             WHERE e.account_id = h.account_id AND e.order_id = h.order_id AND e.kind = 'order.delivered')
""",
        {"account": ACCOUNT, "site": counter.site_id, "base": counter.base},
    ).fetchall()
    return {key for (key,) in found}


def close(conn: psycopg.Connection, counter: Counter, *, first: int) -> None:
    """Take away the parcels from number `first` on, which nobody fetched."""
    last = {"account": ACCOUNT, "id": counter.base + first, "end": counter.base + CODES_MAX}
    span = "account_id = %(account)s AND {} BETWEEN %(id)s AND %(end)s"
    conn.execute(f"DELETE FROM event WHERE {span.format('order_id')}".encode(), last)
    conn.execute(f"DELETE FROM handover WHERE {span.format('id')}".encode(), last)
    conn.execute(f"DELETE FROM orders WHERE {span.format('id')}".encode(), last)


def _count(conn: psycopg.Connection, statement: str) -> int:
    row = conn.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
