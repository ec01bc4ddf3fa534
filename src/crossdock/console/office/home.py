"""The first page."""

from typing import Any, Final

from litestar import MediaType, Response, get

from crossdock.console.office import screen
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, reader
from crossdock.console.web import PageRequest

SAYS: Final = Says.of({"dashboard": "Dashboard"})
ENTRY: Final = Entry(path=PREFIX, title="Dashboard")


@get(PREFIX, media_type=MediaType.HTML)
async def home(request: PageRequest) -> Response[Any]:
    who = await reader(request)
    return screen.show(request, who, SAYS, "office/home.html", here=PREFIX)


HANDLERS: Final = [home]
