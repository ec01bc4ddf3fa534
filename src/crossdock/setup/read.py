"""From the bytes of a setup file to its tables, or to a list of what is wrong with it."""

import difflib
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path as File
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, structs

from crossdock.setup import model
from crossdock.setup.errors import Path, Problem, SetupFileWrong, dotted
from crossdock.setup.positions import lines_of

FILE_BYTES_MAX = 8 * 2**20
"""About 30,000 products; more belong into the partner APIs."""
WHOLE_MIN, WHOLE_MAX = -(2**63), 2**63 - 1
DEPTH_MAX = 64
"""Keys and positions that lead to a value; deeper tables would not come back from every JSON."""
SMALLEST_EXPONENT = -300
"""Numbers nearer to zero would not come back from the database as they went in."""

TABLES: dict[tuple[str, ...], type[Struct]] = {
    (): model.SetupFile,
    ("company",): model.Company,
    ("company", "return_action"): model.ReturnAction,
    ("account",): model.Account,
    ("account", "credential"): model.Credential,
    ("account", "warehouse"): model.Warehouse,
    ("account", "warehouse", "staff"): model.Staff,
    ("account", "warehouse", "location"): model.Location,
    ("account", "shop"): model.Shop,
    ("account", "shop", "settings"): model.ShopSettings,
    ("account", "shop", "settings", "notices"): model.Notices,
    ("account", "shop", "staff"): model.Staff,
    ("account", "station"): model.Station,
    ("account", "station", "cabinet"): model.Cabinet,
    ("account", "station", "cabinet", "box"): model.Box,
    ("account", "locker_policy"): model.LockerPolicy,
    ("account", "sub_inventory"): model.SubInventory,
    ("account", "delivery_service"): model.DeliveryService,
    ("account", "online_shop"): model.OnlineShop,
    ("account", "product"): model.Product,
    ("account", "product", "opening"): model.Opening,
    ("account", "organisation"): model.Organisation,
    ("account", "enterprise"): model.Enterprise,
    ("account", "enterprise", "user"): model.EnterpriseUser,
    ("account", "enterprise", "department"): model.Department,
    ("account", "enterprise", "department", "camera"): model.Camera,
    ("account", "receiver"): model.Receiver,
}
_WANTED = {
    "currency": "three capital letters, as CNY",
    "lock_address": "four hex digits in lower case, board and lock, as 0101",
    "number": "letters, digits, - or _",
    "domain": "a host name in lower case, as shop.example.com",
    "domains": "host names in lower case, as shop.example.com",
}
_CODE_WANTED = "without a blank at either end and without control characters"
_TYPES = {
    "array": "a list or [[tables]]",
    "bool": "true or false",
    "datetime": "a date and time, as 2024-08-01T10:00:00+08:00",
    "decimal": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "a text in quotes",
    "str | object": "a text in quotes or {env = ...}",
}
NUL = "holds a NUL character: take it out"


class SetupText(Struct, frozen=True):
    """A setup file that was read: its tables, and the line of each value."""

    file: str
    tables: model.SetupFile
    lines: dict[Path, int]

    def problem(self, path: Path, text: str) -> Problem:
        """Placed at the value, or at the nearest table around it."""
        return Problem(line=_line(self.lines, path), field=dotted(path), text=text)


def read(file: File) -> SetupText:
    """Errors: SetupFileWrong."""
    return decode(_bytes_of(file), name=str(file))


def decode(raw: bytes, *, name: str) -> SetupText:
    """Errors: SetupFileWrong."""
    if len(raw) > FILE_BYTES_MAX:
        raise _whole(name, f"is larger than {FILE_BYTES_MAX} bytes: split it; files are applied one by one")
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _wrong(name, Problem(line=line, field="", text="is not UTF-8: save the file as UTF-8")) from error
    try:
        tree = tomllib.loads(text, parse_float=Decimal)
        lines = lines_of(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(name, _not_toml(error, text)) from error
    except RecursionError as error:
        raise _whole(name, f"is nested too deeply: {DEPTH_MAX} keys within each other are enough") from error
    except ValueError as error:  # of int, which reads so many digits and not more
        raise _wrong(name, _too_many_digits(text)) from error
    problems = [Problem(line=_line(lines, path), field=dotted(path), text=said) for path, said in _complaints(tree)]
    if problems:
        raise SetupFileWrong(file=name, problems=sorted(problems, key=lambda problem: problem.line))
    try:
        tables = msgspec.convert(tree, model.SetupFile)
    except msgspec.ValidationError as error:
        path, said = _explained(str(error))
        raise _wrong(name, Problem(line=_line(lines, path), field=dotted(path), text=said)) from error
    return SetupText(name, tables, lines)


def _bytes_of(file: File) -> bytes:
    try:
        with file.open("rb") as handle:
            return handle.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise _whole(str(file), f"cannot be read: {error.strerror}") from error


def _complaints(tree: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """What msgspec would not say, or not say well: unknown keys, and values no database column can hold."""
    waiting: list[tuple[Path, Any]] = [((), tree)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > DEPTH_MAX:
            yield path[:DEPTH_MAX], f"is nested too deeply: {DEPTH_MAX} keys within each other are enough"
            continue
        match value:
            case dict():
                yield from _unknown_keys(path, value)
                yield from ((path, NUL) for key in value if "\0" in key)
                waiting.extend(((*path, key), inner) for key, inner in value.items())
            case list():
                waiting.extend(((*path, position), inner) for position, inner in enumerate(value))
            case str() if "\0" in value:
                yield path, NUL
            case int() | Decimal() if not _storable(value):
                yield path, "is no number that can be kept: too large, too near to zero, or none at all"


def _unknown_keys(path: Path, table: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    kind = TABLES.get(tuple(part for part in path if isinstance(part, str)))
    if kind is None:
        return
    known = [entry.name for entry in structs.fields(kind)]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
            yield (*path, key), f"is not a known key; {hint}"


def _storable(number: int | Decimal) -> bool:
    if isinstance(number, Decimal) and not number.is_finite():
        return False
    if isinstance(number, Decimal) and number and number.adjusted() < SMALLEST_EXPONENT:
        return False
    return WHOLE_MIN <= number <= WHOLE_MAX


def _explained(message: str) -> tuple[Path, str]:
    """msgspec's sentence as ours, with the place it names."""
    said, _, place = message.partition(" - at `$")
    path: Path = tuple(
        int(part[1:-1]) if part.startswith("[") else part.removeprefix(".")
        for part in re.findall(r"\.[^.\[\]`]+|\[\d+\]", place)
    )
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", said):
        return (*path, missing.group(1)), "is missing: add it"
    if unknown := re.fullmatch(r"Object contains unknown field `(\w+)`", said):
        return (*path, unknown.group(1)), "is not a known key; known here: env, default"
    if "matching regex" in said:
        field = dotted(path).rpartition(".")[2]
        return path, f"must be {_WANTED.get(field, _CODE_WANTED)}"
    if said == "Invalid decimal string":
        return path, "must be a number, without quotes"
    if said.startswith("Invalid enum value"):
        return path, f"must be one of {', '.join(_choices(path))}"
    said = re.sub("`([^`]*)`", lambda word: _TYPES.get(word.group(1), word.group(1)), said)
    return path, said.replace("Expected", "must be", 1)


def _choices(path: Path) -> list[str]:
    """The texts that a field may hold."""
    *table, field = (part for part in path if isinstance(part, str))
    hint = get_type_hints(TABLES[tuple(table)])[field]
    kinds = (hint, *get_args(hint))
    return [str(choice) for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]


def _not_toml(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    said = str(error)
    place = re.search(r" \(at line (\d+), column \d+\)$", said)
    line = int(place.group(1)) if place else text.count("\n") + 1
    return Problem(line=line, field="", text=f"is not TOML: {said[: place.start()] if place else said}")


def _too_many_digits(text: str) -> Problem:
    found = re.search(rf"[0-9_]{{{sys.get_int_max_str_digits()},}}", text)
    line = text.count("\n", 0, found.start()) + 1 if found else 0
    return Problem(line=line, field="", text="a number has too many digits: correct it")


def _line(lines: dict[Path, int], path: Path) -> int:
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 0


def _whole(name: str, text: str) -> SetupFileWrong:
    return _wrong(name, Problem(line=0, field="", text=text))


def _wrong(name: str, problem: Problem) -> SetupFileWrong:
    return SetupFileWrong(file=name, problems=[problem])


def plain(value: Any) -> Any:
    """A value of a free table as JSON gives it back, so that what is on record can be compared with it."""
    match value:
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date() | time():
            return value.isoformat()
    return value
