"""Statements on the timeline and on who hears of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from crossdock.base import json
from crossdock.base.ids import AccountId, CredentialId, OrderId, ReceiverId
from crossdock.core.events.model import Event, NewEvent, Receiver, Try
from crossdock.db.tx import SIGNAL_CHANNEL, Tx, columns

_EVENT = columns(Event)
_RECEIVER = columns(Receiver)

CALLBACKS_TOPIC = "callbacks"
"""Signalled when a callback is owed."""
OWED = """
    INSERT INTO callback (account_id, receiver_id, event_id, mailbox, due_at, created_at)
    SELECT w.account_id, r.id, w.id, coalesce('order:' || w.order_id, w.subject), %(now)s, %(now)s
      FROM written w
      JOIN receiver r ON r.account_id = w.account_id AND r.active AND w.kind = ANY (r.kinds)
                     AND (r.subject IS NULL OR r.subject = w.subject)
                     AND (r.order_dialect IS NULL OR EXISTS (
                          SELECT 1 FROM given g WHERE g.account_id = w.account_id
                             AND g.order_id = w.order_id AND g.order_dialect = r.order_dialect))
     ORDER BY w.id, r.id
    RETURNING 1
"""
"""A callback for each receiver that wants one of the events of the CTE `written`, of orders whose dialect the CTE
`given` knows."""
SIGNALLED = f"(SELECT pg_notify('{SIGNAL_CHANNEL}', '{CALLBACKS_TOPIC}') FROM owed LIMIT 1)"
"""Selected beside a CTE `owed` that is OWED: whoever delivers is woken once it is on disk."""

_APPEND = f"""
WITH given AS (
    SELECT * FROM unnest(%(account_ids)s::bigint[], %(kinds)s::text[], %(subjects)s::text[],
                         %(order_ids)s::bigint[], %(order_dialects)s::text[], %(dialects)s::text[],
                         %(actors)s::text[], %(facts)s::jsonb[], %(happened)s::timestamptz[])
      WITH ORDINALITY AS g (account_id, kind, subject, order_id, order_dialect, dialect, actor, facts,
                            happened_at, position)
), written AS (
    INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)
    SELECT account_id, kind, subject, order_id, dialect, actor, facts, happened_at, %(now)s
      FROM given ORDER BY position
    RETURNING id, account_id, kind, subject, order_id
), owed AS ({OWED})
SELECT {SIGNALLED},
       ARRAY(SELECT kind FROM unnest(%(asked)s::text[]) AS asked (kind)
              WHERE EXISTS (SELECT 1 FROM receiver r
                             WHERE r.account_id = ANY (%(account_ids)s::bigint[]) AND r.active
                               AND asked.kind = ANY (r.kinds)))
"""


async def append(tx: Tx, events: Sequence[NewEvent], *, asked: Collection[str] = ()) -> list[str]:
    """Write the events and a callback for each receiver that wants one, and signal those that are owed.

    Which of the kinds `asked` for somebody of these accounts listens for.
    """
    [(_, wanted)] = await tx.rows(
        _APPEND,
        account_ids=[event.account_id for event in events],
        kinds=[event.kind for event in events],
        subjects=[event.subject for event in events],
        order_ids=[event.order_id for event in events],
        order_dialects=[event.order_dialect for event in events],
        dialects=[event.dialect for event in events],
        actors=[event.actor for event in events],
        facts=[json.text(event.facts) for event in events],
        happened=[event.happened_at or tx.now for event in events],
        asked=list(asked),
        now=tx.now,
    )
    return list(wanted)


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Event]:
    """Index: event_account_id_order_id_idx."""
    return await tx.many(
        Event,
        f"SELECT {_EVENT} FROM event WHERE account_id = %(account_id)s AND order_id = %(order_id)s ORDER BY id",
        account_id=account_id,
        order_id=order_id,
    )


async def hold_receivers(tx: Tx, *, account_id: AccountId) -> None:
    """By the account's row: of receivers that do not exist yet there is none to lock."""
    await tx.execute("SELECT 1 FROM account WHERE id = %(account_id)s FOR NO KEY UPDATE", account_id=account_id)


async def set_receiver(
    tx: Tx,
    *,
    account_id: AccountId,
    dialect: str,
    name: str,
    url: str,
    kinds: Sequence[str],
    subject: str | None,
    order_dialect: str | None,
    credential_id: CredentialId | None,
    settings: dict[str, Any],
) -> None:
    await tx.execute(
        """
INSERT INTO receiver (account_id, dialect, name, url, kinds, subject, order_dialect, credential_id, settings, active)
VALUES (%(account_id)s, %(dialect)s, %(name)s, %(url)s, %(kinds)s, %(subject)s, %(order_dialect)s,
        %(credential_id)s, %(settings)s, %(url)s <> '')
ON CONFLICT ON CONSTRAINT receiver_account_id_dialect_name_key DO UPDATE
   SET url = excluded.url, kinds = excluded.kinds, subject = excluded.subject,
       order_dialect = excluded.order_dialect, credential_id = excluded.credential_id,
       settings = excluded.settings, active = excluded.active
""",
        account_id=account_id,
        dialect=dialect,
        name=name,
        url=url,
        kinds=list(kinds),
        subject=subject,
        order_dialect=order_dialect,
        credential_id=credential_id,
        settings=settings,
    )


async def receiver(tx: Tx, *, account_id: AccountId, dialect: str, name: str) -> Receiver | None:
    return await tx.one_or_none(
        Receiver,
        f"SELECT {_RECEIVER} FROM receiver"
        " WHERE account_id = %(account_id)s AND dialect = %(dialect)s AND name = %(name)s",
        account_id=account_id,
        dialect=dialect,
        name=name,
    )


async def receivers(tx: Tx, *, account_id: AccountId, dialect: str) -> list[Receiver]:
    """Index: receiver_account_id_dialect_name_key."""
    return await tx.many(
        Receiver,
        f"SELECT {_RECEIVER} FROM receiver WHERE account_id = %(account_id)s AND dialect = %(dialect)s ORDER BY id",
        account_id=account_id,
        dialect=dialect,
    )


async def wanted(tx: Tx, *, account_id: AccountId, kinds: Collection[str]) -> set[str]:
    rows = await tx.rows(
        """
SELECT DISTINCT kind FROM unnest(%(kinds)s::text[]) AS asked (kind)
 WHERE EXISTS (SELECT 1 FROM receiver
                WHERE account_id = %(account_id)s AND active AND asked.kind = ANY (receiver.kinds))
""",
        account_id=account_id,
        kinds=list(kinds),
    )
    return {row[0] for row in rows}


_TRIES = """
  FROM callback_attempt a
  JOIN callback c ON c.id = a.callback_id
  JOIN receiver r ON r.id = c.receiver_id
  JOIN event e ON e.id = c.event_id
 WHERE r.account_id = %(account_id)s AND r.dialect = %(dialect)s AND a.started_at >= %(since)s
   AND (%(receiver_id)s::bigint IS NULL OR r.id = %(receiver_id)s)
"""


async def tries(
    tx: Tx,
    *,
    account_id: AccountId,
    dialect: str,
    since: datetime,
    receiver_id: ReceiverId | None,
    start: int,
    limit: int | None,
) -> tuple[int, list[Try]]:
    asked: dict[str, Any] = {
        "account_id": account_id,
        "dialect": dialect,
        "since": since,
        "receiver_id": receiver_id,
    }
    total = await tx.value(f"SELECT count(*) {_TRIES}", **asked)
    found = await tx.many(
        Try,
        "SELECT a.id, c.receiver_id, c.event_id, e.kind, e.subject, a.number, a.started_at, a.ended_at,"
        f" a.status, a.answer, a.failure, a.body, c.state {_TRIES}"
        " ORDER BY a.id DESC OFFSET %(start)s LIMIT %(limit)s",
        **asked,
        start=start,
        limit=limit,
    )
    return int(total), found
