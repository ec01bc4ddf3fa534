"""Who is at the console: an operator, support, or the manager of a warehouse; what they see, and what they may do."""

import hmac
from collections.abc import Hashable
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from litestar.datastructures import Cookie
from msgspec import Struct

from crossdock.base.errors import Denied
from crossdock.base.ids import AccountId, SiteId
from crossdock.console.forms import SessionOver
from crossdock.console.office.errors import CodeDue, OperatorsOnly
from crossdock.console.web import PageRequest
from crossdock.core.accounts.model import Account, Site
from crossdock.core.operators import queries as operators
from crossdock.core.operators.errors import SupportOnlyLooks
from crossdock.core.operators.model import Session
from crossdock.core.staff import queries as staff_queries
from crossdock.core.staff.model import Staff
from crossdock.edge.desk import Desk
from crossdock.edge.limits import Window

PREFIX: Final = "/console"
COOKIE: Final = "crossdock_console"
WORD_PURPOSE: Final = b"crossdock console"
KIND: Final = "warehouse"
UTC: Final = ZoneInfo("UTC")

LOGINS_OF_NAME: Final = Window(name="logins of a name", setting="heidian_logins_a_minute")
LOGINS_OF_ADDRESS: Final = Window(name="logins of an address", setting="heidian_logins_a_minute")
"""By their names the same counts as at the counter, on the floor and in the partners' calls."""

OF_OPERATOR, OF_STAFF = "o", "s"
"""What a cookie's token begins with: whose sessions it is looked up in."""

Role = Literal["operator", "support", "manager"]


class Scope(Struct, frozen=True, kw_only=True):
    """What somebody sees: everything, one account, or one site of it. Handed to queries."""

    account_id: AccountId | None
    site_id: SiteId | None = None

    def holds(self, account_id: AccountId | None, site_id: SiteId | None = None) -> bool:
        """Whether what belongs there may be seen; `account_id` None is the whole platform's."""
        if self.account_id is not None and account_id != self.account_id:
            return False
        return self.site_id is None or site_id == self.site_id


class Somebody(Struct, frozen=True, kw_only=True):
    """Somebody logged in."""

    desk: Desk
    by: Session | Staff
    """As `core.operators.deeds.record` takes them."""
    site: Site | None
    """A manager's own."""
    account: Account | None
    """The only one that is seen; None: all of them."""
    scope: Scope
    zone: ZoneInfo
    """Times are shown as its clocks show them: the warehouse's, the account's, or UTC."""
    word: str
    """What this session's forms carry."""

    @property
    def prefix(self) -> str:
        return PREFIX

    @property
    def role(self) -> Role:
        return "manager" if isinstance(self.by, Staff) else self.by.role

    @property
    def may_write(self) -> bool:
        return self.role != "support"

    @property
    def platform(self) -> bool:
        """Whether they see all accounts."""
        return self.scope.account_id is None

    @property
    def name(self) -> str:
        return self.by.username

    @property
    def actor(self) -> str:
        """As the timeline names whoever did it."""
        return self.name if isinstance(self.by, Staff) else f"{self.role} {self.name}"

    @property
    def operator(self) -> Session | None:
        return None if isinstance(self.by, Staff) else self.by


async def reader(request: PageRequest) -> Somebody:
    """Whose session the cookie names. Errors: SessionOver; CodeDue before the second factor."""
    found = await half(request)
    if isinstance(found.by, Session) and not found.by.whole:
        raise CodeDue(enrolled=found.by.second_factor)
    return found


async def writer(request: PageRequest) -> Somebody:
    """As `reader`, for what changes something. Errors: SessionOver, CodeDue, SupportOnlyLooks."""
    found = await reader(request)
    if not found.may_write:
        raise SupportOnlyLooks()
    return found


async def operator(request: PageRequest, *, write: bool) -> Somebody:
    """As `writer` or `reader`, and no manager. Errors: SessionOver, CodeDue, SupportOnlyLooks, OperatorsOnly."""
    found = await (writer(request) if write else reader(request))
    if found.operator is None:
        raise OperatorsOnly()
    return found


async def half(request: PageRequest) -> Somebody:
    """Also who has not given the second factor yet. Errors: SessionOver."""
    desk: Desk = request.app.state.desk
    kind, _, token = request.cookies.get(COOKIE, "").partition(".")
    by: Session | Staff | None = None
    async with desk.database.autocommit() as tx:
        if kind == OF_OPERATOR and token:
            by = await operators.by_session(tx, token=token)
        elif kind == OF_STAFF and token:
            by = await staff_queries.staff_by_session(tx, token=token)
    if by is None:
        raise SessionOver()
    if isinstance(by, Session):
        account = None if by.account_id is None else await desk.accounts.account(by.account_id)
        return Somebody(
            desk=desk,
            by=by,
            site=None,
            account=account,
            scope=Scope(account_id=by.account_id),
            zone=UTC if account is None else ZoneInfo(account.zone),
            word=session_word(token),
        )
    site = await desk.accounts.site_by_id(by.account_id, by.site_id)
    if not by.manager or site.kind != KIND:
        raise SessionOver()
    return Somebody(
        desk=desk,
        by=by,
        site=site,
        account=await desk.accounts.account(by.account_id),
        scope=Scope(account_id=by.account_id, site_id=by.site_id),
        zone=ZoneInfo(site.zone),
        word=session_word(token),
    )


def session_word(token: str) -> str:
    """Another site can make a browser send the cookie, but read neither it nor this, which our pages are told."""
    return hmac.new(token.encode(), WORD_PURPOSE, "sha256").hexdigest()


def token_of(request: PageRequest) -> str:
    return request.cookies.get(COOKIE, "").partition(".")[2]


def take_login(request: PageRequest, name: str) -> None:
    """Errors: TooManyRequests; Denied for a form of another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Denied()
    desk: Desk = request.app.state.desk
    address: Hashable = request.client.host if request.client else ""
    desk.limiter.take(LOGINS_OF_ADDRESS, address, desk.clock.now())
    desk.limiter.take(LOGINS_OF_NAME, name, desk.clock.now())


def cookie(request: PageRequest, kind: str = "", token: str = "", ends_at: datetime | None = None) -> Cookie:
    """That keeps the session, or, without an end, forgets it."""
    desk: Desk = request.app.state.desk
    return Cookie(
        key=COOKIE,
        value=f"{kind}.{token}" if ends_at else "",
        path=PREFIX,
        max_age=int((ends_at - desk.clock.now()).total_seconds()) if ends_at else 0,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
