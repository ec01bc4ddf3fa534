"""Bar codes, QR codes and rulers, whatever they say."""

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.papers import lettering
from crossdock.core.papers.drawing import CODE_CHARACTERS_MAX, QR_BYTES_MAX, Paper, bars_of, qr_of
from crossdock.core.papers.zpl import DOTS_PER_MM, zpl
from tests.core.papers.reading import labels, pages, ruler_mm, runs

ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=CODE_CHARACTERS_MAX)


def read(paper: Paper, *, dots_per_mm: int = 8) -> list[tuple[str, bytes]]:
    """At the size it is printed: bars made smaller by parts of a dot can pass for others, check digit and all."""
    paper.end_page()
    [page] = pages(paper.finish(), dots_per_mm=dots_per_mm)
    return [(code.format.name, code.bytes) for code in zxingcpp.read_barcodes(page, try_downscale=False)]


@settings(max_examples=50, deadline=None)
@given(text=ASCII)
def test_bars_say_what_they_were_told(text: str) -> None:
    paper = Paper(300, 30, title="")
    assert paper.code(text, left_mm=0, bottom_mm=5, width_mm=300, height_mm=20) == "bars"
    assert read(paper) == [("Code128", text.encode())]


@settings(max_examples=50, deadline=None)
@given(text=st.text(min_size=1, max_size=60))
def test_a_qr_says_what_it_was_told(text: str) -> None:
    paper = Paper(60, 60, title="")
    assert paper.qr(text, left_mm=0, bottom_mm=0, side_mm=60) == "qr"
    assert read(paper) == [("QRCode", text.encode(errors="replace"))]


def test_what_bars_cannot_say_and_what_has_no_room_becomes_a_qr_or_nothing() -> None:
    def drawn(text: str, width_mm: float, height_mm: float = 20) -> str:
        return Paper(300, 30, title="").code(text, left_mm=0, bottom_mm=0, width_mm=width_mm, height_mm=height_mm)

    assert bars_of("7" * CODE_CHARACTERS_MAX)
    assert not bars_of("7" * (CODE_CHARACTERS_MAX + 1))
    assert qr_of("7" * QR_BYTES_MAX)
    assert not qr_of("7" * (QR_BYTES_MAX + 1))
    assert drawn("A" * 20, 300) == "bars"
    assert drawn("A" * 20, 40) == drawn("库位", 300) == drawn("a\tb", 300) == "qr"
    assert drawn("", 300) == drawn("库位", 300, 5) == drawn("7" * (QR_BYTES_MAX + 1), 300) == "nothing"


@pytest.mark.parametrize("dpi", DOTS_PER_MM)
def test_every_bar_is_whole_dots_wide_and_a_ruler_is_as_long_as_it_says(dpi: int) -> None:
    paper = Paper(100, 50, title="")
    paper.code("2403010360000002", left_mm=0, bottom_mm=20, width_mm=100, height_mm=20)
    paper.ruler(7, 5, 50)
    paper.end_page()
    dots = DOTS_PER_MM[dpi]
    [(picture, _)] = labels(zpl(paper.finish(), dpi=dpi))
    assert picture.size == (100 * dots, 50 * dots)
    assert ruler_mm(picture, left_mm=7, bottom_mm=5, dots_per_mm=dots) == 50
    stretches = runs(picture, bottom_mm=30, dots_per_mm=dots)
    assert {stretch % (dots // 2) for stretch in stretches} == {0}
    assert sum(stretches) == len(bars_of("2403010360000002")) * dots // 2


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=400), line_mm=st.floats(1, 100), lines_max=st.integers(1, 5))
def test_wrapped_text_is_whole_or_says_that_it_is_not(text: str, line_mm: float, lines_max: int) -> None:
    whole = lettering.printable(lettering.cut(text))
    lines = lettering.wrapped(text, size=9, line_mm=line_mm, lines_max=lines_max)
    assert len(lines) <= lines_max
    assert all(len(line) == 1 or lettering.width_mm(line, 9) <= line_mm + 1e-6 for line in lines)
    said = "".join(lines).replace(" ", "")
    wanted = whole.replace(" ", "")
    assert said == wanted or (lines[-1].endswith("…") and wanted.startswith(said[:-1]))
