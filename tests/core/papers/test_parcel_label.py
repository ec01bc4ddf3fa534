"""Labels of parcels, read back."""

from io import BytesIO

import pypdf
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.papers import lettering
from crossdock.core.papers.lettering import TEXT_MAX
from crossdock.core.papers.parcel_label import HEIGHT_MM, WIDTH_MM, ParcelLabel, pdf
from tests.core.papers.reading import codes, pages, size_mm, text_of

TEXTS = st.lists(st.text(max_size=2 * TEXT_MAX), max_size=9)


def label(**changes: object) -> ParcelLabel:
    said = {"number": "2403010360000002", "service": "飞鸟小包", "sender": ["WH-GZ01"], "recipient": ["Alex Sample"]}
    return ParcelLabel(**(said | changes))  # type: ignore[arg-type]


def test_a_page_has_its_millimetres() -> None:
    assert size_mm(pdf(label())) == (WIDTH_MM, HEIGHT_MM)


def test_the_same_label_is_the_same_bytes() -> None:
    assert pdf(label()) == pdf(label())


def test_letters_travel_inside_the_paper() -> None:
    page = pypdf.PdfReader(BytesIO(pdf(label()))).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    embedded = ["/FontFile2" in font["/FontDescriptor"] for font in fonts if font["/Subtype"] == "/TrueType"]
    assert embedded
    assert all(embedded)


def test_names_of_many_scripts() -> None:
    names = ["Łódź, Große Straße", "广州市 天河区", "東京都 ひらがな", "한국", "Αθήνα", "Москва"]
    assert set(names) <= set(text_of(pdf(label(recipient=names))).splitlines())


def test_letters_that_the_font_has_not_are_spelled() -> None:
    assert lettering.printable("ไทย") == "aithy"
    assert lettering.printable(" a\x00b\t\n c\ud800 ") == "a b c"


def test_markup_is_text() -> None:
    name = "<b>&amp; <img src='x'/> </para>"
    assert name in text_of(pdf(label(recipient=[name])))


@settings(max_examples=30, deadline=None)
@given(sender=TEXTS, recipient=TEXTS, notes=TEXTS, service=st.text(max_size=2 * TEXT_MAX), parcels=st.integers(1, 2))
def test_whatever_is_written_the_number_is_read_as_qr_and_as_bars(sender, recipient, notes, service, parcels) -> None:
    paper = pdf(label(sender=sender, recipient=recipient, notes=notes, service=service, parcels=parcels))
    assert [codes(page) for page in pages(paper)] == [["2403010360000002"] * 2] * parcels


def test_a_number_that_bars_cannot_say_is_read_as_qr() -> None:
    [page] = pages(pdf(label(number="订单-1001")))
    assert codes(page) == ["订单-1001"] * 2


def test_what_is_longer_than_a_line_may_be_is_cut() -> None:
    whole, cut = (text_of(pdf(label(notes=["7" * (TEXT_MAX + more)]))).count("7") for more in (0, 1))
    assert whole == cut == TEXT_MAX
