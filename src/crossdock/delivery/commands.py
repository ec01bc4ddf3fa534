"""What an operator does with a callback that did not arrive."""

from crossdock.base.ids import AccountId, CallbackId
from crossdock.core.events.commands import CALLBACKS_TOPIC
from crossdock.db.tx import Tx
from crossdock.delivery import sql
from crossdock.delivery.errors import CallbackNotParked, CallbackUnknown


async def resend(tx: Tx, *, account_id: AccountId | None = None, callback_id: CallbackId) -> None:
    """Put a callback back to waiting, due at once, with all its retries before it; its tries are kept.

    One that was delivered goes again, before what is still open in its mailbox. One that is being sent stays
    as it is. Errors: CallbackUnknown.
    """
    place = await sql.locked_place(tx, account_id=account_id, callback_id=callback_id)
    if place is None:
        raise CallbackUnknown(id=callback_id)
    await sql.put_back(tx, callback_id=callback_id, place=place)
    await tx.notify(CALLBACKS_TOPIC)


async def give_up(tx: Tx, *, account_id: AccountId | None = None, callback_id: CallbackId) -> None:
    """Leave a parked callback unsent: it becomes skipped, and its mailbox goes on.

    Errors: CallbackUnknown, CallbackNotParked.
    """
    place = await sql.locked_place(tx, account_id=account_id, callback_id=callback_id)
    if place is None:
        raise CallbackUnknown(id=callback_id)
    if not await sql.skip_parked(tx, callback_id=callback_id, place=place):
        raise CallbackNotParked(id=callback_id)
    await tx.notify(CALLBACKS_TOPIC)
