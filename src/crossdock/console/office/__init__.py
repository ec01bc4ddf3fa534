"""The console, `/console`: operators, support and managers of warehouses see what is there, and set it right.

Each topic is a module with HANDLERS and, where the navigation names it, ENTRY; who.py says who is there and what they
see, and screen.py how a screen is shown. How a form is answered is said in console/forms.py.
"""

from types import ModuleType
from typing import Any, Final
from urllib.parse import quote

from litestar import Response, Router
from litestar.response import Redirect

from crossdock.base.errors import CrossdockError
from crossdock.console import web
from crossdock.console.forms import SessionOver
from crossdock.console.office import (
    accounts,
    bulk,
    cabinets,
    callbacks,
    door,
    history,
    home,
    inbox,
    live,
    order,
    orders,
    papers,
    people,
    receivers,
    settings,
    stock,
    workbench,
)
from crossdock.console.office.errors import CodeDue, NotOfTheConsole, OperatorsOnly
from crossdock.console.office.who import PREFIX
from crossdock.console.web import Page, PageRequest
from crossdock.core.operators.errors import SupportOnlyLooks

TOPICS: Final[tuple[ModuleType, ...]] = (
    home,
    inbox,
    orders,
    order,
    stock,
    cabinets,
    receivers,
    callbacks,
    bulk,
    papers,
    people,
    history,
    accounts,
    workbench,
    settings,
    live,
)
"""In the order of the navigation."""
ENTRIES: Final = tuple(topic.ENTRY for topic in TOPICS if topic.ENTRY is not None)


def refuse(request: PageRequest, error: CrossdockError) -> Response[Any]:
    """What no screen of ours could say: nobody is logged in, a second factor is due, an unknown path, a fault."""
    if isinstance(error, CodeDue):
        to = door.CODE if error.facts["enrolled"] else door.FACTOR
        return Redirect(to, status_code=303, headers={"cache-control": "no-store"})
    if isinstance(error, SessionOver):
        way_back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        over = f"?over=1&to={quote(way_back)}" if request.method == "GET" else "?over=1"
        to = door.LOGIN if way_back == PREFIX else door.LOGIN + over
        return Redirect(to, status_code=303, headers={"cache-control": "no-store"})
    if isinstance(error, SupportOnlyLooks | OperatorsOnly | NotOfTheConsole):
        return door.refused(request, error)
    return web.refuse(request, error, home=PREFIX)


PAGE: Final = Page(
    prefix=PREFIX,
    handlers=[
        Router(
            path="/",
            route_handlers=[*door.HANDLERS, *(handler for topic in TOPICS for handler in topic.HANDLERS)],
            opt={"entries": ENTRIES},
        )
    ],
    refuse=refuse,
)
