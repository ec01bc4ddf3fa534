"""Film at its signed addresses, on this server. What a stranger asks for is not there, whatever is wrong with it.

Below an address `/film/TOKEN/` lie the file that it names, the segments of its list, and `about.json`: what is shown
and what is missing.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from msgspec import Struct

from crossdock.base import json
from crossdock.base.errors import Unavailable
from crossdock.base.objects import ObjectMissing
from crossdock.core.film import queries
from crossdock.core.film.model import Camera, FilmPiece
from crossdock.edge.asgi import Receive, Scope, Send
from crossdock.edge.desk import Desk
from crossdock.edge.request import decoded_path
from crossdock.film import cutting
from crossdock.film.addresses import FILES, PREFIX, FilmAddressUnknown, Shown, shown_by
from crossdock.film.cutting import PADDING, Broken, File, NothingFilmed
from crossdock.film.gathering import gathered
from crossdock.film.store import ClipStore

REACH: Final = timedelta(seconds=30)
"""The nearest picture is one that was taken within so long: film of a camera at work is up to two pieces old."""
CUT_AT_ONCE: Final = 2
"""Clips that one process makes at the same time; others wait."""
SEGMENTS_BYTES_MAX: Final = 64 * 2**20
"""Of segments kept in memory; those that were not asked for longest go first."""
CHUNK_BYTES: Final = 256 * 2**10
KEPT_S_MAX: Final = 3_600
"""For how long a browser may keep film; never past the end of its address."""
SETTLED: Final = timedelta(minutes=1)
"""Film of what is over for so long does not grow any more."""
ABOUT: Final = "about.json"
HEADERS: Final[Mapping[str, str]] = {
    "access-control-allow-origin": "*",  # players of partners' pages; the address is what lets them in
    "access-control-expose-headers": "content-range, content-length",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
_NOTHING: Final = (404, b"There is no film at this address.\n")
_AWAY: Final = (503, b"Film cannot be shown at the moment.\n")
_WRONG_VERB: Final = (405, b"Film can only be fetched.\n")
_SEGMENT: Final = re.compile(r"(\d{1,15})\.ts")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

log = structlog.get_logger(__name__)


class _Found(Struct, frozen=True):
    """What is sent: from memory, or from a file."""

    type: str
    tag: str
    content: bytes = b""
    path: Path | None = None


class Showing:
    """An ASGI app."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._clips = ClipStore(desk.config.var)
        self._cutting = asyncio.Semaphore(CUT_AT_ONCE)
        self._segments = _Segments()
        self._files: Mapping[str, Callable[[Camera, Shown], Awaitable[_Found]]] = {
            FILES["mp4"]: self._mp4,
            FILES["hls"]: self._list,
            FILES["snapshot"]: self._picture,
            ABOUT: self._about,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _refuse(send, *_WRONG_VERB, {"allow": "GET, HEAD"})
            return
        try:
            shown, found = await self._found(scope)
        except (FilmAddressUnknown, NothingFilmed, Broken, ObjectMissing) as error:
            if isinstance(error, Broken):
                log.error("film cannot be read", cause=type(error.__cause__).__name__)
            await _refuse(send, *_NOTHING)
        except (Unavailable, OSError) as error:
            log.error("film cannot be shown", cause=type(error).__name__)
            await _refuse(send, *_AWAY)
        except Exception:
            log.exception("film cannot be shown")
            await _refuse(send, *_AWAY)
        else:
            await _send(send, scope, found, self._kept_s(shown))

    async def _found(self, scope: Scope) -> tuple[Shown, _Found]:
        """Errors: FilmAddressUnknown, NothingFilmed, Broken, ObjectMissing, Unavailable, OSError."""
        path = decoded_path(scope.get("raw_path") or scope["path"].encode())
        token, _, name = path.removeprefix(f"{PREFIX}/").partition("/")
        shown = shown_by(self._desk.seal, token, self._desk.clock.now())
        segment = _SEGMENT.fullmatch(name) if shown.kind == "hls" else None
        if segment is None and name not in (FILES[shown.kind], ABOUT):
            raise FilmAddressUnknown
        async with self._desk.database.transaction(readonly=True) as tx:
            camera = await queries.camera_state(tx, shown.camera_id)
        if camera is None:
            raise FilmAddressUnknown
        if segment is not None:
            return shown, await self._segment(shown, int(segment[1]))
        return shown, await self._files[name](camera, shown)

    def _kept_s(self, shown: Shown) -> int:
        """0 where what is shown may still grow."""
        now = self._desk.clock.now()
        if shown.kind == "snapshot" or shown.until + PADDING > now - SETTLED:
            return 0
        return min(KEPT_S_MAX, int((shown.expires - now).total_seconds()))

    # What there is ------------------------------------------------------------------

    async def _pieces(self, since: datetime, until: datetime, camera_id: int) -> list[FilmPiece]:
        async with self._desk.database.transaction(readonly=True) as tx:
            return await queries.pieces_between(tx, camera_id, since, until)

    async def _padded(self, shown: Shown) -> list[FilmPiece]:
        """Errors: NothingFilmed."""
        end = shown.until + PADDING
        pieces = await self._pieces(shown.since - PADDING, end, shown.camera_id)
        if not pieces:
            raise NothingFilmed
        return [piece for piece in pieces if piece.started_at < end] or pieces

    async def _file(self, piece: FilmPiece) -> File:
        return self._desk.objects.file(piece.object_key) or await self._desk.objects.get(piece.object_key)

    async def _starts_at(self, piece: FilmPiece, begin: datetime) -> datetime | None:
        """The key frame at or before `begin`; the first where all are later. None where the film is lost."""
        if piece.started_at >= begin:
            return piece.started_at
        try:
            async with self._cutting:
                return await asyncio.to_thread(cutting.starts_at, piece, await self._file(piece), begin)
        except (Broken, NothingFilmed, ObjectMissing) as error:
            log.error("film cannot be read", piece=piece.object_key, cause=type(error).__name__)
            return None

    async def _mp4(self, camera: Camera, shown: Shown) -> _Found:
        pieces = await self._padded(shown)
        name = _tag(shown.since, shown.until, shown.rate, *(piece.object_key for piece in pieces))

        async def make(path: Path) -> None:
            async with self._cutting, gathered(self._desk.objects, pieces) as files:
                await asyncio.to_thread(
                    cutting.clip, files, path, since=shown.since, until=shown.until, rate=shown.rate
                )

        return _Found("video/mp4", name, path=await self._clips.made(name, make))

    async def _list(self, camera: Camera, shown: Shown) -> _Found:
        pieces = await self._padded(shown)
        while (starts_at := await self._starts_at(pieces[0], shown.since - PADDING)) is None:
            pieces = pieces[1:]
            if not pieces:
                raise NothingFilmed
        content = playlist(pieces, shown, starts_at).encode()
        return _Found("application/vnd.apple.mpegurl", _tag(content), content)

    async def _segment(self, shown: Shown, started_ms: int) -> _Found:
        pieces = await self._padded(shown)
        begin, end, epoch = shown.since - PADDING, shown.until + PADDING, pieces[0].started_at
        piece = next((piece for piece in pieces if _ms(piece.started_at) == started_ms), None)
        if piece is None:
            raise NothingFilmed
        tag = _tag(piece.object_key, begin, end, epoch, shown.rate)
        content = self._segments.get(tag)
        if content is None:
            async with self._cutting:
                file = await self._file(piece)
                content = await asyncio.to_thread(
                    cutting.segment, piece, file, begin=begin, end=end, epoch=epoch, rate=shown.rate
                )
            self._segments.put(tag, content)
        return _Found("video/mp2t", tag, content)

    async def _picture(self, camera: Camera, shown: Shown) -> _Found:
        pieces = await self._pieces(shown.since - REACH, shown.since + REACH, shown.camera_id)
        if not pieces:
            raise NothingFilmed
        piece = min(pieces, key=lambda one: max(one.started_at - shown.since, shown.since - one.ended_at))
        async with self._cutting:
            content = await asyncio.to_thread(cutting.picture, piece, await self._file(piece), shown.since)
        return _Found("image/jpeg", _tag(content), content)

    async def _about(self, camera: Camera, shown: Shown) -> _Found:
        pieces = await self._pieces(shown.since, shown.until, shown.camera_id)
        content = json.encode(
            {
                "camera_id": camera.id,
                "camera": camera.name,
                "station": camera.station,
                "since": shown.since,
                "until": shown.until,
                "padding_s": PADDING.total_seconds(),
                "rate": shown.rate,
                "missing": cutting.missing(pieces, shown.since, shown.until),
                "offset_ms": camera.offset_ms,
                "offset_at": camera.offset_at,
            }
        )
        return _Found("application/json", _tag(content), content)


def playlist(pieces: Sequence[FilmPiece], shown: Shown, starts_at: datetime) -> str:
    """A segment of each piece, at its true time: the first begins at the key frame `starts_at`, the last ends with
    what is shown. Playing begins where that does."""
    end = shown.until + PADDING
    spans = [(max(starts_at, piece.started_at), min(piece.ended_at, end)) for piece in pieces]
    lengths = [(until - since).total_seconds() / shown.rate for since, until in spans]
    begin = max(0.0, (shown.since - PADDING - starts_at).total_seconds() / shown.rate)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        f"#EXT-X-TARGETDURATION:{max(1, round(max(lengths) + 0.5))}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-START:TIME-OFFSET={begin:.3f},PRECISE=YES",
    ]
    for number, gap in enumerate(cutting.missing(pieces, shown.since, shown.until), start=1):
        seconds = (gap.until - gap.since).total_seconds()
        lines.append(
            f'#EXT-X-DATERANGE:ID="missing-{number}",CLASS="missing",START-DATE="{_iso(gap.since)}",DURATION={seconds:.3f}'
        )
    before: FilmPiece | None = None
    for piece, (since, _), length in zip(pieces, spans, lengths, strict=True):
        if before is None or piece.started_at != before.ended_at:
            lines += [
                *(["#EXT-X-DISCONTINUITY"] if before else []),
                f"#EXT-X-PROGRAM-DATE-TIME:{_iso(since)}",
            ]
        lines += [f"#EXTINF:{length:.3f},", f"{_ms(piece.started_at)}.ts"]
        before = piece
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


class _Segments:
    """Those asked for last, up to `SEGMENTS_BYTES_MAX`."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, tag: str) -> bytes | None:
        content = self._kept.get(tag)
        if content is not None:
            self._kept.move_to_end(tag)
        return content

    def put(self, tag: str, content: bytes) -> None:
        if tag in self._kept:
            return
        self._kept[tag] = content
        self._bytes += len(content)
        while self._bytes > SEGMENTS_BYTES_MAX:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)


def _tag(*parts: object) -> str:
    said = b"\0".join(part if isinstance(part, bytes) else str(part).encode() for part in parts)
    return hashlib.sha256(said).hexdigest()[:40]


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Answering --------------------------------------------------------------------------


class _Unsatisfiable(Exception):
    """The range lies behind the end."""


def part_of(asked: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last.

    None where the whole is sent: no range, several of them, or none that can be read (RFC 9110, 14.2).
    Errors: _Unsatisfiable.
    """
    match = _RANGE.fullmatch(asked or "")
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = int(match[2])
        if length == 0 or size == 0:
            raise _Unsatisfiable
        return max(0, size - length), size
    first = int(match[1])
    last = int(match[2]) if match[2] else size - 1
    if match[2] and last < first:
        return None
    if first >= size:
        raise _Unsatisfiable
    return first, min(last, size - 1) + 1


async def _send(send: Send, scope: Scope, found: _Found, kept_s: int) -> None:
    asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
    tag = f'"{found.tag}"'
    headers = {
        **HEADERS,
        "content-type": found.type,
        "accept-ranges": "bytes",
        "etag": tag,
        "cache-control": f"private, max-age={kept_s}" if kept_s else "no-store",
    }
    if asked.get(b"if-none-match") == tag:
        await _answer(send, 304, headers)
        return
    # Opened before anything is said: a clip that is evicted meanwhile is read to its end all the same.
    file = None if found.path is None else await asyncio.to_thread(found.path.open, "rb")
    try:
        size = len(found.content) if found.path is None else found.path.stat().st_size
        ranged = scope["method"] == "GET" and asked.get(b"if-range", tag) == tag  # RFC 9110, 14.2
        wanted = asked.get(b"range") if ranged else None
        try:
            part = part_of(wanted, size)
        except _Unsatisfiable:
            await _answer(send, 416, {**headers, "content-range": f"bytes */{size}", "content-length": "0"})
            return
        first, end = part or (0, size)
        if part is not None:
            headers["content-range"] = f"bytes {first}-{end - 1}/{size}"
        headers["content-length"] = str(end - first)
        await _start(send, 200 if part is None else 206, headers)
        if scope["method"] == "HEAD":
            end = first
        elif file is None:
            await send({"type": "http.response.body", "body": found.content[first:end], "more_body": True})
        else:
            file.seek(first)
            while first < end:
                chunk = await asyncio.to_thread(file.read, min(CHUNK_BYTES, end - first))
                if not chunk:
                    raise OSError("a clip became shorter while it was sent")
                first += len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        if file is not None:
            file.close()


async def _refuse(send: Send, status: int, text: bytes, more: Mapping[str, str] | None = None) -> None:
    headers = {**HEADERS, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", **(more or {})}
    await _answer(send, status, {**headers, "content-length": str(len(text))}, text)


async def _answer(send: Send, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    await _start(send, status, headers)
    await send({"type": "http.response.body", "body": body})


async def _start(send: Send, status: int, headers: Mapping[str, Any]) -> None:
    raw = [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
