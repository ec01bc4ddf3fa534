"""The people of an account: each has a key of their own, named by the scope's `user`."""

import secrets
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, CredentialId
from crossdock.core.accounts import sql
from crossdock.core.accounts.errors import UsersTooMany, UserTaken
from crossdock.core.accounts.sql import CredentialRow
from crossdock.db.tx import Tx

KEY_BYTES: Final = 16
"""32 hex digits."""
USERS_MAX: Final = 500
"""Of one account in one dialect, those whose keys are withdrawn among them."""
NAME: Final = "user"


class User(Struct, frozen=True, kw_only=True):
    """Without the key: who may see a user may not act as one."""

    id: CredentialId
    name: str
    details: dict[str, Any]
    """What the scope says beside the name."""
    active: bool


async def users(tx: Tx, *, account_id: AccountId, dialect: str) -> list[User]:
    """By id. A key that names no user belongs to none."""
    rows = await sql.credentials_of(tx, account_id=account_id, dialect=dialect)
    return [_user(row, tx.now) for row in rows if row.scope.get(NAME)]


async def add_user(tx: Tx, *, account_id: AccountId, dialect: str, name: str, details: dict[str, Any]) -> User:
    """A user with a new key, which only the house's keeper can read. Errors: UserTaken, UsersTooMany."""
    await sql.lock_account(tx, account_id)
    rows = await sql.credentials_of(tx, account_id=account_id, dialect=dialect)
    if any(row.scope.get(NAME) == name for row in rows):
        raise UserTaken(user=name)
    if len(rows) >= USERS_MAX:
        raise UsersTooMany(most=USERS_MAX)
    row = await sql.insert_credential(
        tx,
        account_id=account_id,
        dialect=dialect,
        key=secrets.token_hex(KEY_BYTES),
        scope=details | {NAME: name},
    )
    return _user(row, tx.now)


async def change_user(
    tx: Tx, *, account_id: AccountId, dialect: str, user_id: int, details: dict[str, Any]
) -> User | None:
    """Lay details over those on record; None when the account has no such user."""
    row = await sql.change_scope(
        tx, account_id=account_id, dialect=dialect, credential_id=user_id, having=NAME, details=details
    )
    return None if row is None else _user(row, tx.now)


def _user(row: CredentialRow, now: datetime) -> User:
    until: datetime | None = row.valid_until
    return User(
        id=CredentialId(row.id),
        name=str(row.scope[NAME]),
        details={name: value for name, value in row.scope.items() if name != NAME},
        active=row.revoked_at is None and (until is None or now < until),
    )
