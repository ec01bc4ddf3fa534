"""How long does a clip of 45 seconds take, as a multiple of copying the same bytes?

Film as a packing station leaves it lies on the local disk, in pieces of ten seconds: 1280 by 720 pixels, 25 pictures
a second. A clip is joined out of them again and again, and beside it the file it became is copied and flushed in the
same way; both are read from the page cache. Its pictures are decoded once, to see that they are all there.
"""

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import av
import typer
from av import VideoFrame
from msgspec import Struct
from PIL import Image
from rich.console import Console
from rich.table import Table

from bench.machine import ROOT, Machine, machine
from bench.report import publish, say_machine
from crossdock.base.ids import AccountId, CameraId
from crossdock.core.film.model import FilmPiece
from crossdock.film import cutting
from crossdock.film.pieces import Cut, Cutter

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

START: Final = datetime(2024, 1, 15, 1, 0, tzinfo=UTC)
CLIP_S: Final = 45
FILM_S: Final = 70
SINCE_S: Final = 7.3
SIZE: Final = (1280, 720)
FPS: Final = 25
KEY_S: Final = 2
BIT_RATE: Final = 4_000_000
"""What cameras at packing stations are usually set to."""
WORST_S: Final = 1.0
"""In which a clip is to be ready."""


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    rounds: int
    clip_s: int
    bytes: int
    pictures: int
    clip_ms: float
    slowest_ms: float
    copy_ms: float

    @property
    def ratio(self) -> float:
        return self.clip_ms / self.copy_ms


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often each is done.")] = 20,
    results: Annotated[Path, typer.Option(help="Folder for the figures.")] = ROOT / "bench" / "results",
    tiny: Annotated[bool, typer.Option("--tiny", help="Only that it works: small pictures, few rounds.")] = False,
) -> None:
    """Join a clip out of pieces, and copy what it became."""
    with TemporaryDirectory(prefix="crossdock-bench-") as folder:
        report = _measure(Path(folder), rounds=2 if tiny else rounds, size=(128, 96) if tiny else SIZE)
    publish(report, show, "film", results)
    if not tiny and report.slowest_ms > WORST_S * 1_000:
        raise typer.Exit(1)


def _measure(folder: Path, *, rounds: int, size: tuple[int, int]) -> Report:
    pieces = _recorded(folder, size)
    since = START + timedelta(seconds=SINCE_S)
    until = since + timedelta(seconds=CLIP_S)
    made, copied = folder / "clip.mp4", folder / "copy.mp4"

    def join() -> None:
        cutting.clip(pieces, made, since=since, until=until)
        _flush(made)

    def copy() -> None:
        shutil.copyfile(made, copied)
        _flush(copied)

    clips, copies = [], []
    for _ in range(rounds):
        clips.append(_timed(join))
        copies.append(_timed(copy))
    with av.open(str(made)) as film:
        pictures = sum(1 for _ in film.decode(video=0))
    assert pictures >= CLIP_S * FPS
    return Report(
        taken_at=datetime.now(UTC),
        machine=machine(),
        rounds=rounds,
        clip_s=CLIP_S,
        bytes=made.stat().st_size,
        pictures=pictures,
        clip_ms=median(clips) * 1_000,
        slowest_ms=max(clips) * 1_000,
        copy_ms=median(copies) * 1_000,
    )


def _recorded(folder: Path, size: tuple[int, int]) -> list[tuple[FilmPiece, Path]]:
    """Pieces as a recorder leaves them."""
    _film(folder / "film.mp4", size)
    found = []
    with av.open(str(folder / "film.mp4")) as film:
        cutter = Cutter(film.streams.video[0], last_end=None)
        cuts: list[Cut] = []
        for packet in film.demux(video=0):
            if packet.dts is not None:
                arrived = START + timedelta(seconds=float(packet.dts * packet.time_base))
                cuts += cutter.feed(packet, arrived)
        cuts += cutter.close()
    for number, cut in enumerate(cuts):
        path = folder / f"{number}.mp4"
        path.write_bytes(cut.content)
        found.append((_piece(cut, path), path))
    return found


def _piece(cut: Cut, path: Path) -> FilmPiece:
    return FilmPiece(
        account_id=AccountId(1),
        camera_id=CameraId(1),
        started_at=cut.started_at,
        ended_at=cut.ended_at,
        object_key=path.name,
        bytes=len(cut.content),
        codec=cut.codec,
        width=cut.width,
        height=cut.height,
    )


def _film(path: Path, size: tuple[int, int]) -> None:
    """Noise that moves, so that there are bytes to carry."""
    noise = [Image.effect_noise(size, 80).convert("RGB") for _ in range(8)]
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size = FPS * KEY_S
        stream.bit_rate = BIT_RATE * size[0] * size[1] // (SIZE[0] * SIZE[1])
        stream.time_base = Fraction(1, FPS)
        for number in range(FILM_S * FPS):
            frame = VideoFrame.from_image(noise[number % len(noise)])  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))


def _timed(do: Callable[[], None]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    table = Table(title=f"A clip of {report.clip_s} s: {report.pictures} pictures, {report.bytes / 2**20:.1f} MB")
    for title in ("", "median", "slowest"):
        table.add_column(title)
    table.add_row("joined out of pieces", f"{report.clip_ms:.1f} ms", f"{report.slowest_ms:.1f} ms")
    table.add_row("copied", f"{report.copy_ms:.1f} ms", "")
    table.add_row("joined / copied", f"{report.ratio:.2f}", "")
    out.print(table)


if __name__ == "__main__":
    app()
