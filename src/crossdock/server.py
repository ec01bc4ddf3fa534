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

from crossdock.app import House, broker_address, open_house, run_workers
from crossdock.base.config import Config
from crossdock.base.errors import SetupFailed
from crossdock.base.tasks import stopped
from crossdock.db import version
from crossdock.devices.bus import BrokerAddress
from crossdock.opening import database_url
from crossdock.running import LEASH_FD, SIGNALS, settle, told_to_stop

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
    """Database (migrated), house, broker; workers are not running yet. Errors: SetupFailed, DatabaseUnavailable."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database_url(config))
        applied = await asyncio.to_thread(version.upgrade, url)
        if applied:
            log.info("migrated", applied=applied)
        house = await stack.enter_async_context(open_house(url=url, config=config))
        await house.desk.accounts.check_key()
        broker = await stack.enter_async_context(broker_address(config, house.desk))
        yield house, broker


async def serve(config: Config) -> None:
    """Web and workers in this process, until it is told to stop."""
    listener = listen(config)
    with contextlib.closing(listener):
        async with whole_house(config) as (house, broker):
            await serve_house(house, listener, broker, until=told_to_stop())


async def serve_house(
    house: House,
    listener: socket.socket,
    broker: BrokerAddress | None,
    *,
    until: asyncio.Event,
    started: asyncio.Event | None = None,
) -> None:
    """Answer on `listener` until `until` is set; with a broker the workers run as well.

    Requests that are being answered are finished first. Errors: what ended the workers, if anything did.
    """
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
    settle()
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    workers = set() if broker is None else {asyncio.create_task(run_workers(house, broker), name="workers")}
    try:
        await _first_of(until, {serving, *workers})
        server.should_exit = True
        await serving
    finally:
        for task in (serving, *workers):
            await stopped(task)
    for task in workers:
        _raise_why(task)


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


async def work(config: Config) -> None:
    """Workers alone, until the process is told to stop. Errors: what ended the workers, if anything did."""
    async with whole_house(config) as (house, broker):
        workers = asyncio.create_task(run_workers(house, broker), name="workers")
        log.info("working")
        try:
            await _first_of(told_to_stop(), {workers})
        finally:
            await stopped(workers)
        _raise_why(workers)


async def _first_of(until: asyncio.Event, tasks: set["asyncio.Task[None]"]) -> None:
    """Wait until the event is set or one of the tasks has ended."""
    waiting = asyncio.create_task(until.wait())
    try:
        await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await stopped(waiting)


def _raise_why(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


# Several processes -------------------------------------------------------------------

ENDED_WELL: Final = (0, -signal.SIGTERM, 128 + signal.SIGTERM)
"""A process that was told to stop before it served ends by the signal, or says its number as a shell does."""


def serve_many(config: Config, processes: int) -> bool:
    """One process for the workers and `processes` for the web, on one port, until it is told to stop.

    Whether all went well: when one of them ends by itself, so do the others. They do not outlive this process.
    """
    told: list[int] = []
    children: list[subprocess.Popen[bytes]] = []

    def stop(number: int, _frame: object) -> None:
        told.append(number)
        _terminate(children)

    for number in SIGNALS:
        signal.signal(number, stop)
    leash, held = os.pipe()
    with contextlib.closing(listen(config)) as listener:
        for arguments, given in (
            (["worker"], {LEASH_FD: leash}),
            *[(["serve", "--no-work"], {LEASH_FD: leash, LISTEN_FD: listener.fileno()})] * processes,
        ):
            children.append(
                subprocess.Popen(
                    [sys.executable, "-m", "crossdock", *arguments],
                    env={**os.environ, **{name: str(fd) for name, fd in given.items()}},
                    pass_fds=list(given.values()),
                    process_group=0,  # a Ctrl-C in the terminal is for this process, which tells them once
                )
            )
        if told:
            _terminate(children)
        while any(child.returncode is None for child in children):
            pid, status = os.wait()
            for child in children:
                if child.pid == pid:
                    child.returncode = os.waitstatus_to_exitcode(status)
            _terminate(children)
    os.close(held)
    os.close(leash)
    return bool(told) and all(child.returncode in ENDED_WELL for child in children)


def _terminate(children: list["subprocess.Popen[bytes]"]) -> None:
    for child in children:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)


async def serve_web(config: Config) -> None:
    """Web without workers: one of several processes on a port, or a machine that only answers."""
    given = os.environ.get(LISTEN_FD)
    listener = listen(config) if given is None else socket.socket(fileno=int(given))
    with contextlib.closing(listener):
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(database_url(config))
            await asyncio.to_thread(version.upgrade, url)
            house = await stack.enter_async_context(open_house(url=url, config=config))
            await house.desk.accounts.check_key()
            await serve_house(house, listener, None, until=told_to_stop())


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
