"""Writing down what a buyer is to be told, in the transaction that made it true; others send it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from crossdock.base.ids import AccountId, HandoverId, NoticeId
from crossdock.core.notices import sql
from crossdock.core.notices.errors import NoticeUnknown
from crossdock.core.notices.model import Contact, Kind, notices_of
from crossdock.db.database import Database
from crossdock.db.tx import Tx

NOTICES_TOPIC: Final = "notices"
"""Signalled when a notice is to be sent."""
REMIND_LATE: Final = timedelta(days=7)
"""A reminder that was due longer ago is left out, where the code has no end by which it would be too late."""
REMINDERS_MAX: Final = 500
"""Put on record in one transaction; the rest is in the next one."""


async def ready(tx: Tx, *, account_id: AccountId, handover_id: HandoverId) -> None:
    """The goods were set aside, or lie in a box: once for each time they were."""
    contact = await sql.contact(tx, account_id=account_id, handover_id=handover_id, occasion=None)
    await _write(tx, [contact], "ready")


async def remind(tx: Tx, *, account_id: AccountId, handover_id: HandoverId, until: datetime) -> None:
    """The parcel waits until then and not longer: once for each end."""
    contact = await sql.contact(tx, account_id=account_id, handover_id=handover_id, occasion=until)
    await _write(tx, [contact], "reminder")


async def remind_due(database: Database) -> int:
    """Whose parcels wait at a counter for long, in transactions of REMINDERS_MAX; how many people are to be told."""
    told = 0
    while True:
        async with database.transaction() as tx:
            found = await sql.to_remind(tx, late=REMIND_LATE, limit=REMINDERS_MAX)
            await _write(tx, found, "reminder")
        told += len(found)
        if len(found) < REMINDERS_MAX:
            return told


async def open_channels(tx: Tx, channels: Sequence[str]) -> None:
    """What this house can send by from now on, besides the log: said by each worker at its start."""
    await sql.open_channels(tx, channels=channels)


async def resend(tx: Tx, ids: Sequence[NoticeId]) -> None:
    """Put notices back to waiting, due at once, with all their tries before them; those on record are kept.

    One that was sent goes again, one that is being sent stays as it is. Errors: NoticeUnknown.
    """
    known = await sql.put_back(tx, ids=ids)
    for id_ in ids:
        if id_ not in known:
            raise NoticeUnknown(id=id_)
    await tx.notify(NOTICES_TOPIC)


async def _write(tx: Tx, contacts: Iterable[Contact | None], kind: Kind) -> None:
    new = [notice for contact in contacts if contact is not None for notice in notices_of(contact, kind)]
    if new and await sql.insert(tx, new):
        await tx.notify(NOTICES_TOPIC)
