"""The warehouse floor, `/floor`: people receive, put away, count, pick, pack and ship with a scanner in their hand.

Each topic is a module with HANDLERS and ITEMS, its lines of the menu; who.py says who is there, and screen.py how a
screen is shown. How a form is answered is said in console/forms.py.
"""

from typing import Any, Final
from urllib.parse import quote

from litestar import Response, Router
from litestar.response import Redirect

from crossdock.base.errors import CrossdockError
from crossdock.console import web
from crossdock.console.floor import (
    adjusting,
    counting,
    door,
    packing,
    papers,
    picking,
    receiving,
    returns,
    shelving,
    shipping,
    strays,
    waves,
)
from crossdock.console.floor.who import PREFIX
from crossdock.console.forms import SessionOver
from crossdock.console.web import Page, PageRequest

TOPICS: Final[tuple[Any, ...]] = (
    receiving,
    shelving,
    waves,
    picking,
    packing,
    shipping,
    returns,
    strays,
    counting,
    adjusting,
    papers,
)
"""In the order of the menu."""


def refuse(request: PageRequest, error: CrossdockError) -> Response[Any]:
    """What no screen of ours could say: nobody is logged in, an unknown path, a fault."""
    if isinstance(error, SessionOver):
        way_back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        over = f"?over=1&to={quote(way_back)}" if request.method == "GET" else "?over=1"
        to = door.LOGIN if way_back == PREFIX else door.LOGIN + over
        return Redirect(to, status_code=303, headers={"cache-control": "no-store"})
    return web.refuse(request, error, home=PREFIX)


PAGE: Final = Page(
    prefix=PREFIX,
    handlers=[
        Router(
            path="/",
            route_handlers=[
                *door.handlers(tuple(item for topic in TOPICS for item in topic.ITEMS)),
                *(handler for topic in TOPICS for handler in topic.HANDLERS),
            ],
        )
    ],
    refuse=refuse,
)
