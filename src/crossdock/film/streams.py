"""Opening what a camera sends: RTSP over TCP, MPEG-TS over HTTP, or a file that is played as if it were a camera."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import av
import httpx
from av import VideoStream
from av.container import InputContainer

from crossdock.base.clock import Clock
from crossdock.base.errors import Invalid, Unavailable
from crossdock.film.packet import VideoPacket
from crossdock.film.pieces import CODECS

OPEN_S_MAX: Final = 10.0
READ_S_MAX: Final = 5.0
"""A camera that is silent for so long is gone."""
DATE_S_MAX: Final = 3.0
SCHEMES: Final[dict[str, str | None]] = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "mpegts", "https": "mpegts"}
"""Scheme -> FFmpeg's format. It is named, so that no answer can be a playlist that sends us to other places."""
_LIVE: Final = {
    "rtsp_transport": "tcp",
    "analyzeduration": "1000000",
    "fpsprobesize": "4",
    "protocol_whitelist": "rtp,rtsp,rtsps,tcp,tls,crypto,http,https,httpproxy",
}


class CameraUnreachable(Unavailable):
    """The camera does not answer, or its stream has ended. Facts: cause."""


class NoFilm(Invalid):
    """What comes is no film that can be kept. Facts: cause."""


class Pace(Protocol):
    """How a file is played in real time; a test may play it in no time."""

    def now(self) -> datetime: ...

    def wait_until(self, moment: datetime) -> None:
        """Or until there is nothing more to wait for."""
        ...


class RealPace:
    def __init__(self, clock: Clock, stop: threading.Event) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> datetime:
        return self._clock.now()

    def wait_until(self, moment: datetime) -> None:
        self._stop.wait(max(0.0, (moment - self._clock.now()).total_seconds()))


def is_live(source: str) -> bool:
    """Whether it goes on by itself; a file waits for whoever reads it."""
    return urlsplit(source).scheme in SCHEMES


@contextmanager
def opened(source: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Its film, to be demuxed.

    Errors: CameraUnreachable, NoFilm; neither holds the address, which may hold a login.
    """
    with ExitStack() as stack:
        with meant():
            if is_live(source):
                format_ = SCHEMES[urlsplit(source).scheme]
                film = av.open(source, format=format_, options=_LIVE, timeout=(OPEN_S_MAX, READ_S_MAX))
            else:
                # Opened by us: FFmpeg would take many more things for an address.
                film = av.open(stack.enter_context(Path(source.removeprefix("file://")).open("rb")), "r")
        stack.enter_context(film)
        if not film.streams.video:
            raise NoFilm(cause="no pictures")
        stream = film.streams.video[0]
        if stream.codec_context.name not in CODECS or not stream.codec_context.width:
            raise NoFilm(cause=stream.codec_context.name)
        yield film, stream


def packets(
    film: InputContainer, stream: VideoStream, *, live: bool, pace: Pace, stopped: Callable[[], bool]
) -> Iterator[tuple[VideoPacket, datetime]]:
    """Each with the moment it arrived: that of a file as its time stamps say, and it begins again at its end.

    Ends when it is stopped, and when the stream ends. Errors: CameraUnreachable.
    """
    with meant():
        if live:
            for packet in film.demux(stream):
                if stopped():
                    return
                yield packet, pace.now()
        else:
            yield from _played(film, stream, pace, stopped)


def _played(
    film: InputContainer, stream: VideoStream, pace: Pace, stopped: Callable[[], bool]
) -> Iterator[tuple[VideoPacket, datetime]]:
    start = pace.now()
    while True:
        first: int | None = None
        at = end = start
        for packet in film.demux(stream):
            if packet.pts is None:
                continue
            first = packet.pts if first is None else first
            # A picture that is shown before another may come behind it.
            at = max(at, start + timedelta(seconds=float((packet.pts - first) * packet.time_base)))
            pace.wait_until(at)
            if stopped():
                return
            end = at + timedelta(seconds=float((packet.duration or 0) * packet.time_base))
            yield packet, at
        if end == start:
            raise CameraUnreachable(cause="the file is empty")
        start = end
        film.seek(0)


async def http_offset_ms(source: str, clock: Clock) -> int | None:
    """How far the clock behind an HTTP answer is ahead of ours, to about half a second; None where it says none."""
    if urlsplit(source).scheme not in ("http", "https"):
        return None
    try:
        async with httpx.AsyncClient(timeout=DATE_S_MAX, trust_env=False) as client:
            before = clock.now()
            async with client.stream("GET", source) as answer:
                date = answer.headers.get("date")
            halfway = before + (clock.now() - before) / 2
        # A date is cut to whole seconds: on average it is half a second old.
        claimed = parsedate_to_datetime(date) + timedelta(seconds=0.5)
        return round((claimed - halfway) / timedelta(milliseconds=1))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, OverflowError):
        return None


@contextmanager
def meant() -> Iterator[None]:
    """FFmpeg's sentences name the address: only what kind of failure it was is told.

    Errors: CameraUnreachable, NoFilm.
    """
    try:
        yield
    except av.error.ExitError:
        raise CameraUnreachable(cause="silent") from None
    except av.error.InvalidDataError:
        raise NoFilm(cause="not readable") from None
    except (av.FFmpegError, OSError) as error:
        raise CameraUnreachable(cause=getattr(error, "strerror", None) or type(error).__name__) from None
