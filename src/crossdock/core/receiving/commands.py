"""At the dock: scan, take a scan back, book what was scanned, and say that no more will come."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from msgspec import structs

from crossdock.base.ids import AccountId, LocationId, SiteId, StaffId, SubInventoryId
from crossdock.core.accounts import sql as accounts
from crossdock.core.catalog import scanning
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.catalog.model import Product
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.errors import OverReceipt
from crossdock.core.fulfilment.model import Receipt
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import LineUnknown, OrderUnknown, QuantityInvalid
from crossdock.core.orders.model import Order, OrderLine
from crossdock.core.places import commands as places
from crossdock.core.places import queries as place_queries
from crossdock.core.places.errors import LocationUnknown
from crossdock.core.places.model import Location, Shift
from crossdock.core.receiving import sql
from crossdock.core.receiving.errors import (
    LotNeeded,
    NotAnnounced,
    NotExpectedHere,
    NothingScanned,
    NotReceivable,
    PlateNotAnnounced,
    PlateScanned,
    ReasonNeeded,
    ScanGone,
    ScansWaiting,
    SerialNeeded,
    SerialScanned,
    TooManyScans,
)
from crossdock.core.receiving.model import (
    LOT_CHARACTERS_MAX,
    PLATE_CHARACTERS_MAX,
    QUANTITY_MAX,
    RECEIVABLE,
    SCANS_MAX,
    SERIAL_CHARACTERS_MAX,
    Booked,
    Scan,
    Wanted,
)
from crossdock.core.staff import commands as staff
from crossdock.core.stock import commands as stock
from crossdock.core.units import plates
from crossdock.core.units.model import NewUnit, Plate
from crossdock.db.tx import Tx

VIN: Final = re.compile(r"(?=.*[A-Z])[A-HJ-NPR-Z0-9]{17}\Z")
"""ISO 3779: seventeen signs, no I, O or Q."""


async def scan(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    order_id: int,
    wanted: Wanted,
    operation_id: str,
) -> list[Scan]:
    """Something of an order lies in somebody's hand: noted, not booked. A plate brings all that was announced of it.

    The same operation again notes nothing. Errors: NotExpectedHere, NotReceivable, CodeUnknown, NotAnnounced,
    LotNeeded, SerialNeeded, SerialScanned, PlateNotAnnounced, PlateScanned, QuantityInvalid, OverReceipt,
    TooManyScans.
    """
    order = await _held(tx, account_id, site_id, order_id)
    known = await sql.of_operation(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    if known:
        return known
    _refuse_too_long(wanted)
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    scans = await sql.open_scans(tx, account_id=account_id, order_id=order.id)
    parts = await _parts(tx, order, lines, scans, wanted)
    if sum(scan.staff_id == staff_id for scan in scans) + len(parts) > SCANS_MAX:
        raise TooManyScans(most=SCANS_MAX)
    await _refuse_more(tx, order, lines, scans, parts)
    return await sql.add(
        tx,
        account_id=account_id,
        site_id=site_id,
        order_id=order.id,
        staff_id=staff_id,
        operation_id=operation_id,
        parts=[(line.id, one) for line, one in parts],
    )


async def take_back(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, staff_id: StaffId, order_id: int, scan_ids: Sequence[int]
) -> None:
    """Scans of one's own that were wrong. Errors: NotExpectedHere, NotReceivable, ScanGone."""
    order = await _held(tx, account_id, site_id, order_id)
    ended = await sql.end(
        tx, account_id=account_id, order_id=order.id, staff_id=staff_id, ids=scan_ids, ended="taken_back"
    )
    if not ended:
        raise ScanGone()


async def book(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    actor: str,
    order_id: int,
    operation_id: str,
    dock_id: LocationId | None = None,
) -> Booked:
    """What somebody scanned of an order comes in, and lies at the dock: that one, or the warehouse's first.

    The same operation again books nothing. Errors: NotExpectedHere, NotReceivable, NothingScanned, LocationUnknown,
    and those of `inbound.receive`.
    """
    done = await staff.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    if done is not None:
        order = await order_queries.order(tx, account_id=account_id, order_id=order_id)
        told = done.after or {}
        return Booked(order=order, pieces=told.get("pieces", 0), dock=told.get("dock", ""))
    order = await _held(tx, account_id, site_id, order_id)
    dock = await _dock(tx, account_id, site_id, dock_id)
    scans = [
        one for one in await sql.open_scans(tx, account_id=account_id, order_id=order.id) if one.staff_id == staff_id
    ]
    if not scans:
        raise NothingScanned()
    lines = {line.id: line for line in await order_queries.lines(tx, account_id=account_id, order_id=order.id)}
    order = await inbound.receive(
        tx,
        account_id=account_id,
        order_id=order.id,
        receipts=_receipts(scans, lines),
        batch_key=operation_id,
        dialect=HOUSE,
        actor=actor,
    )
    if dock is not None:
        cause = f"receive:{order.id}:key:{operation_id}"
        came = await stock.came_in(tx, account_id=account_id, order_id=order.id, cause=cause)
        shifts = [
            Shift(stock_id=stock_id, from_location_id=None, to_location_id=dock.id, quantity=pieces, cause=cause)
            for stock_id, pieces in came.items()
        ]
        if shifts:
            await places.move_many(tx, account_id=account_id, site_id=site_id, shifts=shifts, staff_id=staff_id)
    await sql.end(
        tx,
        account_id=account_id,
        order_id=order.id,
        staff_id=staff_id,
        ids=[one.id for one in scans],
        ended="booked",
    )
    booked = Booked(order=order, pieces=sum(one.quantity for one in scans), dock=dock.code if dock else "")
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action="receive",
        after={"order": order.number, "batch": order.batches, "pieces": booked.pieces, "dock": booked.dock},
        operation_id=operation_id,
    )
    return booked


async def close(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    actor: str,
    order_id: int,
    reason: str,
    operation_id: str,
) -> Order:
    """No more will come of an order. Errors: NotExpectedHere, NotReceivable, ScansWaiting, ReasonNeeded."""
    if await staff.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id) is not None:
        return await order_queries.order(tx, account_id=account_id, order_id=order_id)
    order = await _held(tx, account_id, site_id, order_id)
    waiting = await sql.open_scans(tx, account_id=account_id, order_id=order.id)
    if waiting:
        raise ScansWaiting(pieces=sum(one.quantity for one in waiting))
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    short = {line.sku: line.left for line in lines if line.left}
    if short and not reason.strip():
        raise ReasonNeeded()
    closed = await inbound.close_inbound(
        tx, account_id=account_id, order_id=order.id, dialect=HOUSE, actor=actor, reason=reason.strip()
    )
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action="close_receipt",
        reason=reason.strip(),
        after={"order": order.number, "missing": short},
        operation_id=operation_id,
    )
    return closed


async def _held(tx: Tx, account_id: AccountId, site_id: SiteId, order_id: int) -> Order:
    try:
        order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    except OrderUnknown as error:
        raise NotExpectedHere(number=order_id) from error
    if order.kind != "inbound" or order.site_id != site_id:
        raise NotExpectedHere(number=order.number)
    if order.state not in RECEIVABLE:
        raise NotReceivable(number=order.number, state=order.state)
    return order


async def _dock(tx: Tx, account_id: AccountId, site_id: SiteId, dock_id: LocationId | None) -> Location | None:
    docks = await place_queries.locations(tx, account_id=account_id, site_id=site_id, kinds=["dock"])
    if dock_id is None:
        return docks[0] if docks else None
    found = next((dock for dock in docks if dock.id == dock_id), None)
    if found is None:
        raise LocationUnknown(code=dock_id)
    return found


def _refuse_too_long(wanted: Wanted) -> None:
    for name, most in (
        ("lot", LOT_CHARACTERS_MAX),
        ("serial", SERIAL_CHARACTERS_MAX),
        ("plate", PLATE_CHARACTERS_MAX),
    ):
        if len(getattr(wanted, name)) > most:
            raise CodeUnknown(code=getattr(wanted, name)[:most])
    if wanted.quantity is not None and not 0 < wanted.quantity <= QUANTITY_MAX:
        raise QuantityInvalid(quantity=wanted.quantity, left=QUANTITY_MAX)


async def _parts(
    tx: Tx, order: Order, lines: Sequence[OrderLine], scans: Sequence[Scan], wanted: Wanted
) -> list[tuple[OrderLine, Wanted]]:
    """The lines that a scan is of, and what of each."""
    code = scanning.understood(wanted.code)
    below = await _announced(tx, order, lines, code.plate if not code.codes else code.text)
    if below:
        return _of_plate(order, lines, scans, below, code.text)
    if not code.codes:
        raise PlateNotAnnounced(plate=code.plate)
    found = await scanning.find(tx, account_id=order.account_id, text=wanted.code)
    said = found.scanned
    one = structs.replace(
        wanted,
        lot=wanted.lot or said.lot,
        expires_on=wanted.expires_on or said.expires_on,
        serial=wanted.serial or said.serial,
        quantity=wanted.quantity or said.quantity or 1,
    )
    if (one.quantity or 0) > QUANTITY_MAX:
        raise QuantityInvalid(quantity=one.quantity, left=QUANTITY_MAX)
    line = _line_of(order, lines, scans, found.product, one)
    one = structs.replace(one, lot=one.lot or line.lot)
    if found.product.lot_tracked and not one.lot:
        raise LotNeeded(sku=found.product.sku)
    if found.product.serial_tracked and not one.serial:
        raise SerialNeeded(sku=found.product.sku)
    if one.serial and any(one.serial in scan.serials for scan in scans):
        raise SerialScanned(serial=one.serial)
    return [(line, structs.replace(one, quantity=1) if one.serial else one)]


def _line_of(
    order: Order, lines: Sequence[OrderLine], scans: Sequence[Scan], product: Product, one: Wanted
) -> OrderLine:
    """Of the lines of a product the one of that lot, of which something is missing."""
    fitting = [line for line in lines if line.product_id == product.id]
    if not fitting:
        raise NotAnnounced(sku=product.sku, number=order.number)
    scanned = _scanned(scans)
    return max(
        fitting,
        key=lambda line: (line.lot == one.lot, line.left > scanned[line.id], not line.lot, -line.line_no),
    )


def _of_plate(
    order: Order, lines: Sequence[OrderLine], scans: Sequence[Scan], below: Sequence[Plate], code: str
) -> list[tuple[OrderLine, Wanted]]:
    if any(plate.received for plate in below) or {scan.plate for scan in scans} & {plate.code for plate in below}:
        raise PlateScanned(plate=code)
    by_sku = {line.sku: line for line in reversed(lines) if line.product_id is not None}
    for plate in below:
        if plate.sku not in by_sku:
            raise NotAnnounced(sku=plate.sku, number=order.number)
    return [
        (
            by_sku[plate.sku],
            Wanted(code=code, quantity=plate.quantity, lot=by_sku[plate.sku].lot, plate=plate.code),
        )
        for plate in below
    ]


async def _announced(tx: Tx, order: Order, lines: Sequence[OrderLine], code: str) -> list[Plate]:
    """What a plate of this order brings: of a pallet that holds cartons, the cartons."""
    source = await sql.source_of_plate(tx, account_id=order.account_id, plate=code)
    borne = {order.number, *(str(value) for line in lines for value in line.partner_fields.values())}
    if not source or source not in borne:
        return []
    children: defaultdict[str, list[Plate]] = defaultdict(list)
    announced = await plates.of_sources(tx, account_id=order.account_id, source_numbers=[source])
    for plate in announced:
        children[plate.parent_code].append(plate)
    leaves: dict[str, Plate] = {}
    seen: set[str] = set()
    waiting = [plate for plate in announced if plate.code == code]
    while waiting:
        plate = waiting.pop()
        if plate.code in seen:
            continue
        seen.add(plate.code)
        waiting += children[plate.code]
        if not children[plate.code]:
            leaves[plate.code] = plate
    return [leaves[name] for name in sorted(leaves)]


async def _refuse_more(
    tx: Tx,
    order: Order,
    lines: Sequence[OrderLine],
    scans: Sequence[Scan],
    parts: Sequence[tuple[OrderLine, Wanted]],
) -> None:
    """What the owner forbids is refused in the hand, not at the end. Errors: OverReceipt."""
    coming = _scanned(scans)
    for line, one in parts:
        coming[line.id] += one.quantity or 0
    for line in {line.id: line for line, _ in parts}.values():
        if coming[line.id] <= line.left:
            continue
        owner = await accounts.sub_inventory_by_id(
            tx,
            account_id=order.account_id,
            sub_inventory_id=SubInventoryId(line.sub_inventory_id or order.sub_inventory_id or 0),
        )
        if owner is not None and not owner.over_receipt:
            raise OverReceipt(line=line.sku, left=line.left, quantity=coming[line.id])


def _scanned(scans: Sequence[Scan]) -> defaultdict[int, int]:
    pieces: defaultdict[int, int] = defaultdict(int)
    for one in scans:
        pieces[one.order_line_id] += one.quantity
    return pieces


def _receipts(scans: Sequence[Scan], lines: dict[int, OrderLine]) -> list[Receipt]:
    """Scans that are of one kind come in as one; pieces with names by themselves."""
    kinds: defaultdict[tuple[Any, ...], list[Scan]] = defaultdict(list)
    for one in reversed(scans):
        kinds[one.order_line_id, one.lot, one.expires_on, one.condition, one.plate, bool(one.serials)].append(one)
    receipts = []
    for (line_id, lot, expires_on, condition, plate, _), alike in kinds.items():
        if line_id not in lines:
            raise LineUnknown(line=line_id)
        receipts.append(
            Receipt(
                line_key=lines[line_id].line_key,
                quantity=sum(one.quantity for one in alike),
                lot=lot,
                condition=condition,
                expires_on=expires_on,
                plate=plate,
                units=tuple(_unit(serial) for one in alike for serial in one.serials),
            )
        )
    return receipts


def _unit(serial: str) -> NewUnit:
    return NewUnit(vin=serial) if VIN.match(serial) else NewUnit(sn=serial)
