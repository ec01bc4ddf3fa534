"""A small partner's server: it checks signatures, drops repeats, and keeps what arrived, in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from msgspec import Struct

from crossdock.journey.samples import Keys
from crossdock.receiver import on_loopback, whole_body
from crossdock.signing import is_signed

WAIT_S_MAX: Final = 20.0
"""For one callback; a worker is woken at once, and a retry comes after ten seconds at the soonest."""
BODY_BYTES_MAX: Final = 1_000_000


class CallbackMissing(Exception):
    """A callback did not arrive in time."""


class Arrived(Struct, frozen=True):
    path: str
    body: dict[str, Any]


class Receiver:
    """Answers Hongxun events below /hongxun/ and Bestwond webhooks below /bestwond/."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._seen: set[str] = set()
        self._news = asyncio.Condition()
        self.arrived: list[Arrived] = []
        self.refused: list[str] = []
        self.address = ""

    async def wait_for(self, path: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The body of the first that fits, now or soon. Errors: CallbackMissing."""

        def found() -> dict[str, Any] | None:
            return next((a.body for a in self.arrived if a.path == path and fits(a.body)), None)

        async with self._news:
            try:
                async with asyncio.timeout(WAIT_S_MAX):
                    await self._news.wait_for(lambda: found() is not None)
            except TimeoutError:
                raise CallbackMissing(f"{path} did not arrive; refused: {self.refused or 'none'}") from None
        return found() or {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        raw = await whole_body(receive, bytes_max=BODY_BYTES_MAX)
        path, query = scope["path"], scope["query_string"].decode()
        ok = self._is_signed(path, query, raw)
        if ok:
            await self._keep(path, json.loads(raw))
        else:
            self.refused.append(path)
        answer = {"code": 200 if ok else 401, "message": "ok" if ok else "sign", "flag": ok}
        await send(
            {
                "type": "http.response.start",
                "status": 200 if ok else 401,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _keep(self, path: str, body: dict[str, Any]) -> None:
        said = json.dumps([path, body.get("request", body.get("id")), body.get("action_type")], sort_keys=True)
        async with self._news:
            if said not in self._seen:
                self._seen.add(said)
                self.arrived.append(Arrived(path, body))
            self._news.notify_all()

    def _is_signed(self, path: str, query: str, raw: bytes) -> bool:
        if path.startswith("/hongxun/"):
            return is_signed("hongxun", raw, query=query, secret=self._keys.hongxun.secret)
        return is_signed("bestwond", raw, query=query, secret=self._keys.bestwond.secret)


@asynccontextmanager
async def listening(keys: Keys) -> AsyncIterator[Receiver]:
    """On a free port of loopback."""
    receiver = Receiver(keys)
    async with on_loopback(receiver) as receiver.address:
        yield receiver
