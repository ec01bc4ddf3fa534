"""Reports as files: which there are, and reading them again."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from rich.console import Console

from bench.goals import Answer
from bench.machine import ROOT

RESULTS: Final = ROOT / "bench" / "results"
TINY: Final = RESULTS / "tiny"
"""Apart from the others: what is newest in RESULTS goes into docs/performance.md."""


class Told(Struct, frozen=True):
    """Of a report, whatever else it holds."""

    answers: list[Answer] = []
    postgres: str | None = None


class Kept(Struct, frozen=True, kw_only=True):
    """A report, as its bench has it."""

    question: str
    """`create` of bench/bench_create.py."""
    asks: str
    """The first line of that file."""
    report: Any
    show: Callable[[Any, Console], None]

    @property
    def answers(self) -> list[Answer]:
        """None of a bench that asks for no ratio."""
        return list(getattr(self.report, "answers", ()))

    @property
    def postgres(self) -> str | None:
        """None of a bench without a database."""
        return getattr(self.report, "postgres", None)


class ReportOutdated(Exception):
    """A report was taken by another version of its bench: measure again."""


def questions() -> list[str]:
    return sorted(file.stem.removeprefix("bench_") for file in (ROOT / "bench").glob("bench_*.py"))


def files(directory: Path, question: str) -> list[Path]:
    """Oldest first."""
    return sorted(directory.glob(f"{question}-[0-9]*.json"))


def told(file: Path) -> Told:
    return msgspec.json.decode(file.read_bytes(), type=Told)


def kept(file: Path) -> Kept:
    """Errors: ReportOutdated, ModuleNotFoundError where there is no such bench."""
    question = file.stem.rpartition("-")[0]
    module = importlib.import_module(f"bench.bench_{question}")
    try:
        report = msgspec.json.decode(file.read_bytes(), type=module.Report)
    except msgspec.ValidationError as error:
        raise ReportOutdated(f"{file}: {error}") from error
    assert module.__doc__ is not None
    return Kept(question=question, asks=module.__doc__.splitlines()[0], report=report, show=module.show)
