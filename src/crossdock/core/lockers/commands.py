"""What is asked of doors and what doors answer. A state follows the cabinet's word, it never runs ahead of it."""

from datetime import datetime, timedelta
from typing import Final

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, BoxId, DoorCommandId, HandoverId, OrderId
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE, NewEvent
from crossdock.core.lockers import door_sql, queries, sql
from crossdock.core.lockers.booking import book, delete_parcel, facts
from crossdock.core.lockers.errors import (
    BoxSizeUnknown,
    CabinetRefused,
    CabinetUnknown,
    NoFreeBox,
    ParcelStored,
    ParcelTaken,
    ParcelUnknown,
    PickCodeUnknown,
    SaveCodeUnknown,
)
from crossdock.core.lockers.model import BOOKABLE_SIZES, OFFLINE, Box, Cabinet, DoorCommand, Parcel, Purpose, Screen
from crossdock.core.orders import commands as orders
from crossdock.db.tx import Tx

__all__ = [
    "answered",
    "ask_open",
    "ask_state",
    "ask_store",
    "ask_take",
    "ask_take_by_number",
    "book",
    "cabinet_seen",
    "claim_commands",
    "delete_parcel",
    "door_reported",
    "door_seen",
    "expire",
    "expire_overdue",
    "lapse",
    "pulse_sent",
    "set_screen",
]

COMMANDS_TOPIC: Final = "door-commands"
"""Signalled when a command waits to be published."""
COMMAND_TTL: Final = timedelta(seconds=8)
"""After this the cabinet refuses a command that was under way, and nobody waits for it any more."""
SILENCE_MAX: Final = timedelta(seconds=60)
"""A cabinet that has said nothing for so long is offline."""


class DoorBusy(CrossdockError):
    """The same parcel's door is just being opened for another caller. Facts: command_id."""


def answer_topic(command_id: DoorCommandId) -> str:
    """Signalled when the command was answered."""
    return f"door:{command_id}"


# Asking ------------------------------------------------------------------------


async def ask_open(
    tx: Tx, *, account_id: AccountId, cabinet: str, lock_address: str, use_type: str, asked_by: str, dialect: str
) -> tuple[DoorCommand, Box]:
    """Open a door by hand; changes neither box nor parcel. For an absent cabinet it is refused at once.

    `cabinet` is the number on it, here and below. Errors: CabinetUnknown, BoxUnknown.
    """
    asked = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    box = await queries.box_at(tx, cabinet_id=asked.id, lock_address=lock_address)
    command = await _ask(tx, asked, box, None, "open", use_type, asked_by, dialect, refusal=asked.unwilling)
    return command, box


async def ask_state(tx: Tx, *, account_id: AccountId, cabinet: str, lock_address: str) -> DoorCommand:
    """Ask the cabinet whether a door is open; it answers with an event. Errors: BoxUnknown."""
    asked = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    box = await queries.box_at(tx, cabinet_id=asked.id, lock_address=lock_address)
    return await _ask(tx, asked, box, None, "query", "", "", "", refusal=asked.unwilling)


async def ask_store(
    tx: Tx, *, account_id: AccountId, cabinet: str, save_code: str, box_size: str, asked_by: str, dialect: str
) -> tuple[DoorCommand, Box]:
    """A courier stands at the cabinet with a parcel: open the first free box of this size.

    Couriers of one cabinet come one after the other, so that each sees which boxes the others are being shown.
    Errors: CabinetUnknown, SaveCodeUnknown, ParcelStored, ParcelTaken, BoxSizeUnknown, NoFreeBox, CabinetRefused,
    DoorBusy.
    """
    if box_size not in BOOKABLE_SIZES:
        raise BoxSizeUnknown(size=box_size)
    asked = await sql.lock_cabinet(tx, account_id=account_id, number=cabinet)
    if asked is None:
        raise CabinetUnknown(number=cabinet)
    parcel = await sql.parcel_of_save_code(tx, cabinet=asked, save_code=save_code)
    match parcel:
        case None:
            raise SaveCodeUnknown()
        case Parcel(state="stored"):
            raise ParcelStored(number=parcel.order_number)
        case Parcel(state="taken"):
            raise ParcelTaken(number=parcel.order_number)
    await _refuse_busy(tx, parcel)
    _refuse_unwilling(asked)
    box = await sql.lock_free_box(tx, cabinet_id=asked.id, size=box_size)
    if box is None:
        raise NoFreeBox(size=box_size)
    return await _ask(tx, asked, box, parcel.id, "store", "S", asked_by, dialect), box


async def ask_take(
    tx: Tx, *, account_id: AccountId, cabinet: str, key: str, asked_by: str, dialect: str
) -> tuple[DoorCommand, Box]:
    """A customer stands at the cabinet with a code.

    Errors: PickCodeUnknown, ParcelTaken, CabinetRefused, DoorBusy.
    """
    asked = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    parcel = await sql.parcel_of_key(tx, cabinet=asked, key=key)
    if parcel is None or parcel.state == "booked":
        raise PickCodeUnknown()
    return await _ask_take(tx, asked, parcel, asked_by, dialect)


async def ask_take_by_number(
    tx: Tx, *, account_id: AccountId, cabinet: str, number: str, asked_by: str, dialect: str
) -> tuple[DoorCommand, Box]:
    """As ask_take, by the order number. Errors: ParcelUnknown, and those of ask_take."""
    asked = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    parcel = await sql.parcel_of_number(tx, account_id=account_id, number=number)
    if parcel is None or parcel.cabinet_id != asked.id:
        raise ParcelUnknown(number=number)
    if parcel.state == "booked":
        raise PickCodeUnknown()
    return await _ask_take(tx, asked, parcel, asked_by, dialect)


async def _ask_take(tx: Tx, cabinet: Cabinet, parcel: Parcel, asked_by: str, dialect: str) -> tuple[DoorCommand, Box]:
    if parcel.state == "taken":
        raise ParcelTaken(number=parcel.order_number)
    await _refuse_busy(tx, parcel)
    _refuse_unwilling(cabinet)
    box = await sql.box_by_id(tx, BoxId(parcel.box_id or 0))
    return await _ask(tx, cabinet, box, parcel.id, "take", "G", asked_by, dialect), box


async def _refuse_busy(tx: Tx, parcel: Parcel) -> None:
    """The parcel is held by this transaction: no other can ask for its door until this one ends."""
    live = await door_sql.live_of_parcel(tx, parcel.id)
    if live is not None:
        raise DoorBusy(command_id=live)


def _refuse_unwilling(cabinet: Cabinet) -> None:
    if cabinet.unwilling is not None:
        raise CabinetRefused(reason=cabinet.unwilling)


async def _ask(
    tx: Tx,
    cabinet: Cabinet,
    box: Box,
    handover_id: HandoverId | None,
    purpose: Purpose,
    use_type: str,
    asked_by: str,
    dialect: str,
    *,
    refusal: str | None = None,
) -> DoorCommand:
    expires_at = tx.now + COMMAND_TTL
    command_id = await door_sql.insert(
        tx,
        cabinet=cabinet,
        box_id=box.id,
        handover_id=handover_id,
        purpose=purpose,
        use_type=use_type,
        asked_by=asked_by,
        dialect=dialect,
        refusal=refusal,
        expires_at=expires_at,
    )
    if refusal is None:
        await tx.notify(COMMANDS_TOPIC)
    return DoorCommand(
        id=command_id,
        account_id=cabinet.account_id,
        cabinet_id=cabinet.id,
        cabinet_number=cabinet.number,
        box_id=box.id,
        lock_address=box.lock_address,
        handover_id=handover_id,
        purpose=purpose,
        state="waiting" if refusal is None else "refused",
        refusal=refusal,
        asked_at=tx.now,
        expires_at=expires_at,
    )


# Answering ---------------------------------------------------------------------


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
    state = "accepted" if accepted else "refused"
    refusal = None if accepted else reason
    await door_sql.answer(tx, command_id=command.id, state=state, refusal=refusal, at=happened_at)
    if accepted and not await _follow(tx, command, happened_at):
        await _alarm(tx, command, "late answer", happened_at)
    await tx.notify(answer_topic(command.id))


async def expire(tx: Tx, *, command_id: DoorCommandId) -> bool:
    """Give up on a command that was not answered; False when it just was."""
    return await door_sql.expire(tx, command_id=command_id, refusal=OFFLINE)


async def expire_overdue(tx: Tx) -> int:
    """Commands whose asker is gone since a restart; how many there were."""
    return await door_sql.expire_overdue(tx, refusal=OFFLINE, before=tx.now - COMMAND_TTL)


async def _follow(tx: Tx, command: DoorCommand, at: datetime) -> bool:
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
    return True


async def _taken(tx: Tx, command: DoorCommand, at: datetime) -> bool:
    handover_id = HandoverId(command.handover_id or 0)
    if not await sql.take(tx, account_id=command.account_id, handover_id=handover_id, at=at):
        return False
    cabinet = await sql.cabinet_by_id(tx, command.cabinet_id)
    await sql.empty_box(tx, box_id=command.box_id, clear=cabinet.clears_on_take)
    parcel = await _parcel(tx, command)
    await _tell(tx, kinds.HANDOVER_TAKEN, command, parcel, at)
    if parcel.order_id is not None:
        await orders.deliver(
            tx,
            account_id=command.account_id,
            order_id=parcel.order_id,
            place="locker",
            dialect=HOUSE,
            actor=command.cabinet_number,
        )
    return True


async def _parcel(tx: Tx, command: DoorCommand) -> Parcel:
    found = await sql.parcel(tx, account_id=command.account_id, handover_id=command.handover_id or 0)
    if found is None:
        raise ParcelUnknown(id=command.handover_id)
    return found


async def _tell(tx: Tx, kind: str, command: DoorCommand, parcel: Parcel, at: datetime) -> None:
    cabinet = await sql.cabinet_by_id(tx, command.cabinet_id)
    await events.append(
        tx,
        NewEvent(
            account_id=command.account_id,
            kind=kind,
            subject=f"handover:{parcel.id}",
            order_id=parcel.order_id,
            actor=cabinet.number,
            facts=facts(parcel, cabinet),
            happened_at=at,
        ),
    )


async def _alarm(tx: Tx, command: DoorCommand, alarm: str, at: datetime) -> None:
    box = await sql.box_by_id(tx, command.box_id)
    await events.append(
        tx,
        NewEvent(
            account_id=command.account_id,
            kind=kinds.DOOR_ALARM,
            subject=f"cabinet:{command.cabinet_number}",
            actor=command.cabinet_number,
            facts={"cabinet": command.cabinet_number, "box": box.name, "alarm": alarm, "command_id": command.id},
            happened_at=at,
        ),
    )


# What cabinets report by themselves ---------------------------------------------


async def pulse_sent(tx: Tx, *, cabinet_number: str, command_id: int, happened_at: datetime) -> None:
    """The lock got its current; the door is not seen yet."""
    cabinet = await sql.cabinet_of_device(tx, cabinet_number)
    if cabinet is not None:
        await door_sql.note_pulse(tx, command_id=command_id, cabinet_id=cabinet.id, at=happened_at)


async def door_seen(
    tx: Tx,
    *,
    cabinet_number: str,
    lock_address: str,
    door: str,
    sequence: str,
    happened_at: datetime,
    command_id: int | None = None,
) -> None:
    """A door was seen open or closed. A report that was written before changes nothing."""
    cabinet = await sql.cabinet_of_device(tx, cabinet_number)
    if cabinet is None:
        return
    box = await queries.box_at(tx, cabinet_id=cabinet.id, lock_address=lock_address)
    if not await door_sql.insert_event(
        tx, cabinet=cabinet, box_id=box.id, command_id=command_id, sequence=sequence, kind=door, at=happened_at
    ):
        return
    await sql.set_door(tx, box_id=box.id, door=door, at=happened_at)
    behind = None
    if command_id is not None:
        behind = await door_sql.note_door(tx, command_id=command_id, cabinet_id=cabinet.id, door=door, at=happened_at)
    await _report(
        tx, kinds.DOOR_CHANGED, cabinet, box, door, happened_at, None if behind is None else behind.order_id
    )
    if door == "open" and behind is None:
        await events.append(
            tx,
            NewEvent(
                account_id=cabinet.account_id,
                kind=kinds.DOOR_ALARM,
                subject=cabinet.subject,
                actor=cabinet.number,
                facts={"cabinet": cabinet.number, "box": box.name, "alarm": "opened without command"},
                happened_at=happened_at,
            ),
        )


async def door_reported(tx: Tx, *, cabinet_number: str, lock_address: str, door: str, happened_at: datetime) -> None:
    """The cabinet's answer to a question for one door."""
    cabinet = await sql.cabinet_of_device(tx, cabinet_number)
    if cabinet is None:
        return
    box = await queries.box_at(tx, cabinet_id=cabinet.id, lock_address=lock_address)
    await sql.set_door(tx, box_id=box.id, door=door, at=happened_at)
    await _report(tx, kinds.DOOR_QUERIED, cabinet, box, door, happened_at, None)


async def cabinet_seen(tx: Tx, *, number: str, online: bool, at: datetime) -> None:
    """A cabinet came, is still there, or went."""
    await sql.set_seen(tx, number=number, online=online, at=at)


async def set_screen(tx: Tx, *, account_id: AccountId, cabinet: str, screen: Screen) -> Cabinet:
    """What the cabinet is to show from its next contact on. Errors: CabinetUnknown."""
    found = await sql.set_screen(tx, account_id=account_id, number=cabinet, screen=screen)
    if found is None:
        raise CabinetUnknown(number=cabinet)
    return found


async def lapse(tx: Tx) -> int:
    """Cabinets gone silent while nobody listened, as around a restart; how many there were."""
    return await sql.set_offline_before(tx, before=tx.now - SILENCE_MAX)


async def _report(
    tx: Tx, kind: str, cabinet: Cabinet, box: Box, door: str, at: datetime, order_id: OrderId | None
) -> None:
    await events.append(
        tx,
        NewEvent(
            account_id=cabinet.account_id,
            kind=kind,
            subject=cabinet.subject,
            order_id=order_id,
            actor=cabinet.number,
            facts={"cabinet": cabinet.number, "box": box.name, "lock_address": box.lock_address, "door": door},
            happened_at=at,
        ),
    )
