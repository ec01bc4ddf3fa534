"""Money comes for an order, and is given back: what that does to its goods and to its pick-up code."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.catalog import queries as catalog
from crossdock.core.codes import commands as codes
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment.handing_over import at_its_shop, give_code
from crossdock.core.orders import commands as orders
from crossdock.core.orders import payment_sql
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.errors import (
    AmountInvalid,
    LineUnknown,
    NothingLeft,
    NumberAmbiguous,
    OrderUnknown,
    PaymentForbids,
    PaymentReferenceTaken,
    PiecesHandedOver,
    QuantityInvalid,
    ReferenceInvalid,
    RefundTooMuch,
    StateForbids,
)
from crossdock.core.orders.model import (
    LOCKED_STATES,
    PAYMENT_MOVES,
    Order,
    OrderLine,
    Payment,
    PaymentRow,
    product_ids,
)
from crossdock.core.picking import commands as picking
from crossdock.core.staff.errors import ReasonTooLong
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from crossdock.core.stock import commands as stock
from crossdock.db.tx import Tx

AMOUNT_MAX: Final = Decimal(10**12)
AMOUNT_PLACES_MAX: Final = 4
"""No currency has more."""
REFERENCE_CHARACTERS_MAX: Final = 100
PIECES_LEAVE: Final = frozenset({"draft", "pending", "allocated", "released", "held", "shipped"})
"""Refunded pieces are taken off an order before somebody's hands are on them, and again while they wait in a shop."""
WAITS_ON_SHELF: Final = frozenset({"pending", "allocated", "held"})
"""An order at its own shop that nobody works on: a refund of all of it cancels it."""
ZERO: Final = Decimal(0)


async def pay(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    reference: str,
    amount: Decimal | None = None,
    channel: str = "",
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """Money came, `amount` None: all that was open. Paid whole, an order that is ready for its shop gets its code.

    The same reference again changes nothing. What an order costs is the price of its products. Errors: OrderUnknown,
    AmountInvalid, ReferenceInvalid, PaymentReferenceTaken, PaymentForbids, KeyClash.
    """
    _check(reference, amount, "")
    order, rows = await _held(tx, account_id, order_id)
    if _told_before(order, rows, "sale", reference, amount, {}):
        return order
    came = _sum(rows, "sale")
    price = await _price(tx, order, await order_queries.lines(tx, account_id=account_id, order_id=order.id), rows)
    share = max(price - came, ZERO) if amount is None else amount
    paid = await _write(
        tx,
        order,
        payment="paid" if amount is None or came + share >= price else "partially_paid",
        kind="sale",
        reference=reference,
        amount=share,
        channel=channel,
        dialect=dialect,
        actor=actor,
    )
    if paid.payment == "paid":
        await give_code(tx, paid, dialect=dialect, actor=actor)
    return paid


async def refund(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: int,
    reference: str,
    amount: Decimal | None = None,
    pieces: Mapping[str, int] | None = None,
    reason: str = "",
    channel: str = "",
    dialect: str = HOUSE,
    actor: str = "",
) -> Order:
    """Money is given back: `amount`, or what `pieces` (line key -> how many) cost, or with neither all of it.

    All of it cancels a code that was not used, and a parcel that still stands in its shop's own stock; a part with
    pieces takes them off what is handed over. The same reference again changes nothing. Errors: OrderUnknown,
    AmountInvalid, ReferenceInvalid, ReasonTooLong, PaymentReferenceTaken, PaymentForbids, RefundTooMuch, LineUnknown,
    QuantityInvalid, NothingLeft, PiecesHandedOver, StateForbids.
    """
    _check(reference, amount, reason)
    off = {key: count for key, count in (pieces or {}).items() if count}
    order, rows = await _held(tx, account_id, order_id)
    if _told_before(order, rows, "refund", reference, amount, off):
        return order
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    _refuse_pieces(order, lines, pieces or {})
    sold, given = _sum(rows, "sale"), _sum(rows, "refund")
    came = sold or await _price(tx, order, lines, rows)
    share = amount if amount is not None else await _worth(tx, order, lines, off) if off else max(came - given, ZERO)
    if sold and given + share > sold:
        raise RefundTooMuch(number=order.number, left=sold - given)
    whole = (amount is None and not off) or (came > 0 and given + share >= came)
    if off and not whole and all(off.get(line.line_key, 0) == _there(order, line) for line in lines):
        raise NothingLeft(number=order.number)
    refunded = await _write(
        tx,
        order,
        payment="refunded" if whole else "partially_refunded",
        kind="refund",
        reference=reference,
        amount=share,
        pieces=off,
        reason=reason,
        channel=channel,
        dialect=dialect,
        actor=actor,
    )
    who: dict[str, Any] = {"account_id": account_id, "order_id": order.id, "dialect": dialect, "actor": actor}
    if not whole:
        await _take_off(tx, order, lines, off, cause=f"refund:{order.id}:{len(rows)}")
    elif order.state in WAITS_ON_SHELF and await at_its_shop(tx, order):
        await orders.cancel(tx, **who, reason=reason)
    else:
        await codes.cancel(tx, **who, reason=reason)
    return await order_queries.order(tx, account_id=account_id, order_id=refunded.id)


async def payments(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[PaymentRow]:
    """What came and went for an order, oldest first; nothing where its money is not counted here."""
    return await payment_sql.of_order(tx, account_id=account_id, order_id=order_id)


async def named(tx: Tx, *, number: str, account: str | None = None) -> tuple[AccountId, OrderId]:
    """The outbound order of this number; `account` is the code of one. Errors: OrderUnknown, NumberAmbiguous."""
    found = await payment_sql.outbound_of_number(tx, number=number, account=account)
    if not found:
        raise OrderUnknown(number=number)
    if len(found) > 1:
        raise NumberAmbiguous(number=number)
    return found[0].account_id, found[0].order_id


async def _held(tx: Tx, account_id: AccountId, order_id: int) -> tuple[Order, list[PaymentRow]]:
    order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    if order.kind != "outbound":
        raise OrderUnknown(id=order_id)
    return order, await payments(tx, account_id=account_id, order_id=order.id)


def _told_before(
    order: Order,
    rows: Sequence[PaymentRow],
    kind: str,
    reference: str,
    amount: Decimal | None,
    pieces: Mapping[str, int],
) -> bool:
    """Errors: PaymentReferenceTaken."""
    for row in rows:
        if row.reference == reference:
            if row.kind != kind or amount not in (None, row.amount) or row.pieces != pieces:
                raise PaymentReferenceTaken(number=order.number, reference=reference)
            return True
    return False


def _check(reference: str, amount: Decimal | None, reason: str) -> None:
    """Errors: ReferenceInvalid, AmountInvalid, ReasonTooLong."""
    if not 0 < len(reference) <= REFERENCE_CHARACTERS_MAX:
        raise ReferenceInvalid(characters_max=REFERENCE_CHARACTERS_MAX)
    if len(reason) > REASON_CHARACTERS_MAX:
        raise ReasonTooLong(characters_max=REASON_CHARACTERS_MAX)
    if amount is not None and not (amount.is_finite() and ZERO < amount <= AMOUNT_MAX and _fits(amount)):
        raise AmountInvalid(amount_max=AMOUNT_MAX, places_max=AMOUNT_PLACES_MAX)


def _fits(amount: Decimal) -> bool:
    return amount == round(amount, AMOUNT_PLACES_MAX)


def _sum(rows: Sequence[PaymentRow], kind: str) -> Decimal:
    return sum((row.amount for row in rows if row.kind == kind), ZERO)


async def _price(tx: Tx, order: Order, lines: Sequence[OrderLine], rows: Sequence[PaymentRow]) -> Decimal:
    """What the order cost before pieces of it were given back."""
    back = await _worth(tx, order, lines, {line.line_key: _refunded(rows, line) for line in lines})
    return back + await _worth(tx, order, lines, {line.line_key: line.quantity for line in lines})


def _refunded(rows: Sequence[PaymentRow], line: OrderLine) -> int:
    return sum(row.pieces.get(line.line_key, 0) for row in rows)


async def _worth(tx: Tx, order: Order, lines: Sequence[OrderLine], pieces: Mapping[str, int]) -> Decimal:
    products = await catalog.products(tx, account_id=order.account_id, ids=product_ids(lines))
    return sum(
        (
            products[line.product_id].price * pieces.get(line.line_key, 0)
            for line in lines
            if line.product_id is not None
        ),
        ZERO,
    )


def _there(order: Order, line: OrderLine) -> int:
    """Pieces of a line that are still to be handed over."""
    return line.quantity if order.state == "shipped" else line.left


def _refuse_pieces(order: Order, lines: Sequence[OrderLine], pieces: Mapping[str, int]) -> None:
    """Errors: LineUnknown, QuantityInvalid, PiecesHandedOver, StateForbids."""
    if not pieces:
        return
    if order.state == "delivered":
        raise PiecesHandedOver(number=order.number)
    if order.state not in PIECES_LEAVE:
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="partially_refunded")
    by_key = {line.line_key: line for line in lines}
    for key, count in pieces.items():
        if key not in by_key:
            raise LineUnknown(line=key)
        if not 0 < count <= _there(order, by_key[key]):
            raise QuantityInvalid(line=key, quantity=count, left=_there(order, by_key[key]))


async def _write(
    tx: Tx,
    order: Order,
    *,
    payment: Payment,
    kind: str,
    reference: str,
    amount: Decimal,
    channel: str,
    dialect: str,
    actor: str,
    pieces: dict[str, int] | None = None,
    reason: str = "",
) -> Order:
    """The row, the order's payment, and the fact on its timeline. Errors: PaymentForbids."""
    before = [name for name, following in PAYMENT_MOVES.items() if payment in following]
    changed = await payment_sql.set_payment(
        tx, account_id=order.account_id, order_id=order.id, before=before, payment=payment
    )
    if changed is None:
        raise PaymentForbids(number=order.number, payment=order.payment, wanted=payment)
    await payment_sql.insert(
        tx,
        account_id=order.account_id,
        order_id=order.id,
        kind=kind,
        reference=reference,
        amount=amount,
        channel=channel,
        pieces=pieces or {},
        reason=reason,
        dialect=dialect,
        actor=actor,
    )
    said = {
        "number": order.number,
        "reference": reference,
        "amount": str(amount),
        "channel": channel,
        "payment": payment,
    }
    if kind == "sale":
        await orders.tell(tx, order, kind=kinds.ORDER_PAID, dialect=dialect, actor=actor, facts=said)
    else:
        facts = {**said, "reason": reason, "pieces": pieces or {}}
        await orders.tell(tx, order, kind=kinds.ORDER_REFUNDED, dialect=dialect, actor=actor, facts=facts)
    return changed


async def _take_off(
    tx: Tx, order: Order, lines: Sequence[OrderLine], pieces: Mapping[str, int], *, cause: str
) -> None:
    """Fewer pieces are handed over; what was set aside for them is free again."""
    off = {line.id: pieces[line.line_key] for line in lines if line.line_key in pieces}
    if not off:
        return
    if order.state in LOCKED_STATES:
        stocked = {line.id: off[line.id] for line in lines if line.id in off and line.product_id is not None}
        await stock.give_back(tx, account_id=order.account_id, order_id=order.id, quantities=stocked, cause=cause)
        await picking.trim(tx, account_id=order.account_id, order_id=order.id)
    await order_sql.call_off(tx, account_id=order.account_id, pieces=off)
    await order_sql.add_pieces(tx, account_id=order.account_id, order_id=order.id, pieces=-sum(off.values()))
