"""Packing: a bench is chosen once, an order is opened by a scan, and its last right piece closes the parcel.

A wrong scan, and a call-off, stand on the screen until somebody has seen them, also after the page was drawn again.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from litestar import MediaType, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import structs

from crossdock.console import forms
from crossdock.console.floor import screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, person
from crossdock.console.forms import Failure, Form
from crossdock.console.web import PageRequest
from crossdock.core.bench import commands, queries
from crossdock.core.bench.boxes import cartons_of
from crossdock.core.bench.errors import (
    BenchBusy,
    BenchUnknown,
    BoxUnknown,
    CancelArrived,
    LotWrong,
    NotClosed,
    NothingToUndo,
    NotInOrder,
    NotPackable,
    NotPackedHere,
    NotPicked,
    OrderGone,
    PackedBefore,
    PackedElsewhere,
    PackingOver,
    PackingUnknown,
    ScanUnknown,
    SerialNeeded,
    SerialScanned,
    SerialWrong,
    TooMany,
    WeightInvalid,
    WrongScan,
)
from crossdock.core.bench.model import (
    READY_LISTED_MAX,
    SERIAL_CHARACTERS_MAX,
    STATION_CHARACTERS_MAX,
    WEIGHT_G_MAX,
    Bench,
    Line,
    Station,
    Step,
)
from crossdock.core.catalog.scanning import CODE_CHARACTERS_MAX
from crossdock.core.fulfilment.errors import CancelWaiting
from crossdock.core.packing.model import NO_CAMERA
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from crossdock.db.tx import Tx

HOME: Final = f"{PREFIX}/pack"
BENCH_COOKIE: Final = "crossdock_floor_bench"
BENCH_KEPT_S: Final = 365 * 24 * 3600
"""A bench does not walk: its browser remembers which one it is, whoever logs in."""
LINES_SHOWN: Final = 60
"""Of an order, those of which something is missing first."""

TEXTS: Final[Mapping[str, str]] = {
    "pack": "Pack",
    "pack_hint": "Scan every piece; the last one closes the parcel",
    "which_bench": "Which bench is this?",
    "bench": "Bench",
    "bench_why": "Its name says which camera films the packing. This browser remembers it.",
    "bench_other": "Another name",
    "bench_take": "I pack here",
    "bench_change": "Another bench",
    "at_bench": "Bench {name}",
    "no_camera": "no camera",
    "no_report": "This warehouse is no department of an enterprise: no film is kept of what is packed.",
    "which_order": "Scan a tote, an order or its label",
    "open": "Open",
    "busy": "{username} packs an order here.",
    "go_on": "Go on with it",
    "ready": "Ready to be packed",
    "ready_none": "Nothing waits to be packed.",
    "ready_more": "More wait: scan their totes.",
    "pieces": "{n} pieces",
    "scan_piece": "Scan a piece",
    "ok": "OK",
    "ask_serial": "Scan the serial number of {code}",
    "of": "of {n}",
    "lot": "Lot {lot}",
    "more_lines": "{n} more lines",
    "from_totes": "from {totes}",
    "carton": "Carton {name}",
    "carton_size": "{length} × {width} × {height} mm",
    "carton_none": "No carton of this warehouse holds all of it.",
    "carton_unmeasured": "Nobody measured {skus}: no carton can be named.",
    "undo": "Take the last piece out again: {sku}",
    "aside": "Put it aside",
    "aside_why": "Why?",
    "aside_do": "Put this order aside",
    "aside_told": "The order waits to be packed again, from its beginning. The film so far belongs to no report.",
    "seen": "Understood, it is out",
    "is_packed": "{number} is packed",
    "print_label": "Print the label",
    "print_slip": "Packing slip",
    "next_order": "Next: scan a tote, an order or its label",
    "weight": "Weight in grams",
    "weight_read": "The scale {device} read {weight} g.",
    "weight_expected": "{weight} g are expected.",
    "weight_odd": "It weighs {weight} g, {expected} g are expected. Look into the parcel before it leaves.",
    "weight_keep": "Keep weight and carton",
    "carton_which": "Which carton",
    "carton_other": "another one",
    "put_aside": "{number} was put aside.",
    "stopped": "{number} is not packed any more.",
    "put_back": "What is to be put back",
    "home": "Pack another order",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        BenchUnknown: "This warehouse has no bench of this name.",
        NotPackedHere: "Nothing here goes by “{code}”: no order of this warehouse, and no tote with one's goods.",
        NotPicked: "{number} is not picked yet: it is {state}. It comes when all of it lies in its tote.",
        PackedBefore: "{number} was packed before: it is {state}.",
        NotPackable: "{number} is not to be packed: it is {state}.",
        CancelWaiting: "Do not pack {number}: its owner asked to call it off. Ask your manager.",
        PackedElsewhere: "{username} packs {number} at bench {station} at this moment.",
        BenchBusy: "{number} is open at this bench. Finish it, or put it aside.",
        PackingUnknown: "Nothing of this number is packed here.",
        PackingOver: "{number} is closed: it is {state}. This was not counted.",
        NothingToUndo: "Nothing lies in the parcel of {number}.",
        NotClosed: "{number} is not closed yet: scan what is missing.",
        WeightInvalid: "A weight is 1 to {most} grams.",
        BoxUnknown: "This warehouse has no carton {box}.",
        SerialNeeded: "Each piece of {sku} has a serial number: scan it.",
        WrongScan: "This does not belong into the parcel. Take it out.",
        ScanUnknown: "Nothing goes by “{code}”. Do not pack it; put it aside and tell your manager.",
        NotInOrder: "Wrong: {sku} does not belong to {number}. Take it out.",
        TooMany: "Too many of {sku}: {left} are missing, this is {quantity}. Take it out.",
        LotWrong: "Wrong lot of {sku}: this is {lot}, the order has {wanted}. Take it out.",
        SerialWrong: "Wrong: no {sku} with the number {serial} is here. Take it out and scan it again.",
        SerialScanned: "{sku} {serial} was scanned before: it is the same piece. Nothing was counted.",
        CancelArrived: "Stop: the owner of {number} asked to call it off. Put everything back where it came from, and"
        " tell your manager. {totes}",
        OrderGone: "Stop: {number} is {state} now. Put everything back where it came from. {totes}",
    },
)
OPENED: Final = "{number}: {pieces} pieces."
COUNTED: Final = "{sku}: {packed} of {wanted}."
CLOSED: Final = "{number} is packed, and it is on record which film shows it."
CLOSED_UNSEEN: Final = "{number} is packed. No camera watches this bench."
CLOSED_UNFILMED: Final = "{number} is packed. No report of its film was made."
TAKEN_OUT: Final = "Taken out."
PUT_ASIDE: Final = "{number} was put aside."
WEIGHED: Final = "Kept."
MESSAGES: Final = (OPENED, COUNTED, CLOSED, CLOSED_UNSEEN, CLOSED_UNFILMED, TAKEN_OUT, PUT_ASIDE, WEIGHED)


@get(HOME, media_type=MediaType.HTML)
async def home(request: PageRequest) -> Response[Any]:
    who = await person(request)
    station = await _station(request, who)
    if station is not None and "bench" not in request.query_params:
        async with who.desk.database.autocommit() as tx:
            here = await queries.open_at(tx, **who.place, bench=station.key)
        if here is not None and here.staff_id == who.staff.id:
            return Redirect(f"{HOME}/{here.id}", status_code=303, headers={"cache-control": "no-store"})
    return await _home(request, who)


@post(f"{HOME}/bench")
async def choose(request: PageRequest) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        other = form.text("other", characters_max=STATION_CHARACTERS_MAX)
        key = f"/{other}" if other else form.text("bench", needed=True)
        async with who.desk.database.autocommit() as tx:
            station = await queries.station(tx, **who.place, bench=key)
        answer = forms.done(request, who, HOME)
        answer.set_cookie(
            Cookie(
                key=BENCH_COOKIE,
                value=urlsafe_b64encode(station.key.encode()).decode(),
                path=PREFIX,
                max_age=BENCH_KEPT_S,
                httponly=True,
                samesite="strict",
                secure=request.url.scheme == "https",
            )
        )
        return answer

    return await forms.act(
        request, who, SAYS, do, lambda failure: _home(request, who, failure, choose=True), scanned="other"
    )


@post(HOME)
async def open_order(request: PageRequest) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        code = form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True)
        station = await _station(request, who)
        if station is None:
            raise BenchUnknown(bench="")
        async with who.desk.database.transaction() as tx:
            packing = await commands.open_packing(
                tx,
                **who.place,
                bench=station.key,
                code=code,
                staff_id=who.staff.id,
                operation_id=form.operation_id,
                actor=who.actor,
            )
            here = await queries.bench(tx, **who.place, packing_id=packing.id)
        said = {"number": here.order.number, "pieces": here.wanted}
        return forms.done(request, who, f"{HOME}/{packing.id}", OPENED, **said)

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, failure))


@get(HOME + "/{packing_id:int}", media_type=MediaType.HTML)
async def packing(request: PageRequest, packing_id: FromPath[int]) -> Response[Any]:
    return await _packing(request, await person(request), packing_id)


@post(HOME + "/{packing_id:int}/scan")
async def scan(request: PageRequest, packing_id: FromPath[int]) -> Response[Any]:
    who = await person(request)
    asked = ""

    async def do(form: Form) -> Response[Any]:
        nonlocal asked
        asked = form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True)
        async with who.desk.database.transaction() as tx:
            step = await commands.scan(
                tx,
                **who.place,
                packing_id=packing_id,
                code=asked,
                serial=form.text("serial", characters_max=CODE_CHARACTERS_MAX),
                operation_id=form.operation_id,
                actor=who.actor,
            )
        if step.refused is not None:
            raise step.refused
        return _counted(request, who, step)

    async def again(failure: Failure) -> Response[Any]:
        return await _packing(request, who, packing_id, failure, asked=asked)

    return await forms.act(request, who, SAYS, do, again)


@post(HOME + "/{packing_id:int}/seen")
async def seen(request: PageRequest, packing_id: FromPath[int]) -> Response[Any]:
    """Somebody has read that a scan was wrong."""
    who = await person(request)

    async def do(_form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await commands.acknowledge(tx, **who.place, packing_id=packing_id)
        return forms.done(request, who, f"{HOME}/{packing_id}")

    return await forms.act(request, who, SAYS, do, lambda failure: _packing(request, who, packing_id, failure))


@post(HOME + "/{packing_id:int}/undo")
async def undo(request: PageRequest, packing_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await commands.undo(
                tx, **who.place, packing_id=packing_id, staff_id=who.staff.id, operation_id=form.operation_id
            )
        return forms.done(request, who, f"{HOME}/{packing_id}", TAKEN_OUT)

    return await forms.act(request, who, SAYS, do, lambda failure: _packing(request, who, packing_id, failure))


@post(HOME + "/{packing_id:int}/aside")
async def put_aside(request: PageRequest, packing_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await commands.put_aside(
                tx,
                **who.place,
                packing_id=packing_id,
                staff_id=who.staff.id,
                reason=form.text("reason", characters_max=REASON_CHARACTERS_MAX),
                actor=who.actor,
            )
            here = await queries.bench(tx, **who.place, packing_id=packing_id)
        if here.packing.state == "stopped":
            return forms.done(request, who, f"{HOME}/{packing_id}")
        return forms.done(request, who, HOME, PUT_ASIDE, number=here.order.number)

    return await forms.act(
        request, who, SAYS, do, lambda failure: _packing(request, who, packing_id, failure), scanned="reason"
    )


@post(HOME + "/{packing_id:int}/weigh")
async def weigh(request: PageRequest, packing_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        typed = form.whole("weight_g", least=1, most=WEIGHT_G_MAX) if form.text("weight_g") else None
        async with who.desk.database.transaction() as tx:
            await commands.weigh(
                tx,
                **who.place,
                packing_id=packing_id,
                staff_id=who.staff.id,
                weight_g=None if typed is None else Decimal(typed),
                box=form.text("box"),
                cartons=cartons_of(who.site.settings),
            )
        return forms.done(request, who, f"{HOME}/{packing_id}", WEIGHED)

    return await forms.act(
        request, who, SAYS, do, lambda failure: _packing(request, who, packing_id, failure), scanned="weight_g"
    )


def _counted(request: PageRequest, who: Person, step: Step) -> Response[Any]:
    to = f"{HOME}/{step.packing.id}"
    if step.packing.state == "packed":
        said = CLOSED if step.packing.packing_id is not None else CLOSED_UNFILMED
        if step.reported is not None and NO_CAMERA in step.reported.warnings:
            said = CLOSED_UNSEEN
        return forms.done(request, who, f"{to}?label=1", said, number=step.number)
    line = step.line
    if line is None:
        return forms.done(request, who, to)
    return forms.done(request, who, to, COUNTED, sku=line.sku, packed=line.packed, wanted=line.wanted)


async def _station(request: PageRequest, who: Person) -> Station | None:
    """The bench that this browser stands at; None where nobody said so, or it is another warehouse's."""
    try:
        key = urlsafe_b64decode(request.cookies.get(BENCH_COOKIE, "")).decode()
        async with who.desk.database.autocommit() as tx:
            return await queries.station(tx, **who.place, bench=key) if key else None
    except (ValueError, BenchUnknown):
        return None


async def _home(
    request: PageRequest, who: Person, failure: Failure | None = None, *, choose: bool = False
) -> Response[Any]:
    station = await _station(request, who)
    choosing = choose or station is None or "bench" in request.query_params
    async with who.desk.database.autocommit() as tx:
        if choosing:
            stations = await queries.stations(tx, **who.place)
            return screen.show(
                request,
                who,
                SAYS,
                "floor/pack_bench.html",
                here=f"{HOME}?bench=1",
                failure=failure,
                stations=stations,
                station=station,
                home=HOME,
                characters_max=STATION_CHARACTERS_MAX,
            )
        assert station is not None
        ready = await queries.ready(tx, **who.place, limit=READY_LISTED_MAX + 1)
        busy = await queries.open_at(tx, **who.place, bench=station.key)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/pack_home.html",
        here=HOME,
        failure=failure,
        scripts=("pack",),
        station=station,
        ready=ready[:READY_LISTED_MAX],
        more=len(ready) > READY_LISTED_MAX,
        busy=busy,
        home=HOME,
    )


async def _packing(
    request: PageRequest, who: Person, packing_id: int, failure: Failure | None = None, *, asked: str = ""
) -> Response[Any]:
    """Open, closed or given up. `asked` is what was scanned when a serial number was missing."""
    cartons = cartons_of(who.site.settings)
    async with who.desk.database.autocommit() as tx:
        here = await queries.bench(tx, **who.place, packing_id=packing_id, cartons=cartons)
        parcel = None
        if here.packing.state == "packed":
            parcel = await queries.parcel(tx, **who.place, packing_id=packing_id, cartons=cartons)
    if parcel is not None:
        return screen.show(
            request,
            who,
            SAYS,
            "floor/pack_parcel.html",
            here=f"{HOME}/{packing_id}",
            failure=failure,
            scripts=("pack",),
            parcel=parcel,
            order=parcel.order,
            cartons=cartons,
            opens="label" in request.query_params,
            papers=f"{PREFIX}/papers",
            base=f"{HOME}/{packing_id}",
            home=HOME,
            weight_max=WEIGHT_G_MAX,
        )
    shown = failure or _standing(request, here)
    lines = sorted(here.lines, key=_missing_first)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/pack.html" if here.packing.state == "open" else "floor/pack_ended.html",
        here=f"{HOME}/{packing_id}",
        failure=shown,
        scripts=("pack",),
        bench=here,
        order=here.order,
        lines=lines[:LINES_SHOWN],
        lines_more=len(lines) - LINES_SHOWN,
        last=next((line.sku for line in lines if here.last and line.id == here.last.order_line_id), ""),
        ask="serial" if failure and failure.error is SerialNeeded else "",
        asked=asked,
        wrong=shown is not None and issubclass(shown.error, WrongScan),
        serial_max=SERIAL_CHARACTERS_MAX,
        reason_max=REASON_CHARACTERS_MAX,
        base=f"{HOME}/{packing_id}",
        home=HOME,
        put_backs=f"{PREFIX}/put-backs",
    )


def _standing(request: PageRequest, here: Bench) -> Failure | None:
    """What was wrong before and is still to be read: the page itself is well."""
    error = queries.blocked(here.packing)
    code = "" if here.packing.block is None else str(here.packing.block["code"])
    if here.packing.state == "stopped":
        error = queries.stopped(here.packing, here.order.number, here.totes)
    if error is None:
        return None
    return structs.replace(forms.failure(request, SAYS, error, scanned=code), status=200)


def _missing_first(line: Line) -> tuple[bool, int]:
    return not line.left, line.line_no


async def waiting(tx: Tx, who: Person) -> int:
    return len(await queries.ready(tx, **who.place, limit=READY_LISTED_MAX))


HANDLERS: Final = (home, choose, open_order, packing, scan, seen, undo, put_aside, weigh)
ITEMS: Final = (Item(path=HOME, title=TEXTS["pack"], hint=TEXTS["pack_hint"], count=waiting),)
