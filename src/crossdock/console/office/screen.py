"""What every screen of the console is made with.

A screen is a GET. What it changes is a POST of one of its forms: `act` reads the form, does it, and goes on to a GET
with `done`, whose message is kept for that one page; or shows the same screen again with what was refused.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import structlog
from litestar import Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from msgspec import Struct

from crossdock.base.errors import (
    BodyTooLarge,
    Conflict,
    CrossdockError,
    Denied,
    Invalid,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unavailable,
    Unforeseen,
)
from crossdock.console import web
from crossdock.console.office.errors import FieldWrong, NotOfTheConsole, OperatorsOnly, PageStale, SessionOver
from crossdock.console.office.who import PREFIX, Somebody
from crossdock.console.web import PageRequest
from crossdock.core.operators.errors import (
    CodeSpent,
    CodeWrong,
    OperationSpent,
    ReasonTooShort,
    SecondFactorSet,
    SupportOnlyLooks,
)
from crossdock.core.staff.errors import LoginLocked, LoginWrong, ReasonTooLong, WrongPlace

SAID_COOKIE: Final = "crossdock_console_said"
SAID_S: Final = 60
"""A message is kept for the page that follows, not for tomorrow."""
SAID_CHARACTERS_MAX: Final = 600
"""Four bytes each, in base64, fit into the 4096 bytes of a cookie."""
FIELD_CHARACTERS_MAX: Final = 500
SHOWN_CHARACTERS_MAX: Final = 80
"""Of what somebody typed, where a refusal repeats it."""
ROWS_MAX: Final = 50
"""Of one page of a list."""
ID_MAX: Final = 2**63 - 1
YEARS: Final = range(1970, 3000)
"""Of a moment that is typed: those at the ends of the calendar are none in another zone."""

TEXTS: Final[Mapping[str, str]] = {
    "console": "Console",
    "menu": "Pages",
    "logout": "Log out",
    "second_factor": "Second factor",
    "role_operator": "operator",
    "role_support": "support, read only",
    "role_manager": "warehouse manager",
    "all_accounts": "all accounts",
    "trace": "The log has the number {trace_id}.",
    "next": "Next page",
    "first": "First page",
    "nothing_here": "There is nothing to show.",
    "read_only": "You see everything and change nothing.",
    "reason": "Reason",
    "reason_hint": "It stands in the history.",
    "confirm": "Yes, do it",
    "keep_off": "No, go back",
    "times_in": "Times are those of {zone}.",
    "search": "Search",
    "search_hint": "Number, reference, tracking number, SKU …",
    "skip": "Skip to the page",
}
"""Of every screen."""

SAME: Final = frozenset({"SKU"})
"""What is said alike in every language."""

FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    LoginWrong: "The name or the password is wrong.",
    LoginLocked: "Too many wrong passwords or codes. Nobody can log in under this name for {minutes} minutes.",
    WrongPlace: "You do not work in a warehouse. People of a shop log in at /counter.",
    NotOfTheConsole: "Only operators, support and managers of warehouses log in here. Workers log in at /floor.",
    OperatorsOnly: "Only the platform's operators may do this.",
    SupportOnlyLooks: "Support sees everything and changes nothing. Ask an operator.",
    CodeWrong: "This is not the code that the phone shows now. Please read it again.",
    CodeSpent: "This code was used before. Please wait for the next one.",
    SecondFactorSet: "There is a second factor already. “crossdock operators reset-totp” takes it away.",
    PageStale: "This page is from before you logged in. Nothing was done; please do it again.",
    OperationSpent: "This form did something else before. Look at how things are now; nothing more was done.",
    FieldWrong: "“{value}” cannot be used in the field “{field}”. Nothing was done.",
    ReasonTooShort: "Please say why, in {characters_min} characters at least. Nothing was done.",
    ReasonTooLong: "A reason has {characters_max} characters at most. Nothing was done.",
    TooManyRequests: "Too many tries. Please wait {wait_s} seconds.",
    MethodNotAllowed: "This cannot be read. Nothing was done.",
    BodyTooLarge: "That is too much at once. Nothing was done.",
    NotFound: "There is nothing of this name here.",
    Conflict: "What is on record does not allow this. Nothing was done.",
    Invalid: "This cannot be read. Nothing was done.",
    Denied: "You may not do this.",
    Unavailable: "There is a break at the moment. Nothing was done; please try again in a minute.",
    CrossdockError: "Something went wrong on the server. Nothing was done; please try again.",
}
"""What was refused and what to do, for people. A module adds the errors of its own area."""

log = structlog.get_logger(__name__)


class Says(Struct, frozen=True):
    """What the screens of one module say: their texts, and their refusals, by kind of error."""

    texts: Mapping[str, str]
    failures: Mapping[type[CrossdockError], str]

    @classmethod
    def of(cls, texts: Mapping[str, str], failures: Mapping[type[CrossdockError], str] | None = None) -> "Says":
        """With what every screen says."""
        return cls({**TEXTS, **texts}, {**FAILURES, **(failures or {})})


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the navigation."""

    path: str
    title: str
    """An English text of ours."""
    operators: bool = False
    """A manager of a warehouse does not see it."""
    writers: bool = False
    """Nor does support, which only looks."""


class Failure(Struct, frozen=True, kw_only=True):
    """What stands on the screen until the person has read it."""

    text: str
    status: int
    trace_id: str = ""
    """Of a fault of ours; empty where it was the person's, or the world's."""


class Form(Struct, frozen=True, kw_only=True):
    """What a form of ours sent. Errors of its fields: FieldWrong."""

    fields: Mapping[str, str]
    operation_id: str
    """Made when the form was drawn: what was done under it once is not done again."""

    def text(self, name: str, *, characters_max: int = FIELD_CHARACTERS_MAX, needed: bool = False) -> str:
        """Without blanks around it; empty where it was left out."""
        value = self.fields.get(name, "").strip()
        if len(value) > characters_max or "\0" in value or (needed and not value):
            raise FieldWrong(field=name, value=shortened(value))
        return value

    def number(self, name: str) -> int:
        """An id of ours."""
        value = self.text(name, needed=True)
        if not (value.isascii() and value.isdecimal() and len(value) <= 19 and 0 < int(value) <= ID_MAX):
            raise FieldWrong(field=name, value=shortened(value))
        return int(value)

    def moment(self, name: str, zone: ZoneInfo) -> datetime | None:
        """What an input of a date and a time sent, by that zone's clocks; None where it was left empty."""
        value = self.text(name)
        if not value:
            return None
        try:
            found = datetime.fromisoformat(value).replace(tzinfo=zone)
        except ValueError as error:
            raise FieldWrong(field=name, value=shortened(value)) from error
        if found.year not in YEARS:
            raise FieldWrong(field=name, value=shortened(value))
        return found


class Rows(Struct, frozen=True, kw_only=True):
    """One page of a list that goes on from a key, and the address of the next."""

    rows: Sequence[Any]
    next: str | None
    first: str | None

    @classmethod
    def of(
        cls, request: PageRequest, found: Sequence[Any], *, key: Callable[[Any], Any], rows_max: int = ROWS_MAX
    ) -> "Rows":
        """`found` are up to `rows_max` + 1, from the `after` of the address on."""
        shown = found[:rows_max]
        more = len(found) > rows_max
        return cls(
            rows=shown,
            next=onward(request, key(shown[-1])) if more else None,
            first="?" + urlencode(_asked(request)) if "after" in request.query_params else None,
        )


def onward(request: PageRequest, key: Any) -> str:
    """The address of the same list from that key on."""
    return "?" + urlencode({**_asked(request), "after": key})


def _asked(request: PageRequest) -> dict[str, Any]:
    return {name: value for name, value in request.query_params.items() if name not in {"after", "language"}}


def after(request: PageRequest) -> int | None:
    """The key a list goes on from; what cannot be one begins anew."""
    value = request.query_params.get("after", "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 18 else None


async def read(request: PageRequest, who: Somebody) -> Form:
    """Errors: PageStale, FieldWrong, Invalid."""
    sent = await request.form()
    fields = {name: value for name, value in sent.items() if isinstance(value, str)}
    if not hmac.compare_digest(fields.get("word", "").encode(), who.word.encode()):
        raise PageStale()
    operation_id = fields.get("operation_id", "")
    try:
        return Form(fields=fields, operation_id=str(UUID(operation_id)))
    except ValueError as error:
        raise FieldWrong(field="operation_id", value=shortened(operation_id)) from error


async def act(
    request: PageRequest,
    who: Somebody,
    says: Says,
    do: Callable[[Form], Awaitable[Response[Any]]],
    again: Callable[[Failure], Awaitable[Response[Any]]],
) -> Response[Any]:
    """Do what a form asks for; what is refused, and a fault of ours, is shown on the same screen by `again`.

    Whoever may not write has been refused by `who.writer` before.
    """
    try:
        return await do(await read(request, who))
    except SessionOver:
        raise
    except CrossdockError as error:
        return await again(failure(request, says, error))
    except HTTPException as error:
        return await again(failure(request, says, web.ours(error)))
    except Exception as error:
        fault = Unforeseen(trace_id=secrets.token_hex(8))
        log.error("fault", page=PREFIX, exc_info=error, **fault.facts)
        return await again(failure(request, says, fault))


def failure(request: PageRequest, says: Says, error: CrossdockError) -> Failure:
    """In the person's language, with the facts of the error in it."""
    text = next(says.failures[kind] for kind in type(error).__mro__ if kind in says.failures)
    return Failure(
        text=filled(request, text, **error.facts),
        status=web.refusal(error)[1],
        trace_id=str(error.facts.get("trace_id", "")),
    )


def filled(request: PageRequest, text: str, **facts: Any) -> str:
    """An English text of ours in the person's language; what a fact is not known of stays empty."""
    said = web.translated({"text": text}, web.language_of(request))["text"]
    facts.setdefault("minutes", ceil(int(facts.get("wait_s", web.WAIT_S)) / 60))
    facts.setdefault("wait_s", web.WAIT_S)
    return said.format_map(_Facts(facts))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def show(
    request: PageRequest,
    who: Somebody,
    says: Says,
    template: str,
    *,
    here: str,
    failure: Failure | None = None,
    scripts: tuple[str, ...] = (),
    nav: bool = True,
    **shown: Any,
) -> Response[str]:
    """A screen: a template that extends `office/layout.html`. `here` is the address of its GET.

    The template is given `who`, `word`, `operation_id()` for each form, `failure`, `said`, `clock` for moments, and
    `shown`. `scripts` are files of `static/office/`.
    """
    said = _said(request, who)
    answer = web.html(
        request,
        template,
        says.texts,
        status=200 if failure is None else failure.status,
        who=who,
        word=who.word,
        operation_id=new_operation_id,
        failure=failure,
        said=said,
        scripts=scripts,
        prefix=PREFIX,
        here=here,
        entries=_entries(request, who, here) if nav else [],
        clock=lambda at: f"{at.astimezone(who.zone):%Y-%m-%d %H:%M:%S}",
        **shown,
    )
    if said and failure is None:
        answer.set_cookie(_said_cookie(request, "", seconds=0))
    return answer


def done(request: PageRequest, who: Somebody, to: str, text: str = "", **facts: Any) -> Response[Any]:
    """It is done: on to a GET, which shows `text`, an English text of ours, filled with `facts`."""
    answer = Redirect(to, status_code=303, headers={"cache-control": "no-store"})
    if text:
        message = filled(request, text, **facts)[:SAID_CHARACTERS_MAX]
        kept = urlsafe_b64encode(message.encode()).decode() + "." + _mark(who, message)
        answer.set_cookie(_said_cookie(request, kept, seconds=SAID_S))
    return answer


def new_operation_id() -> str:
    return str(uuid4())


def shortened(value: str) -> str:
    return value if len(value) <= SHOWN_CHARACTERS_MAX else value[:SHOWN_CHARACTERS_MAX] + "…"


def _entries(request: PageRequest, who: Somebody, here: str) -> list[dict[str, Any]]:
    entries = [
        entry
        for entry in request.route_handler.opt["entries"]
        if (who.operator is not None or not entry.operators) and (who.may_write or not entry.writers)
    ]
    titles = web.translated({entry.path: entry.title for entry in entries}, web.language_of(request))
    current = max(
        (entry.path for entry in entries if here == entry.path or here.startswith(entry.path + "/")),
        key=len,
        default="",
    )
    return [{"path": entry.path, "title": titles[entry.path], "current": entry.path == current} for entry in entries]


def _said(request: PageRequest, who: Somebody) -> str:
    """What the POST before this page left to say, to this very session."""
    kept, _, mark = request.cookies.get(SAID_COOKIE, "").partition(".")
    try:
        message = urlsafe_b64decode(kept).decode()
    except (NotBase64, ValueError):
        return ""
    return message if hmac.compare_digest(mark.encode(), _mark(who, message).encode()) else ""


def _mark(who: Somebody, message: str) -> str:
    return hmac.new(who.word.encode(), message.encode(), "sha256").hexdigest()[:32]


def _said_cookie(request: PageRequest, value: str, *, seconds: int) -> Cookie:
    return Cookie(
        key=SAID_COOKIE,
        value=value,
        path=PREFIX,
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
