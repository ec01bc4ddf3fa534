"""Carriers tell where parcels are; customers ask for it."""

from datetime import datetime, timezone
from typing import Any, Final

import msgspec
import structlog

from crossdock.base.errors import FieldsInvalid
from crossdock.base.ids import AccountId, OrderId
from crossdock.core.accounts.model import Caller
from crossdock.core.orders import queries as orders
from crossdock.core.orders.errors import OrderUnknown
from crossdock.core.orders.model import Kind, Order, OrderLine
from crossdock.core.transport import queries as transport
from crossdock.core.transport import routes
from crossdock.core.transport.model import NewNode, RouteNode, Waybill
from crossdock.db.tx import Tx
from crossdock.dialects.hongxun import pushes, words
from crossdock.dialects.hongxun.confirms import Hearer, express_code
from crossdock.dialects.hongxun.fields import MISSING, REMARK_CHARS_MAX, TIME_SHAPE, Reader, Text
from crossdock.dialects.hongxun.wire import Call, object_reader
from crossdock.edge.desk import Desk

log = structlog.get_logger(__name__)

NODES_MAX: Final = 200
"""Of one 承运商路由推送; all of them are taken in one transaction."""
NODE: Final = (
    Text("mailno", required=True),
    Text("scanTypeCode", required=True),
    Text("operator", REMARK_CHARS_MAX, required=True),
    Text("time", required=True),
    Text("plannedDeliveryDate"),
    Text("transferAddress", REMARK_CHARS_MAX, required=True),
    Text("memo", REMARK_CHARS_MAX, required=True),
    Text("vinCode"),
    Text("longitude"),
    Text("dimension"),
)
FOR_CARS: Final = ("plannedDeliveryDate", "vinCode", "longitude", "dimension")
"""Required where the parcel holds a car; `dimension` is the latitude."""
ROUTED: Final[tuple[Kind, ...]] = ("outbound", "transport", "inbound", "return")
"""Classes of orders that 路由查询 looks in."""


async def routing_push(desk: Desk, caller: Caller, call: Call) -> None:
    """承运商路由推送: all nodes or none; what is known already is passed over.

    A parcel that is held up, and a code that nobody knows, are in the log for a person.
    Errors: FieldsInvalid, WaybillUnknown naming all numbers that nobody knows.
    """
    zone = words.zone_of(caller.credential.scope)
    nodes = _nodes(call, zone)
    served = await accounts_served(desk, caller)
    async with desk.database.transaction() as tx:
        await _refuse_bare_cars(tx, served, nodes)
        news = await routes.pass_nodes(
            tx,
            account_ids=served,
            nodes=nodes,
            effects=words.ROUTE_EFFECTS,
            dialect="hongxun",
            actor=caller.credential.key,
        )
    for node in news:
        if node.code == words.HELD_UP:
            log.warning("parcel held up", mailno=node.mailno, carrier=node.actor)
        elif node.code not in words.ROUTE_NODES:
            log.warning("route node unknown", code=node.code, mailno=node.mailno, carrier=node.actor)


async def route_query(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """路由查询: every parcel of an order with where it was seen, oldest first.

    Errors: FieldsInvalid, OrderUnknown.
    """
    reader = object_reader(call.request)
    reader.kept()
    number = reader.text("customerNumber", required=True)
    mailno = reader.text("mailno")
    reader.finish()
    account_id = caller.account.id
    async with desk.database.transaction(readonly=True) as tx:
        found = await orders.orders_by_number(tx, account_id=account_id, kinds=ROUTED, number=number)
        if not found:
            raise OrderUnknown(number=number)
        waybills = [
            waybill for waybill in await _waybills(tx, account_id, found) if not mailno or waybill.mailno == mailno
        ]
        nodes = await transport.nodes(tx, account_id=account_id, waybill_ids=[one.id for one in waybills])
    hearer = Hearer(zone=words.zone_of(caller.credential.scope))
    return {"customerNumber": number, "list": [_parcel(one, nodes, found, hearer) for one in waybills]}


async def accounts_served(desk: Desk, caller: Caller) -> list[AccountId]:
    """A carrier's own account, and those that its credential's scope lists by their codes as `accounts`."""
    codes = caller.credential.scope.get("accounts", [])
    others = [await desk.accounts.account_by_code(code) for code in codes]
    return [caller.account.id, *(account.id for account in others if account is not None)]


def _nodes(call: Call, zone: timezone) -> list[NewNode]:
    """Errors: FieldsInvalid."""
    outer = Reader({"request": call.request})
    outer.kept()
    nodes = [_node(reader, zone) for reader in outer.objects("request", entries_max=NODES_MAX)]
    outer.finish()
    return nodes


def _node(reader: Reader, zone: timezone) -> NewNode:
    texts = reader.texts(NODE)
    happened_at = local_time(reader, "time", texts["time"], zone)
    return NewNode(
        mailno=texts["mailno"],
        code=texts["scanTypeCode"],
        happened_at=happened_at or datetime.min.replace(tzinfo=zone),
        vin=texts["vinCode"],
        operator=texts["operator"],
        place=texts["transferAddress"],
        memo=texts["memo"],
        planned_at=local_time(reader, "plannedDeliveryDate", texts["plannedDeliveryDate"], zone),
        longitude=texts["longitude"],
        latitude=texts["dimension"],
    )


def local_time(reader: Reader, name: str, text: str, zone: timezone) -> datetime | None:
    """An optional time as carriers write it; what is none is complained of."""
    if not text:
        return None
    local = words.local_time(text)
    if local is None:
        reader.complain(name, TIME_SHAPE)
        return None
    return local.replace(tzinfo=zone)


async def _refuse_bare_cars(tx: Tx, served: list[AccountId], nodes: list[NewNode]) -> None:
    """Errors: FieldsInvalid for a car's node without what is required of cars."""
    waybills = await transport.newest(tx, account_ids=served, mailnos={node.mailno for node in nodes})
    lines: dict[OrderId, list[OrderLine]] = {}
    for account_id in {waybill.account_id for waybill in waybills}:
        theirs = {order_id for one in waybills if one.account_id == account_id for order_id in _orders_of(one)}
        lines |= await orders.lines_of(tx, account_id=account_id, order_ids=sorted(theirs))
    cars = {
        waybill.mailno
        for waybill in waybills
        if any(line.partner_fields.get("vinNum") for order_id in _orders_of(waybill) for line in lines[order_id])
    }
    given = [(node.planned_at, node.vin, node.longitude, node.latitude) for node in nodes]
    complaints = [
        f"request[{index}].{name} {MISSING}"
        for index, (node, members) in enumerate(zip(nodes, given, strict=True))
        if node.mailno in cars
        for name, member in zip(FOR_CARS, members, strict=True)
        if not member
    ]
    if complaints:
        raise FieldsInvalid(complaints=complaints)


def _orders_of(waybill: Waybill) -> set[OrderId]:
    """The order whose goods it carries, and the transport order that moves them."""
    return {waybill.order_id} if waybill.leg_id is None else {waybill.order_id, waybill.leg_id}


async def _waybills(tx: Tx, account_id: AccountId, found: list[Order]) -> list[Waybill]:
    """Of all orders of the number, each once."""
    waybills: dict[int, Waybill] = {}
    for order in found:
        if order.kind == "transport":
            theirs = await transport.of_leg(tx, account_id=account_id, leg_id=order.id)
        else:
            theirs = await transport.of_order(tx, account_id=account_id, order_id=order.id)
        waybills |= {waybill.id: waybill for waybill in theirs}
    return [waybills[id_] for id_ in sorted(waybills)]


def _parcel(waybill: Waybill, nodes: list[RouteNode], found: list[Order], hearer: Hearer) -> dict[str, Any]:
    leg_id = next((order.id for order in found if order.kind == "transport" and order.state != "cancelled"), None)
    return {
        "mailno": waybill.mailno,
        **express_code(waybill.leg_id or leg_id),
        "routeList": [
            pushes.node(msgspec.to_builtins(node), hearer) for node in nodes if node.waybill_id == waybill.id
        ],
    }
