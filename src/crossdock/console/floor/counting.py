"""Count a location without being told, look at what differs, and book it; and adjust what nobody need count."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from litestar import MediaType, Response, get, post
from litestar.params import FromPath

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import StockId
from crossdock.console import forms
from crossdock.console.floor import screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, person
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog import scanning
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.counting import commands, queries
from crossdock.core.counting.errors import (
    CountedLotNeeded,
    CountFull,
    CountOver,
    CountUnknown,
    DifferencesChanged,
    ManagerNeeded,
    MovedMeanwhile,
    OwnerUnclear,
    ReasonUnfit,
    RoundsOver,
    ScanUnknown,
    SerialsHere,
)
from crossdock.core.counting.model import (
    BOOKED_FREELY_MAX,
    LOT_CHARACTERS_MAX,
    NOTE_CHARACTERS_MAX,
    QUANTITY_MAX,
    ROUNDS_MAX,
    Compared,
)
from crossdock.core.orders.errors import QuantityInvalid
from crossdock.core.picking import queries as picking
from crossdock.core.picking.model import CountRequest
from crossdock.core.places.errors import (
    BucketUnknown,
    KindWrong,
    LocationClosed,
    LocationUnknown,
    NotThere,
)
from crossdock.core.places.model import CODE_CHARACTERS_MAX
from crossdock.core.stock.errors import SetAside
from crossdock.db.tx import Tx

HOME: Final = f"{PREFIX}/count"
SCANS_SHOWN: Final = 40
LINES_SHOWN: Final = 100
"""Of what differs; what is as in the books is told by its number."""
REQUESTS_SHOWN: Final = 60

REASONS: Final[Mapping[str, str]] = {
    "counted": "counted",
    "found": "found",
    "lost": "lost",
    "damaged": "damaged",
    "expired": "expired",
    "other": "other reason",
}
SHARED: Final[Mapping[type[CrossdockError], str]] = {
    KindWrong: "{code} is no place for this: goods lie on shelves, in reserve or in quarantine. Nothing was booked.",
    LocationUnknown: "There is no location {code} here.",
    LocationClosed: "{code} is not in use.",
    BucketUnknown: "These goods do not lie there any more. Somebody may have taken them.",
    NotThere: "By the books {there} lie there, not {wanted}: somebody may have taken them. Nothing was booked.",
    SetAside: "{allocated} of {sku} are set aside for orders, so there cannot be fewer: {orders}. Put such an order"
    " on hold first, or find the goods. Nothing was booked.",
    SerialsHere: "Pieces of {sku} are in stock by their serial numbers: there cannot be fewer than those. Nothing was"
    " booked.",
    ReasonUnfit: "This is no reason for that. Choose another.",
}
"""Refusals of whatever changes the books."""
TEXTS: Final[Mapping[str, str]] = {
    **REASONS,
    "count": "Count",
    "scan_location": "Scan the location that you count",
    "ok": "OK",
    "wanted": "Somebody did not find all of it",
    "none_wanted": "No count is asked for.",
    "not_found": "not found",
    "out_of_reach": "out of reach",
    "more_wanted": "{n} more are asked for.",
    "going_on": "Being counted",
    "by": "by {name}",
    "round": "round {n}",
    "lies": "What lies in {location}?",
    "scan": "Scan each piece, or one and type how many",
    "more": "Quantity, lot, damaged …",
    "quantity": "Quantity",
    "lot": "Lot",
    "in_lot": "Lot {lot}",
    "so_far": "Counted so far: {n}",
    "nothing": "Nothing is counted so far. If the location is empty, look at the differences.",
    "take_back": "Take back",
    "earlier": "{n} earlier ones",
    "look": "That is all: look at the differences",
    "leave": "Leave this count",
    "seen": "Differences in {location}",
    "same": "As in the books: {n}",
    "all_same": "All is as in the books.",
    "books": "Books",
    "counted_n": "Counted",
    "difference": "Difference",
    "reason": "Reason",
    "note": "Note",
    "unclear": "Whose is it?",
    "unclear_hint": "A manager books this by itself: adjust it, then count again.",
    "finish": "Finish the count",
    "book": "Book the differences",
    "moved": "Something was put in or taken out while you counted. Please count again.",
    "too_much": "{n} pieces differ: more than {most} are booked by a manager. The count waits for one.",
    "again": "Count again",
    "go_on": "Go on counting",
    "lines_more": "{n} more.",
    "over": "This count is over.",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        **SHARED,
        CodeUnknown: "No product goes by “{code}”. Put it aside and ask a manager.",
        CountUnknown: "There is no such count here.",
        CountOver: "The count of {location} is over. Scan the location to count it anew.",
        CountFull: "{most} scans are counted: type how many instead of scanning each.",
        RoundsOver: "It was counted {most} times. Leave this count and begin another.",
        ScanUnknown: "This was taken back before.",
        QuantityInvalid: "A quantity is a whole number from 1 to 1000000.",
        CountedLotNeeded: "There are several lots of {sku}, or it is kept by lots: say which lot it is.",
        MovedMeanwhile: "Something was put into {location} or taken out while you counted. Please count again.",
        DifferencesChanged: "The differences are others now. Please look again.",
        OwnerUnclear: "{sku} may be of several owners, or of one that has none here. A manager adjusts it by hand.",
        ManagerNeeded: "{pieces} pieces differ: more than {most} are booked by a manager. The count waits for one.",
    },
)
COUNTED: Final = "{quantity} × {sku}"
TAKEN_BACK: Final = "Taken back."
DONE: Final = "{location} is counted: {more} more and {fewer} fewer than in the books."
DONE_SAME: Final = "{location} is counted: all is as in the books."
LEFT: Final = "The count of {location} is left. Nothing was booked."
MESSAGES: Final = (TAKEN_BACK, DONE, DONE_SAME, LEFT)


async def waiting(tx: Tx, who: Person) -> int:
    return len(await picking.count_requests(tx, **who.place))


ITEMS: Final = (Item(path=HOME, title="Count", hint="What lies in a location", count=waiting),)


@get(HOME, media_type=MediaType.HTML)
async def home(request: PageRequest) -> Response[Any]:
    who = await person(request)
    try:
        count_id = Form(fields=dict(request.query_params), operation_id="").chosen("count")
    except FieldWrong as error:
        return await _home(request, who, 0, forms.failure(request, SAYS, error))
    return await _home(request, who, count_id)


@post(HOME)
async def scan(request: PageRequest) -> Response[Any]:
    """A location, and then what lies there."""
    who = await person(request)
    count_id = 0

    async def do(form: Form) -> Response[Any]:
        nonlocal count_id
        count_id = form.chosen("count")
        code = form.text("code", characters_max=scanning.CODE_CHARACTERS_MAX, needed=True)
        if not count_id:
            if len(code) > CODE_CHARACTERS_MAX:
                raise LocationUnknown(code=forms.shortened(code))
            async with who.desk.database.transaction() as tx:
                begun = await commands.begin(tx, **who.place, location_code=code, staff_id=who.staff.id)
            return forms.done(request, who, _address(begun.id))
        async with who.desk.database.transaction() as tx:
            await commands.scan(
                tx,
                **who.place,
                count_id=count_id,
                code=code,
                quantity=form.whole("quantity", least=1, most=QUANTITY_MAX) if form.text("quantity") else None,
                lot=form.text("lot", characters_max=LOT_CHARACTERS_MAX),
                condition="defective" if form.text("damaged") else "good",
                staff_id=who.staff.id,
                operation_id=form.operation_id,
            )
            newest = (await queries.scans(tx, **who.place, count_id=count_id))[0]
        return forms.done(request, who, _address(count_id), COUNTED, quantity=newest.quantity, sku=newest.sku)

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, count_id, failure))


@post(HOME + "/{count_id:int}/back")
async def take_back(request: PageRequest, count_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await commands.take_back(tx, **who.place, count_id=count_id, scan_id=form.number("scan"))
        return forms.done(request, who, _address(count_id), TAKEN_BACK)

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, count_id, failure))


@get(HOME + "/{count_id:int}/seen", media_type=MediaType.HTML)
async def seen(request: PageRequest, count_id: FromPath[int]) -> Response[Any]:
    return await _seen(request, await person(request), count_id)


@post(HOME + "/{count_id:int}/book")
async def book(request: PageRequest, count_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            booked = await commands.book(
                tx,
                **who.place,
                count_id=count_id,
                seen=form.text("seen", needed=True),
                reasons=_reasons(form),
                note=form.text("note", characters_max=NOTE_CHARACTERS_MAX),
                manager=who.staff.manager,
                staff_id=who.staff.id,
                operation_id=form.operation_id,
                actor=who.actor,
            )
        facts = {"location": booked.location, "more": booked.more, "fewer": booked.fewer}
        return forms.done(request, who, HOME, DONE if booked.more or booked.fewer else DONE_SAME, **facts)

    return await forms.act(request, who, SAYS, do, lambda failure: _seen(request, who, count_id, failure))


@post(HOME + "/{count_id:int}/again")
async def again(request: PageRequest, count_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        round_ = form.whole("round", least=1, most=ROUNDS_MAX)
        async with who.desk.database.transaction() as tx:
            await commands.again(tx, **who.place, count_id=count_id, seen_round=round_)
        return forms.done(request, who, _address(count_id))

    return await forms.act(request, who, SAYS, do, lambda failure: _seen(request, who, count_id, failure))


@post(HOME + "/{count_id:int}/leave")
async def leave(request: PageRequest, count_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(_form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            left = await commands.leave(tx, **who.place, count_id=count_id)
        return forms.done(request, who, HOME, LEFT, location=left.location)

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, count_id, failure))


def _reasons(form: Form) -> dict[StockId, str]:
    """Bucket -> why. Fields of other names are left alone."""
    return {
        StockId(int(stock_id)): form.text(name)
        for name in form.fields
        for prefix, _, stock_id in [name.partition("reason-")]
        if not prefix and stock_id.isascii() and stock_id.isdecimal() and len(stock_id) < 20
    }


def _address(count_id: int) -> str:
    return f"{HOME}?{urlencode({'count': count_id})}"


async def _home(request: PageRequest, who: Person, count_id: int, failure: Failure | None = None) -> Response[Any]:
    count = None
    scans: Sequence[Any] = ()
    requests: list[CountRequest] = []
    open_: Sequence[Any] = ()
    async with who.desk.database.autocommit() as tx:
        if count_id:
            count = await queries.count(tx, **who.place, count_id=count_id)
            scans = await queries.scans(tx, **who.place, count_id=count_id)
        else:
            requests = await picking.count_requests(tx, **who.place)
            open_ = await queries.open_counts(tx, **who.place)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/count.html",
        here=(_address(count_id) if count_id else HOME) if failure else "",
        failure=failure,
        count=count,
        base=f"{HOME}/{count_id}",
        scans=scans[:SCANS_SHOWN],
        scans_more=len(scans) - SCANS_SHOWN,
        pieces=sum(scan.quantity for scan in scans),
        requests=requests[:REQUESTS_SHOWN],
        requests_more=len(requests) - REQUESTS_SHOWN,
        counts=open_,
        home=HOME,
    )


async def _seen(request: PageRequest, who: Person, count_id: int, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        count = await queries.count(tx, **who.place, count_id=count_id)
        compared: Compared = await queries.compared(tx, **who.place, count_id=count_id)
    differing = compared.differing
    return screen.show(
        request,
        who,
        SAYS,
        "floor/count_seen.html",
        here=f"{HOME}/{count_id}/seen" if failure else "",
        failure=failure,
        count=count,
        compared=compared,
        differing=differing[:LINES_SHOWN],
        lines_more=len(differing) - LINES_SHOWN,
        same=len(compared.lines) - len(differing),
        unclear=any(line.stock_id is None for line in differing),
        waits=compared.pieces > BOOKED_FREELY_MAX and not who.staff.manager,
        most=BOOKED_FREELY_MAX,
        base=f"{HOME}/{count_id}",
        back=_address(count_id),
        home=HOME,
    )


HANDLERS: Final = (home, scan, take_back, seen, book, again, leave)
