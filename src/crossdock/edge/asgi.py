"""The ASGI app: which partner a path belongs to, the body up to its limit, and one call of serve."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from crossdock.base.errors import BodyTooLarge
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Dialect
from crossdock.edge.request import Request, decoded_path
from crossdock.edge.response import Response, json_response
from crossdock.edge.serve import serve

DRAINED_BYTES_MAX = 64 * 2**20
"""Read and thrown away of a body that is too large, so that its sender can hear why."""

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Pages = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""


class App:
    """All partners' paths on one port, and pages beside them: prefix -> application. `desk` is what every route is
    handed, `aliases` are further paths -> ours."""

    def __init__(
        self,
        desk: Desk,
        dialects: Sequence[Dialect],
        *,
        pages: Mapping[str, Pages] | None = None,
        aliases: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._desk = desk
        self._pages = dict(pages or {})
        self._aliases = dict(aliases)
        self._prefixes = sorted(
            ((prefix.lower(), dialect) for dialect in dialects for prefix in dialect.prefixes),
            key=lambda pair: -len(pair[0]),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = decoded_path(scope.get("raw_path") or scope["path"].encode())
        path = self._aliases.get(asked, asked)
        dialect = self.dialect_of(path)
        if dialect is None and (pages := self._pages_of(path)) is not None:
            await pages(scope, receive, send)
            return
        if dialect is None:
            await _send(send, await self._own(path), scope["method"])
            return
        try:
            body, whole = await _body(scope, receive, dialect.body_bytes_max)
        except _Gone:
            return
        request = Request(
            method=scope["method"],
            path=path,
            query_string=scope["query_string"],
            headers=scope["headers"],
            body=body,
            peer=scope["client"][0] if scope.get("client") else "",
            scheme=scope.get("scheme", "http"),
        )
        if not whole:
            refusal = dialect.refuse(self._desk, request, BodyTooLarge(bytes_max=dialect.body_bytes_max))
            refusal.headers["connection"] = "close"
            await _send(send, refusal, scope["method"])
            return
        await _send(send, await serve(self._desk, dialect, request), scope["method"])

    def dialect_of(self, path: str) -> Dialect | None:
        """The partner whose prefix is the longest that fits, on a segment's end."""
        lowered = path.lower()
        for prefix, dialect in self._prefixes:
            if lowered == prefix or lowered.startswith(prefix + "/"):
                return dialect
        return None

    def _pages_of(self, path: str) -> Pages | None:
        return next((self._pages[one] for one in self._pages if path == one or path.startswith(one + "/")), None)

    async def _own(self, path: str) -> Response:
        """`/healthz` for whoever watches the server; any other path belongs to nobody."""
        if path == "/healthz":
            well = await self._desk.database.reachable()
            return json_response({"database": "ok" if well else "does not answer"}, status=200 if well else 503)
        return json_response({"error": "No call is served at this path.", "path": path}, status=404)


class _Gone(Exception):
    """The caller hung up before its body was whole: half a body is never acted on."""


async def _body(scope: Scope, receive: Receive, bytes_max: int) -> tuple[bytes, bool]:
    """The body, and whether it is all of it.

    Keeping stops at the limit, reading goes on for a while: a client that is still sending when it is answered
    sees a broken connection instead of the refusal. Errors: _Gone.
    """
    readable_max = bytes_max + DRAINED_BYTES_MAX
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > readable_max:
            return b"", False
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= readable_max:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= bytes_max:
            chunks.append(chunk)
        more = message.get("more_body", False)
    return (b"".join(chunks), True) if size <= bytes_max else (b"", False)


async def _send(send: Send, response: Response, method: str) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})
