"""A buyer's page: how far the order is, the code to show at the counter, and where that is.

`/t/TOKEN` needs no login: the order's token is the secret. Whatever else is asked for below `/t` has one answer, the
same for a token nobody has, for an order that is not paid and for one that is not collected anywhere.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

import segno
from litestar import MediaType, Response, get
from litestar.params import FromPath
from markupsafe import Markup
from msgspec import Struct

from crossdock.base.errors import PathUnknown
from crossdock.console import web, words
from crossdock.console.web import Page, PageRequest
from crossdock.core.accounts.model import Site
from crossdock.core.catalog import queries as catalog
from crossdock.core.events import kinds
from crossdock.core.events import queries as events
from crossdock.core.events.model import Event
from crossdock.core.handover import queries as pick_ups
from crossdock.core.handover.model import PickUp
from crossdock.core.lockers import queries as lockers
from crossdock.core.lockers.model import Parcel
from crossdock.core.orders import queries as orders
from crossdock.core.orders.model import PAID, Order, product_ids
from crossdock.core.orders.steps import steps
from crossdock.db.tx import Tx
from crossdock.edge.desk import Desk
from crossdock.edge.limits import Window

PAGES_OF_ADDRESS: Final = Window(name="buyers' pages of an address", setting="buyer_pages_a_minute")
LINES_MAX: Final = 50
"""Goods that are named; of more it is said how many."""
REFRESH_S: Final = 20
"""How often an open page asks for news."""
TOKEN: Final = re.compile(r"[0-9a-f]{40}")
TELEPHONE: Final = re.compile(r"\+?[0-9][0-9 ()./-]{2,30}")
LOCATION: Final = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,12})?) *, *(-?[0-9]{1,2}(?:\.[0-9]{1,12})?)")
QUIET_MODULES: Final = 4
"""White around a QR code, as its standard asks for."""
LOCKER_CODES: Final = "locker_codes_to_buyers"
"""Setting of an account: buyers of parcels in a locker see the code that opens the box. They do not otherwise, for
the partner who books a box tells them in a way of its own."""

State = Literal[
    "placed", "packing", "under_way", "ready", "handed_over", "expired", "cancelled", "refunded", "returned"
]
STATES: Final[Mapping[str, State]] = {
    "draft": "placed",
    "pending": "placed",
    "allocated": "placed",
    "confirmed": "placed",
    "held": "placed",
    "released": "packing",
    "picking": "packing",
    "packing": "packing",
    "packed": "packing",
    "labelled": "packing",
    "partly_shipped": "packing",
    "shipped": "under_way",
    "delivered": "handed_over",
    "returned": "returned",
    "unshipped": "cancelled",
    "cancelled": "cancelled",
    "deleted": "cancelled",
}
"""State of an outbound order -> what its buyer is told, until there is a hand-over to speak of."""
OF_PICK_UP: Final[Mapping[str, State]] = {"used": "handed_over", "expired": "expired", "canceled": "cancelled"}
OF_PARCEL: Final[Mapping[str, State]] = {"booked": "under_way", "stored": "ready", "taken": "handed_over"}
ENDED: Final = frozenset({"refunded", "cancelled", "returned"})
"""Whatever its hand-over says."""
WAY: Final[tuple[State, ...]] = ("placed", "packing", "under_way", "ready", "handed_over")
"""Of an order that goes well."""
SHOWN: Final = PAID | {"refunded"}
"""With any other payment an order has no page."""

TEXTS: Final[Mapping[str, str]] = {
    "title": "Your order",
    "order": "Order",
    "placed": "Order placed",
    "packing": "Being packed",
    "under_way": "On its way",
    "ready": "Ready for you",
    "handed_over": "Collected",
    "expired": "Time to collect is over",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "returned": "Sent back",
    "placed_why": "We have your order. It is packed soon.",
    "packing_why": "Your goods are being put together.",
    "under_way_why": "Your parcel is on its way. This page says when it is ready.",
    "ready_why": "Please come and collect it.",
    "handed_over_why": "Your parcel was handed over. Thank you!",
    "expired_why": "Nobody came for the parcel in time. Please call the shop.",
    "cancelled_why": "This order was cancelled. There is nothing to collect.",
    "refunded_why": "You were given your money back. There is nothing to collect.",
    "returned_why": "Your parcel was sent back. Please call the shop you bought it from.",
    "code": "Your code",
    "show": "Show or say it at the counter.",
    "type": "Type it at the locker.",
    "until": "Collect by",
    "used": "This code was used.",
    "gone": "This code is no longer good.",
    "where": "Where to collect",
    "hours": "Opening hours",
    "call": "Call",
    "map": "Map",
    "app": "Directions",
    "goods": "Goods",
    "more": "and more kinds of goods:",
    "progress": "Progress",
    "awake": "Keep the screen on",
    "bright": "Turn the brightness up when it is scanned.",
    "stale": "No connection. This may not be the latest.",
}


class Place(Struct, frozen=True, kw_only=True):
    """Where something is collected."""

    name: str
    address: str
    hours: str
    telephone: str
    """As it is written."""
    dial: str | None
    """For a `tel:` link; None when it cannot be dialled."""
    map_url: str | None
    geo_url: str | None


class Collection(Struct, frozen=True, kw_only=True):
    """One hand-over of an order."""

    state: State
    in_shop: bool
    site: Site
    ready_at: datetime | None = None
    over_at: datetime | None = None
    """When it was handed over, expired or cancelled."""
    until: datetime | None = None
    key: str | None = None
    """The code, while it is good."""

    @property
    def qr(self) -> Markup:
        """Its digits, as a scanner at the counter reads them."""
        drawn = segno.make(self.key or "", micro=False)
        return Markup(drawn.svg_inline(border=QUIET_MODULES, light="#fff", omitsize=True, svgclass=None))  # noqa: S704


@get("/t/{token:str}", media_type=MediaType.HTML)
async def page(request: PageRequest, token: FromPath[str]) -> Response[str]:
    """Errors: TooManyRequests, PathUnknown."""
    desk: Desk = request.app.state.desk
    desk.limiter.take(PAGES_OF_ADDRESS, request.client.host if request.client else "", desk.clock.now())
    if not TOKEN.fullmatch(token):
        raise PathUnknown()
    async with desk.database.transaction(readonly=True) as tx:
        order = await orders.by_token(tx, token)
        if order is None or order.kind != "outbound" or order.payment not in SHOWN:
            raise PathUnknown()
        collections = await _collections(desk, tx, order)
        if not collections:
            raise PathUnknown()
        told = await events.timeline(tx, account_id=order.account_id, order_id=order.id)
        lines = await orders.lines(tx, account_id=order.account_id, order_id=order.id)
        left = [line for line in lines if line.quantity > 0]
        named = left[:LINES_MAX]
        products = await catalog.products(tx, account_id=order.account_id, ids=product_ids(named))
    language = web.language_of(request)
    zone = collections[0].site.zone
    return web.html(
        request,
        "buyer.html",
        TEXTS,
        order=order,
        state=collections[0].state,
        collections=collections,
        place=lambda site: place(site, desk.config.map_url),
        way=way(order, collections[0], told),
        goods=[(products[line.product_id].name if line.product_id else "", line) for line in named],
        more=len(left) - len(named),
        moment=lambda at: words.moment(at, zone, language),
        refresh_s=REFRESH_S,
    )


async def _collections(desk: Desk, tx: Tx, order: Order) -> list[Collection]:
    """What is or was to be collected, the first one what the page speaks of; none for an order that is brought.

    A code that another replaced is left out.
    """
    found = [
        of_shop(order, pick_up, await desk.accounts.site_by_id(order.account_id, pick_up.site_id), tx.now)
        for pick_up in await pick_ups.of_order(tx, account_id=order.account_id, order_id=order.id)
    ]
    if found:
        return [one for one in found if one.key is not None or one.state == "handed_over"] or found[:1]
    if order.service_id is None:
        return []
    service = await desk.accounts.service(order.account_id, order.service_id)
    if service.method == "parcel" or service.site_id is None:
        return []
    if service.method == "locker":
        parcel = await lockers.parcel_by_number(tx, account_id=order.account_id, number=order.number)
        if parcel is not None and parcel.order_id == order.id:
            site = await desk.accounts.site_by_id(order.account_id, parcel.site_id)
            account = await desk.accounts.account(order.account_id)
            return [of_locker(order, parcel, site, shown=account.settings.get(LOCKER_CODES) is True)]
    site = await desk.accounts.site_by_id(order.account_id, service.site_id)
    return [Collection(state=_before(order), in_shop=service.method == "shop", site=site)]


def of_shop(order: Order, pick_up: PickUp, site: Site, now: datetime) -> Collection:
    expired = pick_up.state == "unused" and pick_up.expires_at is not None and pick_up.expires_at <= now
    state = _before(order)
    if state not in ENDED:
        if expired or pick_up.state != "unused":
            state = OF_PICK_UP["expired" if expired else pick_up.state]
        elif pick_up.prepared_at is not None:
            state = "ready"
        elif state == "handed_over":
            state = "under_way"
    return Collection(
        state=state,
        in_shop=True,
        site=site,
        ready_at=pick_up.prepared_at,
        over_at={"handed_over": pick_up.used_at, "expired": pick_up.expires_at}.get(state, pick_up.canceled_at),
        until=pick_up.expires_at,
        key=pick_up.key if pick_up.state == "unused" and state in WAY and order.payment in PAID else None,
    )


def of_locker(order: Order, parcel: Parcel, site: Site, *, shown: bool) -> Collection:
    """`shown`: whether its buyer sees the code, while it opens the box."""
    state = _before(order)
    if state not in ENDED:
        state = "returned" if parcel.recalled_at is not None else OF_PARCEL[parcel.state]
    return Collection(
        state=state,
        in_shop=False,
        site=site,
        ready_at=parcel.stored_at,
        over_at=parcel.used_at,
        key=parcel.key if shown and state == "ready" and order.payment in PAID else None,
    )


def _before(order: Order) -> State:
    """What the order itself says."""
    return "refunded" if order.payment == "refunded" else STATES[order.state]


def way(order: Order, collection: Collection, told: Sequence[Event]) -> list[tuple[State, datetime | None]]:
    """What happened and when, and what is still to come, without a time. The state it is in now is among them.

    `told` is the order's timeline. Goods that lie at their shop from the beginning need no packing and no way.
    """
    at: dict[State, datetime] = {"placed": order.created_at}
    for event in told:
        if event.kind == kinds.ORDER_REFUNDED:
            at["refunded"] = event.happened_at
    for step in steps(told):
        state = STATES.get(step.state or "")
        if state in {"packing", "cancelled"}:
            at.setdefault(state, step.happened_at)
        elif state == "under_way":
            at[state] = step.happened_at
    if collection.ready_at is not None:
        at["ready"] = collection.ready_at
    if collection.over_at is not None:
        at.setdefault(collection.state, collection.over_at)
    if collection.state in WAY:
        skipped = {"packing", "under_way"} - at.keys() if collection.site.id == order.site_id else ()
        return [(state, at.get(state)) for state in WAY if state not in skipped]
    return [*((state, at[state]) for state in WAY if state in at), (collection.state, at.get(collection.state))]


def place(site: Site, map_url: str) -> Place:
    said = {name: str(site.address.get(name) or "") for name in ("address", "phone", "location", "business_hours")}
    found = LOCATION.fullmatch(said["location"].strip())
    lng, lat = found.groups() if found else ("", "")
    on_earth = found is not None and abs(float(lng)) <= 180 and abs(float(lat)) <= 90
    return Place(
        name=site.name,
        address=said["address"],
        hours=said["business_hours"],
        telephone=said["phone"],
        dial=re.sub(r"[^+0-9]", "", said["phone"]) if TELEPHONE.fullmatch(said["phone"]) else None,
        map_url=map_url.replace("{lat}", lat).replace("{lng}", lng) if on_earth else None,
        geo_url=f"geo:{lat},{lng}?q={lat},{lng}({quote(site.name)})" if on_earth else None,
    )


PAGE: Final = Page(prefix="/t", handlers=[page], refuse=web.refuse)
