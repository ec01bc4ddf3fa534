"""The account behind a key, and the people who have one."""

from typing import Any, Final

from msgspec import Struct

from crossdock.core.accounts import users as people
from crossdock.core.accounts.users import User
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import listing, values, wire
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.errors import NothingToUpdate, RecordUnknown, ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

USERNAME_CHARACTERS_MAX: Final = 50
EMAIL_CHARACTERS_MAX: Final = 255

CLIENTS: Final = Table(
    columns={
        "id": Column("id", "number"),
        "username": Column("username", "text"),
        "name": Column("name", "text"),
        "currency_code": Column("currency_code", "text"),
        "status": Column("status", "word"),
    },
    plain=("id", "username", "status"),
)
USERS: Final = Table(
    columns={
        "id": Column("id", "number"),
        "client_id": Column("client_id", "number"),
        "username": Column("username", "text"),
        "email": Column("email", "text"),
        "status": Column("status", "word"),
    },
    plain=("id", "username", "email", "status"),
)


class ClientRow(Struct, frozen=True, kw_only=True):
    """The one row of GET /client/Client."""

    id: int
    username: str
    name: str
    currency_code: str
    status: str = "ACTIVE"
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


class UserRow(Struct, frozen=True, kw_only=True):
    """One row of GET /client/Client-User, and `data` of POST. Passwords and keys are never printed."""

    id: int
    client_id: int
    username: str
    email: str | None
    status: str
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


async def client(desk: Desk, caller: Client, given: Parameters) -> wire.Rows:
    """GET /client/Client."""
    account = caller.account
    row = ClientRow(id=account.id, username=account.code, name=account.name, currency_code=account.currency)
    return listing.answer([row], given, CLIENTS, zone=caller.company.zone)


async def query(desk: Desk, caller: Client, given: Parameters) -> wire.Rows:
    """GET /client/Client-User."""
    async with desk.database.transaction(readonly=True) as tx:
        found = await people.users(tx, account_id=caller.account.id, dialect=NAME)
    return listing.answer([_row(caller, user) for user in found], given, USERS, zone=caller.company.zone)


async def put(desk: Desk, caller: Client, given: Parameters) -> wire.Record:
    """POST /client/Client-User: a user with a key of their own, which the house's keeper hands out.

    With an id, another address of that user, or none; a name stays.
    """
    details: dict[str, Any] = {}
    if "email" in given.whole():
        email = (values.text("email", given.get("email")) or "").strip()
        details["email"] = _bound("email", email, EMAIL_CHARACTERS_MAX) or None
    account_id, number = caller.account.id, given.get("id")
    async with desk.database.transaction() as tx:
        if number is None:
            name = values.required("username", given.get("username")).strip()
            name = _bound("username", name, USERNAME_CHARACTERS_MAX)
            user = await people.add_user(tx, account_id=account_id, dialect=NAME, name=name, details=details)
        else:
            user = await _changed(tx, caller, str(values.text("id", number)).strip(), details)
    return wire.Record(data=_row(caller, user))


async def _changed(tx: Tx, caller: Client, number: str, details: dict[str, Any]) -> User:
    if not details:
        raise NothingToUpdate()
    user = None
    if values.WHOLE.fullmatch(number):
        user = await people.change_user(
            tx, account_id=caller.account.id, dialect=NAME, user_id=int(number), details=details
        )
    if user is None:
        raise RecordUnknown(id=number)
    return user


def _bound(field: str, text: str, characters_max: int) -> str:
    if len(text) > characters_max or not text.isprintable():
        raise ValueInvalid(field=field)
    return text


def _row(caller: Client, user: User) -> UserRow:
    email = user.details.get("email")
    return UserRow(
        id=user.id,
        client_id=caller.account.id,
        username=user.name,
        email=None if email is None else str(email),
        status="ACTIVE" if user.active else "DELETED",
    )


ENDPOINTS: Final = (
    Endpoint("GET /client/Client", client),
    Endpoint("GET /client/Client-User", query),
    Endpoint("POST /client/Client-User", put),
)
