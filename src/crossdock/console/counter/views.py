"""Parcels as the page is told them. Times are ISO 8601; the page prints them in the shop's zone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from crossdock.base.ids import ProductId
from crossdock.console.counter.who import Person
from crossdock.core.catalog.model import Product
from crossdock.core.handover.board_sql import Listed
from crossdock.core.handover.codes import masked
from crossdock.core.handover.model import PickUp
from crossdock.core.orders.model import Order, OrderLine

State = Literal["live", "used", "expired", "canceled"]
Warning_ = Literal["", "unpaid", "part_paid", "refunded", "expired", "canceled", "used", "not_aside", "code"]

OWED: Final[Mapping[str, Warning_]] = {"pending": "unpaid", "partially_paid": "part_paid", "refunded": "refunded"}
"""Payments of an order whose parcel is not handed over -> why."""


class Row(Struct, frozen=True, kw_only=True):
    """One line of a list."""

    id: int
    number: str
    code: str
    """Masked where the shop says so."""
    name: str
    mobile_end: str
    pieces: int | None
    state: State
    aside: bool
    warning: Warning_
    payment: str
    used_at: datetime | None
    used_by: str
    expires_at: datetime | None
    created_at: datetime


class Goods(Struct, frozen=True, kw_only=True):
    name: str
    sku: str
    pieces: int


class Parcel(Row, frozen=True, kw_only=True):
    """One parcel as it lies on the counter."""

    mobile: str
    goods: list[Goods]
    aside_at: datetime | None
    aside_by: str


def row(listed: Listed, person: Person, now: datetime) -> Row:
    state = _state(listed.state, listed.expires_at, now)
    aside = listed.prepared_at is not None
    return Row(
        id=listed.id,
        number=listed.order_number,
        code=_code(listed.key, person),
        name=listed.full_name,
        mobile_end=listed.mobile[-MOBILE_END:],
        pieces=listed.pieces,
        state=state,
        aside=aside,
        warning=_warning(person, state, listed.payment, aside=aside, named=False),
        payment=listed.payment or "",
        used_at=listed.used_at,
        used_by=listed.used_by or "",
        expires_at=listed.expires_at,
        created_at=listed.created_at,
    )


def parcel(
    pick_up: PickUp,
    person: Person,
    now: datetime,
    *,
    order: Order | None,
    lines: Sequence[OrderLine],
    products: Mapping[ProductId, Product],
    named: bool,
) -> Parcel:
    """`named`: by its code, which the buyer has shown."""
    goods = [Goods(name=_name(line, products), sku=line.sku, pieces=line.quantity) for line in lines if line.quantity]
    payment = None if order is None else order.payment
    state = _state(pick_up.state, pick_up.expires_at, now)
    aside = pick_up.prepared_at is not None
    return Parcel(
        id=pick_up.id,
        number=pick_up.order_number,
        code=pick_up.key if named else _code(pick_up.key, person),
        name=pick_up.full_name,
        mobile_end=pick_up.mobile[-MOBILE_END:],
        mobile=pick_up.mobile,
        pieces=sum(each.pieces for each in goods) if order is not None else None,
        state=state,
        aside=aside,
        warning=_warning(person, state, payment, aside=aside, named=named),
        payment=payment or "",
        used_at=pick_up.used_at,
        used_by=pick_up.used_by.username if pick_up.used_by else "",
        expires_at=pick_up.expires_at,
        created_at=pick_up.created_at,
        goods=goods,
        aside_at=pick_up.prepared_at,
        aside_by=pick_up.prepared_by.username if pick_up.prepared_by else "",
    )


MOBILE_END: Final = 4


def _code(key: str, person: Person) -> str:
    return masked(key) if person.rules.mask_keys else key


def _state(state: str, expires_at: datetime | None, now: datetime) -> State:
    """A code whose time is over is expired before the sweep has come by."""
    if state == "unused":
        return "expired" if expires_at is not None and expires_at <= now else "live"
    return state  # type: ignore[return-value]  # the column's check constraint


def _warning(person: Person, state: State, payment: str | None, *, aside: bool, named: bool) -> Warning_:
    """Why it is not handed over; empty for a parcel that may go."""
    if state != "live":
        return state
    if payment is not None and payment in OWED:
        return OWED[payment]
    if person.rules.prepared_first and not aside:
        return "not_aside"
    return "code" if person.rules.mask_keys and not named else ""


def _name(line: OrderLine, products: Mapping[ProductId, Product]) -> str:
    product = products.get(line.product_id) if line.product_id is not None else None
    return product.name if product is not None else str(line.partner_fields.get("title") or line.sku)
