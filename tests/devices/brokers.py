"""Brokers for the tests of devices: the embedded one, and Mosquitto where it is installed."""

import asyncio
import getpass
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from crossdock.devices.broker import EmbeddedBroker
from crossdock.devices.bus import BrokerAddress

WAIT_S_MAX = 20.0
"""Generous: a test that waits this long has failed."""


def mosquitto_program() -> str:
    """Skips the test where it is not installed."""
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    return program


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def keyless(_: str) -> None:
    """Every number is a cabinet's, and none has a key."""


class Mosquitto:
    """One of our own on a free loopback port; may be killed and started again."""

    def __init__(self, directory: Path, settings: str = "allow_anonymous true") -> None:
        self.address = BrokerAddress(host="127.0.0.1", port=free_port())
        self._program = mosquitto_program()
        self._config = directory / "mosquitto.conf"
        self._config.write_text(
            f"user {getpass.getuser()}\nlistener {self.address.port} 127.0.0.1\nset_tcp_nodelay true\n{settings}\n"
        )
        self._process: asyncio.subprocess.Process | None = None

    @property
    def cabinet_address(self) -> BrokerAddress:
        return self.address.login(None, None)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            self._program, "-c", str(self._config), stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(WAIT_S_MAX):
            while not await self._answers():
                assert self._process.returncode is None, "mosquitto ended at once"
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(self.address.host, self.address.port)
        except OSError:
            return False
        writer.close()
        return True


class Amqtt:
    """The embedded broker, on the same port again after a stop."""

    def __init__(self, _: Path) -> None:
        self._broker = EmbeddedBroker(0, keyless)

    @property
    def address(self) -> BrokerAddress:
        return self._broker.address

    @property
    def cabinet_address(self) -> BrokerAddress:
        return self._broker.cabinet_address

    @property
    def pid(self) -> int:
        return os.getpid()

    async def start(self) -> None:
        await self._broker.start()

    async def stop(self) -> None:
        await self._broker.stop()


KINDS = {"amqtt": Amqtt, "mosquitto": Mosquitto}


@asynccontextmanager
async def running(kind: str, directory: Path) -> AsyncIterator[Amqtt | Mosquitto]:
    broker = KINDS[kind](directory)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
