"""All pages as one ASGI app, beside the partners' paths."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Litestar, Request, Response
from litestar.datastructures import CacheControlHeader, State
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router

from crossdock.base.errors import CrossdockError
from crossdock.console import kiosk, words
from crossdock.edge.desk import Desk

PREFIXES: Final = ("/kiosk", "/static")
BODY_BYTES_MAX: Final = 65_536
STATIC: Final = Path(__file__).parent / "static"
STATIC_KEPT_S: Final = 300
"""How long a browser goes on with an old script after an update."""


def pages(desk: Desk) -> Litestar:
    return Litestar(
        route_handlers=[
            *kiosk.HANDLERS,
            create_static_files_router(
                path="/static", directories=[STATIC], cache_control=CacheControlHeader(max_age=STATIC_KEPT_S)
            ),
        ],
        state=State({"desk": desk, "templates": templates()}),
        exception_handlers={CrossdockError: kiosk.refuse, HTTPException: _say},
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )


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


def _say(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, str]]:
    return Response({"error": "request", "text": error.detail}, status_code=error.status_code)
