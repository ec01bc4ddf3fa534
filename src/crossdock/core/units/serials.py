"""Codes of single pieces that an owner tells under an order's number, in several messages, before it or after."""

from collections.abc import Sequence

from msgspec import Struct

from crossdock.base.ids import AccountId
from crossdock.core.units import serials_sql
from crossdock.core.units.commands import few
from crossdock.core.units.errors import SerialsTooMany, SerialsTotalDiffers, SerialTaken
from crossdock.core.units.model import AnnouncedSerial
from crossdock.db.tx import Tx


class Told(Struct, frozen=True, kw_only=True):
    """How many codes of an order are here, and how many are to come in all."""

    received: int
    total: int


async def announce(
    tx: Tx,
    *,
    account_id: AccountId,
    order_number: str,
    total: int,
    serials: Sequence[AnnouncedSerial],
    ended: bool,
    transfer_type: str = "",
    reference: str = "",
) -> Told:
    """One message; codes that are here already are passed over. `ended`: it says that none will follow.

    Errors: SerialsTotalDiffers, SerialTaken, SerialsTooMany.
    """
    known = await serials_sql.lock_list(
        tx,
        account_id=account_id,
        order_number=order_number,
        total=total,
        transfer_type=transfer_type,
        reference=reference,
        ended=ended,
    )
    if known != total:
        raise SerialsTotalDiffers(number=order_number, total=known)
    elsewhere = await serials_sql.elsewhere(
        tx, account_id=account_id, order_number=order_number, codes=[serial.code for serial in serials]
    )
    if elsewhere:
        raise SerialTaken(codes=few(elsewhere))
    received = await serials_sql.put(tx, account_id=account_id, order_number=order_number, serials=serials)
    if received > total:
        raise SerialsTooMany(number=order_number, total=total)
    return Told(received=received, total=total)


async def of_order(tx: Tx, *, account_id: AccountId, order_number: str) -> list[AnnouncedSerial]:
    """What was announced for an order, by product and code."""
    return await serials_sql.of_order(tx, account_id=account_id, order_number=order_number)
