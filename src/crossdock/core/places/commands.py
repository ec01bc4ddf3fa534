"""Goods are put into locations and taken out of them. All changes of a bucket's places are made while it is locked.

What of a bucket lies in no location is "not put away"; the locations never hold more of it than is on hand.
"""

from collections import defaultdict
from collections.abc import Sequence

from crossdock.base.ids import AccountId, LocationId, OrderId, SiteId, StaffId, StockId
from crossdock.core.places import sql
from crossdock.core.places.errors import (
    BucketUnknown,
    LocationClosed,
    LocationNotEmpty,
    LocationTaken,
    LocationUnknown,
    MoveEmpty,
    NotThere,
)
from crossdock.core.places.model import LEAVING_ORDER, Left, Location, LocationKind, Moved, Shift
from crossdock.core.stock import commands as stock
from crossdock.core.stock import sql as stock_sql
from crossdock.core.stock.model import Withdrawn
from crossdock.db.tx import Tx


async def move(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    stock_id: StockId,
    from_location_id: LocationId | None,
    to_location_id: LocationId | None,
    quantity: int,
    cause: str,
    staff_id: StaffId | None = None,
    order_id: OrderId | None = None,
) -> Moved:
    """Pieces of one bucket go from one location to another; None is "not put away". `order_id`: for whom.

    A cause that moved this bucket before moves nothing again: what it did is returned. Errors: as `move_many`.
    """
    shift = Shift(
        stock_id=stock_id,
        from_location_id=from_location_id,
        to_location_id=to_location_id,
        quantity=quantity,
        cause=cause,
    )
    [moved] = await move_many(
        tx, account_id=account_id, site_id=site_id, shifts=[shift], staff_id=staff_id, order_id=order_id
    )
    return moved


async def move_many(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    shifts: Sequence[Shift],
    staff_id: StaffId | None = None,
    order_id: OrderId | None = None,
    closed: bool = False,
) -> list[Moved]:
    """As `move`, all or none, one after the other. `closed`: also into locations that are not in use.

    Errors: MoveEmpty, BucketUnknown, LocationUnknown, LocationClosed, NotThere.
    """
    if any(shift.quantity < 1 or shift.from_location_id == shift.to_location_id for shift in shifts):
        raise MoveEmpty()
    stock_ids = sorted({shift.stock_id for shift in shifts})
    buckets = {bucket.id: bucket for bucket in await stock_sql.lock(tx, account_id=account_id, ids=stock_ids)}
    for stock_id in stock_ids:
        if stock_id not in buckets or buckets[stock_id].site_id != site_id:
            raise BucketUnknown(stock_id=stock_id)
    known = {(one.stock_id, one.cause): one for one in await sql.known(tx, account_id=account_id, shifts=shifts)}
    new = [shift for shift in shifts if (shift.stock_id, shift.cause) not in known]
    if new:
        await _refuse_places(tx, account_id, site_id, new, closed=closed)
        lying = await sql.lying(tx, account_id=account_id, stock_ids=stock_ids)
        there: defaultdict[tuple[StockId, LocationId | None], int] = defaultdict(int)
        for bucket in buckets.values():
            there[bucket.id, None] = bucket.on_hand
        for row in lying:
            there[row.stock_id, row.location_id] = row.quantity
            there[row.stock_id, None] -= row.quantity
        for shift in new:
            if there[shift.stock_id, shift.from_location_id] < shift.quantity:
                raise await _not_there(tx, account_id, shift, there[shift.stock_id, shift.from_location_id])
            there[shift.stock_id, shift.from_location_id] -= shift.quantity
            there[shift.stock_id, shift.to_location_id] += shift.quantity
        for one in await sql.shift(
            tx, account_id=account_id, shifts=new, there=there, staff_id=staff_id, order_id=order_id
        ):
            known[one.stock_id, one.cause] = one
    return [known[shift.stock_id, shift.cause] for shift in shifts]


async def leave(
    tx: Tx, *, account_id: AccountId, order_id: OrderId, withdrawn: Sequence[Withdrawn], cause: str
) -> list[Left]:
    """The ledger took these pieces off the shelf for an order, in this transaction: from where.

    First comes what was picked for that order, then what is in no location, then shelves in walking order.
    """
    gone: defaultdict[StockId, int] = defaultdict(int)
    for one in withdrawn:
        gone[one.stock_id] += one.quantity
    rows = await sql.lying_for(tx, account_id=account_id, stock_ids=sorted(gone), order_id=order_id)
    left: list[Left] = []
    for stock_id, wanted in gone.items():
        here = [row for row in rows if row.stock_id == stock_id]
        for location_id, pieces in _from_where(here, wanted):
            left.append(Left(stock_id=stock_id, location_id=location_id, quantity=pieces))
    shifts = [
        Shift(
            stock_id=one.stock_id,
            from_location_id=one.location_id,
            to_location_id=None,
            quantity=one.quantity,
            cause=f"{cause}:{one.location_id}",
        )
        for one in left
        if one.location_id is not None
    ]
    if shifts:
        there = {(row.stock_id, row.location_id): row.quantity for row in rows}
        for shift in shifts:
            there[shift.stock_id, shift.from_location_id or LocationId(0)] -= shift.quantity
        await sql.shift(tx, account_id=account_id, shifts=shifts, there=there, staff_id=None, order_id=order_id)
    return left


async def adjust(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    stock_id: StockId,
    location_id: LocationId | None,
    quantity: int,
    cause: str,
    staff_id: StaffId | None = None,
) -> None:
    """There are more or, below zero, fewer pieces of a bucket in a location than the books say.

    Errors: as `move_many`, SetAside.
    """
    if quantity == 0:
        raise MoveEmpty()
    found = await stock_sql.lock(tx, account_id=account_id, ids=[stock_id])
    if not found or found[0].site_id != site_id:
        raise BucketUnknown(stock_id=stock_id)
    if await stock.adjusted(tx, account_id=account_id, stock_id=stock_id, cause=cause):
        return
    shift = Shift(
        stock_id=stock_id,
        from_location_id=None if quantity > 0 else location_id,
        to_location_id=location_id if quantity > 0 else None,
        quantity=abs(quantity),
        cause=cause,
    )
    where = {"account_id": account_id, "site_id": site_id, "staff_id": staff_id}
    if quantity > 0:
        await stock.adjust(tx, account_id=account_id, stock_id=stock_id, quantity=quantity, cause=cause)
    if location_id is not None:
        await move_many(tx, **where, shifts=[shift])  # type: ignore[arg-type]
    if quantity < 0:
        lying = await sql.lying(tx, account_id=account_id, stock_ids=[stock_id])
        free = found[0].on_hand - sum(row.quantity for row in lying)
        if free < -quantity:
            raise await _not_there(tx, account_id, shift, free)
        await stock.adjust(tx, account_id=account_id, stock_id=stock_id, quantity=quantity, cause=cause)


async def open_location(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, code: str, kind: LocationKind, walk_order: int = 0
) -> Location:
    """Errors: LocationTaken."""
    made = await sql.add(tx, account_id=account_id, site_id=site_id, code=code, kind=kind, walk_order=walk_order)
    if made is None:
        raise LocationTaken(code=code)
    return made


async def close_location(tx: Tx, *, account_id: AccountId, site_id: SiteId, location_id: LocationId) -> Location:
    """Nothing is put there any more. Errors: LocationUnknown, LocationNotEmpty."""
    found = await sql.lock_location(tx, account_id=account_id, site_id=site_id, location_id=location_id)
    if found is None:
        raise LocationUnknown(code=location_id)
    pieces = await sql.pieces_in(tx, account_id=account_id, location_id=location_id)
    if pieces:
        raise LocationNotEmpty(code=found.code, pieces=pieces)
    return await sql.close(tx, account_id=account_id, location_id=location_id)


def _from_where(rows: Sequence[sql.LyingFor], wanted: int) -> list[tuple[LocationId | None, int]]:
    """`rows` are of one bucket, whose pieces on hand are already fewer by `wanted`."""
    taken: dict[LocationId | None, int] = {}
    nowhere = rows[0].on_hand + wanted - sum(row.quantity for row in rows) if rows else wanted
    picked = [(row.location_id, min(row.picked, row.quantity)) for row in rows if row.picked > 0]
    walk = sorted(rows, key=lambda row: (LEAVING_ORDER.index(row.kind), row.walk_order, row.code))
    quantities = {row.location_id: row.quantity for row in rows}
    for location_id, most in [*picked, (None, nowhere), *((row.location_id, row.quantity) for row in walk)]:
        before = taken.get(location_id, 0)
        pieces = min(wanted, most if location_id is None else min(most, quantities[location_id] - before))
        if pieces > 0:
            taken[location_id] = before + pieces
            wanted -= pieces
    return list(taken.items())


async def _refuse_places(
    tx: Tx, account_id: AccountId, site_id: SiteId, shifts: Sequence[Shift], *, closed: bool
) -> None:
    """Errors: LocationUnknown, LocationClosed."""
    ids = {place for one in shifts for place in (one.from_location_id, one.to_location_id) if place is not None}
    found = {one.id: one for one in await sql.by_ids(tx, account_id=account_id, site_id=site_id, ids=sorted(ids))}
    for location_id in ids - found.keys():
        raise LocationUnknown(code=location_id)
    for one in shifts:
        if one.to_location_id is not None and not (closed or found[one.to_location_id].active):
            raise LocationClosed(code=found[one.to_location_id].code)


async def _not_there(tx: Tx, account_id: AccountId, shift: Shift, there: int) -> NotThere:
    code = "" if shift.from_location_id is None else await sql.code_of(tx, account_id, shift.from_location_id)
    return NotThere(location=code, there=max(there, 0), wanted=shift.quantity)
