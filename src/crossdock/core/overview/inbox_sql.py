"""Statements on exceptions: where they arose is only read; who looks after them is written."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.overview.inbox_model import Care, ExceptionKind
from crossdock.core.overview.model import Sight
from crossdock.db.tx import Tx

Sift = Literal["open", "done", "one"]
_SEEN: Final = "unnest(%(accounts)s::bigint[]) AS seen (account_id)"
_EVERYWHERE: Final[dict[ExceptionKind, str]] = {
    "cancel": f"""
SELECT c.account_id, 'cancel:' || c.id AS key, 'cancel' AS kind, c.number AS subject, s.code AS site,
       o.id AS order_id, jsonb_build_object('reason', c.reason, 'actor', c.actor) AS facts, c.asked_at AS since
  FROM {_SEEN}
 CROSS JOIN LATERAL (SELECT * FROM cancel_request c WHERE c.account_id = seen.account_id AND c.state = 'asked'
                      ORDER BY c.id LIMIT %(looked)s) c
 CROSS JOIN LATERAL (SELECT o.id, o.site_id FROM orders o
                      WHERE o.account_id = c.account_id AND o.kind IN ('outbound', 'inbound', 'transfer', 'transport')
                        AND o.number = c.number {{of_site}} ORDER BY o.id LIMIT 1) o
  LEFT JOIN site s ON s.id = o.site_id
""",
    "held": f"""
SELECT o.account_id, 'held:' || o.id, 'held', o.number, s.code, o.id,
       jsonb_build_object('feedback', coalesce(o.feedback, '')), o.updated_at
  FROM {_SEEN}
 CROSS JOIN LATERAL (SELECT * FROM orders o
                      WHERE o.account_id = seen.account_id AND o.kind = 'outbound' AND o.state = 'held' {{of_site}}
                      ORDER BY o.site_id, o.id LIMIT %(looked)s) o
  LEFT JOIN site s ON s.id = o.site_id
""",
    "count": f"""
SELECT c.account_id, 'count:' || c.location_id || ':' || c.stock_id, 'count', o.code || ' · ' || p.sku, s.code,
       NULL::bigint, jsonb_build_object('reason', c.reason), c.asked_at
  FROM {_SEEN}
 CROSS JOIN LATERAL (SELECT * FROM count_request c WHERE c.account_id = seen.account_id LIMIT %(looked)s) c
  JOIN location o ON o.id = c.location_id {{of_site}}
  JOIN site s ON s.id = o.site_id
  JOIN stock b ON b.id = c.stock_id
  JOIN product p ON p.id = b.product_id
""",
    "alarm": f"""
SELECT o.account_id, 'alarm:' || a.id, 'alarm', o.number || coalesce(' · ' || box.name, ''), s.code, NULL::bigint,
       jsonb_build_object('alarm', a.kind), a.raised_at
  FROM {_SEEN}
  JOIN cabinet o ON o.account_id = seen.account_id {{of_site}}
 CROSS JOIN LATERAL (SELECT * FROM alarm a WHERE a.cabinet_id = o.id AND a.cleared_at IS NULL LIMIT %(looked)s) a
  LEFT JOIN box ON box.id = a.box_id
  JOIN site s ON s.id = o.site_id
""",
}
_OF_ACCOUNTS: Final[dict[ExceptionKind, str]] = {
    "frozen": f"""
SELECT r.account_id, 'frozen:' || r.id, 'frozen', r.dialect || ' · ' || r.name, NULL::text, NULL::bigint,
       jsonb_build_object('why', r.frozen_why), r.frozen_at
  FROM {_SEEN} JOIN receiver r ON r.account_id = seen.account_id AND r.frozen_at IS NOT NULL
""",
    "parked": f"""
SELECT r.account_id, 'parked:' || r.id, 'parked', r.dialect || ' · ' || r.name, NULL::text, NULL::bigint,
       jsonb_build_object('callbacks', given_up.callbacks), given_up.since
  FROM {_SEEN} JOIN receiver r ON r.account_id = seen.account_id
 CROSS JOIN LATERAL (SELECT count(*) AS callbacks, min(c.created_at) AS since
                       FROM (SELECT c.created_at FROM callback c WHERE c.receiver_id = r.id AND c.state = 'parked'
                              ORDER BY c.id LIMIT %(most)s) c) given_up
 WHERE given_up.callbacks > 0
""",
    "camera": f"""
SELECT c.account_id, 'camera:' || c.id, 'camera', c.name, s.code, NULL::bigint,
       jsonb_build_object('failure', c.failure, 'station', c.station), c.failed_at
  FROM {_SEEN} JOIN camera c ON c.account_id = seen.account_id AND c.enabled AND c.failure IS NOT NULL
  JOIN department d ON d.id = c.department_id
  JOIN site s ON s.id = d.site_id
""",
}
"""What is no place's own; who sees one place does not see it."""


class Arisen(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    account: str
    key: str
    kind: ExceptionKind
    subject: str
    site: str | None
    order_id: OrderId | None
    facts: dict[str, object]
    since: datetime
    owner: str | None
    due_at: datetime | None
    done_at: datetime | None
    done_by: str | None


_CARED = (
    "EXISTS (SELECT 1 FROM exception_care c"
    " WHERE c.account_id = part.account_id AND c.key = part.key AND c.done_at >= part.since)"
)
SIFTS: Final[dict[Sift, str]] = {"open": f"NOT {_CARED}", "done": _CARED, "one": "part.key = %(key)s"}
"""Which of them are wanted; one that arose again after it was done is open."""


async def arisen(
    tx: Tx,
    *,
    sight: Sight,
    kinds: Collection[ExceptionKind],
    sift: Sift,
    key: str = "",
    most: int,
    looked: int,
) -> list[Arisen]:
    """Of every kind the oldest `most`, with what is kept of them; `looked` rows of each account are read for it.

    Index: cancel_request_open_idx, orders_held_idx, count_request_pkey, alarm_standing_key, callback_parked_idx,
    exception_care_pkey.
    """
    of_site = "" if sight.site_id is None else "AND o.site_id = %(site_id)s"
    parts = [part.format(of_site=of_site) for kind, part in _EVERYWHERE.items() if kind in kinds]
    if sight.site_id is None:
        parts += [part for kind, part in _OF_ACCOUNTS.items() if kind in kinds]
    if not parts:
        return []
    named = "(account_id, key, kind, subject, site, order_id, facts, since)"
    sifted = f"WHERE {SIFTS[sift]} ORDER BY since LIMIT %(most)s"
    return await tx.many(
        Arisen,
        f"""
SELECT arisen.*, a.code AS account, care.owner, care.due_at, care.done_at, care.done_by
  FROM ({" UNION ALL ".join(f"(SELECT * FROM ({part}) AS part {named} {sifted})" for part in parts)})
       AS arisen {named}
  JOIN account a ON a.id = arisen.account_id
  LEFT JOIN exception_care care ON care.account_id = arisen.account_id AND care.key = arisen.key
""",
        accounts=list(sight.account_ids),
        site_id=sight.site_id,
        key=key,
        most=most,
        looked=looked,
    )


_RETURNING = "RETURNING owner, due_at, done_at"


async def hand(tx: Tx, *, account_id: AccountId, key: str, owner: str | None, before: str | None) -> Care | None:
    """From one owner, or none, to another, or none; None when somebody else has it by now."""
    return await tx.one_or_none(
        Care,
        f"""
INSERT INTO exception_care (account_id, key, owner, updated_at)
SELECT %(account_id)s, %(key)s, %(owner)s, %(now)s
 WHERE %(before)s::text IS NULL
    OR EXISTS (SELECT 1 FROM exception_care WHERE account_id = %(account_id)s AND key = %(key)s)
ON CONFLICT ON CONSTRAINT exception_care_pkey DO UPDATE
   SET owner = excluded.owner, updated_at = excluded.updated_at
 WHERE exception_care.owner IS NOT DISTINCT FROM %(before)s::text
    OR exception_care.owner IS NOT DISTINCT FROM excluded.owner
{_RETURNING}
""",
        account_id=account_id,
        key=key,
        owner=owner,
        before=before,
        now=tx.now,
    )


async def set_due(tx: Tx, *, account_id: AccountId, key: str, due_at: datetime) -> None:
    await tx.execute(
        """
INSERT INTO exception_care (account_id, key, due_at, updated_at)
VALUES (%(account_id)s, %(key)s, %(due_at)s, %(now)s)
ON CONFLICT ON CONSTRAINT exception_care_pkey DO UPDATE
   SET due_at = excluded.due_at, updated_at = excluded.updated_at
""",
        account_id=account_id,
        key=key,
        due_at=due_at,
        now=tx.now,
    )


async def set_done(tx: Tx, *, account_id: AccountId, key: str, by: str | None) -> None:
    """`by` None: it is open again."""
    await tx.execute(
        """
INSERT INTO exception_care (account_id, key, done_at, done_by, updated_at)
VALUES (%(account_id)s, %(key)s, CASE WHEN %(by)s::text IS NOT NULL THEN %(now)s::timestamptz END, %(by)s, %(now)s)
ON CONFLICT ON CONSTRAINT exception_care_pkey DO UPDATE
   SET done_at = excluded.done_at, done_by = excluded.done_by, updated_at = excluded.updated_at
""",
        account_id=account_id,
        key=key,
        by=by,
        now=tx.now,
    )
