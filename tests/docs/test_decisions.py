"""What a manual leaves open is decided on a page, and no page decides a call that is not there."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.docs import pages

DIALECTS = sorted((pages.ROOT / "src" / "crossdock" / "dialects").glob("*/endpoints.toml"))
DECISIONS = sorted((pages.DOCS / "decisions").glob("[0-9]*.md"))


def listed(path: Path) -> dict[str, dict[str, Any]]:
    found = tomllib.loads(path.read_text())
    return {
        **{call["path"]: call for call in found["call"]},
        **{push["event"]: push for push in found.get("push", [])},
    }


def concerns(page: Path) -> list[str]:
    said = re.search(r"^Concerns: (.*?)\.$", page.read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", said[1]) if said else []


@pytest.mark.parametrize("path", DIALECTS, ids=lambda path: path.parent.name)
def test_every_done_call_with_something_silent_is_decided_on_a_page(path: Path) -> None:
    decided = {call for page in DECISIONS for call in concerns(page)}
    open_ = [name for name, call in listed(path).items() if call["state"] == "done" and call.get("silent")]
    assert [name for name in open_ if name not in decided] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_page_concerns_calls_that_are_listed(page: Path) -> None:
    known = {name for path in DIALECTS for name in listed(path)}
    assert set(concerns(page)) <= known


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_page_has_context_decision_and_consequence(page: Path) -> None:
    text = page.read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]
    assert text.startswith(f"# {int(page.stem[:4])}. ")


def test_the_list_of_pages_is_whole() -> None:
    links = re.findall(
        r"^\d+\. \[(.*)\]\((.*)\)$", (pages.DOCS / "decisions" / "README.md").read_text(), re.MULTILINE
    )
    assert links == [(page.read_text().splitlines()[0].partition(". ")[2], page.name) for page in DECISIONS]
