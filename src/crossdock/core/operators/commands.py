"""Logging in at the console, and what is done with operators' accounts."""

import re
from datetime import timedelta
from typing import Any

from crossdock.base.ids import AccountId
from crossdock.base.seal import Seal
from crossdock.core.operators import deeds, factor, sql
from crossdock.core.operators.errors import OperatorNameTaken, OperatorUnknown
from crossdock.core.operators.model import (
    COMMAND_LINE,
    HALF_SESSION_MINUTES,
    SESSION_H,
    SESSIONS_MAX,
    Operator,
    Role,
    Session,
    SessionOpened,
)
from crossdock.core.staff import passwords, tries
from crossdock.core.staff.errors import LoginWrong, UsernameUnusable
from crossdock.core.staff.model import USERNAME_CHARACTERS_MAX, USERNAME_PATTERN
from crossdock.core.staff.tokens import new_token, token_hash
from crossdock.db.database import Database
from crossdock.db.tx import Tx


async def log_in(database: Database, *, username: str, password: str) -> SessionOpened:
    """A session that is whole where no second factor is needed; else half a one, for `give_code` or `factor.confirm`.

    Takes the database, not a transaction: none is held open while the password is checked. Errors: LoginWrong,
    LoginLocked; wrong codes count as wrong passwords do.
    """
    async with database.transaction() as tx:
        await tries.begin(tx, username=username)
        known = await sql.by_username(tx, username=username)
    right = await passwords.matches(password, known.password_hash if known else passwords.nobodys_hash())
    if known is None or not right or not known.active:
        raise LoginWrong()
    async with database.transaction() as tx:
        operator = await sql.arrive(tx, operator_id=known.id, password_hash=known.password_hash)
        if operator is None:
            raise LoginWrong()
        whole = not operator.second_factor and not operator.second_factor_due
        opened = await _session(tx, operator, whole=whole)
        if whole:
            await tries.forget(tx, username=username)
            await deeds.note(tx, operator, "login")
    return opened


async def give_code(database: Database, seal: Seal, *, token: str, code: str) -> SessionOpened:
    """The second factor, for half a session, which ends: the whole one has another token.

    A try is counted before the code is looked at, in a transaction of its own. Errors: LoginWrong when the session is
    over, LoginLocked, CodeWrong, CodeSpent.
    """
    half = await _half(database, token)
    async with database.transaction() as tx:
        await factor.check(tx, seal, operator=half, code=code)
        return await _completed(tx, half, token)


async def confirm_factor(database: Database, seal: Seal, *, token: str, code: str) -> tuple[SessionOpened, list[str]]:
    """Set up a second factor, from half a session or from a whole one: a whole session, and the recovery codes.

    Errors: LoginWrong, LoginLocked, CodeWrong, SecondFactorSet, SecondFactorMissing.
    """
    half = await _half(database, token)
    async with database.transaction() as tx:
        codes = await factor.confirm(tx, seal, operator=half, code=code)
        return await _completed(tx, half, token), codes


async def close_session(tx: Tx, *, token: str) -> None:
    """One that is over already, or never was, is no error."""
    session = await sql.by_session(tx, token_hash=token_hash(token))
    await sql.end_session(tx, token_hash=token_hash(token))
    if session is not None and session.whole:
        await deeds.note(tx, session, "logout")


async def end_session(tx: Tx, *, operator: Operator, session_id: int) -> None:
    """One of one's own, that is open somewhere else. One that is over already is no error."""
    if await sql.end_session_of(tx, operator_id=operator.id, session_id=session_id):
        await deeds.note(tx, operator, "end_session")


async def sweep(tx: Tx) -> None:
    """Forget sessions that are over."""
    await sql.sweep_sessions(tx)


# By the command line --------------------------------------------------------------


async def add(
    tx: Tx, *, username: str, role: Role, account_id: AccountId | None, password_hash: str, reason: str = ""
) -> Operator:
    """Errors: UsernameUnusable, OperatorNameTaken, ReasonTooLong."""
    if not re.fullmatch(USERNAME_PATTERN, username) or len(username) > USERNAME_CHARACTERS_MAX:
        raise UsernameUnusable(characters_max=USERNAME_CHARACTERS_MAX)
    made = await sql.add(tx, username=username, role=role, account_id=account_id, password_hash=password_hash)
    if made is None:
        raise OperatorNameTaken(username=username)
    await _note(tx, made, "add_operator", None, {"role": role, "account": account_id}, reason)
    return made


async def set_active(tx: Tx, *, username: str, active: bool, reason: str = "") -> Operator:
    """Sessions end when access is withdrawn. Errors: OperatorUnknown."""
    operator = await known(tx, username=username)
    if operator.active == active:
        return operator
    if not active:
        await sql.end_sessions(tx, operator_id=operator.id)
    action = "enable_operator" if active else "disable_operator"
    await _note(tx, operator, action, {"active": operator.active}, {"active": active}, reason)
    return await sql.set_active(tx, operator_id=operator.id, active=active)


async def set_password(tx: Tx, *, username: str, password_hash: str, reason: str = "") -> Operator:
    """Whoever is logged in under the old one is logged out. Errors: OperatorUnknown."""
    operator = await known(tx, username=username)
    await sql.set_password(tx, operator_id=operator.id, password_hash=password_hash)
    ended = await sql.end_sessions(tx, operator_id=operator.id)
    await tries.forget(tx, username=username)
    await _note(tx, operator, "set_password", {"sessions": ended}, {"sessions": 0}, reason)
    return operator


async def reset_totp(tx: Tx, *, username: str, reason: str = "") -> Operator:
    """For a lost phone: everybody is logged out, and a new factor is set up at the next log-in.

    Errors: OperatorUnknown.
    """
    operator = await known(tx, username=username)
    await sql.keep_secret(tx, operator_id=operator.id, totp_sealed=None)
    await sql.end_sessions(tx, operator_id=operator.id)
    await _note(tx, operator, "reset_totp", {"totp": operator.second_factor}, {"totp": False}, reason)
    return operator


async def unlock(tx: Tx, *, username: str, reason: str = "") -> Operator:
    """Forget wrong passwords and codes. Errors: OperatorUnknown."""
    operator = await known(tx, username=username)
    if wrong := await tries.forget(tx, username=username):
        await _note(tx, operator, "unlock", {"wrong_passwords": wrong}, {"wrong_passwords": 0}, reason)
    return operator


async def known(tx: Tx, *, username: str) -> Operator:
    """Errors: OperatorUnknown."""
    found = await sql.by_username(tx, username=username)
    if found is None:
        raise OperatorUnknown(username=username)
    return found


async def _half(database: Database, token: str) -> Session:
    """Whose session it is, and one more try counted. Errors: LoginWrong, LoginLocked."""
    async with database.transaction() as tx:
        half = await sql.by_session(tx, token_hash=token_hash(token))
        if half is None:
            raise LoginWrong()
        await tries.begin(tx, username=half.username)
    return half


async def _completed(tx: Tx, operator: Operator, half_token: str) -> SessionOpened:
    await sql.end_session(tx, token_hash=token_hash(half_token))
    await tries.forget(tx, username=operator.username)
    await deeds.note(tx, operator, "login")
    return await _session(tx, operator, whole=True)


async def _session(tx: Tx, operator: Operator, *, whole: bool) -> SessionOpened:
    token = new_token()
    ends_at = tx.now + (timedelta(hours=SESSION_H) if whole else timedelta(minutes=HALF_SESSION_MINUTES))
    await sql.add_session(
        tx,
        operator_id=operator.id,
        token_hash=token_hash(token),
        whole=whole,
        ends_at=ends_at,
        kept=SESSIONS_MAX,
    )
    return SessionOpened(operator=operator, token=token, ends_at=ends_at, whole=whole)


async def _note(
    tx: Tx,
    about: Operator,
    action: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str,
) -> None:
    await deeds.note(tx, None, action, actor=COMMAND_LINE, about=about, before=before, after=after, reason=reason)
