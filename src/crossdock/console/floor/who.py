"""Who is on the floor: the session's cookie, the word that each form carries, and the warehouse that is theirs."""

import hmac
from collections.abc import Hashable
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar.datastructures import Cookie
from msgspec import Struct

from crossdock.base.errors import Denied
from crossdock.console.forms import SessionOver
from crossdock.console.web import PageRequest
from crossdock.core.accounts.model import Site
from crossdock.core.staff import queries
from crossdock.core.staff.model import SessionOpened, Staff
from crossdock.edge.desk import Desk
from crossdock.edge.limits import Window

PREFIX: Final = "/floor"
COOKIE: Final = "crossdock_floor"
WORD_PURPOSE: Final = b"crossdock floor"
KIND: Final = "warehouse"

LOGINS_OF_NAME: Final = Window(name="logins of a name", setting="heidian_logins_a_minute")
LOGINS_OF_ADDRESS: Final = Window(name="logins of an address", setting="heidian_logins_a_minute")
"""By their names the same counts as at the counter and in the partners' calls."""


class Person(Struct, frozen=True, kw_only=True):
    """Somebody logged in, and the one warehouse that is theirs."""

    desk: Desk
    staff: Staff
    site: Site
    zone: ZoneInfo
    word: str
    """What this session's forms carry."""

    @property
    def prefix(self) -> str:
        return PREFIX

    @property
    def place(self) -> dict[str, Any]:
        return {"account_id": self.staff.account_id, "site_id": self.staff.site_id}

    @property
    def actor(self) -> str:
        """As the timeline names whoever did it."""
        return self.staff.username


async def person(request: PageRequest) -> Person:
    """Whose session the cookie names. Errors: SessionOver."""
    desk: Desk = request.app.state.desk
    token = request.cookies.get(COOKIE, "")
    async with desk.database.autocommit() as tx:
        staff = await queries.staff_by_session(tx, token=token) if token else None
    site = None if staff is None else await desk.accounts.site_by_id(staff.account_id, staff.site_id)
    if staff is None or site is None or site.kind != KIND:
        raise SessionOver()
    return Person(desk=desk, staff=staff, site=site, zone=ZoneInfo(site.zone), word=session_word(token))


async def manager(request: PageRequest) -> Person:
    """Errors: SessionOver, Denied."""
    found = await person(request)
    if not found.staff.manager:
        raise Denied()
    return found


def session_word(token: str) -> str:
    """Another site can make a browser send the cookie, but read neither it nor this, which only our page is told."""
    return hmac.new(token.encode(), WORD_PURPOSE, "sha256").hexdigest()


def take_login(request: PageRequest, name: str) -> None:
    """Errors: TooManyRequests; Denied for a form of another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Denied()
    desk: Desk = request.app.state.desk
    address: Hashable = request.client.host if request.client else ""
    desk.limiter.take(LOGINS_OF_ADDRESS, address, desk.clock.now())
    desk.limiter.take(LOGINS_OF_NAME, name, desk.clock.now())


def cookie(request: PageRequest, opened: SessionOpened | None) -> Cookie:
    """That keeps the session, or, with None, forgets it."""
    desk: Desk = request.app.state.desk
    return Cookie(
        key=COOKIE,
        value=opened.token if opened else "",
        path=PREFIX,
        max_age=int((opened.ends_at - desk.clock.now()).total_seconds()) if opened else 0,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
