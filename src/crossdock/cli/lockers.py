"""`crossdock lockers`."""

from pathlib import Path
from typing import Annotated

import typer

from crossdock import lockers
from crossdock.cli import terminal

app = typer.Typer(
    no_args_is_help=True,
    help="What is wrong at the cabinets, parcels that nobody takes, and who may come to the broker.",
)


@app.command("alarms")
def list_alarms() -> None:
    """What is wrong and not cleared, oldest first."""
    terminal.run(lockers.list_alarms(terminal.config(), out=terminal.out))


@app.command("clear")
def clear_alarm(alarm_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """Somebody has looked; a box that was closed for it takes parcels again."""
    terminal.run(lockers.clear_alarm(terminal.config(), alarm_id, out=terminal.out))


@app.command("screen")
def show_screen(
    number: Annotated[str, typer.Argument(metavar="NUMBER", show_default=False)],
    base: Annotated[str, typer.Option(help="The server's address, as the cabinet reaches it.")] = "",
) -> None:
    """The address to open on a cabinet's own screen; whoever has it may type codes there."""
    config = terminal.config()
    terminal.run(
        lockers.show_screen(config, number, base=base or f"http://{config.host}:{config.port}", out=terminal.out)
    )


@app.command("overdue")
def overdue_parcels(
    run: Annotated[bool, typer.Option("--run", help="Do it; exit code 1 when some of it was refused.")] = False,
    account: Annotated[str | None, typer.Option(help="Only parcels of the account with this code.")] = None,
) -> None:
    """Parcels whose time is over, or nearly, and what would be done: remind, or call back as a return."""
    if not run:
        terminal.run(lockers.list_overdue(terminal.config(), account=account, out=terminal.out))
    elif not terminal.run(lockers.run_overdue(terminal.config(), account=account, out=terminal.out)):
        raise typer.Exit(terminal.FAILED)


@app.command("extend")
def extend_parcel(
    number: Annotated[str, typer.Argument(help="Of its order.", show_default=False)],
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
) -> None:
    """A parcel may lie for longer, as its policy allows."""
    terminal.run(lockers.extend(terminal.config(), number, account=account, out=terminal.out))


@app.command("recall-code")
def show_recall_code(
    number: Annotated[str, typer.Argument(help="Of its order.", show_default=False)],
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
) -> None:
    """The code by which a courier takes out a parcel that was called back."""
    terminal.run(lockers.show_recall_code(terminal.config(), number, account=account, out=terminal.out))


@app.command("broker-files")
def broker_files(directory: Annotated[Path, typer.Argument(file_okay=False)]) -> None:
    """Write `passwd` and `acl` for a Mosquitto of your own: the server's user and every cabinet that has a key."""
    terminal.run(lockers.broker_files(terminal.config(), directory, out=terminal.out))
