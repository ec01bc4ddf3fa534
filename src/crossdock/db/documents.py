"""Rows of several tables in one row: PostgreSQL writes those beside it as JSON, msgspec reads them as the structs.

One statement for what would be one for each table, so all of it is of one moment. Numbers and times keep all their
digits: nothing is read as a float on the way.
"""

from functools import lru_cache
from typing import Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def document(kind: type[msgspec.Struct], source: str) -> str:
    """The row of `FROM ...` as JSON with the struct's fields; null where there is none."""
    return f"(SELECT to_json(one) FROM (SELECT {fields(kind)} {source}) one)"


def documents(kind: type[msgspec.Struct], source: str) -> str:
    """As `document`, of all rows in their order."""
    return f"(SELECT coalesce(json_agg(each), '[]') FROM (SELECT {fields(kind)} {source}) each)"


def read(kind: type[S], text: str) -> S:
    """What `to_json` wrote of a row, `document` and `documents` in it."""
    found: S = _decoder(kind).decode(text)
    return found


@lru_cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def fields(kind: type[msgspec.Struct]) -> str:
    """What to select for a row that is written as JSON: the struct's fields."""
    return ", ".join(_field(entry) for entry in msgspec.structs.fields(kind))


def _field(entry: msgspec.structs.FieldInfo) -> str:
    """msgspec reads bytes as base64, of which PostgreSQL breaks the lines."""
    if entry.type in (bytes, bytes | None):
        return f"translate(encode(\"{entry.name}\", 'base64'), E'\\n', '') AS \"{entry.name}\""
    return f'"{entry.name}"'
