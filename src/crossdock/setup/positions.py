"""On which line of a TOML text each table and key stands.

The text has been decoded by tomllib before, so its grammar is not checked again: this only walks it.
"""

import re
import tomllib

from crossdock.setup.errors import Path

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRINGS = (
    re.compile(r'"""(?:[^"\\]|\\.|"(?!"")|"(?="""))*"""', re.DOTALL),
    re.compile(r"'''(?:[^']|'(?!'')|'(?='''))*'''", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_PLAIN = re.compile(r"[^,\]}#\r\n]+")


def lines_of(text: str) -> dict[Path, int]:
    """Line numbers from 1, by path; the elements of arrays are counted from 0."""
    walk = _Walk(text)
    walk.document()
    return walk.lines


class _Walk:
    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._counted_to = 0
        self._counts: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip(_BLANK):
            if self._peek("[["):
                table = self._header("[[", "]]")
            elif self._peek("["):
                table = self._header("[", "]")
            else:
                self._pair(table)

    def _header(self, opening: str, closing: str) -> Path:
        line = self._line_here()
        self._at += len(opening)
        keys = self._keys()
        self._at += len(closing)
        table: Path = ()
        for position, key in enumerate(keys):
            table += (key,)
            if opening == "[[" and position == len(keys) - 1:
                self._counts[table] = self._counts.get(table, -1) + 1
                self.lines.setdefault(table, line)
            if table in self._counts:
                table += (self._counts[table],)
            self.lines.setdefault(table, line)
        return table

    def _pair(self, table: Path) -> None:
        line = self._line_here()
        for key in self._keys():
            table += (key,)
            self.lines.setdefault(table, line)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(table)

    def _keys(self) -> list[str]:
        """A dotted key; the cursor ends after it and the space behind it."""
        keys = []
        while True:
            self._skip(_SPACE)
            if bare := _BARE_KEY.match(self._text, self._at):
                keys.append(bare.group())
                self._at = bare.end()
            else:
                keys.append(_quoted_key(self._string()))
            self._skip(_SPACE)
            if not self._peek("."):
                return keys
            self._at += 1

    def _value(self, path: Path) -> None:
        if self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        elif self._peek('"') or self._peek("'"):
            self._string()
        else:
            self._skip(_PLAIN)

    def _array(self, path: Path) -> None:
        self._at += 1
        position = 0
        while self._skip(_BLANK) and not self._peek("]"):
            self.lines[(*path, position)] = self._line_here()
            self._value((*path, position))
            position += 1
            self._skip(_BLANK)
            self._skip_comma()
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._skip(_BLANK) and not self._peek("}"):
            self._pair(path)
            self._skip(_BLANK)
            self._skip_comma()
        self._at += 1

    def _skip_comma(self) -> None:
        if self._peek(","):
            self._at += 1

    def _string(self) -> str:
        for pattern in _STRINGS:
            if found := pattern.match(self._text, self._at):
                self._at = found.end()
                return found.group()
        raise LookupError(f"no string in line {self._line_here()}")

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Whether anything is left behind what was skipped."""
        if found := pattern.match(self._text, self._at):
            self._at = found.end()
        return self._at < len(self._text)

    def _peek(self, sign: str) -> bool:
        return self._text.startswith(sign, self._at)

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line


def _quoted_key(quoted: str) -> str:
    return str(tomllib.loads(f"key = {quoted}")["key"])
