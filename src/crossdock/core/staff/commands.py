"""What people at the counters do, and what is done with their accounts."""

from typing import Any

from crossdock.base.ids import AccountId, HandoverId, SiteId, StaffId
from crossdock.base.seal import Seal
from crossdock.core.staff import passwords, sql
from crossdock.core.staff.errors import LoginWrong, OperationIdInvalid, ReasonTooLong, UsernameTaken
from crossdock.core.staff.model import (
    OPERATION_ID_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    Action,
    LoggedIn,
    Staff,
)
from crossdock.core.staff.tokens import new_token, token_hash
from crossdock.db.database import Database
from crossdock.db.tx import Tx


async def log_in(database: Database, seal: Seal, *, username: str, password: str) -> LoggedIn:
    """Give the person its token.

    Takes the database, not a transaction: none is held open while the password is checked.
    Errors: LoginWrong, one for an unknown name, a wrong password and a withdrawn access, after the same work.
    """
    async with database.transaction(readonly=True) as tx:
        known = await sql.by_username(tx, username=username)
    right = await passwords.matches(password, known.password_hash if known else passwords.nobodys_hash())
    if known is None or not right or not known.active:
        raise LoginWrong()
    token = new_token()
    async with database.transaction() as tx:
        found = await sql.sign_in(
            tx,
            staff_id=known.id,
            password_hash=known.password_hash,
            token_hash=token_hash(token),
            token_sealed=seal.seal(token),
        )
        if found is None:
            raise LoginWrong()
        await record_action(tx, account_id=found.account_id, site_id=found.site_id, staff_id=found.id, action="login")
    return LoggedIn(staff=found, token=seal.open(found.token_sealed))


async def create_staff(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    username: str,
    password_hash: str,
    manager: bool = False,
    created_by: StaffId | None = None,
) -> Staff:
    """Add a person to a place; `password_hash` comes from `passwords.hashed`, made before the transaction.

    Errors: UsernameTaken.
    """
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
    await record_action(tx, account_id=account_id, site_id=site_id, staff_id=created_by, action="create_staff")
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
) -> str:
    """Add one row to the history of a shop; rows are never changed. `staff_id` None is the system itself.

    `before` and `after` hold the states that changed. `operation_id` is once in each place: ask `action_of` before,
    which keeps others of the same id waiting. Returns who did it, by user name; empty for the system. Errors:
    ReasonTooLong, OperationIdInvalid.
    """
    if len(reason) > REASON_CHARACTERS_MAX:
        raise ReasonTooLong(characters_max=REASON_CHARACTERS_MAX)
    if operation_id is not None and not 0 < len(operation_id) <= OPERATION_ID_CHARACTERS_MAX:
        raise OperationIdInvalid(characters_max=OPERATION_ID_CHARACTERS_MAX)
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
    )


async def action_of(tx: Tx, *, account_id: AccountId, site_id: SiteId, operation_id: str) -> Action | None:
    """What this operation did in this place; None when it did nothing so far.

    Whoever asks for the same one waits until this transaction ends.
    """
    await sql.lock_operation(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    return await sql.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
