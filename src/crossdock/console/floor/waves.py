"""Waves: orders that go to the floor together, how far they are, and what is to be decided because of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from crossdock.base.ids import ServiceId, SubInventoryId
from crossdock.console import forms, web, words
from crossdock.console.floor import screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, manager
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.web import PageRequest
from crossdock.core.fulfilment import calling_off
from crossdock.core.fulfilment.errors import CancelDecided, CancelTooMuch, CancelUnknown
from crossdock.core.orders import commands as orders
from crossdock.core.orders.errors import StateForbids
from crossdock.core.picking import commands, queries
from crossdock.core.picking.errors import NothingToPick, WaveUnknown
from crossdock.core.picking.model import METHODS, WAVE_ORDERS_MAX, Method, Preview, WaveFilter
from crossdock.core.staff import commands as staff
from crossdock.db.tx import Tx

HOME: Final = f"{PREFIX}/waves"
BACK_ORDERS: Final = f"{PREFIX}/back-orders"
ORDERS_USUAL: Final = 12
"""As many orders a new wave takes unless somebody says otherwise: what one person picks without a pause."""
HOURS_MAX: Final = 24 * 365
LINES_MAX: Final = 1_000
STOPS_SHOWN: Final = 60
SHORT_SHOWN: Final = 30

TEXTS: Final[Mapping[str, str]] = {
    "waves": "Waves",
    "new": "New wave",
    "none": "No wave yet.",
    "wave": "Wave {id}",
    "single": "Order by order",
    "batch": "Product by product, sorted after",
    "cluster": "Many totes on a cart",
    "live": "being picked",
    "done": "all picked",
    "cancelled": "cancelled",
    "of_orders": "{ready} of {orders} orders ready",
    "of_pieces": "{picked} of {pieces} pieces",
    "pickers": "{n} people at it",
    "short": "{n} held for what is missing",
    "gone": "{n} called off or stopped",
    "to_sort": "{n} pieces to be sorted",
    "call_offs": "{n} call-offs to decide",
    "method": "How it is picked",
    "service": "Delivery service",
    "carrier": "Carrier",
    "owner": "Owner",
    "any": "any",
    "hours": "Placed at least so many hours ago",
    "lines_min": "Lines, at least",
    "lines_max": "Lines, at most",
    "one_line": "1 means orders of a single line.",
    "most": "Orders, at most",
    "preview": "Look first",
    "make": "Release {n} orders to the floor",
    "would": "{orders} orders, {pieces} pieces, {stops} stops",
    "nothing": "No order that waits fits and is there whole.",
    "missing": "Not there whole, so they stay behind",
    "lacks": "{sku}: {found} of {wanted} can be picked",
    "way": "The way",
    "nowhere": "not put away",
    "more": "{n} more.",
    "made": "Wave {id}: {orders} orders are on the floor.",
    "cancel": "Cancel what nobody has begun",
    "was_cancelled": "What nobody had begun waits for another wave.",
    "pick": "Pick",
    "asked": "Its owner wants to call off {number}.",
    "grant": "Call it off",
    "refuse": "Go on picking",
    "granted": "{number} is called off. What was picked is to be put back.",
    "refused": "{number} is picked on.",
    "back_orders": "Held for what was not found",
    "no_back_orders": "No order is held for what was not found.",
    "release": "Try again",
    "released": "{number} has its goods again and waits for a wave.",
    "waits": "{number} waits for goods.",
    "counts": "To be counted",
    "no_counts": "Nothing is to be counted.",
    "not_found": "not found",
    "damaged": "damaged",
    "out_of_reach": "out of reach",
    "hint": "Orders that are picked together",
    "back_hint": "A picker did not find all of it",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        WaveUnknown: "There is no such wave here.",
        NothingToPick: "No order that waits fits and is there whole: {short} are short. No wave was made.",
        CancelUnknown: "Nobody asked to call that off.",
        CancelDecided: "That was decided already.",
        CancelTooMuch: "More would be called off than is still open. Nothing was done.",
        StateForbids: "Order {number} is {state} and cannot become {wanted}. Nothing was done.",
    },
)


class Asked(Struct, frozen=True, kw_only=True):
    """The fields of the form of a new wave, as its address has them."""

    method: Method = "single"
    service: int = 0
    carrier: str = ""
    owner: int = 0
    hours: int = 0
    lines_min: int = 0
    lines_max: int = 0
    most: int = ORDERS_USUAL

    @property
    def address(self) -> str:
        given = {name: value for name in self.__struct_fields__ if (value := getattr(self, name))}
        return f"{HOME}/new?{urlencode(given)}"

    def filter(self, who: Person) -> WaveFilter:
        now = who.desk.clock.now()
        return WaveFilter(
            service_ids=(ServiceId(self.service),) if self.service else (),
            carrier=self.carrier,
            owner_ids=(SubInventoryId(self.owner),) if self.owner else (),
            placed_until=now - timedelta(hours=self.hours) if self.hours else None,
            lines_min=self.lines_min or None,
            lines_max=self.lines_max or None,
            orders_max=self.most,
        )


@get(HOME, media_type=MediaType.HTML)
async def waves(request: PageRequest) -> Response[Any]:
    who = await manager(request)
    async with who.desk.database.autocommit() as tx:
        listed = await queries.waves(tx, **who.place)
        counts = await queries.count_requests(tx, **who.place)
        held = await queries.back_orders(tx, **who.place)
    return screen.show(
        request, who, SAYS, "floor/waves.html", waves=listed, counts=counts, back_orders=len(held), home=HOME
    )


@get(f"{HOME}/new", media_type=MediaType.HTML)
async def new(request: PageRequest) -> Response[Any]:
    who = await manager(request)
    try:
        asked = _asked(Form(fields=dict(request.query_params), operation_id=""))
    except FieldWrong as error:
        return await _new(request, who, Asked(), forms.failure(request, SAYS, error))
    return await _new(request, who, asked)


@post(HOME)
async def create(request: PageRequest) -> Response[Any]:
    who = await manager(request)
    asked = Asked()

    async def do(form: Form) -> Response[Any]:
        nonlocal asked
        asked = _asked(form)
        async with who.desk.database.transaction() as tx:
            wave = await commands.create_wave(
                tx,
                **who.place,
                wanted=asked.filter(who),
                method=asked.method,
                staff_id=who.staff.id,
                operation_id=form.operation_id,
                actor=who.actor,
            )
            progress = await queries.wave(tx, **who.place, wave_id=wave.id)
        return forms.done(request, who, f"{HOME}/{wave.id}", TEXTS["made"], id=wave.id, orders=progress.orders)

    return await forms.act(request, who, SAYS, do, lambda failure: _new(request, who, asked, failure))


@get(f"{HOME}/{{wave_id:int}}", media_type=MediaType.HTML)
async def wave(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    who = await manager(request)
    return await _wave(request, who, wave_id)


@post(f"{HOME}/{{wave_id:int}}/cancel")
async def cancel(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    who = await manager(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            await commands.cancel_wave(
                tx, **who.place, wave_id=wave_id, staff_id=who.staff.id, operation_id=form.operation_id
            )
        return forms.done(request, who, f"{HOME}/{wave_id}", TEXTS["was_cancelled"])

    return await forms.act(request, who, SAYS, do, lambda failure: _wave(request, who, wave_id, failure))


@post(f"{HOME}/{{wave_id:int}}/call-off")
async def call_off(request: PageRequest, wave_id: FromPath[int]) -> Response[Any]:
    """The floor's word on what an owner asked while it was picked."""
    who = await manager(request)

    async def do(form: Form) -> Response[Any]:
        granted = form.text("word_given", needed=True) == "grant"
        request_id = form.number("request")
        async with who.desk.database.transaction() as tx:
            again = await staff.action_of(tx, **who.place, operation_id=form.operation_id)
            asked = await queries.call_offs(tx, **who.place, wave_id=wave_id)
            number = next((one.number for one in asked if one.id == request_id), "")
            if again is not None:
                return forms.done(request, who, f"{HOME}/{wave_id}")
            if not number:
                raise CancelUnknown(id=request_id)
            await calling_off.decide(
                tx, account_id=who.staff.account_id, request_id=request_id, granted=granted, actor=who.actor
            )
            await staff.record_action(
                tx,
                **who.place,
                staff_id=who.staff.id,
                action="decide_call_off",
                after={"order": number, "granted": granted},
                operation_id=form.operation_id,
            )
        said = TEXTS["granted" if granted else "refused"]
        return forms.done(request, who, f"{HOME}/{wave_id}", said, number=number)

    return await forms.act(request, who, SAYS, do, lambda failure: _wave(request, who, wave_id, failure))


@get(BACK_ORDERS, media_type=MediaType.HTML)
async def back_orders(request: PageRequest) -> Response[Any]:
    who = await manager(request)
    return await _back_orders(request, who)


@post(BACK_ORDERS)
async def release(request: PageRequest) -> Response[Any]:
    """A held order is tried again: it gets all its goods, or waits for them."""
    who = await manager(request)

    async def do(form: Form) -> Response[Any]:
        order_id = form.number("order")
        async with who.desk.database.transaction() as tx:
            if await staff.action_of(tx, **who.place, operation_id=form.operation_id) is not None:
                return forms.done(request, who, BACK_ORDERS)
            listed = {one.order_id for one in await queries.back_orders(tx, **who.place)}
            if order_id not in listed:
                raise WaveUnknown(id=order_id)
            order = await orders.release(
                tx, account_id=who.staff.account_id, order_id=order_id, dialect="house", actor=who.actor
            )
            await staff.record_action(
                tx,
                **who.place,
                staff_id=who.staff.id,
                action="release_order",
                after={"order": order.number, "state": order.state},
                operation_id=form.operation_id,
            )
        said = TEXTS["released" if order.state == "allocated" else "waits"]
        return forms.done(request, who, BACK_ORDERS, said, number=order.number)

    return await forms.act(request, who, SAYS, do, lambda failure: _back_orders(request, who, failure))


def _asked(form: Form) -> Asked:
    """Errors: FieldWrong."""
    method = form.text("method") or "single"
    return Asked(
        method=next((known for known in METHODS if known == method), "single"),
        service=form.chosen("service"),
        carrier=form.text("carrier"),
        owner=form.chosen("owner"),
        hours=form.whole("hours", most=HOURS_MAX, otherwise=0),
        lines_min=form.whole("lines_min", most=LINES_MAX, otherwise=0),
        lines_max=form.whole("lines_max", most=LINES_MAX, otherwise=0),
        most=form.whole("most", least=1, most=WAVE_ORDERS_MAX, otherwise=ORDERS_USUAL),
    )


async def _new(request: PageRequest, who: Person, asked: Asked, failure: Failure | None = None) -> Response[Any]:
    preview: Preview | None = None
    async with who.desk.database.autocommit() as tx:
        choices = await queries.choices(tx, **who.place)
        if request.method == "GET" and request.query_params and failure is None:
            preview = await commands.preview_wave(tx, **who.place, wanted=asked.filter(who))
    return screen.show(
        request,
        who,
        SAYS,
        "floor/wave_new.html",
        here=asked.address if failure else "",
        failure=failure,
        asked=asked,
        preview=preview,
        methods=METHODS,
        services=_once((one.service_id, one.service) for one in choices),
        carriers=sorted({one.carrier for one in choices if one.carrier}),
        owners=_once((one.owner_id, one.owner) for one in choices),
        orders_max=WAVE_ORDERS_MAX,
        stops_shown=STOPS_SHOWN,
        short_shown=SHORT_SHOWN,
        home=HOME,
    )


def _once(pairs: Any) -> list[tuple[int, str]]:
    return sorted({(key, name) for key, name in pairs if key}, key=lambda pair: pair[1])


async def _wave(request: PageRequest, who: Person, wave_id: int, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        found = await queries.wave(tx, **who.place, wave_id=wave_id)
        asked = await queries.call_offs(tx, **who.place, wave_id=wave_id)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/wave.html",
        here=f"{HOME}/{wave_id}" if failure else "",
        failure=failure,
        wave=found,
        made_at=words.moment(found.created_at, who.site.zone, web.language_of(request)),
        call_offs=asked,
        home=HOME,
    )


async def _back_orders(request: PageRequest, who: Person, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        held = await queries.back_orders(tx, **who.place)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/back_orders.html",
        here=BACK_ORDERS if failure else "",
        failure=failure,
        held=held,
        back_orders_path=BACK_ORDERS,
    )


async def _live(tx: Tx, who: Person) -> int:
    return len(await queries.waves(tx, **who.place, live=True))


async def _held(tx: Tx, who: Person) -> int:
    return len(await queries.back_orders(tx, **who.place))


HANDLERS: Final = (waves, new, create, wave, cancel, call_off, back_orders, release)
ITEMS: Final = (
    Item(path=HOME, title=TEXTS["waves"], hint=TEXTS["hint"], count=_live, managers=True),
    Item(path=BACK_ORDERS, title=TEXTS["back_orders"], hint=TEXTS["back_hint"], count=_held, managers=True),
)
