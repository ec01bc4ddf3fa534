"""What an operator sees of callbacks."""

from crossdock.base.ids import AccountId, CallbackId, ReceiverId
from crossdock.core.events.model import Event, Receiver
from crossdock.db.tx import Tx
from crossdock.delivery import listing_sql, sql
from crossdock.delivery.errors import AttemptUnknown, CallbackUnknown, ReceiverUnknown
from crossdock.delivery.model import Attempt, CallbackRow, Choice, ReceiverPage, ReceiverRow, Reckoned, State

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


async def callback(tx: Tx, callback_id: CallbackId, *, account_id: AccountId | None = None) -> CallbackRow:
    """Errors: CallbackUnknown."""
    found = await sql.callback(tx, account_id=account_id, callback_id=callback_id)
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


async def told(tx: Tx, callback_id: CallbackId, *, account_id: AccountId | None = None) -> tuple[Event, Receiver]:
    """What a callback is about, and whom it tells. Errors: CallbackUnknown."""
    found = await sql.told(tx, account_id=account_id, callback_id=callback_id)
    if found is None:
        raise CallbackUnknown(id=callback_id)
    return found


async def receiver(tx: Tx, receiver_id: ReceiverId, *, account_id: AccountId | None = None) -> ReceiverPage:
    """Errors: ReceiverUnknown."""
    for found in await listing_sql.receivers(tx, account_id=account_id, receiver_id=receiver_id, limit=1):
        return found
    raise ReceiverUnknown(id=receiver_id)


async def reckoned(tx: Tx, choice: Choice, *, account_id: AccountId | None = None) -> Reckoned:
    """What would go again."""
    return await listing_sql.reckoned(tx, account_id=account_id, choice=choice)


async def attempt(
    tx: Tx, callback_id: CallbackId, *, account_id: AccountId | None = None, number: int | None = None
) -> Attempt:
    """One try, whole; without a number the newest. Errors: AttemptUnknown."""
    found = await listing_sql.attempt(tx, account_id=account_id, callback_id=callback_id, number=number)
    if found is None:
        raise AttemptUnknown(id=callback_id)
    return found
