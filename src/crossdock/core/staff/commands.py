"""What people at the counters do, and what is done with their accounts."""

import re
from datetime import timedelta
from typing import Any

from crossdock.base.ids import AccountId, HandoverId, SiteId, StaffId
from crossdock.base.seal import Seal
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import SiteKind
from crossdock.core.staff import passwords, people_sql, sql, tries
from crossdock.core.staff.errors import (
    LoginWrong,
    OperationIdInvalid,
    ReasonTooLong,
    UsernameTaken,
    UsernameUnusable,
    WrongPlace,
)
from crossdock.core.staff.model import (
    OPERATION_ID_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    SESSION_H,
    SESSIONS_MAX,
    USERNAME_CHARACTERS_MAX,
    USERNAME_PATTERN,
    Action,
    LoggedIn,
    SessionOpened,
    Staff,
    role_of,
)
from crossdock.core.staff.tokens import new_token, token_hash
from crossdock.db.database import Database
from crossdock.db.tx import Tx


async def log_in(
    database: Database, seal: Seal, *, username: str, password: str, kind: SiteKind = "shop"
) -> LoggedIn:
    """Give the person its token for programs, the same at every login.

    Takes the database, not a transaction: none is held open while the password is checked.
    Errors: LoginWrong, one for an unknown name, a wrong password and a withdrawn access, after the same work;
    LoginLocked after too many of them under one name, also for the right password; WrongPlace for somebody who
    works at a place of another kind.
    """
    known = await checked(database, username=username, password=password)
    token = new_token()
    async with database.transaction() as tx:
        await _arrive(tx, known, kind)
        given = await sql.give_token(
            tx, staff_id=known.id, token_hash=token_hash(token), token_sealed=seal.seal(token)
        )
    return LoggedIn(staff=given, token=seal.open(given.token_sealed))


async def open_session(database: Database, *, username: str, password: str, kind: SiteKind = "shop") -> SessionOpened:
    """Log in at a page: a token of this session alone, which ends after SESSION_H hours.

    Of more than SESSIONS_MAX sessions of one person the oldest ends. Takes the database, and refuses, as `log_in`.
    """
    known = await checked(database, username=username, password=password)
    token = new_token()
    async with database.transaction() as tx:
        staff = await _arrive(tx, known, kind)
        ends_at = tx.now + timedelta(hours=SESSION_H)
        await sql.add_session(
            tx, account_id=staff.account_id, staff_id=staff.id, token_hash=token_hash(token), ends_at=ends_at
        )
        await sql.end_oldest_sessions(tx, staff_id=staff.id, kept=SESSIONS_MAX)
    return SessionOpened(staff=staff, token=token, ends_at=ends_at)


async def close_session(tx: Tx, *, token: str) -> None:
    """Log out at a page; a session that is over already, or never was, is no error."""
    staff = await sql.end_session(tx, token_hash=token_hash(token))
    if staff is not None:
        await record_action(
            tx, account_id=staff.account_id, site_id=staff.site_id, staff_id=staff.id, action="logout"
        )


async def end_session(tx: Tx, *, staff: Staff, session_id: int) -> None:
    """One of one's own, that is open somewhere else. One that is over already is no error."""
    if await people_sql.end_session(tx, staff_id=staff.id, session_id=session_id):
        await record_action(
            tx, account_id=staff.account_id, site_id=staff.site_id, staff_id=staff.id, action="end_session"
        )


async def checked(database: Database, *, username: str, password: str) -> sql.Known:
    """Whose name and password these are; counted as a wrong try so far. Errors: LoginWrong, LoginLocked."""
    async with database.transaction() as tx:
        await tries.begin(tx, username=username)
        known = await sql.by_username(tx, username=username)
    right = await passwords.matches(password, known.password_hash if known else passwords.nobodys_hash())
    if known is None or not right or not known.active:
        raise LoginWrong()
    return known


async def sweep(tx: Tx) -> None:
    """Forget sessions that are over, and wrong passwords that count no more."""
    await sql.sweep_sessions(tx)
    await tries.sweep(tx)


async def create_staff(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    username: str,
    password_hash: str,
    manager: bool = False,
    created_by: StaffId | None = None,
    actor: str = "",
    reason: str = "",
    operation_id: str | None = None,
) -> Staff:
    """Add a person to a place; `password_hash` comes from `passwords.hashed`, made before the transaction.

    Errors: UsernameUnusable, UsernameTaken, ReasonTooLong.
    """
    if not re.fullmatch(USERNAME_PATTERN, username) or len(username) > USERNAME_CHARACTERS_MAX:
        raise UsernameUnusable(characters_max=USERNAME_CHARACTERS_MAX)
    staff = await sql.add_staff(
        tx,
        account_id=account_id,
        site_id=site_id,
        username=username,
        password_hash=password_hash,
        manager=manager,
    )
    if staff is None:
        raise UsernameTaken(username=username)
    await record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=created_by,
        actor=actor,
        action="create_staff",
        about_staff_id=staff.id,
        after={"role": role_of(staff), "active": True},
        reason=reason,
        operation_id=operation_id,
    )
    return staff


async def record_action(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId | None,
    action: str,
    handover_id: HandoverId | None = None,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    operation_id: str | None = None,
    about_staff_id: StaffId | None = None,
    actor: str = "",
) -> str:
    """Add one row to the history of a shop; rows are never changed. `staff_id` None is the system itself, or `actor`.

    `before` and `after` hold the states that changed. `operation_id` is once in each place: ask `action_of` before,
    which keeps others of the same id waiting. Returns who did it, by user name; empty for the system. Errors:
    ReasonTooLong, OperationIdInvalid.
    """
    check_action(reason=reason, operation_id=operation_id)
    return await sql.add_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action=action,
        handover_id=handover_id,
        reason=reason,
        before=before,
        after=after,
        operation_id=operation_id,
        about_staff_id=about_staff_id,
        actor=actor,
    )


def check_action(*, reason: str, operation_id: str | None) -> None:
    """Whether a row can bear them. Errors: ReasonTooLong, OperationIdInvalid."""
    if len(reason) > REASON_CHARACTERS_MAX:
        raise ReasonTooLong(characters_max=REASON_CHARACTERS_MAX)
    if operation_id is not None and not 0 < len(operation_id) <= OPERATION_ID_CHARACTERS_MAX:
        raise OperationIdInvalid(characters_max=OPERATION_ID_CHARACTERS_MAX)


async def action_of(tx: Tx, *, account_id: AccountId, site_id: SiteId, operation_id: str) -> Action | None:
    """What this operation did in this place; None when it did nothing so far.

    Whoever asks for the same one waits until this transaction ends.
    """
    await sql.lock_operation(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    return await sql.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)


async def _arrive(tx: Tx, known: sql.Known, kind: SiteKind) -> Staff:
    """Note a login; the person's row stays locked.

    Errors: LoginWrong when password or access changed meanwhile, WrongPlace.
    """
    staff = await sql.arrive(tx, staff_id=known.id, password_hash=known.password_hash)
    if staff is None:
        raise LoginWrong()
    site = await accounts.site_by_id(tx, account_id=staff.account_id, site_id=staff.site_id)
    if site is not None and site.kind != kind:
        raise WrongPlace(kind=site.kind)
    await tries.forget(tx, username=staff.username)
    await record_action(tx, account_id=staff.account_id, site_id=staff.site_id, staff_id=staff.id, action="login")
    return staff
