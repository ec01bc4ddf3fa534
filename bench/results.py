"""Writes what was measured into docs/performance.md, and draws its pictures.

python -m bench.results                     the newest report of each question in bench/results
python -m bench.results --from DIRECTORY    of those in another one

What stands between the two markers of the page is replaced, and so are all SVG files in docs/pictures/performance.
Each row that is missed must have its cause and its next step in the table below them, which is written by hand: what
is wanting there is printed, and a test fails as long as anything is.
"""

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.curves import Curve, curves, save
from bench.goals import HEADINGS, Answer, how_many
from bench.machine import ROOT
from bench.report import WIDTH, say_machine, say_postgres
from bench.reports import RESULTS, Kept, files, kept, questions

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

PAGE: Final = ROOT / "docs" / "performance.md"
PICTURES: Final = ROOT / "docs" / "pictures" / "performance"
BEGIN: Final = "<!-- results: `python -m bench.results` writes what follows -->"
END: Final = "<!-- end of the results -->"
CAUSES: Final = ("missed", "ratio of", "cause", "next step")
"""Of the table by hand."""
BREAK: Final = "\\\n"
"""Between two lines of Markdown that are not to flow together."""
ROUNDS_MIN: Final = 5
"""A report of fewer may be one of --tiny, or be of a question that is no ratio of two sides."""
LONG: Final = 16
"""Rows of a table; one with more is folded away."""
NOTHING: Final = "Nothing is measured yet: `make bench`, and then `python -m bench.results`."
DRAWN: Final = (
    "In the pictures below a point is the median of the rounds, its bar reaches from the lowest round to the highest,"
    " and a dashed line is a goal."
)


class MarkersMissing(Exception):
    """The page does not say once where the results begin and end."""


class Note(Console):
    """Takes down as Markdown what a bench shows: its own tables, and what it says besides."""

    def __init__(self) -> None:
        super().__init__(file=StringIO(), width=WIDTH)
        self.blocks: list[str] = []
        self._saying = False

    def print(self, *objects: Any, **options: Any) -> None:
        for one in objects:
            if isinstance(one, Table):
                if tuple(column.header for column in one.columns) != HEADINGS:
                    self.blocks.append(_markdown(one))
                self._saying = False
            elif self._saying:
                self.blocks[-1] += f"{BREAK}{one}"
            else:
                self.blocks.append(str(one))
                self._saying = True


def newest(directory: Path) -> list[Kept]:
    """Errors: ReportOutdated."""
    return [kept(found[-1]) for question in questions() if (found := files(directory, question))]


def section(taken: Sequence[Kept], drawn: dict[str, list[Curve]]) -> str:
    """Markdown, without the markers; `drawn` by question."""
    if not taken:
        return NOTHING
    answers = [answer for one in taken for answer in one.answers]
    blocks = [
        _table(("measured", ""), _on(taken)),
        f"Found is the median of the rounds, between the lowest and the highest. {how_many(answers)}.",
        _table(HEADINGS, [_goal_kept(one) for one in answers]),
        DRAWN,
    ]
    for one in taken:
        blocks += _of(one, drawn[one.question])
    return "\n\n".join(blocks)


def into(page: str, text: str) -> str:
    """Errors: MarkersMissing."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise MarkersMissing
    before, after = page.split(BEGIN, maxsplit=1)[0], page.split(END)[1]
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def wanting(page: str) -> Iterator[str]:
    """What the table of causes does not say, and what it says of a goal that is kept."""
    missed = {(question, by) for question, by, *_, verdict in _rows(page, HEADINGS) if verdict != "kept"}
    causes = {(question, by): (cause, step) for question, by, cause, step in _rows(page, CAUSES)}
    for question, by in sorted(missed - causes.keys()):
        yield f"missed, and no cause is given: {question} ({by})"
    for (question, by), (cause, step) in causes.items():
        if (question, by) not in missed:
            yield f"a cause is given, and it is not missed: {question} ({by})"
        elif not cause or not step:
            yield f"missed, without {'a next step' if cause else 'a cause'}: {question} ({by})"


def draw(drawn: dict[str, list[Curve]], directory: Path) -> list[Path]:
    """What was drawn before and is not now is removed."""
    directory.mkdir(parents=True, exist_ok=True)
    written = [save(curve, directory) for of_one in drawn.values() for curve in of_one]
    for stale in set(directory.glob("*.svg")) - set(written):
        stale.unlink()
    return written


def _on(taken: Sequence[Kept]) -> Iterator[tuple[str, str]]:
    """What can be said of all reports at once; where they differ, all that is true of any."""
    days = sorted({f"{one.report.taken_at:%Y-%m-%d}" for one in taken})
    yield "when", " to ".join(dict.fromkeys((days[0], days[-1])))
    machines = [one.report.machine for one in taken]
    yield "on", _each(f"{one.cpu}, {one.cores} cores, {one.system}" for one in machines)
    yield "Python", _each(one.python for one in machines)
    yield "database", _each(_said_of(one.postgres) for one in taken if one.postgres)
    yield "commit", _each(one.commit for one in machines)
    yield "again", "`make bench`, or each by the command below; then `python -m bench.results`"


def _each(values: Iterator[str]) -> str:
    return "; ".join(dict.fromkeys(values))


def _of(one: Kept, drawn: Sequence[Curve]) -> Iterator[str]:
    """One question: its name, what it asks, its pictures, its figures."""
    yield f"### {one.question}"
    when, commit = f"{one.report.taken_at:%Y-%m-%d %H:%M} UTC", one.report.machine.commit
    yield f"{one.asks}\n`python -m bench.bench_{one.question}`, {when}, commit {commit}."
    for curve in drawn:
        yield f"![{curve.says}](pictures/performance/{curve.name}.svg)"
    said, known = Note(), Note()
    one.show(one.report, said)
    say_machine(one.report.machine, known)
    above = {*known.blocks, _said_of(one.postgres)}
    for block in said.blocks:
        if lines := [line for line in block.split(BREAK) if line not in above]:
            yield BREAK.join(lines)


def _said_of(postgres: str | None) -> str:
    note = Note()
    say_postgres(postgres or "", note)
    return note.blocks[0]


def _goal_kept(one: Answer) -> tuple[str, ...]:
    *others, verdict = one.cells
    return (*others, verdict if one.kept else f"**{verdict}**")


def _markdown(table: Table) -> str:
    headings = [_plain(column.header) for column in table.columns]
    columns = [[_plain(cell) for cell in column.cells] for column in table.columns]
    rows = list(zip(*columns, strict=True))
    text = _table(headings, rows)
    if len(rows) > LONG:
        text = f"<details>\n<summary>{len(rows)} rows</summary>\n\n{text}\n\n</details>"
    said = _plain(table.caption or table.title or "")
    return f"{said}:\n\n{text}" if said else text


def _table(headings: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _rows(page: str, headings: Sequence[str]) -> Iterator[list[str]]:
    """Of the first table headed so."""
    _, _, below = page.partition(_table(headings, []) + "\n")
    for line in below.splitlines():
        if not line.startswith("|"):
            return
        yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _plain(text: object) -> str:
    return text.plain if isinstance(text, Text) else Text.from_markup(str(text)).plain


@app.command()
def main(
    directory: Annotated[Path, typer.Option("--from", help="Where the JSON lies.")] = RESULTS,
    page: Annotated[Path, typer.Option(help="Whose results are replaced.")] = PAGE,
    pictures: Annotated[Path, typer.Option(help="Where the SVG goes; others in it are removed.")] = PICTURES,
) -> None:
    taken = newest(directory)
    drawn = {one.question: list(curves(one.report)) for one in taken}
    text = into(page.read_text(encoding="utf-8"), section(taken, drawn))
    page.write_text(text, encoding="utf-8")
    for file in draw(drawn, pictures):
        print(file)
    for one in taken:
        if one.answers and max(answer.rounds for answer in one.answers) < ROUNDS_MIN:
            print(f"fewer than {ROUNDS_MIN} rounds: {one.question}")
    for question in sorted(set(questions()) - drawn.keys()):
        print(f"not measured: {question}")
    for want in wanting(text):
        print(want)
    print(page)


if __name__ == "__main__":
    app()
