"""Receive: an inbound order is chosen, what comes is scanned, looked over, and booked in one go."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import LocationId, OrderId
from crossdock.console import forms
from crossdock.console.floor import screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, person
from crossdock.console.forms import Failure, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.catalog.scanning import CODE_CHARACTERS_MAX
from crossdock.core.fulfilment.errors import OverReceipt
from crossdock.core.orders.errors import QuantityInvalid
from crossdock.core.orders.model import OrderLine
from crossdock.core.places import queries as places
from crossdock.core.places.errors import LocationUnknown
from crossdock.core.receiving import commands, queries
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
    SERIAL_CHARACTERS_MAX,
    Receiving,
    Wanted,
)
from crossdock.core.stock.errors import ExpiryDiffers
from crossdock.core.units.errors import UnitHere, UnitRepeated
from crossdock.db.tx import Tx

HOME: Final = f"{PREFIX}/receive"
ORDERS_SHOWN: Final = 50
LINES_SHOWN: Final = 60
"""Of an order, those that miss something first: the page stays light on a handheld."""
SCANS_SHOWN: Final = 30
REASON_CHARACTERS_MAX: Final = 300

TEXTS: Final[Mapping[str, str]] = {
    "receive": "Receive",
    "which": "Scan the number of the order, or of a plate",
    "find": "Find",
    "arriving": "Arriving",
    "none": "Nothing is announced.",
    "more_orders": "{n} more: scan the number.",
    "of_pieces": "{done} of {pieces} pieces",
    "scan": "Scan a product or a plate",
    "take": "Take in",
    "more": "Quantity, lot, damaged …",
    "quantity": "Quantity",
    "lot": "Lot",
    "expires": "Expires on",
    "damaged": "Damaged",
    "plate": "Plate",
    "serial": "Serial number",
    "ask_lot": "Which lot of {code}?",
    "ask_serial": "Scan the serial number of {code}",
    "not_booked": "Scanned, not booked yet",
    "take_back": "Take back",
    "take_back_all": "Take back all",
    "earlier": "{n} earlier ones",
    "others": "Others have scanned {n} pieces that are not booked yet.",
    "book": "Book {n} pieces",
    "at": "Dock",
    "lines": "What was announced",
    "product": "Product",
    "announced": "Announced",
    "came": "Booked",
    "now": "Now",
    "all": "All {n}",
    "over": "{n} too many",
    "lines_more": "{n} more lines",
    "close": "No more will come",
    "missing": "{n} pieces are missing. Why?",
    "reason": "Reason",
    "close_do": "Close the order",
    "closed": "This order is closed: {state}.",
    "put_away": "Put away",
}
FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    NotExpectedHere: "No order “{number}” comes to this warehouse.",
    NotReceivable: "Nothing more is received of {number}: it is {state}.",
    CodeUnknown: "No product goes by “{code}”. Put it aside and ask a manager.",
    NotAnnounced: "{sku} is not announced in {number}. Put it aside and ask a manager.",
    LotNeeded: "{sku} is kept by lots: say which lot it is.",
    SerialNeeded: "Each piece of {sku} has a serial number: scan it.",
    SerialScanned: "{serial} was scanned before. Is it the same piece?",
    PlateNotAnnounced: "Nobody announced plate {plate}, or it has come. Type it into the field “Plate”, then scan"
    " what it holds.",
    PlateScanned: "Plate {plate} was scanned before.",
    OverReceipt: "Too many of {line}: {left} are still expected, with this there are {quantity}. Their owner takes no"
    " more than was announced. Put it aside.",
    QuantityInvalid: "A quantity is a whole number from 1 to 1000000.",
    TooManyScans: "{most} scans wait: book them first.",
    ScanGone: "This was booked, or taken back, before.",
    NothingScanned: "Nothing is scanned that is not booked yet.",
    ScansWaiting: "{pieces} pieces are scanned and not booked yet. Book them, or take them back.",
    ReasonNeeded: "Something is missing: say why.",
    ExpiryDiffers: "Lot “{lot}” is here with the date {expires_on}, not {said}. Give these goods a lot of their own.",
    UnitHere: "These pieces are in stock already: {codes}",
    UnitRepeated: "Named twice: {codes}",
    LocationUnknown: "There is no dock of this name.",
}
ASKS: Final[Mapping[type[CrossdockError] | None, str]] = {LotNeeded: "lot", SerialNeeded: "serial"}
"""What is asked for instead of being refused: the field that was missing."""
SAYS: Final = Says.of(TEXTS, FAILURES)
SCANNED: Final = "{quantity} × {sku}: {now} of {left}"
TAKEN_BACK: Final = "Taken back."
BOOKED: Final = "{pieces} pieces of {number} are booked and lie at {dock}."
BOOKED_NOWHERE: Final = "{pieces} pieces of {number} are booked."
CLOSED: Final = "{number} is closed."
MESSAGES: Final = (SCANNED, TAKEN_BACK, BOOKED, BOOKED_NOWHERE, CLOSED)


class Line(Struct, frozen=True, kw_only=True):
    """A line of the order as the screen shows it."""

    line: OrderLine
    name: str
    now: int
    rest: int
    over: int


async def waiting(tx: Tx, who: Person) -> int:
    return (await queries.arriving(tx, **who.place, limit=0))[0]


ITEMS: Final = (Item(path=HOME, title="Receive", hint="Scan what comes against its order", count=waiting),)


@get(HOME, media_type=MediaType.HTML)
async def home(request: PageRequest) -> Response[Any]:
    return await _home(request, await person(request))


@post(HOME)
async def choose(request: PageRequest) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        number = form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True)
        async with who.desk.database.autocommit() as tx:
            found = await queries.order_of(tx, **who.place, number=number)
        return forms.done(request, who, f"{HOME}/{found.id}")

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, failure))


@get(HOME + "/{order_id:int}", media_type=MediaType.HTML)
async def order(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    return await _order(request, await person(request), order_id)


@post(HOME + "/{order_id:int}/scan")
async def scan(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await person(request)
    asked: dict[str, Any] = {}

    async def do(form: Form) -> Response[Any]:
        wanted = _wanted(form)
        asked["wanted"] = wanted
        async with who.desk.database.transaction() as tx:
            scans = await commands.scan(
                tx,
                **who.place,
                staff_id=who.staff.id,
                order_id=order_id,
                wanted=wanted,
                operation_id=form.operation_id,
            )
            here = await queries.receiving(tx, **who.place, staff_id=who.staff.id, order_id=OrderId(order_id))
        line = next(line for line in here.lines if line.id == scans[0].order_line_id)
        now = {"sku": line.sku, "now": here.scanned.get(line.id, 0), "left": line.left}
        quantity = sum(one.quantity for one in scans)
        return forms.done(request, who, _address(order_id, wanted.plate), SCANNED, quantity=quantity, **now)

    async def again(failure: Failure) -> Response[Any]:
        return await _order(request, who, order_id, failure, asked.get("wanted"))

    return await forms.act(request, who, SAYS, do, again)


@post(HOME + "/{order_id:int}/back")
async def take_back(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            ids = [form.number("scan")] if form.text("scan") else await _own(tx, who, order_id)
            await commands.take_back(tx, **who.place, staff_id=who.staff.id, order_id=order_id, scan_ids=ids)
        return forms.done(request, who, _address(order_id), TAKEN_BACK)

    return await forms.act(request, who, SAYS, do, lambda failure: _order(request, who, order_id, failure))


@post(HOME + "/{order_id:int}/book")
async def book(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            booked = await commands.book(
                tx,
                **who.place,
                staff_id=who.staff.id,
                actor=who.actor,
                order_id=order_id,
                operation_id=form.operation_id,
                dock_id=LocationId(form.number("dock")) if form.text("dock") else None,
            )
        said = {"pieces": booked.pieces, "number": booked.order.number, "dock": booked.dock}
        return forms.done(request, who, _address(order_id), BOOKED if booked.dock else BOOKED_NOWHERE, **said)

    return await forms.act(request, who, SAYS, do, lambda failure: _order(request, who, order_id, failure))


@post(HOME + "/{order_id:int}/close")
async def close(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            closed = await commands.close(
                tx,
                **who.place,
                staff_id=who.staff.id,
                actor=who.actor,
                order_id=order_id,
                reason=form.text("reason", characters_max=REASON_CHARACTERS_MAX),
                operation_id=form.operation_id,
            )
        return forms.done(request, who, HOME, CLOSED, number=closed.number)

    return await forms.act(request, who, SAYS, do, lambda failure: _order(request, who, order_id, failure))


def _wanted(form: Form) -> Wanted:
    return Wanted(
        code=form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True),
        quantity=form.whole("quantity", least=1, most=QUANTITY_MAX) if form.text("quantity") else None,
        lot=form.text("lot", characters_max=LOT_CHARACTERS_MAX),
        expires_on=form.day("expires_on"),
        condition="defective" if form.text("damaged") else "good",
        plate=form.text("plate", characters_max=PLATE_CHARACTERS_MAX),
        serial=form.text("serial", characters_max=SERIAL_CHARACTERS_MAX),
    )


async def _own(tx: Tx, who: Person, order_id: int) -> list[int]:
    here = await queries.receiving(tx, **who.place, staff_id=who.staff.id, order_id=OrderId(order_id))
    return [one.id for one in here.scans]


async def _home(request: PageRequest, who: Person, failure: Failure | None = None) -> Response[str]:
    async with who.desk.database.autocommit() as tx:
        total, orders = await queries.arriving(tx, **who.place, limit=ORDERS_SHOWN)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/receive.html",
        here=HOME,
        failure=failure,
        orders=orders,
        more=total - len(orders),
        home=HOME,
    )


async def _order(
    request: PageRequest,
    who: Person,
    order_id: int,
    failure: Failure | None = None,
    asked: Wanted | None = None,
) -> Response[str]:
    """`asked` is the scan that was refused; where a lot or a serial number was missing, it is asked for."""
    async with who.desk.database.autocommit() as tx:
        here = await queries.receiving(tx, **who.place, staff_id=who.staff.id, order_id=OrderId(order_id))
        docks = await places.locations(tx, **who.place, kinds=["dock"])
    lines = _lines(here)
    plate = asked.plate if asked else request.query_params.get("plate", "")[:PLATE_CHARACTERS_MAX]
    return screen.show(
        request,
        who,
        SAYS,
        "floor/receive_order.html",
        here=_address(order_id, plate),
        failure=failure,
        base=_address(order_id),
        home=HOME,
        receiving=here,
        order=here.order,
        lines=lines[:LINES_SHOWN],
        lines_more=len(lines) - LINES_SHOWN,
        skus={line.id: line.sku for line in here.lines},
        scans=here.scans[:SCANS_SHOWN],
        scans_more=len(here.scans) - SCANS_SHOWN,
        pieces=sum(here.scanned.values()),
        missing=sum(line.left for line in here.lines),
        docks=docks,
        plate=plate,
        ask=ASKS.get(failure.error, "") if failure and asked else "",
        asked=asked,
        open=here.order.state in RECEIVABLE,
    )


def _lines(here: Receiving) -> list[Line]:
    """Those that miss something first."""
    scanned = here.scanned
    lines = [
        Line(
            line=line,
            name=here.names.get(line.product_id, "") if line.product_id is not None else "",
            now=scanned.get(line.id, 0),
            rest=max(line.left - scanned.get(line.id, 0), 0),
            over=max(line.done + scanned.get(line.id, 0) - line.quantity, 0),
        )
        for line in here.lines
        if line.product_id is not None
    ]
    return sorted(lines, key=lambda one: (not one.rest, one.line.line_no))


def _address(order_id: int, plate: str = "") -> str:
    return f"{HOME}/{order_id}" + (f"?{urlencode({'plate': plate})}" if plate else "")


HANDLERS: Final = [home, choose, order, scan, take_back, book, close]
