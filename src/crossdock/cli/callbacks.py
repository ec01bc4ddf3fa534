"""`crossdock callbacks`."""

from typing import Annotated

import typer

from crossdock import callbacks
from crossdock.cli import terminal
from crossdock.delivery import queries
from crossdock.delivery.model import State

app = typer.Typer(no_args_is_help=True, help="What partners are told, every try of it, and sending it again.")


@app.command("list")
def list_callbacks(
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    receiver: Annotated[str | None, typer.Option(help="Only those of a receiver of this name.")] = None,
    account: Annotated[str | None, typer.Option(help="Only those of the account with this code.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=queries.LISTED_MAX)] = 50,
) -> None:
    """The newest callbacks, and how many there are in each state."""
    terminal.run(
        callbacks.list_(
            terminal.config(), state=state, receiver=receiver, account=account, limit=limit, out=terminal.out
        )
    )


@app.command("show")
def show_callback(callback_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """One callback with every try: what was sent, what was answered."""
    terminal.run(callbacks.show(terminal.config(), callback_id, out=terminal.out))


@app.command("resend")
def resend_callbacks(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...")] = None,
    parked: Annotated[bool, typer.Option("--parked", help="All that were given up.")] = False,
    receiver: Annotated[str | None, typer.Option(help="Of those, only of a receiver of this name.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go again.")] = False,
) -> None:
    """Send callbacks again, with all their retries before them."""
    if bool(ids) == parked:
        raise typer.BadParameter("name ids, or give --parked")
    terminal.run(
        callbacks.resend(
            terminal.config(), ids or [], parked=parked, receiver=receiver, dry_run=dry_run, out=terminal.out
        )
    )


@app.command("give-up")
def give_up_callback(callback_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """Leave a parked callback unsent: what waits behind it goes on."""
    terminal.run(callbacks.give_up(terminal.config(), callback_id, out=terminal.out))
