"""All pages as one ASGI app, beside the partners' paths."""

import asyncio
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Litestar, Response
from litestar.datastructures import CacheControlHeader, State
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router

from crossdock.base.errors import Unavailable, Unforeseen
from crossdock.console import buyer, counter, evidence, floor, kiosk, office, web, words
from crossdock.console.office.live import Pulse
from crossdock.console.papers import Press
from crossdock.console.web import Page, PageRequest
from crossdock.edge.asgi import Pages, Receive, Scope, Send
from crossdock.edge.desk import Desk

STATIC_FILES: Final = Path(__file__).parent / "static"
STATIC_KEPT_S: Final = 300
"""How long a browser goes on with an old script after an update."""
STATIC: Final = Page(
    prefix="/static",
    handlers=[
        create_static_files_router(
            path="/static", directories=[STATIC_FILES], cache_control=CacheControlHeader(max_age=STATIC_KEPT_S)
        )
    ],
    refuse=web.refuse,
)
PAGES: Final = (counter.PAGE, floor.PAGE, kiosk.PAGE, buyer.PAGE, evidence.PAGE, office.PAGE, STATIC)
PREFIXES: Final = tuple(page.prefix for page in PAGES)
log = structlog.get_logger(__name__)


def pages(desk: Desk) -> Pages:
    """HEAD is answered as GET, without the body. The routes are read when the first page is asked for: 20 ms."""

    @cache
    def routes() -> Litestar:
        return Litestar(
            route_handlers=[handler for page in PAGES for handler in page.handlers],
            state=State(
                {
                    "desk": desk,
                    "templates": templates(),
                    "press": Press(),
                    "pulse": Pulse(desk),
                    "bundling": asyncio.Semaphore(evidence.BUNDLES_AT_ONCE),
                }
            ),
            exception_handlers={Exception: _refuse, HTTPException: _refuse},
            request_max_body_size=web.BODY_BYTES_MAX,
            openapi_config=None,
            logging_config=None,
        )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_headers(message: dict[str, Any]) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        if scope["method"] == "HEAD":
            await routes()({**scope, "method": "GET"}, receive, send_headers)  # type: ignore[arg-type]
        else:
            await routes()(scope, receive, send)  # type: ignore[arg-type]

    return answer


def templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("crossdock.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["languages"] = words.LANGUAGES
    return environment


def _refuse(request: PageRequest, error: Exception) -> Response[Any]:
    """In the way of the page whose prefix it is. Addresses may be secrets: no path stands in the log."""
    path = request.scope["path"]
    page = next((page for page in PAGES if path == page.prefix or path.startswith(page.prefix + "/")), STATIC)
    refused = web.ours(error)
    if isinstance(refused, Unavailable):
        log.error("unavailable", page=page.prefix, cause=refused.sentence)
    elif isinstance(refused, Unforeseen):
        log.error("fault", page=page.prefix, exc_info=error, **refused.facts)
    else:
        log.info("refused", page=page.prefix, error=type(refused).__name__)
    return page.refuse(request, refused)
