"""A location is counted, and the books follow: more or fewer pieces, each with a reason."""

from collections.abc import Mapping
from typing import Any, get_args

from msgspec import convert, to_builtins

from crossdock.base.ids import AccountId, LocationId, SiteId, StaffId, StockId
from crossdock.core.accounts import sql as accounts
from crossdock.core.catalog import scanning
from crossdock.core.counting import queries, sql
from crossdock.core.counting.errors import (
    CountedLotNeeded,
    CountFull,
    CountOver,
    CountUnknown,
    DifferencesChanged,
    ManagerNeeded,
    MovedMeanwhile,
    OwnerUnclear,
    OwnerUnknown,
    ReasonUnfit,
    RoundsOver,
    ScanUnknown,
    SerialsHere,
)
from crossdock.core.counting.model import (
    BOOKED_FREELY_MAX,
    COUNTED_KINDS,
    FEWER,
    MORE,
    QUANTITY_MAX,
    ROUNDS_MAX,
    SCANS_MAX,
    Booked,
    Compared,
    Count,
    Line,
    Reason,
)
from crossdock.core.events.model import HOUSE
from crossdock.core.leaving import notices
from crossdock.core.orders.errors import QuantityInvalid
from crossdock.core.orders.queries import ORDER_ID_MAX
from crossdock.core.picking import sql as picking_sql
from crossdock.core.places import commands as places
from crossdock.core.places import queries as place_queries
from crossdock.core.places.errors import BucketUnknown, KindWrong, MoveEmpty
from crossdock.core.places.model import Location
from crossdock.core.staff import commands as staff
from crossdock.core.stock import sql as stock_sql
from crossdock.core.stock.model import Arrival, Bucket, Condition
from crossdock.core.units import sql as unit_sql
from crossdock.db.tx import Tx


async def begin(tx: Tx, *, account_id: AccountId, site_id: SiteId, location_code: str, staff_id: StaffId) -> Count:
    """A location is being counted from now on, by whoever comes by; the books of now are kept.

    Where it is being counted already, that count is found. Errors: LocationUnknown, KindWrong.
    """
    where: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    here = await place_queries.location_by_code(tx, **where, code=location_code)
    if here.kind not in COUNTED_KINDS:
        raise KindWrong(code=here.code, kind=here.kind)
    books = await _books(tx, where, here.id)
    count_id = await sql.begin(tx, **where, location_id=here.id, staff_id=staff_id, books=books)
    return await queries.count(tx, **where, count_id=count_id)


async def scan(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    count_id: int,
    code: str,
    quantity: int | None = None,
    lot: str = "",
    condition: Condition = "good",
    staff_id: StaffId,
    operation_id: str,
) -> None:
    """Pieces lie there. The same operation again counts nothing.

    `quantity` None is what the code itself counts, or one. Errors: CountUnknown, CountOver, CodeUnknown,
    QuantityInvalid, CountFull, CountedLotNeeded.
    """
    where: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    count = await _held(tx, where, count_id)
    found = await scanning.find(tx, account_id=account_id, text=code)
    pieces = quantity or found.scanned.quantity or 1
    if pieces > QUANTITY_MAX:
        raise QuantityInvalid(quantity=pieces, left=QUANTITY_MAX)
    if len(await sql.scans(tx, count=count)) >= SCANS_MAX:
        raise CountFull(most=SCANS_MAX)
    lying = await place_queries.contents(tx, **where, location_id=count.location_id)
    lots = {one.lot for one in lying if one.product_id == found.product.id}
    said = lot or found.scanned.lot or (lots.pop() if len(lots) == 1 else "")
    if not said and (found.product.lot_tracked or len(lots) > 1):
        raise CountedLotNeeded(sku=found.product.sku)
    await sql.add_scan(
        tx,
        count=count,
        product_id=found.product.id,
        lot=said,
        condition=condition,
        quantity=pieces,
        staff_id=staff_id,
        operation_id=operation_id,
    )


async def take_back(tx: Tx, *, account_id: AccountId, site_id: SiteId, count_id: int, scan_id: int) -> None:
    """A scan was wrong. Errors: CountUnknown, CountOver, ScanUnknown."""
    count = await _held(tx, {"account_id": account_id, "site_id": site_id}, count_id)
    if not await sql.take_back(tx, count=count, scan_id=scan_id):
        raise ScanUnknown()


async def again(tx: Tx, *, account_id: AccountId, site_id: SiteId, count_id: int, seen_round: int) -> None:
    """It is counted anew, beside the books of now; nothing where that was begun already.

    Errors: CountUnknown, CountOver, RoundsOver.
    """
    where: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    count = await _held(tx, where, count_id)
    if count.round != seen_round:
        return
    if count.round >= ROUNDS_MAX:
        raise RoundsOver(most=ROUNDS_MAX)
    books = await _books(tx, where, count.location_id)
    await sql.next_round(tx, account_id=account_id, count_id=count.id, books=books)


async def leave(tx: Tx, *, account_id: AccountId, site_id: SiteId, count_id: int) -> Count:
    """Nothing comes of a count. Errors: CountUnknown, CountOver."""
    count = await _held(tx, {"account_id": account_id, "site_id": site_id}, count_id)
    await sql.end(tx, account_id=account_id, count_id=count.id, state="dropped", found={})
    return count


async def book(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    count_id: int,
    seen: str,
    reasons: Mapping[StockId, str],
    note: str = "",
    manager: bool,
    staff_id: StaffId,
    operation_id: str,
    actor: str = "",
) -> Booked:
    """The books follow the count. `seen`: fingerprint of what was looked at; `reasons` of buckets that differ.

    More pieces are taken from those that are not put away, and that no pick waits for; the rest comes into the
    books. The same operation again books nothing. Errors: CountUnknown, CountOver, MovedMeanwhile,
    DifferencesChanged, OwnerUnclear, ManagerNeeded, ReasonUnfit, SetAside, SerialsHere, NotThere.
    """
    where: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    before = await _done_before(tx, where, operation_id)
    if before is not None:
        return before
    count = await _held(tx, where, count_id)
    there = await queries.compared(tx, **where, count_id=count.id)
    ids = sorted({line.stock_id for line in there.lines if line.stock_id is not None})
    buckets = {bucket.id: bucket for bucket in await stock_sql.lock(tx, account_id=account_id, ids=ids)}
    compared = await queries.compared(tx, **where, count_id=count.id)
    _refuse(count, compared, seen, manager=manager)
    for line in compared.differing:
        if line.stock_id is None:
            raise OwnerUnclear(sku=line.sku)
        reason = _reason(reasons.get(line.stock_id, "counted"), line.difference)
        await _follow(tx, where, count, line, buckets[line.stock_id], reason, staff_id)
    await _refuse_serials(tx, account_id, compared.differing)
    product_ids = {line.product_id for line in compared.differing}
    await notices.stocked(tx, account_id=account_id, product_ids=product_ids, dialect=HOUSE, actor=actor)
    told = [
        {
            "sku": line.sku,
            "lot": line.lot,
            "condition": line.condition,
            "owner": line.owner,
            "books": line.books,
            "counted": line.counted,
            "reason": reasons.get(line.stock_id or StockId(0), "counted"),
        }
        for line in compared.differing
    ]
    await sql.end(tx, account_id=account_id, count_id=count.id, state="done", found={"differences": told})
    done = Booked(
        location=count.location,
        more=sum(max(line.difference, 0) for line in compared.lines),
        fewer=sum(max(-line.difference, 0) for line in compared.lines),
    )
    after = {**to_builtins(done), "count": count.id, "differences": told}
    return await _record(tx, where, "count", done, after, note, staff_id, operation_id)


async def adjust(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    stock_id: StockId,
    location_id: LocationId | None,
    quantity: int,
    reason: str,
    note: str = "",
    staff_id: StaffId,
    operation_id: str,
    actor: str = "",
) -> Booked:
    """There are more or, below zero, fewer pieces than on the books in a location, or not put away (None).

    The same operation again books nothing. Errors: MoveEmpty, ReasonUnfit, BucketUnknown, LocationUnknown, KindWrong,
    LocationClosed, NotThere, SetAside, SerialsHere.
    """
    where: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    before = await _done_before(tx, where, operation_id)
    if before is not None:
        return before
    found = await stock_sql.lock(tx, account_id=account_id, ids=[stock_id])
    if not found or found[0].site_id != site_id:
        raise BucketUnknown(stock_id=stock_id)
    location = None if location_id is None else await _location(tx, where, location_id)
    return await _adjust(tx, where, found[0], location, quantity, reason, note, staff_id, operation_id, actor)


async def bring_in(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    location_id: LocationId,
    code: str,
    lot: str,
    condition: Condition,
    owner: str,
    quantity: int,
    reason: str,
    note: str = "",
    staff_id: StaffId,
    operation_id: str,
    actor: str = "",
) -> Booked:
    """Goods lie in a location that the books do not know there. Errors: CodeUnknown, OwnerUnknown, as `adjust`."""
    where: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    before = await _done_before(tx, where, operation_id)
    if before is not None:
        return before
    if quantity < 1:
        raise MoveEmpty()
    product = (await scanning.find(tx, account_id=account_id, text=code)).product
    whose = await accounts.sub_inventory(tx, account_id=account_id, code=owner)
    if whose is None:
        raise OwnerUnknown(owner=owner)
    location = await _location(tx, where, location_id)
    arrival = Arrival(
        site_id=site_id,
        sub_inventory_id=whose.id,
        product_id=product.id,
        lot=lot,
        condition=condition,
        quantity=quantity,
    )
    [bucket] = await stock_sql.ensure_buckets(tx, account_id=account_id, arrivals=[arrival])
    return await _adjust(tx, where, bucket, location, quantity, reason, note, staff_id, operation_id, actor)


async def _adjust(
    tx: Tx,
    where: dict[str, Any],
    bucket: Bucket,
    location: Location | None,
    quantity: int,
    reason: str,
    note: str,
    staff_id: StaffId,
    operation_id: str,
    actor: str,
) -> Booked:
    why = _reason(reason, quantity)
    await places.adjust(
        tx,
        **where,
        stock_id=bucket.id,
        location_id=None if location is None else location.id,
        quantity=quantity,
        cause=f"adjust:{why}:{operation_id}",
        staff_id=staff_id,
    )
    account_id = where["account_id"]
    names = await picking_sql.products(tx, account_id=account_id, stock_ids=[bucket.id])
    if await unit_sql.overfull(tx, account_id=account_id, stock_ids=[bucket.id]):
        raise SerialsHere(sku=names[bucket.id][0])
    await notices.stocked(tx, account_id=account_id, product_ids={bucket.product_id}, dialect=HOUSE, actor=actor)
    code = "" if location is None else location.code
    done = Booked(location=code, more=max(quantity, 0), fewer=max(-quantity, 0))
    after = {**to_builtins(done), "sku": names[bucket.id][0], "lot": bucket.lot, "reason": why}
    return await _record(tx, where, "adjust", done, after, note, staff_id, operation_id)


async def _follow(
    tx: Tx, where: dict[str, Any], count: Count, line: Line, bucket: Bucket, reason: Reason, staff_id: StaffId
) -> None:
    """Errors: SetAside, NotThere."""
    cause = f"count:{count.id}:{reason}"
    spot: dict[str, Any] = {"stock_id": bucket.id, "staff_id": staff_id}
    rest = line.difference
    if rest > 0:
        heaps = await place_queries.where(tx, **where, stock_ids=[bucket.id])
        nowhere = sum(heap.quantity for heap in heaps if heap.location_id is None)
        promised = await picking_sql.promised_there(tx, **where, stock_id=bucket.id, location_id=None)
        put = min(rest, max(nowhere - promised, 0))
        if put:
            await places.move(
                tx,
                **where,
                **spot,
                from_location_id=None,
                to_location_id=count.location_id,
                quantity=put,
                cause=f"{cause}:put-away",
            )
        rest -= put
    if rest:
        await places.adjust(tx, **where, **spot, location_id=count.location_id, quantity=rest, cause=cause)


async def _held(tx: Tx, where: dict[str, Any], count_id: int) -> Count:
    """Errors: CountUnknown, CountOver."""
    found = None
    if 0 < count_id <= ORDER_ID_MAX:
        found = await sql.count(tx, **where, count_id=count_id, locked=True)
    if found is None:
        raise CountUnknown(id=count_id)
    if found.state != "open":
        raise CountOver(location=found.location)
    return found


async def _books(tx: Tx, where: dict[str, Any], location_id: LocationId) -> dict[str, int]:
    lying = await place_queries.contents(tx, **where, location_id=location_id)
    return {str(one.stock_id): one.quantity for one in lying}


async def _location(tx: Tx, where: dict[str, Any], location_id: LocationId) -> Location:
    """Errors: LocationUnknown, KindWrong."""
    here = await place_queries.location_by_id(tx, **where, location_id=location_id)
    if here.kind not in COUNTED_KINDS:
        raise KindWrong(code=here.code, kind=here.kind)
    return here


def _refuse(count: Count, compared: Compared, seen: str, *, manager: bool) -> None:
    """Errors: MovedMeanwhile, DifferencesChanged, ManagerNeeded."""
    if compared.moved:
        raise MovedMeanwhile(location=count.location)
    if compared.fingerprint != seen:
        raise DifferencesChanged()
    if compared.pieces > BOOKED_FREELY_MAX and not manager:
        raise ManagerNeeded(pieces=compared.pieces, most=BOOKED_FREELY_MAX)


def _reason(said: str, difference: int) -> Reason:
    """Errors: ReasonUnfit."""
    for reason in MORE if difference > 0 else FEWER:
        if reason == said:
            return reason
    raise ReasonUnfit(reason=said if said in get_args(Reason) else "")


async def _refuse_serials(tx: Tx, account_id: AccountId, lines: list[Line]) -> None:
    """Errors: SerialsHere."""
    ids = [line.stock_id for line in lines if line.stock_id is not None]
    over = await unit_sql.overfull(tx, account_id=account_id, stock_ids=ids) if ids else set()
    for line in lines:
        if line.stock_id in over:
            raise SerialsHere(sku=line.sku)


async def _done_before(tx: Tx, where: dict[str, Any], operation_id: str) -> Booked | None:
    """What the same tap did before."""
    done = await staff.action_of(tx, **where, operation_id=operation_id)
    return None if done is None else convert(done.after or {}, Booked)


async def _record(
    tx: Tx,
    where: dict[str, Any],
    action: str,
    done: Booked,
    after: dict[str, Any],
    note: str,
    staff_id: StaffId,
    operation_id: str,
) -> Booked:
    await staff.record_action(
        tx, **where, staff_id=staff_id, action=action, reason=note, after=after, operation_id=operation_id
    )
    return done
