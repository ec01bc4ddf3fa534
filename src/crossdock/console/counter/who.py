"""Who is at the counter: the session's cookie, the word that each write carries, and what one may see."""

import hmac
from collections.abc import Hashable
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar.datastructures import Cookie
from msgspec import Struct

from crossdock.base.errors import Denied
from crossdock.console.counter.errors import NotTheirOwn, PageStale, SessionOver
from crossdock.console.web import PageRequest
from crossdock.core.accounts.model import Site
from crossdock.core.handover.model import HouseRules
from crossdock.core.staff import queries
from crossdock.core.staff.model import SessionOpened, Staff
from crossdock.edge.desk import Desk
from crossdock.edge.limits import Window

PREFIX: Final = "/counter"
COOKIE: Final = "crossdock_counter"
WORD_HEADER: Final = "x-counter-word"
WORD_PURPOSE: Final = b"crossdock counter"

LOGINS_OF_NAME: Final = Window(name="logins of a name", setting="heidian_logins_a_minute")
LOGINS_OF_ADDRESS: Final = Window(name="logins of an address", setting="heidian_logins_a_minute")
KEYS_OF_STAFF: Final = Window(name="keys of a person", setting="heidian_keys_a_minute")
WRONG_KEYS_OF_STAFF: Final = Window(name="wrong keys of a person", setting="heidian_wrong_keys", seconds=600)
"""By their names the same counts as those of the partners' calls: who may not go on there may not go on here."""
PAUSE_S: Final = 60


class Person(Struct, frozen=True, kw_only=True):
    """Somebody logged in, and the one place that is theirs."""

    desk: Desk
    staff: Staff
    site: Site
    rules: HouseRules
    zone: ZoneInfo
    word: str
    """What this session's writes carry."""

    @property
    def place(self) -> dict[str, Any]:
        return {"account_id": self.staff.account_id, "site_id": self.staff.site_id}

    def count(self, window: Window) -> None:
        """Errors: TooManyRequests."""
        self.desk.limiter.take(window, self.staff.id, self.desk.clock.now())

    def refuse_paused(self) -> None:
        """Errors: TooManyRequests after too many codes that nobody has."""
        self.desk.limiter.refuse_paused(WRONG_KEYS_OF_STAFF, self.staff.id, self.desk.clock.now(), pause_s=PAUSE_S)

    def note_wrong_key(self) -> None:
        self.desk.limiter.note(WRONG_KEYS_OF_STAFF, self.staff.id, self.desk.clock.now())


async def person(request: PageRequest) -> Person:
    """Whose session the cookie names. Errors: SessionOver."""
    desk: Desk = request.app.state.desk
    token = request.cookies.get(COOKIE, "")
    async with desk.database.autocommit() as tx:
        staff = await queries.staff_by_session(tx, token=token) if token else None
    site = None if staff is None else await desk.accounts.site_by_id(staff.account_id, staff.site_id)
    if staff is None or site is None or site.kind != "shop":
        raise SessionOver()
    return Person(
        desk=desk,
        staff=staff,
        site=site,
        rules=HouseRules.of(site.settings),
        zone=ZoneInfo(site.zone),
        word=session_word(token),
    )


async def writer(request: PageRequest, staff_id: int | None = None) -> Person:
    """As `person`, for what changes something; `staff_id` is whom a phone kept it for.

    Errors: SessionOver, PageStale, NotTheirOwn.
    """
    found = await person(request)
    if not hmac.compare_digest(request.headers.get(WORD_HEADER, "").encode(), found.word.encode()):
        raise PageStale()
    if staff_id is not None and staff_id != found.staff.id:
        raise NotTheirOwn()
    return found


async def manager(request: PageRequest, *, write: bool) -> Person:
    """Errors: SessionOver, PageStale, Denied."""
    found = await (writer(request) if write else person(request))
    if not found.staff.manager:
        raise Denied()
    return found


def session_word(token: str) -> str:
    """Another site can make a browser send the cookie, but read neither it nor this, which only our page is told."""
    return hmac.new(token.encode(), WORD_PURPOSE, "sha256").hexdigest()


def take_login(request: PageRequest, name: str) -> None:
    """Errors: TooManyRequests."""
    desk: Desk = request.app.state.desk
    address: Hashable = request.client.host if request.client else ""
    desk.limiter.take(LOGINS_OF_ADDRESS, address, desk.clock.now())
    desk.limiter.take(LOGINS_OF_NAME, name, desk.clock.now())


def cookie(request: PageRequest, opened: SessionOpened | None) -> Cookie:
    """That keeps the session, or, with None, forgets it."""
    seconds = 0
    if opened is not None:
        desk: Desk = request.app.state.desk
        seconds = int((opened.ends_at - desk.clock.now()).total_seconds())
    return Cookie(
        key=COOKIE,
        value=opened.token if opened else "",
        path=PREFIX,
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
