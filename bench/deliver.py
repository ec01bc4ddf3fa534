"""The ones who tell: the delivery's worker, or a bare HTTP client that sends the same bodies.

    python -m bench.deliver worker --url postgresql://... --var DIRECTORY [--core C]
    python -m bench.deliver bare --url postgresql://... --var DIRECTORY --port PORT [--core C]

Both say `ready` and go on until SIGTERM. The worker is what `crossdock worker` runs. The bare client has as many
connections; it composes the bodies of the oldest callbacks beforehand, sends them again and again, reads each answer
whole, and keeps nothing on record.
"""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import aiohttp
import typer
import uvloop
from yarl import URL

from bench.machine import pin
from crossdock import dialects
from crossdock.base import logs
from crossdock.base.clock import SystemClock
from crossdock.base.seal import Seal, secret_key
from crossdock.base.tasks import stopped
from crossdock.core.accounts.book import AccountBook
from crossdock.core.events.model import Event, Receiver
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.db.tx import Tx, columns
from crossdock.delivery.share import IN_FLIGHT_OF_RECEIVER_MAX
from crossdock.delivery.worker import Deliverer
from crossdock.edge.callback import Outgoing, Owed, Sender
from crossdock.running import told_to_stop

LOOPBACK: Final = ("127.0.0.0/8",)
BODIES: Final = 1_000
CONNECTIONS: Final = IN_FLIGHT_OF_RECEIVER_MAX
POOL: Final = 8
"""Connections to PostgreSQL, as a server's own default."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


async def work(url: str, seal: Seal) -> None:
    clock = SystemClock()
    async with Database(url, clock, connections=POOL) as database, Signals(url) as signals:
        deliverer = Deliverer(
            database=database,
            signals=signals,
            senders=senders(),
            accounts=AccountBook(database, seal),
            clock=clock,
            networks=LOOPBACK,
        )
        running = asyncio.create_task(deliverer.run())
        print("ready", flush=True)
        await told_to_stop().wait()
        await stopped(running)


async def bare(url: str, seal: Seal, port: int) -> None:
    async with Database(url, SystemClock(), connections=2) as database, database.autocommit() as tx:
        composed = await _composed(tx, AccountBook(database, seal))
    bodies = itertools.cycle((str(URL(one.url).with_port(port)), one) for one in composed)
    stop = told_to_stop()
    print("ready", flush=True)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as client:
        await asyncio.gather(*(_send(client, bodies, stop) for _ in range(CONNECTIONS)))


async def _composed(tx: Tx, accounts: AccountBook) -> list[Outgoing]:
    oldest = "(SELECT {} FROM callback ORDER BY id LIMIT %(limit)s)"
    events = await tx.many(
        Event,
        f"SELECT {columns(Event)} FROM event WHERE id IN {oldest.format('event_id')} ORDER BY id",
        limit=BODIES,
    )
    receiver = await tx.one(
        Receiver,
        f"SELECT {columns(Receiver)} FROM receiver WHERE id IN {oldest.format('receiver_id')}",
        limit=BODIES,
    )
    assert receiver.credential_id is not None
    credential = await accounts.credential(receiver.credential_id)
    account = await accounts.account(receiver.account_id)
    said = []
    for event in events:
        owed = Owed(event=event, receiver=receiver, credential=credential, account=account, attempt=1)
        said.append(senders()[receiver.dialect].compose(owed, datetime.now(UTC)))
    return [one for one in said if one is not None]


async def _send(client: aiohttp.ClientSession, bodies: Iterator[tuple[str, Outgoing]], stop: asyncio.Event) -> None:
    while not stop.is_set():
        url, body = next(bodies)
        async with client.post(url, data=body.body, headers=body.headers, raise_for_status=True) as answer:
            await answer.read()


def senders() -> dict[str, Sender]:
    """Hongxun's alone: nobody else is told anything here."""
    return {dialect.name: dialect.sender for dialect in dialects.load("hongxun") if dialect.sender is not None}


@app.command()
def main(
    who: Annotated[str, typer.Argument()],
    url: Annotated[str, typer.Option()],
    var: Annotated[Path, typer.Option()],
    port: Annotated[int, typer.Option(help="Where the bare client sends to.")] = 0,
    core: Annotated[list[int] | None, typer.Option()] = None,
) -> None:
    logs.set_up()
    pin([0], tuple(core or ()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seal = Seal(secret_key(None, var))
        runner.run(work(url, seal) if who == "worker" else bare(url, seal, port))


if __name__ == "__main__":
    app()
