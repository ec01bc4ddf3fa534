"""What weighing machines saw: kept with its parcel, or for a day until the parcel's number appears."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import structlog

from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.catalog import commands as catalog
from crossdock.core.catalog.model import Figures
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.transport import queries, readings_sql, sql
from crossdock.core.transport.model import KeptReading, Reading, Waybill
from crossdock.db.tx import Tx

log = structlog.get_logger(__name__)

KEPT: Final = timedelta(hours=24)
"""A reading without a parcel; older ones are swept away."""
VOLUME_DIFFERS: Final = Decimal("0.05")
"""A volume further from that of its sides is flagged: a hand or a strap was in the way."""
SWEPT_MAX: Final = 1_000
"""Of one transaction."""
TOLD: Final = (
    "device",
    "weight_g",
    "length_mm",
    "width_mm",
    "height_mm",
    "volume_cm3",
    "volume_differs",
    "measured_at",
)
"""Of a reading, on the timeline."""


async def read(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, reading: Reading, dialect: str = HOUSE, actor: str = ""
) -> Waybill | None:
    """Keep a reading; the parcel it is of, with the figures read last, or None while no parcel has this number.

    It stands on the order's timeline at the time it was made. The same reading again changes nothing; a parcel of one
    piece measures its product as well.
    """
    found = await queries.newest(tx, account_ids=[account_id], mailnos=[reading.mailno])
    sides = reading.length_mm * reading.width_mm * reading.height_mm / 1_000
    kept = await readings_sql.put(
        tx,
        account_id=account_id,
        site_id=site_id,
        waybill_id=found[0].id if found else None,
        reading=reading,
        volume_differs=abs(reading.volume_cm3 - sides) > sides * VOLUME_DIFFERS,
    )
    if kept is not None and kept.volume_differs:
        log.warning("volume of a parcel differs from its sides", mailno=reading.mailno, device=reading.device)
    if not found:
        return None
    if kept is not None:
        await _attach(tx, found, [kept], dialect=dialect, actor=actor)
    return (await queries.newest(tx, account_ids=[account_id], mailnos=[reading.mailno]))[0]


def named_by(leg_id: OrderId) -> str:
    """The number a reading waits under that names a transport order: it is of its only parcel, once that has one."""
    return f"order:{leg_id}"


async def claim(tx: Tx, *, account_id: AccountId, waybills: Sequence[Waybill], leg_id: OrderId | None) -> bool:
    """Parcels that have just got their numbers take the readings that waited for them; whether there were any."""
    names = [(waybill.id, waybill.mailno) for waybill in waybills]
    if leg_id is not None and len(await sql.of_leg(tx, account_id=account_id, leg_id=leg_id)) == 1:
        names.append((waybills[0].id, named_by(leg_id)))
    claimed = await readings_sql.claim(tx, account_id=account_id, waybills=names, since=tx.now - KEPT)
    if claimed:
        await _attach(tx, waybills, claimed, dialect=HOUSE, actor="scale")
    return bool(claimed)


async def _attach(
    tx: Tx, waybills: Sequence[Waybill], readings: Sequence[KeptReading], *, dialect: str, actor: str
) -> None:
    """All of one account."""
    account_id, by_id = waybills[0].account_id, {waybill.id: waybill for waybill in waybills}
    found = [(by_id[one.waybill_id], one) for one in readings if one.waybill_id is not None]
    ids = sorted({waybill.id for waybill, _ in found})
    await readings_sql.apply(tx, account_id=account_id, waybill_ids=ids)
    for single in await readings_sql.single_pieces(tx, account_id=account_id, waybill_ids=ids):
        await catalog.measure_product(
            tx,
            account_id=account_id,
            product_id=single.product_id,
            figures=Figures(weight_g=round(single.weight_g), volume_cm3=single.volume_cm3),
            dialect=dialect,
            actor=actor,
        )
    for waybill, one in sorted(found, key=lambda pair: (pair[1].measured_at, pair[1].id)):
        order = await order_queries.order(tx, account_id=account_id, order_id=waybill.order_id)
        await orders.tell(
            tx,
            order,
            kind=kinds.ORDER_WEIGHED,
            dialect=dialect,
            actor=actor,
            happened_at=one.measured_at,
            facts={
                "number": order.number,
                "leg_id": waybill.leg_id,
                "mailno": waybill.mailno,
                **{name: getattr(one, name) for name in TOLD},
            },
        )


async def sweep(tx: Tx) -> int:
    """Forget readings whose parcel never came; how many, at most SWEPT_MAX."""
    return await readings_sql.forget(tx, before=tx.now - KEPT, limit=SWEPT_MAX)
