"""What an operator does with a callback that did not arrive."""

from typing import Final

from crossdock.base.ids import AccountId, CallbackId, ReceiverId
from crossdock.core.events.commands import CALLBACKS_TOPIC
from crossdock.db.tx import Tx
from crossdock.delivery import sql
from crossdock.delivery.errors import CallbackNotParked, CallbackUnknown, ReceiverUnknown
from crossdock.delivery.model import Choice, Frozen

RESENT_AT_ONCE: Final = 200
"""In one transaction."""


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


async def resend_some(
    tx: Tx, *, account_id: AccountId | None = None, choice: Choice, after: CallbackId | None = None
) -> list[CallbackId]:
    """The next RESENT_AT_ONCE of a range go again; their ids, to go on after the last."""
    ids = await sql.chosen(tx, account_id=account_id, choice=choice, after=after or 0, limit=RESENT_AT_ONCE)
    await sql.put_many_back(tx, ids)
    await tx.notify(CALLBACKS_TOPIC)
    return ids


async def freeze(tx: Tx, *, account_id: AccountId | None = None, receiver_id: ReceiverId, why: str) -> Frozen:
    """Send a receiver nothing until it is thawed: what it is owed gathers, in order. What is being sent arrives.

    Errors: ReceiverUnknown.
    """
    return await _frozen(tx, account_id, receiver_id, frozen=True, why=why)


async def thaw(tx: Tx, *, account_id: AccountId | None = None, receiver_id: ReceiverId) -> Frozen:
    """Errors: ReceiverUnknown."""
    thawed = await _frozen(tx, account_id, receiver_id, frozen=False, why="")
    await tx.notify(CALLBACKS_TOPIC)
    return thawed


async def _frozen(tx: Tx, account_id: AccountId | None, receiver_id: ReceiverId, *, frozen: bool, why: str) -> Frozen:
    found = await sql.set_frozen(tx, account_id=account_id, receiver_id=receiver_id, frozen=frozen, why=why)
    if found is None:
        raise ReceiverUnknown(id=receiver_id)
    return found


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
