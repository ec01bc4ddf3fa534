"""What a call was told: form body, query string, the id in the path and a JSON body, read as one."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from crossdock.base.errors import BodyMalformed
from crossdock.dialects.birdsystem.errors import ValueInvalid
from crossdock.edge.request import FORM_TYPE, JSON_TYPE, MULTIPART_TYPE, Request

LISTED: Final = re.compile(r"(?P<name>.+)\[[0-9]*\]", re.DOTALL)
"""PHP's http_build_query numbers what a form leaves blank."""
JSON_STARTS: Final = (b"{", b"[")
"""A body with another label, or none, is JSON when it begins so."""

Values = dict[str, Any]


class Parameters:
    """One name is looked up in form, query, route, JSON, in this order; a whole set has JSON over the rest."""

    def __init__(self, *, form: Values, query: Values, route: Values, document: Values | list[Any]) -> None:
        self._plain: Values = route | query | form
        self._documents = document if isinstance(document, list) else [document]
        self._listed = isinstance(document, list)
        self._told: Values = {
            name: value
            for source in (*([] if isinstance(document, list) else [document]), self._plain)
            for name, value in source.items()
            if not empty(value)
        }

    def get(self, name: str) -> Any:
        """None when it was not given, or given empty. Errors: ValueInvalid for a JSON body that is a list."""
        value = self._told.get(name)
        if value is None and self._listed:
            raise ValueInvalid(field="body")
        return value

    def asked(self, name: str) -> Any:
        """As `get`, of what stands beside the body of a batch: in the path, the query or the form."""
        return None if empty(self._plain.get(name)) else self._plain[name]

    def whole(self) -> Values:
        """Errors: ValueInvalid for a JSON body that is a list."""
        return self._plain | self._document

    def each(self) -> list[Values]:
        """The objects of a JSON list; a single object is a list of one. Errors: ValueInvalid."""
        if not all(isinstance(one, dict) for one in self._documents):
            raise ValueInvalid(field="body")
        return self._documents if self._listed or self._documents != [{}] else [self._plain]

    @property
    def _document(self) -> Values:
        if self._listed:
            raise ValueInvalid(field="body")
        return self._documents[0]


def read(request: Request, *, route: Mapping[str, str]) -> Parameters:
    """Errors: BodyMalformed, and ValueInvalid for a JSON body that is neither an object nor a list."""
    return Parameters(
        form=lists_joined(request.form),
        query=lists_joined(request.query),
        route=dict(route),
        document=_document(request),
    )


def empty(value: Any) -> bool:
    """An empty text means the default, as a missing one does."""
    return value is None or value == ""


def lists_joined(pairs: Iterable[tuple[str, str]]) -> Values:
    """`name[]=1&name[]=3` is a list under `name`, and so is `name[0]=1&name[1]=3`, in the order they come.

    Of a name that is repeated plainly the last one counts.
    """
    values: Values = {}
    for name, value in pairs:
        listed = LISTED.fullmatch(name) if "[" in name else None
        if listed is None:
            values[name] = value
            continue
        name = listed["name"]
        if not isinstance(values.get(name), list):
            values[name] = []
        values[name].append(value)
    return values


def _document(request: Request) -> Values | list[Any]:
    if request.content_type in (FORM_TYPE, MULTIPART_TYPE):
        return {}
    body = request.body.strip()
    if not body or (request.content_type != JSON_TYPE and not body.startswith(JSON_STARTS)):
        return {}
    document = decoded(body)
    if not isinstance(document, dict | list):
        raise ValueInvalid(field="body")
    return document


def decoded(text: str | bytes) -> Any:
    """JSON as it comes. Errors: BodyMalformed."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BodyMalformed(cause=type(error).__name__) from error
