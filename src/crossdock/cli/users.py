"""`crossdock users`."""

import typer

from crossdock import users
from crossdock.cli import terminal
from crossdock.cli.terminal import Username

app = typer.Typer(no_args_is_help=True, help="People of enterprises, who look for film: their tokens.")


@app.command("withdraw")
def withdraw_user(username: Username) -> None:
    """End somebody's token; the next login gives another."""
    terminal.run(users.withdraw(terminal.config(), username, out=terminal.out))


@app.command("unlock")
def unlock_user(username: Username) -> None:
    """Forget wrong passwords of a name."""
    terminal.run(users.unlock(terminal.config(), username, out=terminal.out))
