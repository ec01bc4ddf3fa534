"""What managers look after: the branch's people, and its history."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from litestar import get
from litestar.params import FromQuery
from msgspec import Struct

from crossdock.base.errors import Invalid
from crossdock.console.counter.views import masked
from crossdock.console.counter.who import Person, manager
from crossdock.console.web import PageRequest
from crossdock.core.staff import queries
from crossdock.core.staff.model import Action, ActionFilter, StaffFilter

ACTIONS_MAX: Final = 30
"""Of one page of the history."""
PEOPLE_MAX: Final = 200
"""Of one branch on one page."""
START_MAX: Final = 100_000


class Somebody(Struct, frozen=True, kw_only=True):
    id: int
    username: str
    active: bool
    last_login: datetime | None


class Done(Struct, frozen=True, kw_only=True):
    """One row of the history."""

    id: int
    at: datetime
    who: str
    """Empty for the system."""
    action: str
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
    return [
        Somebody(id=each.id, username=each.username, active=each.active, last_login=each.last_login) for each in found
    ]


@get("/counter/actions")
async def history(
    request: PageRequest, staff: FromQuery[int | None] = None, day: FromQuery[str] = "", start: FromQuery[int] = 0
) -> History:
    """What was done in the branch, newest first; of one person, on one day of the shop's own calendar."""
    who = await manager(request, write=False)
    if not 0 <= start <= START_MAX or (staff is not None and not 0 < staff < 2**63):
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


def _done(row: Action, who: Person) -> Done:
    return Done(
        id=row.id,
        at=row.created_at,
        who=row.username or "",
        action=row.action,
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


HANDLERS: Final = [people, history]
