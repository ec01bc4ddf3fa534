"""docs/setup-file.md and the tables of the file are the same list."""

import re
from pathlib import Path

from msgspec import UNSET, structs

from crossdock.setup.read import TABLES

PAGE = (Path(__file__).parents[2] / "docs" / "setup-file.md").read_text()


def test_every_key_is_described_and_none_is_invented() -> None:
    described = {}
    for section in PAGE.split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        keys = set(re.findall(r"^\| (?:\*\*)?`(\w+)`", body, re.MULTILINE))
        for name in re.findall(r"`\[\[?([\w.]+)\]\]?`", heading):
            described[tuple(name.split("."))] = keys

    assert set(described) == set(TABLES) - {()}
    for path, kind in TABLES.items():
        nested = {inner[-1] for inner in TABLES if inner[:-1] == path} if path == ("account",) else set()
        others = {"staff", "location", "cabinet"} if path[-1:] in {("warehouse",), ("shop",), ("station",)} else set()
        if path:
            known = {entry.name for entry in structs.fields(kind)}
            assert known - nested <= described[path] <= known | others, path


def test_what_is_marked_as_always_needed_is() -> None:
    for path, kind in TABLES.items():
        always = {entry.name for entry in structs.fields(kind) if entry.required}
        optional = {entry.name for entry in structs.fields(kind) if entry.default is UNSET}
        assert not always & optional
        if path:
            section = next(part for part in PAGE.split("\n### ") if f"[{'.'.join(path)}]" in part.partition("\n")[0])
            bold = set(re.findall(r"^\| \*\*`(\w+)`\*\*", section, re.MULTILINE))
            assert always <= bold | {"quantity"}, path
