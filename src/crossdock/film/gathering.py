"""The files of pieces on this machine, wherever they are kept."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from crossdock.base.objects import ObjectMissing, Objects
from crossdock.core.film.model import FilmPiece

log = structlog.get_logger(__name__)


@asynccontextmanager
async def gathered(objects: Objects, pieces: Sequence[FilmPiece]) -> AsyncIterator[list[tuple[FilmPiece, Path]]]:
    """While the block runs; one at a time is in memory. Those that a storage elsewhere has lost are left out.

    Errors: Unavailable, OSError.
    """
    with tempfile.TemporaryDirectory(prefix="crossdock-film-") as folder:
        found = []
        for number, piece in enumerate(pieces):
            path = objects.file(piece.object_key)
            if path is None:
                path = Path(folder) / f"{number}.mp4"
                try:
                    await asyncio.to_thread(path.write_bytes, await objects.get(piece.object_key))
                except ObjectMissing:
                    log.error("film is lost", piece=piece.object_key)
                    continue
            found.append((piece, path))
        yield found
