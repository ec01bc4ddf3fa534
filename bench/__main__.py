"""Every question, one after the other, and one table at the end: each ratio against its goal.

python -m bench                     as `make bench`
python -m bench --tiny              that it works, not how fast
python -m bench --only lists        one question; may be repeated
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer
from msgspec import Struct
from rich.console import Console

from bench.goals import Answer, show_answers
from bench.machine import ROOT, machine
from bench.report import WIDTH, say_machine

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

RESULTS = ROOT / "bench" / "results"


class Answered(Struct, frozen=True):
    """Of a report, whatever else it holds."""

    answers: list[Answer] = []


def questions() -> list[str]:
    return sorted(file.stem.removeprefix("bench_") for file in (ROOT / "bench").glob("bench_*.py"))


def answers(directory: Path) -> list[Answer]:
    return [
        answer
        for file in sorted(directory.glob("*.json"))
        for answer in msgspec.json.decode(file.read_bytes(), type=Answered).answers
    ]


@app.command()
def main(
    only: Annotated[list[str] | None, typer.Option(help="One of: " + ", ".join(questions()))] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Of every pair; each bench has its own number.")] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = RESULTS,
) -> None:
    wanted = only or questions()
    for unknown in set(wanted) - set(questions()):
        raise typer.BadParameter(f"--only: {unknown} is none of {', '.join(questions())}")
    out = Console(highlight=False)
    out = out if out.is_terminal else Console(highlight=False, width=WIDTH)
    failed: list[str] = []
    with TemporaryDirectory(prefix="bench-") as fresh:
        for question in wanted:
            out.rule(question)
            command = [sys.executable, "-m", f"bench.bench_{question}", "--results", fresh]
            command += ["--tiny"] if tiny else []
            command += ["--rounds", str(rounds)] if rounds is not None else []
            if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
                failed.append(question)
        out.rule("all of it")
        say_machine(machine(), out)
        show_answers(answers(Path(fresh)), out)
        results.mkdir(parents=True, exist_ok=True)
        for file in Path(fresh).glob("*.json"):
            (results / file.name).write_bytes(file.read_bytes())
    if failed:
        out.print(f"failed: {', '.join(failed)}")
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
