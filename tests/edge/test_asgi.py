"""The app before the partners: whose path it is, how much body is read, and who always gets an answer."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError, Invalid, MethodNotAllowed, PathUnknown
from crossdock.db.errors import LockContested
from crossdock.edge.asgi import DRAINED_BYTES_MAX, App
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Dialect, Endpoint, Opened
from crossdock.edge.request import Request
from crossdock.edge.response import Response, json_response
from tests.world import World

BODY_BYTES_MAX = 10


class Partner:
    """A dialect that prints what it understood."""

    def __init__(self, name: str, *prefixes: str, fails: Exception | None = None) -> None:
        self.bodies: list[bytes] = []
        self._fails = fails
        self.dialect = Dialect(
            name=name,
            prefixes=prefixes,
            body_bytes_max=BODY_BYTES_MAX,
            endpoints=(),
            open=self._open,
            refuse=self._refuse,
            seal=lambda desk, request, opened, answer: json_response(answer),
        )

    async def _open(self, desk: Desk, request: Request) -> Opened:
        return Opened(endpoint=Endpoint(call="", run=self._run), caller=request.path, body=request)

    async def _run(self, desk: Desk, caller: str, request: Request) -> Any:
        self.bodies.append(request.body)
        if self._fails is not None:
            raise self._fails
        return {"name": self.dialect.name, "path": caller, "peer": request.peer, "bytes": len(request.body)}

    def _refuse(self, desk: Desk, request: Request, error: CrossdockError) -> Response:
        return json_response({"name": self.dialect.name, "error": type(error).__name__}, status=418)


class Answer:
    def __init__(self, messages: list[dict[str, Any]], reads: int) -> None:
        self.messages = messages
        self.reads = reads
        self.status = messages[0]["status"] if messages else None
        self.headers = dict(messages[0]["headers"]) if messages else {}
        self.body = b"".join(message["body"] for message in messages[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def call(
    app: App,
    path: str,
    *chunks: bytes,
    method: str = "POST",
    headers: Iterable[tuple[bytes, bytes]] = (),
    hangs_up: bool = False,
    **scope: Any,
) -> Answer:
    """Ask the app as a server does; `hangs_up` after the chunks instead of ending the body."""
    last = len(chunks) - 1
    coming: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": number < last or hangs_up}
        for number, chunk in enumerate(chunks)
    ] or [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[dict[str, Any]] = []
    reads = 0

    async def receive() -> dict[str, Any]:
        nonlocal reads
        reads += 1
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asked = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
        "client": ("192.0.2.7", 1234),
        **scope,
    }
    await app(asked, receive, send)
    return Answer(sent, reads)


@pytest.fixture
def partner() -> Partner:
    return Partner("short", "/api")


@pytest.fixture
def app(partner: Partner) -> App:
    return App(None, [partner.dialect, Partner("long", "/api/iot").dialect])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api", "short"),
        ("/api/x", "short"),
        ("/API/x", "short"),
        ("/api/iota", "short"),
        ("/api/iot", "long"),
        ("/api/IOT/open/", "long"),
        ("/%61pi/iot", "long"),
    ],
)
async def test_the_longest_prefix_that_ends_with_a_segment(app: App, path: str, name: str) -> None:
    assert (await call(app, path)).json["name"] == name


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/theirs/x", {"name": "long", "path": "/api/iot/x"}),
        ("/api/y", {"name": "long", "path": "/api/iot/y"}),
        ("/api/y/", {"name": "short", "path": "/api/y/"}),
    ],
)
async def test_a_call_may_have_a_further_path(partner: Partner, path: str, said: dict[str, str]) -> None:
    further = {"/theirs/x": "/api/iot/x", "/api/y": "/api/iot/y"}
    app = App(None, [partner.dialect, Partner("long", "/api/iot").dialect], aliases=further.items())  # type: ignore[arg-type]
    assert said.items() <= (await call(app, path)).json.items()
    assert (await call(app, "/api/iot/x")).json["path"] == "/api/iot/x"


@pytest.mark.parametrize("path", ["/", "", "/apis", "/ap", "//api", "/x/api"])
async def test_a_path_of_nobody(app: App, path: str) -> None:
    answer = await call(app, path)
    assert (answer.status, answer.json["path"]) == (404, path)


@pytest.mark.parametrize(
    "chunks", [[b"x" * BODY_BYTES_MAX], [b"x"] * BODY_BYTES_MAX, [b"", b"x" * BODY_BYTES_MAX, b""]]
)
@pytest.mark.parametrize("said", [True, False])
async def test_a_body_up_to_the_limit(app: App, partner: Partner, chunks: list[bytes], said: bool) -> None:
    headers = [(b"content-length", str(BODY_BYTES_MAX).encode())] if said else []
    answer = await call(app, "/api", *chunks, headers=headers)
    assert answer.json == {"name": "short", "path": "/api", "peer": "192.0.2.7", "bytes": BODY_BYTES_MAX}
    assert partner.bodies == [b"x" * BODY_BYTES_MAX]


@pytest.mark.parametrize(
    "chunks", [[b"x" * (BODY_BYTES_MAX + 1)], [b"x"] * (BODY_BYTES_MAX + 1), [b"x" * BODY_BYTES_MAX, b"x", b""]]
)
async def test_a_body_beyond_the_limit_in_the_partners_words(app: App, partner: Partner, chunks: list[bytes]) -> None:
    answer = await call(app, "/api", *chunks)
    assert (answer.status, answer.json) == (418, {"name": "short", "error": "BodyTooLarge"})
    assert answer.headers[b"connection"] == b"close"
    assert partner.bodies == []


async def test_a_body_that_says_it_is_far_too_large_is_not_read(app: App, partner: Partner) -> None:
    headers = [(b"content-length", str(BODY_BYTES_MAX + DRAINED_BYTES_MAX + 1).encode())]
    answer = await call(app, "/api", hangs_up=True, headers=headers)
    assert answer.json["error"] == "BodyTooLarge"


async def test_a_body_that_is_too_large_is_read_and_thrown_away(app: App, partner: Partner) -> None:
    """So that a client that is still sending hears the refusal; one that hangs up meanwhile hears nothing."""
    headers = [(b"content-length", str(BODY_BYTES_MAX + DRAINED_BYTES_MAX).encode())]
    answer = await call(app, "/api", b"x" * BODY_BYTES_MAX, b"x" * DRAINED_BYTES_MAX, headers=headers)
    assert answer.json["error"] == "BodyTooLarge"
    assert partner.bodies == []


@pytest.mark.parametrize("chunks", [[b"order=12"], [b"order", b"=12"]])
async def test_half_a_body_is_never_acted_on(app: App, partner: Partner, chunks: list[bytes]) -> None:
    """`order=12` may be the beginning of `order=123`."""
    answer = await call(app, "/api", *chunks, hangs_up=True)
    assert (partner.bodies, answer.messages) == ([], [])


async def test_a_head_request_has_no_body_but_its_length(app: App) -> None:
    [head, get] = [await call(app, "/api", method=method) for method in ("HEAD", "GET")]
    assert (head.status, head.body) == (get.status, b"")
    assert int(head.headers[b"content-length"]) == len(get.body) > 0


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (PathUnknown(path="/api"), "PathUnknown"),
        (MethodNotAllowed(), "MethodNotAllowed"),
        (Invalid(), "Invalid"),
        (LockContested(), "LockContested"),
        (ZeroDivisionError("no word of this leaves the house"), "Unforeseen"),
    ],
)
async def test_whatever_happens_the_partner_is_answered(fault: Exception, said: str) -> None:
    app = App(None, [Partner("one", "/api", fails=fault).dialect])  # type: ignore[arg-type]
    answer = await call(app, "/api")
    assert (answer.status, answer.json) == (418, {"name": "one", "error": said})


async def test_a_server_without_a_raw_path_or_a_peer(app: App) -> None:
    answer = await call(app, "/api/x", raw_path=None, client=None)
    assert (answer.json["path"], answer.json["peer"]) == ("/api/x", "")


async def test_is_the_house_well(world: World) -> None:
    answer = await world.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok"})


async def test_a_head_request_through_a_server(world: World) -> None:
    answer = await world.client.head("/healthz")
    assert (answer.status_code, answer.content) == (200, b"")
    nobodys = await world.client.request("HEAD", "/nobody")
    assert (nobodys.status_code, nobodys.content) == (404, b"")
