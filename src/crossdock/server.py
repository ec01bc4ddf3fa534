"""Serving: the house behind uvicorn, alone or as one of several processes on one port."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import structlog
import uvicorn

from crossdock.app import House, broker_address, database_url, open_house, run_workers
from crossdock.base.config import Config
from crossdock.base.errors import SetupFailed
from crossdock.base.tasks import stopped
from crossdock.db import migrate
from crossdock.devices.bus import BrokerAddress

BACKLOG: Final = 2_048
STOP_S_MAX: Final = 10
"""Requests that are being answered get this long when the server is told to stop."""
LISTEN_FD: Final = "CROSSDOCK_LISTEN_FD"
"""Set for the processes of one port by the first of them."""

log = structlog.get_logger(__name__)


class PortTaken(SetupFailed):
    """Another program listens on this port: stop it, or set CROSSDOCK_PORT to a free one. Facts: host, port."""


class PortUnusable(SetupFailed):
    """The server cannot listen there: choose another CROSSDOCK_HOST or a CROSSDOCK_PORT above 1023."""


@asynccontextmanager
async def whole_house(config: Config) -> AsyncIterator[tuple[House, BrokerAddress]]:
    """Database (migrated), broker, house; workers are not running yet. Errors: SetupFailed, DatabaseUnavailable."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database_url(config))
        applied = await asyncio.to_thread(migrate.upgrade, url)
        if applied:
            log.info("migrated", applied=applied)
        broker = await stack.enter_async_context(broker_address(config))
        house = await stack.enter_async_context(open_house(url=url, config=config))
        yield house, broker


async def serve(config: Config) -> None:
    """Web and workers in this process, until it is told to stop."""
    listener = listen(config)
    with contextlib.closing(listener):
        async with whole_house(config) as (house, broker):
            await serve_house(house, listener, broker)


async def serve_house(
    house: House, listener: socket.socket, broker: BrokerAddress | None, *, started: asyncio.Event | None = None
) -> None:
    """Answer on `listener` until SIGINT or SIGTERM; with a broker the workers run as well."""
    server = _Server(
        uvicorn.Config(
            house.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            http="httptools",
            timeout_graceful_shutdown=STOP_S_MAX,
            server_header=False,
        ),
        started or asyncio.Event(),
    )
    workers = None if broker is None else asyncio.create_task(run_workers(house, broker), name="workers")
    try:
        with _told_to_stop(server):
            await server.serve(sockets=[listener])
    finally:
        if workers is not None:
            await stopped(workers)


class _Server(uvicorn.Server):
    """Signals are ours to hear, and somebody may wait for the first moment it answers."""

    def __init__(self, config: uvicorn.Config, answering: asyncio.Event) -> None:
        super().__init__(config)
        self._answering = answering

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._answering.set()


@contextlib.contextmanager
def _told_to_stop(server: uvicorn.Server) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def work(config: Config) -> None:
    """Workers alone, until SIGINT or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with whole_house(config) as (house, broker):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told.set)
        workers = asyncio.create_task(run_workers(house, broker), name="workers")
        stopping = asyncio.create_task(told.wait())
        log.info("working")
        await asyncio.wait({workers, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await stopped(stopping)
        await stopped(workers)


# Several processes -------------------------------------------------------------------


def serve_many(config: Config, processes: int) -> int:
    """One process for the workers and `processes` for the web, on one port; ends when any of them does."""
    with contextlib.closing(listen(config)) as listener:
        os.set_inheritable(listener.fileno(), True)
        command = [sys.executable, "-m", "crossdock"]
        environ = {**os.environ, LISTEN_FD: str(listener.fileno())}
        running = [subprocess.Popen([*command, "worker"])]
        running += [
            subprocess.Popen([*command, "serve", "--no-work"], env=environ, pass_fds=[listener.fileno()])
            for _ in range(processes)
        ]

        def stop(*_: object) -> None:
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        os.wait()
        stop()
        return max(process.wait() for process in running)


async def serve_web(config: Config) -> None:
    """Web without workers: one of several processes on a port, or a machine that only answers."""
    given = os.environ.get(LISTEN_FD)
    listener = listen(config) if given is None else socket.socket(fileno=int(given))
    with contextlib.closing(listener):
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(database_url(config))
            await asyncio.to_thread(migrate.upgrade, url)
            house = await stack.enter_async_context(open_house(url=url, config=config))
            await serve_house(house, listener, None)


def listen(config: Config) -> socket.socket:
    """Errors: PortTaken, PortUnusable."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host=config.host, port=config.port) from error
        raise PortUnusable(host=config.host, port=config.port, cause=error.strerror) from error
    listener.setblocking(False)
    return listener
