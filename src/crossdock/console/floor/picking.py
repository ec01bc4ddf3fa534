"""Picking: a person takes on a part of a wave, walks to one location after the other, and scans what goes where.

A walk is a location, a product and a tote, scanned in this order; the address says which is next, so that a page that
is drawn again asks for the same.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from crossdock.base.ids import LocationId, OrderId, StockId
from crossdock.console import forms
from crossdock.console.floor import screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, person
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog import scanning
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.picking import commands, queries
from crossdock.core.picking.errors import (
    LocationWrong,
    NotATote,
    NotInBatch,
    NotReplenishable,
    OrderStopped,
    PickNotYours,
    PickUnknown,
    PiecesWrong,
    ProductWrong,
    ReasonUnknown,
    ToteTaken,
    ToteWrong,
    WaveUnknown,
)
from crossdock.core.picking.model import PIECES_TYPED_MAX, REASONS, Pick, SortStep
from crossdock.core.places.errors import KindWrong, LocationClosed, LocationUnknown, MoveEmpty, NotThere
from crossdock.core.staff import commands as staff
from crossdock.db.tx import Tx

HOME: Final = f"{PREFIX}/pick"
PUT_BACKS: Final = f"{PREFIX}/put-backs"
REFILLS: Final = f"{PREFIX}/refills"
DOTS_MAX: Final = 20
"""Pieces that are drawn one by one; more of them are a bar."""
Step = Literal["location", "product", "tote"]
STEPS: Final[tuple[Step, ...]] = ("location", "product", "tote")

TEXTS: Final[Mapping[str, str]] = {
    "pick": "Pick",
    "which": "Which wave do you take?",
    "none": "No wave is being picked.",
    "wave": "Wave {id}",
    "single": "order by order",
    "batch": "product by product, sorted after",
    "cluster": "many totes on a cart",
    "of_orders": "{ready} of {orders} orders ready",
    "of_pieces": "{picked} of {pieces} pieces",
    "take": "Take",
    "take_part": "Take the next part",
    "go_location": "Go to {location} and scan it",
    "nowhere": "not put away",
    "scan_product": "Scan the product",
    "scan_tote": "Scan tote {tote}",
    "scan_free": "Scan a free tote: it becomes place {place}",
    "scan_batch": "Scan the tote for all of it",
    "or_more": "or the product again for one more",
    "ok": "OK",
    "pieces": "Pieces",
    "left_of": "{left} of {quantity} left",
    "there": "{n} should lie there",
    "lot": "Lot {lot}",
    "order": "Order {number}",
    "orders": "for {n} orders",
    "place": "Place {place}",
    "tote": "Tote {tote}",
    "in_hand": "In hand: {n}",
    "picked": "{n} × {sku} into {tote}.",
    "problem": "Something is missing",
    "why": "Why?",
    "not_found": "It is not there",
    "damaged": "It is damaged",
    "out_of_reach": "It is out of reach",
    "short": "{n} pieces are missing",
    "elsewhere": "{missing} missing at {location}: {elsewhere} are fetched elsewhere. The location is to be counted.",
    "held": "{missing} missing at {location}: {held} is held. Bring what is in its tote to be put back.",
    "leave": "Put the rest down for others",
    "left": "Others may take what you had not begun to walk for.",
    "all_done": "This wave is done.",
    "no_more": "Nothing is left for you in this wave.",
    "sort": "Sort",
    "sort_n": "{n} pieces are to be sorted",
    "sort_scan": "Scan a piece from the batch tote",
    "sort_into": "{sku}: into place {place}, order {number}",
    "sort_none": "All is sorted.",
    "sorted": "{sku} into {tote}.",
    "put_backs": "Put back",
    "put_back_none": "Nothing is to be put back.",
    "put_back_hint": "Picked for orders that are called off or held",
    "put_back_scan": "Scan where you put it",
    "put_back_done": "{n} × {sku} put back to {location}.",
    "was_on": "was on {shelf}",
    "refills": "Refill shelves",
    "refill_none": "No shelf lacks what waves need.",
    "refill_hint": "Waves need it, and it stands elsewhere",
    "refill_scan": "Scan the shelf you put it on",
    "refill_done": "{n} × {sku} now on {location}.",
    "bring": "bring {n} to {shelf}",
    "any_shelf": "a shelf",
    "on_shelf": "{n} there now",
    "choose": "Choose",
    "hint": "Walk, scan, and fill totes",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        LocationWrong: "This is not {wanted}. Go to {wanted} and scan it.",
        ProductWrong: "This is not {wanted}. Put it back and scan {wanted}.",
        CodeUnknown: "Nothing here has this code. Nothing was booked.",
        ToteWrong: "Not into {scanned}: these goods belong into {wanted}.",
        ToteTaken: "Other goods lie in {tote} {number}. Take another tote.",
        NotATote: "{tote} is not a tote. Scan a tote.",
        PiecesWrong: "{quantity} is too many or none: {left} are still to be taken.",
        LocationUnknown: "There is no location {code} here.",
        KindWrong: "{code} belongs to orders. Put it on a shelf, in reserve, at the dock or into quarantine.",
        LocationClosed: "{code} is not in use.",
        NotThere: "By the books only {there} lie at {location}. If less is there, say that something is missing.",
        MoveEmpty: "It lies there already.",
        OrderStopped: "Order {number} was called off or stopped: do not pick it any more.",
        PickNotYours: "Somebody else has this walk, or it is done.",
        PickUnknown: "This is not to be done any more.",
        ReasonUnknown: "Please say why: {reasons}.",
        NotInBatch: "No piece of this is still to be sorted. Put it aside and tell your manager.",
        NotReplenishable: "Waves wait for {wanted} there, and they are put on a shelf.",
        WaveUnknown: "There is no such wave here.",
    },
)


class Walk(Struct, frozen=True, kw_only=True):
    """Where somebody is in a walk, as the address says it."""

    task_id: int = 0
    step: Step = "location"
    quantity: int = 1

    @classmethod
    def of(cls, form: Form) -> "Walk":
        """Errors: FieldWrong."""
        step = form.text("step")
        return cls(
            task_id=form.chosen("task"),
            step=next((known for known in STEPS if known == step), "location"),
            quantity=form.whole("quantity", least=1, most=PIECES_TYPED_MAX, otherwise=1),
        )

    def on(self, pick: Pick) -> "Walk":
        """The walk, if it is this pick's; else its first step."""
        here = self if self.task_id == pick.task_id else Walk(task_id=pick.task_id)
        if here.step == "location" and pick.location_id is None:
            return Walk(task_id=pick.task_id, step="product")
        return here


@get(HOME, media_type=MediaType.HTML)
async def waves(request: PageRequest) -> Response[Any]:
    return await _waves(request, await person(request))


@get(f"{HOME}/{{wave_id:int}}", media_type=MediaType.HTML)
async def walk(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    who = await person(request)
    try:
        here = Walk.of(Form(fields=dict(request.query_params), operation_id=""))
    except FieldWrong as error:
        return await _walk(request, who, wave_id, Walk(), forms.failure(request, SAYS, error))
    return await _walk(request, who, wave_id, here)


@post(f"{HOME}/{{wave_id:int}}/take")
async def take(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    """The next part of a wave is this person's."""
    who = await person(request)

    async def do(_form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await commands.next_task(tx, **who.place, wave_id=wave_id, staff_id=who.staff.id)
        return forms.done(request, who, f"{HOME}/{wave_id}")

    return await forms.act(request, who, SAYS, do, lambda failure: _waves(request, who, failure))


@post(f"{HOME}/{{wave_id:int}}/scan")
async def scan(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    """A location, a product or a tote, whichever is next."""
    who = await person(request)
    here = Walk()

    async def do(form: Form) -> Response[Any]:
        nonlocal here
        here = Walk.of(form)
        code = form.text("code", characters_max=scanning.CODE_CHARACTERS_MAX, needed=True)
        mine: dict[str, Any] = {**who.place, "wave_id": wave_id, "staff_id": who.staff.id}
        async with who.desk.database.transaction() as tx:
            if await staff.action_of(tx, **who.place, operation_id=form.operation_id) is not None:
                return forms.done(request, who, f"{HOME}/{wave_id}")
            pick = await queries.pick_in_hand(tx, **mine)
            if pick is None or pick.task_id != here.task_id:
                raise PickNotYours(id=here.task_id)
            if here.step == "location":
                if code != pick.location:
                    raise LocationWrong(scanned=forms.shortened(code), wanted=pick.location)
                return forms.done(request, who, _address(wave_id, pick, "product"))
            more = here.step == "tote" and await _is_product(tx, who, pick, code)
            if here.step == "product" or more:
                quantity = here.quantity + more
                if not more and not await _is_product(tx, who, pick, code):
                    raise ProductWrong(scanned=forms.shortened(code), wanted=pick.sku)
                if quantity > pick.left:
                    raise PiecesWrong(quantity=quantity, left=pick.left)
                return forms.done(request, who, _address(wave_id, pick, "tote", quantity))
            await commands.confirm(
                tx,
                **who.place,
                task_id=pick.task_id,
                quantity=here.quantity,
                tote_code=code,
                staff_id=who.staff.id,
                operation_id=form.operation_id,
                actor=who.actor,
            )
            following = await commands.next_task(tx, **mine)
        same_place = following is not None and following.location_id == pick.location_id
        to = _address(wave_id, following, "product") if following and same_place else f"{HOME}/{wave_id}"
        return forms.done(request, who, to, TEXTS["picked"], n=here.quantity, sku=pick.sku, tote=code)

    return await forms.act(request, who, SAYS, do, lambda failure: _walk(request, who, wave_id, here, failure))


@post(f"{HOME}/{{wave_id:int}}/short")
async def short(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    """What is left of a walk is not there."""
    who = await person(request)
    here = Walk()

    async def do(form: Form) -> Response[Any]:
        nonlocal here
        here = Walk.of(form)
        mine: dict[str, Any] = {**who.place, "wave_id": wave_id, "staff_id": who.staff.id}
        async with who.desk.database.transaction() as tx:
            pick = await queries.pick_in_hand(tx, **mine)
            told = await commands.short(
                tx,
                **who.place,
                task_id=here.task_id,
                reason=form.text("reason"),  # type: ignore[arg-type]
                staff_id=who.staff.id,
                operation_id=form.operation_id,
                actor=who.actor,
            )
            await commands.next_task(tx, **mine)
        location = "" if pick is None or pick.task_id != here.task_id else pick.location
        facts = {"missing": told.missing, "elsewhere": told.elsewhere, "held": ", ".join(told.held)}
        said = TEXTS["held" if told.held else "elsewhere"]
        return forms.done(request, who, f"{HOME}/{wave_id}", said, location=location, **facts)

    return await forms.act(
        request, who, SAYS, do, lambda failure: _walk(request, who, wave_id, here, failure), scanned="reason"
    )


@post(f"{HOME}/{{wave_id:int}}/leave")
async def leave(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await commands.put_down(
                tx, **who.place, wave_id=wave_id, staff_id=who.staff.id, operation_id=form.operation_id
            )
        return forms.done(request, who, HOME, TEXTS["left"])

    return await forms.act(request, who, SAYS, do, lambda failure: _waves(request, who, failure))


@get(f"{HOME}/{{wave_id:int}}/sort", media_type=MediaType.HTML)
async def sorting(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    who = await person(request)
    return await _sorting(request, who, wave_id, request.query_params.get("product", ""))


@post(f"{HOME}/{{wave_id:int}}/sort")
async def sort(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    """A piece of a batch, then the tote of the order that it belongs to."""
    who = await person(request)
    product = ""

    async def do(form: Form) -> Response[Any]:
        nonlocal product
        product = form.text("product", characters_max=scanning.CODE_CHARACTERS_MAX)
        code = form.text("code", characters_max=scanning.CODE_CHARACTERS_MAX, needed=True)
        path = f"{HOME}/{wave_id}/sort"
        async with who.desk.database.transaction() as tx:
            if await staff.action_of(tx, **who.place, operation_id=form.operation_id) is not None:
                return forms.done(request, who, path)
            sku = product or (await scanning.find(tx, account_id=who.staff.account_id, text=code)).product.sku
            step = await queries.sort_step(tx, **who.place, wave_id=wave_id, code=sku)
            if step is None:
                raise NotInBatch(scanned=forms.shortened(code))
            if not product:
                return forms.done(request, who, f"{path}?{urlencode({'product': sku})}")
            await commands.sort(
                tx,
                **who.place,
                task_id=step.task_id,
                quantity=1,
                tote_code=code,
                staff_id=who.staff.id,
                operation_id=form.operation_id,
            )
        return forms.done(request, who, path, TEXTS["sorted"], sku=step.sku, tote=code)

    return await forms.act(request, who, SAYS, do, lambda failure: _sorting(request, who, wave_id, product, failure))


@get(PUT_BACKS, media_type=MediaType.HTML)
async def put_backs(request: PageRequest) -> Response[Any]:
    return await _put_backs(request, await person(request), request.query_params.get("row", ""))


@post(PUT_BACKS)
async def put_back(request: PageRequest) -> Response[Any]:
    who = await person(request)
    chosen = ""

    async def do(form: Form) -> Response[Any]:
        nonlocal chosen
        chosen = form.text("row")
        code = form.text("code", needed=True)
        async with who.desk.database.transaction() as tx:
            if await staff.action_of(tx, **who.place, operation_id=form.operation_id) is not None:
                return forms.done(request, who, PUT_BACKS)
            rows = {_put_back_key(row): row for row in await queries.put_backs(tx, **who.place)}
            if chosen not in rows:
                raise PickUnknown(id=0)
            row = rows[chosen]
            quantity = form.whole("quantity", least=1, most=PIECES_TYPED_MAX, otherwise=row.quantity)
            await commands.put_back(
                tx,
                **who.place,
                order_id=OrderId(row.order_id),
                stock_id=StockId(row.stock_id),
                tote_code=row.tote,
                location_code=code,
                quantity=quantity,
                staff_id=who.staff.id,
                operation_id=form.operation_id,
            )
        return forms.done(request, who, PUT_BACKS, TEXTS["put_back_done"], n=quantity, sku=row.sku, location=code)

    return await forms.act(request, who, SAYS, do, lambda failure: _put_backs(request, who, chosen, failure))


@get(REFILLS, media_type=MediaType.HTML)
async def refills(request: PageRequest) -> Response[Any]:
    return await _refills(request, await person(request), request.query_params.get("row", ""))


@post(REFILLS)
async def refill(request: PageRequest) -> Response[Any]:
    who = await person(request)
    chosen = ""

    async def do(form: Form) -> Response[Any]:
        nonlocal chosen
        chosen = form.text("row")
        code = form.text("code", needed=True)
        async with who.desk.database.transaction() as tx:
            if await staff.action_of(tx, **who.place, operation_id=form.operation_id) is not None:
                return forms.done(request, who, REFILLS)
            rows = {_refill_key(row): row for row in await queries.refills(tx, **who.place)}
            if chosen not in rows:
                raise PickUnknown(id=0)
            row = rows[chosen]
            quantity = form.whole("quantity", least=1, most=PIECES_TYPED_MAX, otherwise=row.needed)
            await commands.replenish(
                tx,
                **who.place,
                stock_id=StockId(row.stock_id),
                from_location_id=None if row.from_location_id is None else LocationId(row.from_location_id),
                location_code=code,
                quantity=quantity,
                staff_id=who.staff.id,
                operation_id=form.operation_id,
            )
        return forms.done(request, who, REFILLS, TEXTS["refill_done"], n=quantity, sku=row.sku, location=code)

    return await forms.act(request, who, SAYS, do, lambda failure: _refills(request, who, chosen, failure))


async def _is_product(tx: Tx, who: Person, pick: Pick, code: str) -> bool:
    try:
        found = await scanning.find(tx, account_id=who.staff.account_id, text=code)
    except CodeUnknown:
        return False
    return found.product.id == pick.product_id


def _address(wave_id: int, pick: Pick, step: Step, quantity: int = 1) -> str:
    at: dict[str, Any] = {"task": pick.task_id, "step": step}
    return f"{HOME}/{wave_id}?{urlencode(at | ({'quantity': quantity} if step == 'tote' else {}))}"


async def _waves(request: PageRequest, who: Person, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        live = await queries.waves(tx, **who.place, live=True)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/pick_waves.html",
        here=HOME if failure else "",
        failure=failure,
        waves=live,
        home=HOME,
    )


async def _walk(
    request: PageRequest, who: Person, wave_id: int, here: Walk, failure: Failure | None = None
) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        wave = await queries.wave(tx, **who.place, wave_id=wave_id)
        pick = await queries.pick_in_hand(tx, **who.place, wave_id=wave_id, staff_id=who.staff.id)
    here = here if pick is None else here.on(pick)
    back = f"{HOME}/{wave_id}" if pick is None else _address(wave_id, pick, here.step, here.quantity)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/pick.html",
        here=back if failure else "",
        failure=failure,
        wave=wave,
        pick=pick,
        walk=here,
        reasons=REASONS,
        dots_max=DOTS_MAX,
        base=f"{HOME}/{wave_id}",
        home=HOME,
    )


async def _sorting(
    request: PageRequest, who: Person, wave_id: int, product: str, failure: Failure | None = None
) -> Response[Any]:
    step: SortStep | None = None
    async with who.desk.database.autocommit() as tx:
        wave = await queries.wave(tx, **who.place, wave_id=wave_id)
        if product:
            step = await queries.sort_step(tx, **who.place, wave_id=wave_id, code=product)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/sort.html",
        here=f"{HOME}/{wave_id}/sort" if failure else "",
        failure=failure,
        wave=wave,
        step=step,
        base=f"{HOME}/{wave_id}",
    )


async def _put_backs(request: PageRequest, who: Person, chosen: str, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        rows = {_put_back_key(row): row for row in await queries.put_backs(tx, **who.place)}
    return screen.show(
        request,
        who,
        SAYS,
        "floor/put_backs.html",
        here=f"{PUT_BACKS}?{urlencode({'row': chosen})}" if failure else "",
        failure=failure,
        rows=rows,
        chosen=rows.get(chosen),
        key=chosen,
        path=PUT_BACKS,
    )


async def _refills(request: PageRequest, who: Person, chosen: str, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        rows = {_refill_key(row): row for row in await queries.refills(tx, **who.place)}
    return screen.show(
        request,
        who,
        SAYS,
        "floor/refills.html",
        here=f"{REFILLS}?{urlencode({'row': chosen})}" if failure else "",
        failure=failure,
        rows=rows,
        chosen=rows.get(chosen),
        key=chosen,
        path=REFILLS,
    )


def _put_back_key(row: Any) -> str:
    return f"{row.tote_id}-{row.order_id}-{row.stock_id}"


def _refill_key(row: Any) -> str:
    return f"{row.stock_id}-{row.from_location_id or 0}"


async def _live(tx: Tx, who: Person) -> int:
    return len(await queries.waves(tx, **who.place, live=True))


async def _to_put_back(tx: Tx, who: Person) -> int:
    return len(await queries.put_backs(tx, **who.place))


async def _to_refill(tx: Tx, who: Person) -> int:
    return len(await queries.refills(tx, **who.place))


HANDLERS: Final = (waves, walk, take, scan, short, leave, sorting, sort, put_backs, put_back, refills, refill)
ITEMS: Final = (
    Item(path=HOME, title=TEXTS["pick"], hint=TEXTS["hint"], count=_live),
    Item(path=PUT_BACKS, title=TEXTS["put_backs"], hint=TEXTS["put_back_hint"], count=_to_put_back),
    Item(path=REFILLS, title=TEXTS["refills"], hint=TEXTS["refill_hint"], count=_to_refill),
)
