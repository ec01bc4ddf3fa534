"""The licence plate of a pallet or a carton, 100 by 150 mm: its SSCC as GS1-128, and what is in it.

Goods that have a GTIN are told in GS1's words, others in plain Code 128. Source: GS1 Logistic Label Guideline.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import Struct

from crossdock.core.papers.drawing import Paper
from crossdock.core.papers.words import captioned
from crossdock.core.units import gs1

WIDTH_MM: Final = 100
HEIGHT_MM: Final = 150
MARGIN_MM: Final = 5
BAR_HEIGHT_MM: Final = 32
"""GS1 asks for 31.75."""
ROW_MM: Final = 38
RULER_MM: Final = 20


class Content(Struct, frozen=True, kw_only=True):
    """One kind of goods, all of one lot."""

    sku: str
    name: str
    quantity: int
    gtin: str = ""
    """Of one piece; empty where it has none."""
    lot: str = ""
    expires_on: date | None = None


class PlateLabel(Struct, frozen=True, kw_only=True):
    """Lines are printed in their order. What does not fit its place is set smaller."""

    sscc: str
    sender: Sequence[str]
    content: Content | None = None
    """None where it holds several kinds of goods, or nothing yet."""


class PlateLabels(Struct, frozen=True, kw_only=True):
    """A roll of them."""

    labels: Sequence[PlateLabel]


def pdf(label: PlateLabel) -> bytes:
    """One page; the same label gives the same bytes."""
    return pdf_of([label])


def pdf_of(labels: Sequence[PlateLabel]) -> bytes:
    """A page for each."""
    paper = Paper(WIDTH_MM, HEIGHT_MM, title=labels[0].sscc)
    for label in labels:
        _page(paper, label)
        paper.end_page()
    return paper.finish()


def _page(paper: Paper, label: PlateLabel) -> None:
    rows = [("00" + label.sscc, f"(00) {label.sscc}", True)]
    if label.content:
        rows += _told(label.content)
    bottom_mm = MARGIN_MM
    for text, shown, of_gs1 in rows:
        paper.code(text, left_mm=0, bottom_mm=bottom_mm + 5, width_mm=WIDTH_MM, height_mm=BAR_HEIGHT_MM, gs1=of_gs1)
        paper.box([shown], left_mm=36, bottom_mm=bottom_mm, width_mm=WIDTH_MM - 41, height_mm=4.5, size=9)
        bottom_mm += ROW_MM
    paper.ruler(MARGIN_MM, MARGIN_MM, RULER_MM)
    whole_mm = WIDTH_MM - 2 * MARGIN_MM
    paper.rule(MARGIN_MM, bottom_mm, whole_mm)
    left_mm = HEIGHT_MM - MARGIN_MM - bottom_mm
    content_mm = left_mm * 2 / 3 if label.content else 0
    if label.content:
        paper.box(
            _in_words(label.content),
            left_mm=MARGIN_MM,
            bottom_mm=bottom_mm + 0.5,
            width_mm=whole_mm,
            height_mm=content_mm - 1,
            size=12,
        )
        paper.rule(MARGIN_MM, bottom_mm + content_mm, whole_mm)
    paper.box(
        label.sender,
        left_mm=MARGIN_MM,
        bottom_mm=bottom_mm + content_mm + 0.5,
        width_mm=whole_mm,
        height_mm=left_mm - content_mm - 0.5,
        size=10,
    )


def _told(content: Content) -> list[tuple[str, str, bool]]:
    """What scanners read of it, from below: text, what is shown of it, whether in GS1's words."""
    if not gs1.is_gtin(content.gtin) or not 0 < content.quantity <= gs1.COUNT_MAX:
        lot = [(content.lot, content.lot, False)] if content.lot else []
        return [(content.sku, content.sku, False), *lot]
    gtin = content.gtin.zfill(14)
    rows = [(gs1.content(gtin, content.quantity), f"(02) {gtin} (37) {content.quantity}", True)]
    told = [(gs1.expiry(content.expires_on), f"(17) {content.expires_on:%y%m%d}")] if content.expires_on else []
    told += [(f"10{content.lot}", f"(10) {content.lot}")] if gs1.is_lot(content.lot) else []
    if told:
        rows.append(("".join(text for text, _ in told), " ".join(shown for _, shown in told), True))
    return rows


def _in_words(content: Content) -> list[str]:
    said = [content.name, captioned("sku", content.sku), captioned("quantity", str(content.quantity))]
    said += [captioned("lot", content.lot)] if content.lot else []
    said += [captioned("expires", content.expires_on.isoformat())] if content.expires_on else []
    return said
