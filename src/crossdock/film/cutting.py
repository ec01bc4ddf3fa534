"""Joining pieces of film without encoding them anew: an MP4 of a stretch, a segment for HLS, one picture.

PyAV is 15 MB, and a web process that nobody asks for film never loads it: it is imported by who opens a film.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog
from msgspec import Struct

from crossdock.core.film.model import FilmPiece
from crossdock.film.packet import VideoPacket

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer, OutputContainer

PADDING: Final = timedelta(seconds=2)
"""Shown before and after what was asked for: a person's clock at a packing station is no better than that."""
GAP_SHOWN: Final = timedelta(milliseconds=200)
"""What is missing for longer is told; less is a frame or two."""
TIME_BASE: Final = Fraction(1, 90_000)
JPEG_QUALITY: Final = 85

log = structlog.get_logger(__name__)

File = Path | bytes
"""A piece where it lies, or what is in it."""


class Missing(Struct, frozen=True):
    since: datetime
    until: datetime


class Clip(Struct, frozen=True, kw_only=True):
    """What a clip shows. Its time 0 is `starts_at`; where film is missing its last picture stands."""

    starts_at: datetime
    ends_at: datetime
    missing: list[Missing]
    """Of what was asked for, without padding."""


class NothingFilmed(LookupError):
    """No film shows any of this."""


class Broken(Exception):
    """The file of a piece is gone, or cannot be read (any more)."""


def missing(pieces: Sequence[FilmPiece], since: datetime, until: datetime) -> list[Missing]:
    """Stretches between two moments of which there is no film; pieces are in order."""
    found, at = [], since
    for piece in pieces:
        if min(piece.started_at, until) - at > GAP_SHOWN:
            found.append(Missing(at, min(piece.started_at, until)))
        at = max(at, piece.ended_at)
    if until - at > GAP_SHOWN:
        found.append(Missing(at, until))
    return found


def clip(
    pieces: Sequence[tuple[FilmPiece, File]],
    path: Path,
    *,
    since: datetime,
    until: datetime,
    padding: timedelta = PADDING,
    rate: int = 1,
) -> Clip:
    """Write an MP4 that can be played while it is fetched, `rate` times as fast as it was filmed.

    It begins with the key frame at or before `since` less `padding`, and ends with the last picture before `until`
    and `padding`. Pieces are in order. What cannot be read, and film of another size or codec than the first, is left
    out, and is missing. Errors: NothingFilmed, OSError.
    """
    import av  # noqa: PLC0415  # see above

    begin, end = since - padding, until + padding
    pieces = _joinable([(piece, file) for piece, file in pieces if piece.ended_at > begin])
    if not pieces:
        raise NothingFilmed
    shown: list[FilmPiece] = []
    joined = _Joined(rate)
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        out.metadata["title"] = f"{since:%Y-%m-%d %H:%M:%S}"
        out.metadata["comment"] = "; ".join(
            f"missing {one.since.isoformat()} to {one.until.isoformat()}"
            for one in missing([piece for piece, _ in pieces], since, until)
        )
        for piece, file in pieces:
            try:
                with _opened(file) as (film, stream):
                    if joined.add(out, piece, stream, _from(film, stream, piece, begin), end):
                        shown.append(piece)
            except Broken as error:
                _tell(piece, error)
    if joined.starts_at is None or joined.ends_at is None:
        raise NothingFilmed
    return Clip(starts_at=joined.starts_at, ends_at=joined.ends_at, missing=missing(shown, since, until))


def starts_at(piece: FilmPiece, file: File, begin: datetime) -> datetime:
    """Of a clip or segment that is to begin at `begin`: its key frame. Errors: Broken, NothingFilmed."""
    with _opened(file) as (film, stream):
        for packet in _from(film, stream, piece, begin):
            assert packet.pts is not None
            return piece.started_at + timedelta(seconds=float(packet.pts * packet.time_base))
    raise NothingFilmed


def segment(piece: FilmPiece, file: File, *, begin: datetime, end: datetime, epoch: datetime, rate: int = 1) -> bytes:
    """What a piece shows from the key frame at or before `begin` to `end`, as MPEG-TS, its time stamps counted from
    `epoch`. Errors: Broken."""
    import av  # noqa: PLC0415  # see above

    content = BytesIO()
    with av.open(content, "w", format="mpegts") as out, _opened(file) as (film, stream):
        _Joined(rate, starts_at=epoch).add(out, piece, stream, _from(film, stream, piece, begin), end)
    return content.getvalue()


def picture(piece: FilmPiece, file: File, at: datetime) -> bytes:
    """The picture nearest to a moment, as JPEG. Errors: Broken, NothingFilmed."""
    import av  # noqa: PLC0415  # see above

    nearest: VideoFrame | None = None
    with _opened(file) as (film, stream):
        wanted = (at - piece.started_at).total_seconds()
        try:
            film.seek(max(0, round(wanted / stream.time_base)), stream=stream)  # type: ignore[operator]
            for frame in film.decode(stream):
                if nearest is None or abs((frame.time or 0) - wanted) < abs((nearest.time or 0) - wanted):
                    nearest = frame
                elif nearest is not None:
                    break
        except (av.FFmpegError, OSError) as error:
            raise Broken from error
    if nearest is None:
        raise NothingFilmed
    content = BytesIO()
    image: Any = nearest.to_image()  # type: ignore[no-untyped-call]
    image.save(content, "JPEG", quality=JPEG_QUALITY)
    return content.getvalue()


class _Joined:
    """Packets of one piece after another in one stream, each at its own time."""

    def __init__(self, rate: int, *, starts_at: datetime | None = None) -> None:
        self.starts_at = starts_at
        self.ends_at: datetime | None = None
        self._rate = rate
        self._stream: Any = None
        self._last_dts: int | None = None

    def add(
        self,
        out: "OutputContainer",
        piece: FilmPiece,
        stream: "VideoStream",
        packets: Iterator[VideoPacket],
        end: datetime,
    ) -> bool:
        """Whether any of it is shown."""
        if self._stream is None:
            self._stream = out.add_stream_from_template(stream)
            self._stream.time_base = TIME_BASE
            if piece.codec == "hevc" and out.format.name == "mp4" and self._stream.codec_context is not None:
                self._stream.codec_context.codec_tag = "hvc1"  # Safari plays no other
        shown = False
        for packet in packets:
            assert packet.pts is not None
            assert packet.dts is not None
            # By the order of decoding: a picture may need one that is shown after it.
            if piece.started_at + timedelta(seconds=float(packet.dts * packet.time_base)) > end:
                break
            at = piece.started_at + timedelta(seconds=float(packet.pts * packet.time_base))
            if self.starts_at is None:
                self.starts_at = at
            elif at < self.starts_at:
                continue  # it needs pictures before the first one
            frame = timedelta(seconds=float((packet.duration or 0) * packet.time_base))
            self._mux(out, packet, (piece.started_at - self.starts_at).total_seconds())
            self.ends_at = max(self.ends_at or at, at + frame)
            shown = True
        return shown

    def _mux(self, out: "OutputContainer", packet: VideoPacket, offset_s: float) -> None:
        assert packet.pts is not None
        assert packet.dts is not None

        def placed(ticks: int) -> int:
            return round((offset_s + float(ticks * packet.time_base)) / self._rate / TIME_BASE)

        pts, dts = placed(packet.pts), placed(packet.dts)
        duration = round(float((packet.duration or 0) * packet.time_base) / self._rate / TIME_BASE)
        # Pieces lie end to end to the millisecond, not to the tick.
        if self._last_dts is not None:
            dts = max(dts, self._last_dts + 1)
        self._last_dts = dts
        packet.pts, packet.dts, packet.duration = max(pts, dts), dts, duration
        packet.time_base = TIME_BASE
        packet.stream = self._stream
        out.mux(packet)


def _joinable(pieces: Sequence[tuple[FilmPiece, File]]) -> list[tuple[FilmPiece, File]]:
    """Those that can be read, and have the header of the first."""
    found: list[tuple[FilmPiece, File]] = []
    header: bytes | None = None
    for piece, file in pieces:
        try:
            with _opened(file) as (_, stream):
                own = stream.codec_context.extradata
        except Broken as error:
            _tell(piece, error)
            continue
        if not found or own == header:
            found.append((piece, file))
            header = own
    return found


def _tell(piece: FilmPiece, error: Broken) -> None:
    log.error("film cannot be read", piece=piece.object_key, cause=type(error.__cause__).__name__)


@contextmanager
def _opened(file: File) -> Iterator[tuple["InputContainer", "VideoStream"]]:
    """Errors: Broken."""
    import av  # noqa: PLC0415  # see above

    with ExitStack() as stack:
        try:
            source = stack.enter_context(file.open("rb")) if isinstance(file, Path) else BytesIO(file)
            film = stack.enter_context(av.open(source, "r", format="mp4"))
            stream = film.streams.video[0]
        except (av.FFmpegError, OSError, IndexError) as error:
            raise Broken from error
        yield film, stream


def _packets(film: "InputContainer", stream: "VideoStream") -> Iterator[VideoPacket]:
    """Errors: Broken."""
    import av  # noqa: PLC0415  # see above

    try:
        for packet in film.demux(stream):
            if packet.pts is not None and packet.dts is not None:
                yield packet
    except (av.FFmpegError, OSError) as error:
        raise Broken from error


def _from(film: "InputContainer", stream: "VideoStream", piece: FilmPiece, begin: datetime) -> Iterator[VideoPacket]:
    """From the last key frame at or before `begin` on; from the first where all are later."""
    wanted = (begin - piece.started_at).total_seconds()
    waiting: list[VideoPacket] = []
    for packet in _packets(film, stream):
        assert packet.pts is not None
        if packet.is_keyframe:
            if float(packet.pts * packet.time_base) <= wanted:
                waiting = []
            elif waiting:
                yield from waiting
                waiting, wanted = [], float("-inf")
        if wanted == float("-inf"):
            yield packet
        else:
            waiting.append(packet)
    yield from waiting
