"""Statements on notices to buyers and the tries to send them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crossdock.base.ids import AccountId, HandoverId, NoticeId
from crossdock.core.notices.model import About, Attempt, Contact, NewNotice, Notice, Tried, Verdict
from crossdock.db.compose import SQL, Composed
from crossdock.db.tx import Tx, columns

_CONTACT = """
SELECT h.id, h.account_id, h.place, s.zone, coalesce(o.recipient->>'email', '') AS email,
       coalesce(nullif(h.mobile, ''), o.recipient->>'telephone', '') AS mobile,
       s.settings->'notices' AS site_wishes, a.settings->'notices' AS account_wishes,
       ARRAY(SELECT channel FROM notice_channel) AS open_channels
"""
_OF_HANDOVER = """
  FROM handover h
  JOIN site s ON s.account_id = h.account_id AND s.id = h.site_id
  JOIN account a ON a.id = h.account_id
  LEFT JOIN orders o ON o.account_id = h.account_id AND o.id = h.order_id
"""


async def contact(
    tx: Tx, *, account_id: AccountId, handover_id: HandoverId, occasion: datetime | None
) -> Contact | None:
    """Its occasion is the one that is given, else since when the parcel is ready."""
    return await tx.one_or_none(
        Contact,
        f"""
{_CONTACT}, coalesce(%(occasion)s::timestamptz, CASE h.place WHEN 'shop' THEN h.prepared_at ELSE h.stored_at END)
               AS occasion
{_OF_HANDOVER} WHERE h.account_id = %(account_id)s AND h.id = %(id)s
""",
        account_id=account_id,
        id=handover_id,
        occasion=occasion,
    )


_REMINDER_H = "CASE WHEN jsonb_typeof({0}->'reminder_h') = 'number' THEN ({0}->>'reminder_h')::float8 END"
_OWN = f"interval '1 hour' * {_REMINDER_H.format('s.settings')}"
_LONGEST = f"interval '1 hour' * (SELECT max({_REMINDER_H.format('site.settings')}) FROM site)"
_UNTOLD = """
       h.place = 'shop' AND h.state = 'unused'
   AND coalesce(s.settings->'notices'->>'reminder', a.settings->'notices'->>'reminder', 'true') = 'true'
   AND NOT EXISTS (SELECT 1 FROM notice n
                    WHERE n.account_id = h.account_id AND n.handover_id = h.id
                      AND n.kind = 'reminder' AND n.occasion = coalesce(h.expires_at, h.prepared_at))
"""


async def to_remind(tx: Tx, *, late: timedelta, limit: int) -> list[Contact]:
    """Whose codes end soon, or whose goods are ready for long and whose codes have no end; and who were not told yet.

    What was due longer than `late` ago is let be: a shop that begins to remind does not dig up old parcels. Where
    only prepared parcels are handed over, nobody is called before theirs is. Indexes: handover_expiry_idx,
    handover_ready_idx.
    """
    return await tx.many(
        Contact,
        f"""
({_CONTACT}, h.expires_at AS occasion
{_OF_HANDOVER}
 WHERE h.expires_at > %(now)s AND h.expires_at <= %(now)s + {_LONGEST} AND h.expires_at <= %(now)s + {_OWN}
   AND (h.prepared_at IS NOT NULL OR coalesce(s.settings->>'prepared_first', 'false') <> 'true') AND {_UNTOLD}
 ORDER BY h.expires_at, h.id LIMIT %(limit)s)
UNION ALL
({_CONTACT}, h.prepared_at AS occasion
{_OF_HANDOVER}
 WHERE h.expires_at IS NULL
   AND h.prepared_at > %(now)s - {_LONGEST} - %(late)s AND h.prepared_at > %(now)s - {_OWN} - %(late)s
   AND h.prepared_at <= %(now)s - {_OWN} AND {_UNTOLD}
 ORDER BY h.prepared_at, h.id LIMIT %(limit)s)
 LIMIT %(limit)s
""",
        now=tx.now,
        late=late,
        limit=limit,
    )


_INSERT = """
INSERT INTO notice (account_id, handover_id, kind, occasion, channel, recipient, language, state, refusal, due_at,
                    created_at)
SELECT g.*, %(now)s, %(now)s
  FROM unnest(%(account_id)s::bigint[], %(handover_id)s::bigint[], %(kind)s::text[], %(occasion)s::timestamptz[],
              %(channel)s::text[], %(recipient)s::text[], %(language)s::text[], %(state)s::text[],
              %(refusal)s::text[])
       AS g (account_id, handover_id, kind, occasion, channel, recipient, language, state, refusal)
    ON CONFLICT (account_id, handover_id, kind, occasion, channel) DO NOTHING
"""


async def insert(tx: Tx, notices: Sequence[NewNotice]) -> int:
    """How many there were not yet."""
    given: dict[str, Any] = {
        name: [getattr(notice, name) for notice in notices] for name in NewNotice.__struct_fields__
    }
    return await tx.execute(_INSERT, now=tx.now, **given)


async def open_channels(tx: Tx, *, channels: Sequence[str]) -> None:
    """These, and no others."""
    await tx.execute("DELETE FROM notice_channel WHERE channel <> ALL (%(channels)s)", channels=list(channels))
    await tx.execute(
        "INSERT INTO notice_channel (channel) SELECT unnest(%(channels)s::text[]) ON CONFLICT DO NOTHING",
        channels=list(channels),
    )


# Sending ------------------------------------------------------------------------

_CLAIM = """
UPDATE notice SET claimed_until = %(until)s
 WHERE id = ANY (ARRAY(
       SELECT n.id
         FROM unnest(%(channels)s::text[], %(slots)s::int[]) AS share (channel, slots)
        CROSS JOIN LATERAL (
              SELECT id FROM notice
               WHERE channel = share.channel AND state = 'waiting' AND due_at <= %(now)s
                 AND (claimed_until IS NULL OR claimed_until <= %(now)s)
               ORDER BY due_at, id
               LIMIT share.slots
                 FOR UPDATE SKIP LOCKED) AS n))
RETURNING id
"""


async def claim(tx: Tx, *, shares: Mapping[str, int], lease: timedelta) -> list[NoticeId]:
    """Take what is due, at most so many by each channel. Index: notice_due_idx."""
    rows = await tx.rows(_CLAIM, channels=list(shares), slots=list(shares.values()), now=tx.now, until=tx.now + lease)
    return [NoticeId(row[0]) for row in rows]


_NOTICE = """
SELECT n.id, n.account_id, n.handover_id, h.order_number AS number, n.kind, n.occasion, n.channel, n.recipient,
       n.language, n.state, n.attempts, n.resends, n.due_at, n.claimed_until, n.created_at, n.done_at, n.refusal
  FROM notice n
  JOIN handover h ON h.account_id = n.account_id AND h.id = n.handover_id
"""


async def notices(tx: Tx, *, ids: Sequence[NoticeId]) -> list[Notice]:
    """By id."""
    return await tx.many(Notice, f"{_NOTICE} WHERE n.id = ANY (%(ids)s) ORDER BY n.id", ids=list(ids))


_ABOUT = """
SELECT h.id, h.place, h.state, h.order_number AS number, h.key, o.token, s.name AS site_name, s.zone,
       CASE WHEN c.id IS NULL THEN s.address ELSE c.details END AS address, c.name AS cabinet_name,
       b.name AS box_name, h.prepared_at, h.stored_at, h.expires_at, h.reminded_at, h.recalled_at
  FROM handover h
  JOIN site s ON s.account_id = h.account_id AND s.id = h.site_id
  LEFT JOIN cabinet c ON c.id = h.cabinet_id
  LEFT JOIN box b ON b.id = h.box_id
  LEFT JOIN orders o ON o.account_id = h.account_id AND o.id = h.order_id
 WHERE h.id = ANY (%(ids)s)
"""


class _Parcel(About, frozen=True, kw_only=True):
    id: HandoverId


async def abouts(tx: Tx, *, handover_ids: Sequence[HandoverId]) -> dict[HandoverId, About]:
    return {row.id: row for row in await tx.many(_Parcel, _ABOUT, ids=list(handover_ids))}


_CLOSE = """
WITH ours AS (
    UPDATE notice
       SET state = %(state)s, attempts = %(attempts)s, claimed_until = NULL, due_at = coalesce(%(due_at)s, due_at),
           done_at = %(done_at)s, refusal = %(refusal)s
     WHERE id = %(id)s AND state = 'waiting' AND claimed_until = %(claimed_until)s
    RETURNING id
), tried AS (
    INSERT INTO notice_attempt (notice_id, number, started_at, ended_at, failure, answer)
    SELECT %(id)s, coalesce(max(number), 0) + 1, %(started_at)s::timestamptz, %(ended_at)s::timestamptz,
           %(failure)s::text, %(answer)s::text
      FROM notice_attempt WHERE notice_id = %(id)s
    HAVING %(tried)s AND (EXISTS (SELECT 1 FROM ours)
                          OR count(*) FILTER (WHERE started_at = %(started_at)s::timestamptz) = 0)
)
SELECT id FROM ours
"""


async def close(tx: Tx, notice: Notice, tried: Tried | None, verdict: Verdict) -> bool:
    """Keep the try, settle the notice; False when its claim had ended and another decides. Said twice, it is one."""
    # Two that tell of one notice at a time take turns, so that their tries get different numbers.
    await tx.execute("SELECT 1 FROM notice WHERE id = %(id)s FOR NO KEY UPDATE", id=notice.id)
    ours = await tx.value(
        _CLOSE,
        id=notice.id,
        claimed_until=notice.claimed_until,
        state=verdict.state,
        attempts=verdict.attempts,
        due_at=verdict.due_at,
        done_at=verdict.done_at,
        refusal=verdict.refusal,
        tried=tried is not None,
        started_at=None if tried is None else tried.started_at,
        ended_at=None if tried is None else tried.ended_at,
        failure=None if tried is None else tried.failure,
        answer="" if tried is None else tried.answer,
    )
    return ours is not None


# The operator -------------------------------------------------------------------

_FILTERS = {
    "account_id": "n.account_id = %(account_id)s",
    "state": "n.state = %(state)s",
    "kind": "n.kind = %(kind)s",
    "channel": "n.channel = %(channel)s",
    "number": "h.order_number = %(number)s",
    "since": "n.created_at >= %(since)s",
}


def _where(filters: Mapping[str, Any]) -> Composed:
    return SQL(" AND ").join([SQL("true"), *(SQL(_FILTERS[name]) for name in filters)])


async def listed(tx: Tx, *, filters: Mapping[str, Any], limit: int) -> list[Notice]:
    """The newest first."""
    statement = SQL("{} WHERE {} ORDER BY n.id DESC LIMIT %(limit)s").format(SQL(_NOTICE), _where(filters))
    return await tx.many(Notice, statement, limit=limit, **filters)


async def count_by_state(tx: Tx, *, filters: Mapping[str, Any]) -> dict[str, int]:
    rows = await tx.rows(
        SQL(
            "SELECT n.state, count(*) FROM notice n"
            " JOIN handover h ON h.account_id = n.account_id AND h.id = n.handover_id"
            " WHERE {} GROUP BY n.state ORDER BY n.state"
        ).format(_where(filters)),
        **filters,
    )
    return {row[0]: int(row[1]) for row in rows}


async def attempts(tx: Tx, *, notice_id: NoticeId) -> list[Attempt]:
    """Index: notice_attempt_notice_id_number_key."""
    return await tx.many(
        Attempt,
        f"SELECT {columns(Attempt)} FROM notice_attempt WHERE notice_id = %(id)s ORDER BY number",
        id=notice_id,
    )


async def put_back(tx: Tx, *, ids: Sequence[NoticeId]) -> list[NoticeId]:
    """Waiting and due, with all its tries before it; those that are on record. One in flight stays as it is."""
    rows = await tx.rows(
        """
WITH known AS (SELECT id FROM notice WHERE id = ANY (%(ids)s) ORDER BY id FOR NO KEY UPDATE), back AS (
    UPDATE notice SET state = 'waiting', attempts = 0, resends = resends + 1, due_at = %(now)s, claimed_until = NULL,
                      done_at = NULL, refusal = NULL
     WHERE id = ANY (ARRAY(SELECT id FROM known)) AND (claimed_until IS NULL OR claimed_until <= %(now)s)
)
SELECT id FROM known
""",
        ids=list(ids),
        now=tx.now,
    )
    return [NoticeId(row[0]) for row in rows]
