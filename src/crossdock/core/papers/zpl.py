"""Labels for Zebra printers and those that speak their language: the very picture of the PDF, dot for dot.

One layout serves both: a printer's own fonts have no Chinese letters, and its own bar codes would be laid out anew.
"""

from itertools import groupby
from threading import Lock
from typing import Final

import pypdfium2
from PIL import Image
from pypdfium2 import raw
from zebrafy.zebrafy_image import ZebrafyImage

DOTS_PER_MM: Final = {203: 8, 300: 12}
"""By the resolution that printers are sold by; what they print are these."""
MM_PER_POINT: Final = 25.4 / 72
HALF: Final = 128
_PDFIUM: Final = Lock()
"""The library is not made for threads."""


def zpl(paper: bytes, *, dpi: int) -> bytes:
    """A label for each page of a PDF; pages alike, one after the other, are one label and how often."""
    labels = []
    for picture, many in groupby(pictures(paper, dots_per_mm=DOTS_PER_MM[dpi]), key=_as_field):
        field, (width, height) = picture
        labels.append(f"^XA^PW{width}^LL{height}^LH0,0{field}^PQ{len(list(many))}^XZ\n")
    return "".join(labels).encode()


def pictures(paper: bytes, *, dots_per_mm: int) -> list[Image.Image]:
    """Its pages in black and white, a dot for each of the printer's."""
    with _PDFIUM, pypdfium2.PdfDocument(paper) as document:
        return [_picture(page, dots_per_mm) for page in document]


def _picture(page: pypdfium2.PdfPage, dots_per_mm: int) -> Image.Image:
    width, height = (round(points * MM_PER_POINT * dots_per_mm) for points in page.get_size())
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, raw.FPDF_GRAYSCALE)
    grey: Image.Image = bitmap.to_pil()
    return grey.point(lambda light: 255 if light >= HALF else 0).convert("1", dither=Image.Dither.NONE)


def _as_field(picture: Image.Image) -> tuple[str, tuple[int, int]]:
    field = ZebrafyImage(picture, format="ASCII_COMPRESSED", complete_zpl=False, dither=False).to_zpl()
    return field, picture.size
