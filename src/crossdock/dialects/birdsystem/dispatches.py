"""Client dispatches: a seller announces goods that are on their way into a warehouse."""

from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import OrderId, SiteId
from crossdock.core.accounts.errors import SiteUnknown
from crossdock.core.events import kinds
from crossdock.core.orders import commands, notices, queries
from crossdock.core.orders.errors import OrderUnknown, StateForbids, UpdateForbidden
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import Changes, Order, PlaceOrder
from crossdock.core.orders.placing import place_together
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import arrivals, listing, values, wire
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.errors import DispatchFixed, DispatchForbids, ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Parameters, empty
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

BATCH_MAX: Final = 200
"""Dispatches of one call, all in one transaction."""

FREIGHTS: Final = "birdsystem_dispatch_freights"
VAT_NUMBERS: Final = "birdsystem_vat_numbers"
"""Of an account's settings: lists of `{id, name, company_id}`; without a company it is for all of them."""
HELPERS: Final = Table(
    columns={
        "id": Column("id", "number"),
        "name": Column("name", "text"),
        "company_id": Column("company_id", "number"),
    },
)


class Helper(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    company_id: int
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


async def upload(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/Client-Dispatch-Upload/Client-Dispatch-Json: all of them or none; an `id` changes one."""
    elements = given.each()
    if len(elements) > BATCH_MAX:
        raise ValueInvalid(field="body")
    wanted = [(one, arrivals.asked(one, new=empty(one.get("id")))) for one in elements]
    for _, asked in wanted:
        await _check_destination(desk, client, asked.destination)
    fresh = [asked for one, asked in wanted if empty(one.get("id"))]
    owner = await desk.accounts.first_sub_inventory(client.account.id)
    ids = await OrderIds(desk.database).take([client.company.id] * len(fresh)) if fresh else []
    async with desk.database.transaction() as tx:
        placed = iter(await _place(tx, client, fresh, ids, owner_id=owner.id))
        orders = [
            next(placed) if empty(one.get("id")) else await _update(tx, client, one["id"], asked)
            for one, asked in wanted
        ]
        rows = await _rows(tx, client, orders)
    return wire.Record(data=rows)


async def freights(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Warehouse-Dispatch-Freight/Get-Closest-Freight."""
    return await _helpers(desk, client, given, FREIGHTS)


async def vat_numbers(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Client-Dispatch-Vat-Number."""
    return await _helpers(desk, client, given, VAT_NUMBERS)


async def _place(
    tx: Tx, client: Client, fresh: list[arrivals.Asked], ids: list[OrderId], *, owner_id: Any
) -> list[Order]:
    """First PREPARING, then as far as was asked: a dispatch is announced with its goods only."""
    places = [
        PlaceOrder(
            account_id=client.account.id,
            company_id=client.company.id,
            kind="inbound",
            dialect=NAME,
            type=asked.type or "",
            state="draft",
            site_id=SiteId(asked.destination or 0),
            sub_inventory_id=owner_id,
            reference=asked.reference,
            recipient=asked.recipient,
            partner_fields=asked.partner_fields,
            lines=asked.lines or (),
            actor=client.actor,
        )
        for asked in fresh
    ]
    placed = await place_together(tx, places, ids) if places else []
    announced = []
    for order, asked in zip(placed, fresh, strict=True):
        await notices.tell(tx, order, [kinds.ARRIVAL_ANNOUNCED], dialect=NAME, actor=client.actor)
        announced.append(await _moved(tx, client, order, asked.state or "draft"))
    return announced


async def _update(tx: Tx, client: Client, id_: Any, asked: arrivals.Asked) -> Order:
    """Back to PREPARING where that is asked for, then the changes, then onwards.

    Errors: OrderUnknown, DispatchForbids, DispatchFixed, ValueInvalid for another type or destination.
    """
    order = await _own(tx, client, id_)
    if asked.type not in (None, order.type):
        raise ValueInvalid(field="type")
    if asked.destination not in (None, order.site_id):
        raise ValueInvalid(field=arrivals.DESTINATION)
    if asked.state == "draft":
        order = await _moved(tx, client, order, "draft")
    changes = Changes(
        recipient=order.recipient | asked.recipient,
        reference=order.reference if asked.reference is None else asked.reference,
        partner_fields=asked.partner_fields,
    )
    before = order
    try:
        order = await commands.update(
            tx,
            account_id=order.account_id,
            order_id=order.id,
            changes=changes,
            dialect=NAME,
            actor=client.actor,
        )
    except UpdateForbidden as error:
        raise DispatchFixed(id=order.id, status=arrivals.status(order)) from error
    if asked.lines is not None:
        order = await _relined(tx, client, order, asked)
    if (order.recipient, order.reference, order.partner_fields) != (
        before.recipient,
        before.reference,
        before.partner_fields,
    ) or asked.lines is not None:
        await notices.tell(tx, order, [kinds.ARRIVAL_CHANGED], dialect=NAME, actor=client.actor)
    return order if asked.state is None else await _moved(tx, client, order, asked.state)


async def _relined(tx: Tx, client: Client, order: Order, asked: arrivals.Asked) -> Order:
    """Other goods instead of those of before. Errors: DispatchFixed, ProductUnknown."""
    if order.state != "draft":
        raise DispatchFixed(id=order.id, status=arrivals.status(order))
    for line in await queries.lines(tx, account_id=order.account_id, order_id=order.id):
        await commands.remove_line(tx, account_id=order.account_id, line=line)
    for new in asked.lines or ():
        await commands.add_line(
            tx, account_id=order.account_id, order_id=order.id, line=new, dialect=NAME, actor=client.actor
        )
    return await queries.order(tx, account_id=order.account_id, order_id=order.id)


async def _moved(tx: Tx, client: Client, order: Order, to: str) -> Order:
    """One that is there already stays as it is. Errors: DispatchForbids, ValueRequired without goods."""
    if order.state == to:
        return order
    if to == "announced" and not await queries.lines(tx, account_id=order.account_id, order_id=order.id):
        raise ValueRequired(field=arrivals.GOODS)
    try:
        return await commands.advance(tx, order, to=to, dialect=NAME, actor=client.actor)
    except StateForbids as error:
        raise DispatchForbids(
            id=order.id, status=arrivals.status(order), wanted=arrivals.STATUS_OF_STATE[to]
        ) from error


async def _own(tx: Tx, client: Client, id_: Any) -> Order:
    """Held for this transaction. Errors: OrderUnknown, also for an id that is no number."""
    text = (values.text("id", id_) or "").strip()
    if not values.WHOLE.fullmatch(text):
        raise OrderUnknown(id=text)
    order = await commands.locked(tx, account_id=client.account.id, order_id=int(text))
    if (order.company_id, order.dialect, order.kind) != (client.company.id, NAME, arrivals.KIND):
        raise OrderUnknown(id=text)
    return order


async def _check_destination(desk: Desk, client: Client, destination: int | None) -> None:
    """A warehouse of the company. Errors: ValueInvalid."""
    if destination is None:
        return
    try:
        site = await desk.accounts.site_by_id(client.account.id, SiteId(destination))
    except SiteUnknown as error:
        raise ValueInvalid(field=arrivals.DESTINATION) from error
    if (site.kind, site.company_id, site.active) != ("warehouse", client.company.id, True):
        raise ValueInvalid(field=arrivals.DESTINATION)


async def _rows(tx: Tx, client: Client, orders: list[Order]) -> list[dict[str, Any]]:
    lines = await queries.lines_of(tx, account_id=client.account.id, order_ids=[order.id for order in orders])
    return [arrivals.row(order, lines[order.id], client.company) for order in orders]


async def _helpers(desk: Desk, client: Client, given: Parameters, setting: str) -> wire.Rows:
    """What the setup file says; nothing where it says nothing."""
    rows = [
        Helper(id=int(one["id"]), name=str(one["name"]), company_id=client.company.id)
        for one in client.account.settings.get(setting, [])
        if one.get("company_id", client.company.id) == client.company.id
    ]
    return listing.answer(rows, given, HELPERS, zone=client.company.zone)


ENDPOINTS: Final = (
    Endpoint("POST /client/Client-Dispatch-Upload/Client-Dispatch-Json", upload),
    Endpoint("GET /client/Warehouse-Dispatch-Freight/Get-Closest-Freight", freights),
    Endpoint("GET /client/Client-Dispatch-Vat-Number", vat_numbers),
)
