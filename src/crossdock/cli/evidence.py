"""`crossdock evidence`."""

from pathlib import Path
from typing import Annotated

import typer

from crossdock import evidence
from crossdock.cli import terminal
from crossdock.core.evidence.model import HOURS, HOURS_MAX

app = typer.Typer()


@app.command("evidence")
def show_evidence(
    number: Annotated[str | None, typer.Argument(help="Of the order.", show_default=False)] = None,
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=HOURS_MAX, help="For so long the address is good.")] = HOURS,
    bundle: Annotated[Path | None, typer.Option(metavar="FILE.zip", help="Write it sealed into a file.")] = None,
    public_key: Annotated[bool, typer.Option("--public-key", help="Print what bundles are verified with.")] = False,
) -> None:
    """Print the address of a parcel's evidence page, or write the sealed bundle of it."""
    if (number is None) != public_key:
        raise typer.BadParameter("name an order, or give --public-key")
    if number is None:
        terminal.say_why(lambda: evidence.show_public_key(terminal.config(), out=terminal.out))
    elif bundle is not None:
        terminal.run(evidence.bundle(terminal.config(), number, bundle, account=account, out=terminal.out))
    else:
        terminal.run(evidence.show(terminal.config(), number, account=account, hours=hours, out=terminal.out))
