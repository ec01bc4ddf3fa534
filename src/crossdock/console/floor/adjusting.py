"""Adjust: a manager says that there are more or fewer pieces of something in a location, and why."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from litestar import MediaType, Response, get, post
from msgspec import Struct

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import LocationId, StockId
from crossdock.console import forms
from crossdock.console.floor import counting, screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, manager
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog import scanning
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.catalog.model import Product
from crossdock.core.counting import commands
from crossdock.core.counting.errors import OwnerUnknown
from crossdock.core.counting.model import (
    COUNTED_KINDS,
    FEWER,
    LOT_CHARACTERS_MAX,
    MORE,
    NOTE_CHARACTERS_MAX,
    QUANTITY_MAX,
    Booked,
)
from crossdock.core.places import queries as places
from crossdock.core.places.errors import BucketUnknown, KindWrong, LocationUnknown
from crossdock.core.places.model import CODE_CHARACTERS_MAX, Location, Lying
from crossdock.core.shelving import queries
from crossdock.db.tx import Tx

HOME: Final = f"{PREFIX}/adjust"
HEAPS_SHOWN: Final = 100
OWNER_CHARACTERS_MAX: Final = 64

TEXTS: Final[Mapping[str, str]] = {
    **counting.REASONS,
    "adjust": "Adjust",
    "scan": "Scan a location, or the goods",
    "scan_goods": "Scan the goods",
    "ok": "OK",
    "why": "For what nobody need count: something broke, or was found. What is scanned is looked at first.",
    "nowhere": "not put away",
    "lies": "Lies in {location}",
    "empty": "Nothing lies in {location}.",
    "lot": "Lot {lot}",
    "expires": "expires on {day}",
    "in_lot": "Lot",
    "everywhere": "Where it lies",
    "none": "None of it is on the books here. Scan the location where it lies.",
    "more_heaps": "{n} more: scan the goods.",
    "on_the_books": "{n} on the books",
    "there_are": "There are",
    "fewer": "fewer",
    "more": "more",
    "quantity": "Pieces",
    "reason": "Reason",
    "note": "Note",
    "book": "Book it",
    "new": "Not on the books of {location}",
    "owner": "Owner",
    "is_damaged": "Damaged",
    "bring_in": "Bring into the books",
    "other": "Something else",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        **counting.SHARED,
        CodeUnknown: "No location and no product has the code “{code}”.",
        OwnerUnknown: "There is no owner “{owner}”.",
    },
)
FEWER_DONE: Final = "{n} pieces fewer in {location}."
MORE_DONE: Final = "{n} pieces more in {location}."
FEWER_NOWHERE: Final = "{n} pieces fewer of what is not put away."
MORE_NOWHERE: Final = "{n} pieces more of what is not put away."
MESSAGES: Final = (FEWER_DONE, MORE_DONE, FEWER_NOWHERE, MORE_NOWHERE)
ITEMS: Final = (Item(path=HOME, title="Adjust", hint="More or fewer pieces, with a reason", managers=True),)


class Chosen(Struct, frozen=True, kw_only=True):
    """What was scanned so far, as the address says it."""

    stock_id: int = 0
    location_id: int = 0
    product: str = ""

    @classmethod
    def of(cls, form: Form) -> "Chosen":
        """Errors: FieldWrong."""
        return cls(
            stock_id=form.chosen("stock"),
            location_id=form.chosen("location"),
            product=form.text("product", characters_max=scanning.CODE_CHARACTERS_MAX),
        )

    @property
    def address(self) -> str:
        given = {"stock": self.stock_id, "location": self.location_id, "product": self.product}
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{HOME}?{query}" if query else HOME

    @property
    def place(self) -> LocationId | None:
        return LocationId(self.location_id) if self.location_id else None


@get(HOME, media_type=MediaType.HTML)
async def page(request: PageRequest) -> Response[Any]:
    who = await manager(request)
    try:
        return await _page(request, who, Chosen.of(Form(fields=dict(request.query_params), operation_id="")))
    except (FieldWrong, BucketUnknown, LocationUnknown, CodeUnknown) as error:
        return await _page(request, who, Chosen(), forms.failure(request, SAYS, error))


@post(HOME)
async def scan(request: PageRequest) -> Response[Any]:
    """A location or goods, whatever is scanned."""
    who = await manager(request)
    chosen = Chosen()

    async def do(form: Form) -> Response[Any]:
        nonlocal chosen
        chosen = Chosen.of(form)
        code = form.text("code", characters_max=scanning.CODE_CHARACTERS_MAX, needed=True)
        async with who.desk.database.autocommit() as tx:
            to = await _scanned(tx, who, chosen, code)
        return forms.done(request, who, to.address)

    return await forms.act(request, who, SAYS, do, lambda failure: _again(request, who, chosen, failure))


@post(f"{HOME}/book")
async def book(request: PageRequest) -> Response[Any]:
    who = await manager(request)
    chosen = Chosen()

    async def do(form: Form) -> Response[Any]:
        nonlocal chosen
        chosen = Chosen.of(form)
        quantity = form.whole("quantity", least=1, most=QUANTITY_MAX)
        async with who.desk.database.transaction() as tx:
            booked = await commands.adjust(
                tx,
                **who.place,
                stock_id=StockId(chosen.stock_id),
                location_id=chosen.place,
                quantity=quantity if form.text("way", needed=True) == "more" else -quantity,
                **_why(form, who),
            )
        return _done(request, who, booked)

    return await forms.act(request, who, SAYS, do, lambda failure: _again(request, who, chosen, failure))


@post(f"{HOME}/bring-in")
async def bring_in(request: PageRequest) -> Response[Any]:
    who = await manager(request)
    chosen = Chosen()

    async def do(form: Form) -> Response[Any]:
        nonlocal chosen
        chosen = Chosen.of(form)
        async with who.desk.database.transaction() as tx:
            booked = await commands.bring_in(
                tx,
                **who.place,
                location_id=LocationId(chosen.location_id),
                code=chosen.product,
                lot=form.text("lot", characters_max=LOT_CHARACTERS_MAX),
                condition="defective" if form.text("damaged") else "good",
                owner=form.text("owner", characters_max=OWNER_CHARACTERS_MAX, needed=True),
                quantity=form.whole("quantity", least=1, most=QUANTITY_MAX),
                **_why(form, who),
            )
        return _done(request, who, booked)

    return await forms.act(request, who, SAYS, do, lambda failure: _again(request, who, chosen, failure))


def _why(form: Form, who: Person) -> dict[str, Any]:
    return {
        "reason": form.text("reason", needed=True),
        "note": form.text("note", characters_max=NOTE_CHARACTERS_MAX),
        "staff_id": who.staff.id,
        "operation_id": form.operation_id,
        "actor": who.actor,
    }


def _done(request: PageRequest, who: Person, booked: Booked) -> Response[Any]:
    if booked.location:
        said = FEWER_DONE if booked.fewer else MORE_DONE
    else:
        said = FEWER_NOWHERE if booked.fewer else MORE_NOWHERE
    return forms.done(request, who, HOME, said, n=booked.fewer or booked.more, location=booked.location)


async def _scanned(tx: Tx, who: Person, chosen: Chosen, code: str) -> Chosen:
    """Errors: CodeUnknown, KindWrong."""
    try:
        found = await scanning.find(tx, account_id=who.staff.account_id, text=code)
    except CodeUnknown:
        if len(code) > CODE_CHARACTERS_MAX:
            raise
        try:
            here = await places.location_by_code(tx, **who.place, code=code)
        except LocationUnknown:
            raise CodeUnknown(code=forms.shortened(code)) from None
        if here.kind not in COUNTED_KINDS:
            raise KindWrong(code=here.code, kind=here.kind) from None
        return Chosen(location_id=here.id)
    heaps = await _heaps(tx, who, found.product, chosen.place)
    if len(heaps) == 1:
        return Chosen(stock_id=heaps[0].stock_id, location_id=heaps[0].location_id or 0)
    return Chosen(location_id=chosen.location_id, product=code)


async def _heaps(tx: Tx, who: Person, product: Product, place: LocationId | None) -> list[Lying]:
    """Of a product, in a location or everywhere; not what lies in totes and lanes."""
    return [
        one
        for one in await places.where(tx, **who.place, product_id=product.id)
        if place in (None, one.location_id) and (one.kind is None or one.kind in COUNTED_KINDS)
    ]


async def _again(request: PageRequest, who: Person, chosen: Chosen, failure: Failure) -> Response[Any]:
    """The screen that was refused; from its beginning, where what it showed is gone."""
    try:
        return await _page(request, who, chosen, failure)
    except CrossdockError:
        return await _page(request, who, Chosen(), failure)


async def _page(request: PageRequest, who: Person, chosen: Chosen, failure: Failure | None = None) -> Response[Any]:
    heap: Lying | None = None
    here: Location | None = None
    product: Product | None = None
    heaps: list[Lying] = []
    async with who.desk.database.autocommit() as tx:
        if chosen.place is not None:
            here = await places.location_by_id(tx, **who.place, location_id=chosen.place)
        if chosen.stock_id:
            heap = await queries.heap(tx, **who.place, stock_id=StockId(chosen.stock_id), location_id=chosen.place)
        elif chosen.product:
            product = (await scanning.find(tx, account_id=who.staff.account_id, text=chosen.product)).product
            heaps = await _heaps(tx, who, product, chosen.place)
        elif here is not None:
            heaps = await places.contents(tx, **who.place, location_id=here.id)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/adjust.html",
        here=chosen.address if failure else "",
        failure=failure,
        chosen=chosen,
        location=here,
        heap=heap,
        product=product,
        heaps=heaps[:HEAPS_SHOWN],
        heaps_more=len(heaps) - HEAPS_SHOWN,
        links={
            (one.stock_id, one.location_id or 0): Chosen(
                stock_id=one.stock_id, location_id=one.location_id or 0
            ).address
            for one in heaps
        },
        reasons=dict.fromkeys((*FEWER, *MORE)),
        more=MORE,
        home=HOME,
    )


HANDLERS: Final = (page, scan, book, bring_in)
