"""Each message of a cabinet as the core's command."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from msgspec import Struct

from crossdock.db.tx import Tx
from crossdock.devices.core import LockerCommands
from crossdock.devices.payloads import Answer, DoorSeen, DoorState, Heartbeat, Pulse, Status, Use


class Silence(Struct, frozen=True):
    """What a cabinet says that has not been heard for too long."""


class Speaker(Struct, frozen=True, kw_only=True):
    number: str
    heard_at: datetime
    """By this server's clock: whether a cabinet is there is not for its own clock to say."""


async def _answer(core: LockerCommands, tx: Tx, cabinet: Speaker, answer: Answer) -> None:
    await core.answered(
        tx,
        cabinet_number=cabinet.number,
        command_id=answer.command_id,
        accepted=answer.accepted,
        reason=answer.reason,
        happened_at=answer.happened_at,
    )


async def _pulse(core: LockerCommands, tx: Tx, cabinet: Speaker, pulse: Pulse) -> None:
    await core.pulse_sent(
        tx, cabinet_number=cabinet.number, command_id=pulse.command_id, happened_at=pulse.happened_at
    )


async def _door(core: LockerCommands, tx: Tx, cabinet: Speaker, seen: DoorSeen) -> None:
    await core.door_seen(
        tx,
        cabinet_number=cabinet.number,
        lock_address=seen.lock_address.lower(),
        door=seen.door,
        sequence=seen.key,
        happened_at=seen.happened_at,
        command_id=seen.command_id,
        use=None if seen.use is None else f"{seen.boot}-{seen.use}",
    )


async def _use(core: LockerCommands, tx: Tx, cabinet: Speaker, use: Use) -> None:
    await core.used(
        tx,
        cabinet_number=cabinet.number,
        use=use.use,
        handover_id=use.parcel,
        lock_address=use.lock_address.lower(),
        listed_at=use.listed_at,
        sequence=use.key,
        happened_at=use.happened_at,
    )


async def _state(core: LockerCommands, tx: Tx, cabinet: Speaker, state: DoorState) -> None:
    await core.door_reported(
        tx,
        cabinet_number=cabinet.number,
        lock_address=state.lock_address.lower(),
        door=state.door,
        sequence=state.key,
        happened_at=state.happened_at,
    )


async def _status(core: LockerCommands, tx: Tx, cabinet: Speaker, status: Status) -> None:
    await core.cabinet_seen(tx, number=cabinet.number, online=status.online, at=cabinet.heard_at)


async def _heartbeat(core: LockerCommands, tx: Tx, cabinet: Speaker, _: Heartbeat) -> None:
    await core.cabinet_seen(tx, number=cabinet.number, online=True, at=cabinet.heard_at)


async def _silence(core: LockerCommands, tx: Tx, cabinet: Speaker, _: Silence) -> None:
    await core.cabinet_seen(tx, number=cabinet.number, online=False, at=cabinet.heard_at)


TELL: Final[dict[type, Callable[..., Awaitable[None]]]] = {
    Answer: _answer,
    Pulse: _pulse,
    DoorSeen: _door,
    DoorState: _state,
    Use: _use,
    Status: _status,
    Heartbeat: _heartbeat,
    Silence: _silence,
}
"""`TELL[type(message)](core, tx, speaker, message)`"""
