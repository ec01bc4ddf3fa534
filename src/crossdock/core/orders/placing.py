"""Placing orders, many at a time: one transaction for a batch, an answer for each."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId, SubInventoryId
from crossdock.core.catalog import sql as catalog_sql
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import NewEvent
from crossdock.core.orders import sql
from crossdock.core.orders.errors import OrderNumberTaken, ReferenceTaken, StateForbids
from crossdock.core.orders.ids import OrderIds
from crossdock.core.orders.model import FIRST_STATES, Kind, NewLine, Order, Placed, PlaceOrder
from crossdock.core.stock import commands as stock
from crossdock.core.stock.errors import OutOfStock
from crossdock.core.stock.model import Need, Reservation, Take
from crossdock.db.database import Database
from crossdock.db.tx import Tx

REFERENCE_KEPT: Final = timedelta(days=183)
"""A unique reference is free again after six months."""

Answer = Placed | CrossdockError
Products = dict[tuple[AccountId, str | int], tuple[ProductId, str]]
"""A product as a line names it, by sku or by id -> its id and its sku."""
Draft = tuple[PlaceOrder, Order]
"""A command and the order it would become."""


def intake_key(command: PlaceOrder) -> tuple[AccountId, Kind, str] | None:
    """Two orders of one number, or of one unique reference, never share a batch."""
    name = command.number or command.unique_reference
    return None if name is None else (command.account_id, command.kind, name)


class Placing:
    """The handler of the order intake."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = OrderIds(database)

    async def place_many(self, commands: list[PlaceOrder]) -> list[Answer]:
        """One answer each, in order: Placed, OrderNumberTaken, ReferenceTaken, OutOfStock, ProductUnknown."""
        ids = await self._ids.take([command.company_id for command in commands])
        async with self._database.transaction() as tx:
            return await place_many(tx, commands, ids)


async def place_together(tx: Tx, commands: Sequence[PlaceOrder], ids: Sequence[OrderId]) -> list[Order]:
    """All of them or none, in the order given; `ids` come from OrderIds, taken before this transaction.

    Errors: those of the first that is refused, ReferenceTaken also when two of them want the same.
    """
    claimed = set()
    for command in commands:
        claim = (command.account_id, command.company_id, command.type, command.unique_reference)
        if command.unique_reference is not None and claim in claimed:
            raise ReferenceTaken(reference=command.unique_reference)
        claimed.add(claim)
    placed = []
    for answer in await place_many(tx, commands, ids):
        if isinstance(answer, CrossdockError):
            raise answer
        placed.append(answer.order)
    return placed


async def place_many(tx: Tx, commands: Sequence[PlaceOrder], ids: Sequence[OrderId]) -> list[Answer]:
    drafts = [(command, _order(tx, command, id_)) for command, id_ in zip(commands, ids, strict=True)]
    answers: dict[OrderId, Answer] = {
        order.id: StateForbids(wanted=command.state)
        for command, order in drafts
        if command.state not in FIRST_STATES.get(command.kind, ())
    }
    answers |= await _known(tx, _open(drafts, answers))
    products = await _products(tx, _open(drafts, answers), answers)
    # Before the stock is shared out: an order that is refused for its reference must not keep pieces from others.
    claimed = await _claim_references(tx, _open(drafts, answers), answers)
    takes = await _plan(tx, _open(drafts, answers), products, answers)
    await _write(tx, _open(drafts, answers), products, takes, answers)
    refused = [claim for claim in claimed if not isinstance(answers[claim[-1]], Placed)]
    if refused:
        await sql.free_references(tx, refused)
    return [answers[order.id] for _, order in drafts]


def _open(drafts: Sequence[Draft], answers: dict[OrderId, Answer]) -> list[Draft]:
    return [draft for draft in drafts if draft[1].id not in answers]


def _order(tx: Tx, command: PlaceOrder, order_id: OrderId) -> Order:
    return Order(
        id=order_id,
        account_id=command.account_id,
        company_id=command.company_id,
        kind=command.kind,
        number=command.number or str(order_id),
        dialect=command.dialect,
        type=command.type,
        state=command.state,
        site_id=command.site_id,
        sub_inventory_id=command.sub_inventory_id,
        service_id=command.service_id,
        reference=command.reference,
        recipient=command.recipient,
        partner_fields=command.partner_fields,
        content_hash=command.content_hash,
        payment=command.payment,
        token=secrets.token_hex(20),
        pieces=sum(line.quantity for line in command.lines),
        tracking_number=None,
        batches=0,
        created_at=tx.now,
        updated_at=tx.now,
        finished_at=None,
        return_action_id=command.return_action_id,
    )


async def _known(tx: Tx, drafts: Sequence[Draft]) -> dict[OrderId, Answer]:
    """Answers for orders whose number is on record already."""
    numbered = {
        (order.account_id, order.kind, order.number): order for command, order in drafts if command.number is not None
    }
    if not numbered:
        return {}
    return {
        numbered[found.account_id, found.kind, found.number].id: _again(
            numbered[found.account_id, found.kind, found.number], found
        )
        for found in await sql.by_numbers(tx, list(numbered))
    }


def _again(asked: Order, found: Order) -> Answer:
    if asked.content_hash is not None and asked.content_hash == found.content_hash:
        return Placed(order=found, fresh=False)
    return OrderNumberTaken(number=found.number)


async def _products(tx: Tx, drafts: Sequence[Draft], answers: dict[OrderId, Answer]) -> Products:
    """The products that the lines name, by id or by sku; an unknown one is its order's answer."""
    wanted = {(command.account_id, _name(line)) for command, _ in drafts for line in command.lines if line.stocked}
    skus = sorted((account_id, name) for account_id, name in wanted if isinstance(name, str))
    ids = sorted((account_id, name) for account_id, name in wanted if isinstance(name, int))
    known: Products = {}
    if skus:
        for account_id, product_id, sku in await catalog_sql.of_skus(tx, skus):
            known[account_id, sku] = (product_id, sku)
    if ids:
        for account_id, product_id, sku in await catalog_sql.of_ids(tx, ids):
            known[account_id, product_id] = (product_id, sku)
    for command, order in drafts:
        missing = [
            _name(line) for line in command.lines if line.stocked and (command.account_id, _name(line)) not in known
        ]
        if missing:
            answers[order.id] = _unknown(missing)
    return known


def _name(line: NewLine) -> str | int:
    return line.sku if line.product_id is None else line.product_id


def _unknown(names: Sequence[str | int]) -> ProductUnknown:
    """Names all of them, each once."""
    skus = ", ".join(dict.fromkeys(name for name in names if isinstance(name, str)))
    ids = ", ".join(dict.fromkeys(str(name) for name in names if isinstance(name, int)))
    return ProductUnknown(**({"sku": skus} if skus else {}), **({"id": ids} if ids else {}))


async def _claim_references(tx: Tx, drafts: Sequence[Draft], answers: dict[OrderId, Answer]) -> list[sql.Claim]:
    """The references that were free and are held now; an order whose reference is taken is answered."""
    claims: list[sql.Claim] = [
        (order.account_id, order.company_id, order.type, command.unique_reference, order.id)
        for command, order in drafts
        if command.unique_reference is not None
    ]
    if not claims:
        return []
    claimed = await sql.claim_references(tx, claims, kept=REFERENCE_KEPT)
    for *_, reference, order_id in claims:
        if order_id not in claimed:
            answers[order_id] = ReferenceTaken(reference=reference)
    return [claim for claim in claims if claim[-1] in claimed]


async def _plan(
    tx: Tx,
    drafts: Sequence[Draft],
    products: Products,
    answers: dict[OrderId, Answer],
) -> dict[OrderId, tuple[Take, ...]]:
    reserving = [(command, order) for command, order in drafts if command.state == "allocated"]
    reservations = [
        Reservation(account_id=order.account_id, order_id=order.id, needs=_needs(command, products))
        for command, order in reserving
    ]
    takes: dict[OrderId, tuple[Take, ...]] = {}
    for reservation, plan in zip(reservations, await stock.plan(tx, reservations), strict=True):
        if isinstance(plan, OutOfStock):
            answers[reservation.order_id] = plan
        else:
            takes[reservation.order_id] = plan
    return takes


def _needs(command: PlaceOrder, products: Products) -> tuple[Need, ...]:
    return tuple(
        Need(
            site_id=SiteId(command.site_id or 0),
            sub_inventory_id=SubInventoryId(line.sub_inventory_id or command.sub_inventory_id or 0),
            product_id=products[command.account_id, _name(line)][0],
            sku=products[command.account_id, _name(line)][1],
            quantity=line.quantity,
            lot=line.lot,
            condition=line.condition,
            line_no=line_no,
        )
        for line_no, line in enumerate(command.lines, start=1)
        if line.stocked
    )


async def _write(
    tx: Tx,
    drafts: Sequence[Draft],
    products: Products,
    takes: dict[OrderId, tuple[Take, ...]],
    answers: dict[OrderId, Answer],
) -> None:
    if not drafts:
        return
    written = await sql.insert(tx, [order for _, order in drafts])
    late = [draft for draft in drafts if draft[1].id not in written]
    if late:
        # Another process placed the same number between our look and our insert; it is on disk now.
        answers |= await _known(tx, late)
        drafts = _open(drafts, answers)
    rows = [
        _line(command, order, line_no, line, products)
        for command, order in drafts
        for line_no, line in enumerate(command.lines, start=1)
    ]
    line_ids = await sql.insert_lines(tx, rows) if rows else {}
    await stock.reserve(
        tx,
        takes={(order.account_id, order.id): takes[order.id] for _, order in drafts if order.id in takes},
        line_ids=line_ids,
    )
    await events.append_many(tx, [_placed(command, order) for command, order in drafts])
    for _, order in drafts:
        answers[order.id] = Placed(order=order, fresh=True)


def _line(
    command: PlaceOrder,
    order: Order,
    line_no: int,
    line: NewLine,
    products: Products,
) -> sql.LineRow:
    product_id, sku = products[command.account_id, _name(line)] if line.stocked else (None, line.sku)
    return sql.LineRow(
        account_id=order.account_id,
        order_id=order.id,
        line_no=line_no,
        line_key=line.line_key,
        product_id=product_id,
        sku=sku,
        sub_inventory_id=line.sub_inventory_id,
        lot=line.lot,
        condition=line.condition,
        quantity=line.quantity,
        partner_fields=line.partner_fields,
    )


def _placed(command: PlaceOrder, order: Order) -> NewEvent:
    return NewEvent(
        account_id=order.account_id,
        kind=kinds.ORDER_PLACED,
        subject=order.subject,
        order_id=order.id,
        order_dialect=order.dialect,
        dialect=order.dialect,
        actor=command.actor,
        facts={
            "number": order.number,
            "kind": order.kind,
            "type": order.type,
            "state": order.state,
            "pieces": order.pieces,
        },
    )
