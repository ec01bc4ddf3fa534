"""What a cabinet says to a command. Parcel and box follow its word, they never run ahead of it."""

from datetime import datetime
from typing import Any

from msgspec import convert

from crossdock.base.ids import BoxId, DoorCommandId, HandoverId
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.lockers import alarms, door_sql, keeping, sql
from crossdock.core.lockers.asking import COMMAND_TTL, answer_topic
from crossdock.core.lockers.booking import tell_parcel
from crossdock.core.lockers.errors import ParcelUnknown
from crossdock.core.lockers.leaving import leave_box
from crossdock.core.lockers.model import OFFLINE, AlarmKind, Box, Complaint, DoorCommand, Parcel
from crossdock.core.notices import commands as notices
from crossdock.core.orders import commands as orders
from crossdock.db.tx import Tx


async def claim_commands(tx: Tx, *, limit: int) -> list[DoorCommand]:
    """Commands to publish now; each is given out once."""
    return await door_sql.claim(tx, limit=limit)


async def answered(
    tx: Tx, *, cabinet_number: str, command_id: int, accepted: bool, reason: str, happened_at: datetime
) -> None:
    """What the cabinet says to a command. Said twice it counts once; said too late it is kept and looked at.

    An acceptance that arrives after we gave up still moved the door: the parcel follows if it can and nobody
    has asked for its door or its box again since; an alarm tells when not.
    """
    command = await door_sql.lock(tx, command_id=command_id, cabinet_number=cabinet_number)
    if command is None or command.state in ("accepted", "refused"):
        return
    late = command.state == "expired"
    if late and not accepted:
        return
    at = min(max(happened_at, command.asked_at), tx.now)  # its clock may be wrong by years
    state = "accepted" if accepted else "refused"
    refusal = None if accepted else reason
    await door_sql.answer(tx, command_id=command.id, state=state, refusal=refusal, at=at)
    if accepted and not await follow(tx, command, at):
        await _alarm(tx, command, "late answer", at)
    await tx.notify(answer_topic(command.id))


async def expire(tx: Tx, *, command_id: DoorCommandId) -> bool:
    """Give up on a command that was not answered; False when it just was."""
    return await door_sql.expire(tx, command_id=command_id, refusal=OFFLINE)


async def expire_overdue(tx: Tx) -> int:
    """Commands whose asker is gone since a restart; how many there were."""
    return await door_sql.expire_overdue(tx, refusal=OFFLINE, before=tx.now - COMMAND_TTL)


async def follow(tx: Tx, command: DoorCommand, at: datetime) -> bool:
    """Bring parcel and box to where the door has brought them; False when the parcel is elsewhere by now.

    Locks are taken as by who asks: the parcel, then its box.
    """
    if command.handover_id is None:
        return True
    await sql.lock_parcel(tx, account_id=command.account_id, handover_id=command.handover_id)
    box = await sql.lock_box(tx, command.box_id)
    if command.state == "expired" and await door_sql.overtaken(tx, command):
        return False
    match command.purpose:
        case "store":
            return await _stored(tx, command, box, at)
        case "move":
            return await _moved(tx, command, box, at)
        case "take":
            return await _taken(tx, command, at)
    return True


async def _stored(tx: Tx, command: DoorCommand, box: Box, at: datetime) -> bool:
    if box.full or not await sql.store(
        tx,
        account_id=command.account_id,
        handover_id=HandoverId(command.handover_id or 0),
        box_id=box.id,
        box_size=box.size,
        at=at,
    ):
        return False
    parcel = await _parcel(tx, command)
    await sql.fill_box(tx, box_id=box.id, order_number=parcel.order_number, stored_at=at)
    await _tell(tx, kinds.HANDOVER_STORED, command, parcel, at)
    await notices.ready(tx, account_id=parcel.account_id, handover_id=parcel.id)
    if parcel.order_id is not None:
        await orders.got_further(
            tx,
            account_id=command.account_id,
            order_id=parcel.order_id,
            dialect=HOUSE,
            actor=command.cabinet_number,
        )
    return True


async def _moved(tx: Tx, command: DoorCommand, box: Box, at: datetime) -> bool:
    """Out of the box it lay in, into the one whose door was opened."""
    parcel = await _parcel(tx, command)
    if box.full or parcel.state != "stored" or parcel.box_id in (None, box.id):
        return False
    left = await sql.lock_box(tx, BoxId(parcel.box_id or 0))
    await sql.move(
        tx,
        account_id=command.account_id,
        handover_id=parcel.id,
        from_box=left.id,
        box_id=box.id,
        box_size=box.size,
    )
    await sql.fill_box(tx, box_id=box.id, order_number=parcel.order_number, stored_at=parcel.stored_at or at)
    cabinet = await sql.cabinet_by_id(tx, command.cabinet_id)
    complaint = convert(await door_sql.use_type(tx, command.id), Complaint)
    await leave_box(tx, cabinet=cabinet, box=left, complaint=complaint)
    moved = await _parcel(tx, command)
    more = {"from_box": left.name, "complaint": complaint}
    await tell_parcel(tx, kinds.HANDOVER_MOVED, moved, cabinet, actor=cabinet.number, **more)
    return True


async def _taken(tx: Tx, command: DoorCommand, at: datetime) -> bool:
    handover_id = HandoverId(command.handover_id or 0)
    if not await sql.take(tx, account_id=command.account_id, handover_id=handover_id, box_id=command.box_id, at=at):
        return False
    cabinet = await sql.cabinet_by_id(tx, command.cabinet_id)
    await sql.empty_box(tx, box_id=command.box_id, clear=cabinet.clears_on_take)
    parcel = await _parcel(tx, command)
    if parcel.recalled_at is None:
        await _tell(tx, kinds.HANDOVER_TAKEN, command, parcel, at)
        await _delivered(tx, command, parcel)
    elif command.asked_at < parcel.recalled_at:
        # The customer's door opened, and the cabinet said so only after we had called the parcel back.
        await _tell(tx, kinds.HANDOVER_TAKEN, command, parcel, at, returned=False)
        await _delivered(tx, command, parcel)
        await keeping.call_off_return(tx, parcel, actor=command.cabinet_number)
    else:
        await _tell(tx, kinds.HANDOVER_TAKEN, command, parcel, at, returned=True)
        await _given_back(tx, command, parcel)
    return True


async def _delivered(tx: Tx, command: DoorCommand, parcel: Parcel) -> None:
    if parcel.order_id is not None:
        await orders.deliver(
            tx,
            account_id=command.account_id,
            order_id=parcel.order_id,
            place="locker",
            dialect=HOUSE,
            actor=command.cabinet_number,
        )


async def _given_back(tx: Tx, command: DoorCommand, parcel: Parcel) -> None:
    if parcel.order_id is not None:
        await orders.give_back(
            tx,
            account_id=command.account_id,
            order_id=parcel.order_id,
            reason=keeping.NOBODY_CAME,
            dialect=HOUSE,
            actor=command.cabinet_number,
        )


async def _parcel(tx: Tx, command: DoorCommand) -> Parcel:
    found = await sql.parcel(tx, account_id=command.account_id, handover_id=command.handover_id or 0)
    if found is None:
        raise ParcelUnknown(id=command.handover_id)
    return found


async def _tell(tx: Tx, kind: str, command: DoorCommand, parcel: Parcel, at: datetime, **more: Any) -> None:
    cabinet = await sql.cabinet_by_id(tx, command.cabinet_id)
    await tell_parcel(tx, kind, parcel, cabinet, actor=cabinet.number, at=at, **more)


async def _alarm(tx: Tx, command: DoorCommand, alarm: AlarmKind, at: datetime) -> None:
    box = await sql.box_by_id(tx, command.box_id)
    await alarms.raise_alarm(
        tx,
        account_id=command.account_id,
        cabinet_id=command.cabinet_id,
        cabinet=command.cabinet_number,
        kind=alarm,
        box=(box.id, box.name),
        about=str(command.id),
        at=at,
        command_id=command.id,
    )
