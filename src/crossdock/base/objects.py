"""Files that are too large for a row: pictures and film. A local folder, or any storage that speaks S3."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url

from crossdock.base.errors import SetupFailed, Unavailable

FOLDER: Final = "objects"
"""Inside `var`, where no other place is named."""

LISTED_AT_ONCE: Final = 1_000


class ObjectMissing(LookupError):
    """Nothing is stored under this key."""


class StorageWrong(SetupFailed):
    """The storage cannot be opened. Facts: cause."""


class Objects:
    """Keys are paths with `/`; what is stored under one never changes."""

    def __init__(self, url: str | None, *, var: Path) -> None:
        """`url` as `s3://bucket/prefix`; credentials and endpoint come from the usual `AWS_*` variables.

        Errors: StorageWrong.
        """
        self._folder = None if url else var / FOLDER
        try:
            self._store: Any = from_url(url) if url else LocalStore(prefix=var.resolve() / FOLDER, mkdir=True)
        except (BaseError, ValueError, OSError) as error:
            raise StorageWrong(cause=type(error).__name__) from error

    async def put(self, key: str, content: bytes) -> None:
        """On disk, or taken by the storage, when it returns. Errors: Unavailable."""
        try:
            await self._store.put_async(key, content)
            if self._folder is not None:
                await asyncio.to_thread(_flush, self._folder.joinpath(*key.split("/")))
        except (BaseError, OSError) as error:
            raise Unavailable(service="storage") from error

    async def get(self, key: str) -> bytes:
        """Errors: ObjectMissing, Unavailable."""
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise ObjectMissing(key) from error
        except (BaseError, OSError) as error:
            raise Unavailable(service="storage") from error

    async def delete(self, keys: Sequence[str]) -> None:
        """What is not there counts as deleted. Errors: Unavailable."""
        for key in keys:
            try:
                await self._store.delete_async(key)
            except (NotFoundError, FileNotFoundError):
                pass
            except (BaseError, OSError) as error:
                raise Unavailable(service="storage") from error

    async def listed(self, prefix: str) -> AsyncIterator[dict[str, datetime]]:
        """Everything below a prefix, `LISTED_AT_ONCE` at a time: key -> when it was stored. Errors: Unavailable."""
        try:
            async for chunk in self._store.list(prefix, chunk_size=LISTED_AT_ONCE):
                yield {one["path"]: one["last_modified"] for one in chunk}
        except (BaseError, OSError) as error:
            raise Unavailable(service="storage") from error

    def file(self, key: str) -> Path | None:
        """Where it lies on this machine; None where the storage is elsewhere."""
        return None if self._folder is None else self._folder.joinpath(*key.split("/"))

    def free_bytes(self) -> int | None:
        """Of the disk of this machine on which files are kept; None where the storage is elsewhere."""
        return None if self._folder is None else shutil.disk_usage(self._folder).free


def _flush(path: Path) -> None:
    """A file and the folder that names it: a power cut takes neither."""
    for one in (path, path.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
