"""Asking for a door: who may, which box, and a command for the cabinet."""

from datetime import timedelta
from typing import Final

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, BoxId, DoorCommandId, HandoverId
from crossdock.core.lockers import door_sql, queries, sql
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
from crossdock.core.lockers.model import BOOKABLE_SIZES, Box, Cabinet, DoorCommand, Parcel, Purpose, Screen
from crossdock.db.tx import Tx

COMMANDS_TOPIC: Final = "door-commands"
"""Signalled when a command waits to be published."""
COMMAND_TTL: Final = timedelta(seconds=8)
"""After this the cabinet refuses a command that was under way, and nobody waits for it any more."""


class DoorBusy(CrossdockError):
    """The same parcel's door is just being opened for another caller. Facts: command_id."""


def answer_topic(command_id: DoorCommandId) -> str:
    """Signalled when the command was answered."""
    return f"door:{command_id}"


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


async def set_screen(tx: Tx, *, account_id: AccountId, cabinet: str, screen: Screen) -> Cabinet:
    """What the cabinet is to show from its next contact on. Errors: CabinetUnknown."""
    found = await sql.set_screen(tx, account_id=account_id, number=cabinet, screen=screen)
    if found is None:
        raise CabinetUnknown(number=cabinet)
    return found
