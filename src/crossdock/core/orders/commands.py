"""Changing orders. A state changes only through `advance`, which checks the table and writes the timeline."""

from collections.abc import Container
from typing import Any

from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId, SubInventoryId
from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog.errors import ProductNotActive, ProductUnknown
from crossdock.core.catalog.model import Product
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import NewEvent
from crossdock.core.orders import queries, sql
from crossdock.core.orders.errors import LineKeyTaken, OrderEmpty, OrderUnknown, StateForbids
from crossdock.core.orders.model import LOCKED_STATES, MOVES, NewLine, Order, OrderLine
from crossdock.core.stock import commands as stock
from crossdock.core.stock.errors import OutOfStock
from crossdock.core.stock.model import Need, Reservation
from crossdock.db.tx import Tx


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
) -> Order:
    """Move the order to a next state of its table and say so on its timeline. Errors: StateForbids."""
    moves = MOVES.get(order.kind, {})
    sources = [state for state, following in moves.items() if to in following]
    moved = await sql.set_state(
        tx,
        account_id=order.account_id,
        order_id=order.id,
        states=sources,
        state=to,
        finished_at=tx.now if finished else None,
        batches=batches,
        tracking_number=tracking_number,
    )
    if moved is None:
        now = await queries.order(tx, account_id=order.account_id, order_id=order.id)
        raise StateForbids(id=order.id, number=order.number, state=now.state, wanted=to)
    said = facts if facts is not None else {"from": order.state, "to": to}
    await tell(tx, order, kind=kind, dialect=dialect, actor=actor, facts=said)
    return moved


async def tell(tx: Tx, order: Order, *, kind: str, dialect: str, actor: str, facts: dict[str, Any]) -> None:
    """Write a fact on the order's timeline."""
    await events.append(
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
        ),
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
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "draft":
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="draft")
    product = await _product(tx, account_id, line)
    put = await sql.put_line(
        tx,
        sql.LineRow(
            account_id=account_id,
            order_id=order.id,
            line_no=0,
            line_key=line.line_key,
            product_id=product.id,
            sku=product.sku,
            sub_inventory_id=line.sub_inventory_id,
            lot=line.lot,
            condition=line.condition,
            quantity=line.quantity,
            partner_fields=line.partner_fields,
        ),
    )
    if put.product_id != product.id:
        raise LineKeyTaken(line=line.line_key, sku=put.sku)
    await sql.add_pieces(tx, account_id=account_id, order_id=order.id, pieces=line.quantity)
    return put


async def submit(tx: Tx, *, account_id: AccountId, order_id: int, dialect: str, actor: str) -> Order:
    """Hand a draft to the warehouse: its stock is set aside, or it waits for stock as pending.

    An order that was submitted already is left as it is. Errors: OrderEmpty, ProductNotActive, StateForbids.
    """
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state in ("pending", "allocated"):
        return order
    if order.state != "draft":
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="pending")
    lines = await queries.lines(tx, account_id=account_id, order_id=order.id)
    if not lines:
        raise OrderEmpty(id=order.id)
    await _refuse_inactive(tx, account_id, lines)
    if await _allocate(tx, order, lines):
        return await advance(tx, order, to="allocated", dialect=dialect, actor=actor)
    return await advance(tx, order, to="pending", dialect=dialect, actor=actor)


async def allocate(tx: Tx, *, account_id: AccountId, order_id: int, dialect: str, actor: str) -> bool:
    """Set the stock of a waiting order aside, if it is all there now; whether it was."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "pending":
        return False
    lines = await queries.lines(tx, account_id=account_id, order_id=order.id)
    if not await _allocate(tx, order, lines):
        return False
    await advance(tx, order, to="allocated", dialect=dialect, actor=actor)
    return True


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
    """Stop an order before goods moved; what it had set aside is free again. A cancelled one stays as it is.

    `from_states` is narrower than the table where this caller may do less. Errors: StateForbids.
    """
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state == "cancelled":
        return order
    if from_states is not None and order.state not in from_states:
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="cancelled")
    cancelled = await advance(
        tx,
        order,
        to="cancelled",
        dialect=dialect,
        actor=actor,
        facts={"from": order.state, "to": "cancelled", "reason": reason},
    )
    if order.state in LOCKED_STATES:
        await stock.release(tx, account_id=account_id, order_id=order.id, cause=f"cancel:{order.id}")
    return cancelled


async def deliver(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, place: str, dialect: str, actor: str
) -> Order | None:
    """The customer has it; an order that is not under way to them stays as it is (None)."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
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


async def undeliver(tx: Tx, *, account_id: AccountId, order_id: OrderId, dialect: str, actor: str) -> Order | None:
    """A hand-over was rolled back: the order is under way again."""
    order = await locked(tx, account_id=account_id, order_id=order_id)
    if order.state != "delivered":
        return None
    return await advance(tx, order, to="shipped", dialect=dialect, actor=actor)


async def _allocate(tx: Tx, order: Order, lines: list[OrderLine]) -> bool:
    """Whether all lines could be set aside."""
    needs = tuple(
        Need(
            site_id=SiteId(order.site_id or 0),
            sub_inventory_id=SubInventoryId(line.sub_inventory_id or order.sub_inventory_id or 0),
            product_id=line.product_id,
            sku=line.sku,
            quantity=line.quantity,
            lot=line.lot,
            condition=line.condition,
            line_no=line.line_no,
        )
        for line in lines
    )
    [plan] = await stock.plan(tx, [Reservation(account_id=order.account_id, order_id=order.id, needs=needs)])
    if isinstance(plan, OutOfStock):
        return False
    await stock.reserve(
        tx,
        takes={(order.account_id, order.id): plan},
        line_ids={(order.id, line.line_no): line.id for line in lines},
    )
    return True


async def _product(tx: Tx, account_id: AccountId, line: NewLine) -> Product:
    if line.product_id is not None:
        return await catalog.product(tx, account_id=account_id, product_id=line.product_id)
    found = await catalog.products_by_sku(tx, account_id=account_id, skus=[line.sku])
    if line.sku not in found:
        raise ProductUnknown(sku=line.sku)
    return found[line.sku]


async def _refuse_inactive(tx: Tx, account_id: AccountId, lines: list[OrderLine]) -> None:
    products = await catalog.products(tx, account_id=account_id, ids=[line.product_id for line in lines])
    for line in lines:
        if not products[ProductId(line.product_id)].active:
            raise ProductNotActive(id=line.product_id, sku=line.sku)
