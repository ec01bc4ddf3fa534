"""Reading operators."""

from crossdock.core.operators import sql
from crossdock.core.operators.model import LISTED_MAX, Listed, OpenSession, Operator, Session
from crossdock.core.staff.model import LOCKED_S, WRONG_PASSWORDS_MAX
from crossdock.core.staff.tokens import token_hash
from crossdock.db.tx import Tx


async def by_session(tx: Tx, *, token: str) -> Session | None:
    """Who is logged in; None when the session is over or the access was withdrawn."""
    return await sql.by_session(tx, token_hash=token_hash(token))


async def exists(tx: Tx, *, username: str) -> bool:
    return await sql.by_username(tx, username=username) is not None


async def everybody(tx: Tx, *, limit: int = LISTED_MAX) -> list[Listed]:
    """By name."""
    return await sql.listed(tx, tries_max=WRONG_PASSWORDS_MAX, locked_s=LOCKED_S, limit=limit)


async def sessions(tx: Tx, *, operator: Operator, token: str) -> list[OpenSession]:
    """Where an operator is logged in, newest first; `token` is that of the session that asks."""
    return await sql.sessions(tx, operator_id=operator.id, token_hash=token_hash(token))
