"""Put away and move: goods are scanned, or a plate, and then the location they are put into.

The address says what was scanned so far, so that a page that is drawn again asks for the same.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from litestar import MediaType, Response, get, post
from msgspec import Struct

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import LocationId, StockId
from crossdock.console import forms
from crossdock.console.floor import screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, person
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog import scanning
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.picking.errors import PicksWait
from crossdock.core.places import queries as places
from crossdock.core.places.errors import (
    BucketUnknown,
    KindWrong,
    LocationClosed,
    LocationUnknown,
    MoveEmpty,
    NotThere,
)
from crossdock.core.places.model import CODE_CHARACTERS_MAX, Location, Lying
from crossdock.core.shelving import commands, queries
from crossdock.core.shelving.errors import NothingWaits, NotInLocation, PlatePutAway, PlateUnknown
from crossdock.core.shelving.model import HEAPS_COUNTED_MAX, MOVED_KINDS, QUANTITY_MAX, Plate, Shelved
from crossdock.db.tx import Tx

PUT_AWAY: Final = f"{PREFIX}/put-away"
MOVE: Final = f"{PREFIX}/move"
HEAPS_SHOWN: Final = 50
CONTENTS_SHOWN: Final = 100

TEXTS: Final[Mapping[str, str]] = {
    "put_away": "Put away",
    "scan_goods": "Scan the goods, or a plate",
    "scan_location": "Scan where you put it",
    "waits": "Waits to be put away",
    "none": "Nothing waits to be put away.",
    "next": "Next",
    "which": "Which of these is it?",
    "advice_same": "More of it lies in {location}.",
    "advice_empty": "{location} is empty.",
    "no_advice": "No location is empty: choose one.",
    "nowhere": "not put away",
    "lot": "Lot {lot}",
    "expires": "expires on {day}",
    "damaged": "damaged",
    "plate": "Plate {plate}",
    "quantity": "Pieces",
    "of": "of {n} pieces",
    "other": "Something else",
    "ok": "OK",
    "move": "Move",
    "scan_from": "Scan the location you take it from",
    "scan_goods_or_location": "Scan the goods you take",
    "lies": "Lies in {location}",
    "empty": "Nothing lies in {location}.",
    "more": "{n} more: scan the goods.",
    "other_location": "Another location",
}
FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    CodeUnknown: "No product and no plate has the code “{code}”. Nothing was booked.",
    NothingWaits: "{sku} does not wait at the dock, or not all of it. Nothing was booked.",
    NotInLocation: "By the books {sku} does not lie in {location}. Nothing was booked.",
    PlateUnknown: "Nothing came in on plate {plate}. Scan the goods themselves.",
    PlatePutAway: "Plate {plate} was put away before, to {location}.",
    KindWrong: "{code} is no place for this: goods lie on shelves, in reserve or in quarantine. Nothing was booked.",
    LocationUnknown: "There is no location {code} here.",
    LocationClosed: "{code} is not in use.",
    NotThere: "By the books {there} lie there, not {wanted}: somebody may have taken them. Nothing was booked.",
    MoveEmpty: "It lies there already.",
    BucketUnknown: "These goods do not lie there any more. Somebody may have taken them.",
    PicksWait: "Pickers are on their way to them: {free} may be moved. Nothing was booked.",
}
SAYS: Final = Says.of(TEXTS, FAILURES)
DONE: Final = "{pieces} × {what} now in {location}."
DONE_PLATE: Final = "Plate {what}: {pieces} pieces now in {location}."
MESSAGES: Final = (DONE, DONE_PLATE)


class Chosen(Struct, frozen=True, kw_only=True):
    """What was scanned so far, as the address says it."""

    stock_id: int = 0
    location_id: int = 0
    """0: not put away, or none was chosen."""
    product: str = ""
    """A code of goods that several heaps are of."""
    plate: str = ""

    @classmethod
    def of(cls, form: Form) -> "Chosen":
        """Errors: FieldWrong."""
        return cls(
            stock_id=form.chosen("stock"),
            location_id=form.chosen("location"),
            product=form.text("product", characters_max=scanning.CODE_CHARACTERS_MAX),
            plate=form.text("plate", characters_max=scanning.CODE_CHARACTERS_MAX),
        )

    @property
    def query(self) -> str:
        given = {
            "stock": self.stock_id,
            "location": self.location_id,
            "product": self.product,
            "plate": self.plate,
        }
        return urlencode({name: value for name, value in given.items() if value})

    def at(self, path: str) -> str:
        return f"{path}?{self.query}" if self.query else path

    @property
    def source(self) -> LocationId | None:
        return LocationId(self.location_id) if self.location_id else None


async def waiting(tx: Tx, who: Person) -> int:
    return await places.heaps_at_docks(tx, **who.place, most=HEAPS_COUNTED_MAX)


ITEMS: Final = (
    Item(path=PUT_AWAY, title="Put away", hint="From the dock to a shelf", count=waiting),
    Item(path=MOVE, title="Move", hint="From one location to another"),
)


@get(PUT_AWAY, media_type=MediaType.HTML)
async def put_away_page(request: PageRequest) -> Response[Any]:
    who = await person(request)
    try:
        chosen = _from_address(request)
        return await _put_away(request, who, chosen)
    except (FieldWrong, BucketUnknown, NothingWaits, PlateUnknown, PlatePutAway, CodeUnknown) as error:
        return await _put_away(request, who, Chosen(), forms.failure(request, SAYS, error))


@post(PUT_AWAY)
async def put_away(request: PageRequest) -> Response[Any]:
    """The goods or a plate, and then the location."""
    who = await person(request)
    chosen = Chosen()

    async def do(form: Form) -> Response[Any]:
        nonlocal chosen
        chosen = Chosen.of(form)
        code = form.text("code", characters_max=scanning.CODE_CHARACTERS_MAX, needed=True)
        if not chosen.stock_id and not chosen.plate:
            async with who.desk.database.autocommit() as tx:
                return forms.done(request, who, (await _understood(tx, who, code)).at(PUT_AWAY))
        put: dict[str, Any] = {
            **who.place,
            "location_code": _location_code(code),
            "staff_id": who.staff.id,
            "operation_id": form.operation_id,
        }
        async with who.desk.database.transaction() as tx:
            if chosen.plate:
                done = await commands.put_plate_away(tx, **put, plate_code=chosen.plate)
            else:
                done = await commands.put_away(
                    tx,
                    **put,
                    stock_id=StockId(chosen.stock_id),
                    from_location_id=chosen.source,
                    quantity=_quantity(form),
                )
        said = DONE_PLATE if chosen.plate else DONE
        return forms.done(request, who, PUT_AWAY, said, **_facts(done))

    async def again(failure: Failure) -> Response[Any]:
        return await _again(request, who, chosen, failure, _put_away)

    return await forms.act(request, who, SAYS, do, again)


@get(MOVE, media_type=MediaType.HTML)
async def move_page(request: PageRequest) -> Response[Any]:
    who = await person(request)
    try:
        return await _move(request, who, _from_address(request))
    except (FieldWrong, LocationUnknown, BucketUnknown, NotInLocation, CodeUnknown) as error:
        return await _move(request, who, Chosen(), forms.failure(request, SAYS, error))


@post(MOVE)
async def move(request: PageRequest) -> Response[Any]:
    """A location, the goods in it, and then the location they are put into."""
    who = await person(request)
    chosen = Chosen()

    async def do(form: Form) -> Response[Any]:
        nonlocal chosen
        chosen = Chosen.of(form)
        code = form.text("code", characters_max=scanning.CODE_CHARACTERS_MAX, needed=True)
        if not chosen.stock_id:
            async with who.desk.database.autocommit() as tx:
                return forms.done(request, who, (await _taken(tx, who, chosen, code)).at(MOVE))
        async with who.desk.database.transaction() as tx:
            done = await commands.move(
                tx,
                **who.place,
                stock_id=StockId(chosen.stock_id),
                from_location_id=LocationId(chosen.location_id),
                location_code=_location_code(code),
                quantity=_quantity(form),
                staff_id=who.staff.id,
                operation_id=form.operation_id,
            )
        to = Chosen(location_id=chosen.location_id).at(MOVE)
        return forms.done(request, who, to, DONE, **_facts(done))

    async def again(failure: Failure) -> Response[Any]:
        return await _again(request, who, chosen, failure, _move)

    return await forms.act(request, who, SAYS, do, again)


def _from_address(request: PageRequest) -> Chosen:
    """Errors: FieldWrong."""
    return Chosen.of(Form(fields=dict(request.query_params), operation_id=""))


def _quantity(form: Form) -> int | None:
    """None where the field was left empty: all of it."""
    return form.whole("quantity", least=1, most=QUANTITY_MAX) if form.text("quantity") else None


def _location_code(code: str) -> str:
    """Errors: LocationUnknown."""
    if len(code) > CODE_CHARACTERS_MAX:
        raise LocationUnknown(code=forms.shortened(code))
    return code


def _facts(done: Shelved) -> dict[str, Any]:
    return {"pieces": done.pieces, "what": done.what, "location": done.location}


async def _understood(tx: Tx, who: Person, code: str) -> Chosen:
    """A plate, else goods: one heap of them, or several to choose from.

    Errors: CodeUnknown, NothingWaits, PlateUnknown, PlatePutAway.
    """
    understood = scanning.understood(code)
    try:
        plate = await queries.plate(tx, **who.place, code=code)
    except PlateUnknown:
        if not understood.codes:
            raise
    else:
        return Chosen(plate=plate.code)
    heaps = await queries.waiting(tx, **who.place, code=code)
    return _one(heaps, Chosen(product=code))


async def _taken(tx: Tx, who: Person, chosen: Chosen, code: str) -> Chosen:
    """Goods of the location that was chosen; else a location. Errors: CodeUnknown, NotInLocation, LocationUnknown."""
    if chosen.source is not None:
        try:
            heaps = await queries.lying(tx, **who.place, location_id=chosen.source, code=code)
            return _one(heaps, Chosen(location_id=chosen.source, product=code))
        except CodeUnknown:
            if not await _is_location(tx, who, code):
                raise
    here = await places.location_by_code(tx, **who.place, code=_location_code(code))
    if here.kind not in MOVED_KINDS:
        raise KindWrong(code=here.code, kind=here.kind)
    return Chosen(location_id=here.id)


async def _is_location(tx: Tx, who: Person, code: str) -> bool:
    try:
        await places.location_by_code(tx, **who.place, code=code)
    except LocationUnknown:
        return False
    return True


def _one(heaps: Sequence[Lying], several: Chosen) -> Chosen:
    if len(heaps) > 1:
        return several
    return Chosen(stock_id=heaps[0].stock_id, location_id=heaps[0].location_id or 0)


async def _again(
    request: PageRequest,
    who: Person,
    chosen: Chosen,
    failure: Failure,
    page: Callable[[PageRequest, Person, Chosen, Failure], Awaitable[Response[Any]]],
) -> Response[Any]:
    """The screen that was refused; from its beginning, where what it showed is gone."""
    try:
        return await page(request, who, chosen, failure)
    except CrossdockError:
        return await page(request, who, Chosen(), failure)


async def _put_away(
    request: PageRequest, who: Person, chosen: Chosen, failure: Failure | None = None
) -> Response[Any]:
    heap: Lying | None = None
    plate: Plate | None = None
    after = (chosen.source, StockId(chosen.stock_id)) if "after" in request.query_params else None
    async with who.desk.database.autocommit() as tx:
        if after is None and chosen.stock_id:
            heap = await queries.heap(tx, **who.place, stock_id=StockId(chosen.stock_id), location_id=chosen.source)
        if chosen.plate:
            plate = await queries.plate(tx, **who.place, code=chosen.plate)
        largest = heap or (max(plate.heaps, key=lambda one: one.quantity) if plate else None)
        advice = None if largest is None else await queries.advised(tx, **who.place, heap=largest)
        heaps: list[Lying] = []
        if chosen.product:
            heaps = await queries.waiting(tx, **who.place, code=chosen.product)
        elif largest is None:
            heaps = await places.to_put_away(tx, **who.place, after=after, limit=HEAPS_SHOWN + 1)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/put_away.html",
        here=chosen.at(PUT_AWAY) if failure else "",
        failure=failure,
        chosen=Chosen() if after else chosen,
        heap=heap,
        plate=plate,
        advice=advice,
        heaps=heaps if chosen.product else heaps[:HEAPS_SHOWN],
        links={_key(one): _chosen(one).at(PUT_AWAY) for one in heaps},
        more=_chosen(heaps[HEAPS_SHOWN - 1]).at(PUT_AWAY) + "&after" if len(heaps) > HEAPS_SHOWN else "",
        path=PUT_AWAY,
    )


async def _move(request: PageRequest, who: Person, chosen: Chosen, failure: Failure | None = None) -> Response[Any]:
    heap: Lying | None = None
    here: Location | None = None
    heaps: list[Lying] = []
    async with who.desk.database.autocommit() as tx:
        if chosen.source is not None:
            here = await places.location_by_id(tx, **who.place, location_id=chosen.source)
            if chosen.stock_id:
                heap = await queries.heap(tx, **who.place, stock_id=StockId(chosen.stock_id), location_id=here.id)
            elif chosen.product:
                heaps = await queries.lying(tx, **who.place, location_id=here.id, code=chosen.product)
            else:
                heaps = await places.contents(tx, **who.place, location_id=here.id)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/move.html",
        here=chosen.at(MOVE) if failure else "",
        failure=failure,
        chosen=chosen,
        location=here,
        heap=heap,
        heaps=heaps[:CONTENTS_SHOWN],
        more=len(heaps) - CONTENTS_SHOWN,
        links={_key(one): _chosen(one).at(MOVE) for one in heaps},
        path=MOVE,
    )


def _chosen(heap: Lying) -> Chosen:
    return Chosen(stock_id=heap.stock_id, location_id=heap.location_id or 0)


def _key(heap: Lying) -> tuple[int, int]:
    return heap.stock_id, heap.location_id or 0


HANDLERS: Final = (put_away_page, put_away, move_page, move)
