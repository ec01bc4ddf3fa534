"""Statements on the users and places of enterprises."""

from typing import Any

from msgspec import Struct

from crossdock.base.ids import AccountId, EnterpriseId, UserId
from crossdock.core.enterprises.model import SHOWN_MAX, Place, User
from crossdock.db.compose import SQL, Composed
from crossdock.db.tx import Tx, columns

_USER = columns(User)


class Known(Struct, frozen=True):
    """What a login is checked against."""

    id: UserId
    enterprise_id: EnterpriseId
    password_hash: str
    active: bool


class SignedIn(User, frozen=True, kw_only=True):
    token_sealed: bytes


async def by_username(tx: Tx, *, username: str) -> Known | None:
    """Index: enterprise_user_username_key."""
    return await tx.one_or_none(
        Known,
        f"SELECT {columns(Known)} FROM enterprise_user WHERE username = %(username)s",
        username=username,
    )


async def by_token_hash(tx: Tx, *, token_hash: str) -> User | None:
    """Index: enterprise_user_token_hash_key."""
    return await tx.one_or_none(
        User,
        f"SELECT {_USER} FROM enterprise_user WHERE token_hash = %(token_hash)s AND active",
        token_hash=token_hash,
    )


_ARRIVE = f"""
UPDATE enterprise_user
   SET last_login = %(now)s, token_hash = coalesce(token_hash, %(token_hash)s),
       token_sealed = CASE WHEN token_hash IS NULL THEN %(token_sealed)s ELSE token_sealed END
 WHERE id = %(user_id)s AND password_hash = %(password_hash)s AND active
RETURNING {_USER}, token_sealed
"""


async def arrive(
    tx: Tx, *, user_id: UserId, password_hash: str, token_hash: str, token_sealed: bytes
) -> SignedIn | None:
    """Note a login; a token already given stays. None when password or access changed since it was looked up."""
    return await tx.one_or_none(
        SignedIn,
        _ARRIVE,
        user_id=user_id,
        password_hash=password_hash,
        token_hash=token_hash,
        token_sealed=token_sealed,
        now=tx.now,
    )


async def withdraw_token(tx: Tx, *, username: str) -> User | None:
    """None when nobody has this name."""
    return await tx.one_or_none(
        User,
        "UPDATE enterprise_user SET token_hash = NULL, token_sealed = NULL, updated_at = %(now)s"
        f" WHERE username = %(username)s RETURNING {_USER}",
        username=username,
        now=tx.now,
    )


async def set_code(tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, code: str) -> bool:
    return bool(
        await tx.execute(
            "UPDATE enterprise SET code = %(code)s WHERE account_id = %(account_id)s AND id = %(enterprise_id)s",
            account_id=account_id,
            enterprise_id=enterprise_id,
            code=code,
        )
    )


async def count_places(tx: Tx, **scope: Any) -> int:
    """At most SHOWN_MAX."""
    statement = SQL("SELECT count(*) FROM (SELECT 1 {} LIMIT %(most)s) AS found").format(_places_from(scope))
    return int(await tx.value(statement, **scope, most=SHOWN_MAX))


async def places(tx: Tx, *, start: int, limit: int, **scope: Any) -> list[Place]:
    return await tx.many(
        Place,
        SQL(
            "SELECT d.id, d.enterprise_id, d.name, coalesce(d.shop_code, '') AS shop_code, s.address, s.active,"
            " (SELECT count(*) FROM camera c WHERE c.department_id = d.id) AS cameras"
            " {} ORDER BY d.id OFFSET %(start)s LIMIT %(limit)s"
        ).format(_places_from(scope)),
        **scope,
        start=start,
        limit=limit,
    )


def _places_from(scope: dict[str, Any]) -> Composed:
    conditions = [SQL("e.account_id = %(account_id)s AND d.enterprise_id = %(enterprise_id)s")]
    if scope["name"]:
        conditions.append(SQL("strpos(lower(d.name), lower(%(name)s)) > 0"))
    if scope["shop_codes"] is not None:
        conditions.append(SQL("d.shop_code = ANY(%(shop_codes)s::text[])"))
    return SQL(
        "FROM department d JOIN enterprise e ON e.id = d.enterprise_id JOIN site s ON s.id = d.site_id WHERE {}"
    ).format(SQL(" AND ").join(conditions))
