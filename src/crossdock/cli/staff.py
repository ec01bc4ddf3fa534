"""`crossdock staff`."""

import sys
from typing import Annotated, Any

import typer

from crossdock import staff
from crossdock.cli import terminal
from crossdock.cli.terminal import Username
from crossdock.core.staff.model import LISTED_MAX, Role

app = typer.Typer(
    no_args_is_help=True,
    help="Who works at the shops' counters: names, roles, passwords, who is logged in, and what was done.",
)
Reason = Annotated[str, typer.Option(help="Why; it stands in the history.")]
AccountOfShop = Annotated[
    str | None, typer.Option(help="The account's code, where several have a shop of this code.")
]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")]

ASKED, GIVEN, GENERATED = "asked", "given", "generated"
"""Where a password comes from."""


@app.command("list")
def list_staff(
    shop: Annotated[str | None, typer.Option(help="Only those of the shop with this code.")] = None,
    account: Annotated[str | None, typer.Option(help="Only those of the account with this code.")] = None,
) -> None:
    """Everybody: where, as what, when logged in last, until when locked out, and how many sessions are open."""
    terminal.run(staff.list_(terminal.config(), shop=shop, account=account, out=terminal.out))


@app.command("add")
def add_staff(
    username: Username,
    shop: Annotated[str, typer.Option(help="The code of the shop.", show_default=False)],
    account: AccountOfShop = None,
    manager: Annotated[bool, typer.Option("--manager", help="Not a clerk but a manager.")] = False,
    password_stdin: FromStdin = False,
    generate: Generate = False,
    reason: Reason = "",
) -> None:
    """Somebody new. Without --password-stdin or --generate the password is asked for."""
    source = source_of(password_stdin=password_stdin, generate=generate)
    config = terminal.config()
    password = password_of(source, terminal.run(staff.least_password(config, shop=shop, account=account)))
    where: dict[str, Any] = {"shop": shop, "account": account}
    terminal.run(staff.add(config, username, password, **where, manager=manager, reason=reason, out=terminal.out))


@app.command("disable")
def disable_staff(username: Username, reason: Reason = "") -> None:
    """Withdraw somebody's access, at once and everywhere."""
    terminal.run(staff.set_active(terminal.config(), username, active=False, reason=reason, out=terminal.out))


@app.command("enable")
def enable_staff(username: Username, reason: Reason = "") -> None:
    """Give access back; whoever it is logs in anew."""
    terminal.run(staff.set_active(terminal.config(), username, active=True, reason=reason, out=terminal.out))


@app.command("password")
def set_staff_password(
    username: Username, password_stdin: FromStdin = False, generate: Generate = False, reason: Reason = ""
) -> None:
    """Another password. Without --password-stdin or --generate it is asked for."""
    source = source_of(password_stdin=password_stdin, generate=generate)
    config = terminal.config()
    password = password_of(source, terminal.run(staff.least_password_of(config, username)))
    terminal.run(staff.set_password(config, username, password, reason=reason, out=terminal.out))


@app.command("role")
def set_staff_role(
    username: Username,
    role: Annotated[Role, typer.Argument(help="clerk or manager.", show_default=False)],
    reason: Reason = "",
) -> None:
    """Make somebody a manager of the shop, or a clerk."""
    terminal.run(staff.set_role(terminal.config(), username, role, reason=reason, out=terminal.out))


@app.command("move")
def move_staff(
    username: Username,
    shop: Annotated[str, typer.Argument(help="Code of a shop of the same account.", show_default=False)],
    reason: Reason = "",
) -> None:
    """Somebody works at another shop from now on."""
    terminal.run(staff.move(terminal.config(), username, shop, reason=reason, out=terminal.out))


@app.command("withdraw")
def withdraw_staff(username: Username, reason: Reason = "") -> None:
    """Log somebody out everywhere: the token and all sessions."""
    terminal.run(staff.withdraw(terminal.config(), username, reason=reason, out=terminal.out))


@app.command("unlock")
def unlock_staff(username: Username, reason: Reason = "") -> None:
    """Let somebody log in who gave too many wrong passwords."""
    terminal.run(staff.unlock(terminal.config(), username, reason=reason, out=terminal.out))


@app.command("history")
def show_staff_history(
    username: Annotated[str | None, typer.Argument(metavar="[NAME]", help="What this person did or met.")] = None,
    shop: Annotated[str | None, typer.Option(help="What was done at the shop with this code.")] = None,
    account: AccountOfShop = None,
    limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX)] = 50,
) -> None:
    """What was done, newest first: who, to whom, what it changed, and why."""
    if (username is None) == (shop is None):
        raise typer.BadParameter("name a person, or give --shop")
    terminal.run(
        staff.history(terminal.config(), username, shop=shop, account=account, limit=limit, out=terminal.out)
    )


def password_of(source: str, least: int) -> staff.Password:
    if source == GENERATED:
        return staff.generated(least)
    if source == GIVEN:
        return terminal.say_why(lambda: staff.read_from(sys.stdin.buffer))
    return terminal.say_why(_asked_password)


def source_of(*, password_stdin: bool, generate: bool) -> str:
    if password_stdin and generate:
        raise typer.BadParameter("give --password-stdin or --generate, not both")
    return GENERATED if generate else GIVEN if password_stdin else ASKED


def _asked_password() -> staff.Password:
    if not sys.stdin.isatty():
        raise staff.PasswordMissing()
    return staff.Password(typer.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True))
