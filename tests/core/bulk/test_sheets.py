"""Files as people send them: every encoding, every border, and what is no sheet at all."""

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.base.errors import CrossdockError
from crossdock.core.bulk import sheets
from crossdock.core.bulk.errors import HeadingsInvalid, SheetEmpty, SheetTooLarge, SheetUnreadable

CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(lambda text: " ".join(text.split()))


def written(path: Path, headings: list[str], rows: list[list[str]], format_: sheets.Format) -> bytes:
    file = sheets.Writer(path, headings, format_=format_)
    file.add(rows)
    file.close()
    return path.read_bytes()


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, format_: sheets.Format, rows: list[list[str]]
) -> None:
    raw = written(tmp_path_factory.mktemp("sheet") / "f", ["a", "b", "c"], [["0", "", ""], *rows], format_)
    sheet = sheets.read(raw)
    assert sheet.headings == ("a", "b", "c")
    filled = [(number, row) for number, row in enumerate([["0", "", ""], *rows], start=2) if any(row)]
    assert sheet.numbers == tuple(number for number, _ in filled)
    assert [[row.get(name, "") for name in "abc"] for row in sheet.rows] == [row for _, row in filled]


@pytest.mark.parametrize("cell", ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "=HYPERLINK(1)"])
def test_no_cell_becomes_a_formula(tmp_path: Path, cell: str) -> None:
    raw = written(tmp_path / "f.csv", ["a"], [[cell], ["-12.5"]], "csv")
    assert raw.decode("utf-8-sig").splitlines() == ["a", f"'{cell}", "-12.5"]
    with zipfile.ZipFile(io.BytesIO(written(tmp_path / "f.xlsx", ["a"], [[cell]], "xlsx"))) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_of_spreadsheets(encoding: str, delimiter: str) -> None:
    raw = f"SKU{delimiter} 名称 \r\n1{delimiter}测试\r\n\r\n2{delimiter}\r\n".encode(encoding)
    sheet = sheets.read(raw)
    assert (sheet.headings, sheet.numbers) == (("sku", "名称"), (2, 4))
    assert sheet.rows == ({"sku": "1", "名称": "测试"}, {"sku": "2"})


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", SheetEmpty),
        (b"sku,name\n", SheetEmpty),
        (b"sku,name\n,\n \n", SheetEmpty),
        (b"sku,SKU\n1,2\n", HeadingsInvalid),
        (b"sku\n\x00\n", SheetUnreadable),
        (b'sku\n"open', SheetUnreadable),
        (b"PK\x03\x04 not really", SheetUnreadable),
        (b"\xff\xfea", SheetUnreadable),
        (b"sku\n\xff\xff\xff", SheetUnreadable),
    ],
)
def test_what_is_no_sheet_is_refused_in_words(raw: bytes, error: type[CrossdockError]) -> None:
    with pytest.raises(error):
        sheets.read(raw)


def test_so_many_rows_and_columns() -> None:
    def rows(count: int) -> bytes:
        return ("a\n" + "1\n" * count).encode()

    assert len(sheets.read(rows(sheets.ROWS_MAX)).rows) == sheets.ROWS_MAX
    with pytest.raises(SheetTooLarge):
        sheets.read(rows(sheets.ROWS_MAX + 1))

    def columns(count: int) -> bytes:
        return (",".join(f"c{number}" for number in range(count)) + "\n1\n").encode()

    assert len(sheets.read(columns(sheets.COLUMNS_MAX)).headings) == sheets.COLUMNS_MAX
    with pytest.raises(SheetTooLarge):
        sheets.read(columns(sheets.COLUMNS_MAX + 1))


def test_a_small_file_that_unpacks_to_a_huge_one(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book, book.open("xl/big.xml", "w") as part:
        for _ in range(sheets.UNPACKED_BYTES_MAX // 10_000_000 + 1):
            part.write(b"0" * 10_000_000)
    assert len(packed.getvalue()) < sheets.FILE_BYTES_MAX
    with pytest.raises(SheetTooLarge):
        sheets.read(packed.getvalue())


def test_numbers_dates_and_truths_of_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["whole", "part", "truth"])
        sheet.write_row(1, 0, [12, 12.5, True])
    assert sheets.read(path.read_bytes()).rows == ({"whole": "12", "part": "12.5", "truth": "true"},)
