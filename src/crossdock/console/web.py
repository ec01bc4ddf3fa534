"""What all pages share: how they answer, in which language, and how they say no."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from msgspec import Struct

from crossdock.base.errors import (
    BodyTooLarge,
    Conflict,
    CrossdockError,
    Denied,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PathUnknown,
    TooManyRequests,
    Unavailable,
    Unforeseen,
)
from crossdock.console import words

PageRequest = Request[Any, Any, Any]

HEADERS: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}
"""Of every page: no script but our own files, nothing from anybody else, nothing kept or told on."""
BODY_BYTES_MAX: Final = 65_536
LANGUAGE_KEPT_S: Final = 365 * 86_400
WAIT_S: Final = 60
"""What a caller is told to wait when the refusal does not say."""

TEXTS: Final[Mapping[str, str]] = {
    "nothing": "There is nothing at this address",
    "nothing_why": "The link may be incomplete, or what it showed is no longer there.",
    "often": "Too many requests",
    "often_why": "Please wait a minute, then open the page again.",
    "request": "This cannot be read",
    "request_why": "Please go back and try again.",
    "changed": "This cannot be done as things are now",
    "changed_why": "Something may have changed meanwhile. Please go back and look again.",
    "denied": "This is not for you",
    "denied_why": "Please ask the person who looks after this system.",
    "away": "There is a break at the moment",
    "away_why": "Please try again in a minute.",
    "fault": "Something went wrong",
    "fault_why": "Please try again in a minute.",
    "trace": "The log has the number {trace_id}.",
    "home": "To the first page",
}
"""What any page may have to say, by name; `<name>_why` is the sentence below it."""

REFUSALS: Final[Mapping[type[CrossdockError], tuple[str, int]]] = {
    TooManyRequests: ("often", 429),
    MethodNotAllowed: ("request", 405),
    BodyTooLarge: ("request", 413),
    NotFound: ("nothing", 404),
    Invalid: ("request", 400),
    Conflict: ("changed", 409),
    Denied: ("denied", 403),
    Unavailable: ("away", 503),
    CrossdockError: ("fault", 500),
}


class Page(Struct, frozen=True, kw_only=True):
    """One page, or a few that belong together: what is served under `prefix`, and how it refuses."""

    prefix: str
    handlers: list[Any]
    refuse: Callable[[PageRequest, CrossdockError], Response[Any]]
    """Also for unknown paths below the prefix, wrong verbs and bodies that cannot be read."""


def language_of(request: PageRequest) -> str:
    """As the address says (`?language=zh`), else as chosen before, else as the browser prefers, else English."""
    headers = request.headers
    return _asked(request) or words.language_of(
        cookie=headers.get("cookie", ""), accept=headers.get("accept-language", "")
    )


def translated(texts: Mapping[str, str], language: str) -> dict[str, str]:
    said = words.translations(language)
    return {name: said.gettext(text) for name, text in texts.items()}


def html(
    request: PageRequest,
    template: str,
    texts: Mapping[str, str] = TEXTS,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **shown: Any,
) -> Response[str]:
    """A page in the caller's language: the template is given `texts`, `t` to look one up, `language`, and `shown`.

    A language that the address names is remembered.
    """
    language = language_of(request)
    said = translated(texts, language)
    answer = Response(
        request.app.state.templates.get_template(template).render(
            texts=said, t=said.__getitem__, language=language, **shown
        ),
        media_type=MediaType.HTML,
        status_code=status,
        headers={**HEADERS, **(headers or {})},
    )
    if _asked(request) is not None:
        answer.set_cookie(
            Cookie(
                key=words.COOKIE,
                value=language,
                path="/",
                max_age=LANGUAGE_KEPT_S,
                samesite="lax",
                secure=request.scope["scheme"] == "https",
            )
        )
    return answer


def refuse(request: PageRequest, error: CrossdockError, *, home: str = "") -> Response[str]:
    """A page with a sentence for people, the same for everything of one kind, and a way on to `home`."""
    name, status = refusal(error)
    headers: dict[str, str] = {}
    if status == 429:
        headers["retry-after"] = str(error.facts.get("wait_s", WAIT_S))
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = error.facts.get("allowed", "GET, HEAD")
    trace_id = error.facts.get("trace_id", "")
    return html(request, "error.html", status=status, headers=headers, name=name, trace_id=trace_id, home=home)


def refusal(error: CrossdockError) -> tuple[str, int]:
    """The name of its texts, and the status."""
    return next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)


def ours(error: Exception) -> CrossdockError:
    """What the framework raises, in our words."""
    if isinstance(error, CrossdockError):
        return error
    match error.status_code if isinstance(error, HTTPException) else 500:
        case 404:
            return PathUnknown()
        case 405:
            allowed = (getattr(error, "headers", None) or {}).get("allow", "").split(", ")
            return MethodNotAllowed(allowed=", ".join([*allowed, *(["HEAD"] if "GET" in allowed else [])]))
        case 413:
            return BodyTooLarge(bytes_max=BODY_BYTES_MAX)
        case 400 | 415:
            return Invalid()
        case _:
            return Unforeseen(trace_id=secrets.token_hex(8))


def _asked(request: PageRequest) -> str | None:
    language = request.query_params.get("language")
    return language if language in words.LANGUAGES else None
