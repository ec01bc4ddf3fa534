"""What every screen of the floor is made with.

A screen is a GET. What it changes is a POST of one of its forms: `act` reads the form, does it, and goes on to a GET
with `done`, whose message is kept for that one page; or shows the same screen again with what was refused.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Mapping
from math import ceil
from typing import Any, Final
from uuid import UUID, uuid4

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
from crossdock.console.floor.errors import FieldWrong, PageStale, SessionOver
from crossdock.console.floor.who import PREFIX, Person
from crossdock.console.web import PageRequest
from crossdock.core.staff.errors import LoginLocked, LoginWrong, ReasonTooLong, WrongPlace

HEADERS: Final = {"permissions-policy": "camera=(self), geolocation=(), microphone=()"}
SAID_COOKIE: Final = "crossdock_floor_said"
SAID_S: Final = 60
"""A message is kept for the page that follows, not for tomorrow."""
SAID_CHARACTERS_MAX: Final = 600
"""Four bytes each, in base64, fit into the 4096 bytes of a cookie."""
FIELD_CHARACTERS_MAX: Final = 500
WHOLE_MAX: Final = 1_000_000_000
ID_DIGITS_MAX: Final = 19
SHOWN_CHARACTERS_MAX: Final = 80
"""Of what somebody scanned, where a refusal repeats it."""

TEXTS: Final[Mapping[str, str]] = {
    "floor": "Warehouse floor",
    "menu": "Menu",
    "logout": "Log out",
    "back": "Back",
    "understood": "Understood",
    "failed": "Not done",
    "scanned": "Scanned: {value}",
    "trace": "The log has the number {trace_id}.",
    "no_line": "There is no line. Nothing was booked.",
    "unsent": "Not booked, please scan again: {codes}",
    "camera": "Scan with the camera",
    "camera_stop": "Close the camera",
    "camera_no": "The camera cannot be used. Please allow it, or type the code.",
}
"""Of every screen. `{codes}` is put in by the scripts."""

FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    LoginWrong: "The name or the password is wrong.",
    LoginLocked: "Too many wrong passwords. Nobody can log in under this name for {minutes} minutes.",
    WrongPlace: "You do not work in a warehouse. People of a shop log in at /counter.",
    PageStale: "This page is from before you logged in. Nothing was done; please do it again.",
    FieldWrong: "“{value}” cannot be used in the field “{field}”. Nothing was done.",
    ReasonTooLong: "A reason has {characters_max} characters at most.",
    TooManyRequests: "Too many tries. Please wait {wait_s} seconds.",
    MethodNotAllowed: "This cannot be read. Nothing was done.",
    BodyTooLarge: "That is too much at once. Nothing was done.",
    NotFound: "There is nothing of this name here.",
    Conflict: "What is on record does not allow this. Nothing was done.",
    Invalid: "This cannot be read. Nothing was done.",
    Denied: "You may not do this. Ask a manager of the warehouse.",
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
        return self.whole(name, least=1, most=2**63 - 1)


async def read(request: PageRequest, who: Person) -> Form:
    """Errors: PageStale, FieldWrong, Invalid."""
    sent = await request.form()
    fields = {name: value for name, value in sent.items() if isinstance(value, str)}
    if not hmac.compare_digest(fields.get("word", "").encode(), who.word.encode()):
        raise PageStale()
    operation_id = fields.get("operation_id", "")
    try:
        UUID(operation_id)
    except ValueError as error:
        raise FieldWrong(field="operation_id", value=shortened(operation_id)) from error
    return Form(fields=fields, operation_id=operation_id.lower())


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
        log.error("fault", page=PREFIX, exc_info=error, **fault.facts)
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


def show(
    request: PageRequest,
    who: Person,
    says: Says,
    template: str,
    *,
    here: str = "",
    failure: Failure | None = None,
    scripts: tuple[str, ...] = (),
    **shown: Any,
) -> Response[str]:
    """A screen: a template that extends `floor/layout.html`. `scripts` are further files of `static/floor/`.

    `here` is the address of its GET, which a POST that was refused goes back to; empty where this is that GET.

    The template is given `who`, `word`, `operation_id()` for each form, `failure`, `said`, and `shown`.
    """
    said = _said(request, who)
    answer = web.html(
        request,
        template,
        says.texts,
        status=200 if failure is None else failure.status,
        headers=HEADERS,
        who=who,
        word=who.word,
        operation_id=new_operation_id,
        failure=failure,
        said=said,
        scripts=scripts,
        prefix=PREFIX,
        here=here.partition("?")[0],
        screen_path=here or "?",
        **shown,
    )
    if said and failure is None:
        answer.set_cookie(_said_cookie(request, "", seconds=0))
    return answer


def done(request: PageRequest, who: Person, to: str, text: str = "", **facts: Any) -> Response[Any]:
    """It is done: on to a GET, which shows `text`, an English text of ours, filled with `facts`."""
    answer = Redirect(to, status_code=303, headers={"cache-control": "no-store"})
    if text:
        message = filled(request, text, **facts)[:SAID_CHARACTERS_MAX]
        kept = urlsafe_b64encode(message.encode()).decode() + "." + _mark(who, message)
        answer.set_cookie(_said_cookie(request, kept, seconds=SAID_S))
    return answer


def number_of(request: PageRequest, name: str) -> int | None:
    """An id of ours in the address, from which a list goes on; None for what is none."""
    said = request.query_params.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < ID_DIGITS_MAX else None


def new_operation_id() -> str:
    return str(uuid4())


def shortened(value: str) -> str:
    return value if len(value) <= SHOWN_CHARACTERS_MAX else value[:SHOWN_CHARACTERS_MAX] + "…"


def _said(request: PageRequest, who: Person) -> str:
    """What the POST before this page left to say, to this very session."""
    kept, _, mark = request.cookies.get(SAID_COOKIE, "").partition(".")
    try:
        message = urlsafe_b64decode(kept).decode()
    except (NotBase64, ValueError):
        return ""
    return message if hmac.compare_digest(mark.encode(), _mark(who, message).encode()) else ""


def _mark(who: Person, message: str) -> str:
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
