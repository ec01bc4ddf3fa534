"""Tables of text as people keep them: CSV and XLSX, read and written.

A cell is a text here. What a spreadsheet holds as a number, a date or a truth is read as `12`, `12.5`, `2026-11-30`,
`true`. In CSV a cell that a spreadsheet would take for a formula is written behind an apostrophe, and read without.
"""

import asyncio
import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from crossdock.core.bulk.errors import HeadingsInvalid, SheetEmpty, SheetTooLarge, SheetUnreadable

Format = Literal["csv", "xlsx"]
FILE_BYTES_MAX: Final = 20_000_000
UNPACKED_BYTES_MAX: Final = 200_000_000
"""Of what an XLSX holds: a small file may unpack to a very large one."""
ROWS_MAX: Final = 50_000
COLUMNS_MAX: Final = 64
CELL_CHARACTERS_MAX: Final = 2_000
"""Longer cells are cut in what is written; what is read is refused by the row."""
ROWS_AT_ONCE: Final = 1_000
"""Handed to a thread together."""
ZIP: Final = b"PK\x03\x04"
FORMULA: Final = re.compile(r"[=+\-@\t\r]")
NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?\Z")
APOSTROPHE: Final = "'"
ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""Of CSV, tried in this order; UTF-16 where its mark says so."""


class Sheet(Struct, frozen=True, kw_only=True):
    headings: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    """Heading -> text, empty cells left out; rows that are empty are not there."""
    numbers: tuple[int, ...]
    """Of each row, as a spreadsheet counts: the first below the headings is 2."""


def read(raw: bytes) -> Sheet:
    """Errors: SheetTooLarge, SheetUnreadable, SheetEmpty, HeadingsInvalid."""
    if len(raw) > FILE_BYTES_MAX:
        raise SheetTooLarge(bytes_max=FILE_BYTES_MAX)
    table = _xlsx(raw) if raw.startswith(ZIP) else _csv(raw)
    if not table:
        raise SheetEmpty()
    headings = [text.strip().lower() for text in table[0]]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > COLUMNS_MAX:
        raise SheetTooLarge(columns_max=COLUMNS_MAX)
    named = [heading for heading in headings if heading]
    repeated = sorted({heading for heading in named if named.count(heading) > 1})
    if repeated:
        raise HeadingsInvalid(repeated=", ".join(repeated))
    found = [
        (number, {heading: text for heading, text in zip(headings, row, strict=False) if heading and text})
        for number, row in enumerate(table[1:], start=2)
    ]
    filled = [(number, row) for number, row in found if row]
    if not filled:
        raise SheetEmpty()
    if len(filled) > ROWS_MAX:
        raise SheetTooLarge(rows_max=ROWS_MAX)
    return Sheet(
        headings=tuple(named), rows=tuple(row for _, row in filled), numbers=tuple(number for number, _ in filled)
    )


class Writer:
    """A file that rows are added to; the memory it takes does not grow with them. To be closed."""

    def __init__(self, path: Path, headings: Sequence[str], *, format_: Format) -> None:
        self._number = 0
        self._file = path.open("w", encoding="utf-8-sig", newline="") if format_ == "csv" else None
        self._book: Any = None
        if format_ == "xlsx":
            import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415  # 10 MB, for few files a day

            self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
            self._sheet = self._book.add_worksheet()
            self._sheet.freeze_panes(1, 0)
        self.add([headings])

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        if self._file is not None:
            csv.writer(self._file).writerows([_harmless(cell[:CELL_CHARACTERS_MAX]) for cell in row] for row in rows)
            return
        for row in rows:
            for column, cell in enumerate(row):
                self._sheet.write_string(self._number, column, cell[:CELL_CHARACTERS_MAX])
            self._number += 1

    def close(self) -> None:
        for part in (self._file, self._book):
            if part is not None:
                part.close()


async def written(path: Path, rows: AsyncIterator[list[str]], *, format_: Format) -> int:
    """All rows into a file, the headings first; how many below them. The work is done in threads."""
    file = await asyncio.to_thread(Writer, path, await anext(rows), format_=format_)
    number, page = 0, []
    try:
        async for row in rows:
            page.append(row)
            number += 1
            if len(page) == ROWS_AT_ONCE:
                await asyncio.to_thread(file.add, page)
                page = []
        await asyncio.to_thread(file.add, page)
    finally:
        await asyncio.to_thread(file.close)
    return number


def _csv(raw: bytes) -> list[list[str]]:
    text = _decoded(raw)
    if "\0" in text:
        raise SheetUnreadable(why="it holds bytes that no text has")
    first = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(",;\t", key=first.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        table = []
        for row in rows:
            table.append([_plain(cell) for cell in row])
            if len(table) > ROWS_MAX + 1:
                raise SheetTooLarge(rows_max=ROWS_MAX)
    except csv.Error as error:
        raise SheetUnreadable(why=str(error)) from error
    return table


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError as error:
            raise SheetUnreadable(why="it is not UTF-16 although it says so") from error
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetUnreadable(why="it is neither UTF-8 nor GB18030")


def _xlsx(raw: bytes) -> list[list[str]]:
    """The first sheet."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  # with the file, as its writer

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > UNPACKED_BYTES_MAX:
            raise SheetTooLarge(bytes_max=UNPACKED_BYTES_MAX)
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        sheet = book.get_sheet_by_index(0)
        if sheet.total_height > ROWS_MAX + 1:
            raise SheetTooLarge(rows_max=ROWS_MAX)
        if sheet.total_width > COLUMNS_MAX:
            raise SheetTooLarge(columns_max=COLUMNS_MAX)
        table = sheet.to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, IndexError, ValueError) as error:
        raise SheetUnreadable(why="it is not an XLSX file") from error
    return [[_text(cell) for cell in row] for row in table]


def _text(cell: Any) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return _plain(str(cell))


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith(APOSTROPHE) and FORMULA.match(text[1:]) else text


def _harmless(cell: str) -> str:
    return APOSTROPHE + cell if FORMULA.match(cell) and not NUMBER.match(cell) else cell
