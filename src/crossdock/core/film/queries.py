"""Reading what is known of cameras and their film."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from crossdock.base.ids import AccountId, OrderId, PackingId
from crossdock.core.film import sql
from crossdock.core.film.errors import CameraAmbiguous, CameraUnknown
from crossdock.core.film.model import Camera, FilmPiece, LegalHold, PackingCamera
from crossdock.db.tx import Tx

PIECES_MAX: Final = 1_000
"""Of one answer: nearly three hours."""


async def camera_state(tx: Tx, camera_id: int) -> Camera | None:
    """None when there is no such camera. Whose it is stands in it: the caller looks."""
    return await sql.camera(tx, camera_id)


async def cameras(tx: Tx) -> list[Camera]:
    """All on record, of all accounts."""
    return await sql.cameras(tx)


async def cameras_of_packings(
    tx: Tx, *, account_id: AccountId, packing_ids: Sequence[PackingId]
) -> list[PackingCamera]:
    """Those that watched the station of each report then; without film of that time, those that watch it now."""
    return await sql.cameras_of_packings(tx, account_id=account_id, packing_ids=packing_ids)


async def cameras_of_places(tx: Tx, *, account_id: AccountId, department_ids: Sequence[int]) -> list[Camera]:
    """All that hang in some places, by id."""
    return await sql.cameras_of_places(tx, account_id=account_id, department_ids=department_ids)


async def camera_named(tx: Tx, name: str) -> Camera:
    """By its name, or its id in digits. Errors: CameraUnknown, CameraAmbiguous."""
    known = await sql.cameras(tx)
    found = [one for one in known if one.name == name] or [one for one in known if str(one.id) == name]
    if not found:
        raise CameraUnknown(name=name)
    if len(found) > 1:
        raise CameraAmbiguous(name=name)
    return found[0]


async def pieces_between(tx: Tx, camera_id: int, since: datetime, until: datetime) -> list[FilmPiece]:
    """Pieces that touch the span, oldest first, `PIECES_MAX` at the most."""
    return await sql.pieces_between(tx, camera_id=camera_id, since=since, until=until, limit=PIECES_MAX)


async def bytes_kept(tx: Tx) -> dict[int, tuple[int, datetime]]:
    """Camera -> bytes of all its pieces, and when the oldest begins; cameras without film are not there."""
    return await sql.bytes_kept(tx)


async def holds_of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[LegalHold]:
    """Those that stand and those that were released, oldest first."""
    return list(await sql.holds_of_order(tx, account_id=account_id, order_id=order_id))
