"""A mixed day: how fast are all five APIs at once, against an echo on the same server?

A day's calls, in the proportions of docs/performance.md, come in over 64 connections to `crossdock serve --no-work`.
Beside it, in the same minutes, the same client sends the same requests to a handler that reads them and answers
bodies of the same size, behind the same uvicorn. What the house answered is on record and agrees. The server has one
core, PostgreSQL and the client share the others.
"""

import json
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from bench import day
from bench.bench_delivery import started
from bench.figures import Figures
from bench.goals import Answer, at_least, show_answers
from bench.ground import Ground, ground
from bench.house import answers, apply, crossdock, environment
from bench.machine import ROOT, Cores, Machine, cores, machine
from bench.parcels import parcels
from bench.report import listed, publish, say_cores, say_machine, say_postgres
from bench.send import Plan, send
from bench.verified import verified

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

RATIO_MIN: Final = 0.3
"""Promised of the house against the echo."""
CONNECTIONS: Final = 64
PER_S_MAX: Final = 3_000
"""Calls made ready for each second of a run: more than one core can answer."""
WARM_S: Final = 0.5
TINY_S: Final = 0.2
LOOKED: Final = 50
"""Codes that are looked at, again and again."""


class NotOnRecord(Exception):
    """What was answered is not what the database holds."""


class Round(Struct, frozen=True, kw_only=True):
    ours: Figures
    echo: Figures

    @property
    def ratio(self) -> float:
        return self.ours.per_s / self.echo.per_s


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    cores: Cores
    seconds: float
    answered: dict[str, int]
    """By call, the house's in all rounds."""
    bytes: dict[str, int]
    """By call: of one answer's body, on both sides."""
    rounds: list[Round]
    answers: list[Answer]


def bodies(port: int, requests: Sequence[bytes]) -> dict[str, str]:
    """What the house answers to the first of each kind: call -> body."""
    found: dict[str, str] = {}
    for request in requests:
        method, path, _ = request.partition(b"\r\n")[0].decode().split(" ")
        call = f"{method} {path.partition('?')[0]}"
        if call in found:
            continue
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request)
            response = HTTPResponse(connection)
            response.begin()
            found[call] = response.read().decode()
    return found


def ask(port: int, requests: list[bytes], seconds: float, *, again: bool = False) -> tuple[Figures, list[int]]:
    sent = send(
        Plan(
            ports=[port],
            connections=CONNECTIONS,
            requests=requests,
            success=day.SUCCESS,
            warm_s=WARM_S,
            seconds=seconds,
            again=again,
        )
    )
    return sent.figures, sent.of_each


def check(place: Ground, answered: dict[str, int]) -> None:
    """Errors: NotOnRecord."""
    count = "SELECT count(*) FROM orders"
    asked = {
        "POST /client/consignment": f"{count} WHERE dialect = 'birdsystem' AND number NOT LIKE 'DAY%'",
        "POST /dtc/logistics/outOrder": f"{count} WHERE dialect = 'hongxun' AND kind = 'outbound'",
        "POST /dtc/logistics/inOrder": f"{count} WHERE dialect = 'hongxun' AND kind = 'inbound'",
        "POST /cloud.api": "SELECT count(*) FROM packing",
        "POST /api/orders/pick_up_code/consume/": "SELECT count(*) FROM handover WHERE state = 'used'",
    }
    for call, statement in asked.items():
        [(found,)] = place.conn.execute(statement.encode()).fetchall()
        if found != answered[call]:
            raise NotOnRecord(f"{call}: {answered[call]} answered, {found} on record")


def measure(*, rounds: int, seconds: float) -> Report:
    """Errors: HouseFailed, SendFailed, NotOnRecord, Disagrees."""
    hundreds = int(PER_S_MAX * (WARM_S + seconds)) // 100 + 1
    consumed = hundreds * next(kind.per_100 for kind in day.KINDS if kind.call.endswith("/consume/"))
    taken: list[Round] = []
    answered = dict.fromkeys((kind.call for kind in day.KINDS), 0)
    with ground() as (place, var):
        place.check_durable()
        environ, log = environment(place.url, var), var / "serve.log"
        apply(environ)
        place.stock_up()
        keys = [key for key, _ in parcels(place, var, LOOKED + (rounds + 1) * consumed)]
        looked, port = keys[:LOOKED], int(environ["CROSSDOCK_PORT"])
        with crossdock("serve", "--no-work", environ=environ, log=log, core=cores().server) as pid:
            answers(pid, port, log)
            token = day.token_of(port)

            def calls(turn: int) -> list[bytes]:
                handed = keys[LOOKED + turn * consumed : LOOKED + (turn + 1) * consumed]
                return day.mixed(hundreds, turn=turn, token=token, looked=looked, handed=handed)

            def note(of_each: list[int]) -> None:
                for kind, count in zip(day.KINDS, of_each, strict=True):
                    answered[kind.call] += count

            warm = calls(0)
            note(day.ask(port, warm[:100]).of_each)
            said = bodies(port, warm[100:200])
            note([1] * len(day.KINDS))
            (var / "answers.json").write_text(json.dumps(said), encoding="utf-8")
            options = ["--answers", str(var / "answers.json")]
            with started(*options, module="bench.echo", log=var / "echo.log") as echo:
                for number in range(rounds):
                    requests, sides = calls(number + 1), {}
                    for ours in (True, False) if number % 2 == 0 else (False, True):
                        place.settle(cores().rest)
                        figures, of_each = ask(port if ours else int(echo), requests, seconds, again=not ours)
                        sides[ours] = figures
                        if ours:
                            note(of_each)
                    taken.append(Round(ours=sides[True], echo=sides[False]))
        check(place, answered)
        verified(place.url)
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            cores=cores(),
            seconds=seconds,
            answered=answered,
            bytes={call: len(body.encode()) for call, body in said.items()},
            rounds=taken,
            answers=[
                at_least(
                    RATIO_MIN,
                    f"a mixed day, five APIs, {CONNECTIONS} connections",
                    [one.ratio for one in taken],
                    by="ours / echo, calls a second",
                )
            ],
        )


def show(report: Report, out: Console) -> None:
    on = report.cores
    say_machine(report.machine, out)
    say_postgres(report.postgres, out)
    say_cores(on, f"server on core {listed(on.server)}, PostgreSQL and client on {listed(on.rest)}", out)
    table = Table(caption=f"{len(report.rounds)} rounds of {report.seconds:g} s")
    for title in ("partner", "call"):
        table.add_column(title)
    for title in ("per 100", "bytes answered", "answered"):
        table.add_column(title, justify="right")
    for kind in day.KINDS:
        figures = (str(kind.per_100), f"{report.bytes[kind.call]:,}", f"{report.answered[kind.call]:,}")
        table.add_row(kind.partner, kind.call, *figures)
    out.print(table)
    for name, sides in (("ours", [one.ours for one in report.rounds]), ("echo", [one.echo for one in report.rounds])):
        p50, p99 = median(one.p50_ms for one in sides), median(one.p99_ms for one in sides)
        out.print(f"{name}: {median(one.per_s for one in sides):,.0f} a second, p50 / p99 {p50:.2f} / {p99:.2f} ms")
    show_answers(report.answers, out)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=0.1)] = 2.0,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    report = measure(rounds=1, seconds=TINY_S) if tiny else measure(rounds=rounds, seconds=seconds)
    publish(report, show, "day", results)


if __name__ == "__main__":
    app()
