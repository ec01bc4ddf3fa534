"""What to fetch from where, in the order one walks: locations, totes and orders as bar codes."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from crossdock.core.papers import sheet
from crossdock.core.papers.sheet import Column, Sheet
from crossdock.core.papers.wording import goods, moment

COLUMNS: Final = (
    Column(caption="location", width_mm=46, kind="code", size=13),
    Column(caption="goods", width_mm=50),
    Column(caption="quantity", width_mm=14, kind="number", size=13),
    Column(caption="tote", width_mm=34, kind="code"),
    Column(caption="order", width_mm=36, kind="code"),
    Column(width_mm=10, kind="tick"),
)


class PickLine(Struct, frozen=True, kw_only=True):
    walk_order: int
    location: str
    sku: str
    name: str
    lot: str = ""
    expires_on: date | None = None
    quantity: int
    order: str
    """What the bench scans: the order's id."""
    tote: str = ""


class PickList(Struct, frozen=True, kw_only=True):
    number: str
    """Of the wave, or of the order that is picked alone."""
    site: str
    printed_at: datetime
    """In the zone of the site."""
    lines: Sequence[PickLine]


def pdf(paper: PickList) -> bytes:
    """Errors: PaperTooLong."""
    lines = sorted(paper.lines, key=lambda line: (line.walk_order, line.location, line.sku, line.tote, line.order))
    return sheet.pdf(
        Sheet(
            title="pick_list",
            number=paper.number,
            code=paper.number,
            facts=[("site", paper.site), ("printed", moment(paper.printed_at))],
            columns=COLUMNS,
            rows=[
                (
                    line.location,
                    goods(line.sku, line.name, line.lot, line.expires_on),
                    str(line.quantity),
                    line.tote,
                    line.order,
                    "",
                )
                for line in lines
            ],
            totals=[
                ("lines", str(len(lines))),
                ("pieces", str(sum(line.quantity for line in lines))),
                ("orders", str(len({line.order for line in lines}))),
            ],
            signatures=["picked_by"],
        )
    )
