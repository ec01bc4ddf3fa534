"""A parcel that was measured anew after its label was printed."""

from typing import Final

from crossdock.core.catalog import queries as catalog
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import StateForbids
from crossdock.core.orders.model import Measure, product_ids
from crossdock.dialects.birdsystem import consigned, goods, records, wire
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.errors import NotMeasurable, ValueRequired
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint


async def fix(desk: Desk, client: Client, given: Parameters) -> wire.Success:
    """POST /client/Consignment/Fix-Consignment-Measure-Info: millimetres, and grams above what is known."""
    if given.get("id") is None:
        raise ValueRequired(field="id")
    asked = given.whole()
    length, width, depth, weight = (goods.amount(name, asked) for name in ("length", "width", "depth", "weight"))
    measure = Measure(weight_g=weight, length_mm=length, width_mm=width, height_mm=depth)
    async with desk.database.transaction() as tx:
        order = await consigned.own(tx, client, consigned.record_id(given))
        lines = await queries.lines(tx, account_id=client.account.id, order_id=order.id)
        ids = product_ids(lines)
        products = await catalog.products(tx, account_id=client.account.id, ids=ids) if ids else {}
        try:
            await commands.fix_measure(
                tx,
                account_id=client.account.id,
                order_id=order.id,
                measure=measure,
                weight_above_g=records.goods_weight_of(lines, products),
                dialect=NAME,
                actor=client.actor,
            )
        except StateForbids as error:
            raise NotMeasurable(id=order.id) from error
    return wire.Success()


ENDPOINTS: Final = (Endpoint("POST /client/Consignment/Fix-Consignment-Measure-Info", fix),)
