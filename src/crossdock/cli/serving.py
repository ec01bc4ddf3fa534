"""Starting, looking after and proving the whole."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from crossdock import dialects, doctor, server, verify
from crossdock.app import database_url, open_desk_of
from crossdock.base import logs
from crossdock.cli import terminal
from crossdock.db import migrate as migrations
from crossdock.journey import play
from crossdock.setup.apply import apply_file

app = typer.Typer()


@app.command()
def serve(
    workers: Annotated[int, typer.Option(min=1, help="Web processes on the port.")] = 1,
    work: Annotated[bool, typer.Option(help="Also deliver callbacks, speak to cabinets and run jobs.")] = True,
) -> None:
    """Answer the partner APIs, until Ctrl-C."""
    config = terminal.config()
    logs.set_up()
    if workers > 1:
        raise typer.Exit(0 if terminal.say_why(lambda: server.serve_many(config, workers)) else terminal.FAILED)
    terminal.run(server.serve(config) if work else server.serve_web(config))


@app.command()
def worker() -> None:
    """Deliver callbacks and notices, speak to cabinets and run jobs, until Ctrl-C."""
    config = terminal.config()
    logs.set_up()
    terminal.run(server.work(config))


@app.command()
def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Prove on a scratch database that all is described.")
    ] = False,
) -> None:
    """Bring the database to the newest schema."""
    if check:
        terminal.say_why(migrations.prove)
        terminal.out.print("The migrations make exactly the schema that is described.")
        return

    async def run() -> list[str]:
        async with database_url(terminal.config()) as url:
            return await asyncio.to_thread(migrations.upgrade, url)

    applied = terminal.run(run())
    terminal.out.print(f"Applied: {', '.join(applied)}." if applied else "Nothing to apply.")


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A setup file, as examples/demo.toml.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the differences and write nothing.")] = False,
) -> None:
    """Create or update what an operator owns, as the setup file says. Applied twice, it changes nothing."""

    async def run() -> list[Any]:
        async with open_desk_of(terminal.config()) as desk:
            return await apply_file(
                file,
                database=desk.database,
                seal=desk.seal,
                environ=os.environ,
                dry_run=dry_run,
                dialects=dialects.names(),
            )

    changes = terminal.run(run())
    for change in changes:
        terminal.out.print(str(change), markup=False, soft_wrap=True)
    done = "would change" if dry_run else "changed"
    terminal.out.print(f"{len(changes)} {done}." if changes else "Nothing to change.")


@app.command()
def journey(
    once: Annotated[bool, typer.Option("--once", help="Stop after it; exit code 1 when a step fails.")] = False,
    examples: Annotated[Path, typer.Option(help="Folder with demo.toml and journey.toml.")] = Path("examples"),
    picture: Annotated[Path | None, typer.Option(help="Also draw what is printed, as SVG.")] = None,
) -> None:
    """Take orders from the shelf to the hand through all five APIs, then go on serving.

    A server that answers on the port already is used; otherwise everything is started here.
    """
    config = terminal.config()
    terminal.say_why(lambda: logs.set_up(path=logs.file_in(config.var)))
    shown = terminal.out if picture is None else Console(highlight=False, record=True, width=terminal.PAPER_WIDTH)
    went_well = terminal.run(play.journey(config, examples, out=shown, once=once))
    if picture is not None:
        shown.save_svg(str(picture), title="crossdock journey")
    raise typer.Exit(0 if went_well else terminal.FAILED)


@app.command(name="doctor")
def doctor_command() -> None:
    """Look at database, migrations, clock, disk, broker, e-mail, SMS and port, and say what to do."""
    raise typer.Exit(
        0 if terminal.run(doctor.look(terminal.config(check=False), out=terminal.out)) else terminal.FAILED
    )


@app.command(name="verify")
def verify_command() -> None:
    """Replay ledger and timeline; exit code 1 and a list when stock, boxes or codes do not agree."""
    raise typer.Exit(0 if terminal.run(verify.verify(terminal.config(), out=terminal.out)) else terminal.FAILED)
