"""Addresses at which film is shown: signed, and good for a while. Who has one needs nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

from msgspec import Struct

from crossdock.base.errors import Invalid, NotFound
from crossdock.base.seal import Seal
from crossdock.base.tickets import Tickets
from crossdock.edge.desk import Desk
from crossdock.edge.request import Request

PREFIX: Final = "/film"
GOOD_FOR: Final = timedelta(hours=2)
"""Of an address: long enough to look at ten minutes of film more than once, short for one that leaks."""
SPAN_MAX: Final = timedelta(minutes=30)
"""Of what one address shows; partners may ask for less."""
RATES: Final = (1, 2, 4, 8)

Kind = Literal["mp4", "hls", "snapshot"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
FILES: Final[dict[Kind, str]] = {"mp4": "clip.mp4", "hls": "list.m3u8", "snapshot": "picture.jpg"}
"""What an address of each kind ends with."""

_TICKETS: Final = Tickets("film addresses", ">BBQqqq")


class FilmSpanInvalid(Invalid):
    """A stretch of film must run forward, be short enough, and play at a known rate. Facts: since, until, rate."""


class FilmAddressUnknown(NotFound):
    """There is no film at this address, or no longer."""


class Shown(Struct, frozen=True, kw_only=True):
    """What an address is good for."""

    kind: Kind
    camera_id: int
    since: datetime
    until: datetime
    rate: int
    expires: datetime


def play_address(
    desk: Desk,
    *,
    camera_id: int,
    since: datetime,
    until: datetime,
    kind: Kind,
    rate: int = 1,
    now: datetime,
    request: Request | None = None,
) -> str:
    """Where a stretch of film plays, on this server; whether there is any is seen there.

    For `snapshot` it is the picture nearest to `since`. The server goes by `CROSSDOCK_PUBLIC_URL`, else as `request`
    called it. The caller has made sure that whoever asks may see this camera. Errors: FilmSpanInvalid.
    """
    if not since <= until <= since + SPAN_MAX or rate not in RATES:
        raise FilmSpanInvalid(since=since, until=until, rate=rate)
    shown = Shown(kind=kind, camera_id=camera_id, since=since, until=until, rate=rate, expires=now + GOOD_FOR)
    return f"{base_url(desk, request)}{PREFIX}/{token(desk.seal, shown)}/{FILES[kind]}"


def base_url(desk: Desk, request: Request | None) -> str:
    """This server's address, without a slash at its end."""
    if desk.config.public_url is not None:
        return desk.config.public_url.rstrip("/")
    if request is not None and (host := request.header("host")):
        return f"{request.scheme}://{host}"
    return f"http://{desk.config.host}:{desk.config.port}"


def token(seal: Seal, shown: Shown) -> str:
    """The signed part of an address."""
    times = map(_ms, (shown.since, shown.until, shown.expires))
    return _TICKETS.issue(seal, KINDS.index(shown.kind), shown.rate, shown.camera_id, *times)


def shown_by(seal: Seal, token: str, now: datetime) -> Shown:
    """What a token was made for. Errors: FilmAddressUnknown, whatever is wrong with it."""
    signed = _TICKETS.read(seal, token)
    if signed is None:
        raise FilmAddressUnknown()
    kind, rate, camera_id, since, until, expires = signed
    shown = Shown(
        kind=KINDS[kind],
        camera_id=camera_id,
        since=_moment(since),
        until=_moment(until),
        rate=rate,
        expires=_moment(expires),
    )
    if shown.expires <= now:
        raise FilmAddressUnknown()
    return shown


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
