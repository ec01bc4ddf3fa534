"""A partner's server: real HTTP on loopback, remembers all it hears, answers as a test tells it to."""

import asyncio
import ssl
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

ENDLESS = "endless"
"""A body that never ends, sent as fast as it is read."""


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes | str = b"ok"
    """Bytes, or ENDLESS."""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Sent instead of everything else, then the connection is closed."""


@dataclass(frozen=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body)


class Partner:
    """`async with Partner() as partner`; `partner.url` is where it listens."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.heard: list[Heard] = []
        self.reply = Reply()
        self.script: deque[Reply] = deque()
        """Taken before `reply`, one for each request."""
        self.open = asyncio.Event()
        """Cleared, it hears and does not answer."""
        self.open.set()
        self.in_flight: Counter[str] = Counter()
        self.in_flight_max: Counter[str] = Counter()
        """By mailbox, and under `all`."""
        self.bytes_sent = 0
        self._tls = tls
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Partner":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/heard"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def numbers(self) -> list[int]:
        return [heard.said["n"] for heard in self.heard]

    async def has_heard(self, count: int) -> None:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.heard) >= count)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = await _read(reader)
        lanes = ("all", _mailbox(heard))
        for lane in lanes:
            self.in_flight[lane] += 1
            self.in_flight_max[lane] = max(self.in_flight_max[lane], self.in_flight[lane])
        try:
            async with self._changed:
                self.heard.append(heard)
                self._changed.notify_all()
            reply = self.script.popleft() if self.script else self.reply
            await self.open.wait()
        finally:
            for lane in lanes:
                self.in_flight[lane] -= 1
        await self._write(writer, reply)

    async def _write(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        if reply.raw is not None:
            await self._send(writer, reply.raw)
            return
        body = reply.body
        length = {} if isinstance(body, str) else {"Content-Length": str(len(body))}
        headers = {"Connection": "close", **length, **reply.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        await self._send(writer, f"HTTP/1.1 {reply.status} Said\r\n{head}\r\n".encode())
        if isinstance(body, bytes):
            await self._send(writer, body)
        while body == ENDLESS:
            await self._send(writer, b"x" * 1_000)

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.bytes_sent += len(data)


async def _read(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(_header(line) for line in head[1:] if line)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Heard(path=head[0].split(" ")[1], headers=headers, body=body)


def _header(line: str) -> Sequence[str]:
    name, value = line.split(":", 1)
    return name.lower(), value.strip()


def _mailbox(heard: Heard) -> str:
    try:
        return str(heard.said.get("mailbox", ""))
    except msgspec.DecodeError:
        return ""
