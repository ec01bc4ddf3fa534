"""A stream is cut into pieces that can be shown alone, each with the time of its first picture by our clock.

A time stamp says how long after another picture this one was taken, and is believed in that. When that was, our clock
says: of all pictures of a piece the one that was least late tells it. What a camera's own clock claims moves nothing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO
from struct import unpack_from
from typing import Any, Final

import av
from av import VideoStream
from msgspec import Struct

from crossdock.film.packet import VideoPacket

PIECE_S: Final = 10.0
"""A piece ends at the first key frame after this."""
PIECE_BYTES_MAX: Final = 64 * 2**20
"""Fifty megabits a second for ten seconds. What is more ends the piece, and the next key frame goes on."""
GAP_S: Final = 2.0
"""Between two pictures. What is longer is shown as missing, and time is taken anew behind it."""
DRIFT_S_MAX: Final = 0.5
"""Time stamps that are so far from our clock have jumped: time is taken anew."""
SLEW_S_MAX: Final = 0.02
"""What one piece makes good of the drift of a camera's crystal."""
AHEAD_S_MAX: Final = 60.0
"""Film that ends so far in the future was made while our clock was ahead."""
UNSTAMPED_MAX: Final = 8
"""Pictures without a time stamp that wait for one that has it."""
CODECS: Final = frozenset({"h264", "hevc"})
"""That an MP4 holds as they come, and browsers play."""


class Cut(Struct, frozen=True, kw_only=True):
    """A piece as it will be stored: an MP4 whose time 0 is `started_at`."""

    started_at: datetime
    ended_at: datetime
    content: bytes
    codec: str
    width: int
    height: int
    offset_ms: int | None
    """How far the camera's clock is ahead of ours, where the stream says what it shows."""


class _Held(Struct):
    packet: Any
    pts_s: float
    late: float
    """When it arrived, less its time stamp: seconds."""
    claimed: float | None
    """When the camera says it took it, less its time stamp."""


class Cutter:
    """Of one connection. Packets go in as they arrive, pieces come out."""

    def __init__(self, stream: VideoStream, *, last_end: datetime | None, piece_s: float = PIECE_S) -> None:
        """`last_end`: until when there is film already; pictures before it are left out.

        Not so where that is far in the future, because our own clock was put right: who stores the pieces is told
        where there is other film of that time.
        """
        assert stream.time_base is not None
        self._stream = stream
        self._tick: Fraction = stream.time_base
        self._piece_s = piece_s
        self._last_end = None if last_end is None else last_end.timestamp()
        self._held: list[_Held] = []
        self._bytes = 0
        self._unstamped: list[VideoPacket] = []
        self._last_dts: int | None = None
        self._zero: float | None = None
        self._goes_on = False

    def feed(self, packet: VideoPacket, arrived: datetime) -> Iterator[Cut]:
        """Most packets end no piece."""
        if packet.size == 0:
            return
        if packet.pts is None:
            # RTSP gives the first picture no stamp: it belongs right before the one that has one.
            self._unstamped = [*self._unstamped, packet][-UNSTAMPED_MAX:]
            return
        early, self._unstamped = self._unstamped, []
        for number, one in enumerate(early):
            if self._last_dts is None and one.duration:
                one.pts = one.dts = packet.pts - one.duration * (len(early) - number)
        for one in early:
            if one.pts is not None:
                yield from self._take(one, arrived)
        yield from self._take(packet, arrived)

    def close(self) -> Iterator[Cut]:
        """The stream has ended."""
        yield from self._finish(None)

    def _take(self, packet: VideoPacket, arrived: datetime) -> Iterator[Cut]:
        assert packet.pts is not None
        if packet.dts is None:
            packet.dts = packet.pts
        step = None if self._last_dts is None else float((packet.dts - self._last_dts) * self._tick)
        self._last_dts = packet.dts
        pts_s = float(packet.pts * self._tick)
        if step is not None and not 0 < step <= GAP_S:
            yield from self._finish(None)
            self._zero = None
        elif self._bytes + packet.size > PIECE_BYTES_MAX:
            yield from self._finish(None)
        elif packet.is_keyframe and self._held and pts_s - self._held[0].pts_s >= self._piece_s:
            yield from self._finish(pts_s)
        if self._held or packet.is_keyframe:
            claimed = _claimed(packet)
            late = arrived.timestamp() - pts_s
            self._held.append(_Held(packet, pts_s, late, None if claimed is None else claimed - pts_s))
            self._bytes += packet.size

    def _finish(self, next_s: float | None) -> Iterator[Cut]:
        """`next_s`: the time stamp at which the next piece goes on without a gap."""
        held, self._held, self._bytes = self._held, [], 0
        goes_on, self._goes_on = self._goes_on, False
        if not held:
            return
        zero, anew = self._timed(min(one.late for one in held))
        if self._last_end is not None and self._last_end > zero + held[-1].pts_s + AHEAD_S_MAX:
            self._last_end = None
        if goes_on and not anew:
            assert self._last_end is not None
            started = self._last_end
        else:
            held = self._fresh(held, zero)
            if not held:
                return
            started = max(zero + held[0].pts_s, self._last_end or 0.0)
        frame_s = _frame_s(held)
        ended = zero + (max(one.pts_s for one in held) + frame_s if next_s is None else next_s)
        if ended <= started:
            return
        self._last_end, self._goes_on = ended, next_s is not None
        claimed = [one.claimed for one in held if one.claimed is not None]
        yield Cut(
            started_at=_moment(started),
            ended_at=_moment(ended),
            content=self._muxed(held, frame_s),
            codec=self._stream.codec_context.name,
            width=self._stream.codec_context.width,
            height=self._stream.codec_context.height,
            offset_ms=round((claimed[-1] - zero) * 1_000) if claimed else None,
        )

    def _timed(self, least_late: float) -> tuple[float, bool]:
        """When time stamp 0 was, by our clock, and whether that was taken anew."""
        drift = 0.0 if self._zero is None else least_late - self._zero
        anew = self._zero is None or abs(drift) > DRIFT_S_MAX
        if self._zero is None or anew:
            self._zero = least_late
        else:
            self._zero += max(-SLEW_S_MAX, min(SLEW_S_MAX, drift))
        return self._zero, anew

    def _fresh(self, held: list[_Held], zero: float) -> list[_Held]:
        """From the first key frame on that shows what no film shows yet: a recorder may send again what it sent."""
        if self._last_end is None:
            return held
        for position, one in enumerate(held):
            if one.packet.is_keyframe and zero + one.pts_s >= self._last_end - SLEW_S_MAX:
                return held[position:]
        return []

    def _muxed(self, held: list[_Held], frame_s: float) -> bytes:
        file = BytesIO()
        first = held[0].packet.pts
        with av.open(file, "w", format="mp4") as film:
            stream = film.add_stream_from_template(self._stream)
            stream.time_base = self._tick
            for one in held:
                packet = one.packet
                if packet.pts < first:
                    continue  # it needs pictures of the piece before
                packet.pts -= first
                packet.dts -= first
                packet.duration = packet.duration or round(frame_s / self._tick)
                packet.stream = stream
                film.mux(packet)
        return file.getvalue()


def _frame_s(held: list[_Held]) -> float:
    """How long one picture stands, on average."""
    stamps = [one.pts_s for one in held]
    if len(stamps) > 1:
        return (max(stamps) - min(stamps)) / (len(stamps) - 1)
    packet = held[0].packet
    return float((packet.duration or 0) * packet.time_base) or 0.04


def _claimed(packet: VideoPacket) -> float | None:
    """The camera's own clock, from its RTCP sender reports: seconds since 1970."""
    if not packet.has_sidedata("prft"):
        return None
    [microseconds] = unpack_from("=q", bytes(packet.get_sidedata("prft")))
    return float(microseconds) / 1_000_000


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(round(seconds, 3), UTC)
