"""From what a client asks to an order: its service, what is done with a return, its lines."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs

from crossdock.base.ids import OrderId, ProductId
from crossdock.core.accounts.errors import ServiceUnknown
from crossdock.core.accounts.model import DeliveryService, ReturnAction
from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.catalog.model import Product
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.orders import commands, pieces, placing, queries
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import NewLine, NewPiece, Order, PlaceOrder, product_ids
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import creating, goods, parcels, records, values, wire, words
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.creating import Asked
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.goods import Named
from crossdock.dialects.birdsystem.parameters import Values
from crossdock.edge.desk import Desk


class Wanted(Struct, frozen=True, kw_only=True):
    """One consignment of a batch, before its products are looked up."""

    command: PlaceOrder
    service: DeliveryService | None
    named: tuple[Named, ...] = ()
    """Its lines by product; goods described inline stand in the command."""
    pieces: tuple[NewPiece, ...] = ()
    leaves_at_once: bool = False
    """The client labels and hands over the parcel itself: FINISHED as soon as it is placed."""


async def wanted(desk: Desk, client: Client, given: Values, *, row_id: int | None = None) -> Wanted:
    """An element of a batch, or an uploaded row. Errors: ValueRequired, ValueInvalid, ServiceUnknown."""
    asked = creating.asked(given, batch=True)
    named: tuple[Named, ...] = ()
    lines: tuple[NewLine, ...] = ()
    parts: tuple[NewPiece, ...] = ()
    fields: dict[str, Any] = {} if row_id is None else {creating.UPLOADED_ROW: row_id}
    if asked.type == "CLIENT_DIRECT":
        packages = parcels.packages(given)
        lines, parts, fields = packages.lines, packages.pieces, packages.fields
    elif asked.type == "AGENT_DIRECT":
        lines = goods.described(given)
    else:
        named = goods.named(given)
    service = await service_of(desk, client, asked)
    return Wanted(
        command=await command_of(desk, client, asked, service=service, lines=lines, fields=fields),
        service=service,
        named=named,
        pieces=parts,
        leaves_at_once=asked.type == "AGENT_DIRECT" and values.word("status", given.get("status")) != "PENDING",
    )


async def place(desk: Desk, client: Client, batch: Sequence[Wanted]) -> list[wire.Consignment]:
    """All of a batch handed to the warehouse, or none of it; their records in the order given.

    Errors: ProductUnknown, ProductNotActive, ReferenceTaken.
    """
    ids = await OrderIds(desk.database).take([one.command.company_id for one in batch])
    async with desk.database.transaction() as tx:
        orders = await handed_over(tx, client, batch, ids)
        lines = await queries.lines_of(tx, account_id=client.account.id, order_ids=ids)
        goods_ids = product_ids(line for of_order in lines.values() for line in of_order)
        products = await catalog.products(tx, account_id=client.account.id, ids=goods_ids) if goods_ids else {}
    actions = await actions_of(desk, client)
    return [
        records.consignment(
            order,
            lines=lines[order.id],
            products=products,
            service=one.service,
            company=client.company,
            action=actions.get(order.return_action_id or 0),
        )
        for order, one in zip(orders, batch, strict=True)
    ]


async def handed_over(tx: Tx, client: Client, batch: Sequence[Wanted], ids: Sequence[OrderId]) -> list[Order]:
    """As `place`, in a transaction that is open; `ids` come from OrderIds."""
    skus, known = await _products(tx, client, batch)
    placed = await placing.place_together(tx, [_with_lines(one, skus, known) for one in batch], ids)
    for order, one in zip(placed, batch, strict=True):
        for piece in one.pieces:
            await pieces.add(tx, account_id=client.account.id, order_id=order.id, piece=piece)
    who: dict[str, Any] = {"account_id": client.account.id, "dialect": NAME, "actor": client.actor}
    orders = {order.id: order for order in await commands.submit_all(tx, order_ids=ids, **who)}
    for order, one in zip(placed, batch, strict=True):
        if one.leaves_at_once:
            orders[order.id] = (await fulfilment.ship(tx, order_id=order.id, **who)).order
    return [orders[order.id] for order in placed]


async def command_of(
    desk: Desk,
    client: Client,
    asked: Asked,
    *,
    service: DeliveryService | None,
    lines: tuple[NewLine, ...] = (),
    fields: dict[str, Any] | None = None,
) -> PlaceOrder:
    """Errors: ValueInvalid for a return whose action its company does not offer."""
    warehouse = await desk.accounts.warehouse_of(client.account.id, client.company.id)
    owner = await desk.accounts.first_sub_inventory(client.account.id)
    action = await action_of(desk, client, asked)
    return PlaceOrder(
        account_id=client.account.id,
        company_id=client.company.id,
        kind="return" if asked.type == words.RETURN else "outbound",
        dialect=NAME,
        type=asked.type,
        state="draft",
        site_id=warehouse.id,
        sub_inventory_id=owner.id,
        service_id=None if service is None else service.id,
        reference=asked.sales_reference,
        unique_reference=asked.identity_reference,
        recipient=creating.cut(asked.recipient),
        partner_fields=asked.partner_fields | (fields or {}),
        return_action_id=None if action is None else action.id,
        lines=lines,
        actor=client.actor,
    )


async def service_of(desk: Desk, client: Client, asked: Asked) -> DeliveryService | None:
    """None for a return that names none. Errors: ServiceUnknown, ValueInvalid for what it restricts."""
    if asked.service_id is not None:
        service = await desk.accounts.service(client.account.id, asked.service_id)
    elif asked.service_name is not None:
        service = await desk.accounts.service_by_name(client.account.id, client.company.id, asked.service_name)
    elif asked.type == words.RETURN:
        return None
    else:
        raise ServiceUnknown()
    creating.check_service(service, asked, company_id=client.company.id)
    return service


async def action_of(desk: Desk, client: Client, asked: Asked) -> ReturnAction | None:
    """By its id, else the first of its type; only active ones. Errors: ValueInvalid."""
    if asked.type != words.RETURN:
        return None
    offered = [action for action in await desk.accounts.return_actions(client.company.id) if action.active]
    for action in offered:
        if action.id == asked.action_id or (asked.action_id is None and action.type == asked.action_type):
            return action
    raise ValueInvalid(field=creating.ACTION if asked.action_id is not None else creating.ACTION_TYPE)


async def actions_of(desk: Desk, client: Client) -> dict[int, ReturnAction]:
    """All of the company, by id."""
    return {action.id: action for action in await desk.accounts.return_actions(client.company.id)}


async def _products(
    tx: Tx, client: Client, batch: Sequence[Wanted]
) -> tuple[dict[str, Product], dict[ProductId, Product]]:
    """What the batch names, by SKU and by id."""
    goods_named = [name for one in batch for name in one.named]
    skus = {name.sku for name in goods_named if name.sku}
    ids = {name.product_id for name in goods_named if name.product_id is not None}
    by_sku = await catalog.products_by_sku(tx, account_id=client.account.id, skus=skus) if skus else {}
    by_id = await catalog.products(tx, account_id=client.account.id, ids=ids) if ids else {}
    return by_sku, by_id


def _with_lines(one: Wanted, by_sku: dict[str, Product], by_id: dict[ProductId, Product]) -> PlaceOrder:
    """One line for each product, however often it is named. Errors: ProductUnknown."""
    lines: dict[str, NewLine] = {}
    for name in one.named:
        product = by_sku.get(name.sku) if name.product_id is None else by_id.get(ProductId(name.product_id))
        if product is None:
            raise ProductUnknown(id=name.product_id or name.sku)
        key = str(product.id)
        before = lines.get(key)
        lines[key] = NewLine(
            line_key=key,
            product_id=product.id,
            quantity=name.quantity + (0 if before is None else before.quantity),
            partner_fields=name.fields if before is None else before.partner_fields | name.fields,
        )
    return structs.replace(one.command, lines=tuple(lines.values())) if lines else one.command


async def record_of(desk: Desk, client: Client, order_id: OrderId) -> wire.Consignment:
    """As it stands now."""
    async with desk.database.transaction(readonly=True) as tx:
        order = await queries.order(tx, account_id=client.account.id, order_id=order_id)
        lines = await queries.lines(tx, account_id=client.account.id, order_id=order.id)
        ids = product_ids(lines)
        products = await catalog.products(tx, account_id=client.account.id, ids=ids) if ids else {}
    service = None
    if order.service_id is not None:
        service = await desk.accounts.service(client.account.id, order.service_id)
    return records.consignment(
        order,
        lines=lines,
        products=products,
        service=service,
        company=client.company,
        action=(await actions_of(desk, client)).get(order.return_action_id or 0),
    )
