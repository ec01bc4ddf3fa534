"""`crossdock camera`."""

from typing import Annotated

import typer

from crossdock import cameras
from crossdock.base import logs
from crossdock.cli import terminal

app = typer.Typer(no_args_is_help=True, help="Film of packing stations: recording it, and keeping that of an order.")


@app.command("record")
def record_cameras(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or ids of cameras.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that are switched on, later ones too.")] = False,
) -> None:
    """Record cameras, until Ctrl-C."""
    if bool(names) == all_:
        raise typer.BadParameter("name cameras, or give --all")
    config = terminal.config()
    logs.set_up()
    terminal.run(cameras.record(config, names or [], out=terminal.out))


@app.command("list")
def list_cameras() -> None:
    """Whether each is recorded, until when there is film, how far its clock is off, and how much is kept."""
    terminal.run(cameras.list_(terminal.config(), out=terminal.out))


@app.command("check")
def check_camera(name: Annotated[str, typer.Argument(help="Or its id.", show_default=False)]) -> None:
    """Connect to a camera and say what comes: codec, size, key frames, and how far its clock is off."""
    terminal.run(cameras.check(terminal.config(), name, out=terminal.out))


@app.command("hold")
def hold_film(
    number: Annotated[str, typer.Argument(help="Of the order.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why; it stands on the order's timeline.")],
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
) -> None:
    """Keep the film of an order's packing, however old it gets."""
    terminal.run(cameras.hold(terminal.config(), number, account=account, reason=reason, out=terminal.out))


@app.command("release")
def release_film(
    number: Annotated[str, typer.Argument(help="Of the order.", show_default=False)],
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
) -> None:
    """End that: the film goes when its time is over."""
    terminal.run(cameras.release(terminal.config(), number, account=account, out=terminal.out))


@app.command("sweep")
def sweep_film(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Delete film whose time is over, as the workers do every ten minutes."""
    terminal.run(cameras.sweep(terminal.config(), dry_run=dry_run, out=terminal.out))
