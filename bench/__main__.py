"""Every question, one after the other, and one table at the end: each ratio against its goal.

python -m bench                     as `make bench`
python -m bench --tiny              that it works, not how fast
python -m bench --only lists        one question; may be repeated

Each report is kept as soon as it is there. After Ctrl-C, or where one question fails, the table is of those before.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.goals import how_many, show_answers
from bench.machine import ROOT, machine
from bench.report import WIDTH, say_machine, say_postgres
from bench.reports import RESULTS, TINY, files, questions, told

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

INTERRUPTED = 130


@app.command()
def main(
    only: Annotated[list[str] | None, typer.Option(help="One of: " + ", ".join(questions()))] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Of every pair; each bench has its own number.")] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[
        Path | None,
        typer.Option(help="Where the JSON goes: bench/results, or bench/results/tiny.", show_default=False),
    ] = None,
) -> None:
    wanted = list(dict.fromkeys(only or questions()))
    for unknown in set(wanted) - set(questions()):
        raise typer.BadParameter(f"--only: {unknown} is none of {', '.join(questions())}")
    results = results or (TINY if tiny else RESULTS)
    options = ["--results", str(results), *(["--tiny"] if tiny else [])]
    options += ["--rounds", str(rounds)] if rounds is not None else []
    out = Console(highlight=False)
    out = out if out.is_terminal else Console(highlight=False, width=WIDTH)
    began, reports, failed, interrupted = time.monotonic(), list[Path](), list[str](), False
    for number, question in enumerate(wanted, start=1):
        out.rule(f"{question}: {number} of {len(wanted)}, {lasted(time.monotonic() - began)} so far")
        before = set(files(results, question))
        try:
            if not _asked(question, options):
                failed.append(question)
        except KeyboardInterrupt:
            interrupted = True
        reports += sorted(set(files(results, question)) - before)
        if interrupted:
            break
    out.rule(f"all of it: {lasted(time.monotonic() - began)}")
    _sum_up(reports, out)
    out.print(f"{len(reports)} of {len(wanted)} reports are in {results}", markup=False)
    if tiny:
        out.print("tiny: that it works; no figure above says how fast")
    if failed:
        out.print(f"failed: {', '.join(failed)}")
    if failed or interrupted:
        raise typer.Exit(INTERRUPTED if interrupted else 1)


def lasted(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _asked(question: str, options: Sequence[str]) -> bool:
    """Whether it came to its end. Interrupted, it puts its servers away first."""
    process = subprocess.Popen([sys.executable, "-m", f"bench.bench_{question}", *options], cwd=ROOT)
    try:
        return process.wait() == 0
    except KeyboardInterrupt:
        process.wait()
        raise


def _sum_up(reports: Sequence[Path], out: Console) -> None:
    said = [told(file) for file in reports]
    say_machine(machine(), out)
    for version in sorted({one.postgres for one in said if one.postgres}):
        say_postgres(version, out)
    found = [answer for one in said for answer in one.answers]
    if found:
        show_answers(found, out)
        out.print(how_many(found))


if __name__ == "__main__":
    app()
