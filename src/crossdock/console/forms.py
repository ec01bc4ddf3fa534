"""Forms of the floor and the console: how one is read, done or refused, and what the page after it says.

A screen is a GET. What it changes is a POST of one of its forms: `act` reads the form, does it, and goes on to a GET
with `done`, whose message is kept for that one page; or shows the same screen again with what was refused.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from math import ceil
from typing import Any, Final, Protocol
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
from crossdock.console.web import PageRequest

SAID_S: Final = 60
"""A message is kept for the page that follows, not for tomorrow."""
SAID_CHARACTERS_MAX: Final = 600
"""Four bytes each, in base64, fit into the 4096 bytes of a cookie."""
FIELD_CHARACTERS_MAX: Final = 500
WHOLE_MAX: Final = 1_000_000_000
ID_MAX: Final = 2**63 - 1
ID_DIGITS_MAX: Final = 18
"""Of an id or a key in an address: as many digits always fit."""
YEARS: Final = range(1970, 3000)
"""Of a moment that is typed: those at the ends of the calendar are none in another zone."""
SHOWN_CHARACTERS_MAX: Final = 80
"""Of what somebody typed or scanned, where a refusal repeats it."""

log = structlog.get_logger(__name__)


class SessionOver(Denied):
    """Nobody is logged in here: the session ended, or the access was withdrawn."""


class PageStale(Denied):
    """A form did not carry its session's own word: it may come from another site, or from before a new log-in."""


class FieldWrong(Invalid):
    """A field of a form is missing or cannot be read. Facts: field, value."""


FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    PageStale: "This page is from before you logged in. Nothing was done; please do it again.",
    FieldWrong: "“{value}” cannot be used in the field “{field}”. Nothing was done.",
    TooManyRequests: "Too many tries. Please wait {wait_s} seconds.",
    MethodNotAllowed: "This cannot be read. Nothing was done.",
    BodyTooLarge: "That is too much at once. Nothing was done.",
    NotFound: "There is nothing of this name here.",
    Conflict: "What is on record does not allow this. Nothing was done.",
    Invalid: "This cannot be read. Nothing was done.",
    Unavailable: "There is a break at the moment. Nothing was done; please try again in a minute.",
    CrossdockError: "Something went wrong on the server. Nothing was done; please try again.",
}
"""What any form may be refused for, and what to do, for people."""


class Person(Protocol):
    """Somebody logged in."""

    @property
    def word(self) -> str:
        """What this session's forms carry."""

    @property
    def prefix(self) -> str:
        """Of the pages that are theirs, as `/floor`."""


class Says(Struct, frozen=True):
    """What the screens of one module say: their texts, and their refusals, by kind of error."""

    texts: Mapping[str, str]
    failures: Mapping[type[CrossdockError], str]


class Failure(Struct, frozen=True, kw_only=True):
    """What stands on the screen until the person has read it, or the right thing was scanned."""

    text: str
    status: int
    error: type[CrossdockError]
    scanned: str = ""
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

    def whole(self, name: str, *, least: int = 0, most: int = WHOLE_MAX, otherwise: int | None = None) -> int:
        """`otherwise` is for a field that was left empty."""
        value = self.text(name)
        if not value and otherwise is not None:
            return otherwise
        if not (
            value.isascii() and value.isdecimal() and len(value) <= len(str(most)) and least <= int(value) <= most
        ):
            raise FieldWrong(field=name, value=shortened(value))
        return int(value)

    def number(self, name: str) -> int:
        """An id of ours."""
        return self.whole(name, least=1, most=ID_MAX)

    def chosen(self, name: str) -> int:
        """An id of ours; 0 where nothing was chosen yet."""
        return self.whole(name, most=ID_MAX, otherwise=0)

    def day(self, name: str) -> date | None:
        """What an input of a date sent; None where it was left empty."""
        value = self.text(name)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError as error:
            raise FieldWrong(field=name, value=shortened(value)) from error

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


async def read(request: PageRequest, who: Person) -> Form:
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
    who: Person,
    says: Says,
    do: Callable[[Form], Awaitable[Response[Any]]],
    again: Callable[[Failure], Awaitable[Response[Any]]],
    *,
    scanned: str = "code",
) -> Response[Any]:
    """Do what a form asks for; what is refused, and a fault of ours, is shown on the same screen by `again`.

    `scanned` is the field whose content a refusal repeats.
    """
    value = ""
    try:
        form = await read(request, who)
        value = form.fields.get(scanned, "").strip()
        return await do(form)
    except SessionOver:
        raise
    except CrossdockError as error:
        return await again(failure(request, says, error, scanned=value))
    except HTTPException as error:
        return await again(failure(request, says, web.ours(error), scanned=value))
    except Exception as error:
        fault = Unforeseen(trace_id=secrets.token_hex(8))
        log.error("fault", page=who.prefix, exc_info=error, **fault.facts)
        return await again(failure(request, says, fault, scanned=value))


def failure(request: PageRequest, says: Says, error: CrossdockError, *, scanned: str = "") -> Failure:
    """In the person's language, with the facts of the error in it."""
    text = next(says.failures[kind] for kind in type(error).__mro__ if kind in says.failures)
    return Failure(
        text=filled(request, text, **error.facts),
        status=web.refusal(error)[1],
        error=type(error),
        scanned=shortened(scanned),
        trace_id=str(error.facts.get("trace_id", "")),
    )


def filled(request: PageRequest, text: str, /, **facts: Any) -> str:
    """An English text of ours in the person's language; what a fact is not known of stays empty."""
    said = web.translated({"text": text}, web.language_of(request))["text"]
    facts.setdefault("minutes", ceil(int(facts.get("wait_s", web.WAIT_S)) / 60))
    facts.setdefault("wait_s", web.WAIT_S)
    return said.format_map(_Facts(facts))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def done(request: PageRequest, who: Person, to: str, text: str = "", **facts: Any) -> Response[Any]:
    """It is done: on to a GET, which shows `text`, an English text of ours, filled with `facts`."""
    answer = Redirect(to, status_code=303, headers={"cache-control": "no-store"})
    if text:
        message = filled(request, text, **facts)[:SAID_CHARACTERS_MAX]
        kept = urlsafe_b64encode(message.encode()).decode() + "." + _mark(who, message)
        answer.set_cookie(_said_cookie(request, who, kept, seconds=SAID_S))
    return answer


def new_operation_id() -> str:
    return str(uuid4())


def id_of(text: str) -> int | None:
    """An id or a key of ours, as an address has it; None for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS_MAX else None


def shortened(value: str) -> str:
    return value if len(value) <= SHOWN_CHARACTERS_MAX else value[:SHOWN_CHARACTERS_MAX] + "…"


def said(request: PageRequest, who: Person) -> str:
    """What the POST before this page left to say, to this very session."""
    kept, _, mark = request.cookies.get(_cookie_name(who), "").partition(".")
    try:
        message = urlsafe_b64decode(kept).decode()
    except (NotBase64, ValueError):
        return ""
    return message if hmac.compare_digest(mark.encode(), _mark(who, message).encode()) else ""


def _mark(who: Person, message: str) -> str:
    return hmac.new(who.word.encode(), message.encode(), "sha256").hexdigest()[:32]


def _said_cookie(request: PageRequest, who: Person, value: str, *, seconds: int) -> Cookie:
    return Cookie(
        key=_cookie_name(who),
        value=value,
        path=who.prefix,
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def _cookie_name(who: Person) -> str:
    return f"crossdock_{who.prefix.removeprefix('/')}_said"


def forget(request: PageRequest, who: Person, answer: Response[Any]) -> None:
    """What was said is not said again on the page after this."""
    answer.set_cookie(_said_cookie(request, who, "", seconds=0))
