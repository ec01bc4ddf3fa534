"""Statements on callbacks and their tries.

A callback is open while it is waiting or parked; only the first open one of a mailbox may be sent. One that is
found behind another is shelved: `due_at` becomes 'infinity', so the claim does not look at it again until the
one before it is closed, which wakes it. A claim therefore costs as much as it takes, however much is waiting.

Shelving locks the callback that is in the way, and closing wakes in a statement of its own after the closed row
is locked: one of the two always sees what the other did. Closings of one mailbox go one after the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct, structs

from crossdock.base.ids import AccountId, CallbackId, ReceiverId
from crossdock.core.events.model import Event, Receiver
from crossdock.db.compose import SQL, Composed, Literal
from crossdock.db.tx import Tx, columns
from crossdock.delivery.model import (
    Attempt,
    CallbackRow,
    Choice,
    Claimed,
    Frozen,
    ReceiverRow,
    State,
    Tried,
    Verdict,
)

S = TypeVar("S", bound=Struct)

COUNTED_MAX = 10_000
"""Open callbacks of one receiver that are counted; more are called that many."""
NOTED_S = 10
"""Between two notes of when a receiver last heard something: its row is everybody's, and must not be a queue."""
LOOK_FACTOR = 2
"""Callbacks looked at for each that may be sent: some stand behind others."""

# Where a semi- or anti-join would read better, a LIMIT 1 or an ARRAY(…) stands below: the planner may turn a join
# into one scan of everything that waits, these it cannot.

_OWING = """
WITH RECURSIVE step AS (
    (SELECT receiver_id FROM callback WHERE state IN ('waiting', 'parked') ORDER BY receiver_id, mailbox, id LIMIT 1)
    UNION ALL
    SELECT (SELECT c.receiver_id FROM callback c
             WHERE c.state IN ('waiting', 'parked') AND c.receiver_id > step.receiver_id
             ORDER BY c.receiver_id, c.mailbox, c.id LIMIT 1)
      FROM step WHERE step.receiver_id IS NOT NULL
)
SELECT r.id
  FROM step
  JOIN receiver r ON r.id = step.receiver_id AND r.active AND r.frozen_at IS NULL
                  AND r.dialect = ANY (%(dialects)s)
 CROSS JOIN LATERAL (
       SELECT 1 FROM callback c
        WHERE c.receiver_id = r.id AND c.state = 'waiting' AND c.due_at <= %(now)s
          AND (c.claimed_until IS NULL OR c.claimed_until <= %(now)s)
        ORDER BY c.due_at, c.id LIMIT 1) AS due
 ORDER BY r.id
"""


async def owing(tx: Tx, *, dialects: Sequence[str]) -> list[ReceiverId]:
    """Receivers that something is due for, ascending. Jumps from one to the next along callback_open_idx."""
    return [ReceiverId(row[0]) for row in await tx.rows(_OWING, dialects=list(dialects), now=tx.now)]


_CLAIM = f"""
WITH candidate AS MATERIALIZED (
    SELECT c.id, c.receiver_id, c.mailbox, c.due_at, share.slots
      FROM unnest(%(receiver_ids)s::bigint[], %(slots)s::int[]) AS share (receiver_id, slots)
     CROSS JOIN LATERAL (
           SELECT id, receiver_id, mailbox, due_at FROM callback
            WHERE receiver_id = share.receiver_id AND state = 'waiting' AND due_at <= %(now)s
              AND (claimed_until IS NULL OR claimed_until <= %(now)s)
            ORDER BY due_at, id
            LIMIT share.slots * %(look_factor)s
              FOR UPDATE SKIP LOCKED) AS c
), behind AS MATERIALIZED (
    SELECT c.id
      FROM candidate c
     CROSS JOIN LATERAL (
           SELECT 1 FROM callback e
            WHERE e.receiver_id = c.receiver_id AND e.mailbox = c.mailbox
              AND e.state IN ('waiting', 'parked') AND e.id < c.id
            ORDER BY e.id LIMIT 1
              FOR SHARE SKIP LOCKED) AS earlier
), shelved AS (
    UPDATE callback SET due_at = 'infinity' WHERE id = ANY (ARRAY(SELECT id FROM behind)) RETURNING id
), first AS (
    SELECT c.id, c.slots, row_number() OVER (PARTITION BY c.receiver_id ORDER BY c.due_at, c.id) AS place
      FROM candidate c
     WHERE (SELECT e.id FROM callback e
             WHERE e.receiver_id = c.receiver_id AND e.mailbox = c.mailbox
               AND e.state IN ('waiting', 'parked') AND e.id < c.id
             ORDER BY e.id LIMIT 1) IS NULL
), claimed AS (
    UPDATE callback SET claimed_until = %(until)s
     WHERE id = ANY (ARRAY(SELECT id FROM first WHERE place <= slots))
    RETURNING id, account_id, receiver_id, event_id, mailbox, attempts, claimed_until
)
SELECT (SELECT count(*) FROM shelved), claimed.*, said.*, told.*
  FROM (SELECT 1) AS always
  LEFT JOIN claimed ON true
  LEFT JOIN LATERAL (SELECT {columns(Event)} FROM event WHERE id = claimed.event_id LIMIT 1) AS said ON true
  LEFT JOIN LATERAL (SELECT {columns(Receiver)} FROM receiver WHERE id = claimed.receiver_id LIMIT 1) AS told ON true
"""


async def claim(
    tx: Tx, *, shares: Mapping[ReceiverId, int], lease: timedelta
) -> tuple[list[tuple[Claimed, Event, Receiver]], int]:
    """Take what is first in its mailbox, at most so many per receiver; and how many were shelved on the way."""
    rows = await tx.rows(
        _CLAIM,
        receiver_ids=list(shares),
        slots=list(shares.values()),
        look_factor=LOOK_FACTOR,
        now=tx.now,
        until=tx.now + lease,
    )
    claimed = []
    for row in rows:
        if row[1] is not None:
            values = iter(row[1:])
            claimed.append((_next(Claimed, values), _next(Event, values), _next(Receiver, values)))
    return claimed, rows[0][0]


def _next(kind: type[S], values: Iterator[Any]) -> S:
    """A struct of the columns that come next."""
    return kind(**dict(zip(kind.__struct_fields__, values, strict=False)))


_RELEASE = """
UPDATE callback SET claimed_until = NULL
 WHERE id = ANY (%(ids)s) AND state = 'waiting' AND claimed_until = ANY (%(claims)s::timestamptz[])
"""


async def release(tx: Tx, claimed: Sequence[Claimed]) -> None:
    """Give back what was claimed and not tried: it is due as before."""
    await tx.execute(_RELEASE, ids=[one.id for one in claimed], claims=list({one.claimed_until for one in claimed}))


_LOCK_MAILBOXES = """
SELECT pg_advisory_xact_lock(mailbox.lock)
  FROM (SELECT DISTINCT hashtextextended('callback ' || receiver_id || ' ' || mailbox, 0) AS lock
          FROM unnest(%(receiver_ids)s::bigint[], %(mailboxes)s::text[]) AS given (receiver_id, mailbox)
         ORDER BY lock) AS mailbox
"""

_CLOSE = """
WITH given AS (
    SELECT * FROM unnest(%(id)s::bigint[], %(claimed_until)s::timestamptz[], %(state)s::text[], %(attempts)s::int[],
                         %(due_at)s::timestamptz[], %(done_at)s::timestamptz[], %(refusal)s::text[], %(sent)s::bool[],
                         %(started_at)s::timestamptz[], %(ended_at)s::timestamptz[], %(status)s::int[],
                         %(answer)s::text[], %(failure)s::text[], %(body)s::text[])
        AS g (id, claimed_until, state, attempts, due_at, done_at, refusal, sent,
              started_at, ended_at, status, answer, failure, body)
), ours AS (
    UPDATE callback c
       SET state = g.state, attempts = g.attempts, claimed_until = NULL,
           due_at = coalesce(g.due_at, c.due_at), done_at = g.done_at, refusal = g.refusal
      FROM given g
     WHERE c.id = ANY (%(id)s::bigint[]) AND c.id = g.id
       AND c.state = 'waiting' AND c.claimed_until = g.claimed_until
    RETURNING c.id
), tried AS (
    INSERT INTO callback_attempt (callback_id, number, started_at, ended_at, status, answer, failure, body)
    SELECT g.id, (SELECT coalesce(max(number), 0) + 1 FROM callback_attempt WHERE callback_id = g.id),
           g.started_at, g.ended_at, g.status, g.answer, g.failure, g.body
      FROM given g
     WHERE g.sent
       AND (EXISTS (SELECT 1 FROM ours WHERE ours.id = g.id)
            OR NOT EXISTS (SELECT 1 FROM callback_attempt a
                            WHERE a.callback_id = g.id AND a.started_at = g.started_at))
)
SELECT id FROM ours
"""

_WAKE_FIRST = """
UPDATE callback SET due_at = %(now)s
 WHERE id = ANY (ARRAY(
       SELECT (SELECT id FROM callback c
                WHERE c.receiver_id = given.receiver_id AND c.mailbox = given.mailbox
                  AND c.state IN ('waiting', 'parked')
                ORDER BY c.id LIMIT 1)
         FROM unnest(%(receiver_ids)s::bigint[], %(mailboxes)s::text[]) AS given (receiver_id, mailbox)))
   AND state = 'waiting' AND due_at = 'infinity'
"""


_NOTE_RECEIVERS = """
WITH said AS (
    SELECT receiver_id, max(ended_at) FILTER (WHERE failure IS NULL) AS heard_at,
           max(ended_at) FILTER (WHERE failure IS NOT NULL) AS failed_at,
           (array_agg(failure ORDER BY ended_at DESC) FILTER (WHERE failure IS NOT NULL))[1] AS failed_why
      FROM unnest(%(receiver_ids)s::bigint[], %(sent)s::bool[], %(ended_at)s::timestamptz[], %(failure)s::text[])
        AS given (receiver_id, sent, ended_at, failure)
     WHERE sent
     GROUP BY receiver_id
), held AS (
    SELECT r.id
      FROM receiver r JOIN said ON said.receiver_id = r.id
     WHERE said.heard_at - coalesce(r.heard_at, '-infinity') >= %(noted_s)s * interval '1 second'
        OR said.failed_at - coalesce(r.failed_at, '-infinity') >= %(noted_s)s * interval '1 second'
     ORDER BY r.id
       FOR NO KEY UPDATE OF r SKIP LOCKED
)
UPDATE receiver r
   SET heard_at = greatest(r.heard_at, said.heard_at),
       failed_at = greatest(r.failed_at, said.failed_at),
       failed_why = CASE WHEN said.failed_at >= coalesce(r.failed_at, '-infinity') THEN said.failed_why
                         ELSE r.failed_why END
  FROM said
 WHERE r.id = said.receiver_id AND r.id = ANY (ARRAY(SELECT id FROM held))
"""


async def close(tx: Tx, closings: Sequence[tuple[Claimed, Tried, Verdict]]) -> set[CallbackId]:
    """Keep the tries, settle the callbacks, wake the next ones; those that were ours, whose claim had not ended.

    Each callback comes once. Saying it twice writes it once: an answer of the database that was lost may be asked
    for again.
    """
    places = {
        "receiver_ids": [claimed.receiver_id for claimed, _, _ in closings],
        "mailboxes": [claimed.mailbox for claimed, _, _ in closings],
    }
    given: dict[str, list[Any]] = {
        "id": [claimed.id for claimed, _, _ in closings],
        "claimed_until": [claimed.claimed_until for claimed, _, _ in closings],
        "sent": [tried.outcome != "skipped" for _, tried, _ in closings],
        **{name: [getattr(tried, name) for _, tried, _ in closings] for name in _TRIED},
        **{name: [getattr(verdict, name) for _, _, verdict in closings] for name in Verdict.__struct_fields__},
    }
    _, settled, _, _ = await tx.pipeline(
        (_LOCK_MAILBOXES, places),
        (_CLOSE, given),
        (_WAKE_FIRST, {"now": tx.now, **places}),
        (_NOTE_RECEIVERS, {**given, **places, "noted_s": NOTED_S}),
    )
    return {row[0] for row in settled}


_TRIED = ("started_at", "ended_at", "status", "answer", "failure", "body")


class Place(Struct, frozen=True, kw_only=True):
    """Where a callback stands."""

    receiver_id: ReceiverId
    mailbox: str

    @property
    def alone(self) -> dict[str, list[Any]]:
        """As the statements on many mailboxes take it."""
        return {"receiver_ids": [self.receiver_id], "mailboxes": [self.mailbox]}


async def locked_place(tx: Tx, *, account_id: AccountId | None, callback_id: CallbackId) -> Place | None:
    """The mailbox of a callback, locked against every other closing; None when there is no such callback."""
    owned = "" if account_id is None else " AND account_id = %(account_id)s"
    place = await tx.one_or_none(
        Place,
        f"SELECT receiver_id, mailbox FROM callback WHERE id = %(id)s{owned}",
        id=callback_id,
        account_id=account_id,
    )
    if place is not None:
        await tx.execute(_LOCK_MAILBOXES, **place.alone)
    return place


_PUT_BACK = """
UPDATE callback
   SET state = 'waiting', attempts = 0, done_at = NULL, refusal = NULL, claimed_until = NULL,
       due_at = coalesce((SELECT max(o.claimed_until) FROM callback o
                           WHERE o.receiver_id = %(receiver_id)s AND o.mailbox = %(mailbox)s
                             AND o.state = 'waiting' AND o.claimed_until > %(now)s), %(now)s)
 WHERE id = %(id)s AND (claimed_until IS NULL OR claimed_until <= %(now)s)
"""


async def put_back(tx: Tx, *, callback_id: CallbackId, place: Place) -> None:
    """Waiting and due; after the one of its mailbox that is being sent at the moment. One in flight stays."""
    await tx.execute(_PUT_BACK, id=callback_id, now=tx.now, **structs.asdict(place))


_PUT_MANY_BACK = """
UPDATE callback c
   SET state = 'waiting', attempts = 0, done_at = NULL, refusal = NULL, claimed_until = NULL,
       due_at = coalesce((SELECT max(o.claimed_until) FROM callback o
                           WHERE o.receiver_id = c.receiver_id AND o.mailbox = c.mailbox
                             AND o.state = 'waiting' AND o.claimed_until > %(now)s), %(now)s)
 WHERE c.id = ANY (%(ids)s) AND (c.claimed_until IS NULL OR c.claimed_until <= %(now)s)
"""


async def put_many_back(tx: Tx, ids: Sequence[CallbackId]) -> None:
    """As `put_back`, all at once; their mailboxes are locked as for any closing."""
    places = await tx.rows("SELECT receiver_id, mailbox FROM callback WHERE id = ANY (%(ids)s)", ids=list(ids))
    await tx.execute(
        _LOCK_MAILBOXES, receiver_ids=[place[0] for place in places], mailboxes=[place[1] for place in places]
    )
    await tx.execute(_PUT_MANY_BACK, ids=list(ids), now=tx.now)


async def skip_parked(tx: Tx, *, callback_id: CallbackId, place: Place) -> bool:
    """Parked -> skipped, and the next one goes on; False when it is not parked."""
    touched = await tx.execute(
        "UPDATE callback SET state = 'skipped', done_at = %(now)s WHERE id = %(id)s AND state = 'parked'",
        id=callback_id,
        now=tx.now,
    )
    await tx.execute(_WAKE_FIRST, now=tx.now, **place.alone)
    return touched == 1


async def set_frozen(
    tx: Tx, *, account_id: AccountId | None, receiver_id: ReceiverId, frozen: bool, why: str
) -> Frozen | None:
    """None when there is no such receiver. One that is frozen keeps since when and why."""
    owned = "" if account_id is None else " AND account_id = %(account_id)s"
    changed = "coalesce(frozen_at, %(now)s)" if frozen else "NULL"
    said = "CASE WHEN frozen_at IS NULL THEN %(why)s ELSE frozen_why END" if frozen else "''"
    return await tx.one_or_none(
        Frozen,
        f"UPDATE receiver SET frozen_at = {changed}, frozen_why = {said} WHERE id = %(id)s{owned}"
        f" RETURNING {columns(Frozen)}",
        account_id=account_id,
        id=receiver_id,
        now=tx.now,
        why=why,
    )


async def receivers(tx: Tx, *, account_id: AccountId | None) -> list[ReceiverRow]:
    """With what each is owed. Index: callback_open_idx."""
    return await tx.many(
        ReceiverRow,
        """
SELECT r.id, r.account_id, a.code AS account, r.dialect, r.name, r.url, r.active, r.frozen_at, r.frozen_why,
       open.waiting, open.parked, open.oldest
  FROM receiver r
  JOIN account a ON a.id = r.account_id
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
              count(*) FILTER (WHERE state = 'parked') AS parked,
              min(created_at) AS oldest
         FROM (SELECT state, created_at FROM callback c
                WHERE c.receiver_id = r.id AND c.state IN ('waiting', 'parked')
                ORDER BY c.receiver_id, c.mailbox, c.id LIMIT %(most)s) AS seen) AS open
 WHERE (%(account_id)s::bigint IS NULL OR r.account_id = %(account_id)s)
 ORDER BY a.code, r.dialect, r.name
""",
        account_id=account_id,
        most=COUNTED_MAX,
    )


async def chosen(tx: Tx, *, account_id: AccountId | None, choice: Choice, after: int, limit: int) -> list[CallbackId]:
    """Those of a range, ascending. One that is being sent is not among them."""
    where, given = await of_choice(tx, account_id=account_id, choice=choice)
    rows = await tx.rows(
        SQL("SELECT c.id FROM callback c WHERE {} AND c.id > %(after)s ORDER BY c.id LIMIT %(limit)s").format(where),
        after=after,
        limit=limit,
        **given,
    )
    return [CallbackId(row[0]) for row in rows]


_CHOSEN = {
    "account_id": "c.account_id = %(account_id)s",
    "since": "c.created_at >= %(since)s AND c.event_id >= %(since_event)s",
    "until": "c.created_at < %(until)s AND c.event_id < %(until_event)s",
    "first_id": "c.id >= %(first_id)s",
    "last_id": "c.id <= %(last_id)s",
}
OVERLAP = timedelta(hours=1)
"""Events are numbered when they are written and dated when their transaction began: so far apart at most."""


async def of_choice(tx: Tx, *, account_id: AccountId | None, choice: Choice) -> tuple[Composed, dict[str, Any]]:
    """A condition on a callback `c`, and its values. A time is also a number of events: their index is followed."""
    given: dict[str, Any] = {
        name: value
        for name, value in {"account_id": account_id, **structs.asdict(choice)}.items()
        if name in _CHOSEN and value is not None
    }
    parts = [
        "c.receiver_id = %(receiver_id)s",
        "(c.claimed_until IS NULL OR c.claimed_until <= %(now)s)",
        *(_CHOSEN[name] for name in given),
    ]
    if choice.since is not None:
        given["since_event"] = await _event_at(tx, choice.since - OVERLAP)
    if choice.until is not None:
        given["until_event"] = await _event_at(tx, choice.until + OVERLAP)
    # Written out, as some states have indexes of their own, which a parameter would not be known to fit.
    states = SQL("c.state IN ({})").format(SQL(", ").join([Literal(state) for state in choice.states]))
    given |= {"receiver_id": choice.receiver_id, "now": tx.now}
    return SQL(" AND ").join([*(SQL(part) for part in parts), states]), given


_EVENT_AT = """
WITH RECURSIVE step AS (
    SELECT coalesce((SELECT min(id) FROM event), 0) AS low, coalesce((SELECT max(id) FROM event), 0) + 1 AS high
    UNION ALL
    SELECT CASE WHEN early THEN middle + 1 ELSE low END, CASE WHEN early THEN high ELSE middle END
      FROM (SELECT low, high, (low + high) / 2 AS middle,
                   (SELECT e.learned_at FROM event e WHERE e.id >= (low + high) / 2 ORDER BY e.id LIMIT 1) < %(at)s
                       AS early
              FROM step WHERE low < high) AS looked
)
SELECT low FROM step WHERE low >= high
"""


async def _event_at(tx: Tx, at: datetime) -> int:
    """The number of the first event that was learned of then or later: halving, a few looks into its index."""
    return int(await tx.value(_EVENT_AT, at=at))


async def wake_orphans(tx: Tx) -> int:
    """Wake what is shelved with nothing before it, as after rows were deleted by hand; how many there were."""
    return await tx.execute(
        """
UPDATE callback c SET due_at = %(now)s
 WHERE c.state = 'waiting' AND c.due_at = 'infinity'
   AND NOT EXISTS (SELECT 1 FROM callback e
                    WHERE e.receiver_id = c.receiver_id AND e.mailbox = c.mailbox
                      AND e.state IN ('waiting', 'parked') AND e.id < c.id)
""",
        now=tx.now,
    )


LIST_OF = """
SELECT c.id, c.account_id, c.receiver_id, r.dialect, r.name AS receiver, c.event_id, e.kind, c.mailbox, c.state,
       c.attempts, nullif(c.due_at, 'infinity') AS due_at, c.claimed_until, c.created_at, c.done_at, c.refusal
  FROM {} c
  JOIN receiver r ON r.id = c.receiver_id
  JOIN event e ON e.id = c.event_id
"""
"""Of the table `callback`, or of some of its rows, whole."""
_LIST = LIST_OF.format("callback")
_FILTERS = {
    "account_id": "c.account_id = %(account_id)s",
    "state": "c.state = %(state)s",
    "receiver": "r.name = %(receiver)s",
}


async def callbacks(
    tx: Tx, *, account_id: AccountId | None, state: str | None, receiver: str | None, limit: int
) -> list[CallbackRow]:
    given = {
        name: value
        for name, value in {"account_id": account_id, "state": state, "receiver": receiver}.items()
        if value is not None
    }
    where = SQL(" AND ").join([SQL("true"), *(SQL(_FILTERS[name]) for name in given)])
    return await tx.many(
        CallbackRow,
        SQL("{} WHERE {} ORDER BY c.id DESC LIMIT %(limit)s").format(SQL(_LIST), where),
        limit=limit,
        **given,
    )


async def callback(tx: Tx, *, account_id: AccountId | None = None, callback_id: CallbackId) -> CallbackRow | None:
    owned = "" if account_id is None else " AND c.account_id = %(account_id)s"
    return await tx.one_or_none(
        CallbackRow, f"{_LIST} WHERE c.id = %(id)s{owned}", id=callback_id, account_id=account_id
    )


async def told(tx: Tx, *, account_id: AccountId | None, callback_id: CallbackId) -> tuple[Event, Receiver] | None:
    """What a callback is about, and whom it tells."""
    owned = "" if account_id is None else " AND c.account_id = %(account_id)s"
    of = f"c JOIN {{table}} t ON t.id = c.{{table}}_id WHERE c.id = %(id)s{owned}"
    asked = {"id": callback_id, "account_id": account_id}
    event = await tx.one_or_none(
        Event, f"SELECT {columns(Event, 't')} FROM callback {of.format(table='event')}", **asked
    )
    receiver = await tx.one_or_none(
        Receiver, f"SELECT {columns(Receiver, 't')} FROM callback {of.format(table='receiver')}", **asked
    )
    return None if event is None or receiver is None else (event, receiver)


async def count_by_state(tx: Tx, *, account_id: AccountId | None, receiver: str | None) -> dict[State, int]:
    rows = await tx.rows(
        """
SELECT c.state, count(*) FROM callback c JOIN receiver r ON r.id = c.receiver_id
 WHERE (%(account_id)s::bigint IS NULL OR c.account_id = %(account_id)s)
   AND (%(receiver)s::text IS NULL OR r.name = %(receiver)s)
 GROUP BY c.state ORDER BY c.state
""",
        account_id=account_id,
        receiver=receiver,
    )
    return {row[0]: int(row[1]) for row in rows}


_ATTEMPT = columns(Attempt)


async def attempts(tx: Tx, *, account_id: AccountId | None, callback_id: CallbackId) -> list[Attempt]:
    """Index: callback_attempt_callback_id_number_key."""
    owned = (
        ""
        if account_id is None
        else " AND EXISTS (SELECT 1 FROM callback c WHERE c.id = callback_id AND c.account_id = %(account_id)s)"
    )
    return await tx.many(
        Attempt,
        f"SELECT {_ATTEMPT} FROM callback_attempt WHERE callback_id = %(id)s{owned} ORDER BY number",
        id=callback_id,
        account_id=account_id,
    )
