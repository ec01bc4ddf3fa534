"""The counter page, `/counter`: a shop's people find parcels, hand them over, and undo that.

The page is one document that holds no data, a few scripts, and the calls below `/counter/`; each is made by a person
with a session of the page's own, and sees one branch.
"""

from math import ceil
from typing import Any, Final

from litestar import Response, Router

from crossdock.base.errors import CrossdockError
from crossdock.console import web
from crossdock.console.counter import door, managing, parcels, slip
from crossdock.console.counter.texts import ERROR_TEXTS, ERRORS
from crossdock.console.counter.who import PREFIX
from crossdock.console.web import Page, PageRequest


def refuse(request: PageRequest, error: CrossdockError) -> Response[Any]:
    """A word for the page's scripts and a sentence for people; a page where one was asked for."""
    word, status = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return web.refuse(request, error)
    said = web.translated(ERROR_TEXTS, web.language_of(request))[word]
    facts = {"wait_s": 60, "trace_id": "", "characters_min": "", "characters_max": "", **error.facts}
    text = said.format(minutes=ceil(int(facts["wait_s"]) / 60), **facts)
    headers = dict(NOT_KEPT)
    if status == 429:
        headers["retry-after"] = str(facts["wait_s"])
    return Response({"error": word, "text": text}, status_code=status, headers=headers)


NOT_KEPT: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}

PAGE: Final = Page(
    prefix=PREFIX,
    handlers=[
        Router(
            path="/",
            route_handlers=[*door.HANDLERS, *parcels.HANDLERS, *slip.HANDLERS, *managing.HANDLERS],
            response_headers=NOT_KEPT,
        )
    ],
    refuse=refuse,
)
