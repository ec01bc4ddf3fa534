"""Managing people: a manager the clerks of the own branch, a shop or a warehouse; an operator everybody.

`by` is the manager, as known from a token or a session, or who stands above; None is the operator, whom command line
and setup file speak for. Each deed has a row in the history of the person's branch, under the `operation_id` of the
tap that asked for it; one that would change nothing has none.
"""

from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.accounts import sql as accounts_sql
from crossdock.core.accounts.errors import SiteUnknown
from crossdock.core.accounts.model import Site, SiteKind
from crossdock.core.staff import commands, managing_sql, passwords, tries
from crossdock.core.staff.errors import LoginWrong, NotAClerk, NotAManager, StaffUnknown
from crossdock.core.staff.model import OPERATOR, Above, Role, Staff, role_of
from crossdock.core.staff.tokens import token_hash
from crossdock.db.database import Database
from crossdock.db.tx import Tx

By = Staff | Above | None
WORKPLACES: Final[frozenset[SiteKind]] = frozenset({"shop", "warehouse"})


async def hire(
    tx: Tx, *, by: Staff, username: str, password_hash: str, reason: str = "", operation_id: str | None = None
) -> Staff:
    """A manager adds a clerk to the own branch. Errors: NotAManager, and those of commands.create_staff."""
    boss = _manager((await managing_sql.locked(tx, ids=[by.id])).get(by.id))
    return await commands.create_staff(
        tx,
        account_id=boss.account_id,
        site_id=boss.site_id,
        username=username,
        password_hash=password_hash,
        created_by=boss.id,
        reason=reason,
        operation_id=operation_id,
    )


async def place(
    tx: Tx,
    *,
    by: Above,
    at: Site,
    username: str,
    password_hash: str,
    role: Role,
    reason: str = "",
    operation_id: str | None = None,
) -> Staff:
    """An operator adds somebody to a place. Errors: SiteUnknown, and those of commands.create_staff."""
    if by.account_id not in (None, at.account_id) or at.kind not in WORKPLACES:
        raise SiteUnknown()
    return await commands.create_staff(
        tx,
        account_id=at.account_id,
        site_id=at.id,
        username=username,
        password_hash=password_hash,
        manager=role == "manager",
        actor=by.actor,
        reason=reason,
        operation_id=operation_id,
    )


async def disable(tx: Tx, *, staff_id: StaffId, by: By, reason: str = "", operation_id: str | None = None) -> Staff:
    """Withdraw somebody's access. Sessions end; the token stays, so that it is told apart from an unknown one.

    Errors: StaffUnknown, NotAManager, NotAClerk.
    """
    person = await _reached(tx, staff_id, by)
    if not person.active:
        return person
    before = {"active": True, "sessions": await managing_sql.count_sessions(tx, staff_id=staff_id)}
    await managing_sql.end_sessions(tx, staff_id=staff_id)
    after = {"active": False, "sessions": 0}
    await _note(tx, person, by, "disable_staff", before, after, reason, operation_id)
    return await managing_sql.set_active(tx, staff_id=staff_id, active=False)


async def enable(tx: Tx, *, staff_id: StaffId, by: By, reason: str = "", operation_id: str | None = None) -> Staff:
    """Give access back: every device logs in anew. Errors: StaffUnknown, NotAManager, NotAClerk."""
    person = await _reached(tx, staff_id, by)
    if person.active:
        return person
    await managing_sql.withdraw_token(tx, staff_id=staff_id)
    await managing_sql.end_sessions(tx, staff_id=staff_id)
    await _note(tx, person, by, "enable_staff", {"active": False}, {"active": True}, reason, operation_id)
    return await managing_sql.set_active(tx, staff_id=staff_id, active=True)


async def set_password(
    tx: Tx,
    *,
    staff_id: StaffId,
    password_hash: str,
    by: By,
    reason: str = "",
    operation_id: str | None = None,
) -> Staff:
    """Another password: token and sessions are withdrawn, wrong ones forgotten.

    Errors: StaffUnknown, NotAManager, NotAClerk.
    """
    person = await _reached(tx, staff_id, by)
    changed = await managing_sql.set_password(tx, staff_id=staff_id, password_hash=password_hash)
    await _withdraw(tx, person, by, "set_password", reason, operation_id=operation_id)
    await tries.forget(tx, username=person.username)
    return changed


async def change_password(
    database: Database,
    *,
    staff: Staff,
    old: str,
    new: str,
    characters_min: int = 1,
    kept_session: str = "",
    profile: passwords.Profile = passwords.STANDARD,
) -> Staff:
    """One's own password, for who knows the old one; `kept_session` is the token of the session that goes on.

    Errors: PasswordUnusable, LoginWrong, LoginLocked: wrong old passwords count as those of logins.
    """
    passwords.check(new, characters_min=characters_min)
    known = await commands.checked(database, username=staff.username, password=old)
    new_hash = await passwords.hashed(new, profile=profile)
    async with database.transaction() as tx:
        person = (await managing_sql.locked(tx, ids=[known.id])).get(known.id)
        changed = await managing_sql.replace_password(
            tx, staff_id=known.id, old_hash=known.password_hash, new_hash=new_hash
        )
        if person is None or changed is None:
            raise LoginWrong()
        await _withdraw(tx, person, person, "set_password", "", kept_session=kept_session)
        await tries.forget(tx, username=person.username)
    return changed


async def withdraw(tx: Tx, *, staff_id: StaffId, by: By, reason: str = "", operation_id: str | None = None) -> Staff:
    """Log out everywhere: token and sessions are nobody's any more. Anyone may do so for oneself.

    Errors: StaffUnknown, NotAManager, NotAClerk.
    """
    person = await _reached(tx, staff_id, by, oneself=True)
    await _withdraw(tx, person, by, "withdraw", reason, operation_id=operation_id)
    return person


async def unlock(tx: Tx, *, staff_id: StaffId, by: By, reason: str = "", operation_id: str | None = None) -> Staff:
    """Forget wrong passwords. Errors: StaffUnknown, NotAManager, NotAClerk."""
    person = await _reached(tx, staff_id, by)
    if wrong := await tries.forget(tx, username=person.username):
        before, after = {"wrong_passwords": wrong}, {"wrong_passwords": 0}
        await _note(tx, person, by, "unlock", before, after, reason, operation_id)
    return person


async def set_role(
    tx: Tx,
    *,
    staff_id: StaffId,
    role: Role,
    by: Above | None = None,
    reason: str = "",
    operation_id: str | None = None,
) -> Staff:
    """For operators alone. Errors: StaffUnknown."""
    person = await _reached(tx, staff_id, by)
    if role_of(person) == role:
        return person
    await _note(tx, person, by, "set_role", {"role": role_of(person)}, {"role": role}, reason, operation_id)
    return await managing_sql.set_role(tx, staff_id=staff_id, manager=role == "manager")


async def move(
    tx: Tx,
    *,
    staff_id: StaffId,
    site_id: SiteId,
    by: Above | None = None,
    reason: str = "",
    operation_id: str | None = None,
) -> Staff:
    """To another place of the same account and kind, for operators alone; both places remember it.

    Errors: StaffUnknown, SiteUnknown.
    """
    person = await _reached(tx, staff_id, by)
    old = await accounts_sql.site_by_id(tx, account_id=person.account_id, site_id=person.site_id)
    new = await accounts_sql.site_by_id(tx, account_id=person.account_id, site_id=site_id)
    if old is None or new is None or new.kind != old.kind or new.kind not in WORKPLACES:
        raise SiteUnknown()
    if new.id == old.id:
        return person
    moved = await managing_sql.move(tx, staff_id=staff_id, site_id=new.id)
    for at in (person, moved):
        await _note(tx, at, by, "move_staff", {old.kind: old.code}, {new.kind: new.code}, reason, operation_id)
    return moved


class Standing(Struct, frozen=True, kw_only=True):
    """What a setup file says of somebody."""

    id: StaffId
    account_id: AccountId
    site_id: SiteId
    username: str
    password_hash: str
    manager: bool
    active: bool


async def was_set_up(tx: Tx, *, before: Standing, after: Standing, reason: str) -> None:
    """A setup file changed somebody, and has withdrawn the token where it must: the same as if it had been done here.

    Sessions end with another password, with access that is withdrawn, and with access that is given back.
    """
    told: list[tuple[str, dict[str, Any] | None, dict[str, Any] | None]] = []
    if before.site_id != after.site_id:
        codes = [await _shop(tx, standing) for standing in (before, after)]
        told.append(("move_staff", {"shop": codes[0]}, {"shop": codes[1]}))
    if before.manager != after.manager:
        told.append(("set_role", {"role": role_of(before)}, {"role": role_of(after)}))
    if before.password_hash != after.password_hash:
        told.append(("set_password", None, None))
        await tries.forget(tx, username=after.username)
    if before.active != after.active:
        action = "enable_staff" if after.active else "disable_staff"
        told.append((action, {"active": before.active}, {"active": after.active}))
    if {action for action, *_ in told} - {"move_staff", "set_role"}:
        await managing_sql.end_sessions(tx, staff_id=after.id)
    for action, was, is_ in told:
        for at in (before, after) if action == "move_staff" else (after,):
            await _note(tx, at, None, action, was, is_, reason)


# What several deeds need ----------------------------------------------------------


async def _reached(tx: Tx, staff_id: StaffId, by: By, *, oneself: bool = False) -> managing_sql.Person:
    """The person, whose row stays locked, when `by` may manage them: as things stand now, not when `by` logged in."""
    if not isinstance(by, Staff):
        person = (await managing_sql.locked(tx, ids=[staff_id])).get(staff_id)
        if person is None or (by is not None and by.account_id not in (None, person.account_id)):
            raise StaffUnknown(id=staff_id)
        return person
    found = await managing_sql.locked(tx, ids=[by.id, staff_id])
    person = found.get(staff_id)
    if oneself and person is not None and by.id == staff_id:
        return person
    boss = _manager(found.get(by.id))
    if person is None or (person.account_id, person.site_id) != (boss.account_id, boss.site_id):
        raise StaffUnknown(id=staff_id)
    if person.manager:
        raise NotAClerk()
    return person


def _manager(staff: Staff | None) -> Staff:
    if staff is None or not (staff.active and staff.manager):
        raise NotAManager()
    return staff


async def _withdraw(
    tx: Tx,
    person: managing_sql.Person,
    by: By,
    action: str,
    reason: str,
    *,
    kept_session: str = "",
    operation_id: str | None = None,
) -> None:
    before = {"token": person.token, "sessions": await managing_sql.count_sessions(tx, staff_id=person.id)}
    await managing_sql.withdraw_token(tx, staff_id=person.id)
    await managing_sql.end_sessions(tx, staff_id=person.id, but_not=token_hash(kept_session) if kept_session else "")
    after = {"token": False, "sessions": await managing_sql.count_sessions(tx, staff_id=person.id)}
    await _note(tx, person, by, action, before, after, reason, operation_id)


async def _shop(tx: Tx, standing: Standing) -> str:
    site = await accounts_sql.site_by_id(tx, account_id=standing.account_id, site_id=standing.site_id)
    return "" if site is None else site.code


async def _note(
    tx: Tx,
    person: Staff | Standing,
    by: By,
    action: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str,
    operation_id: str | None = None,
) -> None:
    actor = OPERATOR if by is None else by.actor if isinstance(by, Above) else ""
    await commands.record_action(
        tx,
        account_id=person.account_id,
        site_id=person.site_id,
        staff_id=by.id if isinstance(by, Staff) else None,
        actor=actor,
        action=action,
        about_staff_id=person.id,
        before=before,
        after=after,
        reason=reason,
        operation_id=operation_id,
    )
