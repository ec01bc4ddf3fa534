"""Many cabinets in one process, or an echo beside them; both say `ready` and go on until SIGTERM.

    python -m bench.cabinets lockers --url postgresql://... --broker mqtt://... [--core C ...]
    python -m bench.cabinets echo --broker mqtt://... [--core C ...]

The cabinets are those of the database, well ones whose doors fall shut after a second. The echo says on `ECHO_DOWN`'s
counterpart what it hears, and does nothing else.
"""

import asyncio
from typing import Annotated, Final

import typer
import uvloop

from bench.machine import pin
from crossdock.base import logs
from crossdock.base.clock import SystemClock
from crossdock.core.lockers import queries
from crossdock.db.database import Database
from crossdock.devices.bus import Bus, address_of
from crossdock.running import told_to_stop
from crossdock.simulate import Known, Plan, cabinets

ECHO_ASKED: Final = "bench/asked"
ECHO_SAID: Final = "bench/said"
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


async def echo(broker: str) -> None:
    stop = told_to_stop()
    async with Bus(address_of(broker), client_id="bench-echo").line() as line:
        await line.hear(ECHO_ASKED)
        print("ready", flush=True)

        async def say_again() -> None:
            async for heard in line.messages():
                await line.say(ECHO_SAID, heard.payload)

        saying = asyncio.create_task(say_again())
        await stop.wait()
        saying.cancel()


@app.command()
def main(
    who: Annotated[str, typer.Argument()],
    broker: Annotated[str, typer.Option()],
    url: Annotated[str, typer.Option()] = "",
    core: Annotated[list[int] | None, typer.Option()] = None,
) -> None:
    logs.set_up()
    pin([0], tuple(core or ()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(lockers(url, broker) if who == "lockers" else echo(broker))


if __name__ == "__main__":
    app()
