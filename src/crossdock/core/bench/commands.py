"""At the bench: an order is opened, every piece is scanned, and the last one closes it. The order is held first.

What is wrong with a scan, and that an order was called off, stays on record: such a scan is answered with a Step that
says why it was refused, and is not raised.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import structs, to_builtins

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.bench import queries, sql
from crossdock.core.bench.boxes import Carton
from crossdock.core.bench.errors import (
    BenchBusy,
    BoxUnknown,
    LotWrong,
    NotClosed,
    NothingToUndo,
    NotInOrder,
    NotPackable,
    NotPicked,
    PackedBefore,
    PackedElsewhere,
    PackingOver,
    ScanUnknown,
    SerialNeeded,
    SerialScanned,
    SerialWrong,
    TooMany,
    WeightInvalid,
    WrongScan,
)
from crossdock.core.bench.model import (
    PACKED_STATES,
    SERIAL_CHARACTERS_MAX,
    SERIALS_TOLD_MAX,
    WEIGHT_G_MAX,
    Line,
    Packing,
    Scan,
    Station,
    Step,
)
from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog import scanning
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.catalog.model import Product
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment.errors import CancelWaiting
from crossdock.core.orders import cancel_sql
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.model import Order
from crossdock.core.packing.commands import report_many
from crossdock.core.packing.model import PackedItem, PackingReport, Reported
from crossdock.core.picking import sql as picking_sql
from crossdock.core.staff import commands as staff
from crossdock.db.tx import Tx

CODE_SHOWN_MAX = 80
"""Characters of a wrong code that a refusal repeats."""


async def open_packing(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    bench: str,
    code: str,
    staff_id: StaffId,
    operation_id: str,
    actor: str = "",
) -> Packing:
    """The order behind a scanned tote, number or label is packed at this bench from now on, and so is its film.

    The same operation again finds the packing it opened. Errors: BenchUnknown, NotPackedHere, NotPicked,
    PackedBefore, NotPackable, CancelWaiting, PackedElsewhere, BenchBusy.
    """
    place: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    before = await sql.of_operation(tx, **place, operation_id=operation_id)
    if before is not None:
        return before
    station = await queries.station(tx, **place, bench=bench)
    found = await queries.order_of(tx, **place, code=code)
    order = await orders.locked(tx, account_id=account_id, order_id=found.id)
    await _refuse_unpackable(tx, order)
    await sql.end_gone(tx, **place, bench=station.key)
    packing_id = await sql.begin(
        tx, **place, order_id=order.id, station=station, staff_id=staff_id, operation_id=operation_id
    )
    if packing_id is None:
        before = await sql.of_operation(tx, **place, operation_id=operation_id)
        if before is not None:
            return before
        raise await _taken(tx, order, site_id, station)
    if order.state == "picking":
        await fulfilment.start_packing(tx, account_id=account_id, order_id=order.id, actor=actor)
    return await queries.packing(tx, **place, packing_id=packing_id)


async def scan(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    packing_id: int,
    code: str,
    operation_id: str,
    serial: str = "",
    actor: str = "",
) -> Step:
    """A piece is held under the scanner; the last one that was missing closes the parcel.

    With that the order is packed, and a packing report says which stretch of film shows it. A wrong scan blocks the
    packing until a right one, or `acknowledge`; a call-off ends it. The same operation again counts nothing, and so
    does the order's own number or tote. Errors: PackingUnknown, PackingOver, SerialNeeded.
    """
    packing, order = await _held(tx, account_id, site_id, packing_id)
    if packing.state == "stopped":
        totes = [name for _, name in await sql.totes(tx, account_id=account_id, order_id=order.id)]
        return Step(packing=packing, number=order.number, refused=queries.stopped(packing, order.number, totes))
    counted = await sql.scan_of(tx, account_id=account_id, packing_id=packing.id, operation_id=operation_id)
    if counted is not None:
        return await _repeated(tx, packing, order, counted)
    _refuse_ended(packing, order)
    stopped = await _stop(tx, packing, order, actor=actor)
    if stopped is not None:
        return Step(packing=await _again(tx, packing), number=order.number, refused=stopped)
    lines = await queries.lines(tx, account_id=account_id, order_id=order.id, packing_id=packing.id)
    try:
        line, one = await _matched(tx, packing, order, lines, code.strip(), serial.strip())
    except WrongScan as error:
        if await _is_its_own(tx, order, code.strip()):
            return Step(packing=packing, number=order.number)
        block = {
            "error": type(error).__name__,
            "facts": error.facts,
            "code": code[:CODE_SHOWN_MAX],
            "operation_id": operation_id,
        }
        await sql.set_block(tx, account_id=account_id, packing_id=packing.id, block=block)
        return Step(packing=await _again(tx, packing), number=order.number, refused=error)
    await sql.add_scan(
        tx, account_id=account_id, packing_id=packing.id, line_id=line.id, operation_id=operation_id, **one
    )
    if packing.block is not None:
        await sql.set_block(tx, account_id=account_id, packing_id=packing.id, block=None)
        packing = structs.replace(packing, block=None)
    line = structs.replace(line, packed=line.packed + one["quantity"])
    reported = None
    if all(not (line if other.id == line.id else other).left for other in lines):
        reported = await _close(tx, packing, order, lines, actor=actor)
        packing = await _again(tx, packing)
    return Step(packing=packing, number=order.number, line=line, reported=reported)


async def acknowledge(tx: Tx, *, account_id: AccountId, site_id: SiteId, packing_id: int) -> Packing:
    """Somebody has seen that a scan was wrong. Errors: PackingUnknown."""
    packing, _ = await _held(tx, account_id, site_id, packing_id)
    await sql.set_block(tx, account_id=account_id, packing_id=packing.id, block=None)
    return await _again(tx, packing)


async def undo(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, packing_id: int, staff_id: StaffId, operation_id: str
) -> Packing:
    """The last piece is out of the parcel again. Errors: PackingUnknown, PackingOver, NothingToUndo."""
    packing, order = await _held(tx, account_id, site_id, packing_id)
    if await staff.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id) is not None:
        return packing
    _refuse_ended(packing, order)
    last = await sql.last_scan(tx, account_id=account_id, packing_id=packing.id)
    if last is None:
        raise NothingToUndo(number=order.number)
    await sql.take_back(tx, account_id=account_id, scan_id=last.id)
    after = {"order": order.number, "code": last.code, "pieces": last.quantity}
    await _record(tx, packing, staff_id, "unpack", after, operation_id=operation_id)
    return packing


async def put_aside(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    packing_id: int,
    staff_id: StaffId,
    reason: str = "",
    actor: str = "",
) -> Packing:
    """The bench is free and the order waits to be packed from its beginning; nothing is reported of the film so far.

    One that was put aside stays so. Errors: PackingUnknown, PackingOver, ReasonTooLong.
    """
    packing, order = await _held(tx, account_id, site_id, packing_id)
    if packing.state in ("put_aside", "stopped"):
        return packing
    _refuse_ended(packing, order)
    if order.state == "packing":
        await _back_to_picked(tx, order, reason=f"put aside at {packing.station}: {reason}".rstrip(": "), actor=actor)
        await sql.end(tx, account_id=account_id, packing_id=packing.id, state="put_aside", reason=reason)
    else:
        await sql.end(tx, account_id=account_id, packing_id=packing.id, state="stopped", reason=order.state)
    after = {"order": order.number, "station": packing.station}
    await _record(tx, packing, staff_id, "put_aside", after, reason=reason)
    return await _again(tx, packing)


async def weigh(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    packing_id: int,
    staff_id: StaffId,
    weight_g: Decimal | None,
    box: str,
    cartons: Sequence[Carton],
) -> Packing:
    """What a closed parcel weighs, None for as a machine reads it, and its carton; said again, it is corrected.

    Errors: PackingUnknown, NotClosed, WeightInvalid, BoxUnknown.
    """
    packing, order = await _held(tx, account_id, site_id, packing_id)
    if packing.state != "packed":
        raise NotClosed(number=order.number)
    if weight_g is not None and not 0 < weight_g <= WEIGHT_G_MAX:
        raise WeightInvalid(most=WEIGHT_G_MAX)
    if box and box not in {carton.name for carton in cartons}:
        raise BoxUnknown(box=box[:CODE_SHOWN_MAX])
    await sql.weigh(tx, account_id=account_id, packing_id=packing.id, weight_g=weight_g, box=box)
    after = {"order": order.number, "weight_g": None if weight_g is None else str(weight_g), "box": box}
    await _record(tx, packing, staff_id, "weigh", after)
    return await _again(tx, packing)


async def _refuse_unpackable(tx: Tx, order: Order) -> None:
    """Errors: PackedBefore, NotPicked, NotPackable, CancelWaiting."""
    said = {"number": order.number, "state": order.state}
    if order.state in PACKED_STATES:
        raise PackedBefore(**said)
    if order.state in ("allocated", "released") or (
        order.state == "picking" and await sql.unready(tx, account_id=order.account_id, order_id=order.id)
    ):
        raise NotPicked(**said)
    if order.state not in ("picking", "packing"):
        raise NotPackable(**said)
    asked = await cancel_sql.waiting(tx, account_id=order.account_id, number=order.number)
    if asked:
        raise CancelWaiting(number=order.number, request=asked[0].id)


async def _taken(tx: Tx, order: Order, site_id: SiteId, station: Station) -> CrossdockError:
    newest = await sql.newest_of_order(tx, account_id=order.account_id, order_id=order.id)
    if newest is not None and newest.state == "open":
        return PackedElsewhere(number=order.number, station=newest.station, username=newest.username)
    other = await sql.open_at(tx, account_id=order.account_id, site_id=site_id, bench=station.key)
    if other is None:
        return BenchBusy(number="", station=station.name, username="")
    theirs = await order_queries.order(tx, account_id=order.account_id, order_id=other.order_id)
    return BenchBusy(number=theirs.number, station=station.name, username=other.username)


async def _held(tx: Tx, account_id: AccountId, site_id: SiteId, packing_id: int) -> tuple[Packing, Order]:
    """The order, then its packing, for this transaction. Errors: PackingUnknown."""
    found = await queries.packing(tx, account_id=account_id, site_id=site_id, packing_id=packing_id)
    order = await orders.locked(tx, account_id=account_id, order_id=found.order_id)
    await sql.lock(tx, account_id=account_id, packing_id=found.id)
    return await _again(tx, found), order


async def _again(tx: Tx, packing: Packing) -> Packing:
    return await queries.packing(tx, account_id=packing.account_id, site_id=packing.site_id, packing_id=packing.id)


def _refuse_ended(packing: Packing, order: Order) -> None:
    """Errors: PackingOver."""
    if packing.state != "open":
        raise PackingOver(number=order.number, state=packing.state)


async def _repeated(tx: Tx, packing: Packing, order: Order, counted: Scan) -> Step:
    lines = await queries.lines(tx, account_id=order.account_id, order_id=order.id, packing_id=packing.id)
    line = next((line for line in lines if line.id == counted.order_line_id), None)
    return Step(packing=packing, number=order.number, line=line)


async def _stop(tx: Tx, packing: Packing, order: Order, *, actor: str) -> CrossdockError | None:
    """Ends a packing whose order somebody calls off, or that is not packed any more; why, or None."""
    asked = await cancel_sql.waiting(tx, account_id=order.account_id, number=order.number)
    if order.state == "packing" and not asked:
        return None
    reason = order.state
    if order.state == "packing":
        reason = queries.CANCEL_ASKED
        await _back_to_picked(tx, order, reason="its owner asked to call it off", actor=actor)
    await sql.end(tx, account_id=order.account_id, packing_id=packing.id, state="stopped", reason=reason)
    totes = [code for _, code in await sql.totes(tx, account_id=order.account_id, order_id=order.id)]
    after = {"order": order.number, "station": packing.station}
    await _record(tx, packing, packing.staff_id, "stop_packing", after, reason=reason)
    return queries.stopped(await _again(tx, packing), order.number, totes)


async def _is_its_own(tx: Tx, order: Order, code: str) -> bool:
    """Whether somebody scanned the order or its tote once more: that is no wrong piece."""
    names = {order.number, str(order.id), order.tracking_number}
    return code in names or code in {
        name for _, name in await sql.totes(tx, account_id=order.account_id, order_id=order.id)
    }


async def _back_to_picked(tx: Tx, order: Order, *, reason: str, actor: str) -> None:
    said = {"from": order.state, "to": "picking", "reason": reason}
    await orders.advance(tx, order, to="picking", dialect=HOUSE, actor=actor, facts=said)


async def _matched(
    tx: Tx, packing: Packing, order: Order, lines: Sequence[Line], code: str, serial: str
) -> tuple[Line, dict[str, Any]]:
    """The line that a scan is of, and what of it. Errors: WrongScan, SerialNeeded."""
    scanned = scanning.understood(code)
    try:
        product = (await scanning.find(tx, account_id=order.account_id, text=code)).product
    except CodeUnknown:
        passed_on = [line for line in lines if line.product_id is None and line.sku == code]
        if passed_on:
            return _missing(passed_on, 1), _one(code, 1)
        product, serial = await _by_name(tx, packing, order, lines, code), code
    fitting = [line for line in lines if line.product_id == product.id]
    if not fitting:
        raise NotInOrder(sku=product.sku, number=order.number)
    if scanned.lot:
        of_lot = [line for line in fitting if not line.lots or scanned.lot in line.lots]
        if not of_lot:
            wanted = ", ".join(sorted({lot for line in fitting for lot in line.lots}))
            raise LotWrong(sku=product.sku, lot=scanned.lot[:CODE_SHOWN_MAX], wanted=wanted)
        fitting = of_lot
    serial = serial or scanned.serial
    quantity = 1 if serial else scanned.quantity or 1
    line = _missing(fitting, quantity)
    await _refuse_serial(tx, packing, order, product, fitting, serial)
    lot = scanned.lot or (line.lots[0] if len(line.lots) == 1 else "")
    return line, _one(code, quantity, lot=lot, serial=serial)


def _one(code: str, quantity: int, *, lot: str = "", serial: str = "") -> dict[str, Any]:
    return {"code": code, "quantity": quantity, "lot": lot, "serial": serial}


def _missing(lines: Sequence[Line], quantity: int) -> Line:
    """The line of which so many pieces are missing. Errors: TooMany."""
    line = max(lines, key=lambda line: (line.left >= quantity, line.left, -line.line_no))
    if line.left < quantity:
        raise TooMany(sku=line.sku, left=sum(line.left for line in lines), quantity=quantity)
    return line


async def _by_name(tx: Tx, packing: Packing, order: Order, lines: Sequence[Line], code: str) -> Product:
    """Whose piece goes by this name. Errors: ScanUnknown."""
    ids = [line.product_id for line in lines if line.product_id is not None]
    where: dict[str, Any] = {"account_id": order.account_id, "site_id": packing.site_id}
    named = await sql.units(tx, **where, product_ids=ids, code=code) if ids and "\0" not in code else []
    if not named:
        raise ScanUnknown(code=code[:CODE_SHOWN_MAX])
    return await catalog.product(tx, account_id=order.account_id, product_id=named[0].product_id)


async def _refuse_serial(
    tx: Tx, packing: Packing, order: Order, product: Product, lines: Sequence[Line], serial: str
) -> None:
    """Errors: SerialNeeded, SerialWrong, SerialScanned."""
    where: dict[str, Any] = {"account_id": order.account_id, "site_id": packing.site_id}
    named = await sql.has_names(tx, **where, product_id=product.id)
    if not serial:
        if product.serial_tracked or named:
            raise SerialNeeded(sku=product.sku)
        return
    said = {"sku": product.sku, "serial": serial[:SERIAL_CHARACTERS_MAX]}
    if len(serial) > SERIAL_CHARACTERS_MAX or "\0" in serial:
        raise SerialWrong(**said)
    if named and not await sql.units(tx, **where, product_ids=[product.id], code=serial):
        raise SerialWrong(**said)
    line_ids = [line.id for line in lines]
    if await sql.serial_in(tx, account_id=order.account_id, packing_id=packing.id, line_ids=line_ids, serial=serial):
        raise SerialScanned(**said)


async def _close(tx: Tx, packing: Packing, order: Order, lines: Sequence[Line], *, actor: str) -> Reported | None:
    """All is in the parcel: the order is packed, its film window ends, and its totes are free."""
    await fulfilment.finish_packing(tx, account_id=order.account_id, order_id=order.id, actor=actor)
    reported = await _report(tx, packing, order, lines, actor=actor)
    report_id = None if reported is None else reported.packing_id
    await sql.end(tx, account_id=order.account_id, packing_id=packing.id, state="packed", report_id=report_id)
    for tote_id, _ in await sql.totes(tx, account_id=order.account_id, order_id=order.id):
        await picking_sql.free_tote(tx, account_id=order.account_id, tote_id=tote_id)
    after = {"order": order.number, "station": packing.station, "pieces": sum(line.wanted for line in lines)}
    await _record(tx, packing, packing.staff_id, "pack", after)
    return reported


async def _report(tx: Tx, packing: Packing, order: Order, lines: Sequence[Line], *, actor: str) -> Reported | None:
    """As one that an Ovopark station sends. None without a department, or where the number has a report already."""
    places = await sql.departments(tx, account_id=order.account_id, site_id=packing.site_id)
    place = next((one for one in places if one.id == packing.department_id), None)
    if place is None:
        return None
    scans = await sql.scans(tx, account_id=order.account_id, packing_id=packing.id)
    ids = [line.product_id for line in lines if line.product_id is not None]
    report = PackingReport(
        account_id=order.account_id,
        enterprise_id=place.enterprise_id,
        department_id=place.id,
        order_number=order.number,
        station=packing.station,
        operator=packing.username,
        filmed_from=packing.opened_at,
        filmed_to=tx.now,
        ordered_at=order.created_at,
        items=_items(scans, lines, await catalog.products(tx, account_id=order.account_id, ids=ids)),
        dialect=HOUSE,
        actor=actor,
    )
    [answer] = await report_many(tx, [report])
    return None if isinstance(answer, CrossdockError) else answer


def _items(scans: Sequence[Scan], lines: Sequence[Line], products: dict[Any, Product]) -> tuple[PackedItem, ...]:
    """One for each line and lot, as last scanned."""
    alike: defaultdict[tuple[int, str], list[Scan]] = defaultdict(list)
    for scan in scans:
        alike[scan.order_line_id, scan.lot].append(scan)
    by_id = {line.id: line for line in lines}
    items = []
    for (line_id, lot), found in alike.items():
        line = by_id[line_id]
        serials = [scan.serial for scan in found if scan.serial]
        items.append(
            PackedItem(
                goods_code=line.sku,
                goods_name=line.name,
                price=products[line.product_id].price if line.product_id in products else Decimal(0),
                quantity=Decimal(sum(scan.quantity for scan in found)),
                batch_number=lot,
                scanned_at=found[-1].scanned_at,
                attributes={"serials": serials[:SERIALS_TOLD_MAX]} if serials else {},
            )
        )
    return tuple(items)


async def _record(
    tx: Tx,
    packing: Packing,
    staff_id: StaffId,
    action: str,
    after: dict[str, Any],
    *,
    reason: str = "",
    operation_id: str | None = None,
) -> None:
    await staff.record_action(
        tx,
        account_id=packing.account_id,
        site_id=packing.site_id,
        staff_id=staff_id,
        action=action,
        reason=reason,
        after=to_builtins(after),
        operation_id=operation_id,
    )
