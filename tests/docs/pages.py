"""The documents as text: their tables, their blocks of code, and what they name."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """Without blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def table(page: Path, first_heading: str) -> list[list[str]]:
    """The rows of the table whose first column is headed so."""
    lines = iter(page.read_text().splitlines())
    for line in lines:
        if line.startswith(f"| {first_heading} |"):
            next(lines)
            return [_cells(row) for row in _while_table(lines)]
    raise LookupError(f"{name_of(page)} has no table headed {first_heading}")


def section(page: Path, heading: str) -> str:
    """What stands between a heading and the next one of any level; sub-sections are not part of it."""
    _, found, rest = page.read_text().partition(f"\n{heading}\n")
    if not found:
        raise LookupError(f"{name_of(page)} has no heading {heading}")
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]


def _while_table(lines: Iterator[str]) -> list[str]:
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(line)
    return rows


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]
