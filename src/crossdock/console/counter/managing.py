"""What managers look after: the branch's people, and its history."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from crossdock.base.errors import Invalid
from crossdock.base.ids import StaffId
from crossdock.console.counter.who import Person, manager
from crossdock.console.web import PageRequest
from crossdock.core.handover.codes import masked
from crossdock.core.staff import managing, passwords, queries
from crossdock.core.staff.errors import StaffUnknown
from crossdock.core.staff.model import (
    PASSWORD_CHARACTERS_MAX,
    USERNAME_CHARACTERS_MAX,
    Action,
    ActionFilter,
    Staff,
    StaffFilter,
)

ACTIONS_MAX: Final = 30
"""Of one page of the history."""
PEOPLE_MAX: Final = 200
"""Of one branch on one page."""
START_MAX: Final = 100_000
STAFF_ID_MAX: Final = 2**63 - 1


class Somebody(Struct, frozen=True, kw_only=True):
    id: int
    username: str
    active: bool
    last_login: datetime | None


Username = Annotated[str, Meta(min_length=1, max_length=USERNAME_CHARACTERS_MAX)]
Password = Annotated[str, Meta(max_length=PASSWORD_CHARACTERS_MAX)]


class Hired(Struct, frozen=True, forbid_unknown_fields=True):
    username: Username
    password: Password


class NewPassword(Struct, frozen=True, forbid_unknown_fields=True):
    password: Password


class Done(Struct, frozen=True, kw_only=True):
    """One row of the history."""

    id: int
    at: datetime
    who: str
    """Empty for the system, or for the platform's operator."""
    operator: bool
    action: str
    about: str
    """Whose account it was done to."""
    number: str
    code: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str
    parcel_id: int | None


class History(Struct, frozen=True, kw_only=True):
    rows: list[Done]
    total: int


@get("/counter/people")
async def people(request: PageRequest) -> list[Somebody]:
    """The manager's own clerks."""
    who = await manager(request, write=False)
    async with who.desk.database.autocommit() as tx:
        _, found = await queries.subordinates(
            tx, **who.place, but_not=who.staff.id, wanted=StaffFilter(), order_by="username", limit=PEOPLE_MAX
        )
    return [_somebody(each) for each in found]


@post("/counter/people", status_code=200)
async def hire(request: PageRequest, data: JSONBody[Hired]) -> Somebody:
    who = await manager(request, write=True)
    password_hash = await _hashed(who, data.password)
    async with who.desk.database.transaction() as tx:
        return _somebody(
            await managing.hire(tx, by=who.staff, username=data.username.strip(), password_hash=password_hash)
        )


@post("/counter/people/{staff_id:int}/password", status_code=200)
async def set_password(request: PageRequest, staff_id: FromPath[int], data: JSONBody[NewPassword]) -> Somebody:
    """Whoever is logged in under the old one is logged out."""
    who = await manager(request, write=True)
    password_hash = await _hashed(who, data.password)
    async with who.desk.database.transaction() as tx:
        return _somebody(
            await managing.set_password(tx, staff_id=_id(staff_id), password_hash=password_hash, by=who.staff)
        )


CHANGES: Final = {
    "disable": managing.disable,
    "enable": managing.enable,
    "withdraw": managing.withdraw,
    "unlock": managing.unlock,
}
"""What else a manager does with a clerk's account, by the last part of its address."""


@post("/counter/people/{staff_id:int}/{change:str}", status_code=200)
async def change(
    request: PageRequest,
    staff_id: FromPath[int],
    change: FromPath[Literal["disable", "enable", "withdraw", "unlock"]],
) -> Somebody:
    who = await manager(request, write=True)
    async with who.desk.database.transaction() as tx:
        return _somebody(await CHANGES[change](tx, staff_id=_id(staff_id), by=who.staff))


@get("/counter/actions")
async def history(
    request: PageRequest, staff: FromQuery[int | None] = None, day: FromQuery[str] = "", start: FromQuery[int] = 0
) -> History:
    """What was done in the branch, newest first; of one person, on one day of the shop's own calendar."""
    who = await manager(request, write=False)
    if not 0 <= start <= START_MAX or (staff is not None and not 0 < staff <= STAFF_ID_MAX):
        raise Invalid()
    since, until = _day(who, day) if day else (None, None)
    async with who.desk.database.autocommit() as tx:
        total, rows = await queries.actions(
            tx,
            **who.place,
            wanted=ActionFilter(staff_ids=None if staff is None else (staff,), since=since, until=until),
            start=start,
            limit=ACTIONS_MAX,
        )
    return History(rows=[_done(row, who) for row in rows], total=total)


async def _hashed(who: Person, password: str) -> str:
    """Errors: PasswordUnusable."""
    passwords.check(password, characters_min=who.rules.password_characters_min)
    return await passwords.hashed(password)


def _id(staff_id: int) -> StaffId:
    """Errors: StaffUnknown."""
    if not 0 < staff_id <= STAFF_ID_MAX:
        raise StaffUnknown(id=staff_id)
    return StaffId(staff_id)


def _somebody(staff: Staff) -> Somebody:
    return Somebody(id=staff.id, username=staff.username, active=staff.active, last_login=staff.last_login)


def _done(row: Action, who: Person) -> Done:
    return Done(
        id=row.id,
        at=row.created_at,
        who=row.username or "",
        operator=bool(row.actor),
        action=row.action,
        about=row.about_username or "",
        number=row.order_number or "",
        code=masked(row.key) if row.key and who.rules.mask_keys else row.key or "",
        before=row.before,
        after=row.after,
        reason=row.reason,
        parcel_id=row.handover_id,
    )


def _day(who: Person, day: str) -> tuple[datetime, datetime]:
    """Its first and its last moment. Errors: Invalid."""
    try:
        since = datetime.combine(date.fromisoformat(day), time(), who.zone)
        return since, since + timedelta(days=1) - timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise Invalid() from error


HANDLERS: Final = [people, hire, set_password, change, history]
