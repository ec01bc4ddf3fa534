"""What a cabinet may do while nobody can reach it, and what is made of it afterwards."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from crossdock.base.ids import HandoverId
from crossdock.core.lockers import alarms, door_sql, offline_sql, queries, sql
from crossdock.core.lockers.answering import follow
from crossdock.core.lockers.model import Box, Cabinet, CodeUse, DoorCommand, Parcel
from crossdock.db.tx import Tx

VALID_DAYS: Final = 7
"""A cabinet's detail `offline_days` says another number; 0 gives it an empty list."""
VALID_DAYS_MAX: Final = 90
LISTED_MAX: Final = 1_500
"""Codes in a list, so that with the free boxes of the largest cabinet it is no longer than a cabinet takes."""


class ListedCode(Struct, frozen=True, kw_only=True):
    """One code that opens one door. A courier chooses among the free boxes of `size` or larger."""

    code: str
    use: CodeUse
    handover_id: HandoverId
    lock_address: str | None
    size: str


class CodeList(Struct, frozen=True, kw_only=True):
    """What stands in the list of a cabinet at one moment. The codes are in clear: it must not be kept or logged."""

    cabinet: str
    key_sealed: bytes
    issued_at: datetime
    valid_until: datetime
    codes: list[ListedCode]
    left_out: int = 0
    """How many there was no room for."""
    free: list[Box]


async def changed(tx: Tx, *, since: datetime) -> list[str]:
    """Numbers of cabinets that are there, have a key, and whose parcels or boxes changed or that may open nothing."""
    return await offline_sql.changed(tx, since=since)


async def code_list(tx: Tx, *, number: str) -> CodeList | None:
    """None for a cabinet that is unknown or has no key. Parcels in a box come first, then the newest bookings.

    One that may open nothing by itself gets an empty list, so that the one before is not good any more.
    """
    device = await sql.device(tx, number=number)
    if device is None or device.key_sealed is None:
        return None
    cabinet = await sql.cabinet_by_id(tx, device.id)
    days = valid_days(cabinet)
    may_open = bool(days) and cabinet.in_service and not cabinet.fault
    parcels = await offline_sql.live_parcels(tx, cabinet_id=cabinet.id) if may_open else []
    boxes = await queries.boxes(tx, cabinet_id=cabinet.id) if may_open else []
    return CodeList(
        cabinet=number,
        key_sealed=device.key_sealed,
        issued_at=tx.now,
        valid_until=tx.now + timedelta(days=days or VALID_DAYS),
        codes=[_listed(parcel) for parcel in parcels[:LISTED_MAX]],
        left_out=len(parcels[LISTED_MAX:]),
        free=[box for box in boxes if box.usable and not box.full and box.size != "screen"],
    )


def valid_days(cabinet: Cabinet) -> int:
    wanted = cabinet.details.get("offline_days", VALID_DAYS)
    return wanted if isinstance(wanted, int) and 0 <= wanted <= VALID_DAYS_MAX else VALID_DAYS


def _listed(parcel: Parcel) -> ListedCode:
    stored = parcel.state == "stored"
    return ListedCode(
        code=parcel.key if stored else parcel.save_code,
        use="take" if stored else "store",
        handover_id=parcel.id,
        lock_address=parcel.lock_address if stored else None,
        size=parcel.box_size,
    )


async def used(
    tx: Tx,
    *,
    cabinet_number: str,
    use: CodeUse,
    handover_id: int,
    lock_address: str,
    listed_at: datetime,
    sequence: str,
    happened_at: datetime,
) -> None:
    """A cabinet opened a door by its list. The parcel follows where it still can; where it cannot, an alarm tells.
    It happened after the list was made and before now, whatever the cabinet's clock says.

    Said twice it counts once.
    """
    cabinet = await sql.cabinet_of_device(tx, cabinet_number)
    if cabinet is None:
        return
    happened_at = min(max(happened_at, listed_at), tx.now)
    box = await sql.box_at(tx, cabinet_id=cabinet.id, lock_address=lock_address)
    parcel = await sql.lock_parcel(tx, account_id=cabinet.account_id, handover_id=handover_id)
    if parcel is not None and parcel.cabinet_id != cabinet.id:
        parcel = None
    box_id = None if box is None else box.id
    if not await door_sql.insert_event(
        tx, cabinet=cabinet, box_id=box_id, command_id=None, sequence=sequence, kind="used", at=happened_at
    ):
        return
    if box is None:
        against: str | None = f"it has no lock {lock_address}"
    else:
        command = await _as_command(tx, cabinet, box, parcel, use, happened_at)
        await door_sql.set_event_command(tx, cabinet_id=cabinet.id, sequence=sequence, command_id=command.id)
        against = _conflict(parcel, box, use, listed_at)
        if against is None and not await follow(tx, command, happened_at):
            against = "its box or its door was asked for meanwhile"
    if against is not None:
        await alarms.raise_alarm(
            tx,
            account_id=cabinet.account_id,
            cabinet_id=cabinet.id,
            cabinet=cabinet.number,
            kind="offline use",
            box=None if box is None else (box.id, box.name),
            about=sequence,
            at=happened_at,
            use=use,
            number=None if parcel is None else parcel.order_number,
            why=against,
            happened_at=happened_at.isoformat(),
        )


def _conflict(parcel: Parcel | None, box: Box, use: CodeUse, listed_at: datetime) -> str | None:
    """Why the record cannot follow the door; None when it can."""
    if parcel is None:
        return "no such parcel"
    if use == "store":
        if parcel.state != "booked":
            return f"the parcel is {parcel.state} already"
        return "something lies in the box" if box.full else None
    if parcel.state != "stored":
        return f"the parcel is {parcel.state}"
    if parcel.box_id != box.id:
        return f"the parcel lies in box {parcel.box_name}"
    if parcel.recalled_at is not None and parcel.recalled_at > listed_at:
        return "the parcel was recalled"
    return None


async def _as_command(
    tx: Tx, cabinet: Cabinet, box: Box, parcel: Parcel | None, use: CodeUse, at: datetime
) -> DoorCommand:
    """What the cabinet did by itself, as the log of its box shows it: given out and accepted at the same moment."""
    command_id = await door_sql.insert_done(
        tx, cabinet=cabinet, box_id=box.id, handover_id=None if parcel is None else parcel.id, purpose=use, at=at
    )
    return DoorCommand(
        id=command_id,
        account_id=cabinet.account_id,
        cabinet_id=cabinet.id,
        cabinet_number=cabinet.number,
        box_id=box.id,
        lock_address=box.lock_address,
        handover_id=None if parcel is None else parcel.id,
        purpose=use,
        state="expired",  # as an answer that came late: what was asked for since goes before it
        refusal=None,
        asked_at=at,
        expires_at=at,
    )
