"""Every page: what it names exists, where it points to is there, and it says nothing it should not."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import ROOT

SOURCES = ("src/**/*.py", "src/**/*.toml", "src/**/*.sql", "tests/**/*.py", "examples/*.toml", "pyproject.toml")
PLACES = ("", "src/crossdock", "src/crossdock/dialects/*", "docs")
FILE = re.compile(r"(?:[\w.<>*-]+/)+(?:[\w.<>*-]+)?|[\w*-]+\.(?:py|toml|md|svg|json|lock)")
NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*(?:\(.*\))?")
TARGET = re.compile(r"make ([a-z-]+)")
MADE_LATER = {
    *("console/", "postgres.log", "crossdock.log", "secret.key"),
    "bench/results/",
    *("about.json", "clips/", "pictures/", "manifest.json", "report.json"),
}
"""Named, and there only when the server runs, or once somebody writes them."""
OTHERS = {"FORWARDED_ALLOW_IPS"}
"""Names that programs beside ours go by."""
MEASURED = "performance.md"
"""Says of its figures which machine they are of."""
ABSOLUTE = re.compile(r"\d (?:ms|orders a second|requests a second|per second)\b")


@cache
def everything() -> str:
    return "\n".join(
        path.read_text() for pattern in SOURCES for path in sorted(ROOT.glob(pattern)) if "docs" not in path.parts
    )


@cache
def words() -> frozenset[str]:
    return frozenset(re.findall(r"\w+", everything()))


def spans(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", pages.prose(page))


def ours(page: Path) -> bool:
    """Pages on the setup file and on cabinets have tests of their own; the changelog speaks of what was."""
    return page.name not in {"setup-file.md", "devices.md", "CHANGELOG.md"}


OURS = [pytest.param(page, id=pages.name_of(page)) for page in pages.PAGES if ours(page)]


@pytest.mark.parametrize("page", OURS)
def test_every_file_that_is_named_exists(page: Path) -> None:
    missing = [
        span
        for span in spans(page)
        if FILE.fullmatch(span) and span not in MADE_LATER and not span.startswith("/") and not found(span)
    ]
    assert not missing


def found(span: str) -> bool:
    pattern = re.sub(r"<\w+>|NNNN", "*", span).rstrip("/")
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    return any(next(ROOT.glob(f"{place}/{pattern}".lstrip("/")), None) is not None for place in PLACES)


@pytest.mark.parametrize("page", OURS)
def test_every_name_of_the_code_that_is_used_is_in_it(page: Path) -> None:
    missing = []
    for span in spans(page):
        bare = span.split("(")[0]
        is_name = NAME.fullmatch(span) and ("_" in span or "." in bare or re.search(r"[a-z][A-Z]|\(", span))
        if is_name and not FILE.fullmatch(span) and bare.rpartition(".")[2] not in words() | OTHERS:
            missing.append(span)
    assert not missing


@pytest.mark.parametrize("page", [pytest.param(page, id=pages.name_of(page)) for page in pages.PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", pages.prose(page)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        reached = (page.parent / path).resolve() if path else page
        assert reached.exists(), target
        assert not anchor or anchor in anchors(reached), target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [pytest.param(page, id=pages.name_of(page)) for page in pages.PAGES])
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    lines = [line.strip() for line in page.read_text().splitlines() if line.startswith("    make ")]
    for said in (*spans(page), *lines):
        if target := TARGET.match(said):
            assert re.search(rf"^{target[1]}:", makefile, re.MULTILINE), said


@pytest.mark.parametrize("page", OURS)
def test_no_figure_of_one_machine_and_no_path_of_one(page: Path) -> None:
    text = page.read_text()
    assert page.name == MEASURED or not ABSOLUTE.search(text)
    assert not re.search(r"(?:^|[ (`\"'])/(?:home|root|work|tmp|Users)/", text)
