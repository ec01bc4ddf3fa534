"""The sealed bundle of a parcel's evidence: a zip whose manifest names the hash of every file, and is signed.

`verify.py` inside it is console/verify_bundle.py: what a stranger runs, without this server.
"""

import asyncio
import hashlib
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from markupsafe import Markup
from msgspec import Struct, structs, to_builtins

from crossdock.base import json
from crossdock.base.ids import PackingId
from crossdock.base.objects import ObjectMissing
from crossdock.base.seal import Seal
from crossdock.core.evidence.model import Evidence, Gap, Packed, View
from crossdock.core.film import queries as film
from crossdock.core.transport.model import Picture
from crossdock.edge.desk import Desk
from crossdock.film import cutting
from crossdock.film.addresses import SPAN_MAX
from crossdock.film.cutting import PADDING, Clip, NothingFilmed
from crossdock.film.gathering import gathered

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
PUBLIC_KEY: Final = "public.pem"
VERIFIER: Final = "verify.py"
FORMAT: Final = "crossdock-evidence-1"
_PURPOSE: Final = "evidence bundles"
_HERE: Final = Path(__file__).parent
_ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}


class Filmed(Struct, frozen=True, kw_only=True):
    """A clip, and where the packing window lies in it."""

    view: View
    src: str | None
    """None where nothing was filmed."""
    since: datetime
    until: datetime
    starts_at: datetime
    ends_at: datetime
    whole: bool = True
    """False where the window is longer than one clip."""

    @property
    def from_s(self) -> float:
        return max(0.0, (self.since - self.starts_at).total_seconds())

    @property
    def window_s(self) -> float:
        return (self.until - self.since).total_seconds()

    @property
    def after_s(self) -> float:
        """Seconds of the clip behind the window; negative where the film ends inside it."""
        return (self.ends_at - self.until).total_seconds()

    @property
    def left(self) -> float:
        """Of the window in the clip, in percent."""
        return 100 * min(1.0, self.from_s / self._length_s)

    @property
    def width(self) -> float:
        seen_s = (min(self.until, self.ends_at) - max(self.since, self.starts_at)).total_seconds()
        return max(0.0, min(100 - self.left, 100 * seen_s / self._length_s))

    @property
    def _length_s(self) -> float:
        return max(0.001, (self.ends_at - self.starts_at).total_seconds())


def signing_key(seal: Seal) -> Ed25519PrivateKey:
    """The same for all bundles of a server, made of its secret key."""
    return Ed25519PrivateKey.from_private_bytes(seal.key_for(_PURPOSE))


def public_key(seal: Seal) -> str:
    """As PEM."""
    key = signing_key(seal).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def picture_name(picture: Picture) -> str:
    """Inside the bundle."""
    return f"pictures/{picture.id}.{_ENDINGS.get(picture.content_type, 'bin')}"


def css() -> Markup:
    """Our own files: nothing a partner wrote."""
    sheets = (_HERE / "static" / name for name in ("page.css", "evidence.css"))
    return Markup("\n".join(sheet.read_text() for sheet in sheets))  # noqa: S704


class Bundle:
    def __init__(self, desk: Desk, found: Evidence, *, by: str) -> None:
        self._desk = desk
        self._found = found
        self._by = by
        self._files: dict[str, dict[str, Any]] = {}
        self._clips: list[dict[str, Any]] = []

    async def write(
        self, file: IO[bytes], report: Callable[[Mapping[PackingId, list[Filmed]]], Awaitable[str]]
    ) -> str:
        """A whole bundle; `report` makes its page. The SHA-256 of its manifest. Errors: Unavailable."""
        with zipfile.ZipFile(file, "w") as out:
            films = {
                one.packing.id: [await self._clip(out, one, view) for view in one.views]
                for one in self._found.packings
            }
            missing = [one.id for one in self._found.pictures if one.object_key and not await self._picture(out, one)]
            told = {
                "evidence": to_builtins(self._found, builtin_types=(datetime,)),
                "clips": self._clips,
                "pictures_missing": missing,
            }
            self._add(out, "report.json", json.encode(told))
            self._add(out, "report.html", (await report(films)).encode())
            self._add(out, PUBLIC_KEY, public_key(self._desk.seal).encode())
            self._add(out, VERIFIER, (_HERE / "verify_bundle.py").read_bytes())
            manifest = json.encode(
                {
                    "format": FORMAT,
                    "order": self._found.order.number,
                    "order_id": self._found.order.id,
                    "made_at": self._found.read_at,
                    "made_by": self._by,
                    "files": self._files,
                }
            )
            out.writestr(MANIFEST, manifest)
            out.writestr(SIGNATURE, signing_key(self._desk.seal).sign(manifest))
        return hashlib.sha256(manifest).hexdigest()

    def _add(self, out: zipfile.ZipFile, name: str, content: bytes) -> None:
        out.writestr(name, content)
        self._files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

    def _take(self, out: zipfile.ZipFile, name: str, path: Path) -> None:
        """A file that may be larger than memory."""
        with path.open("rb") as film:
            digest = hashlib.file_digest(film, "sha256").hexdigest()
        out.write(path, name)
        self._files[name] = {"sha256": digest, "bytes": path.stat().st_size}

    async def _picture(self, out: zipfile.ZipFile, picture: Picture) -> bool:
        assert picture.object_key is not None
        try:
            self._add(out, picture_name(picture), await self._desk.objects.get(picture.object_key))
        except ObjectMissing:
            return False
        return True

    async def _clip(self, out: zipfile.ZipFile, one: Packed, view: View) -> Filmed:
        since = one.packing.filmed_from
        until = min(one.packing.filmed_to, since + SPAN_MAX)
        name = f"clips/{one.packing.id}-camera-{view.camera_id}.mp4"
        facts: dict[str, Any] = {
            "view": view,
            "since": since,
            "until": until,
            "whole": until == one.packing.filmed_to,
        }
        clip = None if view.filmed_from is None else await self._cut(out, name, view, since, until)
        if clip is None:
            return Filmed(**facts, src=None, starts_at=since, ends_at=until)
        if facts["whole"]:  # what cannot be read now is missing, too
            gaps = tuple(Gap(gap.since, gap.until) for gap in clip.missing)
            facts["view"] = structs.replace(view, gaps=gaps)
        self._clips.append({"file": name, "camera_id": view.camera_id, "since": since, "until": until, "clip": clip})
        return Filmed(**facts, src=name, starts_at=clip.starts_at, ends_at=clip.ends_at)

    async def _cut(
        self, out: zipfile.ZipFile, name: str, view: View, since: datetime, until: datetime
    ) -> Clip | None:
        async with self._desk.database.transaction(readonly=True) as tx:
            pieces = await film.pieces_between(tx, view.camera_id, since - PADDING, until + PADDING)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.mp4"
            try:
                async with gathered(self._desk.objects, pieces) as files:
                    clip = await asyncio.to_thread(cutting.clip, files, path, since=since, until=until)
            except NothingFilmed:
                return None
            await asyncio.to_thread(self._take, out, name, path)
        return clip
