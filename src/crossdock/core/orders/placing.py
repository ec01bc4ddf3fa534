"""Placing orders, many at a time: one transaction for a batch, an answer for each."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId, SubInventoryId
from crossdock.core.accounts import master_sql
from crossdock.core.catalog import sql as catalog_sql
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.orders import placing_sql, sql, tally
from crossdock.core.orders.errors import OrderIdsExhausted, OrderNumberTaken, ReferenceTaken, StateForbids
from crossdock.core.orders.ids import OrderIds, in_turn
from crossdock.core.orders.model import FIRST_STATES, Kind, NewLine, Order, Placed, PlaceOrder
from crossdock.core.stock import commands as stock
from crossdock.core.stock.errors import OutOfStock
from crossdock.core.stock.model import Need, Reservation, Take
from crossdock.db.database import Database
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx

REFERENCE_KEPT: Final = timedelta(days=183)
"""A unique reference is free again after six months."""
SEVEN_DIGITS: Final = "order_counter_seven_digits_check"
"""The constraint that is broken when a company's numbers of a day are used up."""
FOLDED_EACH: Final = 200
"""Batches, each a row or two of the tally that every list sums up; once a minute is too rarely for a busy house."""
TOKEN_BYTES: Final = 20
"""Of the secret of a buyer's page."""

Answer = Placed | CrossdockError
Products = dict[tuple[AccountId, str | int], tuple[ProductId, str]]
"""A product as a line names it, by sku or by id -> its id and its sku."""
Consignee = tuple[AccountId, str]
"""By the code that a partner gave it."""
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
        self._batches = 0
        self._folding: asyncio.Task[None] | None = None

    async def place_many(self, commands: list[PlaceOrder]) -> list[Answer]:
        """One answer each, in order: Placed, OrderNumberTaken, ReferenceTaken, OutOfStock, ProductUnknown."""
        answers = await self._placed(commands)
        self._fold_now_and_then()
        return answers

    async def close(self) -> None:
        """Wait for what goes on beside the batches."""
        if self._folding is not None:
            await self._folding

    async def _placed(self, commands: list[PlaceOrder]) -> list[Answer]:
        """Two statements where nothing stands in the way. Where somebody else took the pieces between them, or
        where a unique reference is to be claimed, the buckets are locked first."""
        if all(command.unique_reference is None for command in commands):
            try:
                async with self._database.autocommit() as tx:
                    return await _place_at_once(tx, commands)
            except ConstraintBroken as error:
                if error.constraint == SEVEN_DIGITS:
                    raise OrderIdsExhausted(companies=sorted({one.company_id for one in commands})) from error
                if error.constraint != stock.WITHIN:
                    raise
        ids = await self._ids.take([command.company_id for command in commands])
        async with self._database.transaction() as tx:
            return await place_many(tx, commands, ids)

    def _fold_now_and_then(self) -> None:
        self._batches += 1
        if self._batches % FOLDED_EACH == 0 and (self._folding is None or self._folding.done()):
            self._folding = asyncio.create_task(self._fold())

    async def _fold(self) -> None:
        with suppress(CrossdockError):  # the next one does it, or the sweep of the minute
            async with self._database.transaction() as tx:
                await tally.fold(tx)


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
    told = await master_sql.recipients(tx, consignees) if (consignees := _consignees(commands)) else {}
    drafts, answers = _drafts(tx, commands, ids, told)
    answers |= await _known(tx, _open(drafts, answers))
    products = await _products(tx, _open(drafts, answers), answers)
    # Before the stock is shared out: an order that is refused for its reference must not keep pieces from others.
    claimed = await _claim_references(tx, _open(drafts, answers), answers)
    reservations = _reservations(_open(drafts, answers), products)
    takes = _taken(reservations, await stock.plan(tx, reservations), answers)
    await _write(tx, _open(drafts, answers), products, takes, answers)
    refused = [claim for claim in claimed if not isinstance(answers[claim[-1]], Placed)]
    if refused:
        await sql.free_references(tx, refused)
    return [answers[order.id] for _, order in drafts]


async def _place_at_once(tx: Tx, commands: Sequence[PlaceOrder]) -> list[Answer]:
    """Each statement is a transaction of its own: the first looks and takes numbers, the second writes it all.

    Errors: ConstraintBroken by SEVEN_DIGITS, and by stock.WITHIN where pieces went between the two.
    """
    companies = [command.company_id for command in commands]
    found = await placing_sql.ask(
        tx,
        companies=Counter(companies),
        numbers=[(one.account_id, one.kind, one.number) for one in commands if one.number is not None],
        goods=_goods(commands),
        consignees=_consignees(commands),
    )
    told = {(account_id, code): recipient for account_id, code, recipient in found.consignees}
    drafts, answers = _drafts(tx, commands, in_turn(found.blocks, companies), told)
    if found.numbers:
        answers |= await _known(tx, _open(drafts, answers))
    products = _by_name(found.goods.products)
    _refuse_unknown(_open(drafts, answers), products, answers)
    reservations = _reservations(_open(drafts, answers), products)
    takes = _taken(reservations, stock.shared_out(reservations, found.goods.buckets), answers)
    await _write(tx, _open(drafts, answers), products, takes, answers)
    return [answers[order.id] for _, order in drafts]


def _drafts(
    tx: Tx, commands: Sequence[PlaceOrder], ids: Sequence[OrderId], told: Mapping[Consignee, dict[str, Any]]
) -> tuple[list[Draft], dict[OrderId, Answer]]:
    """With the answers of those that no order may begin as. `told`: what is known of consignees."""
    tokens = secrets.token_hex(TOKEN_BYTES * len(commands))
    drafts = [
        (command, _order(tx, command, id_, _recipient(command, told), tokens[at : at + 2 * TOKEN_BYTES]))
        for command, id_, at in zip(commands, ids, range(0, len(tokens), 2 * TOKEN_BYTES), strict=True)
    ]
    return drafts, {
        order.id: StateForbids(wanted=command.state)
        for command, order in drafts
        if command.state not in FIRST_STATES.get(command.kind, ())
    }


def _consignees(commands: Sequence[PlaceOrder]) -> set[Consignee]:
    return {(command.account_id, command.consignee) for command in commands if command.consignee is not None}


def _recipient(command: PlaceOrder, told: Mapping[Consignee, dict[str, Any]]) -> dict[str, Any]:
    known = None if command.consignee is None else told.get((command.account_id, command.consignee))
    return (command.recipient_otherwise if known is None else known) | command.recipient


def _open(drafts: Sequence[Draft], answers: dict[OrderId, Answer]) -> list[Draft]:
    return [draft for draft in drafts if draft[1].id not in answers]


def _order(tx: Tx, command: PlaceOrder, order_id: OrderId, recipient: dict[str, Any], token: str) -> Order:
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
        recipient=recipient,
        partner_fields=command.partner_fields,
        content_hash=command.content_hash,
        payment=command.payment,
        token=token,
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
    found = [
        *(await catalog_sql.of_skus(tx, skus) if skus else ()),
        *(await catalog_sql.of_ids(tx, ids) if ids else ()),
    ]
    products = _by_name(found)
    _refuse_unknown(drafts, products, answers)
    return products


def _by_name(found: Sequence[catalog_sql.Named]) -> Products:
    """By sku and by id, whichever of them a line names."""
    products: Products = {}
    for account_id, product_id, sku in found:
        products[account_id, sku] = products[account_id, product_id] = (product_id, sku)
    return products


def _refuse_unknown(drafts: Sequence[Draft], products: Products, answers: dict[OrderId, Answer]) -> None:
    for command, order in drafts:
        missing = [
            _name(line)
            for line in command.lines
            if line.stocked and (command.account_id, _name(line)) not in products
        ]
        if missing:
            answers[order.id] = _unknown(missing)


def _goods(commands: Sequence[PlaceOrder]) -> set[placing_sql.Goods]:
    """The products that the lines name, with the places of those that are set aside."""
    return {
        placing_sql.Goods(
            account_id=command.account_id,
            sku=line.sku if line.product_id is None else None,
            product_id=line.product_id,
            site_id=command.site_id if command.state == "allocated" else None,
            sub_inventory_id=line.sub_inventory_id or command.sub_inventory_id,
            condition=line.condition,
        )
        for command in commands
        for line in command.lines
        if line.stocked
    }


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


def _reservations(drafts: Sequence[Draft], products: Products) -> list[Reservation]:
    return [
        Reservation(account_id=order.account_id, order_id=order.id, needs=_needs(command, products))
        for command, order in drafts
        if command.state == "allocated"
    ]


def _taken(
    reservations: Sequence[Reservation],
    plans: Sequence[tuple[Take, ...] | OutOfStock],
    answers: dict[OrderId, Answer],
) -> dict[OrderId, tuple[Take, ...]]:
    takes: dict[OrderId, tuple[Take, ...]] = {}
    for reservation, plan in zip(reservations, plans, strict=True):
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
    written = await placing_sql.write(
        tx,
        [order for _, order in drafts],
        actors={order.id: command.actor for command, order in drafts},
        lines=[
            _line(command, order, line_no, line, products)
            for command, order in drafts
            for line_no, line in enumerate(command.lines, start=1)
        ],
        takes=[
            placing_sql.Taken(order_id=order.id, line_no=take.line_no, stock_id=take.stock_id, quantity=take.quantity)
            for _, order in drafts
            for take in takes.get(order.id, ())
        ],
    )
    late = [draft for draft in drafts if draft[1].id not in written]
    if late:
        # Another process placed the same number between our look and our insert; it is on disk now.
        answers |= await _known(tx, late)
        drafts = _open(drafts, answers)
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
