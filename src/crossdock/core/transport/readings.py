"""What weighing machines saw: kept with its parcel, or for a day until the parcel's number appears."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.catalog import commands as catalog
from crossdock.core.catalog.model import Figures
from crossdock.core.events.model import HOUSE
from crossdock.core.transport import readings_sql, sql
from crossdock.core.transport.model import Reading, Waybill
from crossdock.db.tx import Tx

KEPT: Final = timedelta(hours=24)
"""A reading without a parcel; older ones are swept away."""
VOLUME_DIFFERS: Final = Decimal("0.05")
"""A volume further from that of its sides is flagged: a hand or a strap was in the way."""
SWEPT_MAX: Final = 1_000
"""Of one transaction."""


async def read(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, reading: Reading, dialect: str = HOUSE, actor: str = ""
) -> Waybill | None:
    """Keep a reading; the parcel it is of, with the figures read last, or None while no parcel has this number.

    The same reading again changes nothing; a parcel of one piece measures its product as well.
    """
    found = await sql.newest(tx, account_ids=[account_id], mailnos=[reading.mailno])
    waybill_id = found[0].id if found else None
    sides = reading.length_mm * reading.width_mm * reading.height_mm / 1_000
    await readings_sql.put(
        tx,
        account_id=account_id,
        site_id=site_id,
        waybill_id=waybill_id,
        reading=reading,
        volume_differs=abs(reading.volume_cm3 - sides) > sides * VOLUME_DIFFERS,
    )
    if waybill_id is None:
        return None
    await _apply(tx, account_id, [waybill_id], dialect=dialect, actor=actor)
    return (await sql.newest(tx, account_ids=[account_id], mailnos=[reading.mailno]))[0]


async def claim(tx: Tx, *, account_id: AccountId, waybills: Sequence[Waybill]) -> bool:
    """Parcels that have just got their numbers take the readings that waited for them; whether there were any."""
    named = [(waybill.id, waybill.mailno) for waybill in waybills]
    claimed = await readings_sql.claim(tx, account_id=account_id, waybills=named, since=tx.now - KEPT)
    if claimed:
        ids = sorted({one.waybill_id for one in claimed})
        await _apply(tx, account_id, ids, dialect=HOUSE, actor="scale")
    return bool(claimed)


async def _apply(tx: Tx, account_id: AccountId, waybill_ids: Sequence[int], *, dialect: str, actor: str) -> None:
    """A parcel of exactly one piece says what its product measures."""
    await readings_sql.apply(tx, account_id=account_id, waybill_ids=waybill_ids)
    for single in await readings_sql.single_pieces(tx, account_id=account_id, waybill_ids=waybill_ids):
        await catalog.measure_product(
            tx,
            account_id=account_id,
            product_id=single.product_id,
            figures=Figures(weight_g=round(single.weight_g), volume_cm3=single.volume_cm3),
            dialect=dialect,
            actor=actor,
        )


async def sweep(tx: Tx) -> int:
    """Forget readings whose parcel never came; how many, at most SWEPT_MAX."""
    return await readings_sql.forget(tx, before=tx.now - KEPT, limit=SWEPT_MAX)
