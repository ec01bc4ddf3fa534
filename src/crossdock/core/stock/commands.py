"""Moving stock. Every move names its cause: the same cause moves a bucket once, however often it is asked."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import structs

from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId, StockId, SubInventoryId
from crossdock.core.stock import sql
from crossdock.core.stock.errors import ExpiryDiffers, NotSetAside, OutOfStock, SetAside
from crossdock.core.stock.model import Arrival, Bucket, Candidate, Need, Reservation, Take, Withdrawn
from crossdock.core.stock.sql import Held, Move
from crossdock.db.tx import Tx

STOCK_TOPIC: Final = "stock"
"""Signalled when stock has risen or was given back: orders may be waiting for it."""

WITHIN: Final = "stock_allocated_within_on_hand_check"
"""The constraint that is broken when a bucket has fewer pieces than orders set aside."""
HOLDERS_MAX: Final = 10
"""Orders that one refusal names."""


async def receive(
    tx: Tx, *, account_id: AccountId, arrivals: Sequence[Arrival], cause: str, order_id: OrderId | None = None
) -> list[StockId]:
    """Put what came in on the shelf; the bucket of each arrival. `is_known` tells whether that was done before.

    Errors: ExpiryDiffers.
    """
    buckets = await sql.ensure_buckets(tx, account_id=account_id, arrivals=arrivals)
    by_key = {(b.product_id, b.site_id, b.sub_inventory_id, b.lot, b.condition): b.id for b in buckets}
    stock_ids = [by_key[a.product_id, a.site_id, a.sub_inventory_id, a.lot, a.condition] for a in arrivals]
    await _expire(tx, account_id, buckets, zip(stock_ids, arrivals, strict=True))
    await sql.move(
        tx,
        [
            Move(
                account_id=account_id,
                stock_id=stock_id,
                cause=f"{cause}:{position}",
                quantity=arrival.quantity,
                order_id=order_id,
                order_line_id=arrival.order_line_id,
            )
            for position, (arrival, stock_id) in enumerate(zip(arrivals, stock_ids, strict=True), start=1)
        ],
    )
    return stock_ids


async def adjust(tx: Tx, *, account_id: AccountId, stock_id: StockId, quantity: int, cause: str) -> None:
    """There are more or, below zero, fewer pieces of a bucket than the ledger says; the caller has locked it.

    Errors: SetAside, where what is left would be less than orders have set aside.
    """
    [bucket] = await sql.lock(tx, account_id=account_id, ids=[stock_id])
    if bucket.on_hand + quantity < bucket.allocated:
        sku, orders = await sql.holders(tx, account_id=account_id, stock_id=stock_id, limit=HOLDERS_MAX)
        raise SetAside(
            sku=sku, on_hand=bucket.on_hand, allocated=bucket.allocated, orders=", ".join(orders[:HOLDERS_MAX])
        )
    await sql.move(tx, [Move(account_id=account_id, stock_id=stock_id, cause=cause, quantity=quantity)])
    if quantity > 0:
        await tx.notify(STOCK_TOPIC)


async def adjusted(tx: Tx, *, account_id: AccountId, stock_id: StockId, cause: str) -> bool:
    """Whether this cause moved this bucket before."""
    return await sql.has_moved(tx, account_id=account_id, stock_id=stock_id, cause=cause)


async def is_known(tx: Tx, *, account_id: AccountId, cause: str) -> bool:
    """Whether a receipt of this cause is in the ledger."""
    return await sql.has_move(tx, account_id=account_id, cause=f"{cause}:1")


async def plan(tx: Tx, reservations: Sequence[Reservation]) -> list[tuple[Take, ...] | OutOfStock]:
    """Find stock for each order, in the order given, and keep its buckets locked; nothing is written yet.

    Which bucket goes first is a setting of the place (ALLOCATIONS). What one reservation gets, the next cannot have;
    one that is not met whole takes nothing.
    """
    needs = [(r.account_id, need) for r in reservations for need in r.needs]
    if not needs:
        return [() for _ in reservations]
    return shared_out(reservations, await sql.lock_for_needs(tx, needs))


def shared_out(
    reservations: Sequence[Reservation], buckets: Sequence[Candidate]
) -> list[tuple[Take, ...] | OutOfStock]:
    """As `plan`, of buckets that were read already; where they are not locked, WITHIN has the last word."""
    shelf = _Shelf(buckets)
    return [shelf.take(reservation) for reservation in reservations]


async def candidates(tx: Tx, *, account_id: AccountId, needs: Sequence[Need]) -> list[Candidate]:
    """The buckets that could serve any of the needs, in the order in which they go out, locked."""
    found = await sql.lock_for_needs(tx, [(account_id, need) for need in needs])
    return sorted(found, key=lambda bucket: bucket.turn)


async def set_aside_elsewhere(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: OrderId,
    order_line_id: int,
    stock_id: StockId,
    to: Mapping[StockId, int],
    cause: str,
) -> None:
    """What a line has set aside in one bucket it has in others now: bucket -> pieces. The caller has them locked."""
    given_up = Move(
        account_id=account_id,
        stock_id=stock_id,
        cause=cause,
        allocated=-sum(to.values()),
        order_id=order_id,
        order_line_id=order_line_id,
    )
    taken = [structs.replace(given_up, stock_id=other, allocated=pieces) for other, pieces in sorted(to.items())]
    await sql.move(tx, [given_up, *taken])
    await tx.notify(STOCK_TOPIC)


async def reserve(
    tx: Tx,
    *,
    takes: Mapping[tuple[AccountId, OrderId], Iterable[Take]],
    line_ids: Mapping[tuple[OrderId, int], int],
    turns: Mapping[OrderId, int] | None = None,
) -> None:
    """Write what `plan` found, once the orders and their lines have ids.

    `turns` is what `releases` said of orders that may have had their stock set aside before.
    """
    moves = [
        Move(
            account_id=account_id,
            stock_id=take.stock_id,
            cause=f"reserve:{order_id}:{take.line_no}" + _turn(turns, order_id),
            allocated=take.quantity,
            order_id=order_id,
            order_line_id=line_ids[order_id, take.line_no],
        )
        for (account_id, order_id), order_takes in takes.items()
        for take in order_takes
    ]
    if moves:
        await sql.move(tx, moves)


async def releases(tx: Tx, *, account_id: AccountId, order_ids: Sequence[OrderId]) -> dict[OrderId, int]:
    """How often something these orders had set aside was given back: what they take next needs another cause."""
    return await sql.releases(tx, account_id=account_id, order_ids=order_ids)


async def hold(tx: Tx, *, orders: Collection[tuple[AccountId, OrderId]]) -> None:
    """Lock at once what these orders have set aside, where one transaction goes on to release one after the other."""
    await sql.lock_held(tx, orders=orders)


async def release(tx: Tx, *, account_id: AccountId, causes: Mapping[OrderId, str]) -> None:
    """Give back whatever these orders have set aside: order -> the cause of its moves."""
    held = await sql.held_by(tx, account_id=account_id, order_ids=list(causes)) if causes else []
    if not held:
        return
    await sql.lock(tx, account_id=account_id, ids=[row.stock_id for row in held])
    await sql.move(
        tx,
        [
            Move(
                account_id=account_id,
                stock_id=row.stock_id,
                cause=f"{causes[row.order_id]}:{row.order_line_id}",
                allocated=-row.quantity,
                order_id=row.order_id,
                order_line_id=row.order_line_id,
            )
            for row in held
        ],
    )
    await tx.notify(STOCK_TOPIC)


async def give_back(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, quantities: Mapping[int, int], cause: str
) -> None:
    """Part of what an order has set aside is free again: order line id -> pieces. Errors: NotSetAside."""
    held = await sql.held_by(tx, account_id=account_id, order_ids=[order_id])
    await sql.lock(tx, account_id=account_id, ids=[row.stock_id for row in held])
    await sql.move(
        tx,
        [
            Move(
                account_id=account_id,
                stock_id=row.stock_id,
                cause=f"{cause}:{row.order_line_id}",
                allocated=-pieces,
                order_id=order_id,
                order_line_id=row.order_line_id,
            )
            for row, pieces in _spread(held, quantities, {})
        ],
    )
    await tx.notify(STOCK_TOPIC)


async def undo(tx: Tx, *, account_id: AccountId, order_id: OrderId, cause: str, undo: str) -> set[int]:
    """Turn every move of this cause round, under a cause of its own; the order lines whose pieces came back."""
    moves = await sql.of_cause(tx, account_id=account_id, order_id=order_id, cause=cause)
    if not moves:
        return set()
    await sql.lock(tx, account_id=account_id, ids=[move.stock_id for move in moves])
    await sql.move(
        tx,
        [
            structs.replace(
                move,
                cause=f"{undo}:{move.order_line_id}",
                quantity=-move.quantity,
                allocated=-move.allocated,
            )
            for move in moves
        ],
    )
    return {move.order_line_id for move in moves if move.order_line_id is not None}


async def came_in(tx: Tx, *, account_id: AccountId, order_id: OrderId, cause: str) -> dict[StockId, int]:
    """What a receipt of this cause brought into each bucket."""
    return await sql.came_in(tx, account_id=account_id, order_id=order_id, cause=cause)


async def moved_for(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Withdrawn]:
    """What came or went for each line of an order, in all its batches, by bucket."""
    return await sql.moved_for(tx, account_id=account_id, order_id=order_id)


async def lock_owners(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    owners: Collection[SubInventoryId],
    product_ids: Collection[ProductId],
) -> None:
    """Hold all buckets of these products with these owners, before goods go from one to the other."""
    await sql.lock_owners(tx, account_id=account_id, site_id=site_id, owners=owners, product_ids=product_ids)


async def withdraw(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: OrderId,
    quantities: Mapping[int, int],
    cause: str,
    named: Mapping[tuple[int, StockId], int] | None = None,
) -> list[Withdrawn]:
    """Take reserved pieces off the shelf: order line id -> pieces, never more than it has set aside.

    `named`: order line and bucket -> how many of them must come from there, for pieces that have names.
    Errors: NotSetAside.
    """
    held = await sql.held_by(tx, account_id=account_id, order_ids=[order_id])
    buckets = {
        bucket.id: bucket for bucket in await sql.lock(tx, account_id=account_id, ids=[row.stock_id for row in held])
    }
    spread = _spread(held, quantities, named or {})
    if not spread:
        return []
    await sql.move(
        tx,
        [
            Move(
                account_id=account_id,
                stock_id=row.stock_id,
                cause=f"{cause}:{row.order_line_id}",
                quantity=-pieces,
                allocated=-pieces,
                order_id=order_id,
                order_line_id=row.order_line_id,
            )
            for row, pieces in spread
        ],
    )
    return [
        Withdrawn(
            order_line_id=row.order_line_id,
            stock_id=row.stock_id,
            lot=buckets[row.stock_id].lot,
            condition=buckets[row.stock_id].condition,
            quantity=pieces,
        )
        for row, pieces in spread
    ]


async def _expire(
    tx: Tx, account_id: AccountId, buckets: Sequence[Bucket], arrivals: Iterable[tuple[StockId, Arrival]]
) -> None:
    """A bucket expires on one day; what is empty may have been another delivery. Errors: ExpiryDiffers."""
    known = {bucket.id: bucket.expires_on if bucket.on_hand else None for bucket in buckets}
    said: dict[StockId, date] = {}
    for stock_id, arrival in arrivals:
        if arrival.expires_on is None:
            continue
        before = said.get(stock_id, known[stock_id])
        if before not in (None, arrival.expires_on):
            raise ExpiryDiffers(lot=arrival.lot, expires_on=before, said=arrival.expires_on)
        said[stock_id] = arrival.expires_on
    if said:
        await sql.set_expiry(tx, account_id=account_id, days=said)


def _turn(turns: Mapping[OrderId, int] | None, order_id: OrderId) -> str:
    turn = 0 if turns is None else turns.get(order_id, 0)
    return f":{turn}" if turn else ""


def _spread(
    held: Sequence[Held], quantities: Mapping[int, int], named: Mapping[tuple[int, StockId], int]
) -> list[tuple[Held, int]]:
    """What is named first; the rest from wherever the line has something set aside."""
    left = dict(quantities)
    for (line_id, stock_id), pieces in named.items():
        if not any((row.order_line_id, row.stock_id) == (line_id, stock_id) for row in held):
            raise NotSetAside(line_id=line_id)
        left[line_id] -= pieces
    spread = []
    for row in held:
        certain = named.get((row.order_line_id, row.stock_id), 0)
        pieces = certain + min(row.quantity - certain, left.get(row.order_line_id, 0))
        if certain > row.quantity or pieces < certain:
            raise NotSetAside(line_id=row.order_line_id)
        if pieces:
            left[row.order_line_id] -= pieces - certain
            spread.append((row, pieces))
    if any(left.values()):
        raise NotSetAside(line_id=next(line_id for line_id, pieces in left.items() if pieces))
    return spread


class _Shelf:
    """The free pieces of locked buckets, while a batch of reservations is being served."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._free: dict[StockId, int] = {bucket.id: bucket.free for bucket in candidates}
        self._buckets: defaultdict[tuple[int, ...], list[Candidate]] = defaultdict(list)
        for bucket in candidates:
            if bucket.goes_out:
                key = (bucket.account_id, bucket.product_id, bucket.site_id, bucket.sub_inventory_id)
                self._buckets[key].append(bucket)
        for alike in self._buckets.values():
            alike.sort(key=lambda bucket: bucket.turn)

    def take(self, reservation: Reservation) -> tuple[Take, ...] | OutOfStock:
        taken: list[Take] = []
        for need in reservation.needs:
            wanted = need.quantity
            for bucket in self._fitting(reservation.account_id, need):
                pieces = min(wanted, self._free[bucket.id])
                if pieces:
                    self._free[bucket.id] -= pieces
                    wanted -= pieces
                    taken.append(Take(stock_id=bucket.id, line_no=need.line_no, quantity=pieces))
            if wanted:
                for take in taken:
                    self._free[take.stock_id] += take.quantity
                return OutOfStock(sku=need.sku, available=need.quantity - wanted, wanted=need.quantity)
        return tuple(taken)

    def _fitting(self, account_id: AccountId, need: Need) -> list[Candidate]:
        return [
            bucket
            for bucket in self._buckets[account_id, need.product_id, need.site_id, need.sub_inventory_id]
            if bucket.condition == need.condition and need.lot in ("", bucket.lot)
        ]
