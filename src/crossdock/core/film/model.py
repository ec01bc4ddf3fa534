"""Cameras, the pieces of film they left, and orders whose film must not be deleted."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, CameraId, OrderId, PackingId, SiteId

FILM_DAYS: Final = 30
"""Film is kept for so long, where its site's `film_days` says nothing else."""
FILM_DAYS_MAX: Final = 3_650
HELD_AROUND: Final = timedelta(minutes=1)
"""A legal hold keeps so much film before and after what was reported: clips are padded, too."""
RECORDED_WITHIN: Final = timedelta(minutes=1)
"""A camera whose last piece ended longer ago is away; a piece takes about ten seconds."""

Failure = Literal["unreachable", "no_film", "disk_full", "storage", "recorded_twice"]
"""Why a camera is not recorded: nobody answers, what comes is no film we can keep, the disk is nearly full, the
storage does not take it, or another recorder is at work on the same camera."""


class Camera(Struct, frozen=True, kw_only=True):
    id: CameraId
    account_id: AccountId
    department_id: int
    site_id: SiteId
    station: str
    name: str
    source: str
    """Address of its stream, login included: never to be shown or logged."""
    enabled: bool
    offset_ms: int | None
    """How far its own clock is ahead of ours; None as long as that was not measured."""
    offset_at: datetime | None
    recorded_at: datetime | None
    """Until when there is film of it."""
    failure: Failure | None
    failed_at: datetime | None

    def online(self, now: datetime) -> bool:
        """Whether it is recorded at this moment."""
        return self.recorded_at is not None and self.recorded_at > now - RECORDED_WITHIN


class PackingCamera(Camera, frozen=True, kw_only=True):
    """One that watched the station of a packing report then."""

    packing_id: PackingId


class FilmPiece(Struct, frozen=True, kw_only=True):
    """A stretch of film in a file of its own, which begins with a frame that needs no other."""

    account_id: AccountId
    camera_id: CameraId
    started_at: datetime
    """When its first frame was taken, by our clock."""
    ended_at: datetime
    """When the last one was over. What lies between two pieces is missing."""
    object_key: str
    bytes: int
    codec: str
    """As FFmpeg calls it: `h264`, `hevc`."""
    width: int
    height: int


class LegalHold(Struct, frozen=True, kw_only=True):
    """Film of an order's packing is kept, however old, until the hold is released."""

    id: int
    account_id: AccountId
    order_id: OrderId
    reason: str
    held_by: str
    held_at: datetime
    released_by: str | None
    released_at: datetime | None


def film_days(settings: Mapping[str, Any]) -> int:
    """For how many days a site keeps film; what is no such number counts as not said."""
    days = settings.get("film_days")
    return days if type(days) is int and 1 <= days <= FILM_DAYS_MAX else FILM_DAYS
