"""`crossdock cancels`."""

from typing import Annotated

import typer

from crossdock import cancels
from crossdock.cli import terminal

app = typer.Typer(no_args_is_help=True, help="What owners want to call off while the floor works on it.")


@app.command("list")
def list_cancels() -> None:
    """What owners asked to call off and nobody has decided yet."""
    terminal.run(cancels.list_(terminal.config(), out=terminal.out))


@app.command("grant")
def grant_cancel(request_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """It is called off."""
    terminal.run(cancels.decide(terminal.config(), request_id, granted=True, out=terminal.out))


@app.command("refuse")
def refuse_cancel(request_id: Annotated[int, typer.Argument(min=1, metavar="ID")]) -> None:
    """The order goes on."""
    terminal.run(cancels.decide(terminal.config(), request_id, granted=False, out=terminal.out))
