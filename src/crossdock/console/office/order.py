"""One order: what it is, what became of it by both clocks, and what may be done about it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct, to_builtins

from crossdock.base import json
from crossdock.base.ids import AccountId, OrderId
from crossdock.console import evidence, forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import screen, seeing
from crossdock.console.office.errors import NumberElsewhere
from crossdock.console.office.screen import Says
from crossdock.console.office.who import PREFIX, UTC, Somebody, reader, writer
from crossdock.console.web import PageRequest
from crossdock.core.events.model import HOUSE
from crossdock.core.evidence import commands as evidence_commands
from crossdock.core.fulfilment import calling_off
from crossdock.core.fulfilment.calling_off import ASKED, AT_ONCE, CallOff
from crossdock.core.fulfilment.errors import CancelDecided, CancelTooMuch, CancelUnknown
from crossdock.core.operators import deeds
from crossdock.core.orders import commands as orders
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.errors import OrderUnknown, StateForbids
from crossdock.core.orders.model import MOVES, Order
from crossdock.core.overview import order as overview
from crossdock.core.overview.model import TimelineRow
from crossdock.db.tx import Tx

HERE: Final = f"{PREFIX}/orders"
FIRST_ROWS: Final = 20
"""Of each list on the first page of an order; its own page has screen.ROWS_MAX."""
FACTS_CHARACTERS_MAX: Final = 300
"""Of one row of the timeline; the evidence has all of it."""
EVIDENCE_MINUTES: Final = 15
"""For so long the address is good that somebody is sent on to."""
PAPERS: Final[Mapping[str, tuple[str, ...]]] = {"outbound": ("label", "slip", "note")}

TEXTS: Final = {
    **seeing.TEXTS,
    **{f"event_{name}": text for name, text in seeing.EVENTS.items()},
    "orders": "Orders",
    "order": "Order",
    "id": "Our number",
    "kind": "Kind",
    "type": "Type",
    "state": "State",
    "account": "Account",
    "site": "Place",
    "reference": "Reference",
    "tracking": "Tracking number",
    "payment": "Payment",
    "dialect": "Came in through",
    "placed": "Placed",
    "changed": "Changed",
    "over": "Finished",
    "feedback": "What the warehouse said",
    "recipient": "Recipient",
    "lines": "Lines",
    "line": "Line",
    "sku": "SKU",
    "ordered": "Ordered",
    "done": "Done",
    "lot": "Lot",
    "condition": "Condition",
    "good": "good",
    "defective": "defective",
    "parcels": "Parcels",
    "parcel": "Parcel",
    "carrier": "Carrier",
    "box": "Box",
    "weight": "Weight, g",
    "signed": "Signed",
    "codes": "Pick-up codes",
    "code": "Code",
    "issued": "Issued",
    "ready": "Ready",
    "used": "Used",
    "moves": "Moves of stock",
    "owner": "Owner",
    "cause": "Cause",
    "on_hand": "On hand",
    "set_aside": "For orders",
    "at": "At",
    "callbacks": "Callbacks",
    "receiver": "Receiver",
    "what": "What",
    "tries": "Tries",
    "due": "Due",
    "tries_of_all": "Every try of them",
    "callback_waiting": "waits",
    "callback_delivered": "delivered",
    "callback_parked": "dead",
    "callback_skipped": "skipped",
    "timeline": "Timeline",
    "happened": "Happened",
    "recorded": "Recorded",
    "clocks": "When it happened, by the clock of whoever saw it, and when it was recorded, by ours:"
    " in the time of {zone}, below it in UTC.",
    "who": "Who",
    "facts": "Facts",
    "more": "All of it",
    "whole": "Back to the order",
    "papers": "Papers",
    "paper_label": "Parcel label",
    "paper_slip": "Packing slip",
    "paper_note": "Delivery note",
    "evidence": "Evidence and film",
    "asked": "Its owner asked to call it off",
    "asked_all": "all of it",
    "asked_part": "{pieces} of line {key}",
    "grant": "Call it off",
    "refuse": "Go on with the order",
    "cancel": "Call off the order",
    "cancel_why": "Before the floor works on it that is done at once; while it does, somebody has to decide."
    " It concerns every order of this number.",
    "hold": "Hold the order",
    "hold_why": "What was set aside for it is free for others until it goes on.",
    "release": "Let the order go on",
    "release_why": "It goes on with what is in stock, or waits for stock.",
    "told_cancel": "Order {number} is called off.",
    "told_cancel_asked": "Order {number} is being worked on: decide below whether it is called off.",
    "told_hold": "Order {number} is held.",
    "told_release": "Order {number} goes on.",
    "told_grant": "Order {number} is called off, as its owner asked.",
    "told_refuse": "Order {number} goes on; its owner is told.",
}
SAYS: Final = Says.of(
    TEXTS,
    {
        StateForbids: "The order is in a state that does not allow this: look at it again. Nothing was done.",
        CancelUnknown: "Nobody asked to call that off. Nothing was done.",
        CancelDecided: "Somebody has decided otherwise before. Nothing was done.",
        CancelTooMuch: "Some of it has left meanwhile: {left} of line {line} are still here. Nothing was done.",
        NumberElsewhere: "Orders of other places bear this number: an operator of the platform must do this."
        " Nothing was done.",
    },
)
ENTRY: Final = None
"""Lists of orders lead here."""


class Part(Struct, frozen=True, kw_only=True):
    """A list of the page that has more rows than fit."""

    read: Callable[..., Awaitable[list[Any]]]
    key: Callable[[Any], Any]
    begin: str = "after"


PARTS: Final[Mapping[str, Part]] = {
    "lines": Part(read=overview.lines, key=lambda row: row.line_no),
    "parcels": Part(read=overview.parcels, key=lambda row: row.id),
    "moves": Part(read=overview.moves, key=lambda row: row.id),
    "callbacks": Part(read=overview.callbacks, key=lambda row: row.id),
    "timeline": Part(read=overview.timeline, key=lambda row: row.key, begin="before"),
}


@get(HERE + "/{order_id:int}", media_type=MediaType.HTML)
async def one(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    """With `part` one of its lists, from a key on."""
    who = await reader(request)
    if request.query_params.get("part") in PARTS:
        return await _part(request, who, order_id, request.query_params["part"])
    return await _one(request, who, order_id)


@post(HERE + "/{order_id:int}")
async def act(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    who = await writer(request)

    async def do(form: Form) -> Response[Any]:
        deed = form.text("deed")
        if deed not in DEEDS:
            raise FieldWrong(field="deed", value=forms.shortened(deed))
        async with who.desk.database.transaction() as tx:
            order = await _order(tx, who, order_id)
            told = f"told_{deed}"
            deed_done: dict[str, Any] = {"action": f"{deed}_order", "subject": f"order:{order.number}"}
            if not await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **deed_done):
                reason = deeds.reason_given(form.text("reason"))
                told = await DEEDS[deed](tx, who, order, form, reason) or told
                await deeds.record(
                    tx,
                    by=who.by,
                    account_id=order.account_id,
                    order_id=order.id,
                    **deed_done,
                    reason=reason,
                    operation_id=form.operation_id,
                )
        return forms.done(request, who, f"{HERE}/{order_id}", TEXTS[told], number=order.number)

    return await forms.act(request, who, SAYS, do, lambda failure: _one(request, who, order_id, failure))


@get(HERE + "/{order_id:int}/evidence")
async def shown(request: PageRequest, order_id: FromPath[int]) -> Response[Any]:
    """On to its evidence, by an address that soon ends; the timeline says who looked. Errors: OrderUnknown."""
    who = await reader(request)
    expires = who.desk.clock.now() + timedelta(minutes=EVIDENCE_MINUTES)
    async with who.desk.database.transaction() as tx:
        account_id = await _seen(tx, who, order_id)
        await evidence_commands.note_address(
            tx, account_id=account_id, order_id=OrderId(order_id), expires=expires, actor=who.actor
        )
    address = evidence.Address(account_id=account_id, order_id=OrderId(order_id), expires=expires)
    to = urlsplit(evidence.address(who.desk, address)).path
    return Redirect(to, status_code=303, headers={"cache-control": "no-store"})


async def _cancel(tx: Tx, who: Somebody, order: Order, form: Form, reason: str) -> str:
    """Errors: NumberElsewhere, those of call_off."""
    bearing = await overview.here(tx, account_id=order.account_id, number=order.number)
    if not all(who.scope.holds(one.account_id, one.site_id) for one in bearing):
        raise NumberElsewhere()
    wanted = CallOff(number=order.number, content_hash=sha256(form.operation_id.encode()).digest(), reason=reason)
    after = await calling_off.call_off(tx, account_id=order.account_id, wanted=wanted, actor=who.actor)
    return "told_cancel" if all(one.state in calling_off.GONE for one in after) else "told_cancel_asked"


async def _hold(tx: Tx, who: Somebody, order: Order, form: Form, reason: str) -> None:
    await orders.put_on_hold(
        tx, account_id=order.account_id, order_id=order.id, reason=reason, dialect=HOUSE, actor=who.actor
    )


async def _release(tx: Tx, who: Somebody, order: Order, form: Form, reason: str) -> None:
    await orders.release(tx, account_id=order.account_id, order_id=order.id, dialect=HOUSE, actor=who.actor)


async def _decide(tx: Tx, who: Somebody, order: Order, form: Form, *, granted: bool) -> None:
    """Errors: NumberElsewhere, CancelUnknown for a request about another order, those of decide."""
    request_id = form.number("request")
    after = await calling_off.decide(
        tx, account_id=order.account_id, request_id=request_id, granted=granted, actor=who.actor
    )
    if order.id not in {one.id for one in after}:
        raise CancelUnknown(id=request_id)
    if not all(who.scope.holds(one.account_id, one.site_id) for one in after):
        raise NumberElsewhere()


async def _grant(tx: Tx, who: Somebody, order: Order, form: Form, reason: str) -> None:
    await _decide(tx, who, order, form, granted=True)


async def _refuse(tx: Tx, who: Somebody, order: Order, form: Form, reason: str) -> None:
    await _decide(tx, who, order, form, granted=False)


DEEDS: Final[Mapping[str, Callable[..., Awaitable[str | None]]]] = {
    "cancel": _cancel,
    "hold": _hold,
    "release": _release,
    "grant": _grant,
    "refuse": _refuse,
}
"""By the name in the form; each may say which text tells of it."""


async def _one(request: PageRequest, who: Somebody, order_id: int, failure: Failure | None = None) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        account_id = await _seen(tx, who, order_id)
        sheet = await overview.sheet(tx, account_id=account_id, order_id=OrderId(order_id), limit=FIRST_ROWS)
    order = sheet.order
    lists = {name: getattr(sheet, name) for name in PARTS}
    return screen.show(
        request,
        who,
        SAYS,
        "office/order.html",
        scripts=("live",),
        live=f"{PREFIX}/live?order={order_id}&since={sheet.mark}",
        here=f"{HERE}/{order_id}",
        failure=failure,
        sheet=sheet,
        lists={name: rows[:FIRST_ROWS] for name, rows in lists.items()},
        longer={name for name, rows in lists.items() if len(rows) > FIRST_ROWS},
        deeds=[] if not who.may_write else _possible(order),
        papers=PAPERS.get(order.kind, ()),
        **await _names(who, order),
    )


async def _part(request: PageRequest, who: Somebody, order_id: int, name: str) -> Response[Any]:
    part = PARTS[name]
    begin: Any = screen.after(request) or 0 if part.begin == "after" else request.query_params.get("after", "")
    async with who.desk.database.autocommit() as tx:
        order = await _order(tx, who, order_id)
        rows = await part.read(
            tx, account_id=order.account_id, order_id=order.id, limit=screen.ROWS_MAX, **{part.begin: begin}
        )
    page = screen.Rows.of(request, rows, key=part.key)
    return screen.show(
        request,
        who,
        SAYS,
        "office/order_part.html",
        here=f"{HERE}/{order_id}",
        order=order,
        part=name,
        lists={name: page.rows},
        longer=set(),
        page=page,
        **await _names(who, order),
    )


async def _order(tx: Tx, who: Somebody, order_id: int) -> Order:
    """Errors: OrderUnknown."""
    return await order_queries.order(tx, account_id=await _seen(tx, who, order_id), order_id=order_id)


async def _seen(tx: Tx, who: Somebody, order_id: int) -> AccountId:
    """Whose order it is. Errors: OrderUnknown, also for one that is not for them to see."""
    account_id, site_id = await overview.whose(tx, order_id=order_id)
    if not who.scope.holds(account_id, site_id):
        raise OrderUnknown(id=order_id)
    return account_id


async def _names(who: Somebody, order: Order) -> dict[str, Any]:
    """Where the order belongs, and how its moments are shown: by the clocks of its place, and in UTC."""
    account = await who.desk.accounts.account(order.account_id)
    site = None
    if order.site_id is not None:
        site = await who.desk.accounts.site_by_id(order.account_id, order.site_id)
    zone = ZoneInfo(account.zone if site is None else site.zone)
    return {
        "account": account,
        "site": site,
        "zone": zone,
        "local": lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "utc": lambda at: f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "told": _told,
        "events": seeing.EVENTS,
        "stock_of": lambda move: f"{PREFIX}/stock/{move.stock_id}",
        "callback_of": lambda line: f"{PREFIX}/callbacks/{line.id}" if who.operator is not None else "",
    }


def _told(row: TimelineRow) -> str:
    """Its facts in one line."""
    facts: Mapping[str, Any] = to_builtins(row.facts or {})
    text = "; ".join(f"{name}: {_plain(value)}" for name, value in facts.items() if value is not None)
    return text if len(text) <= FACTS_CHARACTERS_MAX else text[:FACTS_CHARACTERS_MAX] + "…"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.text(value)


def _possible(order: Order) -> list[str]:
    """What may be done in the state it is in."""
    possible = []
    if order.kind == "outbound" and "held" in MOVES["outbound"].get(order.state, ()):
        possible.append("hold")
    if order.kind == "outbound" and order.state == "held":
        possible.append("release")
    if any(order.state in states.get(order.kind, ()) for states in (AT_ONCE, ASKED)):
        possible.append("cancel")
    return possible


HANDLERS: Final = [one, act, shown]
