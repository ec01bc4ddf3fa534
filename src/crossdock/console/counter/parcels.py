"""Parcels at the counter: the lists of today, one by its code or its order's number, and what is done with it."""

from datetime import datetime
from typing import Annotated, Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from crossdock.base.errors import Invalid
from crossdock.base.seal import SecretKeyWrong
from crossdock.console.counter import views
from crossdock.console.counter.errors import CodeMustBeNamed, ReasonMissing
from crossdock.console.counter.views import Parcel, Row
from crossdock.console.counter.who import KEYS_OF_STAFF, Person, person, writer
from crossdock.console.web import PageRequest
from crossdock.core.catalog import queries as catalog
from crossdock.core.handover import board, commands, queries
from crossdock.core.handover.board import BoardList
from crossdock.core.handover.board_sql import Counted, Listed, Place
from crossdock.core.handover.codes import CODE_DIGITS
from crossdock.core.handover.errors import KeyNotUsed, KeyUnknown, KeyUsed
from crossdock.core.handover.model import PickUp
from crossdock.core.orders import queries as orders
from crossdock.core.orders.model import product_ids
from crossdock.core.staff.model import REASON_CHARACTERS_MAX
from crossdock.db.tx import Tx

ROWS_MAX: Final = 20
"""Of one page of a list: two screens of a phone."""
NUMBER_CHARACTERS_MAX: Final = 64
ID_MAX: Final = 2**63 - 1

Text = Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)]
OperationId = Annotated[str, Meta(pattern="^[0-9a-f-]{36}$")]


class Found(Struct, frozen=True):
    parcel: Parcel
    proof: str
    """That this person was shown the buyer's code; empty where an order's number was named."""


class Board(Struct, frozen=True, kw_only=True):
    counts: Counted | None
    """None for a search."""
    rows: list[Row]
    after: str
    """Where the next page begins; empty after the last one."""


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    text: Text


class Tapped(Struct, frozen=True, forbid_unknown_fields=True):
    """One tap: its own id, and whose it was."""

    operation_id: OperationId
    staff_id: int


class HandedOver(Tapped, frozen=True, forbid_unknown_fields=True):
    proof: Annotated[str, Meta(max_length=512)] = ""


class Undone(Tapped, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=REASON_CHARACTERS_MAX)]


@get("/counter/parcels")
async def listed(request: PageRequest, which: FromQuery[BoardList] = "waiting", after: FromQuery[str] = "") -> Board:
    """One page of a list, and how long each list is."""
    who = await person(request)
    place = _place(after)
    async with who.desk.database.autocommit() as tx:
        counts = await board.counts(tx, **who.place, zone=who.site.zone)
        rows = await board.listed(tx, **who.place, zone=who.site.zone, which=which, after=place, limit=ROWS_MAX + 1)
        return _page(rows, who, tx.now, counts)


@post("/counter/search", status_code=200)
async def searched(request: PageRequest, data: JSONBody[Asked], after: FromQuery[str] = "") -> Board:
    """One page of what fits: a name or a mobile does not belong into an address."""
    who = await writer(request)
    place = _place(after)
    async with who.desk.database.autocommit() as tx:
        rows = await board.searched(tx, **who.place, text=data.text.strip(), after=place, limit=ROWS_MAX + 1)
        return _page(rows, who, tx.now, None)


@post("/counter/find", status_code=200)
async def find(request: PageRequest, data: JSONBody[Asked]) -> Found:
    """By a code, zeros in front may be lost, or by an order's number. A code nobody has is counted."""
    who = await writer(request)
    who.refuse_paused()
    who.count(KEYS_OF_STAFF)
    key = _code(data.text)
    async with who.desk.database.autocommit() as tx:
        pick_up = await _by_code(tx, who, key) if key is not None else None
        named = pick_up is not None
        if pick_up is None:
            try:
                pick_up = await board.of_number(tx, **who.place, number=data.text.strip())
            except KeyUnknown:
                if key is not None:
                    who.note_wrong_key()
                raise
        seen = await _seen(tx, who, pick_up, named=named)
    return Found(seen, _proof(who, pick_up.id) if named else "")


@get("/counter/parcels/{parcel_id:int}")
async def one(request: PageRequest, parcel_id: FromPath[int]) -> Parcel:
    return await one_of(await person(request), parcel_id)


async def one_of(who: Person, parcel_id: int) -> Parcel:
    """Errors: KeyUnknown, also for another shop's."""
    async with who.desk.database.autocommit() as tx:
        return await _seen(tx, who, await _of_id(tx, who, parcel_id))


@post("/counter/parcels/{parcel_id:int}/aside", status_code=200)
async def set_aside(request: PageRequest, parcel_id: FromPath[int], data: JSONBody[Tapped]) -> Parcel:
    who = await writer(request, data.staff_id)
    async with who.desk.database.transaction() as tx:
        pick_up = await commands.prepare(
            tx,
            **who.place,
            handover_id=(await _of_id(tx, who, parcel_id)).id,
            staff_id=who.staff.id,
            operation_id=data.operation_id,
        )
        return await _seen(tx, who, pick_up)


@post("/counter/parcels/{parcel_id:int}/handover", status_code=200)
async def hand_over(request: PageRequest, parcel_id: FromPath[int], data: JSONBody[HandedOver]) -> Parcel:
    who = await writer(request, data.staff_id)
    who.count(KEYS_OF_STAFF)
    if who.rules.mask_keys and not _proven(who, parcel_id, data.proof):
        raise CodeMustBeNamed()
    async with who.desk.database.transaction() as tx:
        meant = await _of_id(tx, who, parcel_id)
        pick_up = await commands.consume(
            tx,
            **who.place,
            key=meant.key,
            staff_id=who.staff.id,
            prepared_first=who.rules.prepared_first,
            operation_id=data.operation_id,
        )
        if pick_up.id != meant.id:
            raise KeyUsed()  # its digits have come back for another parcel
        return await _seen(tx, who, pick_up)


@post("/counter/parcels/{parcel_id:int}/undo", status_code=200)
async def undo(request: PageRequest, parcel_id: FromPath[int], data: JSONBody[Undone]) -> Parcel:
    who = await writer(request, data.staff_id)
    who.count(KEYS_OF_STAFF)
    if not data.reason.strip():
        raise ReasonMissing()
    async with who.desk.database.transaction() as tx:
        meant = await _of_id(tx, who, parcel_id)
        pick_up = await commands.roll_back(
            tx,
            **who.place,
            key=meant.key,
            staff_id=who.staff.id,
            window_s=who.rules.rollback_window_s,
            rollbacks_max=who.rules.rollbacks_max,
            reason=data.reason.strip(),
            operation_id=data.operation_id,
        )
        if pick_up.id != meant.id:
            raise KeyNotUsed()
        return await _seen(tx, who, pick_up)


# What several of them need ----------------------------------------------------------


async def _of_id(tx: Tx, who: Person, parcel_id: int) -> PickUp:
    if not 0 < parcel_id <= ID_MAX:
        raise KeyUnknown()
    return await queries.pick_up(tx, **who.place, handover_id=parcel_id)


async def _by_code(tx: Tx, who: Person, key: str) -> PickUp | None:
    try:
        return await queries.check(tx, **who.place, key=key)
    except KeyUnknown:
        return None


async def _seen(tx: Tx, who: Person, pick_up: PickUp, *, named: bool = False) -> Parcel:
    order, lines, products = None, [], {}
    if pick_up.order_id is not None:
        order = await orders.order(tx, account_id=pick_up.account_id, order_id=pick_up.order_id)
        lines = await orders.lines(tx, account_id=pick_up.account_id, order_id=pick_up.order_id)
        products = await catalog.products(tx, account_id=pick_up.account_id, ids=product_ids(lines))
    return views.parcel(pick_up, who, tx.now, order=order, lines=lines, products=products, named=named)


def _page(rows: list[Listed], who: Person, now: datetime, counts: Counted | None) -> Board:
    """Of one row too many, which tells that there is a next page."""
    shown = rows[:ROWS_MAX]
    return Board(
        counts=counts,
        rows=[views.row(each, who, now) for each in shown],
        after=f"{shown[-1].listed_at.isoformat()},{shown[-1].id}" if len(rows) > ROWS_MAX else "",
    )


def _place(after: str) -> Place | None:
    """Errors: Invalid."""
    if not after:
        return None
    at, _, id_ = after.partition(",")
    try:
        place = Place(datetime.fromisoformat(at), int(id_))
    except ValueError as error:
        raise Invalid() from error
    if place.at.tzinfo is None or not 0 < place.id <= ID_MAX:
        raise Invalid()
    return place


def _code(text: str) -> str | None:
    """What was typed as a pick-up code; None when it cannot be one."""
    digits = "".join(text.split())
    return digits.zfill(CODE_DIGITS) if digits.isascii() and digits.isdigit() and len(digits) <= CODE_DIGITS else None


def _proof(who: Person, parcel_id: int) -> str:
    """What a phone keeps instead of the code: it opens nothing for anybody else."""
    return who.desk.seal.seal(_proven_by(who, parcel_id)).decode()


def _proven(who: Person, parcel_id: int, proof: str) -> bool:
    try:
        return who.desk.seal.open(proof.encode()) == _proven_by(who, parcel_id)
    except SecretKeyWrong:
        return False


def _proven_by(who: Person, parcel_id: int) -> str:
    return f"counter code {who.staff.id} {parcel_id}"


HANDLERS: Final = [listed, searched, find, one, set_aside, hand_over, undo]
