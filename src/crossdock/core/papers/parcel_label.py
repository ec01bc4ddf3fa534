"""The label on a parcel, 100 by 150 mm: from whom, to whom, how, and its number as a bar code. A page per parcel."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from msgspec import Struct
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, KeepInFrame, Paragraph

from crossdock.core.papers import lettering

WIDTH_MM: Final = 100
HEIGHT_MM: Final = 150
MARGIN_MM: Final = 5
BAR_MM: Final = 0.33
"""The narrowest bar."""
BAR_HEIGHT_MM: Final = 22
TEXT_MAX: Final = 300
"""Characters of one line that are printed. Longer text would be too small to read."""
LEADING: Final = 1.2


class ParcelLabel(Struct, frozen=True, kw_only=True):
    """Lines are printed in their order; empty ones are left out. What does not fit its place is set smaller."""

    number: str
    """Printed as Code 128: ASCII."""
    service: str
    sender: Sequence[str]
    recipient: Sequence[str]
    """The first line is the person, the last the country."""
    notes: Sequence[str] = ()
    parcels: int = 1


def pdf(label: ParcelLabel) -> bytes:
    """One page per parcel; the same label gives the same bytes. It takes a while: not on the event loop."""
    lettering.font()
    paper = BytesIO()
    canvas = Canvas(paper, pagesize=(WIDTH_MM * mm, HEIGHT_MM * mm), invariant=1, pageCompression=1)
    canvas.setTitle(label.number)
    for number in range(1, label.parcels + 1):
        _page(canvas, label, number)
        canvas.showPage()
    canvas.save()
    return paper.getvalue()


def _page(canvas: Canvas, label: ParcelLabel, number: int) -> None:
    _box(canvas, bottom_mm=130, height_mm=16, lines=[label.service], size=16)
    _box(canvas, bottom_mm=103, height_mm=26, lines=label.sender, size=8)
    _box(canvas, bottom_mm=52, height_mm=50, lines=label.recipient, size=13)
    _box(canvas, bottom_mm=37, height_mm=14, lines=label.notes, size=9, width_mm=68)
    _box(canvas, bottom_mm=37, height_mm=14, lines=[f"{number} / {label.parcels}"], size=14, left_mm=75, width_mm=20)
    for rule_mm in (129.5, 102.5, 51.5, 36.5):
        canvas.line(MARGIN_MM * mm, rule_mm * mm, (WIDTH_MM - MARGIN_MM) * mm, rule_mm * mm)
    bars = Code128(label.number, barWidth=BAR_MM * mm, barHeight=BAR_HEIGHT_MM * mm, quiet=False)
    bars.drawOn(canvas, (WIDTH_MM * mm - bars.width) / 2, 12 * mm)
    canvas.setFont(lettering.NAME, 11)
    canvas.drawCentredString(WIDTH_MM / 2 * mm, MARGIN_MM * mm, label.number)


def _box(
    canvas: Canvas,
    *,
    bottom_mm: float,
    height_mm: float,
    lines: Sequence[str],
    size: int,
    left_mm: float = MARGIN_MM,
    width_mm: float = WIDTH_MM - 2 * MARGIN_MM,
) -> None:
    style = ParagraphStyle("", fontName=lettering.NAME, fontSize=size, leading=size * LEADING, splitLongWords=1)
    printed: list[Flowable] = [
        Paragraph(text, style) for text in (lettering.marked_up(line[:TEXT_MAX]) for line in lines) if text
    ]
    if not printed:
        return
    width, height = width_mm * mm, height_mm * mm
    place = Frame(left_mm * mm, bottom_mm * mm, width, height, *(0, 0, 0, 0))
    place.addFromList([KeepInFrame(width, height, printed, mode="shrink")], canvas)
