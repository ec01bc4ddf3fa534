"""A return is taken in, looked at piece by piece, and settled. Nothing is stock before it is settled."""

from collections import Counter
from collections.abc import Sequence

from msgspec import structs

from crossdock.base.ids import AccountId, LocationId, SiteId, StaffId
from crossdock.core.accounts import sql as accounts
from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog import scanning
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.catalog.model import Product
from crossdock.core.catalog.scanning import Scanned
from crossdock.core.events.model import HOUSE
from crossdock.core.fulfilment import returns
from crossdock.core.fulfilment.model import Inspected
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import OrderUnknown, QuantityInvalid
from crossdock.core.orders.model import Order, OrderLine, product_ids
from crossdock.core.places import queries as places
from crossdock.core.places.errors import LocationClosed
from crossdock.core.returning import sql
from crossdock.core.returning.errors import (
    LotMissing,
    MoreThanReturned,
    NoteMissing,
    NoteTooLong,
    NotOfReturn,
    NotToStock,
    PieceGone,
    PiecesMissing,
    PlaceUnfit,
    ReturnNotInspected,
    ReturnNotReceived,
    ReturnUnknown,
    SerialHere,
    SerialMissing,
    SerialSeen,
    TooManyPieces,
)
from crossdock.core.returning.model import (
    CONDITIONS,
    INSPECTABLE,
    LOT_CHARACTERS_MAX,
    NOTE_CHARACTERS_MAX,
    NOTED,
    PIECES_MAX,
    PLACES,
    QUANTITY_MAX,
    SERIAL_CHARACTERS_MAX,
    Finished,
    Piece,
    Wanted,
)
from crossdock.core.staff import commands as staff
from crossdock.core.units import queries as units
from crossdock.db.tx import Tx


async def receive(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    actor: str,
    order_id: int,
    operation_id: str,
) -> Order:
    """The goods of a return are here. One that is here stays as it is. Errors: ReturnUnknown, StateForbids."""
    order = await _held(tx, account_id, site_id, order_id)
    if order.arrived_at is not None:
        return order
    received = await returns.receive_return(tx, account_id=account_id, order_id=order.id, dialect=HOUSE, actor=actor)
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action="receive_return",
        after={"return": order.number},
        operation_id=operation_id,
    )
    return received


async def inspect(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    actor: str,
    order_id: int,
    wanted: Wanted,
    operation_id: str,
) -> Piece:
    """Somebody looked at pieces of a return: noted, not booked.

    The same operation again notes nothing. Errors: ReturnUnknown, ReturnNotReceived, ReturnNotInspected, CodeUnknown,
    NotOfReturn, MoreThanReturned, NotToStock, LotMissing, SerialMissing, SerialSeen, SerialHere, LocationUnknown,
    LocationClosed, PlaceUnfit, NoteMissing, NoteTooLong, QuantityInvalid, TooManyPieces.
    """
    order = await _held(tx, account_id, site_id, order_id)
    known = await sql.of_operation(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    if known is not None:
        return known
    await _begun(tx, order, actor)
    await _refuse_unsaid(tx, order, wanted)
    lines = await order_queries.lines(tx, account_id=account_id, order_id=order.id)
    pieces = await sql.pieces(tx, account_id=account_id, order_id=order.id, limit=PIECES_MAX)
    if len(pieces) >= PIECES_MAX:
        raise TooManyPieces(most=PIECES_MAX)
    line, wanted = await _of_line(tx, order, lines, pieces, wanted)
    return await sql.add(
        tx,
        account_id=account_id,
        site_id=site_id,
        order_id=order.id,
        order_line_id=line.id,
        staff_id=staff_id,
        wanted=wanted,
        location_id=await _location(tx, account_id, site_id, wanted),
        operation_id=operation_id,
    )


async def take_back(tx: Tx, *, account_id: AccountId, site_id: SiteId, order_id: int, piece_id: int) -> None:
    """A finding that was wrong. Errors: ReturnUnknown, PieceGone."""
    order = await _held(tx, account_id, site_id, order_id)
    if not await sql.end(tx, account_id=account_id, order_id=order.id, ids=[piece_id], ended="taken_back"):
        raise PieceGone()


async def ask_owner(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, actor: str, order_id: int, question: str
) -> Order:
    """Its owner must say what is to be done; one that was asked stays as it is.

    Errors: ReturnUnknown, ReturnNotReceived, ReturnNotInspected, StateForbids, NoteMissing, NoteTooLong.
    """
    order = await _held(tx, account_id, site_id, order_id)
    if order.state == "waiting_client":
        return order
    refuse_long(question)
    if not question.strip():
        raise NoteMissing()
    await _begun(tx, order, actor)
    return await returns.ask_client(
        tx, account_id=account_id, order_id=order.id, question=question.strip(), dialect=HOUSE, actor=actor
    )


async def finish(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    actor: str,
    order_id: int,
    reason: str,
    operation_id: str,
) -> Finished:
    """What was seen of a return is booked, and it is settled. `reason` says why something was not seen.

    The same operation again books nothing. Errors: ReturnUnknown, ReturnNotReceived, ReturnNotInspected,
    PiecesMissing, NoteTooLong, and those of `returns.finish_return`.
    """
    done = await staff.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    if done is not None:
        told = {name: (done.after or {}).get(name, 0) for name in ("restock", "quarantine", "reject", "missing")}
        return Finished(order=await order_queries.order(tx, account_id=account_id, order_id=order_id), **told)
    order = await _held(tx, account_id, site_id, order_id)
    refuse_long(reason)
    order = await _begun(tx, order, actor)
    lines = {line.id: line for line in await order_queries.lines(tx, account_id=account_id, order_id=order.id)}
    pieces = await sql.pieces(tx, account_id=account_id, order_id=order.id, limit=PIECES_MAX)
    missing = sum(line.quantity for line in lines.values()) - sum(piece.quantity for piece in pieces)
    if missing and not reason.strip():
        raise PiecesMissing(pieces=missing)
    if order.state != "held":
        order = await orders.put_on_hold(
            tx, account_id=account_id, order_id=order.id, reason=reason.strip(), dialect=HOUSE, actor=actor
        )
    finished = await returns.finish_return(
        tx,
        account_id=account_id,
        order_id=order.id,
        inspected=[_inspected(piece, lines[piece.order_line_id]) for piece in reversed(pieces)],
        reason=reason.strip(),
        staff_id=staff_id,
        dialect=HOUSE,
        actor=actor,
    )
    await sql.end(tx, account_id=account_id, order_id=order.id, ids=[piece.id for piece in pieces], ended="booked")
    sums = Counter[str]()
    for piece in pieces:
        sums[piece.verdict] += piece.quantity
    told = {
        "restock": sums["restock"],
        "quarantine": sums["quarantine"],
        "reject": sums["reject"],
        "missing": missing,
    }
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action="finish_return",
        reason=reason.strip(),
        after={"return": order.number, **told},
        operation_id=operation_id,
    )
    return Finished(order=finished, **told)


async def _held(tx: Tx, account_id: AccountId, site_id: SiteId, order_id: int) -> Order:
    """Errors: ReturnUnknown."""
    try:
        order = await orders.locked(tx, account_id=account_id, order_id=order_id)
    except OrderUnknown as error:
        raise ReturnUnknown(code=order_id) from error
    if order.kind != "return" or order.site_id != site_id:
        raise ReturnUnknown(code=order.number)
    return order


async def _begun(tx: Tx, order: Order, actor: str) -> Order:
    """Somebody looks into it now; one in review stays there. Errors: ReturnNotReceived, ReturnNotInspected."""
    if order.arrived_at is None:
        raise ReturnNotReceived(number=order.number)
    if order.state not in INSPECTABLE:
        raise ReturnNotInspected(number=order.number, state=order.state)
    who = {"account_id": order.account_id, "order_id": order.id, "dialect": HOUSE, "actor": actor}
    if order.state == "received":
        order = await returns.queue_return(tx, **who)  # type: ignore[arg-type]
    if order.state in ("pending", "waiting_warehouse", "problem"):
        order = await returns.process_return(tx, **who)  # type: ignore[arg-type]
    return order


async def _refuse_unsaid(tx: Tx, order: Order, wanted: Wanted) -> None:
    """Errors: QuantityInvalid, NoteMissing, NoteTooLong, CodeUnknown, NotToStock."""
    if wanted.quantity is not None and not 0 < wanted.quantity <= QUANTITY_MAX:
        raise QuantityInvalid(quantity=wanted.quantity, left=QUANTITY_MAX)
    for said, most in ((wanted.lot, LOT_CHARACTERS_MAX), (wanted.serial, SERIAL_CHARACTERS_MAX)):
        if len(said) > most:
            raise CodeUnknown(code=said[:most])
    refuse_long(wanted.note)
    if wanted.verdict in NOTED and not wanted.note.strip():
        raise NoteMissing()
    if CONDITIONS[wanted.verdict] is None or order.return_action_id is None:
        return
    action = await accounts.return_action(tx, action_id=order.return_action_id)
    if action is not None and action.type != returns.TO_SHELF:
        raise NotToStock(action=action.type)


def refuse_long(text: str) -> None:
    """Errors: NoteTooLong."""
    if len(text) > NOTE_CHARACTERS_MAX:
        raise NoteTooLong(characters_max=NOTE_CHARACTERS_MAX)


async def _of_line(
    tx: Tx, order: Order, lines: Sequence[OrderLine], pieces: Sequence[Piece], wanted: Wanted
) -> tuple[OrderLine, Wanted]:
    """The line a piece is of, and all that is known of it.

    Errors: CodeUnknown, NotOfReturn, MoreThanReturned, LotMissing, SerialMissing, SerialSeen, SerialHere.
    """
    seen = Counter[int]()
    for piece in pieces:
        seen[piece.order_line_id] += piece.quantity
    unstocked = [line for line in lines if line.product_id is None and line.sku == wanted.code]
    product: Product | None = None
    if unstocked:
        fitting, sku = unstocked, wanted.code
        wanted = structs.replace(wanted, quantity=wanted.quantity or 1)
    else:
        product, said = await _product(tx, order, lines, wanted.code)
        sku = product.sku
        fitting = [line for line in lines if line.product_id == product.id]
        serial = wanted.serial or said.serial
        wanted = structs.replace(
            wanted,
            quantity=1 if serial else wanted.quantity or said.quantity or 1,
            lot=wanted.lot or said.lot,
            expires_on=wanted.expires_on or said.expires_on,
            serial=serial,
        )
    if not fitting:
        raise NotOfReturn(sku=sku, number=order.number)
    line = max(
        fitting,
        key=lambda one: (one.lot == wanted.lot, one.quantity > seen[one.id], not one.lot, -one.line_no),
    )
    left = line.quantity - seen[line.id]
    if (wanted.quantity or 1) > left:
        raise MoreThanReturned(sku=sku, left=max(left, 0))
    wanted = structs.replace(wanted, lot=wanted.lot or line.lot, note=wanted.note.strip())
    if product is not None:
        await _refuse_nameless(tx, order, product, pieces, wanted)
    return line, wanted


async def _product(tx: Tx, order: Order, lines: Sequence[OrderLine], code: str) -> tuple[Product, Scanned]:
    """By its own code, or by the name of a piece of what the return announced. Errors: CodeUnknown."""
    try:
        found = await scanning.find(tx, account_id=order.account_id, text=code)
    except CodeUnknown:
        ids = product_ids(lines)
        named = await units.named(tx, account_id=order.account_id, product_ids=ids, codes=[code.strip()])
        if not named:
            raise
        product = await catalog.product(tx, account_id=order.account_id, product_id=named[0].product_id)
        return product, Scanned(text=code, codes=(), serial=named[0].code)
    return found.product, found.scanned


async def _refuse_nameless(tx: Tx, order: Order, product: Product, pieces: Sequence[Piece], wanted: Wanted) -> None:
    """Errors: LotMissing, SerialMissing, SerialSeen, SerialHere."""
    to_stock = CONDITIONS[wanted.verdict] is not None
    if to_stock and product.lot_tracked and not wanted.lot:
        raise LotMissing(sku=product.sku)
    if to_stock and product.serial_tracked and not wanted.serial:
        raise SerialMissing(sku=product.sku)
    if not wanted.serial:
        return
    if any(piece.serial == wanted.serial for piece in pieces):
        raise SerialSeen(serial=wanted.serial)
    named = await units.named(tx, account_id=order.account_id, product_ids=[product.id], codes=[wanted.serial])
    if any(unit.state == "in_stock" for unit in named):
        raise SerialHere(serial=wanted.serial)


async def _location(tx: Tx, account_id: AccountId, site_id: SiteId, wanted: Wanted) -> LocationId | None:
    """Errors: LocationUnknown, LocationClosed, PlaceUnfit."""
    kinds = PLACES[wanted.verdict]
    if not kinds:
        return None
    if not wanted.location:
        usual = await places.locations(tx, account_id=account_id, site_id=site_id, kinds=kinds[:1])
        return usual[0].id if usual else None
    found = await places.location_by_code(tx, account_id=account_id, site_id=site_id, code=wanted.location)
    if not found.active:
        raise LocationClosed(code=found.code)
    if found.kind not in kinds:
        raise PlaceUnfit(location=found.code, kind=found.kind)
    return found.id


def _inspected(piece: Piece, line: OrderLine) -> Inspected:
    return Inspected(
        line_key=line.line_key,
        quantity=piece.quantity,
        condition=CONDITIONS[piece.verdict],
        lot=piece.lot,
        expires_on=piece.expires_on,
        location_id=piece.location_id,
        serial=piece.serial,
        note=piece.note,
    )
