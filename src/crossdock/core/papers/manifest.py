"""What a carrier, a locker's courier or a shop takes over at once, against a signature."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from crossdock.core.papers import sheet
from crossdock.core.papers.sheet import Column, Sheet
from crossdock.core.papers.wording import moment, weight

COLUMNS: Final = (
    Column(caption="order", width_mm=40, kind="code"),
    Column(caption="number", width_mm=36),
    Column(caption="tracking", width_mm=36),
    Column(caption="recipient", width_mm=40),
    Column(caption="parcels", width_mm=16, kind="number"),
    Column(caption="weight", width_mm=22, kind="number"),
)


class ManifestLine(Struct, frozen=True, kw_only=True):
    order: str
    """Its id, as bars."""
    number: str
    tracking: str = ""
    recipient: str = ""
    parcels: int = 1
    weight_g: int = 0
    """0: not known."""


class Manifest(Struct, frozen=True, kw_only=True):
    number: str
    carrier: str
    """Who takes it over: a carrier, the station of a locker, a shop."""
    service: str = ""
    taker: str = ""
    """The driver and the vehicle, where they are known."""
    site: Sequence[str]
    printed_at: datetime
    """In the zone of the site."""
    lines: Sequence[ManifestLine]


def pdf(paper: Manifest) -> bytes:
    """Errors: PaperTooLong."""
    weighed = sum(line.weight_g for line in paper.lines)
    return sheet.pdf(
        Sheet(
            title="manifest",
            number=paper.number,
            code=paper.number,
            facts=[("service", paper.service), ("driver", paper.taker), ("printed", moment(paper.printed_at))],
            sender=paper.site,
            recipient=[paper.carrier],
            columns=COLUMNS,
            rows=[
                (
                    line.order,
                    line.number,
                    line.tracking,
                    line.recipient,
                    str(line.parcels),
                    weight(line.weight_g) if line.weight_g else "",
                )
                for line in paper.lines
            ],
            totals=[
                ("orders", str(len(paper.lines))),
                ("parcels", str(sum(line.parcels for line in paper.lines))),
                *([("weight", weight(weighed))] if weighed else []),
            ],
            signatures=["handed_over", "received"],
        )
    )
