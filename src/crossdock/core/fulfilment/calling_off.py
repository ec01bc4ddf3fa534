"""An owner calls off an order, whole or in part, by its number, whatever kinds of orders bear it.

Before the floor works on it that is done at once; while it does, a person decides; what has moved stays moved.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId
from crossdock.core.events import kinds
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment import commands as outbound
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.errors import CancelBatchTaken, CancelDecided, CancelTooMuch, CancelUnknown
from crossdock.core.leaving.facts import facts
from crossdock.core.orders import cancel_sql
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders import sql as order_sql
from crossdock.core.orders.cancel_sql import CancelRequest
from crossdock.core.orders.errors import LineUnknown, OrderUnknown, StateForbids
from crossdock.core.orders.model import LOCKED_STATES, Kind, Order, OrderLine
from crossdock.core.picking import commands as picking
from crossdock.core.stock import commands as stock
from crossdock.db.tx import Tx

KINDS: Final[tuple[Kind, ...]] = ("inbound", "outbound", "transfer", "transport")
WAITING_MAX: Final = 1_000
"""Call-offs that are read at a time."""
GONE: Final = frozenset({"cancelled", "deleted"})
AT_ONCE: Final[dict[Kind, frozenset[str]]] = {
    "outbound": frozenset({"draft", "pending", "allocated", "released", "held"}),
    "inbound": frozenset({"draft", "announced", "accepted", "rejected"}),
    "transport": frozenset({"announced"}),
}
"""States in which nobody's hands are on the goods: called off on the spot."""
MOVING: Final[dict[Kind, frozenset[str]]] = {
    "outbound": frozenset({"partly_shipped"}),
    "inbound": frozenset({"receiving"}),
    "transport": frozenset({"dispatched", "departed"}),
}
"""States in which something has moved: only what has not may be called off. Of a leg that is what its outbound order
still has to send."""
ASKED: Final[dict[Kind, frozenset[str]]] = {
    "outbound": frozenset({"picking", "packing", "packed", "confirmed", "labelled"})
}
"""States in which the floor is asked first."""
CLOSED_BY: Final[dict[Kind, Callable[..., Awaitable[Order]]]] = {
    "outbound": outbound.close_outbound,
    "inbound": inbound.close_inbound,
}
"""When all is called off that has not moved; a leg ends with its parcels."""
MOVEMENTS: Final[tuple[frozenset[Kind], ...]] = (
    frozenset({"outbound", "transport"}),
    frozenset({"inbound"}),
    frozenset({"transfer"}),
)
"""Classes of orders that move the same goods: an outbound order and its leg go together."""


class CallOff(Struct, frozen=True, kw_only=True):
    """What an owner does not want any more."""

    number: str
    batch_key: str | None = None
    content_hash: bytes
    reason: str = ""
    pieces: Mapping[str, int] = {}
    """Line key -> pieces; empty: all of it."""
    skus: Mapping[str, str] = {}
    """Line key -> the product that the owner believes it to be."""


async def call_off(
    tx: Tx, *, account_id: AccountId, wanted: CallOff, dialect: str = HOUSE, actor: str = ""
) -> list[Order]:
    """All orders of the number as they stand after it; one that waits for the floor's word is as it was.

    The same batch again, and what was called off before, change nothing. All or nothing. Errors: OrderUnknown,
    CancelBatchTaken, StateForbids, LineUnknown, CancelTooMuch.
    """
    found = await _held(tx, account_id, wanted.number)
    if not found:
        raise OrderUnknown(number=wanted.number)
    if wanted.batch_key is not None:
        before = await cancel_sql.of_batch(
            tx, account_id=account_id, number=wanted.number, batch_key=wanted.batch_key
        )
        if before is not None:
            if before.content_hash != wanted.content_hash:
                raise CancelBatchTaken(number=wanted.number)
            return found
    live = _live(found)
    if not live:
        return found
    concerned = await _concerned(tx, live, wanted)
    asks = any(share.order.state in ASKED.get(share.order.kind, ()) for share in concerned)
    if asks and not wanted.batch_key and await _all_is_asked_for(tx, account_id, wanted.number):
        return found
    await cancel_sql.put(
        tx,
        account_id=account_id,
        number=wanted.number,
        batch_key=wanted.batch_key,
        content_hash=wanted.content_hash,
        reason=wanted.reason,
        state="asked" if asks else "granted",
        wanted=wanted.pieces,
        dialect=dialect,
        actor=actor,
    )
    if asks:
        return found
    await _apply(tx, concerned, wanted, dialect=dialect, actor=actor)
    return await _held(tx, account_id, wanted.number)


async def decide(
    tx: Tx, *, account_id: AccountId, request_id: int, granted: bool, dialect: str = HOUSE, actor: str = ""
) -> list[Order]:
    """The floor's word on what was asked; the same word again changes nothing.

    Errors: CancelUnknown, CancelDecided, StateForbids, CancelTooMuch for what has moved meanwhile.
    """
    request = await cancel_sql.lock(tx, account_id=account_id, request_id=request_id)
    if request is None:
        raise CancelUnknown(id=request_id)
    state: cancel_sql.State = "granted" if granted else "refused"
    found = await _held(tx, account_id, request.number)
    if request.state != "asked":
        if request.state != state:
            raise CancelDecided(id=request_id)
        return found
    wanted = _asked(request)
    live = _live(found)
    await cancel_sql.decide(tx, account_id=account_id, request_id=request.id, state=state)
    if granted and live:
        await _apply(tx, await _concerned(tx, live, wanted), wanted, dialect=dialect, actor=actor)
    elif not granted:
        await _tell_failed(tx, live, wanted, dialect=dialect, actor=actor)
    return await _held(tx, account_id, request.number)


async def waiting(tx: Tx, *, account_id: AccountId, number: str) -> list[CancelRequest]:
    """What the floor has to decide on for an order's number, oldest first."""
    return await cancel_sql.waiting(tx, account_id=account_id, number=number)


async def all_waiting(tx: Tx) -> list[CancelRequest]:
    """Of all accounts, oldest first, at most WAITING_MAX."""
    return await cancel_sql.all_waiting(tx, limit=WAITING_MAX)


async def account_of(tx: Tx, request_id: int) -> AccountId:
    """Errors: CancelUnknown."""
    account_id = await cancel_sql.account_of(tx, request_id=request_id)
    if account_id is None:
        raise CancelUnknown(id=request_id)
    return account_id


async def tell_refused(
    tx: Tx, *, account_id: AccountId, wanted: CallOff, dialect: str = HOUSE, actor: str = ""
) -> None:
    """What could not be called off stands on the timelines: after the refusal's own transaction rolled back."""
    live = _live(await _held(tx, account_id, wanted.number))
    await _tell_failed(tx, live, wanted, dialect=dialect, actor=actor)


class Share(Struct, frozen=True, kw_only=True):
    """What is taken off one order."""

    order: Order
    lines: list[OrderLine]
    """Those that lose something."""
    whole: bool
    """Nothing of the order has moved, and nothing is left of it."""


async def _held(tx: Tx, account_id: AccountId, number: str) -> list[Order]:
    found = await order_queries.orders_by_number(tx, account_id=account_id, kinds=KINDS, number=number)
    return [
        await orders.locked(tx, account_id=account_id, order_id=order_id)
        for order_id in sorted(order.id for order in found)
    ]


def _live(found: Sequence[Order]) -> list[Order]:
    """What a call-off is about: every movement of which something is open.

    Where none is, what is over forbids it, unless another movement was called off before.
    """
    movements = [[order for order in found if order.kind in classes] for classes in MOVEMENTS]
    left = [[order for order in orders if order.state not in GONE] for orders in movements if orders]
    opened = [orders for orders in left if any(map(_is_open, orders))]
    if not opened and not all(left):
        return []
    return [order for orders in opened or left for order in orders]


def _is_open(order: Order) -> bool:
    return any(order.state in states.get(order.kind, ()) for states in (AT_ONCE, ASKED, MOVING))


async def _all_is_asked_for(tx: Tx, account_id: AccountId, number: str) -> bool:
    """Whether the floor has already to decide on the whole order."""
    return any(not asked.wanted for asked in await cancel_sql.waiting(tx, account_id=account_id, number=number))


async def _concerned(tx: Tx, live: Sequence[Order], wanted: CallOff) -> list[Share]:
    """Those of the orders that lose something. Errors: StateForbids, LineUnknown, CancelTooMuch."""
    order_ids = [order.id for order in live]
    lines = await order_queries.lines_of(tx, account_id=live[0].account_id, order_ids=order_ids)
    if not wanted.pieces:
        for order in live:
            _refuse_unless(order, AT_ONCE, ASKED)
        return [Share(order=order, lines=lines[order.id], whole=True) for order in live]
    pieces = wanted.pieces
    taken = [(order, [line for line in lines[order.id] if line.line_key in pieces]) for order in live]
    known = {line.line_key for _, theirs in taken for line in theirs}
    unknown = [key for key in pieces if key not in known]
    if unknown:
        raise LineUnknown(line=unknown[0])
    still_here = {line.line_key: line.left for order, theirs in taken if order.kind == "outbound" for line in theirs}
    for order, theirs in taken:
        if theirs:
            _refuse_unless(order, AT_ONCE, ASKED, MOVING)
        for line in theirs:
            if wanted.skus.get(line.line_key, line.sku) != line.sku:
                raise LineUnknown(line=line.line_key)
            left = line.left
            if order.kind == "transport" and _is_moving(order):
                left = min(left, still_here.get(line.line_key, 0))
            if pieces[line.line_key] > left:
                raise CancelTooMuch(line=line.line_key, left=left)
    return [
        Share(order=order, lines=theirs, whole=not _is_moving(order) and _empties(lines[order.id], pieces))
        for order, theirs in taken
        if theirs
    ]


def _refuse_unless(order: Order, *allowed: Mapping[Kind, frozenset[str]]) -> None:
    """Errors: StateForbids."""
    if not any(order.state in states.get(order.kind, ()) for states in allowed):
        raise StateForbids(id=order.id, number=order.number, state=order.state, wanted="cancelled")


def _is_moving(order: Order) -> bool:
    return order.state in MOVING.get(order.kind, ())


async def _apply(tx: Tx, concerned: Sequence[Share], wanted: CallOff, *, dialect: str, actor: str) -> None:
    """A leg before its outbound order, whose end may be the leg's end, too."""
    for share in sorted(concerned, key=lambda share: share.order.kind != "transport"):
        if not share.whole:
            await _take_off(tx, share.order, share.lines, wanted, dialect=dialect, actor=actor)
    whole = [share for share in concerned if share.whole]
    cancelled = await orders.cancel_all(
        tx,
        account_id=concerned[0].order.account_id,
        order_ids=[share.order.id for share in whole],
        dialect=dialect,
        actor=actor,
        reason=wanted.reason,
    )
    after = {order.id: order.state for order in cancelled}
    for share in whole:
        order, off = share.order, {line.line_key: line.quantity for line in share.lines}
        await _tell(tx, order, share.lines, wanted, off, state=after[order.id], dialect=dialect, actor=actor)


def _empties(lines: Sequence[OrderLine], pieces: Mapping[str, int]) -> bool:
    """Of an order with these lines."""
    return all(not line.done and line.quantity == pieces.get(line.line_key, 0) for line in lines)


async def _take_off(
    tx: Tx, order: Order, lines: Sequence[OrderLine], wanted: CallOff, *, dialect: str, actor: str
) -> None:
    """Fewer pieces are ordered; of an order that has moved and of which nothing is left, that was all."""
    who = {"dialect": dialect, "actor": actor}
    off = {line.id: wanted.pieces[line.line_key] for line in lines}
    if order.kind == "outbound" and order.state in LOCKED_STATES:
        stocked = {line.id: off[line.id] for line in lines if line.product_id is not None}
        turn = (await stock.releases(tx, account_id=order.account_id, order_ids=[order.id])).get(order.id, 0)
        cause = f"call-off:{order.id}:{turn}"
        await stock.give_back(tx, account_id=order.account_id, order_id=order.id, quantities=stocked, cause=cause)
        await picking.trim(tx, account_id=order.account_id, order_id=order.id)
    await order_sql.call_off(tx, account_id=order.account_id, pieces=off)
    await order_sql.add_pieces(tx, account_id=order.account_id, order_id=order.id, pieces=-sum(off.values()))
    state = order.state
    left = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
    close = CLOSED_BY.get(order.kind)
    if close is not None and _is_moving(order) and not any(line.left for line in left):
        state = (await close(tx, account_id=order.account_id, order_id=order.id, **who)).state
    await _tell(tx, order, lines, wanted, wanted.pieces, state=state, **who)


async def _tell_failed(tx: Tx, live: Collection[Order], wanted: CallOff, *, dialect: str, actor: str) -> None:
    for order in live:
        lines = await order_queries.lines(tx, account_id=order.account_id, order_id=order.id)
        if wanted.pieces:
            lines = [line for line in lines if line.line_key in wanted.pieces]
        if lines:
            await _tell(tx, order, lines, wanted, {}, state="cancel_failed", dialect=dialect, actor=actor)


async def _tell(
    tx: Tx,
    order: Order,
    lines: Sequence[OrderLine],
    wanted: CallOff,
    off: Mapping[str, int],
    *,
    state: str,
    dialect: str,
    actor: str,
) -> None:
    """`lines` as they were before."""
    told: dict[str, Any] = {
        **await facts(tx, order, []),
        "kind": order.kind,
        "state": state,
        "batch_key": wanted.batch_key,
        "whole": not wanted.pieces,
        "reason": wanted.reason,
        "ordered_before": order.pieces,
        "lines": [
            {
                "line_key": line.line_key,
                "sku": line.sku,
                "quantity": line.quantity,
                "cancelled": off.get(line.line_key, 0),
                "done": line.done,
                "partner_fields": line.partner_fields,
            }
            for line in lines
        ],
    }
    await orders.tell(tx, order, kind=kinds.CANCEL_DECIDED, dialect=dialect, actor=actor, facts=told)


def _asked(request: CancelRequest) -> CallOff:
    return CallOff(
        number=request.number,
        batch_key=request.batch_key,
        content_hash=request.content_hash,
        reason=request.reason,
        pieces=request.wanted,
    )
