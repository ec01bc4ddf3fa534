"""Labels of goods and of pallets: read from the PDF, and from what a printer is sent."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.papers import parcel_label, plate_label, product_label
from crossdock.core.papers.parcel_label import ParcelLabel
from crossdock.core.papers.plate_label import Content, PlateLabel
from crossdock.core.papers.product_label import ProductLabel
from crossdock.core.papers.zpl import DOTS_PER_MM, zpl
from crossdock.core.units.gs1 import COUNT_MAX, LOT_CHARACTERS_MAX
from tests.core.papers.reading import codes, has_ink, labels, pages, ruler_mm, size_mm, text_of

SSCC = "376104250021234569"
GTIN = "6291041500213"
DAY = date(2026, 1, 31)
GOODS = Content(sku="P-7001", name="测试手机 8GB", gtin=GTIN, quantity=120, lot="L2408A", expires_on=DAY)
TEXTS = st.text(max_size=400)


def plate(**changes: Any) -> bytes:
    content = Content(**({name: getattr(GOODS, name) for name in GOODS.__struct_fields__} | changes))
    return plate_label.pdf(PlateLabel(sscc=SSCC, sender=["广州一号仓", "WH-GZ01"], content=content))


def read(paper: bytes) -> list[str]:
    [page] = pages(paper)
    return codes(page)


PRODUCT = ProductLabel(code=GTIN, sku="P-7001", name="测试手机 8GB", lot="LOT-2408", expires_on=DAY)
PARCEL = ParcelLabel(number="2403010360000002", service="飞鸟小包", sender=["WH-GZ01"], recipient=["Alex Sample"])
PAPERS: dict[str, tuple[Callable[[], bytes], tuple[int, int], tuple[int, int, int], list[str]]] = {
    "product": (lambda: product_label.pdf(PRODUCT), (60, 40), (2, 2, 10), [GTIN, "LOT-2408"]),
    "parcel": (lambda: parcel_label.pdf(PARCEL), (100, 150), (5, 5, 20), ["2403010360000002"] * 2),
    "plate": (plate, (100, 150), (5, 5, 20), ["(17)260131(10)L2408A", f"(02)0{GTIN}(37)120", f"(00){SSCC}"]),
}
"""Name -> how it is made, its size, where its ruler begins and how long it is, what is read on it."""


@pytest.mark.parametrize("dpi", DOTS_PER_MM)
@pytest.mark.parametrize("name", PAPERS)
def test_the_paper_and_what_the_printer_is_sent_say_the_same_in_the_same_place(name: str, dpi: int) -> None:
    make, size, (left_mm, bottom_mm, long_mm), said = PAPERS[name]
    paper, dots = make(), DOTS_PER_MM[dpi]
    assert size_mm(paper) == size
    [page] = pages(paper, dots_per_mm=dots)
    [(printed, many)] = labels(zpl(paper, dpi=dpi))
    assert many == 1
    assert codes(page) == codes(printed) == said
    assert printed.size == (size[0] * dots, size[1] * dots)
    assert ruler_mm(printed, left_mm=left_mm, bottom_mm=bottom_mm, dots_per_mm=dots) == long_mm


def test_labels_alike_are_sent_once_and_how_often() -> None:
    paper = product_label.pdf(ProductLabel(code="1", sku="1", name="n", copies=3))
    assert len(pages(paper)) == 3
    assert [many for _, many in labels(zpl(paper, dpi=203))] == [3]
    two = parcel_label.pdf(ParcelLabel(number="1", service="", sender=(), recipient=(), parcels=2))
    assert [many for _, many in labels(zpl(two, dpi=203))] == [1, 1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lot": "", "expires_on": None}, [f"(02)0{GTIN}(37)120", f"(00){SSCC}"]),
        ({"lot": ""}, ["(17)260131", f"(02)0{GTIN}(37)120", f"(00){SSCC}"]),
        ({"expires_on": None}, ["(10)L2408A", f"(02)0{GTIN}(37)120", f"(00){SSCC}"]),
        (
            {"lot": "A" * LOT_CHARACTERS_MAX, "expires_on": None},
            [f"(10){'A' * 20}", f"(02)0{GTIN}(37)120", f"(00){SSCC}"],
        ),
        ({"lot": "A" * (LOT_CHARACTERS_MAX + 1), "expires_on": None}, [f"(02)0{GTIN}(37)120", f"(00){SSCC}"]),
        ({"lot": "批号", "expires_on": None}, [f"(02)0{GTIN}(37)120", f"(00){SSCC}"]),
        ({"lot": "", "expires_on": None, "quantity": COUNT_MAX}, [f"(02)0{GTIN}(37){COUNT_MAX}", f"(00){SSCC}"]),
        ({"lot": "", "quantity": COUNT_MAX + 1}, ["P-7001", f"(00){SSCC}"]),
        ({"gtin": ""}, ["L2408A", "P-7001", f"(00){SSCC}"]),
        ({"gtin": GTIN[:-1] + "4"}, ["L2408A", "P-7001", f"(00){SSCC}"]),
    ],
)
def test_a_plate_tells_its_content_to_scanners(changes: dict[str, Any], said: list[str]) -> None:
    assert read(plate(**changes)) == said


def test_a_plate_whose_content_is_not_known() -> None:
    assert read(plate_label.pdf(PlateLabel(sscc=SSCC, sender=["WH-GZ01"]))) == [f"(00){SSCC}"]


def test_lot_and_day_are_told_to_people_even_where_bars_cannot() -> None:
    said = text_of(plate(lot="批号 7"))
    assert "批号 7" in said
    assert "2026-01-31" in said


@settings(max_examples=25, deadline=None)
@given(name=TEXTS, sku=TEXTS, lot=TEXTS, sender=st.lists(TEXTS, max_size=12))
def test_whatever_is_written_a_label_keeps_to_its_margins_and_its_number_is_read(name, sku, lot, sender) -> None:
    goods = Content(sku=sku, name=name, quantity=1, lot=lot)
    paper = plate_label.pdf(PlateLabel(sscc=SSCC, sender=sender, content=goods))
    [page] = pages(paper)
    assert f"(00){SSCC}" in codes(page)
    assert not has_ink(page, margin_mm=2)
    [page] = pages(product_label.pdf(ProductLabel(code="00131031", sku=sku, name=name, lot=lot)))
    assert "00131031" in codes(page)
    assert not has_ink(page, margin_mm=1)
