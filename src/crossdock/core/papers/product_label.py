"""The label on goods, 60 by 40 mm: what it is, its code, and its lot where it has one."""

from datetime import date
from typing import Final

from msgspec import Struct

from crossdock.core.papers.drawing import Paper
from crossdock.core.papers.words import captioned

WIDTH_MM: Final = 60
HEIGHT_MM: Final = 40
MARGIN_MM: Final = 2
RULER_MM: Final = 10


class ProductLabel(Struct, frozen=True, kw_only=True):
    """What does not fit its place is set smaller."""

    code: str
    """What a scanner is to read: a bar code of the product."""
    sku: str
    name: str
    lot: str = ""
    """A bar code of its own."""
    expires_on: date | None = None
    copies: int = 1


def pdf(label: ProductLabel) -> bytes:
    """A page per copy; the same label gives the same bytes."""
    paper = Paper(WIDTH_MM, HEIGHT_MM, title=label.sku)
    for _ in range(label.copies):
        _page(paper, label)
        paper.end_page()
    return paper.finish()


def _page(paper: Paper, label: ProductLabel) -> None:
    whole_mm = WIDTH_MM - 2 * MARGIN_MM
    paper.box([label.name], left_mm=MARGIN_MM, bottom_mm=30, width_mm=whole_mm, height_mm=9, size=9)
    paper.code(label.code, left_mm=0, bottom_mm=20, width_mm=WIDTH_MM, height_mm=9 if label.lot else 10)
    said = [label.code] if label.code == label.sku else [label.code, captioned("sku", label.sku)]
    paper.box(["  ".join(said)], left_mm=MARGIN_MM, bottom_mm=15.5, width_mm=whole_mm, height_mm=4, size=8)
    if label.lot:
        paper.code(label.lot, left_mm=0, bottom_mm=8, width_mm=WIDTH_MM, height_mm=6.5)
    below = [captioned("lot", label.lot)] if label.lot else []
    below += [captioned("expires", label.expires_on.isoformat())] if label.expires_on else []
    paper.box(below, left_mm=20, bottom_mm=1.5, width_mm=WIDTH_MM - 22, height_mm=6, size=7)
    paper.ruler(MARGIN_MM, 2, RULER_MM)
