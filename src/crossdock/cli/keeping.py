"""The database: its schema, what an operator says of it, and the proof that it agrees with itself."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from crossdock import dialects, verify
from crossdock.cli import terminal
from crossdock.db import version
from crossdock.opening import database_url, open_desk_of
from crossdock.setup.apply import apply_file

app = typer.Typer()


@app.command()
def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Prove on a scratch database that all is described.")
    ] = False,
) -> None:
    """Bring the database to the newest schema."""
    if check:
        from crossdock.db.migrate import prove  # noqa: PLC0415  # SQLAlchemy, for half a second

        terminal.say_why(prove)
        terminal.out.print("The migrations make exactly the schema that is described.")
        return

    async def run() -> list[str]:
        async with database_url(terminal.config()) as url:
            return await asyncio.to_thread(version.upgrade, url)

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


@app.command(name="verify")
def verify_command() -> None:
    """Replay ledger and timeline; exit code 1 and a list when stock, boxes or codes do not agree."""
    raise typer.Exit(0 if terminal.run(verify.verify(terminal.config(), out=terminal.out)) else terminal.FAILED)
