"""Statements on the timeline and on who hears of it."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from crossdock.base import json
from crossdock.base.ids import AccountId, CredentialId, OrderId
from crossdock.core.events.model import Event, NewEvent, Receiver
from crossdock.db.tx import Tx

_EVENT = ", ".join(entry.name for entry in structs.fields(Event))
_RECEIVER = ", ".join(entry.name for entry in structs.fields(Receiver))

_APPEND = """
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
), owed AS (
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
)
SELECT count(*) FROM owed
"""


async def append(tx: Tx, events: Sequence[NewEvent]) -> int:
    """Write the events and a callback for each receiver that wants one; how many callbacks there are."""
    return int(
        await tx.value(
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
            now=tx.now,
        )
    )


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Event]:
    """Index: event_account_id_order_id_idx."""
    return await tx.many(
        Event,
        f"SELECT {_EVENT} FROM event WHERE account_id = %(account_id)s AND order_id = %(order_id)s ORDER BY id",
        account_id=account_id,
        order_id=order_id,
    )


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
