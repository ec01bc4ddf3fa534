"""`crossdock operators`."""

from typing import Annotated

import typer

from crossdock import operators
from crossdock.cli import terminal
from crossdock.cli.staff import FromStdin, Generate, Reason, password_of, source_of
from crossdock.core.operators.model import PASSWORD_CHARACTERS_MIN, Role

app = typer.Typer(
    no_args_is_help=True,
    help="Who logs in at the console for the whole platform: operators, and support, who only looks.",
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="One over all operators.", show_default=False)]


@app.command("list")
def list_operators() -> None:
    """Everybody: as what, of which account, when logged in last, until when locked out, and how many sessions."""
    terminal.run(operators.list_(terminal.config(), out=terminal.out))


@app.command("add")
def add_operator(
    username: Name,
    support: Annotated[bool, typer.Option("--support", help="Sees everything and changes nothing.")] = False,
    account: Annotated[str | None, typer.Option(help="The code of the only account to be seen.")] = None,
    password_stdin: FromStdin = False,
    generate: Generate = False,
    reason: Reason = "",
) -> None:
    """Somebody new. Without --password-stdin or --generate the password is asked for."""
    password = password_of(source_of(password_stdin=password_stdin, generate=generate), PASSWORD_CHARACTERS_MIN)
    role: Role = "support" if support else "operator"
    terminal.run(
        operators.add(
            terminal.config(), username, password, role=role, account=account, reason=reason, out=terminal.out
        )
    )


@app.command("disable")
def disable_operator(username: Name, reason: Reason = "") -> None:
    """Withdraw somebody's access, at once."""
    terminal.run(operators.set_active(terminal.config(), username, active=False, reason=reason, out=terminal.out))


@app.command("enable")
def enable_operator(username: Name, reason: Reason = "") -> None:
    """Give access back."""
    terminal.run(operators.set_active(terminal.config(), username, active=True, reason=reason, out=terminal.out))


@app.command("password")
def set_operator_password(
    username: Name, password_stdin: FromStdin = False, generate: Generate = False, reason: Reason = ""
) -> None:
    """Another password. Without --password-stdin or --generate it is asked for."""
    password = password_of(source_of(password_stdin=password_stdin, generate=generate), PASSWORD_CHARACTERS_MIN)
    terminal.run(operators.set_password(terminal.config(), username, password, reason=reason, out=terminal.out))


@app.command("reset-totp")
def reset_operator_totp(username: Name, reason: Reason = "") -> None:
    """For a lost phone: log out, and have another second factor set up at the next log-in."""
    terminal.run(operators.reset_totp(terminal.config(), username, reason=reason, out=terminal.out))


@app.command("unlock")
def unlock_operator(username: Name, reason: Reason = "") -> None:
    """Let somebody log in who gave too many wrong passwords or codes."""
    terminal.run(operators.unlock(terminal.config(), username, reason=reason, out=terminal.out))
