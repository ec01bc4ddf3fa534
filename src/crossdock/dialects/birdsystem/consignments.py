"""One function per call that is served."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from crossdock.base.ids import OrderId, ServiceId
from crossdock.core.accounts.errors import ServiceUnknown
from crossdock.core.accounts.model import DeliveryService
from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Criterion, NewLine, Order, OrderPage, PlaceOrder
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import batches, columns, creating, listing, records, values, wire, words
from crossdock.dialects.birdsystem.auth import NAME, TO_EVERYBODY, Client
from crossdock.dialects.birdsystem.errors import (
    ConsignmentForeign,
    UpdateNotServed,
    ValueInvalid,
    ValueRequired,
)
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

LINE_QUANTITY_MAX: Final = 32_767
"""SMALLINT on the page."""
LINE_FIELDS: Final = ("sales_price", "ebay_transaction_id", "ebay_item_no", "country_of_origin")
NAMED_BY: Final[dict[str, str]] = {
    batches.IDS: "id",
    batches.SALES_REFERENCES: "sales_reference",
    batches.IDENTITY_REFERENCES: "custom_identity_reference",
}
NO_PRODUCTS_TYPES: Final = frozenset({"AGENT_DIRECT", "CLIENT_DIRECT"})
"""Their goods are described inline, by calls of their own."""


async def create(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/consignment without an id: a new consignment, PREPARING and without lines."""
    if given.get("id") is not None:
        await _refuse_update(desk, client, given)
    asked = creating.asked(given.whole())
    account_id, company = client.account.id, client.company
    service = await desk.accounts.service(account_id, asked.service_id)
    creating.check_service(service, asked, company_id=company.id)
    warehouse = await desk.accounts.warehouse_of(account_id, company.id)
    owner = await desk.accounts.first_sub_inventory(account_id)
    placed = await desk.orders.put(
        PlaceOrder(
            account_id=account_id,
            company_id=company.id,
            kind="outbound",
            dialect=NAME,
            type=asked.type,
            state="draft",
            site_id=warehouse.id,
            sub_inventory_id=owner.id,
            service_id=service.id,
            reference=asked.sales_reference,
            unique_reference=asked.identity_reference,
            recipient=asked.recipient,
            partner_fields=asked.partner_fields,
            actor=client.actor,
        )
    )
    return wire.Record(
        data=records.consignment(placed.order, lines=(), products={}, service=service, company=company)
    )


async def query(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/consignment: a list, also for one id."""
    criteria = listing.criteria(given, zone=client.company.zone)
    page, sort, selected = listing.page(given), listing.sort(given), listing.selected(given)
    async with desk.database.transaction(readonly=True) as tx:
        found = await _search(tx, client, criteria, start=page.start, limit=page.limit, sort=sort)
        order_ids = [order.id for order in found.orders]
        lines = await queries.lines_of(tx, account_id=client.account.id, order_ids=order_ids) if order_ids else {}
        product_ids = {line.product_id for of_order in lines.values() for line in of_order}
        products = await catalog.products(tx, account_id=client.account.id, ids=product_ids) if product_ids else {}
    services = await _services(desk, client, found.orders)
    rows = [
        records.consignment(
            order,
            lines=lines[order.id],
            products=products,
            service=None if order.service_id is None else services[order.service_id],
            company=client.company,
        )
        for order in found.orders
    ]
    return wire.Rows(total=found.total, data=rows if selected is None else [_only(row, selected) for row in rows])


async def update_statuses(desk: Desk, client: Client, given: Parameters) -> wire.Done:
    """POST /client/Consignment/Batch-Update-Status: all that are named, or none."""
    change = batches.status_change(given)
    async with desk.database.transaction(readonly=True) as tx:
        orders = await _named(tx, client, change)
    if change.target == "PENDING":
        await _check_services(desk, client, orders)
    async with desk.database.transaction() as tx:
        for order in sorted(orders, key=lambda one: one.id):  # the same order for all callers: no deadlock
            await SET_STATUS[change.target](tx, client, order.id)
    return wire.Done()


async def add_product(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/Consignment-Product: pieces of one product on a PREPARING consignment."""
    consignment_id = _needed("consignment_id", given)
    product_id = _needed("product_id", given)
    quantity = _needed("quantity", given)
    if not 1 <= quantity <= LINE_QUANTITY_MAX:
        raise ValueInvalid(field="quantity")
    fields = _line_fields(given)
    if given.get("id") is not None:
        raise UpdateNotServed()
    async with desk.database.transaction() as tx:
        try:
            order = await _own(tx, client, consignment_id)
        except OrderUnknown as error:
            raise ConsignmentForeign(id=consignment_id) from error
        if order.type in NO_PRODUCTS_TYPES:
            raise ValueInvalid(field="consignment_id")
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


async def company_list(desk: Desk, _: None, given: Parameters) -> wire.Rows:
    """GET /client/public/company-list: asked before there is a key, so it is answered to everybody."""
    companies = await desk.accounts.companies()
    page = listing.page(given)
    end = None if page.limit is None else page.start + page.limit
    rows = [
        wire.CompanyRow(id=company.id, site_name=company.name, currency_code=company.currency)
        for company in companies[page.start : end]
    ]
    return wire.Rows(total=len(companies), data=rows)


async def _search(
    tx: Tx, client: Client, criteria: Sequence[Criterion], *, limit: int | None, **rest: Any
) -> OrderPage:
    return await queries.search(
        tx,
        account_id=client.account.id,
        company_id=client.company.id,
        criteria=criteria,
        limit=limit,
        **rest,
    )


async def _services(desk: Desk, client: Client, orders: Sequence[Order]) -> dict[ServiceId, DeliveryService]:
    wanted = {order.service_id for order in orders if order.service_id is not None}
    return {service_id: await desk.accounts.service(client.account.id, service_id) for service_id in sorted(wanted)}


async def _named(tx: Tx, client: Client, change: batches.StatusChange) -> list[Order]:
    """Errors: OrderUnknown when one name has no consignment, ValueInvalid when there are too many."""
    criteria = [*listing.OWN, columns.one_of(NAMED_BY[change.by], list(change.names))]
    found = await _search(tx, client, criteria, limit=batches.NAMED_MAX)
    if found.total > batches.NAMED_MAX:
        raise ValueInvalid(field=change.by)
    if change.by == batches.IDS:
        missing = set(change.names) - {str(order.id) for order in found.orders}
        if missing:
            raise OrderUnknown(ids=sorted(missing))
        return found.orders
    return [order for name in change.names for order in _of_reference(found.orders, change, name)]


def _of_reference(orders: Sequence[Order], change: batches.StatusChange, name: str) -> list[Order]:
    """Those still open. Where none is, one that has the wanted status already is no change.

    Errors: OrderUnknown.
    """
    named = [order for order in orders if name == _reference(order, change.by)]
    live = [order for order in named if order.state not in ("cancelled", "deleted")]
    if not live:
        live = [order for order in named if words.STATUS_OF_STATE[order.state] == change.target]
    if not live:
        raise OrderUnknown(reference=name)
    return live


def _reference(order: Order, by: str) -> str | None:
    if by == batches.SALES_REFERENCES:
        return order.reference
    return order.partner_fields.get("custom_identity_reference")


async def _check_services(desk: Desk, client: Client, orders: Sequence[Order]) -> None:
    """What is handed to the warehouse must still have a way out of it. Errors: ServiceUnknown."""
    services = await _services(desk, client, [order for order in orders if order.state == "draft"])
    for service in services.values():
        if not service.active:
            raise ServiceUnknown(id=service.id)


async def _submit(tx: Tx, client: Client, order_id: OrderId) -> None:
    await commands.submit(tx, account_id=client.account.id, order_id=order_id, dialect=NAME, actor=client.actor)


async def _cancel(tx: Tx, client: Client, order_id: OrderId) -> None:
    await commands.cancel(
        tx,
        account_id=client.account.id,
        order_id=order_id,
        dialect=NAME,
        actor=client.actor,
        from_states=words.CANCELLED_BY_CLIENT,
    )


SET_STATUS: Final[dict[str, Callable[[Tx, Client, OrderId], Awaitable[None]]]] = {
    "PENDING": _submit,
    "CANCELLED": _cancel,
}
"""How a client's order gets there; one that is there already stays as it is."""


async def _own(tx: Tx, client: Client, order_id: int) -> Order:
    """The consignment, held for this transaction. Errors: OrderUnknown for any other order."""
    order = await commands.locked(tx, account_id=client.account.id, order_id=order_id)
    if (order.company_id, order.dialect, order.kind) != (client.company.id, NAME, "outbound"):
        raise OrderUnknown(id=order_id)
    return order


async def _refuse_update(desk: Desk, client: Client, given: Parameters) -> None:
    """Errors: OrderUnknown, also for an id that is no number; UpdateNotServed."""
    id_ = str(values.text("id", given.get("id"))).strip()
    async with desk.database.transaction() as tx:
        await _own(tx, client, int(id_) if values.WHOLE.fullmatch(id_) else 0)
    raise UpdateNotServed()


def _needed(field: str, given: Parameters) -> int:
    number = values.whole(field, given.get(field))
    if number is None:
        raise ValueRequired(field=field)
    return number


def _line_fields(given: Parameters) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: value for name in LINE_FIELDS if (value := values.text(name, given.get(name))) is not None
    }
    values.decimal("sales_price", given.get("sales_price"), below=creating.DECIMALS_BELOW["sales_price"])
    type_ = values.word("product_type", given.get("product_type"))
    if type_ is not None:
        if type_ not in words.PRODUCT_TYPES:
            raise ValueInvalid(field="product_type")
        fields["product_type"] = words.PRODUCT_TYPES[type_]
    if values.flag("is_directional_shared_product", given.get("is_directional_shared_product")) == "1":
        fields["product_type"] = words.SHARED_PRODUCT_TYPE
    return fields


def _only(row: wire.Consignment, selected: frozenset[str]) -> dict[str, Any]:
    printed: dict[str, Any] = msgspec.to_builtins(row)
    return {name: value for name, value in printed.items() if name in selected}


ENDPOINTS: Final = (
    Endpoint("POST /client/consignment", create),
    Endpoint("GET /client/consignment", query),
    Endpoint("POST /client/Consignment/Batch-Update-Status", update_statuses),
    Endpoint("POST /client/Consignment-Product", add_product),
    Endpoint("GET /client/public/company-list", company_list, TO_EVERYBODY),
)
