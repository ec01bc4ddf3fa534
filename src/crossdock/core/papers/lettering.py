"""Text of any script in one font that travels inside the paper: printers have no Chinese letters of their own."""

from functools import cache
from html import escape
from importlib.resources import as_file, files
from typing import Final

from anyascii import anyascii
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

NAME: Final = "WenQuanYi Micro Hei"
FILE: Final = files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc"
TEXT_MAX: Final = 300
"""Characters of one text that are printed. Longer text would be too small to read."""
MORE: Final = "…"


@cache
def font() -> TTFont:
    """Read when the first paper is made: most servers print nothing. It costs them 20 MB."""
    with as_file(FILE) as path:
        read = TTFont(NAME, str(path), subfontIndex=0)
    pdfmetrics.registerFont(read)
    return read


def cut(text: str) -> str:
    return text[:TEXT_MAX]


def printable(text: str) -> str:
    """White space and what cannot be printed as one blank; letters the font has not, spelled in Latin ones."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    known = font().face.charToGlyph
    return "".join(letter if ord(letter) in known else anyascii(letter) for letter in " ".join(shown.split()))


def marked_up(text: str) -> str:
    """For a paragraph: printable, and nothing of it taken for markup."""
    return escape(printable(text))


def width_mm(text: str, size: float) -> float:
    return sum(_width(letter) for letter in text) * size / 1000 / mm


def wrapped(text: str, *, size: float, line_mm: float, lines_max: int) -> list[str]:
    """Lines no wider than `line_mm`, broken at a blank where there is one; what is too long ends in MORE."""
    rest = printable(cut(text))
    lines: list[str] = []
    while rest and len(lines) < lines_max:
        fits = _fits(rest, size=size, line_mm=line_mm)
        blank = rest.rfind(" ", 0, fits + 1) if fits < len(rest) else -1
        end = blank if blank > 0 else fits
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    if rest:
        last = lines[-1] + MORE
        while len(last) > 1 and width_mm(last, size) > line_mm:
            last = last[:-2] + MORE
        lines[-1] = last
    return lines


def _fits(text: str, *, size: float, line_mm: float) -> int:
    """How many letters go on a line; one does, however narrow the line."""
    left = line_mm * mm * 1000 / size
    for position, letter in enumerate(text):
        left -= _width(letter)
        if left < 0:
            return max(position, 1)
    return len(text)


def _width(letter: str) -> float:
    """In thousandths of the size."""
    return float(font().face.getCharWidth(ord(letter)))  # type: ignore[no-untyped-call]
