"""`crossdock receiver`: a partner's side to try callbacks against. It checks signatures, tells repeats from news,
prints what arrives, and fails, waits or talks nonsense when it is told to.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from typing import Any, Final, Literal

import uvicorn
from msgspec import Struct
from rich.console import Console

from crossdock.base.errors import CrossdockError, SetupFailed
from crossdock.signing import is_signed

BODY_BYTES_MAX: Final = 16 * 1024 * 1024
"""Pictures come whole."""
Answer = Literal["ok", "refuse", "error", "nonsense", "silence"]
"""`refuse`: HTTP 200 that says no; `error`: HTTP 500; `nonsense`: no JSON; `silence`: nothing comes back, until the
other side gives up."""
DIALECTS: Final = ("hongxun", "bestwond")
"""Partners whose callbacks are signed."""


class PortTaken(SetupFailed):
    """Another program listens there: choose another --port. Facts: port."""


class DialectSilent(SetupFailed):
    """This partner's callbacks are not signed: there is nothing to check. Facts: dialect, known."""


class Behaviour(Struct, frozen=True, kw_only=True):
    answer: Answer = "ok"
    first: int | None = None
    """So many are answered like this, and all later ones well; None: all of them."""
    wait_s: float = 0.0
    """Before each answer."""


class Heard(Struct, frozen=True, kw_only=True):
    path: str
    verdict: Literal["new", "again", "wrong signature", "not understood"]
    answered: Answer
    body: Any


class Receiver:
    """An ASGI application."""

    def __init__(
        self, dialect: str, *, secret: str, behaviour: Behaviour, out: Console, bodies: bool = False
    ) -> None:
        if dialect not in DIALECTS:
            raise DialectSilent(dialect=dialect, known=", ".join(DIALECTS))
        self._dialect = dialect
        self._secret = secret
        self._behaviour = behaviour
        self._out = out
        self._bodies = bodies
        self._seen: set[str] = set()
        self.heard: list[Heard] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        raw = await whole_body(receive, bytes_max=BODY_BYTES_MAX)
        heard = self._judge(scope["path"], scope["query_string"].decode("latin-1"), raw)
        self.heard.append(heard)
        self._print(heard)
        await asyncio.sleep(self._behaviour.wait_s)
        if heard.answered == "silence":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        status, answer = self._said(heard)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))],
            }
        )
        await send({"type": "http.response.body", "body": answer})

    def _judge(self, path: str, query: str, raw: bytes) -> Heard:
        count = len(self.heard)
        misbehaves = self._behaviour.first is None or count < self._behaviour.first
        answered = self._behaviour.answer if misbehaves else "ok"
        try:
            body = json.loads(raw)
            signed = is_signed(self._dialect, raw, query=query, secret=self._secret)
        except (ValueError, CrossdockError):
            shown = raw[:200].decode(errors="replace")
            return Heard(path=path, verdict="not understood", answered="refuse", body=shown)
        if not signed:
            return Heard(path=path, verdict="wrong signature", answered="refuse", body=body)
        business = body.get("request", body) if isinstance(body, dict) else body
        key = path + json.dumps(business, sort_keys=True)
        again = key in self._seen
        if answered == "ok":
            self._seen.add(key)
        return Heard(path=path, verdict="again" if again else "new", answered=answered, body=body)

    def _said(self, heard: Heard) -> tuple[int, bytes]:
        match heard.answered:
            case "ok":
                return 200, b'{"code":200,"message":"ok","flag":true}'
            case "refuse":
                message = heard.verdict if heard.verdict not in ("new", "again") else "told to refuse"
                return 200, json.dumps({"code": 500, "message": message, "flag": False}).encode()
            case "error":
                return 500, b'{"code":500,"message":"told to fail","flag":false}'
            case _:
                return 200, b"<html>not what you think</html>"

    def _print(self, heard: Heard) -> None:
        colour = {"new": "green", "again": "yellow"}.get(heard.verdict, "red")
        at = datetime.now().astimezone()
        self._out.print(
            f"{at:%H:%M:%S} {len(self.heard):>5} [{colour}]{heard.verdict:<15}[/] {heard.path} "
            f"{_named(heard.body)} -> {heard.answered}",
            soft_wrap=True,
        )
        if self._bodies:
            self._out.print(json.dumps(heard.body, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)


async def listen(receiver: Receiver, *, port: int, out: Console) -> None:
    """On loopback, until it is told to stop. Errors: PortTaken."""
    async with on_loopback(receiver, port=port) as address:
        out.print(f"listening on {address}", markup=False, soft_wrap=True)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            news = sum(heard.verdict == "new" for heard in receiver.heard)
            out.print(f"{len(receiver.heard)} heard, {news} of them new", markup=False)


async def whole_body(receive: Any, *, bytes_max: int) -> bytes:
    """Of a request to an ASGI application; of a longer one, what came until then."""
    raw = b""
    while len(raw) <= bytes_max:
        message = await receive()
        raw += message.get("body", b"")
        if not message.get("more_body"):
            break
    return raw


@asynccontextmanager
async def on_loopback(app: Any, *, port: int = 0) -> AsyncIterator[str]:
    """An ASGI application that answers while this lasts; its address. Port 0 takes a free one. Errors: PortTaken."""
    with closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(port=port) from error
        config = uvicorn.Config(app, log_config=None, lifespan="off", access_log=False, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def _named(body: Any) -> str:
    """The numbers by which a person knows it."""
    request = body.get("request", body) if isinstance(body, dict) else body
    one = request[0] if isinstance(request, list) and request else request
    if not isinstance(one, dict):
        return ""
    names = ("customerNumber", "customerOrderCode", "callbackBatchId", "mailno", "order_no", "action_type")
    return " ".join(str(one[name]) for name in names if one.get(name)).replace("[", r"\[")
