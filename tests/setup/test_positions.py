"""The line of every table and key, whatever way TOML lets it be written."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crossdock.setup.positions import lines_of

TEXT = '''\
top = 1  # a comment with = and [brackets]
"quoted key" = "a # no comment \\" ]"

[plain]
a.b.c = 1
  'single' = 'x \\'
[plain.deeper."with.dot"]
list = [
  1, # one
  [2,
   3],
  { x = 1, y = [
     4,
  ] },
]
[[many]]
text = """
[not.a.table]
key = "no"
a quote at the end\\""""
[[many]]
literal = \'\'\'
[[nor this]]
two more\'\'\'\'\'
[many.inner]
when = 2024-08-01T10:00:00+08:00
[[many.nested]]
n = 1
[[many.nested]]
n = 2
[[many]]
[[many.nested]]
"n\\u00e9" = 3
last = true'''


def test_every_key_and_table_has_its_line() -> None:
    lines = lines_of(TEXT)

    assert lines["top",] == 1
    assert lines["quoted key",] == 2
    assert lines["plain",] == 4
    assert lines["plain", "a", "b", "c"] == 5
    assert lines["plain", "single"] == 6
    assert lines["plain", "deeper", "with.dot"] == 7
    assert lines["plain", "deeper", "with.dot", "list", 0] == 9
    assert lines["plain", "deeper", "with.dot", "list", 1, 1] == 11
    assert lines["plain", "deeper", "with.dot", "list", 2, "y", 0] == 13
    assert lines["many", 0] == 16
    assert lines["many", 0, "text"] == 17
    assert lines["many", 1] == 21
    assert lines["many", 1, "inner", "when"] == 26
    assert lines["many", 1, "nested", 1, "n"] == 30
    assert lines["many", 2, "nested", 0] == 32
    assert lines["many", 2, "nested", 0, "né"] == 33
    assert lines["many", 2, "nested", 0, "last"] == 34


def test_nothing_is_invented_and_nothing_is_left_out() -> None:
    demo = Path(__file__).parents[2] / "examples" / "demo.toml"
    for text in (TEXT, demo.read_text()):
        assert set(lines_of(text)) == set(_paths((), tomllib.loads(text)))


def _paths(path: tuple[str | int, ...], value: Any) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths((*path, key), inner)
    if isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _paths((*path, position), inner)
