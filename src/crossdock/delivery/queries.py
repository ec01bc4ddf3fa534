"""What an operator sees of callbacks."""

from crossdock.base.ids import AccountId, CallbackId
from crossdock.db.tx import Tx
from crossdock.delivery import sql
from crossdock.delivery.errors import CallbackUnknown
from crossdock.delivery.model import Attempt, CallbackRow, ReceiverRow, State

LISTED_MAX = 1_000
"""More are not read at a time; the filters narrow it down."""


async def list_callbacks(
    tx: Tx,
    *,
    account_id: AccountId | None = None,
    state: State | None = None,
    receiver: str | None = None,
    limit: int = 100,
) -> list[CallbackRow]:
    """Newest first; `receiver` is a receiver's name. At most LISTED_MAX."""
    return await sql.callbacks(
        tx, account_id=account_id, state=state, receiver=receiver, limit=min(limit, LISTED_MAX)
    )


async def callback(tx: Tx, callback_id: CallbackId) -> CallbackRow:
    """Errors: CallbackUnknown."""
    found = await sql.callback(tx, callback_id=callback_id)
    if found is None:
        raise CallbackUnknown(id=callback_id)
    return found


async def count_by_state(
    tx: Tx, *, account_id: AccountId | None = None, receiver: str | None = None
) -> dict[State, int]:
    """States without any are left out."""
    return await sql.count_by_state(tx, account_id=account_id, receiver=receiver)


async def attempts(tx: Tx, callback_id: CallbackId, *, account_id: AccountId | None = None) -> list[Attempt]:
    """Every try, the first one first."""
    return await sql.attempts(tx, account_id=account_id, callback_id=callback_id)


async def receivers(tx: Tx, *, account_id: AccountId | None = None) -> list[ReceiverRow]:
    """By account, dialect and name, with what each is owed."""
    return await sql.receivers(tx, account_id=account_id)
