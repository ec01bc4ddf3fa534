"""One call as it was asked: query and body as names and values, and the reading of single fields."""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from crossdock.base.errors import BodyMalformed
from crossdock.dialects.heidian.errors import NON_FIELD, Fault, FieldsWrong, MediaUnsupported
from crossdock.edge.request import FORM_FIELDS_MAX, FORM_TYPE, JSON_TYPE, MULTIPART_TYPE, Request

PARSERS: Final = {JSON_TYPE: "JSON", FORM_TYPE: "Form", MULTIPART_TYPE: "Multipart form"}
"""The media types read, as the refusal of one that cannot be read names them."""
INTEGER_MAX: Final = 2**63 - 1
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")


@dataclass(frozen=True, kw_only=True)
class Asked:
    request: Request
    path: str
    """With the final slash, whether it was sent or not."""
    number: int | None
    """What stood for [id] in the path."""
    query: dict[str, str]
    """Of a name given twice the last value counts."""
    pairs: list[tuple[str, str]]
    body: dict[str, Any]


class Field(Struct, frozen=True, kw_only=True):
    """One text field of a body. A number is taken as its digits, left-padded to `digits`."""

    name: str
    characters_min: int = 1
    characters_max: int | None = None
    trim: bool = True
    digits: int = 0


def query_pairs(query_string: bytes) -> list[tuple[str, str]]:
    """Names and values in order; bytes that are no UTF-8 become marks that match nothing.

    Errors: BodyMalformed for more than FORM_FIELDS_MAX of them.
    """
    try:
        return parse_qsl(
            query_string.decode("utf-8", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=FORM_FIELDS_MAX,
        )
    except ValueError as error:
        raise BodyMalformed(what="Query", cause=str(error)) from error


def read_body(request: Request) -> dict[str, Any]:
    """The fields of a body of any type in PARSERS; none for an empty one.

    Errors: MediaUnsupported, BodyMalformed, FieldsWrong when a JSON body is no object.
    """
    if not request.body:
        return {}
    media = request.content_type
    if media not in PARSERS:
        raise MediaUnsupported(media=(request.header("content-type") or "").strip())
    if media != JSON_TYPE:
        try:
            return dict(request.form)
        except BodyMalformed as error:
            raise BodyMalformed(what=PARSERS[media], cause=error.facts.get("cause", "")) from error
    try:
        found = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyMalformed(what=PARSERS[media], cause=str(error)) from error
    if not isinstance(found, dict):
        raise FieldsWrong(fields={NON_FIELD: Fault("not_an_object", type(found).__name__)})
    return found


def texts(body: dict[str, Any], *fields: Field) -> tuple[str, ...]:
    """The fields' values in order. Errors: FieldsWrong, with all of them that are wrong."""
    read = [_text(body, field) for field in fields]
    faults = {field.name: value for field, value in zip(fields, read, strict=True) if isinstance(value, Fault)}
    if faults:
        raise FieldsWrong(fields=faults)
    return tuple(value for value in read if isinstance(value, str))


def integer(text: str) -> int | None:
    """A whole number the database can hold; None for anything else."""
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -INTEGER_MAX <= number <= INTEGER_MAX else None


def _text(body: dict[str, Any], field: Field) -> str | Fault:
    if field.name not in body:
        return Fault("required")
    match body[field.name]:
        case None:
            return Fault("null")
        case bool():
            return Fault("invalid")
        case int() | float() as number:
            whole = isinstance(number, float) and number.is_integer()
            text = str(int(number) if whole else number).zfill(field.digits)
        case str() as text:
            text = text.strip() if field.trim else text
        case _:
            return Fault("invalid")
    if not text:
        return Fault("blank")
    if "\0" in text:
        return Fault("null_characters")
    if len(text) < field.characters_min:
        return Fault("min_length", field.characters_min)
    if field.characters_max is not None and len(text) > field.characters_max:
        return Fault("max_length", field.characters_max)
    return text
