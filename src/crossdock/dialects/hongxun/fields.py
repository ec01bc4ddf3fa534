"""Reading the members of a request: everything that is wrong is collected, so that one answer names it all."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from msgspec import Struct

from crossdock.base.errors import FieldsInvalid
from crossdock.dialects.hongxun.canonical import Number

CODE_CHARS_MAX = 64
NAME_CHARS_MAX = 128
REMARK_CHARS_MAX = 512
"""No page gives a length; these are ours, in characters. Longer values are refused, never cut."""
NUMBER_CHARS_MAX = 64
NUMBER_EXPONENT_MAX = 300
"""What a number may be to be kept; quantities and measures stay far below."""
COMPLAINTS_MAX = 1_000
PATH_CHARS_MAX = 256
"""Of one answer: an integrator reads no more, and a body of a few megabytes must not bring back hundreds."""

MISSING = "不能为空"
ILL_TYPED = "类型错误"
NOT_A_NUMBER = "必须为数字"
NOT_ALLOWED = "取值无效"
TIME_SHAPE = "格式应为yyyy-MM-dd HH:mm:ss"
NOT_STORABLE = "含有无法保存的内容"
AND_MORE = "等"

_DIGITS = re.compile(r"-?[0-9]{1,18}")
_NUMERIC = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Text(Struct, frozen=True):
    """A documented text member."""

    name: str
    chars_max: int = CODE_CHARS_MAX
    required: bool = False


class Reader:
    """The members of one object. Names in complaints are whole paths, as `request.productList[0].quantity`."""

    def __init__(self, members: dict[str, Any], path: str = "", complaints: list[str] | None = None) -> None:
        self._members = members
        self._path = path
        self._complaints = [] if complaints is None else complaints

    def finish(self) -> None:
        """Errors: FieldsInvalid(complaints=[...]) naming everything that was found."""
        if self._complaints:
            raise FieldsInvalid(complaints=list(self._complaints))

    def complain(self, name: str, reason: str) -> None:
        self._say(f"{self._at(name)} {reason}")

    def text(self, name: str, *, chars_max: int = CODE_CHARS_MAX, required: bool = False) -> str:
        """Empty when it is absent; a number counts as the text it was written with."""
        match self._members.get(name):
            case None | "":
                if required:
                    self.complain(name, MISSING)
                return ""
            case str() as text:
                pass
            case Number(literal=text):
                pass
            case _:
                self.complain(name, ILL_TYPED)
                return ""
        if len(text) > chars_max:
            self.complain(name, f"长度不能超过{chars_max}")
        return text

    def texts(self, fields: Iterable[Text]) -> dict[str, str]:
        return {
            field.name: self.text(field.name, chars_max=field.chars_max, required=field.required) for field in fields
        }

    def whole(self, name: str, *, low: int, high: int, reason: str) -> int:
        """A required whole number within bounds, or a text of digits; `low` when it is none."""
        match self._members.get(name):
            case None | "":
                self.complain(name, MISSING)
                return low
            case str() as text:
                pass
            case Number(literal=text):
                pass
            case _:
                self.complain(name, reason)
                return low
        if _DIGITS.fullmatch(text) is None or not low <= int(text) <= high:
            self.complain(name, reason)
            return low
        return int(text)

    def numeric(self, name: str) -> None:
        """A Double member: null, a number, or a text that is one."""
        match self._members.get(name):
            case None | "" | Number():
                pass
            case str() as text if number_of(text) is not None:
                pass
            case _:
                self.complain(name, NOT_A_NUMBER)

    def decimal(self, name: str, *, low: Decimal, high: Decimal, required: bool = False) -> Decimal | None:
        """A Double member within bounds, both taken in; None when it is absent or wrong."""
        match self._members.get(name):
            case None | "":
                if required:
                    self.complain(name, MISSING)
                return None
            case str() as text:
                number = number_of(text)
            case Number(literal=text):
                number = number_of(text)
            case _:
                number = None
        if number is None:
            self.complain(name, NOT_A_NUMBER)
        elif not low <= number <= high:
            self.complain(name, f"应在{low}与{high}之间")
        else:
            return Decimal(number)
        return None

    def filled(self, name: str) -> bool:
        """Whether the member is there and holds something."""
        return self._members.get(name) not in (None, "")

    def says(self, name: str) -> bool:
        """Whether the member is there, though it may be null."""
        return name in self._members

    def array(self, name: str, *, entries_max: int | None = None, required: bool = True) -> list[Any]:
        """The elements as they came; `required` means at least one."""
        match self._members.get(name):
            case None | "":
                self.complain(name, MISSING)
            case [] if required:
                self.complain(name, MISSING)
            case list() as entries if entries_max is not None and len(entries) > entries_max:
                self.complain(name, f"不能超过{entries_max}条")
            case list() as entries:
                return entries
            case _:
                self.complain(name, ILL_TYPED)
        return []

    def text_list(self, name: str, *, entries_max: int) -> list[str]:
        """At least one; an element that is none is complained of, and empty."""
        return [
            self._entry(f"{name}[{index}]", entry)
            for index, entry in enumerate(self.array(name, entries_max=entries_max))
        ]

    def _entry(self, name: str, entry: Any) -> str:
        return Reader({name: entry}, self._path, self._complaints).text(name, required=True)

    def objects(self, name: str, *, entries_max: int) -> "list[Reader]":
        """One reader per element."""
        readers = []
        for index, entry in enumerate(self.array(name, entries_max=entries_max)):
            if isinstance(entry, dict):
                readers.append(self.inner(f"{name}[{index}]", entry))
            else:
                self.complain(f"{name}[{index}]", ILL_TYPED)
        return readers

    def inner(self, name: str, members: dict[str, Any]) -> "Reader":
        """Of an object inside this one; what is wrong with it is said with the rest."""
        return Reader(members, self._at(name), self._complaints)

    def kept(self) -> dict[str, Any]:
        """The whole object as it came, ready for a jsonb column. Of what cannot be kept the first is named."""
        try:
            return cast(dict[str, Any], _plain(self._members))
        except _NotStorable as error:
            where = self._path + "".join(reversed(error.steps))
            self._say(f"{where.removeprefix('.')[:PATH_CHARS_MAX]} {NOT_STORABLE}")
            return {}

    def literals(self, fields: Iterable[Text]) -> dict[str, str]:
        """Texts that came as numbers, as they were written: what is kept of a number prints 1E3 as 1000."""
        numbers = {field.name: self._members.get(field.name) for field in fields}
        return {name: number.literal for name, number in numbers.items() if isinstance(number, Number)}

    def _say(self, complaint: str) -> None:
        if len(self._complaints) < COMPLAINTS_MAX:
            self._complaints.append(complaint)
        elif self._complaints[-1] != AND_MORE:
            self._complaints.append(AND_MORE)

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def number_of(text: str) -> int | Decimal | None:
    """None for what is no number, and for one that is longer or reaches farther than a number is kept."""
    if len(text) > NUMBER_CHARS_MAX or _NUMERIC.fullmatch(text) is None:
        return None
    if Number(text).is_whole:
        return int(text)
    try:
        decimal = Decimal(text)
    except InvalidOperation:
        return None
    return decimal if abs(decimal.adjusted()) <= NUMBER_EXPONENT_MAX else None


class _NotStorable(Exception):
    def __init__(self) -> None:
        self.steps: list[str] = []
        """The way to it, the last step first: a path is written only for what is refused."""


def _plain(value: Any) -> Any:
    match value:
        case str():
            return _kept_text(value)
        case Number(literal=literal):
            number = number_of(literal)
            if number is None:
                raise _NotStorable
            return number
        case dict():
            return {_kept_text(name): _stepped(member, ".", name) for name, member in value.items()}
        case list():
            return [_stepped(entry, "[", index, "]") for index, entry in enumerate(value)]
        case _:
            return value


def _stepped(value: Any, *step: str | int) -> Any:
    try:
        return _plain(value)
    except _NotStorable as error:
        error.steps.append("".join(map(str, step)))
        raise


def _kept_text(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise _NotStorable
    return text
