"""What an apply did, or would do, as lines for people."""

from typing import Any

from msgspec import Struct

from crossdock.base import json


class FieldChange(Struct, frozen=True, kw_only=True):
    name: str
    before: Any = None
    after: Any = None
    secret: bool = False
    """Then neither value is held here."""


class Change(Struct, frozen=True, kw_only=True):
    new: bool
    kind: str
    """`product`, `shop`, `credential`, ..."""
    name: str
    fields: tuple[FieldChange, ...] = ()
    """What changed; empty for something new."""

    def __str__(self) -> str:
        """`+ account demo`, or `~ product 00131031 name: "a" -> "b", price: 1 -> 2`."""
        said = f"{'+' if self.new else '~'} {self.kind} {self.name}"
        return f"{said} {', '.join(_said(field) for field in self.fields)}" if self.fields else said


def _said(field: FieldChange) -> str:
    if field.secret:
        return f"{field.name}: changed"
    return f"{field.name}: {_value(field.before)} -> {_value(field.after)}"


def _value(value: Any) -> str:
    return "none" if value is None else json.text(value)
