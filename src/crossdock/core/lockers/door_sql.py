"""Statements on what we tell doors and what doors tell us."""

from datetime import datetime, timedelta

from msgspec import Struct, structs

from crossdock.base.ids import BoxId, CabinetId, DoorCommandId, HandoverId, OrderId
from crossdock.core.events.model import HOUSE
from crossdock.core.lockers.model import Asker, Cabinet, DoorCommand, DoorFacts, DoorPlace, LogRow, Purpose
from crossdock.db.tx import Tx

OPENS_FOR = timedelta(minutes=10)
"""From when it was asked: a door that opens later was not opened by this command."""

_COMMAND = (
    "d.id, d.account_id, d.cabinet_id, c.number AS cabinet_number, d.box_id, b.lock_address, d.handover_id,"
    " d.purpose, d.state, d.refusal, d.asked_at, d.expires_at"
)
_JOINED = (
    "door_command d JOIN cabinet c ON c.id = d.cabinet_id"
    " JOIN box b ON b.account_id = d.account_id AND b.id = d.box_id"
)


async def insert(
    tx: Tx,
    *,
    cabinet: Cabinet,
    box_id: BoxId,
    handover_id: HandoverId | None,
    purpose: Purpose,
    use_type: str,
    asked_by: str,
    dialect: str,
    refusal: str | None,
    expires_at: datetime,
) -> DoorCommandId:
    """A waiting command, or one that is refused at once."""
    id_ = await tx.value(
        """
INSERT INTO door_command (account_id, cabinet_id, box_id, handover_id, purpose, use_type, asked_by, dialect, state,
                          refusal, asked_at, answered_at, expires_at)
VALUES (%(account_id)s, %(cabinet_id)s, %(box_id)s, %(handover_id)s, %(purpose)s, %(use_type)s, %(asked_by)s,
        %(dialect)s, CASE WHEN %(refusal)s::text IS NULL THEN 'waiting' ELSE 'refused' END, %(refusal)s, %(now)s,
        CASE WHEN %(refusal)s::text IS NULL THEN NULL ELSE %(now)s::timestamptz END, %(expires_at)s)
RETURNING id
""",
        account_id=cabinet.account_id,
        cabinet_id=cabinet.id,
        box_id=box_id,
        handover_id=handover_id,
        purpose=purpose,
        use_type=use_type,
        asked_by=asked_by,
        dialect=dialect,
        refusal=refusal,
        now=tx.now,
        expires_at=expires_at,
    )
    return DoorCommandId(id_)


async def insert_done(
    tx: Tx, *, cabinet: Cabinet, box_id: BoxId, handover_id: HandoverId | None, purpose: Purpose, at: datetime
) -> DoorCommandId:
    """What a cabinet did by itself."""
    id_ = await tx.value(
        """
INSERT INTO door_command (account_id, cabinet_id, box_id, handover_id, purpose, use_type, asked_by, dialect, state,
                          asked_at, sent_at, answered_at, expires_at)
VALUES (%(account_id)s, %(cabinet_id)s, %(box_id)s, %(handover_id)s, %(purpose)s, 'offline', %(number)s, %(house)s,
        'accepted', %(at)s, %(at)s, %(at)s, %(at)s)
RETURNING id
""",
        account_id=cabinet.account_id,
        cabinet_id=cabinet.id,
        box_id=box_id,
        handover_id=handover_id,
        purpose=purpose,
        number=cabinet.number,
        house=HOUSE,
        at=at,
    )
    return DoorCommandId(id_)


async def set_event_command(tx: Tx, *, cabinet_id: CabinetId, sequence: str, command_id: DoorCommandId) -> None:
    await tx.execute(
        "UPDATE door_event SET command_id = %(command_id)s"
        " WHERE cabinet_id = %(cabinet_id)s AND sequence = %(sequence)s",
        cabinet_id=cabinet_id,
        sequence=sequence,
        command_id=command_id,
    )


async def command_of_use(tx: Tx, *, cabinet_id: CabinetId, sequence: str) -> int | None:
    """The command that stands for what a cabinet did by its list. Index: door_event_cabinet_id_sequence_key."""
    found = await tx.value(
        "SELECT command_id FROM door_event"
        " WHERE cabinet_id = %(cabinet_id)s AND sequence = %(sequence)s AND kind = 'used'",
        cabinet_id=cabinet_id,
        sequence=sequence,
    )
    return None if found is None else int(found)


async def live_of_parcel(tx: Tx, handover_id: HandoverId) -> DoorCommandId | None:
    """Index: door_command_live_handover_key."""
    id_ = await tx.value(
        "SELECT id FROM door_command WHERE handover_id = %(handover_id)s AND state IN ('waiting', 'sent')",
        handover_id=handover_id,
    )
    return None if id_ is None else DoorCommandId(id_)


async def claim(tx: Tx, *, limit: int) -> list[DoorCommand]:
    """Waiting commands in the order they were asked, each for one publisher. Index: door_command_waiting_idx."""
    return await tx.many(
        DoorCommand,
        f"""
WITH picked AS (
    SELECT id FROM door_command WHERE state = 'waiting' AND expires_at > %(now)s ORDER BY id LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE door_command SET state = 'sent', sent_at = %(now)s FROM picked WHERE door_command.id = picked.id
    RETURNING door_command.*
)
SELECT {_COMMAND} FROM claimed d JOIN cabinet c ON c.id = d.cabinet_id JOIN box b ON b.id = d.box_id ORDER BY d.id
""",
        limit=limit,
        now=tx.now,
    )


async def find(tx: Tx, command_id: DoorCommandId) -> DoorCommand | None:
    return await tx.one_or_none(DoorCommand, f"SELECT {_COMMAND} FROM {_JOINED} WHERE d.id = %(id)s", id=command_id)


async def facts(tx: Tx, *, cabinet_id: CabinetId, command_id: int) -> DoorFacts | None:
    return await tx.one_or_none(
        DoorFacts,
        "SELECT state, answered_at, pulse_at, opened_at, closed_at FROM door_command"
        " WHERE id = %(id)s AND cabinet_id = %(cabinet_id)s",
        id=command_id,
        cabinet_id=cabinet_id,
    )


async def use_type(tx: Tx, command_id: DoorCommandId) -> str:
    """What it was asked for, in the asker's word."""
    return str(await tx.value("SELECT use_type FROM door_command WHERE id = %(id)s", id=command_id))


async def lock(tx: Tx, *, command_id: int, cabinet_number: str) -> DoorCommand | None:
    """A command of that cabinet, held for this transaction."""
    return await tx.one_or_none(
        DoorCommand,
        f"SELECT {_COMMAND} FROM {_JOINED} WHERE d.id = %(id)s AND c.number = %(number)s FOR NO KEY UPDATE OF d",
        id=command_id,
        number=cabinet_number,
    )


async def overtaken(tx: Tx, command: DoorCommand) -> bool:
    """Whether a later command of its parcel, or the next courier's of its box, is on its way."""
    return bool(
        await tx.value(
            """
SELECT EXISTS (SELECT 1 FROM door_command
                WHERE handover_id = %(handover_id)s AND state IN ('waiting', 'sent') AND id <> %(id)s)
    OR EXISTS (SELECT 1 FROM door_command
                WHERE box_id = %(box_id)s AND purpose IN ('store', 'move') AND state IN ('waiting', 'sent')
                  AND id <> %(id)s)
""",
            id=command.id,
            handover_id=command.handover_id,
            box_id=command.box_id,
        )
    )


async def answer(tx: Tx, *, command_id: DoorCommandId, state: str, refusal: str | None, at: datetime) -> None:
    await tx.execute(
        "UPDATE door_command SET state = %(state)s, refusal = %(refusal)s, answered_at = %(at)s WHERE id = %(id)s",
        id=command_id,
        state=state,
        refusal=refusal,
        at=at,
    )


async def expire(tx: Tx, *, command_id: DoorCommandId, refusal: str) -> bool:
    """False when it was answered in the meantime."""
    return bool(
        await tx.execute(
            """
UPDATE door_command SET state = 'expired', refusal = %(refusal)s, answered_at = %(now)s
 WHERE id = %(id)s AND state IN ('waiting', 'sent')
""",
            id=command_id,
            refusal=refusal,
            now=tx.now,
        )
    )


async def note_pulse(tx: Tx, *, command_id: int, cabinet_number: str, at: datetime) -> None:
    await tx.execute(
        "UPDATE door_command d SET pulse_at = coalesce(pulse_at, %(at)s)"
        "  FROM cabinet c WHERE c.id = d.cabinet_id AND c.number = %(number)s AND d.id = %(id)s",
        id=command_id,
        number=cabinet_number,
        at=at,
    )


async def shut_on(tx: Tx, handover_id: HandoverId) -> bool:
    """Whether the door that was opened for this parcel was seen open and is shut again.

    Index: door_command_account_id_box_id_idx.
    """
    return bool(
        await tx.value(
            """
SELECT d.opened_at IS NOT NULL AND b.door = 'closed'
  FROM handover h JOIN box b ON b.id = h.box_id
       JOIN door_command d ON d.account_id = h.account_id AND d.box_id = h.box_id AND d.handover_id = h.id
 WHERE h.id = %(handover_id)s AND d.purpose IN ('store', 'move') AND d.state = 'accepted'
 ORDER BY d.id DESC LIMIT 1
""",
            handover_id=handover_id,
        )
    )


class DoorReport(Struct, frozen=True):
    """What a report of a door was."""

    is_new: bool
    """It was not written before."""
    commanded: bool
    """A command of this cabinet is behind it."""
    order_id: OrderId | None
    """Which order the door moved for."""


async def note_door(
    tx: Tx,
    *,
    place: DoorPlace,
    command_id: int | None,
    sequence: str,
    door: str,
    at: datetime,
) -> DoorReport:
    """Keep the report, how the door stands, and when the command's door was first seen so. Written before, nothing
    changes; one that comes late, behind a newer one, says nothing of how the door stands."""
    return await tx.one(
        DoorReport,
        """
WITH noted AS (
    INSERT INTO door_event (account_id, cabinet_id, box_id, command_id, sequence, kind, happened_at, learned_at)
    VALUES (%(account_id)s, %(cabinet_id)s, %(box_id)s, %(command_id)s, %(sequence)s, %(door)s, %(at)s, %(now)s)
    ON CONFLICT ON CONSTRAINT door_event_cabinet_id_sequence_key DO NOTHING
    RETURNING id
), moved AS (
    UPDATE box SET door = %(door)s, door_at = %(at)s, updated_at = %(now)s
      FROM noted WHERE box.id = %(box_id)s AND (door_at IS NULL OR door_at <= %(at)s)
), seen AS (
    UPDATE door_command d
       SET opened_at = CASE WHEN %(door)s = 'open' THEN coalesce(opened_at, %(at)s) ELSE opened_at END,
           closed_at = CASE WHEN %(door)s = 'closed' THEN coalesce(closed_at, %(at)s) ELSE closed_at END
      FROM noted
     WHERE d.id = %(command_id)s AND d.cabinet_id = %(cabinet_id)s AND d.box_id = %(box_id)s
       AND d.state <> 'refused'
       AND (%(door)s <> 'open' OR %(at)s < d.asked_at + %(opens_for)s)
    RETURNING d.account_id, d.handover_id
)
SELECT EXISTS (SELECT 1 FROM noted) AS is_new, seen.account_id IS NOT NULL AS commanded, o.id AS order_id
  FROM (SELECT 1) AS always LEFT JOIN seen ON true
       LEFT JOIN handover h ON h.account_id = seen.account_id AND h.id = seen.handover_id
       LEFT JOIN orders o ON o.account_id = h.account_id AND o.id = h.order_id
""",
        account_id=place.account_id,
        cabinet_id=place.cabinet_id,
        box_id=place.box_id,
        command_id=command_id,
        sequence=sequence,
        door=door,
        at=min(at, tx.now),
        opens_for=OPENS_FOR,
        now=tx.now,
    )


async def insert_event(
    tx: Tx,
    *,
    cabinet: Cabinet,
    box_id: BoxId | None,
    command_id: int | None,
    sequence: str,
    kind: str,
    at: datetime,
) -> bool:
    """False when this report was written before."""
    return bool(
        await tx.execute(
            """
INSERT INTO door_event (account_id, cabinet_id, box_id, command_id, sequence, kind, happened_at, learned_at)
VALUES (%(account_id)s, %(cabinet_id)s, %(box_id)s, %(command_id)s, %(sequence)s, %(kind)s, %(at)s, %(now)s)
ON CONFLICT ON CONSTRAINT door_event_cabinet_id_sequence_key DO NOTHING
""",
            account_id=cabinet.account_id,
            cabinet_id=cabinet.id,
            box_id=box_id,
            command_id=command_id,
            sequence=sequence,
            kind=kind,
            at=at,
            now=tx.now,
        )
    )


_LOG = f"FROM {_JOINED} WHERE b.id = %(box_id)s AND d.cabinet_id = %(cabinet_id)s AND d.purpose <> 'query'"
_SEEN_BY = " AND (d.dialect = %(house)s OR (d.dialect = %(dialect)s AND d.asked_by = %(asked_by)s))"


async def log(
    tx: Tx, *, cabinet_id: CabinetId, box_id: BoxId, start: int, limit: int, seen_by: Asker | None
) -> tuple[int, list[LogRow]]:
    """Newest first; questions for a door's state are not in it. Index: door_command_account_id_box_id_idx."""
    tasks = _LOG if seen_by is None else _LOG + _SEEN_BY
    asker = {} if seen_by is None else {"house": HOUSE, **structs.asdict(seen_by)}
    total = await tx.value(f"SELECT count(*) {tasks}", cabinet_id=cabinet_id, box_id=box_id, **asker)
    rows = await tx.many(
        LogRow,
        "SELECT d.id AS command_id, b.name AS box_name, b.lock_address, d.state, d.refusal, d.dialect, d.asked_by,"
        f" d.asked_at, d.answered_at {tasks} ORDER BY d.id DESC OFFSET %(start)s LIMIT %(limit)s",
        cabinet_id=cabinet_id,
        box_id=box_id,
        start=start,
        limit=limit,
        **asker,
    )
    return int(total), rows


async def expire_overdue(tx: Tx, *, refusal: str, before: datetime) -> int:
    """Commands whose asker is gone, as after a restart of the server."""
    return await tx.execute(
        """
UPDATE door_command SET state = 'expired', refusal = %(refusal)s, answered_at = %(now)s
 WHERE state IN ('waiting', 'sent') AND expires_at < %(before)s
""",
        refusal=refusal,
        before=before,
        now=tx.now,
    )
