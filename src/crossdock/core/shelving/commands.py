"""Goods are put away from the dock, and moved between locations, by somebody with a scanner."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from msgspec import convert, to_builtins

from crossdock.base.ids import AccountId, LocationId, SiteId, StaffId, StockId
from crossdock.core.picking import commands as picking
from crossdock.core.picking import sql as picking_sql
from crossdock.core.places import commands as places
from crossdock.core.places import queries as place_queries
from crossdock.core.places.errors import KindWrong
from crossdock.core.places.model import Location, LocationKind, Shift
from crossdock.core.shelving import queries
from crossdock.core.shelving.model import COME_IN_KINDS, MOVED_KINDS, PUT_KINDS, Shelved
from crossdock.core.staff import commands as staff
from crossdock.core.stock import sql as stock_sql
from crossdock.db.tx import Tx


async def put_away(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    stock_id: StockId,
    from_location_id: LocationId | None,
    location_code: str,
    quantity: int | None,
    staff_id: StaffId,
    operation_id: str,
) -> Shelved:
    """Pieces from the dock, or of what was not put away, lie on a shelf, in reserve or in quarantine.

    `quantity` None is all that lies there. The same operation again moves nothing. Errors: LocationUnknown,
    KindWrong, LocationClosed, BucketUnknown, NotThere, MoveEmpty, PicksWait.
    """
    who: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    before = await _done_before(tx, who, operation_id)
    if before is not None:
        return before
    to = await _into(tx, who, location_code, PUT_KINDS)
    if from_location_id is not None:
        await _out_of(tx, who, from_location_id, COME_IN_KINDS)
    return await _move(tx, who, "put_away", stock_id, from_location_id, to, quantity, staff_id, operation_id)


async def move(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    stock_id: StockId,
    from_location_id: LocationId,
    location_code: str,
    quantity: int | None,
    staff_id: StaffId,
    operation_id: str,
) -> Shelved:
    """Pieces lie in another location now; not out of or into totes and lanes. Errors: as `put_away`."""
    who: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    before = await _done_before(tx, who, operation_id)
    if before is not None:
        return before
    to = await _into(tx, who, location_code, MOVED_KINDS)
    await _out_of(tx, who, from_location_id, MOVED_KINDS)
    return await _move(tx, who, "move_goods", stock_id, from_location_id, to, quantity, staff_id, operation_id)


async def put_plate_away(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    plate_code: str,
    location_code: str,
    staff_id: StaffId,
    operation_id: str,
) -> Shelved:
    """All that came in on a plate, or on the cartons of a pallet, lies in one location now. A plate goes once.

    The same operation again moves nothing. Errors: PlateUnknown, PlatePutAway, NothingWaits, and as `put_away`.
    """
    who: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    before = await _done_before(tx, who, operation_id)
    if before is not None:
        return before
    to = await _into(tx, who, location_code, PUT_KINDS)
    there = await queries.plate(tx, **who, code=plate_code)
    await stock_sql.lock(tx, account_id=account_id, ids=sorted({heap.stock_id for heap in there.heaps}))
    plate = await queries.plate(tx, **who, code=plate_code)
    turns: Counter[StockId] = Counter()
    shifts = []
    for heap in plate.heaps:
        turn = turns[heap.stock_id]
        turns[heap.stock_id] += 1
        shifts.append(
            Shift(
                stock_id=heap.stock_id,
                from_location_id=heap.location_id,
                to_location_id=to.id,
                quantity=heap.quantity,
                cause=f"{plate.cause}:{turn}" if turn else plate.cause,
            )
        )
    await places.move_many(tx, **who, shifts=shifts, staff_id=staff_id)
    for shift in shifts:
        await _follow(tx, who, shift, to)
    done = Shelved(pieces=plate.pieces, what=plate.code, location=to.code)
    return await _record(tx, who, "put_away", done, staff_id, operation_id)


async def _move(
    tx: Tx,
    who: dict[str, Any],
    action: str,
    stock_id: StockId,
    from_location_id: LocationId | None,
    to: Location,
    quantity: int | None,
    staff_id: StaffId,
    operation_id: str,
) -> Shelved:
    if quantity is None:
        await stock_sql.lock(tx, account_id=who["account_id"], ids=[stock_id])
        heap = await queries.heap(tx, **who, stock_id=stock_id, location_id=from_location_id)
        quantity = heap.quantity
    shift = Shift(
        stock_id=stock_id,
        from_location_id=from_location_id,
        to_location_id=to.id,
        quantity=quantity,
        cause=f"{action.replace('_', '-')}:{operation_id}",
    )
    await places.move_many(tx, **who, shifts=[shift], staff_id=staff_id)
    await _follow(tx, who, shift, to)
    names = await picking_sql.products(tx, account_id=who["account_id"], stock_ids=[stock_id])
    done = Shelved(pieces=quantity, what=names[stock_id][0], location=to.code)
    return await _record(tx, who, action, done, staff_id, operation_id)


async def _into(tx: Tx, who: dict[str, Any], code: str, kinds: Collection[LocationKind]) -> Location:
    """Errors: LocationUnknown, KindWrong."""
    to = await place_queries.location_by_code(tx, **who, code=code)
    if to.kind not in kinds:
        raise KindWrong(code=to.code, kind=to.kind)
    return to


async def _out_of(tx: Tx, who: dict[str, Any], location_id: LocationId, kinds: Collection[LocationKind]) -> None:
    """Errors: LocationUnknown, KindWrong."""
    here = await place_queries.location_by_id(tx, **who, location_id=location_id)
    if here.kind not in kinds:
        raise KindWrong(code=here.code, kind=here.kind)


async def _follow(tx: Tx, who: dict[str, Any], shift: Shift, to: Location) -> None:
    """Errors: PicksWait."""
    found = await place_queries.where(tx, **who, stock_ids=[shift.stock_id])
    left = sum(one.quantity for one in found if one.location_id == shift.from_location_id)
    await picking.follow(
        tx,
        **who,
        stock_id=shift.stock_id,
        from_location_id=shift.from_location_id,
        to=to,
        moved=shift.quantity,
        left=left,
    )


async def _done_before(tx: Tx, who: dict[str, Any], operation_id: str) -> Shelved | None:
    """What the same tap did before."""
    done = await staff.action_of(tx, **who, operation_id=operation_id)
    return None if done is None else convert(done.after or {}, Shelved)


async def _record(
    tx: Tx, who: dict[str, Any], action: str, done: Shelved, staff_id: StaffId, operation_id: str
) -> Shelved:
    await staff.record_action(
        tx, **who, staff_id=staff_id, action=action, after=to_builtins(done), operation_id=operation_id
    )
    return done
