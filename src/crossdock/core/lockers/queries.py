"""Reading lockers."""

from collections.abc import Sequence
from datetime import datetime

from crossdock.base.ids import AccountId, BoxId, CabinetId
from crossdock.core.lockers import door_sql, sql
from crossdock.core.lockers.errors import BoxUnknown, CabinetUnknown
from crossdock.core.lockers.model import (
    LOCKED_S,
    WRONG_MAX,
    Asker,
    Box,
    Cabinet,
    Device,
    DoorFacts,
    LogRow,
    Parcel,
    ParcelCounts,
)
from crossdock.db.tx import Tx


async def cabinet(tx: Tx, *, account_id: AccountId, number: str) -> Cabinet:
    """Errors: CabinetUnknown."""
    found = await sql.cabinet(tx, account_id=account_id, number=number)
    if found is None:
        raise CabinetUnknown(number=number)
    return found


async def cabinets(tx: Tx, *, account_id: AccountId) -> list[Cabinet]:
    return await sql.cabinets(tx, account_id=account_id)


async def boxes(tx: Tx, *, cabinet_id: CabinetId) -> list[Box]:
    """By id."""
    return await sql.boxes(tx, cabinet_id=cabinet_id)


async def box(tx: Tx, *, cabinet_id: CabinetId, name: str) -> Box:
    """Errors: BoxUnknown."""
    found = await sql.box_named(tx, cabinet_id=cabinet_id, name=name)
    if found is None:
        raise BoxUnknown(box=name)
    return found


async def box_at(tx: Tx, *, cabinet_id: CabinetId, lock_address: str) -> Box:
    """Whatever the case of its hex digits. Errors: BoxUnknown."""
    found = await sql.box_at(tx, cabinet_id=cabinet_id, lock_address=lock_address)
    if found is None:
        raise BoxUnknown(lock_address=lock_address)
    return found


async def free_boxes(tx: Tx, *, cabinet_id: CabinetId, size: str) -> list[Box]:
    """Empty and enabled, of exactly that size, by id."""
    return await sql.free_boxes(tx, cabinet_id=cabinet_id, size=size)


async def door_facts(tx: Tx, *, cabinet_id: CabinetId, command_id: int) -> DoorFacts | None:
    """How far a command of this cabinet has come; None when it has no such command."""
    return await door_sql.facts(tx, cabinet_id=cabinet_id, command_id=command_id)


async def code_lock(tx: Tx, *, cabinet_id: CabinetId) -> datetime | None:
    """Until when the cabinet takes no code; None when it does."""
    return await sql.locked_until(tx, cabinet_id=cabinet_id, tries_max=WRONG_MAX, locked_s=LOCKED_S)


async def device(tx: Tx, *, number: str) -> Device | None:
    """The cabinet of this number, whoever's it is, with its sealed key: for the device itself and its screen."""
    return await sql.device(tx, number=number)


async def devices(tx: Tx, *, numbers: Sequence[str] | None = None) -> list[Device]:
    """All cabinets of this house, or those of these numbers, by number."""
    return await sql.devices(tx, numbers=numbers)


async def parcel_counts(tx: Tx, *, cabinet_id: CabinetId) -> ParcelCounts:
    return await sql.counts(tx, cabinet_id=cabinet_id)


async def parcel_by_number(tx: Tx, *, account_id: AccountId, number: str) -> Parcel | None:
    """The parcel of an order number, unless it was deleted."""
    return await sql.parcel_numbered(tx, account_id=account_id, number=number)


async def log(
    tx: Tx, *, cabinet_id: CabinetId, box_id: BoxId, start: int, limit: int, seen_by: Asker | None = None
) -> tuple[int, list[LogRow]]:
    """How many open tasks a box had, and those from `start`, newest first.

    `seen_by` sees its own and the house's; None sees all.
    """
    return await door_sql.log(tx, cabinet_id=cabinet_id, box_id=box_id, start=start, limit=limit, seen_by=seen_by)
