"""What an operator sees of notices."""

from datetime import datetime
from typing import Any, Final

from crossdock.base.ids import AccountId, NoticeId
from crossdock.core.notices import sending, sql
from crossdock.core.notices.errors import NoticeUnknown
from crossdock.core.notices.model import Attempt, Channel, Due, Kind, Notice, State
from crossdock.db.tx import Tx

LISTED_MAX: Final = 1_000
"""More are not read at a time; the filters narrow it down."""


def only(
    *,
    account_id: AccountId | None = None,
    state: State | None = None,
    kind: Kind | None = None,
    channel: Channel | None = None,
    number: str | None = None,
    since: datetime | None = None,
) -> dict[str, Any]:
    """A filter: what is given, all of it must hold. `since` is when it was put on record."""
    given = {
        "account_id": account_id,
        "state": state,
        "kind": kind,
        "channel": channel,
        "number": number,
        "since": since,
    }
    return {name: value for name, value in given.items() if value is not None}


async def list_notices(tx: Tx, filters: dict[str, Any], *, limit: int = 100) -> list[Notice]:
    """Newest first; at most LISTED_MAX. `filters` are from `only`."""
    return await sql.listed(tx, filters=filters, limit=min(limit, LISTED_MAX))


async def count_by_state(tx: Tx, filters: dict[str, Any]) -> dict[str, int]:
    """States without any are left out."""
    return await sql.count_by_state(tx, filters=filters)


async def notice(tx: Tx, notice_id: NoticeId) -> Due:
    """With its parcel as it is now. Errors: NoticeUnknown."""
    found = await sending.due_again(tx, notice_id)
    if found is None:
        raise NoticeUnknown(id=notice_id)
    return found


async def attempts(tx: Tx, notice_id: NoticeId) -> list[Attempt]:
    """Every try, the first one first."""
    return await sql.attempts(tx, notice_id=notice_id)
