"""Noting film, holding it, and letting it go."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from msgspec import Struct

from crossdock.base.ids import AccountId, CameraId, OrderId
from crossdock.core.events import kinds
from crossdock.core.events.commands import append
from crossdock.core.events.model import HOUSE, NewEvent
from crossdock.core.film import sql
from crossdock.core.film.errors import OrderHeld, OrderNotHeld
from crossdock.core.film.model import HELD_AROUND, Camera, Failure, FilmPiece, LegalHold, film_days
from crossdock.core.orders import queries as orders
from crossdock.core.staff.errors import ReasonTooLong
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from crossdock.db.tx import Tx

SWEPT_AT_ONCE: Final = 500
"""Pieces of one camera that one transaction takes off the record: five seconds of deleting files."""


class Old(Struct, frozen=True):
    """What a sweep of one camera would take."""

    camera_id: CameraId
    pieces: int
    bytes: int


async def note_piece(tx: Tx, camera: Camera, piece: FilmPiece) -> bool:
    """Its file is stored: now it is film of the station where the camera is.

    False, and nothing noted, when other film of the camera lies there.
    """
    if not await sql.insert_piece(tx, piece):
        return False
    failure = await sql.mark_recorded(tx, camera_id=camera.id, until=piece.ended_at)
    if failure is not None:
        await _say(tx, kinds.CAMERA_RECOVERED, camera, failure)
    return True


async def note_failure(tx: Tx, camera: Camera, failure: Failure) -> bool:
    """Recording of it has stopped; False when that was known."""
    if not await sql.mark_failed(tx, camera_id=camera.id, failure=failure):
        return False
    await _say(tx, kinds.CAMERA_FAILED, camera, failure)
    return True


async def note_offset(tx: Tx, *, camera_id: CameraId, offset_ms: int) -> None:
    """Its own clock was found to be so far ahead of ours."""
    await sql.set_offset(tx, camera_id=camera_id, offset_ms=offset_ms)


async def hold(tx: Tx, *, account_id: AccountId, order_id: OrderId, reason: str, actor: str) -> LegalHold:
    """No film of the order's packing is deleted until the hold is released, also such that is reported later.

    Errors: OrderUnknown, ReasonTooLong, OrderHeld.
    """
    if len(reason) > REASON_CHARACTERS_MAX:
        raise ReasonTooLong(characters_max=REASON_CHARACTERS_MAX)
    await orders.order(tx, account_id=account_id, order_id=order_id)
    await sql.hold_cameras(tx, account_id=account_id)
    held = await sql.insert_hold(tx, account_id=account_id, order_id=order_id, reason=reason, actor=actor)
    if held is None:
        raise OrderHeld(order_id=order_id)
    await append(tx, _of_order(kinds.FILM_HELD, held, actor))
    return held


async def release(tx: Tx, *, account_id: AccountId, order_id: OrderId, actor: str) -> LegalHold:
    """The film goes when its time is over, as any other. Errors: OrderNotHeld."""
    held = await sql.release_hold(tx, account_id=account_id, order_id=order_id, actor=actor)
    if held is None:
        raise OrderNotHeld(order_id=order_id)
    await append(tx, _of_order(kinds.FILM_RELEASED, held, actor))
    return held


async def sweep(tx: Tx, *, camera_id: CameraId, days: int, limit: int = SWEPT_AT_ONCE) -> list[str]:
    """Take pieces that are over for `days` and that no hold keeps off the record; the keys of their files, which
    go once this is on disk."""
    await sql.lock_camera(tx, camera_id)
    until = tx.now - timedelta(days=days)
    return await sql.delete_old(tx, camera_id=camera_id, until=until, around=HELD_AROUND, limit=limit)


async def old(tx: Tx, *, camera_id: CameraId, days: int) -> Old:
    """What `sweep`, called until nothing is left, would take."""
    until = tx.now - timedelta(days=days)
    return Old(camera_id, *await sql.count_old(tx, camera_id=camera_id, until=until, around=HELD_AROUND))


async def kept_days(tx: Tx) -> dict[CameraId, int]:
    """Camera -> for how many days its site keeps film."""
    return {camera_id: film_days(settings) for camera_id, settings in await sql.cameras_of_site(tx)}


async def unknown_keys(tx: Tx, keys: Collection[str]) -> set[str]:
    """Those that no piece has: files that a killed recorder left."""
    return set(keys) - await sql.known_keys(tx, keys)


async def _say(tx: Tx, kind: str, camera: Camera, failure: Failure) -> None:
    facts = {"camera_id": camera.id, "name": camera.name, "station": camera.station, "failure": failure}
    await append(tx, NewEvent(account_id=camera.account_id, kind=kind, subject=f"camera:{camera.id}", facts=facts))


def _of_order(kind: str, held: LegalHold, actor: str) -> NewEvent:
    return NewEvent(
        account_id=held.account_id,
        kind=kind,
        subject=f"order:{held.order_id}",
        order_id=held.order_id,
        dialect=HOUSE,
        actor=actor,
        facts={"reason": held.reason},
    )
