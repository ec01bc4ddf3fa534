"""Film of the test picture, made in no time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from crossdock.base.ids import AccountId, CameraId
from crossdock.core.film.model import FilmPiece
from crossdock.film.picture import FPS, HEIGHT, KEY_S, WIDTH, picture, time_of, write_film
from crossdock.film.pieces import PIECE_S, Cut, Cutter

CAMERA = CameraId(7001)
NOON = datetime(2024, 1, 15, 1, 0, tzinfo=UTC)
"""When the sample report of the Ovopark contract was packed."""
FRAME = timedelta(seconds=1) / FPS

Reel = Sequence[tuple[FilmPiece, bytes]]


def reel(folder: Path, seconds: float, *, start: datetime = NOON, piece_s: float = PIECE_S, fps: int = FPS) -> Reel:
    """Pieces as a recorder makes them of a camera that is never late."""
    path = folder / "reel.mp4"
    write_film(path, start=start, seconds=seconds, fps=fps)
    return [(piece_of(cut), cut.content) for cut in cuts(path, start, piece_s=piece_s)]


def cuts(
    path: Path,
    start: datetime,
    *,
    last_end: datetime | None = None,
    ours: Callable[[float], float] = lambda seconds: seconds,
    **how: Any,
) -> Iterator[Cut]:
    """`ours`: what our clock says after so many seconds of the camera's."""
    with av.open(str(path)) as film:
        cutter = Cutter(film.streams.video[0], last_end=last_end, **how)
        seconds = 0.0
        for packet in film.demux(video=0):
            if packet.pts is not None:
                seconds = max(seconds, float(packet.pts * packet.time_base))
                yield from cutter.feed(packet, start + timedelta(seconds=ours(seconds)))
        yield from cutter.close()


def piece_of(cut: Cut, key: str = "") -> FilmPiece:
    return FilmPiece(
        account_id=AccountId(47),
        camera_id=CAMERA,
        started_at=cut.started_at,
        ended_at=cut.ended_at,
        object_key=key or f"film/7001/{cut.started_at.isoformat()}.mp4",
        bytes=len(cut.content),
        codec=cut.codec,
        width=cut.width,
        height=cut.height,
    )


def shown(film: Path | bytes) -> list[tuple[float, datetime]]:
    """Of each picture: seconds since the film began, and the time that the picture shows."""
    with av.open(str(film) if isinstance(film, Path) else BytesIO(film)) as container:
        return [(frame.time or 0.0, time_of(frame)) for frame in container.decode(video=0)]


def times(film: Path | bytes) -> list[datetime]:
    return [at for _, at in shown(film)]


def steps(moments: Sequence[datetime]) -> set[timedelta]:
    return {later - earlier for earlier, later in pairwise(moments)}


def encode(path: Path, codec: str, options: dict[str, str], seconds: int) -> None:
    """Test pictures by an encoder of FFmpeg's, as it does by itself."""
    with av.open(str(path), "w", format="mp4") as film:
        stream: Any = film.add_stream(codec, rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = round(FPS * KEY_S)
        for number in range(seconds * FPS):
            frame = picture(NOON + number * FRAME)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
