"""How long from an HTTP request to the cabinet's word, with CABINETS cabinets, against a bare MQTT round trip?

Requests to open a door come at a fixed rate, whether those before were answered or not, each for the next cabinet. An
answer means that the command was on disk, went over the broker, the cabinet took it, and its word is on disk. Beside
it, in the same minutes on the same broker and at the same rate, a message goes to a bare client that says it again.

The cabinets and who asks share one core: a thousand of them in one process are the larger load. The server,
PostgreSQL and Mosquitto take what they find.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import aiohttp
import psycopg
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.bench_delivery import RunFailed, prepare, started
from bench.cabinets import ECHO_ASKED, ECHO_SAID
from bench.figures import Figures, figures
from bench.ground import ground
from bench.machine import ROOT, Cores, Machine, cores, machine, pin
from bench.report import listed, publish, say_cores, say_machine, say_postgres
from crossdock.devices.bus import Bus, address_of
from crossdock.dialects.bestwond import auth

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

CABINETS: Final = 1_000
RATE_PER_S: Final = 200
BOXES: Final = 8
TINY_CABINETS: Final = 3
TINY_RATE_PER_S: Final = 10
TINY_S: Final = 0.5
WARM_S: Final = 3.0
APP_ID: Final = "bw_de2767d821f911e"
SECRET: Final = "0123456789abcdef0123456789abcdef"  # of the demo
STOP_S_MAX: Final = 30
MADE: Final = """
WITH made AS (
    INSERT INTO cabinet (account_id, site_id, number, name, created_at, updated_at)
    SELECT 47, (SELECT id FROM site WHERE account_id = 47 AND kind = 'station' LIMIT 1),
           (9000000000 + number)::text, 'bench', now(), now()
      FROM generate_series(1, %(count)s) AS number
    RETURNING id)
INSERT INTO box (account_id, cabinet_id, name, size, lock_address, created_at, updated_at)
SELECT 47, made.id, lpad(box::text, 2, '0'), 'M', '01' || lpad(to_hex(box), 2, '0'), now(), now()
  FROM made CROSS JOIN generate_series(1, %(boxes)s) AS box
"""


class Round(Struct, frozen=True, kw_only=True):
    ours: Figures
    bare: Figures
    refused: int
    """Of the requests, those that were not answered, or whose cabinet did not say yes."""


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    cores: Cores
    cabinets: int
    rate_per_s: int
    seconds: float
    rounds: list[Round]
    p50: float
    """Median of the rounds' ratios, ours by bare."""
    p99: float


@contextmanager
def mosquitto(var: Path) -> Iterator[str]:
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise RunFailed("mosquitto is not installed: apt-get install mosquitto")
    port = free_port()
    config = var / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 0\n"
    )
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        _until_open(port)
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(STOP_S_MAX)


@contextmanager
def server(url: str, broker: str, var: Path) -> Iterator[str]:
    """`crossdock serve`, as an operator starts it, on a core of its own; its address."""
    port = free_port()
    environ = {
        **os.environ,
        "CROSSDOCK_DATABASE_URL": url,
        "CROSSDOCK_MQTT_URL": broker,
        "CROSSDOCK_PORT": str(port),
        "CROSSDOCK_VAR": str(var),
    }
    with (var / "serve.log").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "crossdock", "serve"], env=environ, stdout=output, stderr=output, cwd=ROOT
        )
    try:
        _until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(STOP_S_MAX)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _until_open(port: int) -> None:
    for _ in range(STOP_S_MAX * 20):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RunFailed(f"nothing listens on port {port}")


async def at_rate(
    ask: Callable[[int], Awaitable[bool]], *, rate: int, seconds: float, warm_s: float
) -> tuple[Figures, int]:
    """Ask so often a second; latencies are counted from the moment at which each was due. And how many failed."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    failed = 0
    began = loop.time()

    async def one(number: int, due: float) -> None:
        nonlocal failed
        well = await ask(number)
        if due >= began + warm_s:
            latencies.append(loop.time() - due)
            failed += not well

    tasks = set()
    for number in range(int(rate * (warm_s + seconds))):
        due = began + number / rate
        await asyncio.sleep(max(0, due - loop.time()))
        tasks.add(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    return figures(latencies, seconds=seconds), failed


async def ours(address: str, count: int, *, rate: int, seconds: float, warm_s: float) -> tuple[Figures, int]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

        async def ask(number: int) -> bool:
            body = {
                "app_id": APP_ID,
                "device_number": str(9_000_000_001 + number % count),
                "lock_address": f"01{1 + number // count % BOXES:02x}",
                "use_type": "O",
                "timestamps": int(time.time()),
            }
            url = f"{address}/api/iot/open/box/?sign={auth.sign(body, SECRET)}"
            try:
                async with client.post(url, json=body) as answer:
                    said = await answer.json()
            except aiohttp.ClientError:
                return False
            return bool(said["code"] == 0 and said["data"]["status"] == "success")

        return await at_rate(ask, rate=rate, seconds=seconds, warm_s=warm_s)


async def bare(broker: str, *, rate: int, seconds: float, warm_s: float) -> Figures:
    async with Bus(address_of(broker), client_id="bench-bare").line() as line:
        await line.hear(ECHO_SAID)
        waiting: dict[bytes, asyncio.Future[None]] = {}

        async def listen() -> None:
            async for heard in line.messages():
                waiting.pop(heard.payload).set_result(None)

        async def ask(number: int) -> bool:
            payload = str(number).encode()
            waiting[payload] = asyncio.get_running_loop().create_future()
            heard = waiting[payload]
            await line.say(ECHO_ASKED, payload)
            await heard
            return True

        listening = asyncio.create_task(listen())
        taken, _ = await at_rate(ask, rate=rate, seconds=seconds, warm_s=warm_s)
        listening.cancel()
        return taken


def measure(*, rounds: int, seconds: float, warm_s: float, count: int, rate: int) -> Report:
    on = cores()
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        ground() as (place, var),
        ExitStack() as stack,
    ):
        place.check_durable()
        prepare(place.url, var)
        place.conn.execute("DELETE FROM box")
        place.conn.execute("DELETE FROM cabinet")
        place.conn.execute(MADE.encode(), {"count": count, "boxes": BOXES})
        place.conn.execute("ANALYZE cabinet, box")
        broker = stack.enter_context(mosquitto(var))
        address = stack.enter_context(server(place.url, broker, var))
        for who, options in (("lockers", ["--url", place.url]), ("echo", [])):
            stack.enter_context(
                started(
                    who, "--broker", broker, *options, module="bench.cabinets", pinned=on.rest, log=var / f"{who}.log"
                )
            )
        pin([os.getpid()], on.rest)
        _until_online(place.conn, count)
        task = progress.add_task("opening doors", total=2 * rounds)
        taken = []
        for _ in range(rounds):
            opened, refused = asyncio.run(ours(address, count, rate=rate, seconds=seconds, warm_s=warm_s))
            progress.advance(task)
            echoed = asyncio.run(bare(broker, rate=rate, seconds=seconds, warm_s=warm_s))
            progress.advance(task)
            taken.append(Round(ours=opened, bare=echoed, refused=refused))
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            cores=on,
            cabinets=count,
            rate_per_s=rate,
            seconds=seconds,
            rounds=taken,
            p50=median(one.ours.p50_ms / one.bare.p50_ms for one in taken),
            p99=median(one.ours.p99_ms / one.bare.p99_ms for one in taken),
        )


def _until_online(conn: psycopg.Connection, count: int) -> None:
    for _ in range(STOP_S_MAX * 10):
        [(there,)] = conn.execute("SELECT count(*) FROM cabinet WHERE online").fetchall()
        if there == count:
            return
        time.sleep(0.1)
    raise RunFailed(f"{there} of {count} cabinets are online")


def show(report: Report, out: Console) -> None:
    on = report.cores
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    say_cores(on, f"cabinets and who asks on {listed(on.rest)}, the others on any core", out)
    table = Table(
        caption=f"{report.cabinets:,} cabinets, {report.rate_per_s} open commands a second for {report.seconds:g} s;"
        f" ratios of {len(report.rounds)} rounds: p50 {report.p50:.1f}, p99 {report.p99:.1f}"
    )
    for title in ("round", "answered/s", "refused", "p50 ms", "p99 ms", "bare p50 ms", "bare p99 ms"):
        table.add_column(title, justify="right")
    for number, one in enumerate(report.rounds, start=1):
        table.add_row(
            str(number),
            f"{one.ours.per_s:.0f}",
            str(one.refused),
            *(f"{value:.1f}" for value in (one.ours.p50_ms, one.ours.p99_ms, one.bare.p50_ms, one.bare.p99_ms)),
        )
    out.print(table)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    seconds: Annotated[float, typer.Option(min=0.1, help="A minute is what is promised for.")] = 20.0,
    cabinets: Annotated[int, typer.Option(min=1)] = CABINETS,
    rate: Annotated[int, typer.Option(min=1, help="Open commands a second.")] = RATE_PER_S,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    report = (
        measure(rounds=1, seconds=TINY_S, warm_s=TINY_S, count=TINY_CABINETS, rate=TINY_RATE_PER_S)
        if tiny
        else measure(rounds=rounds, seconds=seconds, warm_s=WARM_S, count=cabinets, rate=rate)
    )
    publish(report, show, "lockers", results)


if __name__ == "__main__":
    app()
