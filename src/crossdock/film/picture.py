"""A test picture that shows its own time: as digits for people, as a row of blocks for programs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av import CodecContext, VideoFrame
from av.video.codeccontext import VideoCodecContext
from PIL import Image, ImageDraw, ImageFont

from crossdock.film.packet import VideoPacket

BLOCK: Final = 8
BITS: Final = 48
"""Milliseconds since 1970, and behind them their remainder by `CHECK`."""
CHECK_BITS: Final = 7
CHECK: Final = 127
WIDTH, HEIGHT = BITS * BLOCK, 224
CLOCK_RATE: Final = 90_000
"""Ticks a second of a stream's time stamps, as RTP and MPEG-TS have them."""
TIME_BASE: Final = Fraction(1, CLOCK_RATE)
FPS: Final = 10
KEY_S: Final = 2.0
"""From one picture that needs no other to the next."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCKS_TOP: Final = HEIGHT - 2 * BLOCK
_WHITE, _GREY, _BLACK = 255, 96, 0


class TimeUnreadable(ValueError):
    """This is no test picture, or too little of it is left."""


def picture(at: datetime) -> VideoFrame:
    """The test picture of a moment, to the millisecond."""
    ms = (at - _EPOCH) // timedelta(milliseconds=1)
    value = ms << CHECK_BITS | ms % CHECK
    image = Image.new("L", (WIDTH, HEIGHT), _GREY)
    draw = ImageDraw.Draw(image)
    draw.text((12, 30), f"{at:%H:%M:%S}", fill=_WHITE, font=ImageFont.load_default(size=72))
    draw.text((12, 120), f".{ms % 1000:03} {at:%Y-%m-%d} UTC", fill=_WHITE, font=ImageFont.load_default(size=32))
    for position in range(BITS):
        bit = value >> (BITS - 1 - position) & 1
        left = position * BLOCK
        box = (left, _BLOCKS_TOP, left + BLOCK - 1, _BLOCKS_TOP + BLOCK - 1)
        draw.rectangle(box, fill=_WHITE if bit else _BLACK)
    frame: VideoFrame = VideoFrame.from_image(image.convert("RGB"))  # type: ignore[no-untyped-call]
    return frame


def time_of(frame: VideoFrame) -> datetime:
    """The moment that a picture shows. Errors: TimeUnreadable."""
    grey = frame.reformat(format="gray")
    plane = grey.planes[0]
    row = bytes(plane)[(_BLOCKS_TOP + BLOCK // 2) * plane.line_size :]
    value = 0
    for position in range(BITS):
        value = value << 1 | (row[position * BLOCK + BLOCK // 2] > (_WHITE + _BLACK) // 2)
    ms, check = value >> CHECK_BITS, value & (1 << CHECK_BITS) - 1
    if frame.width != WIDTH or frame.height != HEIGHT or ms % CHECK != check:
        raise TimeUnreadable
    return _EPOCH + timedelta(milliseconds=ms)


class Encoder:
    """H.264 without pictures that wait for later ones, as cameras send it."""

    def __init__(self, *, fps: int = FPS, key_s: float = KEY_S) -> None:
        context = CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context.framerate, context.time_base = Fraction(fps), TIME_BASE
        context.options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1", "threads": "1"}
        context.gop_size = max(1, round(fps * key_s))
        self._context = context

    def encode(self, at: datetime, ticks: int) -> list[VideoPacket]:
        frame = picture(at)
        frame.pts, frame.time_base = ticks, TIME_BASE
        return list(self._context.encode(frame))


def write_film(
    path: Path, *, start: datetime, seconds: float, fps: int = FPS, key_s: float = KEY_S, format_: str = "mp4"
) -> None:
    """A file of test pictures, the first of them of `start`."""
    with av.open(str(path), "w", format=format_) as film:
        stream = film.add_mux_stream("h264", rate=fps, width=WIDTH, height=HEIGHT)
        stream.time_base = TIME_BASE
        for packet in _packets(start, round(seconds * fps), fps, key_s):
            packet.stream = stream  # type: ignore[assignment]
            film.mux(packet)


def _packets(start: datetime, count: int, fps: int, key_s: float) -> Iterator[VideoPacket]:
    encoder = Encoder(fps=fps, key_s=key_s)
    for number in range(count):
        at = start + timedelta(seconds=number) / fps
        for packet in encoder.encode(at, round(number * CLOCK_RATE / fps)):
            packet.duration = CLOCK_RATE // fps
            yield packet
