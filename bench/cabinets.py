"""Many cabinets in one process, or echoes beside them; both say `ready` and go on until SIGTERM.

    python -m bench.cabinets lockers --url postgresql://... --broker mqtt://... [--core C ...]
    python -m bench.cabinets echoes --broker mqtt://... --cabinets N [--core C ...]

The cabinets are those of the database, well ones whose doors fall shut after a second. Each echo has a connection
as a cabinet has, says on its `echo_said` what it hears on its `echo_asked`, and does nothing else.
"""

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated, Final

import typer
import uvloop

from bench.machine import pin
from crossdock.base import logs
from crossdock.base.clock import SystemClock
from crossdock.core.lockers import queries
from crossdock.db.database import Database
from crossdock.devices.bus import Bus, Line, address_of
from crossdock.running import told_to_stop
from crossdock.simulate import CONNECTING_MAX, Known, Plan, cabinets

ECHOES: Final = "echoes"
CLOSE_AFTER_S: Final = 1.0

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


async def lockers(url: str, broker: str) -> None:
    async with Database(url, SystemClock(), connections=2) as database, database.transaction() as tx:
        known = [
            Known(
                number=device.number,
                locks=[box.lock_address for box in await queries.boxes(tx, cabinet_id=device.id)],
                key=None,
            )
            for device in await queries.devices(tx)
        ]
    stop = told_to_stop()
    async with cabinets(address_of(broker), known, Plan(close_after_s=CLOSE_AFTER_S)):
        print("ready", flush=True)
        await stop.wait()


def echo_asked(number: int) -> str:
    return f"bench/asked/{number}"


def echo_said(number: int | str) -> str:
    return f"bench/said/{number}"


async def echoes(broker: str, count: int) -> None:
    stop, turn = told_to_stop(), asyncio.Semaphore(CONNECTING_MAX)
    async with AsyncExitStack() as stack:

        async def connect(number: int) -> Line:
            async with turn:
                line = await stack.enter_async_context(Bus(address_of(broker), client_id=f"bench-{number}").line())
                await line.hear(echo_asked(number))
                return line

        async def say_again(number: int, line: Line) -> None:
            async for heard in line.messages():
                await line.say(echo_said(number), heard.payload)

        lines = await asyncio.gather(*map(connect, range(count)))
        saying = [asyncio.create_task(say_again(number, line)) for number, line in enumerate(lines)]
        print("ready", flush=True)
        await stop.wait()
        for task in saying:
            task.cancel()


@app.command()
def main(
    who: Annotated[str, typer.Argument()],
    broker: Annotated[str, typer.Option()],
    url: Annotated[str, typer.Option()] = "",
    count: Annotated[int, typer.Option("--cabinets", help="How many echoes.")] = 1,
    core: Annotated[list[int] | None, typer.Option()] = None,
) -> None:
    logs.set_up()
    pin([0], tuple(core or ()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(lockers(url, broker) if who == "lockers" else echoes(broker, count))


if __name__ == "__main__":
    app()
