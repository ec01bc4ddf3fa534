"""Users of an enterprise: logging in, and what the platform's operator does about tokens."""

import secrets
from collections.abc import Collection
from typing import Final

from crossdock.base.ids import AccountId, EnterpriseId
from crossdock.base.seal import Seal
from crossdock.core.enterprises import passwords, sql
from crossdock.core.enterprises.errors import PasswordWrong, UserUnknown
from crossdock.core.enterprises.model import USERNAME_CHARACTERS_MAX, LoggedIn, User
from crossdock.core.staff import tries
from crossdock.core.staff.tokens import token_hash
from crossdock.db.database import Database
from crossdock.db.tx import Tx

TOKEN_BYTES: Final = 48


async def log_in(
    database: Database, seal: Seal, *, enterprise_ids: Collection[EnterpriseId], username: str, password: str
) -> LoggedIn:
    """Give a user of one of these enterprises the token, the same at every login.

    Takes the database, not a transaction: none is held open while the password is checked. Errors: UserUnknown,
    PasswordWrong, and LoginLocked after too many of those, also for the right password.
    """
    if not 0 < len(username) <= USERNAME_CHARACTERS_MAX or "\0" in username:
        raise UserUnknown(username=username[:USERNAME_CHARACTERS_MAX])
    async with database.transaction() as tx:
        known = await sql.by_username(tx, username=username)
        if known is None or not known.active or known.enterprise_id not in enterprise_ids:
            raise UserUnknown(username=username)
        await tries.begin(tx, username=counted_as(username))
    if not await passwords.matches(password, known.password_hash):
        raise PasswordWrong()
    token = secrets.token_hex(TOKEN_BYTES).upper()
    async with database.transaction() as tx:
        given = await sql.arrive(
            tx,
            user_id=known.id,
            password_hash=known.password_hash,
            token_hash=token_hash(token),
            token_sealed=seal.seal(token),
        )
        if given is None:  # password or access changed meanwhile
            raise PasswordWrong()
        await tries.forget(tx, username=counted_as(username))
    return LoggedIn(user=given, token=seal.open(given.token_sealed))


async def withdraw(tx: Tx, *, username: str) -> User:
    """The token is nobody's any more; the next login gives another. Errors: UserUnknown."""
    user = await sql.withdraw_token(tx, username=username)
    if user is None:
        raise UserUnknown(username=username)
    return user


async def unlock(tx: Tx, *, username: str) -> int:
    """Forget wrong passwords; how many there were."""
    return await tries.forget(tx, username=counted_as(username))


async def name_enterprise(tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, code: str) -> bool:
    """Note the third party's code of an enterprise; False when the account has no such enterprise."""
    return await sql.set_code(tx, account_id=account_id, enterprise_id=enterprise_id, code=code)


def counted_as(username: str) -> str:
    """Staff at counters have names of their own: no name there holds a line feed."""
    return f"enterprise\n{username}"
