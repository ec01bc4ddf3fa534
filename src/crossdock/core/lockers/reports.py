"""What cabinets report by themselves: doors that moved, and that they are there."""

from datetime import datetime, timedelta
from typing import Final

from crossdock.base.ids import OrderId
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import NewEvent
from crossdock.core.lockers import alarms, door_sql, queries, sql
from crossdock.core.lockers.model import AlarmKind, Box, Cabinet
from crossdock.db.tx import Tx

SILENCE_MAX: Final = timedelta(seconds=60)
"""A cabinet that has said nothing for so long is offline."""


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
    use: str | None = None,
) -> None:
    """A door was seen open or closed, for a command or for what the cabinet did by its list (`use`, the sequence of
    that report). A report that was written before changes nothing."""
    cabinet = await sql.cabinet_of_device(tx, cabinet_number)
    if cabinet is None:
        return
    if command_id is None and use is not None:
        command_id = await door_sql.command_of_use(tx, cabinet_id=cabinet.id, sequence=use)
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
    over: AlarmKind = "not opened" if door == "open" else "left open"
    await alarms.well_again(tx, cabinet_id=cabinet.id, kind=over, box_id=box.id)
    if door == "open" and behind is None:
        await alarms.raise_alarm(
            tx,
            account_id=cabinet.account_id,
            cabinet_id=cabinet.id,
            cabinet=cabinet.number,
            kind="opened without command",
            box=(box.id, box.name),
            at=happened_at,
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
    cabinet = await sql.set_seen(tx, number=number, online=online, at=at)
    if online and cabinet is not None:
        await alarms.well_again(tx, cabinet_id=cabinet.id, kind="offline")


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
