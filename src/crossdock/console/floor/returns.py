"""Returns: what comes back is found, taken in, looked at piece by piece, and settled."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from crossdock.base.errors import CrossdockError
from crossdock.console import forms
from crossdock.console.floor import screen, strays
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, person
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.catalog.scanning import CODE_CHARACTERS_MAX
from crossdock.core.fulfilment.errors import ReturnActionForbids
from crossdock.core.fulfilment.returns import TO_SHELF
from crossdock.core.orders.errors import QuantityInvalid, StateForbids
from crossdock.core.orders.model import OrderLine
from crossdock.core.places.errors import LocationClosed, LocationUnknown
from crossdock.core.places.model import CODE_CHARACTERS_MAX as LOCATION_CHARACTERS_MAX
from crossdock.core.returning import commands, queries
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
    ReturnNotAnnounced,
    ReturnNotInspected,
    ReturnNotReceived,
    ReturnUnknown,
    SerialHere,
    SerialMissing,
    SerialSeen,
    TooManyPieces,
)
from crossdock.core.returning.model import (
    INSPECTABLE,
    LOT_CHARACTERS_MAX,
    NOTE_CHARACTERS_MAX,
    QUANTITY_MAX,
    SERIAL_CHARACTERS_MAX,
    VERDICTS,
    Inspection,
    Wanted,
)
from crossdock.core.stock.errors import ExpiryDiffers
from crossdock.core.units.errors import UnitHere
from crossdock.db.tx import Tx

HOME: Final = f"{PREFIX}/returns"
RETURNS_SHOWN: Final = 50
LINES_SHOWN: Final = 60
PIECES_SHOWN: Final = 60

TEXTS: Final[Mapping[str, str]] = {
    "returns": "Returns",
    "which": "Scan the return: its number, the carrier's, or the order it is of",
    "find": "Find",
    "coming": "Coming back",
    "none": "No return is announced.",
    "is_here": "here",
    "on_its_way": "on its way",
    "of_pieces": "{seen} of {pieces} pieces seen",
    "more": "More",
    "first": "Back to the first",
    "return": "Return",
    "of": "Of {reference}",
    "wants": "Its owner wants: {name}",
    "no_stock": "It must not become stock: reject it, and say what was done with it.",
    "receive": "It is here",
    "not_here": "It has not come in yet.",
    "waits": "Its owner was asked, and has not answered:",
    "answer": "Last said:",
    "over": "This return is settled: {state}.",
    "look": "Scan a piece",
    "take": "Put on record",
    "restock": "Good: back to stock",
    "quarantine": "Damaged or unclear: quarantine",
    "reject": "Rejected: not stock",
    "verdict": "What becomes of it?",
    "note": "What is wrong with it",
    "more_fields": "Quantity, location, lot …",
    "quantity": "Quantity",
    "location": "Location (empty: the dock, or the quarantine)",
    "lot": "Lot",
    "serial": "Serial number",
    "expires": "Expires on",
    "seen": "Seen, not booked yet",
    "booked": "Seen",
    "take_back": "Take back",
    "earlier": "{n} earlier ones",
    "lines": "What was announced",
    "announced": "Announced",
    "came": "Seen",
    "lines_more": "{n} more lines",
    "finish": "Book and settle",
    "finish_n": "Book {n} pieces and settle the return",
    "missing": "{n} pieces were not seen. Why?",
    "ask": "Ask the owner",
    "question": "Question",
    "ask_do": "Ask",
}
FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    ReturnUnknown: "No return and no order goes by “{code}”. Put it on record as goods without a return.",
    ReturnNotAnnounced: "Nobody announced that {number} comes back. Put it on record as goods without a return.",
    ReturnNotReceived: "{number} has not come in yet: tap “It is here” first.",
    ReturnNotInspected: "{number} is not looked into now: it is {state}.",
    StateForbids: "{number} cannot come in: it is {state}. Ask a manager.",
    CodeUnknown: "No product goes by “{code}”. Put it on record as goods without a return.",
    NotOfReturn: "{sku} does not belong to {number}. Put it on record as goods without a return.",
    MoreThanReturned: "Too many of {sku}: {left} are still to be seen. Put the rest on record as goods without a"
    " return.",
    NotToStock: "Its owner does not want it in stock ({action}). Reject it, and say what was done with it.",
    ReturnActionForbids: "Its owner does not want it in stock ({action}). Take back what is not rejected.",
    LotMissing: "{sku} is kept by lots: say which lot it is.",
    SerialMissing: "Each piece of {sku} has a serial number: scan it.",
    SerialSeen: "{serial} was scanned before. Is it the same piece?",
    SerialHere: "{serial} is in stock: this very piece cannot have come back. Put it aside and ask a manager.",
    UnitHere: "These pieces are in stock already: {codes}",
    PlaceUnfit: "{location} is for other goods. Good ones go to a dock or a shelf, damaged ones into quarantine.",
    LocationUnknown: "This warehouse has no location “{code}”.",
    LocationClosed: "Location {code} is not in use.",
    NoteMissing: "Say in a few words what is wrong with it, or what it is.",
    NoteTooLong: "{characters_max} characters at most.",
    QuantityInvalid: "A quantity is a whole number from 1 to 1000000.",
    PieceGone: "This was booked, or taken back, before.",
    TooManyPieces: "{most} findings of one return: book them first.",
    PiecesMissing: "{pieces} pieces were not seen: say why.",
    ExpiryDiffers: "Lot “{lot}” is here with the date {expires_on}, not {said}. Give these goods a lot of their own.",
}
SAYS: Final = Says.of({**strays.TEXTS, **TEXTS}, FAILURES)
RECEIVED: Final = "{number} is here. Now look at each piece."
SEEN: Final = "{quantity} × {sku} noted: {seen} of {quantity_all}."
TAKEN_BACK: Final = "Taken back."
ASKED: Final = "The owner of {number} was asked."
FINISHED: Final = "{number} is settled: {restock} back to stock, {quarantine} in quarantine, {reject} rejected."
MESSAGES: Final = (RECEIVED, SEEN, TAKEN_BACK, ASKED, FINISHED)


class Line(Struct, frozen=True, kw_only=True):
    line: OrderLine
    name: str
    seen: int

    @property
    def left(self) -> int:
        return max(self.line.quantity - self.seen, 0)


async def waiting(tx: Tx, who: Person) -> int:
    return await queries.here(tx, **who.place)


ITEMS: Final = (Item(path=HOME, title="Returns", hint="Take in what comes back, and look at it", count=waiting),)


@get(HOME, media_type=MediaType.HTML)
async def home(request: PageRequest) -> Response[Any]:
    return await _home(request, await person(request))


@post(HOME)
async def choose(request: PageRequest) -> Response[Any]:
    """What is found nowhere can be put on record from the same screen."""
    who = await person(request)
    sent: dict[str, str] = {}

    async def do(form: Form) -> Response[Any]:
        code = form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True)
        sent["code"] = code
        async with who.desk.database.autocommit() as tx:
            found = await queries.return_of(tx, **who.place, code=code)
        return forms.done(request, who, _address(found.id))

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, failure, sent.get("code", "")))


@get(HOME + "/{order_id:int}", media_type=MediaType.HTML)
async def order(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    return await _order(request, await person(request), order_id)


@post(HOME + "/{order_id:int}/receive")
async def receive(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            received = await commands.receive(
                tx,
                **who.place,
                staff_id=who.staff.id,
                actor=who.actor,
                order_id=order_id,
                operation_id=form.operation_id,
            )
        return forms.done(request, who, _address(order_id), RECEIVED, number=received.number)

    return await forms.act(request, who, SAYS, do, lambda failure: _order(request, who, order_id, failure))


@post(HOME + "/{order_id:int}/look")
async def look(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    """What was said of a piece that was refused stays in the form."""
    who = await person(request)
    sent: dict[str, str] = {}

    async def do(form: Form) -> Response[Any]:
        sent.update(form.fields)
        wanted = _wanted(form)
        async with who.desk.database.transaction() as tx:
            piece = await commands.inspect(
                tx,
                **who.place,
                staff_id=who.staff.id,
                actor=who.actor,
                order_id=order_id,
                wanted=wanted,
                operation_id=form.operation_id,
            )
            here = await queries.inspection(tx, **who.place, order_id=order_id)
        line = next(line for line in here.lines if line.id == piece.order_line_id)
        said = {"quantity": piece.quantity, "sku": line.sku, "seen": here.seen.get(line.id, 0)}
        return forms.done(request, who, _address(order_id), SEEN, **said, quantity_all=line.quantity)

    return await forms.act(request, who, SAYS, do, lambda failure: _order(request, who, order_id, failure, sent))


@post(HOME + "/{order_id:int}/back")
async def take_back(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await commands.take_back(tx, **who.place, order_id=order_id, piece_id=form.number("piece"))
        return forms.done(request, who, _address(order_id), TAKEN_BACK)

    return await forms.act(request, who, SAYS, do, lambda failure: _order(request, who, order_id, failure))


@post(HOME + "/{order_id:int}/ask")
async def ask(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            asked = await commands.ask_owner(
                tx, **who.place, actor=who.actor, order_id=order_id, question=form.text("question")
            )
        return forms.done(request, who, _address(order_id), ASKED, number=asked.number)

    return await forms.act(request, who, SAYS, do, lambda failure: _order(request, who, order_id, failure))


@post(HOME + "/{order_id:int}/finish")
async def finish(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            done = await commands.finish(
                tx,
                **who.place,
                staff_id=who.staff.id,
                actor=who.actor,
                order_id=order_id,
                reason=form.text("reason"),
                operation_id=form.operation_id,
            )
        said = {"restock": done.restock, "quarantine": done.quarantine, "reject": done.reject}
        return forms.done(request, who, HOME, FINISHED, number=done.order.number, **said)

    return await forms.act(request, who, SAYS, do, lambda failure: _order(request, who, order_id, failure))


def _wanted(form: Form) -> Wanted:
    verdict = form.text("verdict")
    if verdict not in VERDICTS:
        raise FieldWrong(field="verdict", value=forms.shortened(verdict))
    return Wanted(
        code=form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True),
        verdict=verdict,
        quantity=form.whole("quantity", least=1, most=QUANTITY_MAX) if form.text("quantity") else None,
        lot=form.text("lot", characters_max=LOT_CHARACTERS_MAX),
        expires_on=form.day("expires_on"),
        serial=form.text("serial", characters_max=SERIAL_CHARACTERS_MAX),
        location=form.text("location", characters_max=LOCATION_CHARACTERS_MAX),
        note=form.text("note"),
    )


async def _home(
    request: PageRequest, who: Person, failure: Failure | None = None, unknown: str = ""
) -> Response[str]:
    """`unknown` is a code that no return goes by: it is offered for the record."""
    after = screen.number_of(request, "after") or 0
    async with who.desk.database.autocommit() as tx:
        found = await queries.returning(tx, **who.place, after=after, limit=RETURNS_SHOWN + 1)
    lost = failure is not None and issubclass(failure.error, ReturnUnknown | ReturnNotAnnounced)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/returns.html",
        here=HOME,
        failure=failure,
        home=HOME,
        strays=strays.HOME,
        unknown=unknown if lost else "",
        after=after,
        returns=found[:RETURNS_SHOWN],
        more=f"{HOME}?after={found[RETURNS_SHOWN - 1].order_id}" if len(found) > RETURNS_SHOWN else "",
        code_max=CODE_CHARACTERS_MAX,
        note_max=NOTE_CHARACTERS_MAX,
    )


async def _order(
    request: PageRequest,
    who: Person,
    order_id: int,
    failure: Failure | None = None,
    sent: Mapping[str, str] | None = None,
) -> Response[str]:
    """`sent` is what was said of a piece that was refused."""
    async with who.desk.database.autocommit() as tx:
        here = await queries.inspection(tx, **who.place, order_id=order_id)
    lines = _lines(here)
    open_pieces = sum(piece.quantity for piece in here.pieces if piece.ended is None)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/return.html",
        here=_address(order_id),
        failure=failure,
        home=HOME,
        strays=strays.HOME,
        base=_address(order_id),
        inspection=here,
        order=here.order,
        lines=lines[:LINES_SHOWN],
        lines_more=len(lines) - LINES_SHOWN,
        skus={line.id: line.sku for line in here.lines},
        pieces=here.pieces[:PIECES_SHOWN],
        pieces_more=len(here.pieces) - PIECES_SHOWN,
        seen=open_pieces,
        missing=sum(line.left for line in lines),
        open=here.order.arrived_at is not None and here.order.state in INSPECTABLE,
        over=here.order.state in ("finished", "cancelled", "deleted"),
        to_stock=here.action is None or here.action.type == TO_SHELF,
        verdicts=VERDICTS,
        serial_asked=failure is not None and issubclass(failure.error, SerialMissing),
        sent=sent or {},
        note_max=NOTE_CHARACTERS_MAX,
        lot_max=LOT_CHARACTERS_MAX,
        serial_max=SERIAL_CHARACTERS_MAX,
        location_max=LOCATION_CHARACTERS_MAX,
    )


def _lines(here: Inspection) -> list[Line]:
    """Those of which something is still to be seen first."""
    seen = here.seen
    lines = [
        Line(
            line=line,
            name=here.names.get(line.product_id, "") if line.product_id is not None else "",
            seen=seen.get(line.id, 0),
        )
        for line in here.lines
    ]
    return sorted(lines, key=lambda one: (not one.left, one.line.line_no))


def _address(order_id: int) -> str:
    return f"{HOME}/{order_id}"


HANDLERS: Final = [
    home,
    choose,
    order,
    receive,
    look,
    take_back,
    ask,
    finish,
]
