"""A sheet of A4 with a head, a table over as many pages as it takes, and a foot: what all lists and notes are."""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from crossdock.core.papers import lettering
from crossdock.core.papers.drawing import Paper
from crossdock.core.papers.errors import PaperTooLong
from crossdock.core.papers.words import CAPTIONS, captioned

WIDTH_MM: Final = 210
HEIGHT_MM: Final = 297
MARGIN_MM: Final = 10
INNER_MM: Final = WIDTH_MM - 2 * MARGIN_MM
RULER_MM: Final = 50
ROWS_MAX: Final = 5_000
"""Of one sheet; more is a wave that is to be split."""
LINES_MAX: Final = 4
"""Of text in one cell, one note or one line of an address; what is longer ends in an ellipsis."""
PARTY_LINES_MAX: Final = 12
NOTES_MAX: Final = 10
TITLE_SIZE: Final = 16
SIZE: Final = 9
SMALL: Final = 7
LINE_MM: Final = 4.0
"""From one line of text to the next."""
PADDING_MM: Final = 1.0
CODE_MM: Final = 10
"""Of bars; their text stands below."""
HEAD_CODE_MM: Final = 13
HEADING_MM: Final = 5
FOOT_MM: Final = 8
CODE_WIDTH_MM: Final = 90

Kind = Literal["text", "number", "code", "tick"]


class Column(Struct, frozen=True, kw_only=True):
    caption: str = ""
    """A name of CAPTIONS."""
    width_mm: float
    kind: Kind = "text"
    """`code`: bars over the text; `number`: to the right; `tick`: an empty square."""
    size: float = SIZE


class Sheet(Struct, frozen=True, kw_only=True):
    title: str
    """A name of CAPTIONS."""
    number: str
    code: str
    """Bars in the head; empty: none."""
    facts: Sequence[tuple[str, str]] = ()
    """A name of CAPTIONS and what it says; without what it says it is left out."""
    sender: Sequence[str] = ()
    recipient: Sequence[str] = ()
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    totals: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    signatures: Sequence[str] = ()
    """Names of CAPTIONS: who is to sign."""


class _Row(Struct, frozen=True):
    cells: Sequence[Sequence[str]]
    """The lines of each."""
    height_mm: float


def pdf(sheet: Sheet) -> bytes:
    """The same sheet gives the same bytes; time grows with the rows. Errors: PaperTooLong."""
    if len(sheet.rows) > ROWS_MAX:
        raise PaperTooLong(rows=len(sheet.rows), most=ROWS_MAX)
    drawn = _Drawn(sheet)
    return drawn.pdf()


class _Drawn:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._paper = Paper(WIDTH_MM, HEIGHT_MM, title=f"{CAPTIONS[sheet.title]} {lettering.cut(sheet.number)}")
        self._number = _lines(sheet.number, CODE_WIDTH_MM, 1, size=SIZE)
        self._facts = [
            line
            for name, text in sheet.facts
            if text
            for line in _lines(captioned(name, text), INNER_MM - CODE_WIDTH_MM - 5, 2)
        ]
        self._parties = [self._party("sender", sheet.sender), self._party("recipient", sheet.recipient)]
        self._totals = [line for name, text in sheet.totals for line in _lines(captioned(name, text), INNER_MM, 1)]
        self._notes = [line for text in sheet.notes[:NOTES_MAX] for line in _lines(text, INNER_MM, LINES_MAX)]

    def pdf(self) -> bytes:
        pages = self._pages()
        for number, rows in enumerate(pages, start=1):
            top_mm = self._head(number, len(pages))
            if rows:
                top_mm = self._rows(rows, top_mm)
            if number == len(pages):
                self._end(top_mm)
            self._paper.end_page()
        return self._paper.finish()

    def _pages(self) -> list[list[_Row]]:
        """Rows of each page; the last one has room for the end."""
        room_mm = self._first_mm() - MARGIN_MM - FOOT_MM - HEADING_MM
        pages: list[list[_Row]] = [[]]
        left_mm = room_mm
        for cells in self._sheet.rows:
            row = self._row(cells)
            if row.height_mm > left_mm:
                pages.append([])
                left_mm = HEIGHT_MM - MARGIN_MM - 10 - MARGIN_MM - FOOT_MM - HEADING_MM
            pages[-1].append(row)
            left_mm -= row.height_mm
        if self._end_mm() > left_mm:
            pages.append([])
        return pages

    # The head --------------------------------------------------------------------

    def _party(self, caption: str, lines: Sequence[str]) -> list[str]:
        said = [line for text in lines for line in _lines(text, INNER_MM / 2 - 5, LINES_MAX)]
        return [CAPTIONS[caption], *said[:PARTY_LINES_MAX]] if said else []

    def _first_mm(self) -> float:
        """Where the table of the first page begins."""
        facts_mm = 9 + len(self._facts) * LINE_MM
        head_mm = max(facts_mm, HEAD_CODE_MM + 6 if self._sheet.code else 10)
        return HEIGHT_MM - MARGIN_MM - head_mm - max(map(len, self._parties)) * LINE_MM - 5

    def _head(self, number: int, pages: int) -> float:
        """Where the table begins."""
        top_mm = HEIGHT_MM - MARGIN_MM
        first = number == 1
        foot = f"{CAPTIONS['page']} {number} / {pages}"
        self._paper.text(MARGIN_MM, MARGIN_MM, foot, size=SMALL, width_mm=INNER_MM, align="right")
        if not first:
            said = f"{CAPTIONS[self._sheet.title]}  {self._number[0] if self._number else ''}"
            self._paper.text(MARGIN_MM, top_mm - 4, said, size=SIZE)
            return top_mm - 10
        self._paper.text(MARGIN_MM, top_mm - 6, CAPTIONS[self._sheet.title], size=TITLE_SIZE)
        for place, line in enumerate(self._facts):
            self._paper.text(MARGIN_MM, top_mm - 12 - place * LINE_MM, line, size=SIZE)
        if self._sheet.code:
            left_mm = WIDTH_MM - MARGIN_MM - CODE_WIDTH_MM
            self._code(self._sheet.code, self._number, left_mm, top_mm, CODE_WIDTH_MM, height_mm=HEAD_CODE_MM)
        else:
            for line in self._number:
                self._paper.text(MARGIN_MM, top_mm - 6, line, size=TITLE_SIZE - 4, width_mm=INNER_MM, align="right")
        parties_mm = self._first_mm() + 2 + max(map(len, self._parties)) * LINE_MM
        for side, lines in enumerate(self._parties):
            for place, line in enumerate(lines):
                size = SMALL if place == 0 else SIZE
                bottom_mm = parties_mm - (place + 1) * LINE_MM
                self._paper.text(MARGIN_MM + side * INNER_MM / 2, bottom_mm, line, size=size)
        self._paper.ruler(MARGIN_MM, MARGIN_MM, RULER_MM)
        return self._first_mm()

    # The table -------------------------------------------------------------------

    def _row(self, cells: Sequence[str]) -> _Row:
        found: list[list[str]] = []
        height_mm = LINE_MM + 2 * PADDING_MM
        for column, text in zip(self._sheet.columns, cells, strict=True):
            lines = _lines(
                text,
                column.width_mm - 2 * PADDING_MM,
                1 if column.kind == "code" else LINES_MAX,
                size=column.size,
            )
            found.append([text, *lines] if column.kind == "code" else lines)
            needed_mm = len(lines) * _line_mm(column.size) + (CODE_MM if column.kind == "code" and text else 0)
            height_mm = max(height_mm, needed_mm + 2 * PADDING_MM)
        return _Row(found, height_mm)

    def _rows(self, rows: Sequence[_Row], top_mm: float) -> float:
        """Where they end."""
        left_mm: float = MARGIN_MM
        for column in self._sheet.columns:
            if column.caption:
                for line in _lines(CAPTIONS[column.caption], column.width_mm - 2 * PADDING_MM, 1, size=SMALL):
                    self._in_column(column, line, left_mm, top_mm - 3.5, size=SMALL)
            left_mm += column.width_mm
        top_mm -= HEADING_MM
        self._paper.rule(MARGIN_MM, top_mm, INNER_MM)
        for row in rows:
            left_mm = MARGIN_MM
            for column, lines in zip(self._sheet.columns, row.cells, strict=True):
                self._cell(column, lines, left_mm, top_mm)
                left_mm += column.width_mm
            top_mm -= row.height_mm
            self._paper.rule(MARGIN_MM, top_mm, INNER_MM)
        return top_mm

    def _cell(self, column: Column, lines: Sequence[str], left_mm: float, top_mm: float) -> None:
        match column.kind:
            case "code":
                if lines[0]:
                    self._code(lines[0], lines[1:], left_mm, top_mm - PADDING_MM, column.width_mm, size=column.size)
            case "tick":
                self._paper.frame(left_mm + 1.5, top_mm - 6, 4.5)
            case _:
                for place, line in enumerate(lines):
                    down_mm = PADDING_MM + (place + 0.8) * _line_mm(column.size)
                    self._in_column(column, line, left_mm, top_mm - down_mm, size=column.size)

    def _in_column(self, column: Column, line: str, left_mm: float, bottom_mm: float, *, size: float) -> None:
        align = "right" if column.kind == "number" else "left"
        width_mm = column.width_mm - 2 * PADDING_MM
        self._paper.text(left_mm + PADDING_MM, bottom_mm, line, size=size, width_mm=width_mm, align=align)

    def _code(
        self,
        code: str,
        lines: Sequence[str],
        left_mm: float,
        top_mm: float,
        width_mm: float,
        *,
        height_mm: float = CODE_MM,
        size: float = SIZE,
    ) -> None:
        bottom_mm = top_mm - height_mm
        self._paper.code(code, left_mm=left_mm, bottom_mm=bottom_mm, width_mm=width_mm, height_mm=height_mm)
        for line in lines:
            below_mm = bottom_mm - _line_mm(size) + 0.5
            self._paper.text(left_mm, below_mm, line, size=size, width_mm=width_mm, align="centre")

    # The end ---------------------------------------------------------------------

    def _end_mm(self) -> float:
        lines = len(self._totals) + len(self._notes)
        return lines * LINE_MM + (5 if lines else 0) + (22 if self._sheet.signatures else 0)

    def _end(self, top_mm: float) -> None:
        top_mm -= 2
        for line in (*self._totals, *self._notes):
            top_mm -= LINE_MM
            self._paper.text(MARGIN_MM, top_mm, line, size=SIZE)
        if not self._sheet.signatures:
            return
        top_mm -= 16
        each_mm = INNER_MM / len(self._sheet.signatures)
        for place, name in enumerate(self._sheet.signatures):
            left_mm = MARGIN_MM + place * each_mm
            self._paper.rule(left_mm, top_mm, each_mm - 5)
            self._paper.text(left_mm, top_mm - 3, f"{CAPTIONS[name]}  /  {CAPTIONS['date']}", size=SMALL)


def _line_mm(size: float) -> float:
    return LINE_MM * size / SIZE


def _lines(text: str, width_mm: float, lines_max: int, *, size: float = SIZE) -> list[str]:
    return lettering.wrapped(text, size=size, line_mm=width_mm, lines_max=lines_max)
