"""Booking a parcel in, and striking a booking or a finished record out."""

from datetime import datetime
from typing import Any

import msgspec

from crossdock.base.ids import AccountId
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE, NewEvent
from crossdock.core.handover.codes import TRIES_MAX, draw
from crossdock.core.lockers import queries, sql
from crossdock.core.lockers.errors import (
    BoxSizeUnknown,
    NoFreeBox,
    ParcelBooked,
    ParcelStateOther,
    ParcelStored,
    ParcelTaken,
    ParcelUnknown,
)
from crossdock.core.lockers.model import BOOKABLE_SIZES, Cabinet, Parcel
from crossdock.db.tx import Tx

REFUSALS = {"booked": ParcelBooked, "stored": ParcelStored, "taken": ParcelTaken}


async def book(
    tx: Tx,
    *,
    account_id: AccountId,
    cabinet: str,
    order_number: str,
    box_size: str,
    claimed_by: str | None,
    dialect: str,
    actor: str,
) -> Parcel:
    """Announce a parcel: a save code for the courier, a pick-up code for the customer; no box is reserved.

    A booking that the house made itself (claimed_by None) is handed to the first caller who books it.
    Errors: CabinetUnknown, ParcelBooked, ParcelStored, ParcelTaken, BoxSizeUnknown.
    """
    if box_size not in BOOKABLE_SIZES:
        raise BoxSizeUnknown(size=box_size)
    at = await queries.cabinet(tx, account_id=account_id, number=cabinet)
    for _ in range(TRIES_MAX):
        made = await sql.insert_parcel(
            tx,
            cabinet=at,
            order_number=order_number,
            box_size=box_size,
            save_code=draw(),
            key=draw(),
            claimed_by=claimed_by,
        )
        if made is not None:
            parcel = await _parcel(tx, account_id, made)
            await _tell(tx, kinds.HANDOVER_BOOKED, parcel, at, dialect=dialect, actor=actor)
            return parcel
        found = await sql.parcel_of_number(tx, account_id=account_id, number=order_number)
        if found is not None:
            return await _booked_before(tx, found, cabinet=at, claimed_by=claimed_by)
    raise NoFreeBox(size=box_size, cause="no code is free")


async def delete_parcel(
    tx: Tx,
    *,
    account_id: AccountId,
    believed: str,
    number: str | None = None,
    id: int | None = None,
    dialect: str = HOUSE,
    actor: str = "",
) -> None:
    """Strike out a booking or a finished record, if it is in the state the caller believes it to be in.

    Errors: ParcelUnknown, ParcelStateOther.
    """
    found = None
    if id is not None:
        found = await sql.lock_parcel(tx, account_id=account_id, handover_id=id)
    elif number is not None:
        found = await sql.parcel_of_number(tx, account_id=account_id, number=number)
    if found is None or found.state == "deleted":
        raise ParcelUnknown(number=number, id=id)
    if not await sql.delete(tx, account_id=account_id, handover_id=found.id, state=believed):
        raise ParcelStateOther(state=found.state, believed=believed)
    cabinet = await sql.cabinet_by_id(tx, found.cabinet_id)
    await _tell(tx, kinds.HANDOVER_DELETED, found, cabinet, dialect=dialect, actor=actor)


def facts(parcel: Parcel, cabinet: Cabinet) -> dict[str, Any]:
    """All a webhook prints of a parcel."""
    said: dict[str, Any] = msgspec.to_builtins(parcel)
    return {**said, "handover_id": parcel.id, "number": parcel.order_number, "cabinet": cabinet.number}


async def _booked_before(tx: Tx, found: Parcel, *, cabinet: Cabinet, claimed_by: str | None) -> Parcel:
    if claimed_by is not None and await sql.claim_parcel(
        tx,
        account_id=found.account_id,
        number=found.order_number,
        claimed_by=claimed_by,
        cabinet_id=cabinet.id,
    ):
        return await _parcel(tx, found.account_id, found.id)
    raise REFUSALS[found.state](number=found.order_number)


async def _parcel(tx: Tx, account_id: AccountId, handover_id: int) -> Parcel:
    found = await sql.parcel(tx, account_id=account_id, handover_id=handover_id)
    if found is None:
        raise ParcelUnknown(id=handover_id)
    return found


async def _tell(tx: Tx, kind: str, parcel: Parcel, cabinet: Cabinet, *, dialect: str, actor: str) -> None:
    told = {
        "handover_id": parcel.id,
        "number": parcel.order_number,
        "cabinet": cabinet.number,
        "box_size": parcel.box_size,
    }
    await _append(tx, kind, parcel, told, dialect=dialect, actor=actor)


async def tell_parcel(
    tx: Tx,
    kind: str,
    parcel: Parcel,
    cabinet: Cabinet,
    *,
    dialect: str = HOUSE,
    actor: str,
    at: datetime | None = None,
    **more: Any,
) -> None:
    """On the timeline, with all that is known of the parcel."""
    await _append(tx, kind, parcel, {**facts(parcel, cabinet), **more}, dialect=dialect, actor=actor, at=at)


async def _append(
    tx: Tx,
    kind: str,
    parcel: Parcel,
    told: dict[str, Any],
    *,
    dialect: str,
    actor: str,
    at: datetime | None = None,
) -> None:
    await events.append(
        tx,
        NewEvent(
            account_id=parcel.account_id,
            kind=kind,
            subject=f"handover:{parcel.id}",
            order_id=parcel.order_id,
            dialect=dialect,
            actor=actor,
            facts=told,
            happened_at=at,
        ),
    )
