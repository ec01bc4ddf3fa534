"""A cabinet's screen: a courier stores and a customer takes, with nothing but a code.

`/kiosk/NUMBER?key=KEY` is opened once on the cabinet's own browser and kept there as a cookie; `crossdock lockers
screen NUMBER` prints it. Whoever has that address may type codes, and nothing more.
"""

import hmac
from collections.abc import Mapping
from hashlib import blake2s
from io import BytesIO
from typing import Any, Final, cast

import segno
from litestar import MediaType, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Redirect
from msgspec import Struct, to_builtins
from msgspec.json import encode

from crossdock.base.errors import (
    BodyTooLarge,
    CrossdockError,
    Denied,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Unavailable,
)
from crossdock.base.ids import AccountId, CabinetId
from crossdock.console import web
from crossdock.console.web import HEADERS, Page, PageRequest
from crossdock.core.lockers import queries
from crossdock.core.lockers.errors import (
    CabinetRefused,
    CodesLocked,
    MoveTooLate,
    NoFreeBox,
    ParcelStored,
    ParcelTaken,
    PickCodeUnknown,
    SaveCodeUnknown,
)
from crossdock.core.lockers.model import OFFLINE, SIZES, Cabinet, Complaint, DoorOutcome
from crossdock.edge.desk import Desk

DIALECT: Final = "house"
COOKIE: Final = "crossdock_screen"
COOKIE_KEPT_S: Final = 10 * 365 * 86_400
KEY_PURPOSE: Final = b"crossdock screen"
IDLE_S: Final = 60
"""A screen that nobody touches forgets what was typed."""

TEXTS: Final[Mapping[str, str]] = {
    "title": "Parcel locker",
    "enter": "Type or scan your code",
    "collect_or_deliver": "To collect a parcel, or to deliver one",
    "clear": "Clear",
    "back": "Back",
    "wait": "One moment …",
    "opening": "The door is opening …",
    "box": "Box",
    "take_it": "Take your parcel and close the door.",
    "put_it": "Put the parcel in and close the door.",
    "lies_there": "The parcel lies in its box already. No door was opened.",
    "thanks": "Thank you!",
    "choose_size": "Which box does the parcel need?",
    "free": "free",
    "booked": "booked",
    "complain": "Is something wrong with this box?",
    "does not fit": "It does not fit",
    "occupied": "Something lies in it",
    "dirty": "It is dirty",
    "keep": "Take the parcel along",
    "kept": "Take the parcel along, and close the door. Its code stays good.",
    "done": "Done",
    "shut": "The door is shut.",
    "stays_shut": "The door has not opened. Please call the help line.",
    "offline": "This locker has no connection at the moment. Please try again in a minute.",
    "locked": "Too many wrong codes. Please wait for some minutes.",
    "unknown": "This code opens nothing here.",
    "taken": "This parcel was taken before.",
    "stored": "This parcel lies in its box already.",
    "full": "No such box is free at the moment.",
    "refused": "The locker did not open the door. Please try again, or call the help line.",
    "too_late": "It is too late to change the box. Please call the help line.",
    "unreachable": "There is no answer. Please try again.",
    "fault": "Something went wrong. Please call the help line.",
    "more": "Scan for more",
    "help": "Help",
    "SX": "Extra small",
    "S": "Small",
    "M": "Medium",
    "L": "Large",
    "LX": "Extra large",
}
"""All that the page says, by the name its script calls it."""

ERRORS: Final[Mapping[type[CrossdockError], tuple[str, int]]] = {
    SaveCodeUnknown: ("unknown", 404),
    PickCodeUnknown: ("unknown", 404),
    ParcelTaken: ("taken", 409),
    ParcelStored: ("stored", 409),
    MoveTooLate: ("too_late", 409),
    NoFreeBox: ("full", 409),
    CabinetRefused: ("refused", 409),
    CodesLocked: ("locked", 429),
    BodyTooLarge: ("request", 413),
    MethodNotAllowed: ("request", 405),
    Invalid: ("request", 400),
    NotFound: ("nothing", 404),
    Unavailable: ("unreachable", 503),
    Denied: ("denied", 403),
    CrossdockError: ("fault", 500),
}


class ScreenUnknown(Denied):
    """This screen was not opened with its cabinet's address: `crossdock lockers screen NUMBER` prints it."""


class CommandUnknown(NotFound):
    """This cabinet was told nothing under this number.

    Facts: id.
    """


class NothingToShow(NotFound):
    """This cabinet's partner has set no address for its screen.

    Facts: number.
    """


class Typed(Struct, frozen=True, forbid_unknown_fields=True):
    code: str


class Stored(Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    size: str


class Complained(Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    complaint: Complaint


class Screen(Struct, frozen=True, kw_only=True):
    """Whose screen asks."""

    desk: Desk
    id: CabinetId
    account_id: AccountId
    number: str

    @property
    def who(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "cabinet": self.number,
            "asked_by": f"screen {self.number}",
            "dialect": DIALECT,
        }


def screen_key(cabinet_key: str) -> str:
    """What stands in the address of a cabinet's screen; it does not give away the cabinet's own key."""
    return hmac.new(cabinet_key.encode(), KEY_PURPOSE, "sha256").hexdigest()


async def _screen(request: PageRequest, number: str, *, key: str | None = None) -> Screen:
    """Errors: ScreenUnknown."""
    desk: Desk = request.app.state.desk
    async with desk.database.autocommit() as tx:
        device = await queries.device(tx, number=number)
    given = request.cookies.get(COOKIE, "") if key is None else key
    wanted = screen_key(desk.seal.open(device.key_sealed)) if device is not None and device.key_sealed else ""
    if device is None or not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise ScreenUnknown()
    return Screen(desk=desk, id=device.id, account_id=device.account_id, number=device.number)


@get("/kiosk/{number:str}", media_type=MediaType.HTML)
async def page(request: PageRequest, number: FromPath[str], key: FromQuery[str | None] = None) -> Response[Any]:
    """The page, or, with the key, its address without it."""
    if key is not None:
        await _screen(request, number, key=key)
        answer = Redirect(f"/kiosk/{number}")
        answer.set_cookie(
            Cookie(
                key=COOKIE,
                value=key,
                path=f"/kiosk/{number}",
                max_age=COOKIE_KEPT_S,
                httponly=True,
                samesite="strict",
                secure=request.url.scheme == "https",
            )
        )
        return answer
    screen = await _screen(request, number)
    async with screen.desk.database.autocommit() as tx:
        cabinet = await queries.cabinet(tx, account_id=screen.account_id, number=number)
    return web.html(request, "kiosk.html", TEXTS, cabinet=cabinet, shown=_shown(cabinet), idle_s=IDLE_S, sizes=SIZES)


@get("/kiosk/{number:str}/qr.svg")
async def qr(request: PageRequest, number: FromPath[str]) -> Response[bytes]:
    """The address that the cabinet's partner wants shown. Errors: NothingToShow."""
    screen = await _screen(request, number)
    async with screen.desk.database.autocommit() as tx:
        cabinet = await queries.cabinet(tx, account_id=screen.account_id, number=number)
    if not cabinet.screen.qr:
        raise NothingToShow(number=number)
    drawn = BytesIO()
    segno.make(cabinet.screen.qr, micro=False).save(drawn, kind="svg", border=2, light="white")
    return Response(drawn.getvalue(), media_type="image/svg+xml", headers={"cache-control": "no-store"})


@get("/kiosk/{number:str}/state")
async def state(request: PageRequest, number: FromPath[str]) -> dict[str, Any]:
    """Whether the cabinet can be reached and takes codes, how many boxes are free, and what the page should show."""
    screen = await _screen(request, number)
    async with screen.desk.database.transaction(readonly=True) as tx:
        cabinet = await queries.cabinet(tx, account_id=screen.account_id, number=number)
        boxes = await queries.boxes(tx, cabinet_id=cabinet.id)
        locked_until = await queries.code_lock(tx, cabinet_id=cabinet.id)
    free = {size: sum(box.size == size and box.usable and not box.full for box in boxes) for size in SIZES}
    return {
        "online": cabinet.unwilling is None,
        "locked": locked_until is not None,
        "free": {size: count for size, count in free.items() if any(box.size == size for box in boxes)},
        "help_line": help_line(cabinet),
        "shown": _shown(cabinet),
    }


@post("/kiosk/{number:str}/enter", status_code=200)
async def enter(request: PageRequest, number: FromPath[str], data: JSONBody[Typed]) -> dict[str, Any]:
    """A customer's code opens the door; a courier's tells which size was booked, and whether it is stored yet."""
    screen = await _screen(request, number)
    code = data.code.strip()
    use, parcel = await screen.desk.doors.look(account_id=screen.account_id, cabinet=number, code=code)
    if use == "store":
        return {"use": use, "size": parcel.box_size, "stored": parcel.state == "stored", "box": parcel.box_name}
    return {"use": use, **_opened(await screen.desk.doors.take(**screen.who, key=code, typed=True))}


@post("/kiosk/{number:str}/store", status_code=200)
async def store(request: PageRequest, number: FromPath[str], data: JSONBody[Stored]) -> dict[str, Any]:
    screen = await _screen(request, number)
    outcome = await screen.desk.doors.store(**screen.who, save_code=data.code.strip(), box_size=data.size, typed=True)
    return _opened(outcome)


@post("/kiosk/{number:str}/move", status_code=200)
async def move(request: PageRequest, number: FromPath[str], data: JSONBody[Complained]) -> dict[str, Any]:
    """Another box for what was just stored."""
    screen = await _screen(request, number)
    return _opened(await screen.desk.doors.move(**screen.who, save_code=data.code.strip(), complaint=data.complaint))


@post("/kiosk/{number:str}/keep", status_code=200)
async def keep(request: PageRequest, number: FromPath[str], data: JSONBody[Complained]) -> dict[str, Any]:
    """There is no other box: the courier takes the parcel along."""
    screen = await _screen(request, number)
    await screen.desk.doors.keep(**screen.who, save_code=data.code.strip(), complaint=data.complaint)
    return {"kept": True}


@get("/kiosk/{number:str}/doors/{command_id:int}")
async def door(request: PageRequest, number: FromPath[str], command_id: FromPath[int]) -> dict[str, Any]:
    """How far the cabinet has come with a command of its own."""
    screen = await _screen(request, number)
    async with screen.desk.database.autocommit() as tx:
        facts = await queries.door_facts(tx, cabinet_id=screen.id, command_id=command_id)
    if facts is None:
        raise CommandUnknown(id=command_id)
    return cast(dict[str, Any], to_builtins(facts))


def refuse(request: PageRequest, error: CrossdockError) -> Response[Any]:
    """A word for the page's script and a sentence for people; a screen without its key is told how to get one."""
    word, status = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
    if isinstance(error, ScreenUnknown):
        return Response(error.sentence, status_code=status, media_type=MediaType.TEXT, headers=HEADERS)
    if isinstance(error, CabinetRefused) and error.facts.get("reason") == OFFLINE:
        word = "offline"
    text = web.translated(TEXTS, web.language_of(request)).get(word, word)
    return Response({"error": word, "text": text}, status_code=status)


def help_line(cabinet: Cabinet) -> str:
    return cabinet.screen.help_line or str(cabinet.details.get("tel") or "")


def _shown(cabinet: Cabinet) -> str:
    """Another one when an open page shows what is no longer so."""
    return blake2s(encode((cabinet.name, cabinet.screen)), digest_size=8).hexdigest()


def _opened(outcome: DoorOutcome) -> dict[str, Any]:
    parcel = outcome.parcel
    return {
        "command_id": outcome.command_id,
        "box": outcome.box_before.name,
        "size": outcome.box_before.size,
        "state": None if parcel is None else parcel.state,
    }


PAGE: Final = Page(prefix="/kiosk", handlers=[page, qr, state, enter, store, move, keep, door], refuse=refuse)
