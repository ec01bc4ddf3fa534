"""Pictures that prove a delivery. Their bytes are kept before this: a row names only what is there."""

from collections.abc import Collection, Sequence

import msgspec

from crossdock.base.ids import AccountId
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.orders import commands as orders
from crossdock.core.transport import queries, sql
from crossdock.core.transport.errors import WaybillUnknown
from crossdock.core.transport.model import NewPicture, Picture
from crossdock.db.tx import Tx


async def prove(
    tx: Tx,
    *,
    account_ids: Collection[AccountId],
    mailno: str,
    pictures: Sequence[NewPicture],
    dialect: str = HOUSE,
    actor: str = "",
) -> list[Picture]:
    """Pictures of the parcel of these accounts that got this number last; those that are news.

    The same picture again changes nothing. Errors: WaybillUnknown.
    """
    found = await queries.newest(tx, account_ids=account_ids, mailnos=[mailno])
    if not found:
        raise WaybillUnknown(mailnos=mailno)
    [waybill] = found
    order = await orders.locked(tx, account_id=waybill.account_id, order_id=waybill.order_id)
    once = list({picture.digest: picture for picture in pictures}.values())
    news = await sql.put_pictures(tx, account_id=waybill.account_id, waybill_id=waybill.id, pictures=once)
    if news:
        await orders.tell(
            tx,
            order,
            kind=kinds.PROOF_PICTURED,
            dialect=dialect,
            actor=actor,
            facts={
                "number": order.number,
                "leg_id": waybill.leg_id,
                "mailno": mailno,
                "pictures": msgspec.to_builtins(sorted(news, key=lambda picture: picture.id)),
            },
        )
    return news
