"""`crossdock staff`: who works at the shops' counters. The operator stands above their managers."""

import secrets
from datetime import datetime
from typing import Any, BinaryIO, Final

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crossdock.base import json
from crossdock.base.config import Config
from crossdock.base.errors import CrossdockError
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import Site
from crossdock.core.handover.model import HouseRules
from crossdock.core.staff import commands, managing, passwords, queries
from crossdock.core.staff.errors import ShopUnknown
from crossdock.core.staff.model import LISTED_MAX, OPERATOR, Deed, Listed, Role, Staff, role_of
from crossdock.db.tx import Tx
from crossdock.opening import open_desk_of

GENERATED_CHARACTERS: Final = 16
GENERATED_FROM: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without what is easily misread: 80 bits in all."""
STDIN_BYTES_MAX: Final = 4_096


class PasswordMissing(CrossdockError):
    """There is no terminal to ask for a password: give --password-stdin or --generate."""


class PasswordNoText(CrossdockError):
    """What came on standard input is no password: it must be one line of UTF-8."""


class Password(Struct, frozen=True):
    text: str
    generated: bool = False

    def __repr__(self) -> str:
        return "Password()"


def generated(characters_min: int) -> Password:
    length = max(GENERATED_CHARACTERS, characters_min)
    return Password("".join(secrets.choice(GENERATED_FROM) for _ in range(length)), generated=True)


def read_from(stream: BinaryIO) -> Password:
    """The only line. Errors: PasswordNoText."""
    raw = stream.read(STDIN_BYTES_MAX)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise PasswordNoText() from error
    text = text.removesuffix("\n").removesuffix("\r")
    if "\n" in text:
        raise PasswordNoText()
    return Password(text)


async def list_(config: Config, *, shop: str | None, account: str | None, out: Console) -> None:
    """By account, shop and name. Errors: AccountUnknown, ShopUnknown, ShopAmbiguous."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        account_id = None if account is None else (await accounts.known_account(tx, account)).id
        site = None if shop is None else await queries.shop_of_code(tx, code=shop, account=account)
        rows = await queries.everybody(tx, account_id=account_id, site_id=None if site is None else site.id)
    out.print(_people(rows) if rows else "Nobody.")
    if len(rows) == LISTED_MAX:
        _say(out, f"These are the first {LISTED_MAX}: name a shop.")


async def least_password(config: Config, *, shop: str, account: str | None) -> int:
    """How many characters a shop asks for. Errors: ShopUnknown, ShopAmbiguous."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        return _least(await queries.shop_of_code(tx, code=shop, account=account))


async def least_password_of(config: Config, username: str) -> int:
    """How many characters the shop of a person asks for. Errors: UsernameUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        return _least(await _site(tx, await queries.person(tx, username=username)))


async def add(
    config: Config,
    username: str,
    password: Password,
    *,
    shop: str,
    account: str | None,
    manager: bool,
    reason: str,
    out: Console,
) -> None:
    """Errors: PasswordUnusable, ShopUnknown, ShopAmbiguous, and those of commands.create_staff."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        site = await queries.shop_of_code(tx, code=shop, account=account)
        passwords.check(password.text, characters_min=_least(site))
        made = await commands.create_staff(
            tx,
            account_id=site.account_id,
            site_id=site.id,
            username=username,
            password_hash=await passwords.hashed(password.text),
            manager=manager,
            actor=OPERATOR,
            reason=reason,
        )
    _say(out, f"{username} is a {role_of(made)} of {shop} now.")
    _show(password, out)


async def set_password(config: Config, username: str, password: Password, *, reason: str, out: Console) -> None:
    """Errors: UsernameUnknown, PasswordUnusable."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        person = await queries.person(tx, username=username)
        passwords.check(password.text, characters_min=_least(await _site(tx, person)))
        password_hash = await passwords.hashed(password.text)
        await managing.set_password(tx, staff_id=person.id, password_hash=password_hash, by=None, reason=reason)
    _say(out, f"{username} has another password now, and is logged out everywhere.")
    _show(password, out)


async def set_active(config: Config, username: str, *, active: bool, reason: str, out: Console) -> None:
    """Errors: UsernameUnknown."""
    deed = managing.enable if active else managing.disable
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        person = await queries.person(tx, username=username)
        await deed(tx, staff_id=person.id, by=None, reason=reason)
    can = "may log in again" if active else "may not log in, and is logged out everywhere"
    _say(out, f"{username} {can}." if person.active != active else f"Nothing to change: {username} {can}.")


async def set_role(config: Config, username: str, role: Role, *, reason: str, out: Console) -> None:
    """Errors: UsernameUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        person = await queries.person(tx, username=username)
        await managing.set_role(tx, staff_id=person.id, role=role, reason=reason)
    is_now = f"{username} is a {role}"
    _say(out, f"{is_now} now." if role_of(person) != role else f"Nothing to change: {is_now}.")


async def move(config: Config, username: str, shop: str, *, reason: str, out: Console) -> None:
    """To another shop of the person's account. Errors: UsernameUnknown, ShopUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        person = await queries.person(tx, username=username)
        site = await accounts.site(tx, account_id=person.account_id, code=shop)
        if site is None or site.kind != "shop":
            raise ShopUnknown(shop=shop, account=await _account_code(tx, person))
        await managing.move(tx, staff_id=person.id, site_id=site.id, reason=reason)
    works = f"{username} works at {shop}"
    _say(out, f"{works} now." if person.site_id != site.id else f"Nothing to change: {works}.")


async def withdraw(config: Config, username: str, *, reason: str, out: Console) -> None:
    """Errors: UsernameUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        person = await queries.person(tx, username=username)
        await managing.withdraw(tx, staff_id=person.id, by=None, reason=reason)
    _say(out, f"{username} is logged out everywhere.")


async def unlock(config: Config, username: str, *, reason: str, out: Console) -> None:
    """Errors: UsernameUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        person = await queries.person(tx, username=username)
        await managing.unlock(tx, staff_id=person.id, by=None, reason=reason)
    _say(out, f"No wrong password of {username} counts any more.")


async def history(
    config: Config, username: str | None, *, shop: str | None, account: str | None, limit: int, out: Console
) -> None:
    """Of a person or of a shop, newest first. Errors: UsernameUnknown, ShopUnknown, ShopAmbiguous."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        if username is not None:
            person = await queries.person(tx, username=username)
            rows = await queries.history_of_person(tx, staff=person, limit=limit)
        else:
            site = await queries.shop_of_code(tx, code=shop or "", account=account)
            rows = await queries.history_of_shop(tx, site=site, limit=limit)
    out.print(_deeds(rows) if rows else "Nothing was done.")


async def _site(tx: Tx, person: Staff) -> Site:
    site = await accounts.site_by_id(tx, account_id=person.account_id, site_id=person.site_id)
    assert site is not None, "a foreign key holds it"
    return site


async def _account_code(tx: Tx, person: Staff) -> str:
    account = await accounts.account(tx, person.account_id)
    return "" if account is None else account.code


def _least(site: Site) -> int:
    return HouseRules.of(site.settings).password_characters_min


# What is printed ------------------------------------------------------------------


def _say(out: Console, text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def _show(password: Password, out: Console) -> None:
    """Once, and only one that nobody has chosen."""
    if password.generated:
        _say(out, f"Password, shown only here: {password.text}")


def _people(rows: list[Listed]) -> Table:
    titles = ("account", "shop", "name", "role", "active", "last login", "locked until", "sessions", "token")
    table = _table(*titles)
    for row in rows:
        table.add_row(
            escape(row.account),
            escape(row.shop),
            escape(row.username),
            role_of(row),
            _yes(row.active),
            _moment(row.last_login),
            _moment(row.locked_until),
            str(row.sessions),
            _yes(row.token),
        )
    return table


def _deeds(rows: list[Deed]) -> Table:
    table = _table("at", "shop", "who", "did", "about", "order", "what changed", "why")
    for row in rows:
        table.add_row(
            _moment(row.created_at),
            escape(row.shop),
            escape(row.who or "system"),
            row.action,
            escape(row.about or ""),
            escape(row.order_number or ""),
            escape(_changed(row.before or {}, row.after or {})),
            escape(row.reason),
        )
    return table


def _changed(before: dict[str, Any], after: dict[str, Any]) -> str:
    """As `role clerk → manager, sessions 2 → 0`."""
    names = list(dict.fromkeys((*before, *after)))
    sides = [(name, *(_value(side[name]) for side in (before, after) if name in side)) for name in names]
    return ", ".join(f"{name} {' → '.join(values)}" for name, *values in sides)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _yes(value)
    return value if isinstance(value, str) else json.text(value)


def _table(*titles: str) -> Table:
    table = Table()
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
