"""Changing orders. A state changes only through `advance`, which checks the table and writes the timeline.

Batches change it in statements of their own: `placing_sql`, and `use` in `handover/sql.py`.
"""

from collections.abc import Collection, Container, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, structs

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog.errors import ProductNotActive, ProductUnknown
from crossdock.core.catalog.model import Product
from crossdock.core.codes import commands as codes
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import NewEvent
from crossdock.core.orders import notices, queries, reserving, sql
from crossdock.core.orders.errors import (
    LineKeyTaken,
    OrderEmpty,
    OrderUnknown,
    ReferenceTaken,
    StateForbids,
    UpdateForbidden,
    WeightNotBigger,
)
from crossdock.core.orders.model import (
    ENDED_STATES,
    LOCKED_STATES,
    MEASURED_TYPES,
    NOTED_STATES,
    Changes,
    Measure,
    NewLine,
    Order,
    OrderLine,
    product_ids,
    sources,
)
from crossdock.core.orders.placing import REFERENCE_KEPT
from crossdock.core.stock import commands as stock
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx

CHANGEABLE: Final = ("recipient", "service_id", "return_action_id", "reference")
"""What `Changes` may set of an order as a whole; its `partner_fields` change key by key."""


async def advance(
    tx: Tx,
    order: Order,
    *,
    to: str,
    dialect: str,
    actor: str,
    kind: str = kinds.ORDER_STATE,
    facts: dict[str, Any] | None = None,
    finished: bool = False,
    batches: int | None = None,
    tracking_number: str | None = None,
    feedback: str | None = None,
    arrived: bool = False,
) -> Order:
    """Move the order to a next state of its table and say so on its timeline. Errors: StateForbids."""
    moved = await sql.set_state(
        tx,
        account_id=order.account_id,
        order_id=order.id,
        states=sources(order.kind, order.type, to),
        state=to,
        finished_at=tx.now if finished else None,
        batches=batches,
        tracking_number=tracking_number,
        feedback=feedback,
        arrived_at=tx.now if arrived else None,
    )
    if moved is None:
        now = await queries.order(tx, account_id=order.account_id, order_id=order.id)
        raise StateForbids(id=order.id, number=order.number, state=now.state, wanted=to)
    said = facts if facts is not None else {"from": order.state, "to": to}
    wanted = await tell(
        tx, order, kind=kind, dialect=dialect, actor=actor, facts=said, asked=notices.due(order, moved)
    )
    await notices.say(tx, moved, wanted, dialect=dialect, actor=actor)
    if order.kind == "outbound" and to in ENDED_STATES:
        reason = str(said.get("reason", ""))
        await codes.cancel(
            tx, account_id=order.account_id, order_id=order.id, reason=reason, dialect=dialect, actor=actor
        )
    return moved


async def tell(
    tx: Tx,
    order: Order,
    *,
    kind: str,
    dialect: str,
    actor: str,
    facts: dict[str, Any],
    happened_at: datetime | None = None,
    asked: Collection[str] = (),
) -> list[str]:
    """Write a fact on the order's timeline, of now unless it happened before.

    Those of the kinds `asked` for that somebody listens for.
    """
    return await events.append(
        tx,
        NewEvent(
            account_id=order.account_id,
            kind=kind,
            subject=order.subject,
            order_id=order.id,
            order_dialect=order.dialect,
            dialect=dialect,
            actor=actor,
            facts=facts,
            happened_at=happened_at,
        ),
        asked=asked,
    )


async def locked(tx: Tx, *, account_id: AccountId, order_id: int) -> Order:
    """The order, held for this transaction. Errors: OrderUnknown."""
    found = None
    if 0 < order_id <= queries.ORDER_ID_MAX:
        found = await sql.lock(tx, account_id=account_id, order_id=OrderId(order_id))
    if found is None:
        raise OrderUnknown(id=order_id)
    return found


async def add_line(
    tx: Tx, *, account_id: AccountId, order_id: int, line: NewLine, dialect: str, actor: str
) -> OrderLine:
    """More of a product on a draft; the same line key adds to its line.

    Errors: StateForbids, ProductUnknown, LineKeyTaken.
    """
    order = await _draft(tx, account_id, order_id)
    product = await _product(tx, account_id, line) if line.stocked else None
    product_id, sku = (None, line.sku) if product is None else (product.id, product.sku)
    put = await sql.put_line(
        tx,
        sql.LineRow(
            account_id=account_id,
            order_id=order.id,
            line_no=0,
            line_key=line.line_key,
            product_id=product_id,
            sku=sku,
            sub_inventory_id=line.sub_inventory_id,
            lot=line.lot,
            condition=line.condition,
            quantity=line.quantity,
            partner_fields=line.partner_fields,
        ),
    )
    if put.product_id != product_id:
        raise LineKeyTaken(line=line.line_key, sku=put.sku)
    await sql.add_pieces(tx, account_id=account_id, order_id=order.id, pieces=line.quantity)
    return put


async def change_line(
    tx: Tx,
    *,
    account_id: AccountId,
    line: OrderLine,
    line_key: str | None = None,
    quantity: int | None = None,
    sku: str | None = None,
    partner_fields: dict[str, Any] | None = None,
) -> OrderLine:
    """Other pieces or other words on a line of a draft; its product stays, and so does what is None.

    Errors: StateForbids, LineUnknown, LineKeyTaken.
    """
    order = await _draft(tx, account_id, line.order_id)
    line = await queries.line(tx, account_id=account_id, line_id=line.id)
    wanted = line.quantity if quantity is None else quantity
    changed = structs.replace(
        line,
        line_key=line.line_key if line_key is None else line_key,
        quantity=wanted,
        sku=line.sku if sku is None else sku,
        partner_fields=line.partner_fields | (partner_fields or {}),
    )
    try:
        async with tx.savepoint():
            await sql.change_line(tx, changed, account_id=account_id)
    except ConstraintBroken as error:
        raise LineKeyTaken(line=changed.line_key, sku=changed.sku) from error
    await sql.add_pieces(tx, account_id=account_id, order_id=order.id, pieces=wanted - line.quantity)
    return changed


async def remove_line(tx: Tx, *, account_id: AccountId, line: OrderLine) -> None:
    """Take a line off a draft. Errors: StateForbids, LineUnknown."""
    order = await _draft(tx, account_id, line.order_id)
    line = await queries.line(tx, account_id=account_id, line_id=line.id)
    await sql.delete_line(tx, account_id=account_id, line_id=line.id)
    await sql.add_pieces(tx, account_id=account_id, order_id=order.id, pieces=-line.quantity)


async def update(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    changes: Changes,
    noted: Container[str] = (),
    dialect: str,
    actor: str,
) -> Order:
    """Change what an order says: anything on a draft; references and the fields in `noted` while it waits.

    What changes nothing is not on its timeline. Errors: OrderUnknown, UpdateForbidden, ReferenceTaken.
    """
    order = await locked(tx, account_id=account_id, order_id=order_id)
    fields = dict(order.partner_fields)
    for name, value in changes.partner_fields.items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    wanted = structs.replace(order, partner_fields=fields)
    for name in CHANGEABLE:
        value = getattr(changes, name)
        if value is not UNSET:
            wanted = structs.replace(wanted, **{name: value})
    keys, names = _differing(order, wanted)
    _refuse_late(order, keys, names, noted)
    if changes.unique_reference is not UNSET and changes.unique_reference != changes.old_unique_reference:
        await _claim(tx, order, changes)
    changed = await sql.change(tx, wanted)
    said = sorted([*(f"partner_fields.{key}" for key in keys), *names])
    if said:
        await tell(tx, order, kind=kinds.ORDER_CHANGED, dialect=dialect, actor=actor, facts={"fields": said})
    return changed


async def submit(tx: Tx, *, account_id: AccountId, order_id: int, dialect: str, actor: str) -> Order:
    """As `submit_all`, of one order."""
    [order] = await submit_all(tx, account_id=account_id, order_ids=[order_id], dialect=dialect, actor=actor)
    return order


async def submit_all(
    tx: Tx, *, account_id: AccountId, order_ids: Collection[int], dialect: str, actor: str
) -> list[Order]:
    """Hand drafts to the warehouse: stock is set aside, or an outbound order waits for stock as pending.

    All buckets are locked together, so that two callers do not wait for each other. An order that was submitted
    already is left as it is. In the order of their ids. Errors: OrderEmpty, ProductNotActive, StateForbids.
    """
    submitted: dict[OrderId, Order] = {}
    drafts: dict[OrderId, list[OrderLine]] = {}
    for order_id in sorted(set(order_ids)):
        order = await locked(tx, account_id=account_id, order_id=order_id)
        submitted[order.id] = order
        if order.state in ("pending", "allocated"):
            continue
        if order.state != "draft":
            raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="pending")
        drafts[order.id] = await queries.lines(tx, account_id=account_id, order_id=order.id)
        if not drafts[order.id]:
            raise OrderEmpty(id=order.id)
    await _refuse_inactive(tx, account_id, [line for lines in drafts.values() for line in lines])
    asking = [(submitted[order_id], lines) for order_id, lines in drafts.items()]
    served = await reserving.reserve_what_is_there(tx, asking)
    for order_id in drafts:
        to = "allocated" if order_id in served else "pending"
        submitted[order_id] = await advance(tx, submitted[order_id], to=to, dialect=dialect, actor=actor)
    return list(submitted.values())


async def allocate(tx: Tx, *, account_id: AccountId, order_id: int, dialect: str, actor: str) -> bool:
    """Set the stock of a waiting order aside, if it is all there now; whether it was."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "pending":
        return False
    lines = await queries.lines(tx, account_id=account_id, order_id=order.id)
    if not await reserving.reserve_what_is_there(tx, [(order, lines)]):
        return False
    await advance(tx, order, to="allocated", dialect=dialect, actor=actor)
    return True


async def put_on_hold(
    tx: Tx, *, account_id: AccountId, order_id: int, reason: str, dialect: str, actor: str
) -> Order:
    """The warehouse cannot go on; what was set aside is free for others. Errors: OrderUnknown, StateForbids."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    turn = (await stock.releases(tx, account_id=account_id, order_ids=[order.id])).get(order.id, 0)
    held = await advance(
        tx,
        order,
        to="held",
        dialect=dialect,
        actor=actor,
        facts={"from": order.state, "to": "held", "reason": reason},
        feedback=reason,
    )
    if order.state in LOCKED_STATES:
        await stock.release(tx, account_id=account_id, causes={order.id: f"hold:{order.id}:{turn}"})
    return held


async def release(tx: Tx, *, account_id: AccountId, order_id: int, dialect: str, actor: str) -> Order:
    """A held order goes on from where the warehouse begins: allocated, or pending when stock is short.

    Errors: OrderUnknown, StateForbids.
    """
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "held":
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="pending")
    lines = await queries.lines(tx, account_id=account_id, order_id=order.id)
    served = await reserving.reserve_what_is_there(tx, [(order, lines)])
    return await advance(tx, order, to="allocated" if served else "pending", dialect=dialect, actor=actor)


async def delete(tx: Tx, *, account_id: AccountId, order_id: int, dialect: str, actor: str) -> Order:
    """Out of sight: a draft, or one that never leaves; a deleted one stays so. Errors: OrderUnknown, StateForbids."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state == "deleted":
        return order
    return await advance(tx, order, to="deleted", dialect=dialect, actor=actor)


async def fix_measure(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    measure: Measure,
    weight_above_g: Decimal,
    dialect: str,
    actor: str,
) -> Order:
    """Correct what a labelled parcel measures; `weight_above_g` is what it weighs by its goods.

    Errors: OrderUnknown, StateForbids, WeightNotBigger.
    """
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "labelled" or order.type not in MEASURED_TYPES:
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="labelled")
    known_g = weight_above_g if order.measure is None else order.measure.weight_g
    if measure.weight_g <= known_g:
        raise WeightNotBigger(id=order.id, weight_g=known_g)
    measured = await sql.change(tx, structs.replace(order, measure=measure))
    await tell(
        tx,
        order,
        kind=kinds.ORDER_MEASURED,
        dialect=dialect,
        actor=actor,
        facts={"measure": msgspec.to_builtins(measure), "known_g": str(known_g)},
    )
    return measured


async def cancel(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    dialect: str,
    actor: str,
    reason: str = "",
    from_states: Container[str] | None = None,
) -> Order:
    """As `cancel_all`, of one order."""
    [order] = await cancel_all(
        tx,
        account_id=account_id,
        order_ids=[order_id],
        dialect=dialect,
        actor=actor,
        reason=reason,
        from_states=from_states,
    )
    return order


async def cancel_all(
    tx: Tx,
    *,
    account_id: AccountId,
    order_ids: Collection[int],
    dialect: str,
    actor: str,
    reason: str = "",
    from_states: Container[str] | None = None,
) -> list[Order]:
    """Stop orders before goods moved; what they had set aside is free again. A cancelled one stays as it is.

    All buckets are locked together, as `submit_all` does. `from_states` is narrower than the table where this
    caller may do less. In the order of their ids. Errors: OrderUnknown, StateForbids.
    """
    cancelled: list[Order] = []
    holding: list[OrderId] = []
    for order_id in sorted(set(order_ids)):
        order = await locked(tx, account_id=account_id, order_id=order_id)
        if order.state == "cancelled":
            cancelled.append(order)
            continue
        if from_states is not None and order.state not in from_states:
            raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="cancelled")
        if order.state in LOCKED_STATES:
            holding.append(order.id)
        facts = {"from": order.state, "to": "cancelled", "reason": reason}
        cancelled.append(await advance(tx, order, to="cancelled", dialect=dialect, actor=actor, facts=facts))
    await stock.release(tx, account_id=account_id, causes={order_id: f"cancel:{order_id}" for order_id in holding})
    return cancelled


async def deliver(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, place: str, dialect: str, actor: str
) -> Order | None:
    """The customer has it; an order that is not under way to them stays as it is (None)."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    return await deliver_held(tx, order, place=place, dialect=dialect, actor=actor)


async def deliver_held(tx: Tx, order: Order, *, place: str, dialect: str, actor: str) -> Order | None:
    """As `deliver`; the caller holds the order."""
    if order.state != "shipped":
        return None
    return await advance(
        tx,
        order,
        to="delivered",
        dialect=dialect,
        actor=actor,
        kind=kinds.ORDER_DELIVERED,
        facts={"number": order.number, "place": place},
    )


class DeliveredWith(Struct, frozen=True, kw_only=True):
    """An outbound order whose parcel was handed over, which its row says already."""

    account_id: AccountId
    order_id: OrderId
    number: str
    order_dialect: str
    dialect: str
    actor: str


async def delivered_with(tx: Tx, delivered: Sequence[DeliveredWith], *, place: str) -> None:
    """Say of orders, on their timelines, that they were delivered in this transaction."""
    if not delivered:
        return
    wanted = await events.append_many(
        tx,
        [
            NewEvent(
                account_id=one.account_id,
                kind=kinds.ORDER_DELIVERED,
                subject=f"order:{one.order_id}",
                order_id=one.order_id,
                order_dialect=one.order_dialect,
                dialect=one.dialect,
                actor=one.actor,
                facts={"number": one.number, "place": place},
            )
            for one in delivered
        ],
        asked=[kinds.ORDER_CHECK_POINT],
    )
    for one in delivered if wanted else ():
        await got_further(tx, account_id=one.account_id, order_id=one.order_id, dialect=one.dialect, actor=one.actor)


async def give_back(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, reason: str, dialect: str, actor: str
) -> Order | None:
    """It comes back instead of reaching its customer; one that is not under way stays as it is (None)."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "shipped":
        return None
    facts = {"from": order.state, "to": "returned", "reason": reason}
    return await advance(tx, order, to="returned", dialect=dialect, actor=actor, facts=facts)


async def got_further(tx: Tx, *, account_id: AccountId, order_id: OrderId, dialect: str, actor: str) -> None:
    """Its parcel moved while the order stays in its state: those who follow it are told. Errors: OrderUnknown."""
    order = await queries.order(tx, account_id=account_id, order_id=order_id)
    await notices.tell(tx, order, [kinds.ORDER_CHECK_POINT], dialect=dialect, actor=actor)


async def undeliver(tx: Tx, *, account_id: AccountId, order_id: OrderId, dialect: str, actor: str) -> Order | None:
    """A hand-over was rolled back: the order is under way again."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "delivered":
        return None
    return await advance(tx, order, to="shipped", dialect=dialect, actor=actor)


async def _draft(tx: Tx, account_id: AccountId, order_id: int) -> Order:
    """Errors: OrderUnknown, StateForbids."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "draft":
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="draft")
    return order


def _differing(order: Order, wanted: Order) -> tuple[list[str], list[str]]:
    """Keys of `partner_fields`, by name, and the CHANGEABLE in which the two differ."""
    keys = sorted({*order.partner_fields, *wanted.partner_fields})
    return (
        [key for key in keys if order.partner_fields.get(key) != wanted.partner_fields.get(key)],
        [name for name in CHANGEABLE if getattr(order, name) != getattr(wanted, name)],
    )


def _refuse_late(order: Order, keys: list[str], names: list[str], noted: Container[str]) -> None:
    """`keys` and `names` as _differing finds them.

    Errors: UpdateForbidden for what the order's state does not let change any more.
    """
    if order.state == "draft":
        return
    late = [*keys, *names]
    if order.state in NOTED_STATES:
        whole = [name for name in names if name != "reference"]
        late = [name for name in (*keys, *whole) if name not in noted]
    if late:
        raise UpdateForbidden(id=order.id, number=order.number, state=order.state, fields=", ".join(late))


async def _claim(tx: Tx, order: Order, changes: Changes) -> None:
    """The new unique reference for the old one. Errors: ReferenceTaken."""
    claim = (order.account_id, order.company_id, order.type)
    if isinstance(changes.unique_reference, str):
        wanted = (*claim, changes.unique_reference, order.id)
        if not await sql.claim_references(tx, [wanted], kept=REFERENCE_KEPT):
            raise ReferenceTaken(reference=changes.unique_reference)
    if changes.old_unique_reference is not None:
        await sql.free_references(tx, [(*claim, changes.old_unique_reference, order.id)])


async def _product(tx: Tx, account_id: AccountId, line: NewLine) -> Product:
    if line.product_id is not None:
        return await catalog.product(tx, account_id=account_id, product_id=line.product_id)
    found = await catalog.products_by_sku(tx, account_id=account_id, skus=[line.sku])
    if line.sku not in found:
        raise ProductUnknown(sku=line.sku)
    return found[line.sku]


async def _refuse_inactive(tx: Tx, account_id: AccountId, lines: list[OrderLine]) -> None:
    wanted = product_ids(lines)
    products = await catalog.products(tx, account_id=account_id, ids=wanted) if wanted else {}
    for line in lines:
        if line.product_id is not None and not products[line.product_id].active:
            raise ProductNotActive(id=line.product_id, sku=line.sku)
