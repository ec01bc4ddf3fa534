"""`crossdock operators`: who logs in at the console for the whole platform."""

from datetime import datetime
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crossdock.base.config import Config
from crossdock.core.accounts import sql as accounts
from crossdock.core.operators import commands, queries
from crossdock.core.operators.model import LISTED_MAX, PASSWORD_CHARACTERS_MIN, Listed, Role
from crossdock.core.staff import passwords
from crossdock.opening import open_desk_of
from crossdock.staff import Password

ALL_ACCOUNTS: Final = "all"


async def list_(config: Config, *, out: Console) -> None:
    """By name."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        rows = await queries.everybody(tx)
    out.print(_people(rows) if rows else "Nobody.")
    if len(rows) == LISTED_MAX:
        _say(out, f"These are the first {LISTED_MAX}.")


async def add(
    config: Config,
    username: str,
    password: Password,
    *,
    role: Role,
    account: str | None,
    reason: str,
    out: Console,
) -> None:
    """Errors: PasswordUnusable, AccountUnknown, UsernameUnusable, OperatorNameTaken, ReasonTooLong."""
    passwords.check(password.text, characters_min=PASSWORD_CHARACTERS_MIN)
    password_hash = await passwords.hashed(password.text)
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        account_id = None if account is None else (await accounts.known_account(tx, account)).id
        await commands.add(
            tx, username=username, role=role, account_id=account_id, password_hash=password_hash, reason=reason
        )
    where = "of all accounts" if account is None else f"of {account}"
    _say(out, f"{username} is {'an operator' if role == 'operator' else 'support'} {where} now.")
    if role == "operator":
        _say(out, "The first log-in at /console sets up the second factor.")
    _show(password, out)


async def set_active(config: Config, username: str, *, active: bool, reason: str, out: Console) -> None:
    """Errors: OperatorUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        before = await commands.known(tx, username=username)
        await commands.set_active(tx, username=username, active=active, reason=reason)
    can = "may log in again" if active else "may not log in, and is logged out everywhere"
    _say(out, f"{username} {can}." if before.active != active else f"Nothing to change: {username} {can}.")


async def set_password(config: Config, username: str, password: Password, *, reason: str, out: Console) -> None:
    """Errors: OperatorUnknown, PasswordUnusable."""
    passwords.check(password.text, characters_min=PASSWORD_CHARACTERS_MIN)
    password_hash = await passwords.hashed(password.text)
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        await commands.set_password(tx, username=username, password_hash=password_hash, reason=reason)
    _say(out, f"{username} has another password now, and is logged out everywhere.")
    _show(password, out)


async def reset_totp(config: Config, username: str, *, reason: str, out: Console) -> None:
    """Errors: OperatorUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        await commands.reset_totp(tx, username=username, reason=reason)
    _say(out, f"{username} is logged out everywhere; the next log-in sets up another second factor.")


async def unlock(config: Config, username: str, *, reason: str, out: Console) -> None:
    """Errors: OperatorUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        await commands.unlock(tx, username=username, reason=reason)
    _say(out, f"No wrong password or code of {username} counts any more.")


def _people(rows: list[Listed]) -> Table:
    table = Table()
    for title in ("name", "role", "account", "second factor", "active", "last login", "locked until", "sessions"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(
            escape(row.username),
            row.role,
            escape(row.account or ALL_ACCOUNTS),
            "yes" if row.second_factor else "no",
            "yes" if row.active else "no",
            _moment(row.last_login),
            _moment(row.locked_until),
            str(row.sessions),
        )
    return table


def _say(out: Console, text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def _show(password: Password, out: Console) -> None:
    """Once, and only one that nobody has chosen."""
    if password.generated:
        _say(out, f"Password, shown only here: {password.text}")


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
