"""What cabinets report by themselves: doors that moved, and that they are there."""

from datetime import datetime, timedelta
from typing import Final

from crossdock.base.ids import BoxId, OrderId
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import NewEvent
from crossdock.core.lockers import alarms, door_sql, sql
from crossdock.core.lockers.errors import BoxUnknown
from crossdock.core.lockers.model import AlarmKind, DoorPlace
from crossdock.db.tx import Tx

SILENCE_MAX: Final = timedelta(seconds=60)
"""A cabinet that has said nothing for so long is offline."""


async def pulse_sent(tx: Tx, *, cabinet_number: str, command_id: int, happened_at: datetime) -> None:
    """The lock got its current; the door is not seen yet."""
    await door_sql.note_pulse(tx, command_id=command_id, cabinet_number=cabinet_number, at=happened_at)


async def door_seen(
    tx: Tx,
    *,
    cabinet_number: str,
    lock_address: str,
    door: str,
    sequence: str,
    happened_at: datetime,
    command_id: int | None = None,
    use: str | None = None,
) -> None:
    """A door was seen open or closed, for a command or for what the cabinet did by its list (`use`, the sequence of
    that report). A report that was written before changes nothing."""
    place = await _place(tx, cabinet_number, lock_address)
    if place is None:
        return
    if command_id is None and use is not None:
        command_id = await door_sql.command_of_use(tx, cabinet_id=place.cabinet_id, sequence=use)
    report = await door_sql.note_door(
        tx, place=place, command_id=command_id, sequence=sequence, door=door, at=happened_at
    )
    if not report.is_new:
        return
    await _report(tx, kinds.DOOR_CHANGED, place, door, happened_at, report.order_id)
    if place.alarmed:
        over: AlarmKind = "not opened" if door == "open" else "left open"
        await alarms.well_again(tx, cabinet_id=place.cabinet_id, kind=over, box_id=place.box_id)
    if door == "open" and not report.commanded:
        await alarms.raise_alarm(
            tx,
            account_id=place.account_id,
            cabinet_id=place.cabinet_id,
            cabinet=place.cabinet_number,
            kind="opened without command",
            box=(BoxId(place.box_id or 0), place.box_name or ""),
            at=happened_at,
        )


async def door_reported(
    tx: Tx, *, cabinet_number: str, lock_address: str, door: str, sequence: str, happened_at: datetime
) -> None:
    """The cabinet's answer to a question for one door. A report that was written before changes nothing."""
    place = await _place(tx, cabinet_number, lock_address)
    if place is None:
        return
    report = await door_sql.note_door(tx, place=place, command_id=None, sequence=sequence, door=door, at=happened_at)
    if report.is_new:
        await _report(tx, kinds.DOOR_QUERIED, place, door, happened_at, None)


async def _place(tx: Tx, number: str, lock_address: str) -> DoorPlace | None:
    """None for an unknown cabinet. Errors: BoxUnknown."""
    place = await sql.door_place(tx, number=number, lock_address=lock_address)
    if place is not None and place.box_id is None:
        raise BoxUnknown(lock_address=lock_address)
    return place


async def cabinet_seen(tx: Tx, *, number: str, online: bool, at: datetime) -> None:
    """A cabinet came, is still there, or went."""
    cabinet = await sql.set_seen(tx, number=number, online=online, at=at)
    if online and cabinet is not None:
        await alarms.well_again(tx, cabinet_id=cabinet.id, kind="offline")


async def lapse(tx: Tx) -> int:
    """Cabinets gone silent while nobody listened, as around a restart; how many there were."""
    return await sql.set_offline_before(tx, before=tx.now - SILENCE_MAX)


async def _report(tx: Tx, kind: str, place: DoorPlace, door: str, at: datetime, order_id: OrderId | None) -> None:
    await events.append(
        tx,
        NewEvent(
            account_id=place.account_id,
            kind=kind,
            subject=f"cabinet:{place.cabinet_number}",
            order_id=order_id,
            actor=place.cabinet_number,
            facts={
                "cabinet": place.cabinet_number,
                "box": place.box_name,
                "lock_address": place.lock_address,
                "door": door,
            },
            happened_at=at,
        ),
    )
