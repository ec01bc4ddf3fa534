"""Licence plates of pallets and cartons, announced by their owner before they come, in batches that add up."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId
from crossdock.core.units import plates_sql
from crossdock.core.units.commands import few
from crossdock.core.units.errors import PlatesReceived, PlateTaken
from crossdock.core.units.model import NewPlate, Plate
from crossdock.db.tx import Tx


async def announce(
    tx: Tx,
    *,
    account_id: AccountId,
    source_number: str,
    batch_key: str,
    content_hash: bytes,
    plates: Sequence[NewPlate],
) -> None:
    """One batch of the plates that come under a purchase order's number; the order itself may come later.

    The same batch again changes nothing; with other content it is replaced, until something of it has come.
    Errors: PlatesReceived, PlateTaken.
    """
    before = await plates_sql.lock_batch(
        tx, account_id=account_id, source_number=source_number, batch_key=batch_key, content_hash=content_hash
    )
    if before is not None and before.content_hash == content_hash:
        return
    if before is not None:
        if before.received:
            raise PlatesReceived(batch=batch_key)
        await plates_sql.empty_batch(
            tx, account_id=account_id, source_number=source_number, batch_key=batch_key, content_hash=content_hash
        )
    put = await plates_sql.put(
        tx,
        account_id=account_id,
        source_number=source_number,
        batch_key=batch_key,
        plates=sorted(plates, key=lambda plate: plate.code),
    )
    taken = [plate.code for plate in plates if plate.code not in put]
    if taken:
        raise PlateTaken(codes=few(taken))


async def of_sources(tx: Tx, *, account_id: AccountId, source_numbers: Sequence[str]) -> list[Plate]:
    """All that was announced under these numbers, by code: an order's own number, or its purchase orders'."""
    return await plates_sql.of_sources(tx, account_id=account_id, source_numbers=source_numbers)
