"""Papers as a scanner sees them: pictures of their pages, in dots, and what is read in them."""

import re
from io import BytesIO

import pypdf
import pypdfium2
import zxingcpp
from PIL import Image

POINTS_PER_MM = 72 / 25.4
LABEL = re.compile(r"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0\^FO0,0\^GFA,(\d+),(\d+),(\d+),([^^]*)\^FS\^PQ(\d+)\^XZ\n")


def pages(paper: bytes, *, dots_per_mm: int = 8) -> list[Image.Image]:
    """Rendered apart from the code under test, in grey."""
    scale = dots_per_mm / POINTS_PER_MM * (1 - 1e-6)  # a length in points is never whole, and the renderer rounds up
    return [page.render(scale=scale).to_pil().convert("L") for page in pypdfium2.PdfDocument(paper)]


def codes(picture: Image.Image) -> list[str]:
    """From the top of the page."""
    found = zxingcpp.read_barcodes(picture.convert("L"))
    return [
        code.text for code in sorted(found, key=lambda code: (code.position.top_left.y, code.position.top_left.x))
    ]


def labels(zpl: bytes) -> list[tuple[Image.Image, int]]:
    """What a printer makes of each label, and how often: read by the letters of ZPL's manual, not by a library."""
    text = zpl.decode("ascii")
    assert LABEL.sub("", text) == ""
    found = []
    for label in LABEL.finditer(text):
        width, height, sent, whole, row_bytes, many = (int(label[group]) for group in (1, 2, 3, 4, 5, 7))
        assert sent == whole == row_bytes * height
        rows = _rows(label[6], row_bytes * 2)
        assert len(rows) == height
        dots = bytes.fromhex("".join(rows))
        ink = Image.frombytes("1", (row_bytes * 8, height), dots).crop((0, 0, width, height))
        found.append((ink.convert("L").point(lambda dot: 255 - dot), many))
    return found


def _rows(data: str, digits: int) -> list[str]:
    rows, row, times = [], "", 0
    for letter in data:
        if letter in ":,!":
            assert not times
            row = rows[-1] if letter == ":" else row.ljust(digits, "0" if letter == "," else "F")
        elif "G" <= letter <= "Y":
            times += ord(letter) - ord("F")
        elif "g" <= letter <= "z":
            times += (ord(letter) - ord("f")) * 20
        else:
            row += letter * (times or 1)
            times = 0
        if len(row) == digits and not times:
            rows.append(row)
            row = ""
    assert not row
    return rows


def size_mm(paper: bytes, page: int = 0) -> tuple[float, float]:
    box = pypdf.PdfReader(BytesIO(paper)).pages[page].mediabox
    return round(float(box.width) / POINTS_PER_MM, 2), round(float(box.height) / POINTS_PER_MM, 2)


def text_of(paper: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(paper)).pages)


def last_page(paper: bytes) -> str:
    return pypdf.PdfReader(BytesIO(paper)).pages[-1].extract_text()


def ruler_mm(picture: Image.Image, *, left_mm: float, bottom_mm: float, dots_per_mm: int) -> float:
    """How long the line is that begins there, measured in the picture."""
    x, y = round(left_mm * dots_per_mm), picture.height - 1 - round(bottom_mm * dots_per_mm)
    long = 0
    while x + long < picture.width and picture.getpixel((x + long, y)) == 0:  # type: ignore[operator]
        long += 1
    return long / dots_per_mm


def runs(picture: Image.Image, *, bottom_mm: float, dots_per_mm: int) -> list[int]:
    """Dots of each stretch of one colour along a line, without the white at both ends."""
    y = picture.height - 1 - round(bottom_mm * dots_per_mm)
    dots = "".join("#" if picture.getpixel((x, y)) == 0 else " " for x in range(picture.width))
    return [len(stretch[0]) for stretch in re.finditer(r"#+| +", dots.strip())]


def has_ink(picture: Image.Image, *, margin_mm: float, dots_per_mm: int = 8) -> bool:
    """Anything in the margins, where printers cut off."""
    margin = round(margin_mm * dots_per_mm)
    inner = picture.copy()
    inner.paste(255, (margin, margin, picture.width - margin, picture.height - margin))
    return inner.getextrema()[0] < 128  # type: ignore[operator]
