"""The whole server on a loopback port, on a database of the test's own, with a clock the test holds."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path

import httpx
import uvicorn

from crossdock.app import House, open_house
from crossdock.base.clock import HeldClock
from crossdock.base.config import Config
from crossdock.base.tasks import stopped

SECRET_KEY = "k" * 42 + "g="
"""Of the demo template too: what is sealed there is opened by every test."""
ANSWERING_S_MAX = 0.2
"""How long what is still being answered is waited for when the server ends."""


@asynccontextmanager
async def house(url: str, *, at: datetime, var: Path) -> AsyncIterator[tuple[House, HeldClock]]:
    clock = HeldClock(at)
    config = Config(
        database_url=url,
        var=var,
        secret_key=SECRET_KEY,
        pool_connections=6,
        callback_networks=("127.0.0.0/8",),
    )
    async with open_house(url=url, config=config, clock=clock) as opened:
        yield opened, clock


class _Server(uvicorn.Server):
    """Signals are pytest's to hear."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(app: object) -> AsyncIterator[str]:
    """The app's address; it answers as long as the block runs."""
    # Named, because asyncio sets TCP_NODELAY only then: without it each answer waits 40 ms for an acknowledgement.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = _Server(
        uvicorn.Config(app, log_config=None, lifespan="off", http="httptools", loop="none", access_log=False)
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.001)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # Its own way to end looks every 100 ms whether it shall, and then sleeps for another 100 ms.
        await stopped(task)
        for accepting in server.servers:
            accepting.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        if answering := set(server.server_state.tasks):
            await asyncio.wait(answering, timeout=ANSWERING_S_MAX)
        listener.close()


@asynccontextmanager
async def client(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    # Of loopback without TLS: reading the world's certificates would take 18 ms of every test.
    async with httpx.AsyncClient(base_url=base_url, timeout=30, follow_redirects=False, verify=False) as opened:
        yield opened
