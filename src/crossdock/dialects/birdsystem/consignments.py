"""One function per call that is served."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from crossdock.base.errors import Overloaded
from crossdock.base.ids import OrderId, ServiceId
from crossdock.core.accounts.errors import ServiceUnknown
from crossdock.core.accounts.model import DeliveryService
from crossdock.core.fulfilment import returns
from crossdock.core.orders import commands, queries
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import GoodsPage, NamedOrder, Order, OrderPage
from crossdock.core.search import Criterion
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import (
    batches,
    columns,
    consigned,
    creating,
    listing,
    placing,
    records,
    tables,
    updating,
    values,
    wire,
    words,
)
from crossdock.dialects.birdsystem.auth import NAME, TO_EVERYBODY, Client
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.dialects.birdsystem.tables import CONSIGNMENTS
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

NAMED_BY: Final[dict[str, str]] = {
    batches.IDS: "id",
    batches.SALES_REFERENCES: "sales_reference",
    batches.IDENTITY_REFERENCES: "custom_identity_reference",
}
UPDATE_TRIES: Final = 5
"""So often an update is worked out anew because the consignment changed meanwhile."""
UTC: Final = "UTC"
"""Of lists that belong to no company; they print no times."""


async def put(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/consignment: a new consignment, PREPARING and without lines; with an id changes to that one."""
    if given.get("id") is not None:
        return await _update(desk, client, given)
    asked = creating.asked(given.whole())
    service = await placing.service_of(desk, client, asked)
    placed = await desk.orders.put(await placing.command_of(desk, client, asked, service=service))
    actions = await placing.actions_of(desk, client) if placed.order.return_action_id is not None else {}
    return wire.Record(
        data=records.consignment(
            placed.order,
            lines=(),
            products={},
            service=service,
            company=client.company,
            action=actions.get(placed.order.return_action_id or 0),
        )
    )


async def _update(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """The changes are worked out without holding the consignment, and anew if it changed meanwhile."""
    asked, order_id = given.whole(), consigned.record_id(given)
    for _ in range(UPDATE_TRIES):
        async with desk.database.transaction(readonly=True) as tx:
            order = await consigned.seen(tx, client, order_id)
        if order is None:
            raise OrderUnknown(id=order_id)
        changes = await updating.changes(desk, client, order, asked)
        async with desk.database.transaction() as tx:
            if await consigned.own(tx, client, order_id) != order:
                continue
            await commands.update(
                tx,
                account_id=client.account.id,
                order_id=order.id,
                changes=changes,
                noted=updating.NOTED,
                dialect=NAME,
                actor=client.actor,
            )
        return wire.Record(data=await placing.record_of(desk, client, order.id))
    raise Overloaded(waiting=UPDATE_TRIES)


async def delete(desk: Desk, client: Client, given: Parameters) -> wire.Done:
    """DELETE /client/consignment/[id]: out of sight, while it is PREPARING or CANCELLED."""
    async with desk.database.transaction() as tx:
        order = await consigned.own(tx, client, consigned.record_id(given))
        await commands.delete(tx, account_id=client.account.id, order_id=order.id, dialect=NAME, actor=client.actor)
    return wire.Done()


async def query(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/consignment: a list, also for one id."""
    criteria = listing.criteria(given, CONSIGNMENTS, zone=client.company.zone)
    page, sort, selected = listing.page(given), listing.sort(given, CONSIGNMENTS), listing.selected(given)
    order_id = _only_id(criteria, page)
    if order_id is not None:
        one = await desk.goods.put(NamedOrder(client.account.id, client.company.id, order_id))
        found = GoodsPage(1, [one]) if one is not None and consigned.is_own(client, one.order) else GoodsPage(0, [])
    else:
        async with desk.database.transaction(readonly=True) as tx:
            found = await queries.search_with_goods(
                tx,
                account_id=client.account.id,
                company_id=client.company.id,
                criteria=criteria,
                sort=sort,
                start=page.start,
                limit=page.limit,
            )
    shown = listing.bounded(found.orders)
    services = await _services(desk, client, [one.order for one in shown])
    comes_back = any(one.order.return_action_id is not None for one in shown)
    actions = await placing.actions_of(desk, client) if comes_back else {}
    rows = [
        records.consignment(
            one.order,
            lines=one.lines,
            products=one.products,
            service=None if one.order.service_id is None else services[one.order.service_id],
            company=client.company,
            action=actions.get(one.order.return_action_id or 0),
        )
        for one in shown
    ]
    return wire.Rows(total=found.total, data=listing.selection(rows, selected))


async def update_statuses(desk: Desk, client: Client, given: Parameters) -> wire.Done:
    """POST /client/Consignment/Batch-Update-Status: all that are named, or none."""
    change = batches.status_change(given)
    async with desk.database.transaction(readonly=True) as tx:
        named = await _named(tx, client, change)
    orders = [order for order in named if words.STATUS_OF_STATE[order.state] != change.target]
    if change.target == "PENDING":
        await _check_services(desk, client, orders)
    async with desk.database.transaction() as tx:
        # In the same order for all callers: no deadlock.
        await SET_STATUS[change.target](tx, client, sorted(order.id for order in orders), given)
    return wire.Done()


async def company_list(desk: Desk, _: None, given: Parameters) -> wire.Rows:
    """GET /client/public/company-list: asked before there is a key, so it is answered to everybody."""
    rows = [
        wire.CompanyRow(id=company.id, site_name=company.name, currency_code=company.currency)
        for company in await desk.accounts.companies()
    ]
    return listing.answer(rows, given, tables.COMPANIES, zone=UTC)


def _only_id(criteria: Sequence[Criterion], page: listing.Page) -> OrderId | None:
    """Of the one consignment that a list is asked for, where nothing else is asked."""
    match criteria[len(CONSIGNMENTS.own) :]:
        case [Criterion(field="id", operator="in", value=[int() as id_])] if page.start == 0 < page.limit:
            return OrderId(id_) if 0 < id_ <= queries.ORDER_ID_MAX else None
    return None


async def _search(tx: Tx, client: Client, criteria: Sequence[Criterion], *, limit: int) -> OrderPage:
    return await queries.search(
        tx,
        account_id=client.account.id,
        company_id=client.company.id,
        criteria=criteria,
        limit=limit,
    )


async def _services(desk: Desk, client: Client, orders: Sequence[Order]) -> dict[ServiceId, DeliveryService]:
    wanted = {order.service_id for order in orders if order.service_id is not None}
    return {service_id: await desk.accounts.service(client.account.id, service_id) for service_id in sorted(wanted)}


async def _named(tx: Tx, client: Client, change: batches.StatusChange) -> list[Order]:
    """Errors: OrderUnknown when one name has no consignment, ValueInvalid when there are too many."""
    criteria = [*CONSIGNMENTS.own, columns.one_of(CONSIGNMENTS, NAMED_BY[change.by], list(change.names))]
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
    named = [(words.STATUS_OF_STATE[order.state], order) for order in orders if name == _reference(order, change.by)]
    live = [order for status, order in named if status not in ("CANCELLED", "DELETED")]
    if not live:
        live = [order for status, order in named if status == change.target]
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


async def _submit(tx: Tx, client: Client, order_ids: Sequence[OrderId], _: Parameters) -> None:
    await commands.submit_all(tx, account_id=client.account.id, order_ids=order_ids, dialect=NAME, actor=client.actor)


async def _cancel(tx: Tx, client: Client, order_ids: Sequence[OrderId], _: Parameters) -> None:
    await commands.cancel_all(
        tx,
        account_id=client.account.id,
        order_ids=order_ids,
        dialect=NAME,
        actor=client.actor,
        from_states=words.CANCELLED_BY_CLIENT,
    )


async def _answer(tx: Tx, client: Client, order_ids: Sequence[OrderId], given: Parameters) -> None:
    answer = (values.text(ANSWER, given.get(ANSWER)) or "")[:ANSWER_WIDTH]
    for order_id in order_ids:
        await returns.client_answered(
            tx,
            account_id=client.account.id,
            order_id=order_id,
            answer=answer,
            dialect=NAME,
            actor=client.actor,
        )


SET_STATUS: Final[dict[str, Callable[[Tx, Client, Sequence[OrderId], Parameters], Awaitable[None]]]] = {
    "PENDING": _submit,
    "CANCELLED": _cancel,
    "WAITING_WAREHOUSE_RESPOND": _answer,
}
"""How clients' orders get there; one that gets there meanwhile stays as it is."""
ANSWER: Final = "consignment_feedback-note"
ANSWER_WIDTH: Final = 255
"""What the client says to the warehouse; longer texts are cut, as notes are."""


ENDPOINTS: Final = (
    Endpoint("POST /client/consignment", put),
    Endpoint("GET /client/consignment", query),
    Endpoint("DELETE /client/consignment/[id]", delete),
    Endpoint("POST /client/Consignment/Batch-Update-Status", update_statuses),
    Endpoint("GET /client/public/company-list", company_list, TO_EVERYBODY),
)
