"""What every paper is drawn with: text in a box, bar codes and QR codes on a grid of dots, a ruler.

Lengths are millimetres, from the lower left corner. Bars and modules are whole multiples of GRID_MM and begin on it:
two dots of a printer with 8 dots to the millimetre (203 dpi), three of one with 12 (300 dpi). So a label is as sharp
printed as drawn, and no bar is wider than its sister.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import groupby
from typing import Final, Literal

import segno
from barcode.codex import Code128, Gs1_128
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, KeepInFrame, Paragraph

from crossdock.core.papers import lettering

GRID_MM: Final = 0.25
BARS_MM: Final = (0.5, 0.25)
"""The narrowest bar, the widest that fits; less is hard to read for a scanner in a warehouse."""
MODULES_MM: Final = (1.0, 0.75, 0.5, 0.25)
"""A dot of a QR code, likewise."""
QUIET_BARS: Final = 10
QUIET_MODULES: Final = 4
"""Left white on each side, in narrowest bars and in dots, as the standards ask."""
CODE_CHARACTERS_MAX: Final = 48
"""Of a bar code; longer ones are printed as QR only."""
QR_BYTES_MAX: Final = 300
LEADING: Final = 1.2

Drawn = Literal["bars", "qr", "nothing"]


class Paper:
    """A PDF that grows page by page; the same calls give the same bytes."""

    def __init__(self, width_mm: float, height_mm: float, *, title: str) -> None:
        lettering.font()
        self.width_mm = width_mm
        self.height_mm = height_mm
        self._bytes = BytesIO()
        size = (width_mm * mm, height_mm * mm)
        self._canvas = Canvas(self._bytes, pagesize=size, invariant=1, pageCompression=1)
        self._canvas.setTitle(lettering.printable(title))

    def end_page(self) -> None:
        self._canvas.showPage()

    def finish(self) -> bytes:
        self._canvas.save()
        return self._bytes.getvalue()

    def rule(self, left_mm: float, bottom_mm: float, width_mm: float) -> None:
        self._canvas.line(left_mm * mm, bottom_mm * mm, (left_mm + width_mm) * mm, bottom_mm * mm)

    def frame(self, left_mm: float, bottom_mm: float, side_mm: float) -> None:
        """A square to tick."""
        self._canvas.rect(left_mm * mm, bottom_mm * mm, side_mm * mm, side_mm * mm)

    def text(
        self, left_mm: float, bottom_mm: float, text: str, *, size: float, width_mm: float = 0, align: str = "left"
    ) -> None:
        """One line that is known to fit."""
        self._canvas.setFont(lettering.NAME, size)
        match align:
            case "right":
                self._canvas.drawRightString((left_mm + width_mm) * mm, bottom_mm * mm, text)
            case "centre":
                self._canvas.drawCentredString((left_mm + width_mm / 2) * mm, bottom_mm * mm, text)
            case _:
                self._canvas.drawString(left_mm * mm, bottom_mm * mm, text)

    def box(
        self, lines: Sequence[str], *, left_mm: float, bottom_mm: float, width_mm: float, height_mm: float, size: int
    ) -> None:
        """Lines of any length; what does not fit is set smaller. Empty ones are left out."""
        style = ParagraphStyle("", fontName=lettering.NAME, fontSize=size, leading=size * LEADING, splitLongWords=1)
        printed: list[Flowable] = [
            Paragraph(text, style) for text in (lettering.marked_up(lettering.cut(line)) for line in lines) if text
        ]
        if not printed:
            return
        width, height = width_mm * mm, height_mm * mm
        place = Frame(left_mm * mm, bottom_mm * mm, width, height, *(0, 0, 0, 0))
        place.addFromList([KeepInFrame(width, height, printed, mode="shrink")], self._canvas)

    def ruler(self, left_mm: float, bottom_mm: float, length_mm: int) -> None:
        """Lay a real one beside it: a printer that scales is found out."""
        ends = [left_mm + at for at in range(0, length_mm, 10)] + [left_mm + length_mm - GRID_MM]
        self._fill(
            [(left_mm, bottom_mm, length_mm, GRID_MM), *((end, bottom_mm + GRID_MM, GRID_MM, 1) for end in ends)]
        )
        self.text(left_mm + length_mm + 1, bottom_mm, f"{length_mm} mm", size=5)

    def code(
        self, text: str, *, left_mm: float, bottom_mm: float, width_mm: float, height_mm: float, gs1: bool = False
    ) -> Drawn:
        """Bars in the middle of the place, quiet zones within it; QR where they cannot say or hold the text."""
        bits = bars_of(text, gs1=gs1)
        for bar_mm in BARS_MM if bits else ():
            needed_mm = (len(bits) + 2 * QUIET_BARS) * bar_mm
            if needed_mm <= width_mm:
                first_mm = _on_grid(left_mm + (width_mm - needed_mm) / 2) + QUIET_BARS * bar_mm
                bottom_mm = _on_grid(bottom_mm)
                self._fill((first_mm + at * bar_mm, bottom_mm, many * bar_mm, height_mm) for at, many in _runs(bits))
                return "bars"
        return self.qr(text, left_mm=left_mm, bottom_mm=bottom_mm, side_mm=min(width_mm, height_mm))

    def qr(self, text: str, *, left_mm: float, bottom_mm: float, side_mm: float) -> Drawn:
        """In the lower left corner of the place, quiet zone within it."""
        rows = qr_of(text)
        for module_mm in MODULES_MM if rows else ():
            needed_mm = (len(rows) + 2 * QUIET_MODULES) * module_mm
            if needed_mm <= side_mm:
                left_mm = _on_grid(left_mm) + QUIET_MODULES * module_mm
                bottom_mm = _on_grid(bottom_mm) + QUIET_MODULES * module_mm
                self._fill(
                    (left_mm + at * module_mm, bottom_mm + row * module_mm, many * module_mm, module_mm)
                    for row, bits in enumerate(reversed(rows))
                    for at, many in _runs(bits)
                )
                return "qr"
        return "nothing"

    def _fill(self, boxes: Iterable[tuple[float, float, float, float]]) -> None:
        path = self._canvas.beginPath()
        for left, bottom, width, height in boxes:
            path.rect(left * mm, bottom * mm, width * mm, height * mm)
        self._canvas.drawPath(path, stroke=0, fill=1)


def bars_of(text: str, *, gs1: bool = False) -> str:
    """Code 128, or GS1-128 where FNC1 is `\\xf1`, as `1` black and `0` white; empty for what it cannot say."""
    letters = text.replace(FNC1, "") if gs1 else text
    if not letters or len(text) > CODE_CHARACTERS_MAX or not all(" " <= letter <= "~" for letter in letters):
        return ""
    return str((Gs1_128 if gs1 else Code128)(text).build()[0])


FNC1: Final = Gs1_128.FNC1_CHAR


def qr_of(text: str) -> list[str]:
    """Row by row, as `1` and `0`; empty for what is longer than QR_BYTES_MAX, or nothing."""
    raw = text.encode(errors="replace")
    if not raw or len(raw) > QR_BYTES_MAX:
        return []
    found = segno.make_qr(raw.decode(), error="m", boost_error=False, encoding="utf-8")
    return ["".join("1" if dark else "0" for dark in row) for row in found.matrix]


def _runs(bits: str) -> list[tuple[int, int]]:
    """Where black begins, and how much of it."""
    found, at = [], 0
    for bit, many in groupby(bits):
        count = len(list(many))
        if bit == "1":
            found.append((at, count))
        at += count
    return found


def _on_grid(length_mm: float) -> float:
    return round(length_mm / GRID_MM) * GRID_MM
