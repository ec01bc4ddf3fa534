"""The bar code of a consignment's id, for its papers and its parcel."""

from io import BytesIO
from typing import Final

from barcode import Code128
from barcode.writer import ImageWriter

from crossdock.core.orders.errors import OrderUnknown
from crossdock.dialects.birdsystem import consigned, values
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint
from crossdock.edge.response import Response

HEIGHT: Final = "barHeight"
HEIGHT_PX_DEFAULT: Final = 25
HEIGHT_PX_MIN: Final = 5
HEIGHT_PX_MAX: Final = 1_000
"""Less is no bar, more is a picture of megabytes."""
BAR_MM: Final = 0.25
DPI: Final = 203
"""Of common label printers: the narrowest bar is two of their dots."""
MM_PER_INCH: Final = 25.4


async def barcode(desk: Desk, client: Client, given: Parameters) -> Response:
    """GET /client/Printer/Barcode/[id]: Code 128 as PNG, without text."""
    order_id = consigned.record_id(given)
    height_px = values.whole(HEIGHT, given.get(HEIGHT))
    if height_px is None:
        height_px = HEIGHT_PX_DEFAULT
    if not HEIGHT_PX_MIN <= height_px <= HEIGHT_PX_MAX:
        raise ValueInvalid(field=HEIGHT)
    async with desk.database.transaction(readonly=True) as tx:
        order = await consigned.seen(tx, client, order_id)
    if order is None:
        raise OrderUnknown(id=order_id)
    return Response(code128(str(order.id), height_px=height_px), headers={"content-type": "image/png"})


def code128(text: str, *, height_px: int) -> bytes:
    """A PNG whose bars are this high, with the quiet zones that a scanner needs."""
    picture = BytesIO()
    writer = ImageWriter(format="PNG", mode="L")
    options = {
        "module_width": BAR_MM,
        "module_height": height_px * MM_PER_INCH / DPI,
        "write_text": False,
        "margin_top": 0,
        "margin_bottom": 0,
        "dpi": DPI,
    }
    Code128(text, writer=writer).write(picture, options)
    return picture.getvalue()


ENDPOINTS: Final = (Endpoint("GET /client/Printer/Barcode/[id]", barcode),)
