"""What every bench prints first, and where its figures go."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

import msgspec
from rich.console import Console

from bench.ground import DURABLE
from bench.machine import Cores, Machine

WIDTH: Final = 140
"""Characters of a line in a file; a terminal says how wide it is."""


class Taken(Protocol):
    @property
    def taken_at(self) -> datetime: ...


R = TypeVar("R", bound=Taken)


def say_machine(of: Machine, out: Console) -> None:
    out.print(f"{of.cpu}, {of.cores} cores, {of.system}, Python {of.python}, commit {of.commit}", markup=False)


def say_postgres(version: str, out: Console, *more: str) -> None:
    settings = ", ".join(f"{name} {value}" for name, value in DURABLE.items())
    out.print(", ".join([f"PostgreSQL {version} ({settings})", *more]), markup=False)


def say_cores(on: Cores, who: str, out: Console) -> None:
    """`who` is where; nothing is tied where there are no cores to choose from."""
    out.print(who if on.all else "no process is tied to a core", markup=False)


def listed(cores: tuple[int, ...]) -> str:
    return ", ".join(map(str, cores))


def publish(report: R, show: Callable[[R, Console], None], name: str, results: Path) -> None:
    """Show it, and keep it as JSON in `results`."""
    out = Console(highlight=False)
    show(report, out if out.is_terminal else Console(highlight=False, width=WIDTH))
    results.mkdir(parents=True, exist_ok=True)
    file = results / f"{name}-{report.taken_at:%Y%m%dT%H%M%SZ}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    print(file)
