"""Statements on cameras, pieces of film and legal holds."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from crossdock.base.ids import AccountId, CameraId, OrderId, PackingId
from crossdock.core.film.model import Camera, Failure, FilmPiece, LegalHold, PackingCamera
from crossdock.db.tx import Tx, columns

_CAMERA = f"""
SELECT {columns(Camera)}
  FROM (SELECT c.*, d.site_id FROM camera c JOIN department d ON d.id = c.department_id) AS camera
"""


async def camera(tx: Tx, camera_id: int) -> Camera | None:
    """Index: camera_pkey."""
    return await tx.one_or_none(Camera, f"{_CAMERA} WHERE id = %(camera_id)s", camera_id=camera_id)


async def cameras(tx: Tx) -> list[Camera]:
    return await tx.many(Camera, f"{_CAMERA} ORDER BY department_id, name")


WATCHED = """
CASE WHEN EXISTS (SELECT FROM film_piece f
                   WHERE f.camera_id = c.id
                     AND tstzrange(f.started_at, f.ended_at)
                         && tstzrange(least(p.filmed_from, p.filmed_to), greatest(p.filmed_from, p.filmed_to), '[]'))
     THEN EXISTS (SELECT FROM film_piece f
                   WHERE f.camera_id = c.id AND f.department_id = p.department_id AND f.station = p.station
                     AND tstzrange(f.started_at, f.ended_at)
                         && tstzrange(least(p.filmed_from, p.filmed_to), greatest(p.filmed_from, p.filmed_to), '[]'))
     ELSE c.department_id = p.department_id AND c.station = p.station END
"""
"""Whether camera `c` watched the station of packing `p`: its film says so; one without film of that time counts for
where it is now. Index: film_piece_overlap_excl."""


async def cameras_of_packings(
    tx: Tx, *, account_id: AccountId, packing_ids: Sequence[PackingId]
) -> list[PackingCamera]:
    """Index: packing_pkey."""
    return await tx.many(
        PackingCamera,
        f"""
SELECT p.id AS packing_id, {columns(Camera, "c")}
  FROM packing p
  JOIN (SELECT camera.*, d.site_id FROM camera JOIN department d ON d.id = camera.department_id) AS c
    ON c.account_id = p.account_id
 WHERE p.account_id = %(account_id)s AND p.id = ANY(%(packing_ids)s::bigint[]) AND {WATCHED}
 ORDER BY p.id, c.id
""",
        account_id=account_id,
        packing_ids=list(packing_ids),
    )


async def cameras_of_places(tx: Tx, *, account_id: AccountId, department_ids: Sequence[int]) -> list[Camera]:
    """Index: camera_department_id_name_key."""
    return await tx.many(
        Camera,
        f"{_CAMERA} WHERE account_id = %(account_id)s AND department_id = ANY(%(department_ids)s::bigint[])"
        " ORDER BY id",
        account_id=account_id,
        department_ids=list(department_ids),
    )


async def cameras_of_site(tx: Tx) -> list[tuple[CameraId, dict[str, Any]]]:
    """Every camera, with the settings of the site where it is."""
    rows = await tx.rows(
        "SELECT c.id, s.settings FROM camera c JOIN department d ON d.id = c.department_id"
        "  JOIN site s ON s.id = d.site_id ORDER BY c.id"
    )
    return [(camera_id, settings) for camera_id, settings in rows]


async def pieces_between(tx: Tx, *, camera_id: int, since: datetime, until: datetime, limit: int) -> list[FilmPiece]:
    """Oldest first, those that touch the span. Index: film_piece_overlap_excl."""
    return await tx.many(
        FilmPiece,
        f"SELECT {columns(FilmPiece)} FROM film_piece"
        " WHERE camera_id = %(camera_id)s"
        "   AND tstzrange(started_at, ended_at) && tstzrange(%(since)s, %(until)s, '[]')"
        " ORDER BY started_at LIMIT %(limit)s",
        camera_id=camera_id,
        since=since,
        until=until,
        limit=limit,
    )


async def bytes_kept(tx: Tx) -> dict[int, tuple[int, datetime]]:
    """Camera -> bytes of all its pieces, and when the oldest begins."""
    rows = await tx.rows("SELECT camera_id, sum(bytes)::bigint, min(started_at) FROM film_piece GROUP BY camera_id")
    return {camera_id: (size, oldest) for camera_id, size, oldest in rows}


async def insert_piece(tx: Tx, piece: FilmPiece) -> bool:
    """Whether there was room for it: False when another piece of the camera lies in its span."""
    names = piece.__struct_fields__
    inserted = await tx.execute(
        f"INSERT INTO film_piece ({', '.join(names)}, department_id, station)"
        f" SELECT {', '.join(f'%({name})s' for name in names)}, department_id, station"
        "   FROM camera WHERE id = %(camera_id)s"
        " ON CONFLICT DO NOTHING",
        **{name: getattr(piece, name) for name in names},
    )
    return inserted == 1


async def mark_recorded(tx: Tx, *, camera_id: int, until: datetime) -> Failure | None:
    """The failure that is over with it. Index: camera_pkey."""
    return await tx.value(  # type: ignore[no-any-return]
        """
UPDATE camera c SET recorded_at = greatest(c.recorded_at, %(until)s), failure = NULL, failed_at = NULL
  FROM (SELECT id, failure FROM camera WHERE id = %(camera_id)s FOR UPDATE) AS before
 WHERE c.id = before.id
RETURNING before.failure
""",
        camera_id=camera_id,
        until=until,
    )


async def mark_failed(tx: Tx, *, camera_id: int, failure: Failure) -> bool:
    """Whether that is news. Index: camera_pkey."""
    changed = await tx.execute(
        "UPDATE camera SET failure = %(failure)s, failed_at = %(now)s"
        " WHERE id = %(camera_id)s AND failure IS DISTINCT FROM %(failure)s",
        camera_id=camera_id,
        failure=failure,
        now=tx.now,
    )
    return changed == 1


async def set_offset(tx: Tx, *, camera_id: int, offset_ms: int) -> None:
    """Index: camera_pkey."""
    await tx.execute(
        "UPDATE camera SET offset_ms = %(offset_ms)s, offset_at = %(now)s WHERE id = %(camera_id)s",
        camera_id=camera_id,
        offset_ms=offset_ms,
        now=tx.now,
    )


# Retention ------------------------------------------------------------------------

_NOT_HELD = """
   AND NOT EXISTS (
       SELECT 1
         FROM legal_hold h
         JOIN packing p ON p.account_id = h.account_id AND p.order_id = h.order_id
        WHERE h.account_id = f.account_id AND h.released_at IS NULL
          AND p.department_id = f.department_id AND p.station = f.station
          AND f.started_at <= p.filmed_to + %(around)s AND f.ended_at >= p.filmed_from - %(around)s)
"""
_OLD = f" FROM film_piece f WHERE f.camera_id = %(camera_id)s AND f.ended_at <= %(until)s {_NOT_HELD}"


async def lock_camera(tx: Tx, camera_id: int) -> None:
    """Who takes film away waits for who holds it: see `hold_cameras`. Index: camera_pkey."""
    await tx.execute("SELECT 1 FROM camera WHERE id = %(camera_id)s FOR NO KEY UPDATE", camera_id=camera_id)


async def delete_old(tx: Tx, *, camera_id: int, until: datetime, around: timedelta, limit: int) -> list[str]:
    """Keys of what is no longer on record. Index: film_piece_pkey, packing_account_id_order_id_idx."""
    rows = await tx.rows(
        f"""
  WITH old AS (SELECT f.account_id, f.camera_id, f.started_at {_OLD} ORDER BY f.started_at LIMIT %(limit)s)
DELETE FROM film_piece USING old
 WHERE film_piece.account_id = old.account_id AND film_piece.camera_id = old.camera_id
   AND film_piece.started_at = old.started_at
RETURNING film_piece.object_key
""",
        camera_id=camera_id,
        until=until,
        around=around,
        limit=limit,
    )
    return [key for (key,) in rows]


async def count_old(tx: Tx, *, camera_id: int, until: datetime, around: timedelta) -> tuple[int, int]:
    """Pieces and bytes that `delete_old` would take."""
    [(pieces, size)] = await tx.rows(
        f"SELECT count(*), coalesce(sum(f.bytes), 0)::bigint {_OLD}", camera_id=camera_id, until=until, around=around
    )
    return pieces, size


async def known_keys(tx: Tx, keys: Collection[str]) -> set[str]:
    """Index: film_piece_object_key_key."""
    rows = await tx.rows("SELECT object_key FROM film_piece WHERE object_key = ANY(%(keys)s)", keys=list(keys))
    return {key for (key,) in rows}


# Legal holds ----------------------------------------------------------------------


async def hold_cameras(tx: Tx, *, account_id: AccountId) -> None:
    """A sweep of its cameras waits until this transaction ends: which of them filmed an order may have changed."""
    await tx.execute(
        "SELECT 1 FROM camera WHERE account_id = %(account_id)s ORDER BY id FOR SHARE", account_id=account_id
    )


async def insert_hold(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, reason: str, actor: str
) -> LegalHold | None:
    """None when the order is held already. Index: legal_hold_live_key."""
    return await tx.one_or_none(
        LegalHold,
        f"""
INSERT INTO legal_hold (account_id, order_id, reason, held_by, held_at)
VALUES (%(account_id)s, %(order_id)s, %(reason)s, %(actor)s, %(now)s)
    ON CONFLICT (account_id, order_id) WHERE released_at IS NULL DO NOTHING
RETURNING {columns(LegalHold)}
""",
        account_id=account_id,
        order_id=order_id,
        reason=reason,
        actor=actor,
        now=tx.now,
    )


async def release_hold(tx: Tx, *, account_id: AccountId, order_id: OrderId, actor: str) -> LegalHold | None:
    """None when it is not held. Index: legal_hold_live_key."""
    return await tx.one_or_none(
        LegalHold,
        f"""
UPDATE legal_hold SET released_by = %(actor)s, released_at = %(now)s
 WHERE account_id = %(account_id)s AND order_id = %(order_id)s AND released_at IS NULL
RETURNING {columns(LegalHold)}
""",
        account_id=account_id,
        order_id=order_id,
        actor=actor,
        now=tx.now,
    )


async def holds_of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> Sequence[LegalHold]:
    """Oldest first. Index: legal_hold_account_id_order_id_idx."""
    return await tx.many(
        LegalHold,
        f"SELECT {columns(LegalHold)} FROM legal_hold"
        " WHERE account_id = %(account_id)s AND order_id = %(order_id)s ORDER BY id",
        account_id=account_id,
        order_id=order_id,
    )
