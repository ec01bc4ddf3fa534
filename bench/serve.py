"""The one who is asked: the whole house on a loopback port, in a process of its own, with the demo file applied.

    python -m bench.serve --url postgresql://... --var DIRECTORY [--core N]
    python -m bench.serve --bare FILE            answers every request with the bytes of FILE, and does no more

The port is printed when it answers. Callbacks, cabinets and jobs do not run here: `crossdock serve --no-work`.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Final

import typer
import uvloop

from bench.machine import pin
from bench.orders import DEMO
from crossdock import server
from crossdock.app import House, open_house
from crossdock.base import logs
from crossdock.base.config import Config
from crossdock.db import version
from crossdock.running import told_to_stop
from crossdock.setup.apply import apply_file

CALLS_A_MINUTE: Final = 1_000_000
"""Of one person at a counter: those of a bench are faster than people."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Bare:
    """An ASGI app that reads the request and answers the same bytes: what HTTP alone costs."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body", False):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


@asynccontextmanager
async def demo_house(url: str, var: Path) -> AsyncIterator[House]:
    await asyncio.to_thread(version.upgrade, url)
    async with open_house(
        url=url, config=Config(database_url=url, var=var, heidian_keys_a_minute=CALLS_A_MINUTE)
    ) as house:
        await apply_file(DEMO, database=house.desk.database, seal=house.desk.seal, environ={})
        yield house


async def answer(house: Any) -> None:
    """As `crossdock serve` does, until SIGTERM. Of `house` only the app is used."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(server.BACKLOG)
    started = asyncio.Event()
    announcing = asyncio.create_task(announce(listener, started))
    try:
        await server.serve_house(house, listener, None, until=told_to_stop(), started=started)
    finally:
        announcing.cancel()


async def announce(listener: socket.socket, started: asyncio.Event) -> None:
    await started.wait()
    print(listener.getsockname()[1], flush=True)


@app.command()
def main(
    url: Annotated[str, typer.Option()] = "",
    var: Annotated[Path, typer.Option()] = Path("var"),
    bare: Annotated[Path | None, typer.Option()] = None,
    core: Annotated[int | None, typer.Option()] = None,
) -> None:
    logs.set_up()
    if core is not None:
        pin([0], (core,))

    async def run() -> None:
        if bare is not None:
            await answer(SimpleNamespace(app=Bare(bare.read_bytes())))
            return
        async with demo_house(url, var) as house:
            await answer(house)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    app()
