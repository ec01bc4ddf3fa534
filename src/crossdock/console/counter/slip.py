"""A slip that lies on the parcel. It bears no code: who reads it must not be able to collect."""

from io import BytesIO
from typing import Any, Final

import segno
from litestar import MediaType, Response, get
from litestar.params import FromPath
from markupsafe import Markup

from crossdock.console import web
from crossdock.console.counter.door import HEADERS
from crossdock.console.counter.parcels import one_of
from crossdock.console.counter.texts import SLIP_TEXTS
from crossdock.console.counter.who import person
from crossdock.console.web import PageRequest


@get("/counter/parcels/{parcel_id:int}/slip", media_type=MediaType.HTML)
async def slip(request: PageRequest, parcel_id: FromPath[int]) -> Response[Any]:
    """For a receipt printer of 58 or 80 mm, or a sheet of A4. Its QR code is the order's number."""
    who = await person(request)
    parcel = await one_of(who, parcel_id)
    return web.html(
        request,
        "counter_slip.html",
        SLIP_TEXTS,
        headers=HEADERS,
        parcel=parcel,
        shop=who.site.name,
        zone=who.zone,
        qr=_drawn(parcel.number),
    )


def _drawn(text: str) -> Markup:
    """A drawing of our own making: nothing of the text stands in it as text."""
    drawn = BytesIO()
    segno.make(text, micro=False, error="m").save(
        drawn, kind="svg", border=1, xmldecl=False, svgns=True, omitsize=True, svgclass=None, lineclass=None
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704


HANDLERS: Final = [slip]
