"""Clips that were made, in a folder of this machine, up to a bound; every one can be made again."""

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

FOLDER: Final = "clips"
"""Inside `var`."""
BYTES_MAX: Final = 2 * 2**30
PART_S_MAX: Final = 3_600.0
"""What is still unfinished after so long was left by a process that was killed."""


class ClipStore:
    """Several processes may share the folder: a clip is put there whole, and one that is deleted while somebody has
    it open is read to its end."""

    def __init__(self, var: Path, *, bytes_max: int = BYTES_MAX) -> None:
        self._folder = var / FOLDER
        self._bytes_max = bytes_max
        self._making: dict[str, asyncio.Lock] = {}

    async def made(self, name: str, make: Callable[[Path], Awaitable[None]]) -> Path:
        """The clip of this name, made now unless it is there; who asks meanwhile waits for the same one.

        Errors: what `make` raises, OSError.
        """
        lock = self._making.setdefault(name, asyncio.Lock())
        try:
            async with lock:
                path = self._folder / f"{name}.mp4"
                if await asyncio.to_thread(_touched, path):
                    return path
                part = self._folder / f"{name}.{secrets.token_hex(8)}.part"
                await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
                try:
                    await make(part)
                    part.replace(path)
                finally:
                    part.unlink(missing_ok=True)
                await asyncio.to_thread(self._make_room, path)
                return path
        finally:
            if not lock.locked():
                self._making.pop(name, None)

    def _make_room(self, newest: Path) -> None:
        """Those not asked for longest go; the newest stays, however large it is."""
        kept: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            try:
                seen = path.stat()
            except FileNotFoundError:
                continue
            if path.suffix == ".part":
                if seen.st_mtime < time.time() - PART_S_MAX:
                    path.unlink(missing_ok=True)
            elif path != newest:
                kept.append((seen.st_mtime, seen.st_size, path))
        room = self._bytes_max - newest.stat().st_size
        for _, size, path in sorted(kept, reverse=True):
            room -= size
            if room < 0:
                path.unlink(missing_ok=True)


def _touched(path: Path) -> bool:
    """Whether it is there; then it was asked for now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
