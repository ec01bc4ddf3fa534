"""The lines of a consignment: by product, or described inline."""

from collections.abc import Sequence
from typing import Final

from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import LineUnknown, OrderUnknown
from crossdock.core.orders.model import NewLine, Order, OrderLine, product_ids
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import consigned, goods, listing, records, values, wire, words
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.errors import LineForeign, NothingToUpdate, ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

PRODUCT_LINES: Final = Table(
    columns={
        "id": Column("id", "number"),
        "product_id": Column("product_id", "number"),
        "consignment_id": Column("consignment_id", "number"),
        "quantity": Column("quantity", "number"),
        "product_type": Column("product_type", "word"),
        "product-client_ref": Column("product-client_ref", "text"),
    },
    plain=("id", "product_id"),
)
AGENT_LINES: Final = Table(
    columns={
        "id": Column("id", "number"),
        "consignment_id": Column("consignment_id", "number"),
        "quantity": Column("quantity", "number"),
        "client_ref": Column("client_ref", "text"),
        "product_name": Column("product_name", "text"),
        "product_name_cn": Column("product_name_cn", "text"),
    },
    plain=("id", "client_ref"),
)


async def put_product(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/Consignment-Product: pieces of one product on a PREPARING consignment; with an id a line's own."""
    if given.get("id") is not None:
        return await _change_product(desk, client, given)
    consigned.id_of(given)
    product_id = consigned.needed("product_id", given)
    quantity = goods.quantity(given.get("quantity"))
    fields = goods.line_fields(given.whole())
    async with desk.database.transaction() as tx:
        order = await consigned.own_named(tx, client, given)
        if order.type in words.INLINE_TYPES:
            raise ValueInvalid(field=consigned.FIELD)
        known = await catalog.products(tx, account_id=client.account.id, ids=[product_id])
        if not known:
            raise ProductUnknown(id=product_id)
        [product] = known.values()
        line = await commands.add_line(
            tx,
            account_id=client.account.id,
            order_id=order.id,
            line=NewLine(line_key=str(product.id), product_id=product.id, quantity=quantity, partner_fields=fields),
            dialect=NAME,
            actor=client.actor,
        )
    return wire.Record(data=records.consignment_product(line, product))


async def products(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Consignment-Product: the lines of one consignment."""
    async with desk.database.transaction(readonly=True) as tx:
        lines = [line for line in await _lines(tx, client, given) if line.product_id is not None]
        ids = product_ids(lines)
        known = await catalog.products(tx, account_id=client.account.id, ids=ids) if ids else {}
    rows = [records.line_row(line, known[line.product_id]) for line in lines if line.product_id is not None]
    return listing.answer(rows, given, PRODUCT_LINES, zone=client.company.zone)


async def put_agent(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/Agent-Direct-Consignment-Product: goods described inline; with an id a line's own."""
    if given.get("id") is not None:
        return await _change_agent(desk, client, given)
    consigned.id_of(given)
    new = goods.inline(given.whole())
    async with desk.database.transaction() as tx:
        order = await consigned.own_named(tx, client, given)
        if order.type != "AGENT_DIRECT":
            raise ValueInvalid(field=consigned.FIELD)
        line = await commands.add_line(
            tx, account_id=client.account.id, order_id=order.id, line=new, dialect=NAME, actor=client.actor
        )
    return wire.Record(data=records.agent_product(line))


async def agent_products(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Agent-Direct-Consignment-Product: the lines of one consignment."""
    async with desk.database.transaction(readonly=True) as tx:
        lines = await _lines(tx, client, given, type_="AGENT_DIRECT")
    rows = [records.agent_product(line) for line in lines]
    return listing.answer(rows, given, AGENT_LINES, zone=client.company.zone)


async def remove_product(desk: Desk, client: Client, given: Parameters) -> wire.Done:
    """DELETE /client/Consignment-Product/[id]: a line off a PREPARING consignment."""
    return await _remove(desk, client, given, stocked=True)


async def remove_agent(desk: Desk, client: Client, given: Parameters) -> wire.Done:
    """DELETE /client/Agent-Direct-Consignment-Product/[id]: a line off a PREPARING consignment."""
    return await _remove(desk, client, given, stocked=False)


async def _change_product(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """The product and the consignment of a line stay; what is not sent does too."""
    fields = goods.changed_line_fields(given.whole())
    quantity = None if given.get("quantity") is None else goods.quantity(given.get("quantity"))
    if not fields and quantity is None:
        raise NothingToUpdate()
    async with desk.database.transaction() as tx:
        line, _ = await _own_line(tx, client, given, stocked=True)
        for name, kept in (("product_id", line.product_id), (consigned.FIELD, line.order_id)):
            if values.whole(name, given.get(name)) not in (None, kept):
                raise ValueInvalid(field=name)
        changed = await commands.change_line(
            tx, account_id=client.account.id, line=line, quantity=quantity, partner_fields=fields
        )
        product = await catalog.product(tx, account_id=client.account.id, product_id=line.product_id or 0)
    return wire.Record(data=records.consignment_product(changed, product))


async def _change_agent(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    fields = goods.changed_inline_fields(given.whole())
    quantity = None if given.get("quantity") is None else goods.quantity(given.get("quantity"))
    if not fields and quantity is None:
        raise NothingToUpdate()
    client_ref = fields.pop("client_ref", None)
    async with desk.database.transaction() as tx:
        line, _ = await _own_line(tx, client, given, stocked=False)
        changed = await commands.change_line(
            tx,
            account_id=client.account.id,
            line=line,
            line_key=client_ref,
            quantity=quantity,
            sku=client_ref,
            partner_fields=fields,
        )
    return wire.Record(data=records.agent_product(changed))


async def _remove(desk: Desk, client: Client, given: Parameters, *, stocked: bool) -> wire.Done:
    async with desk.database.transaction() as tx:
        line, _ = await _own_line(tx, client, given, stocked=stocked)
        await commands.remove_line(tx, account_id=client.account.id, line=line)
    return wire.Done()


async def _own_line(tx: Tx, client: Client, given: Parameters, *, stocked: bool) -> tuple[OrderLine, Order]:
    """With its consignment, which is held. Errors: LineForeign."""
    line_id = consigned.record_id(given)
    try:
        line = await queries.line(tx, account_id=client.account.id, line_id=line_id)
        order = await consigned.own(tx, client, line.order_id)
    except (LineUnknown, OrderUnknown) as error:
        raise LineForeign(id=line_id) from error
    if (line.product_id is not None) != stocked or order.type == "CLIENT_DIRECT":
        raise LineForeign(id=line_id)
    return line, order


async def _lines(tx: Tx, client: Client, given: Parameters, *, type_: str | None = None) -> Sequence[OrderLine]:
    """Of the consignment that is named, or the one line with this id. Errors: ValueRequired, ValueInvalid."""
    if given.get(consigned.FIELD) is None and given.get("id") is not None:
        try:
            line = await queries.line(tx, account_id=client.account.id, line_id=consigned.record_id(given))
        except LineUnknown:
            return []
        order, lines = await consigned.seen(tx, client, line.order_id), [line]
    else:
        order = await consigned.seen(tx, client, consigned.id_of(given))
        lines = [] if order is None else await queries.lines(tx, account_id=client.account.id, order_id=order.id)
    return [] if order is None or type_ not in (None, order.type) else lines


ENDPOINTS: Final = (
    Endpoint("POST /client/Consignment-Product", put_product),
    Endpoint("GET /client/Consignment-Product", products),
    Endpoint("DELETE /client/Consignment-Product/[id]", remove_product),
    Endpoint("POST /client/Agent-Direct-Consignment-Product", put_agent),
    Endpoint("GET /client/Agent-Direct-Consignment-Product", agent_products),
    Endpoint("DELETE /client/Agent-Direct-Consignment-Product/[id]", remove_agent),
)
