"""Text of any script in one font that travels inside the paper: printers have no Chinese letters of their own."""

from functools import cache
from html import escape
from importlib.resources import as_file, files
from typing import Final

from anyascii import anyascii
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

NAME: Final = "WenQuanYi Micro Hei"
FILE: Final = files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc"


@cache
def font() -> TTFont:
    """Read when the first paper is made: most servers print nothing. It costs them 20 MB."""
    with as_file(FILE) as path:
        read = TTFont(NAME, str(path), subfontIndex=0)
    pdfmetrics.registerFont(read)
    return read


def printable(text: str) -> str:
    """White space and what cannot be printed as one blank; letters the font has not, spelled in Latin ones."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    known = font().face.charToGlyph
    return "".join(letter if ord(letter) in known else anyascii(letter) for letter in " ".join(shown.split()))


def marked_up(text: str) -> str:
    """For a paragraph: printable, and nothing of it taken for markup."""
    return escape(printable(text))
