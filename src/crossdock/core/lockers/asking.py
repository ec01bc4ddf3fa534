"""Asking for a door: who may, which box, and a command for the cabinet."""

from datetime import timedelta
from typing import Final

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, BoxId, DoorCommandId, HandoverId
from crossdock.core.events import kinds
from crossdock.core.lockers import door_sql, queries, sql
from crossdock.core.lockers.booking import tell_parcel
from crossdock.core.lockers.errors import (
    BoxSizeUnknown,
    CabinetRefused,
    CabinetUnknown,
    DoorShut,
    MoveTooLate,
    NoFreeBox,
    ParcelStored,
    ParcelTaken,
    ParcelUnknown,
    PickCodeUnknown,
    SaveCodeUnknown,
)
from crossdock.core.lockers.leaving import leave_box
from crossdock.core.lockers.model import (
    BOOKABLE_SIZES,
    SIZES,
    Box,
    Cabinet,
    CodeUse,
    Complaint,
    DoorCommand,
    Parcel,
    Purpose,
    Screen,
)
from crossdock.db.tx import Tx

COMMANDS_TOPIC: Final = "door-commands"
"""Signalled when a command waits to be published."""
MOVE_WITHIN: Final = timedelta(minutes=10)
"""After it was stored, its courier may have another box; later the save code opens nothing."""
COMMAND_TTL: Final = timedelta(seconds=8)
"""After this the cabinet refuses a command that was under way, and nobody waits for it any more."""


class DoorBusy(CrossdockError):
    """The same parcel's door is just being opened for another caller. Facts: command_id."""


class TryNotCounted(CrossdockError):
    """This cabinet counts tries, and this one was not counted yet."""


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
    tx: Tx,
    *,
    account_id: AccountId,
    cabinet: str,
    save_code: str,
    box_size: str,
    asked_by: str,
    dialect: str,
    counted: bool = True,
) -> tuple[DoorCommand, Box]:
    """A courier stands at the cabinet with a parcel: open the first free box of this size.

    Couriers of one cabinet come one after the other, so that each sees which boxes the others are being shown.
    `counted`: this try was (`tries.begin`). Errors: CabinetUnknown, SaveCodeUnknown, ParcelStored, ParcelTaken,
    BoxSizeUnknown, NoFreeBox, CabinetRefused, DoorBusy, TryNotCounted.
    """
    if box_size not in BOOKABLE_SIZES:
        raise BoxSizeUnknown(size=box_size)
    asked = await sql.lock_cabinet(tx, account_id=account_id, number=cabinet)
    if asked is None:
        raise CabinetUnknown(number=cabinet)
    _refuse_uncounted(asked, counted)
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
    box = await sql.lock_free_box(tx, cabinet_id=asked.id, sizes=[box_size])
    if box is None:
        raise NoFreeBox(size=box_size)
    return await _ask(tx, asked, box, parcel.id, "store", "S", asked_by, dialect), box


async def ask_move(
    tx: Tx,
    *,
    account_id: AccountId,
    cabinet: str,
    save_code: str,
    complaint: Complaint,
    asked_by: str,
    dialect: str,
) -> tuple[DoorCommand, Box]:
    """The courier who just stored this parcel wants another box: a larger one, or another of its size.

    Errors: CabinetUnknown, SaveCodeUnknown, MoveTooLate, DoorShut, ParcelTaken, NoFreeBox, CabinetRefused, DoorBusy.
    """
    asked, parcel = await _just_stored(tx, account_id=account_id, cabinet=cabinet, save_code=save_code)
    _refuse_unwilling(asked)
    larger = SIZES[SIZES.index(parcel.box_size) + 1 :] if complaint == "does not fit" else (parcel.box_size,)
    box = await sql.lock_free_box(tx, cabinet_id=asked.id, sizes=larger, not_box=parcel.box_id)
    if box is None:
        raise NoFreeBox(size=" ".join(larger))
    return await _ask(tx, asked, box, parcel.id, "move", complaint, asked_by, dialect), box


async def keep_parcel(
    tx: Tx, *, account_id: AccountId, cabinet: str, save_code: str, complaint: Complaint, dialect: str, actor: str
) -> Parcel:
    """The courier who just stored this parcel takes it along again: it is booked as before.

    Errors: CabinetUnknown, SaveCodeUnknown, MoveTooLate, DoorShut, ParcelTaken, DoorBusy.
    """
    asked, parcel = await _just_stored(tx, account_id=account_id, cabinet=cabinet, save_code=save_code)
    left = await sql.lock_box(tx, BoxId(parcel.box_id or 0))
    await sql.keep(tx, account_id=account_id, handover_id=parcel.id)
    await leave_box(tx, cabinet=asked, box=left, complaint=complaint)
    kept = await sql.parcel(tx, account_id=account_id, handover_id=parcel.id)
    if kept is None:
        raise ParcelUnknown(id=parcel.id)
    await tell_parcel(
        tx, kinds.HANDOVER_KEPT, kept, asked, dialect=dialect, actor=actor, from_box=left.name, complaint=complaint
    )
    return kept


async def _just_stored(tx: Tx, *, account_id: AccountId, cabinet: str, save_code: str) -> tuple[Cabinet, Parcel]:
    asked = await sql.lock_cabinet(tx, account_id=account_id, number=cabinet)
    if asked is None:
        raise CabinetUnknown(number=cabinet)
    parcel = await sql.parcel_of_save_code(tx, cabinet=asked, save_code=save_code)
    match parcel:
        case None | Parcel(state="booked"):
            raise SaveCodeUnknown()
        case Parcel(state="taken"):
            raise ParcelTaken(number=parcel.order_number)
    if _stored_long_ago(tx, parcel):
        raise MoveTooLate(number=parcel.order_number)
    await _refuse_busy(tx, parcel)
    if await door_sql.shut_on(tx, parcel.id):
        raise DoorShut(number=parcel.order_number)
    return asked, parcel


def _stored_long_ago(tx: Tx, parcel: Parcel) -> bool:
    return parcel.stored_at is None or tx.now - parcel.stored_at > MOVE_WITHIN


async def ask_take(
    tx: Tx,
    *,
    account_id: AccountId,
    cabinet: str,
    key: str,
    asked_by: str,
    dialect: str,
    counted: bool = True,
) -> tuple[DoorCommand, Box]:
    """A customer stands at the cabinet with a code; `counted` as above.

    Errors: PickCodeUnknown, ParcelTaken, CabinetRefused, DoorBusy, TryNotCounted.
    """
    asked = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    _refuse_uncounted(asked, counted)
    parcel = await sql.parcel_of_key(tx, cabinet=asked, key=key)
    if parcel is None or parcel.state == "booked":
        raise PickCodeUnknown()
    return await _ask_take(tx, asked, parcel, asked_by, dialect)


async def look(tx: Tx, *, account_id: AccountId, cabinet: str, code: str) -> tuple[CodeUse, Parcel]:
    """What a code that was typed at the cabinet is for.

    Errors: CabinetUnknown, SaveCodeUnknown, ParcelTaken, ParcelStored once its courier may have no other box.
    """
    asked = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    fetched = await sql.parcel_of_key(tx, cabinet=asked, key=code)
    if fetched is not None and fetched.state == "stored":
        return "take", fetched
    brought = await sql.parcel_of_save_code(tx, cabinet=asked, save_code=code)
    if brought is not None and brought.state in ("booked", "stored"):
        if brought.state == "stored" and _stored_long_ago(tx, brought):
            raise ParcelStored(number=brought.order_number)
        return "store", brought
    if fetched is not None and fetched.state == "taken":
        raise ParcelTaken(number=fetched.order_number)
    raise SaveCodeUnknown()


async def ask_take_by_number(
    tx: Tx, *, account_id: AccountId, cabinet: str, number: str, asked_by: str, dialect: str
) -> tuple[DoorCommand, Box]:
    """As ask_take, by the order number; not for a parcel that was called back: only its courier's code opens that.

    Errors: ParcelUnknown, and those of ask_take.
    """
    asked = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    parcel = await sql.parcel_of_number(tx, account_id=account_id, number=number)
    if parcel is None or parcel.cabinet_id != asked.id:
        raise ParcelUnknown(number=number)
    if parcel.state == "booked" or (parcel.state == "stored" and parcel.recalled_at is not None):
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


def _refuse_uncounted(cabinet: Cabinet, counted: bool) -> None:
    if cabinet.counts_wrong_codes and not counted:
        raise TryNotCounted()


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
