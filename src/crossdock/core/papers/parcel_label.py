"""The label on a parcel, 100 by 150 mm: from whom, to whom, how, and its number as bars and QR. A page per parcel."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from crossdock.core.papers.drawing import Paper

WIDTH_MM: Final = 100
HEIGHT_MM: Final = 150
MARGIN_MM: Final = 5
BAR_HEIGHT_MM: Final = 20
QR_MM: Final = 24
RULER_MM: Final = 20


class ParcelLabel(Struct, frozen=True, kw_only=True):
    """Lines are printed in their order; empty ones are left out. What does not fit its place is set smaller."""

    number: str
    """Printed as Code 128, where it is ASCII, and as QR: whichever a scanner finds says the same."""
    service: str
    sender: Sequence[str]
    recipient: Sequence[str]
    """The first line is the person, the last the country."""
    notes: Sequence[str] = ()
    parcels: int = 1


def pdf(label: ParcelLabel) -> bytes:
    """One page per parcel; the same label gives the same bytes. It takes a while: not on the event loop."""
    paper = Paper(WIDTH_MM, HEIGHT_MM, title=label.number)
    for number in range(1, label.parcels + 1):
        _page(paper, label, number)
        paper.end_page()
    return paper.finish()


def _page(paper: Paper, label: ParcelLabel, number: int) -> None:
    whole_mm = WIDTH_MM - 2 * MARGIN_MM
    paper.box([label.service], left_mm=MARGIN_MM, bottom_mm=130, width_mm=whole_mm, height_mm=16, size=16)
    paper.box(label.sender, left_mm=MARGIN_MM, bottom_mm=103, width_mm=whole_mm - QR_MM, height_mm=26, size=8)
    paper.qr(label.number, left_mm=WIDTH_MM - MARGIN_MM - QR_MM, bottom_mm=104, side_mm=QR_MM)
    paper.box(label.recipient, left_mm=MARGIN_MM, bottom_mm=52, width_mm=whole_mm, height_mm=50, size=13)
    paper.box(label.notes, left_mm=MARGIN_MM, bottom_mm=37, width_mm=68, height_mm=14, size=9)
    paper.box([f"{number} / {label.parcels}"], left_mm=75, bottom_mm=37, width_mm=20, height_mm=14, size=14)
    for rule_mm in (129.5, 102.5, 51.5, 36.5):
        paper.rule(MARGIN_MM, rule_mm, whole_mm)
    paper.code(label.number, left_mm=0, bottom_mm=14, width_mm=WIDTH_MM, height_mm=BAR_HEIGHT_MM)
    paper.box([label.number], left_mm=35, bottom_mm=4, width_mm=60, height_mm=8, size=11)
    paper.ruler(MARGIN_MM, 5, RULER_MM)
