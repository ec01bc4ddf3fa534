"""Parcels are seen on their way, and signed for. Whoever tells it: a carrier, or we ourselves."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypedDict

import msgspec

from crossdock.base.ids import AccountId, OrderId, ServiceId
from crossdock.core.accounts import sql as accounts
from crossdock.core.catalog.sql import OVER
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.transport import commands, queries, sql
from crossdock.core.transport.errors import WaybillUnknown
from crossdock.core.transport.model import Effect, NewNode, RouteNode, SignType, Waybill
from crossdock.core.transport.sql import Packed
from crossdock.db.tx import Tx

SIGNED: Final[dict[Effect, SignType]] = {"delivered": "normal", "exceptional": "exceptional"}


class Who(TypedDict):
    dialect: str
    actor: str


async def pass_nodes(
    tx: Tx,
    *,
    account_ids: Collection[AccountId],
    nodes: Sequence[NewNode],
    effects: Mapping[str, Effect],
    dialect: str = HOUSE,
    actor: str = "",
) -> list[RouteNode]:
    """Where parcels were seen; those nodes that are news. `effects`: code -> what it means for the parcel.

    A number goes to the parcel of these accounts that got it last. The same node again changes nothing; all nodes
    or none are taken. Errors: WaybillUnknown, naming all numbers nobody knows.
    """
    mailnos = {node.mailno for node in nodes}
    waybills = {one.mailno: one for one in await queries.newest(tx, account_ids=account_ids, mailnos=mailnos)}
    unknown = sorted(mailnos - waybills.keys())
    if unknown:
        raise WaybillUnknown(mailnos=", ".join(unknown))
    held = await _held(tx, waybills.values())
    news: list[RouteNode] = []
    for account_id in sorted({waybill.account_id for waybill in waybills.values()}):
        theirs = [
            (waybills[node.mailno].id, node) for node in nodes if waybills[node.mailno].account_id == account_id
        ]
        news += await sql.put_nodes(tx, account_id=account_id, nodes=theirs, actor=actor)
    by_waybill: defaultdict[str, list[RouteNode]] = defaultdict(list)
    for node in news:
        by_waybill[node.mailno].append(node)
    for mailno, passed in by_waybill.items():
        await _passed(tx, waybills[mailno], passed, held, effects, Who(dialect=dialect, actor=actor))
    return news


async def all_left(tx: Tx, order: Order, leg: Order | None, *, dialect: str, actor: str) -> Order:
    """Nothing more of an outbound order will leave: what was signed for before that is delivered now. The order."""
    who = Who(dialect=dialect, actor=actor)
    if leg is not None:
        await _finish(tx, leg, order, "delivered", who)
    return await _deliver(tx, order, who)


async def _held(tx: Tx, waybills: Collection[Waybill]) -> dict[OrderId, Order]:
    """The orders behind, in the order of their ids, against deadlocks."""
    behind = {(waybill.account_id, waybill.order_id) for waybill in waybills} | {
        (waybill.account_id, waybill.leg_id) for waybill in waybills if waybill.leg_id is not None
    }
    return {
        order_id: await orders.locked(tx, account_id=account_id, order_id=order_id)
        for account_id, order_id in sorted(behind, key=lambda one: one[1])
    }


async def _passed(
    tx: Tx,
    waybill: Waybill,
    passed: Sequence[RouteNode],
    held: dict[OrderId, Order],
    effects: Mapping[str, Effect],
    who: Who,
) -> None:
    """`held` is kept up to date."""
    order = held[waybill.order_id]
    await orders.tell(
        tx,
        order,
        kind=kinds.ROUTE_PASSED,
        **who,
        facts={
            "number": order.number,
            "leg_id": waybill.leg_id,
            "mailno": waybill.mailno,
            "nodes": msgspec.to_builtins(list(passed)),
        },
    )
    for node in passed:
        effect = effects.get(node.code)
        if effect in SIGNED:
            await _sign(tx, waybill, node, SIGNED[effect], held, who)
        elif effect is not None:
            await _move_leg(tx, waybill, effect, held, who)


async def _sign(
    tx: Tx,
    waybill: Waybill,
    node: RouteNode,
    sign_type: SignType,
    held: dict[OrderId, Order],
    who: Who,
) -> None:
    """Once per parcel; with the last of them, once all has left, its leg and the order itself are delivered."""
    order = held[waybill.order_id]
    signed = await sql.sign(
        tx,
        account_id=waybill.account_id,
        waybill_id=waybill.id,
        sign_type=sign_type,
        signer=node.operator or str(order.recipient.get("contact") or ""),
        signed_at=node.happened_at,
    )
    if signed is None:
        return
    lines = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
    by_id = {line.id: line for line in lines}
    packed = await sql.packed(tx, account_id=order.account_id, waybill_ids=[waybill.id])
    packed = packed or await _rest(tx, order, waybill, lines)
    await orders.tell(
        tx,
        order,
        kind=kinds.ORDER_SIGNED,
        **who,
        facts={
            "number": order.number,
            "leg_id": waybill.leg_id,
            "mailno": waybill.mailno,
            "sign_type": sign_type,
            "signer": signed.signer,
            "signed_at": signed.signed_at,
            "pieces": sum(one.pieces for one in packed),
            "lines": [by_id[one.order_line_id].told(one.pieces) for one in packed],
            "partner_fields": order.partner_fields,
        },
    )
    await _move_leg(tx, waybill, "delivered", held, who)
    held[order.id] = await _deliver(tx, order, who)


async def _rest(tx: Tx, order: Order, waybill: Waybill, lines: Sequence[OrderLine]) -> list[Packed]:
    """Where nobody said what is in which parcel, the last that is signed for brings what no other does."""
    parcels = await sql.of_orders(tx, account_id=order.account_id, order_ids=[order.id])
    packed = await sql.packed(tx, account_id=order.account_id, waybill_ids=[one.id for one in parcels])
    known = {one.waybill_id for one in packed}
    if any(one.signed_at is None for one in parcels if one.id not in known):
        return []
    rest = Counter({line.id: line.quantity if order.kind == "transport" else line.done for line in lines})
    for one in packed:
        rest[one.order_line_id] -= one.pieces
    brought = [Packed(waybill.id, line.id, rest[line.id]) for line in lines if rest[line.id] > 0]
    if brought:
        pieces = {(one.waybill_id, one.order_line_id): one.pieces for one in brought}
        await sql.put_lines(tx, account_id=order.account_id, lines=pieces)
    return brought


async def _deliver(tx: Tx, order: Order, who: Who) -> Order:
    """With the last of its parcels, once all of it has left."""
    if order.kind != "outbound" or order.state != "shipped" or not await _brought_by_carrier(tx, order):
        return order
    parcels = await sql.of_orders(tx, account_id=order.account_id, order_ids=[order.id])
    if not _all_signed(parcels):
        return order
    moved = await orders.deliver(tx, account_id=order.account_id, order_id=order.id, place="door", **who)
    return moved or order


def _all_signed(parcels: Collection[Waybill]) -> bool:
    return bool(parcels) and all(one.signed_at is not None for one in parcels)


async def _brought_by_carrier(tx: Tx, order: Order) -> bool:
    """A parcel for a locker or a shop is delivered when its customer fetched it there."""
    if order.service_id is None:
        return True
    service = await accounts.service(tx, account_id=order.account_id, service_id=ServiceId(order.service_id))
    return service is None or service.method not in ("locker", "shop")


async def _move_leg(tx: Tx, waybill: Waybill, effect: Effect, held: dict[OrderId, Order], who: Who) -> None:
    """The transport order goes on as its table allows; a carrier's late word moves nothing back."""
    leg = held[waybill.leg_id or waybill.order_id]
    if leg.kind != "transport":
        return
    if leg.state == "announced":
        leg = await commands.dispatch(tx, account_id=leg.account_id, order_id=leg.id, **who)
        held[leg.id] = leg
    if effect == "departed":
        if leg.state == "dispatched":
            held[leg.id] = await orders.advance(tx, leg, to="departed", **who)
        return
    held[leg.id] = await _finish(tx, leg, held[waybill.order_id], effect, who)


async def _finish(tx: Tx, leg: Order, order: Order, effect: Effect, who: Who) -> Order:
    """`order` is what it moves, or itself: it is not over while something is under way, or still to leave."""
    if leg.state not in ("dispatched", "departed"):
        return leg
    parcels = await sql.of_leg(tx, account_id=leg.account_id, leg_id=leg.id)
    left_behind = order.id != leg.id and order.state not in OVER
    if effect == "delivered" and (left_behind or not _all_signed(parcels)):
        return leg
    packed = await sql.packed(
        tx, account_id=leg.account_id, waybill_ids=[one.id for one in parcels if one.signed_at is not None]
    )
    lines = await order_queries.lines(tx, account_id=leg.account_id, order_id=leg.id)
    return await orders.advance(
        tx,
        leg,
        to=effect,
        kind=kinds.TRANSPORT_FINISHED,
        finished=True,
        facts={
            **commands.leg_facts(leg, lines),
            "mailnos": [one.mailno for one in parcels],
            "carrier": next((one.carrier for one in parcels if one.carrier), ""),
            "vehicle": next((one.vehicle for one in parcels if one.vehicle), ""),
            "departs_at": None,
            "planned_at": next((one.planned_at for one in parcels if one.planned_at), None),
            "state": effect,
            "actual": sum(one.pieces for one in packed),
        },
        **who,
    )
