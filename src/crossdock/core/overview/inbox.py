"""The inbox of exceptions: read from wherever they arose, handed to people, put off, done."""

from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import structs

from crossdock.base.ids import AccountId
from crossdock.core.overview import inbox_sql as sql
from crossdock.core.overview.errors import DueInvalid, ExceptionOver, ExceptionTaken
from crossdock.core.overview.inbox_model import (
    DUE_AFTER,
    DUE_DAYS_MAX,
    KINDS,
    LOOKED_AT_MAX,
    OF_A_KIND_MAX,
    ExceptionKind,
    Waiting,
)
from crossdock.core.overview.model import Sight
from crossdock.db.tx import Tx


async def waiting(
    tx: Tx, *, sight: Sight, kinds: Collection[ExceptionKind] = KINDS, done: bool = False
) -> list[Waiting]:
    """What nobody has done, or what was done and is not over; what is due first comes first.

    Of each kind the oldest OF_A_KIND_MAX.
    """
    rows = await _arisen(tx, sight, kinds, "done" if done else "open")
    return sorted(map(_waiting, rows), key=lambda one: (int(one.due_at.timestamp()), one.account_id, one.key))


async def one(tx: Tx, *, sight: Sight, account_id: AccountId, key: str) -> Waiting:
    """Errors: ExceptionOver."""
    kinds = [kind for kind in KINDS if key.startswith(f"{kind}:")]
    if account_id in sight.account_ids and kinds:
        for row in await _arisen(tx, structs.replace(sight, account_ids=[account_id]), kinds, "one", key):
            return _waiting(row)
    raise ExceptionOver(key=key)


async def hand(tx: Tx, waiting: Waiting, *, owner: str | None, before: str | None) -> None:
    """Somebody looks after it from now on, or nobody; `before` is who did, as far as they saw.

    Errors: ExceptionTaken.
    """
    if await sql.hand(tx, account_id=waiting.account_id, key=waiting.key, owner=owner, before=before) is None:
        raise ExceptionTaken(owner=waiting.owner or "")


async def put_off(tx: Tx, waiting: Waiting, *, due_at: datetime) -> None:
    """Errors: DueInvalid."""
    if abs(due_at - tx.now) > timedelta(days=DUE_DAYS_MAX):
        raise DueInvalid(days_max=DUE_DAYS_MAX)
    await sql.set_due(tx, account_id=waiting.account_id, key=waiting.key, due_at=due_at)


async def finish(tx: Tx, waiting: Waiting, *, by: str) -> None:
    """Out of the inbox, until it arises again."""
    await sql.set_done(tx, account_id=waiting.account_id, key=waiting.key, by=by)


async def reopen(tx: Tx, waiting: Waiting) -> None:
    await sql.set_done(tx, account_id=waiting.account_id, key=waiting.key, by=None)


async def _arisen(
    tx: Tx, sight: Sight, kinds: Collection[ExceptionKind], sift: sql.Sift, key: str = ""
) -> list[sql.Arisen]:
    return await sql.arisen(
        tx, sight=sight, kinds=kinds, sift=sift, key=key, most=OF_A_KIND_MAX, looked=LOOKED_AT_MAX
    )


def _waiting(row: sql.Arisen) -> Waiting:
    """One that arose again after it was done is not done."""
    facts = structs.asdict(row)
    if row.done_at is not None and row.done_at < row.since:
        facts |= {"done_at": None, "done_by": None, "due_at": None}
    facts["due_at"] = facts["due_at"] or row.since + DUE_AFTER[row.kind]
    return Waiting(**facts)
