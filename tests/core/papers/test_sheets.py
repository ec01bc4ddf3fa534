"""Lists and notes over as many pages as they take."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from crossdock.core.papers import manifest, packing_slip, pick_list, sheet
from crossdock.core.papers.errors import PaperTooLong
from crossdock.core.papers.manifest import Manifest, ManifestLine
from crossdock.core.papers.packing_slip import DeliveryNote, PackingSlip, SlipLine
from crossdock.core.papers.pick_list import PickLine, PickList
from crossdock.core.papers.sheet import LINES_MAX, RULER_MM
from crossdock.core.papers.words import CAPTIONS
from tests.core.papers.reading import codes, has_ink, last_page, pages, ruler_mm, size_mm, text_of

NOW = datetime(2024, 8, 2, 7, 10, tzinfo=timezone(timedelta(hours=8)))
ORDER = "2408010360000001"
LINE = SlipLine(sku="P-7001", name="测试手机 8GB", ordered=3, here=1, to_come=2)
SLIP = PackingSlip(
    number="SO-1001",
    code=ORDER,
    placed_at=NOW,
    printed_at=NOW,
    sender=["广州一号仓"],
    recipient=["Alex Sample", "1 Sample Street"],
    lines=[LINE],
)
NOTE = DeliveryNote(**structs.asdict(SLIP), tracking=["T-1"], weight_g=1530)
TEXTS = st.text(max_size=400)


def picks(lines: int) -> PickList:
    """Told backwards."""
    return PickList(
        number="W-000012",
        site="WH-GZ01",
        printed_at=NOW,
        lines=[
            PickLine(
                walk_order=at,
                location=f"A-{at:02}",
                sku="P-7001",
                name="测试手机 8GB",
                quantity=2,
                order=str(2408010360000001 + at),
                tote=f"T-{at:04}",
            )
            for at in reversed(range(lines))
        ],
    )


def test_a_pick_list_is_walked_in_order_and_every_code_on_it_is_read() -> None:
    paper = pick_list.pdf(picks(30))
    found = pages(paper)
    rows = [(f"A-{at:02}", f"T-{at:04}", str(2408010360000001 + at)) for at in range(30)]
    assert len(found) > 1
    assert [code for page in found for code in codes(page)] == ["W-000012", *(code for row in rows for code in row)]
    said = text_of(paper)
    assert [said.index(row[0]) for row in rows] == sorted(said.index(row[0]) for row in rows)
    assert f"{CAPTIONS['pieces']}: 60" in said


def test_every_sheet_is_a4_and_says_so_with_a_ruler() -> None:
    handed = Manifest(number="M-1", carrier="飞鸟", site=["WH-GZ01"], printed_at=NOW, lines=[])
    for paper in (pick_list.pdf(picks(1)), packing_slip.pdf(SLIP), packing_slip.note_pdf(NOTE), manifest.pdf(handed)):
        assert size_mm(paper) == (210, 297)
        [page] = pages(paper)
        assert ruler_mm(page, left_mm=10, bottom_mm=10, dots_per_mm=8) == RULER_MM


def test_a_slip_and_a_note_say_what_is_here_and_what_is_to_come() -> None:
    slip, note = packing_slip.pdf(SLIP), packing_slip.note_pdf(NOTE)
    assert slip == packing_slip.pdf(SLIP)
    for paper in (slip, note):
        [page] = pages(paper)
        assert codes(page) == [ORDER]
        lines = text_of(paper).splitlines()
        at = lines.index("P-7001")
        assert lines[at : at + 5] == ["P-7001", "测试手机 8GB", "3", "1", "2"]
    assert "1.530 kg" in text_of(note)
    assert CAPTIONS["received"] in text_of(note)
    assert CAPTIONS["received"] not in text_of(slip)


def test_a_manifest_has_each_order_as_bars_and_adds_up() -> None:
    lines = [
        ManifestLine(order=f"240801036000000{at}", number=f"SO-{at}", parcels=2, weight_g=500) for at in range(1, 4)
    ]
    paper = manifest.pdf(Manifest(number="M-000003", carrier="飞鸟", site=["W"], printed_at=NOW, lines=lines))
    [page] = pages(paper)
    assert codes(page) == ["M-000003", *(line.order for line in lines)]
    said = text_of(paper)
    assert f"{CAPTIONS['parcels']}: 6" in said
    assert "1.500 kg" in said


def test_a_long_text_is_cut_where_it_fills_its_lines() -> None:
    def cut(words: int) -> bool:
        line = structs.replace(LINE, name="wwwwwwwwww " * words)
        return "…" in text_of(packing_slip.pdf(structs.replace(SLIP, lines=[line])))

    fits = next(words for words in range(1, 27) if cut(words + 1))
    assert fits % LINES_MAX == 0
    assert not cut(fits)


def test_as_many_rows_as_may_be_and_one_more() -> None:
    paper = packing_slip.pdf(structs.replace(SLIP, lines=[LINE] * sheet.ROWS_MAX))
    assert f"{CAPTIONS['pieces']}: {sheet.ROWS_MAX}" in last_page(paper)
    with pytest.raises(PaperTooLong):
        packing_slip.pdf(structs.replace(SLIP, lines=[LINE] * (sheet.ROWS_MAX + 1)))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_is_written_a_sheet_keeps_to_its_margins_and_its_order_is_read(data: Any) -> None:
    line = SlipLine(
        sku=data.draw(TEXTS),
        name=data.draw(TEXTS),
        lot=data.draw(TEXTS),
        expires_on=date(2026, 1, 31),
        ordered=10**12,
        here=10**12,
    )
    paper = DeliveryNote(
        number=data.draw(TEXTS),
        code=ORDER,
        reference=data.draw(TEXTS),
        service=data.draw(TEXTS),
        owner=data.draw(TEXTS),
        placed_at=NOW,
        printed_at=NOW,
        sender=data.draw(st.lists(TEXTS, max_size=12)),
        recipient=data.draw(st.lists(TEXTS, max_size=12)),
        lines=[line] * data.draw(st.integers(0, 40)),
        notes=data.draw(st.lists(TEXTS, max_size=12)),
        tracking=data.draw(st.lists(TEXTS, max_size=12)),
    )
    found = pages(packing_slip.note_pdf(paper))
    assert codes(found[0]) == [ORDER]
    assert not any(has_ink(page, margin_mm=9) for page in found)
