"""A request as somebody copied it: as curl, as HTTP, as an address with a body below it, or a body alone."""

import re
import shlex
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote_plus, unquote, urlsplit

from crossdock.base.errors import Invalid
from crossdock.edge.workbench import Pasted

CHARACTERS_MAX: Final = 20_000
"""Of one request, longer than any documented one: it is hashed some hundred times to find what is wrong with it."""
HEADERS_MAX: Final = 100

_REQUEST_LINE: Final = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S+)(?: HTTP/[0-9.]+)?", re.ASCII)
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
_ANSI_QUOTED: Final = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_FORM: Final = "application/x-www-form-urlencoded"
_ALONE: Final = frozenset("sSkvigLfIN#0")
"""Short options of curl that take nothing."""
_DATA: Final = frozenset(
    {"-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json", "--data-urlencode"}
)


class PastedUnreadable(Invalid):
    """What was pasted is no request. Facts: why."""


class PastedTooLong(Invalid):
    """What was pasted is too long. Facts: characters_max."""


def read(text: str) -> Pasted:
    """Errors: PastedUnreadable, PastedTooLong."""
    if len(text) > CHARACTERS_MAX:
        raise PastedTooLong(characters_max=CHARACTERS_MAX)
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise PastedUnreadable(why="it is empty")
    if re.match(r"(?:\$ )?curl(?:\.exe)?\s", text):
        return _curl(text)
    first, _, rest = text.partition("\n")
    if asked := _REQUEST_LINE.fullmatch(first.strip()):
        return _http(asked[1], rest)
    if re.match(r"(?:https?://|/)\S*$", first.strip()):
        return _http(first.strip(), rest)
    if first.lstrip().startswith(("{", "[")) or "=" in first:
        return Pasted(body=text.encode(errors="replace"))
    raise PastedUnreadable(why="it is neither curl, nor HTTP, nor an address, nor a body")


def _http(target: str, rest: str) -> Pasted:
    """Headers up to the first empty line; where the first line is none, all of it is the body."""
    headers: dict[str, str] = {}
    lines = rest.split("\n")
    at = 0
    while (
        at < len(lines) and (found := _HEADER.fullmatch(lines[at])) and not lines[at].lstrip().startswith(("{", "["))
    ):
        if len(headers) >= HEADERS_MAX:
            raise PastedUnreadable(why=f"more than {HEADERS_MAX} headers")
        headers[found[1].lower()] = found[2].strip()
        at += 1
    body = "\n".join(lines[at:]).strip("\n")
    return _pasted(target, headers, body)


def _curl(text: str) -> Pasted:
    """Errors: PastedUnreadable."""
    text = re.sub(r"[\\^]\n", " ", text)
    text = _ANSI_QUOTED.sub(lambda found: shlex.quote(_unescaped(found[1])), text)
    try:
        words = iter(shlex.split(text)[1:] if not text.startswith("$") else shlex.split(text)[2:])
    except ValueError as error:
        raise PastedUnreadable(why=str(error)) from error
    target, as_query = "", False
    headers: dict[str, str] = {}
    data: list[str] = []
    for word in words:
        name, value = _option(word)
        if not name:
            target = target or word
        elif name in _DATA:
            data.append(_data(name, _value(name, value, words)))
            if name == "--json":
                headers.setdefault("content-type", "application/json")
        elif name in ("-H", "--header"):
            header, _, said = _value(name, value, words).partition(":")
            headers[header.strip().lower()] = said.strip()
        elif name == "--url":
            target = _value(name, value, words)
        elif name in ("-G", "--get"):
            as_query = True
        elif name in ("-F", "--form"):
            raise PastedUnreadable(why="the parts of a multipart form are not read; send it as another form")
        elif value is None and (name in _TAKE or (len(name) == 2 and name[1] not in _ALONE)):
            next(words, None)
    if not target:
        raise PastedUnreadable(why="curl has no address")
    joined = "&".join(data)
    if as_query:
        return _pasted(f"{target}{'&' if '?' in target else '?'}{joined}", headers, "")
    if data:
        headers.setdefault("content-type", _FORM)
    return _pasted(target, headers, joined)


_TAKE: Final = frozenset(
    {"--request", "--user-agent", "--cookie", "--referer", "--max-time", "--connect-timeout", "--output", "--user"}
    | {"--proxy", "--cacert", "--cert", "--key", "--resolve", "--retry"}
)


def _option(word: str) -> tuple[str, str | None]:
    """Its name and what is written with it; an empty name for no option."""
    if word.startswith("--") and len(word) > 2:
        name, equals, value = word.partition("=")
        return (name, value) if equals else (word, None)
    if word.startswith("-") and len(word) > 1:
        return (word[:2], word[2:]) if len(word) > 2 and word[1] not in _ALONE else (word[:2], None)
    return "", None


def _value(name: str, value: str | None, words: Iterator[str]) -> str:
    found = next(words, None) if value is None else value
    if found is None:
        raise PastedUnreadable(why=f"curl's {name} is the last word")
    return found


def _data(name: str, value: str) -> str:
    if name != "--data-raw" and value.startswith("@"):
        raise PastedUnreadable(why=f"the file {value[1:40]} is not here: paste what is in it")
    if name == "--data-urlencode":
        field, equals, said = value.partition("=")
        return f"{field}={quote_plus(said)}" if equals else quote_plus(value)
    return value


def _unescaped(text: str) -> str:
    """As the shell reads $'…'."""

    def one(found: re.Match[str]) -> str:
        sign = found[1]
        return chr(int(sign[1:], 16)) if len(sign) > 1 else _SHORT.get(sign, sign)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", one, text, flags=re.DOTALL)


_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t"}


def _pasted(target: str, headers: dict[str, str], body: str) -> Pasted:
    try:
        parts = urlsplit(target)
    except ValueError as error:
        raise PastedUnreadable(why=str(error)) from error
    return Pasted(
        path=unquote(parts.path, errors="replace"),
        query=parts.query,
        headers=headers,
        body=body.encode(errors="replace"),
    )
