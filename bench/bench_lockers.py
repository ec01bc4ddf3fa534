"""How long from an HTTP request to the cabinet's word, with a thousand cabinets, against a bare MQTT round trip?

Requests to open a door come at a fixed rate, whether those before were answered or not, each for the next cabinet. An
answer means that the command was on disk, went over the broker, the cabinet took it, and its word is on disk. Beside
it, in the same minutes on the same broker and at the same rate, a message goes to the next of as many bare clients,
each on a connection and a topic of its own, that says it again.

Where one end of a line waits for more to send and the other delays its acknowledgement, answers gather at STEPS_MS: a
histogram of both shows whether any do.

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
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterator, Sequence
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
from bench.cabinets import ECHOES, echo_asked, echo_said
from bench.figures import Figures, figures
from bench.goals import Answer, at_most, show_answers
from bench.ground import ground
from bench.machine import ROOT, Cores, Machine, cores, machine, pin
from bench.report import listed, publish, say_cores, say_machine, say_postgres
from bench.verified import verified
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
SLOWEST: Final = 2.0
"""A door against a bare round trip, p50."""
STEPS_MS: Final = (40, 80)
"""Linux acknowledges after 40 ms what it has no answer to; there and back, both sides may wait."""
STEP_MS: Final = 8
"""What belongs to a step: from 2 before it to so many behind that."""
GATHERED: Final = 0.01
"""Of all answers, those at the steps above what lies beside them."""
BUCKETS_MS: Final = tuple(range(101))
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


class Spread(Struct, frozen=True, kw_only=True):
    """How many took how long."""

    counts: list[int]
    """From each of BUCKETS_MS up to the next; the last one has no end."""
    gathered: float
    """See `gathered`."""


class Round(Struct, frozen=True, kw_only=True):
    ours: Figures
    bare: Figures
    ours_spread: Spread
    bare_spread: Spread
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
    p99: float
    """Median of the rounds' ratios, ours by bare."""
    answers: list[Answer]


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
) -> tuple[list[float], int]:
    """Ask so often a second: the latencies, from the moment at which each was due, and how many failed."""
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
    return latencies, failed


async def ours(address: str, count: int, *, rate: int, seconds: float, warm_s: float) -> tuple[list[float], int]:
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


async def bare(broker: str, count: int, *, rate: int, seconds: float, warm_s: float) -> list[float]:
    async with Bus(address_of(broker), client_id="bench-bare").line() as line:
        await line.hear(echo_said("+"))
        waiting: dict[bytes, asyncio.Future[None]] = {}

        async def listen() -> None:
            async for heard in line.messages():
                waiting.pop(heard.payload).set_result(None)

        async def ask(number: int) -> bool:
            payload = str(number).encode()
            waiting[payload] = asyncio.get_running_loop().create_future()
            heard = waiting[payload]
            await line.say(echo_asked(number % count), payload)
            await heard
            return True

        listening = asyncio.create_task(listen())
        taken, _ = await at_rate(ask, rate=rate, seconds=seconds, warm_s=warm_s)
        listening.cancel()
        return taken


def spread(latencies_s: Sequence[float]) -> Spread:
    """Errors: ZeroDivisionError when nothing was answered."""
    counts = [0] * len(BUCKETS_MS)
    for latency_s in latencies_s:
        counts[bisect_right(BUCKETS_MS, latency_s * 1000) - 1] += 1
    return Spread(counts=counts, gathered=gathered(counts))


def gathered(counts: Sequence[int]) -> float:
    """The share of all that lies at the steps, above the mean of what lies before and behind each.

    A slow server spreads its answers and gathers none; a line that waits for acknowledgements heaps them up there.
    """
    excess = 0.0
    for step in STEPS_MS:
        first = step - 2
        before, at, behind = (
            sum(counts[start : start + STEP_MS]) for start in (first - STEP_MS, first, first + STEP_MS)
        )
        excess += max(0.0, at - (before + behind) / 2)
    return excess / sum(counts)


def measure(*, rounds: int, seconds: float, warm_s: float, count: int, rate: int) -> Report:
    on, of = cores(), machine()
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
        for who, options in (("lockers", ["--url", place.url]), (ECHOES, ["--cabinets", str(count)])):
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
            echoed = asyncio.run(bare(broker, count, rate=rate, seconds=seconds, warm_s=warm_s))
            progress.advance(task)
            taken.append(
                Round(
                    ours=figures(opened, seconds=seconds),
                    bare=figures(echoed, seconds=seconds),
                    ours_spread=spread(opened),
                    bare_spread=spread(echoed),
                    refused=refused,
                )
            )
        _check(place.conn, rounds * int(rate * (warm_s + seconds)))
        verified(place.url)
        return Report(
            taken_at=datetime.now(UTC),
            machine=of,
            postgres=place.version,
            cores=on,
            cabinets=count,
            rate_per_s=rate,
            seconds=seconds,
            rounds=taken,
            p99=median(one.ours.p99_ms / one.bare.p99_ms for one in taken),
            answers=list(_answers(taken, count, rate)),
        )


def _answers(taken: Sequence[Round], count: int, rate: int) -> Iterator[Answer]:
    yield at_most(
        SLOWEST,
        f"open to acknowledgement, {rate} a second over {count:,} cabinets",
        [one.ours.p50_ms / one.bare.p50_ms for one in taken],
        by="ours / a bare MQTT round trip, p50",
    )
    steps = " and ".join(map(str, STEPS_MS))
    yield at_most(
        GATHERED,
        "doors: no steps of 40 ms",
        [one.ours_spread.gathered for one in taken],
        by=f"gathered at {steps} ms / all answers",
    )
    yield at_most(
        GATHERED,
        "bare MQTT round trips: no steps of 40 ms",
        [one.bare_spread.gathered for one in taken],
        by=f"gathered at {steps} ms / all answers",
    )


def _check(conn: psycopg.Connection, asked: int) -> None:
    """Every request is on record with the cabinet's yes. Errors: RunFailed."""
    found = conn.execute("SELECT state, count(*) FROM door_command GROUP BY state").fetchall()
    if found != [("accepted", asked)]:
        raise RunFailed(f"{asked} doors were asked for, on record are {found}")


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
        f" p99 of {len(report.rounds)} rounds: {report.p99:.1f} times the bare one's"
    )
    for title in ("round", "answered/s", "refused", "p50 ms", "p99 ms", "bare p50 ms", "bare p99 ms", "at 40, 80 ms"):
        table.add_column(title, justify="right")
    for number, one in enumerate(report.rounds, start=1):
        table.add_row(
            str(number),
            f"{one.ours.per_s:.0f}",
            str(one.refused),
            *(f"{value:.1f}" for value in (one.ours.p50_ms, one.ours.p99_ms, one.bare.p50_ms, one.bare.p99_ms)),
            f"{max(one.ours_spread.gathered, one.bare_spread.gathered):.3f}",
        )
    out.print(table)
    show_answers(report.answers, out)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="A minute is what is promised for.")] = 8.0,
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
