"""JSON as the signature sees it: sorted members, no white space, number literals kept.

Source: 附录一 签名规则 (`JSON.toJSONString(request)`, the members of every level in ascending order); the details
follow the serializer that the formula names, alibaba/fastjson 1.x.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from crossdock.base.errors import BodyMalformed

LEVELS_MAX = 64
"""Objects and arrays inside one another; no documented body has more than six."""

PARTS_MAX = 400_000
"""Commas and opening brackets of one text. The longest order has half as many; a body that is all brackets would
keep everybody else waiting, and it is read before its signature is known."""

NOT_JSON = "不是合法的JSON"
TOO_DEEP = f"嵌套超过{LEVELS_MAX}层"
TOO_MANY = f"内容超过{PARTS_MAX}项"


class Number(Struct, frozen=True):
    """A JSON number as it was written: a binary float would lose `1.10`."""

    literal: str

    @property
    def is_whole(self) -> bool:
        return not ("." in self.literal or "e" in self.literal or "E" in self.literal)


class Form(Struct, frozen=True):
    """What a client's serializer may do otherwise."""

    nulls: bool = False
    """Members that are null are written out instead of left out."""
    literals: bool = False
    """Numbers stand as received instead of as a decimal prints."""


STANDARD = Form()


def parse(raw: bytes | str) -> Any:
    """Objects, arrays, text, booleans, None, and every number a Number. The last of two equal names wins.

    Errors: BodyMalformed(reason=...).
    """
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
        opened = text.count("[") + text.count("{")
        if opened + text.count(",") > PARTS_MAX:
            raise BodyMalformed(reason=TOO_MANY)
        value = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise BodyMalformed(reason=TOO_DEEP) from error
    except ValueError as error:
        raise BodyMalformed(reason=NOT_JSON) from error
    if opened > LEVELS_MAX and _levels(value) > LEVELS_MAX:
        raise BodyMalformed(reason=TOO_DEEP)
    return value


def canonical(value: Any, form: Form = STANDARD) -> str:
    """The text of a parsed value that goes into the signature; in one of our own, numbers may be Python's."""
    parts: list[str] = []
    _write(value, form, parts.append)
    return "".join(parts)


def _write(value: Any, form: Form, out: Callable[[str], None]) -> None:
    match value:
        case str():
            out(_quoted(value))
        case Number():
            out(value.literal if form.literals else _reprinted(value))
        case dict():
            mark = "{"
            for name in _ordered(value):
                member = value[name]
                if member is None and not form.nulls:
                    continue
                out(mark + _quoted(name) + ":")
                _write(member, form, out)
                mark = ","
            out("{}" if mark == "{" else "}")
        case list():
            mark = "["
            for element in value:
                out(mark)
                _write(element, form, out)
                mark = ","
            out("[]" if mark == "[" else "]")
        case None:
            out("null")
        case bool():
            out("true" if value else "false")
        case int():
            out(str(value))
        case Decimal():
            out(_printed(value))
        case _:
            raise TypeError(f"{type(value).__name__} is not written here")


def _ordered(members: dict[str, Any]) -> list[str]:
    """Ascending by UTF-16 code unit, as Java compares; code points differ only beyond U+FFFF."""
    if "".join(members).isascii():
        return sorted(members)
    return sorted(members, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def _reprinted(number: Number) -> str:
    """As `BigInteger` and `BigDecimal` print: the scale stays, zero has no sign."""
    if number.is_whole:
        return "0" if number.literal == "-0" else number.literal
    try:
        decimal = Decimal(number.literal)
    except InvalidOperation:  # an exponent that no decimal type holds
        return number.literal
    return _printed(decimal)


def _printed(decimal: Decimal) -> str:
    return str(decimal).lstrip("-") if decimal.is_zero() else str(decimal)


_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def _quoted(text: str) -> str:
    if _ESCAPED.search(text) is None:
        return f'"{text}"'
    escaped = _ESCAPED.sub(lambda hit: _SHORT.get(hit[0]) or f"\\u{ord(hit[0]):04X}", text)
    return f'"{escaped}"'


def _levels(value: Any) -> int:
    depth, level = 0, [value] if isinstance(value, dict | list) else []
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return depth


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
