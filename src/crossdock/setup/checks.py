"""What a single value of a setup file must be, beyond its type; complaints are collected, not raised."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from msgspec import UnsetType

from crossdock.core.events import kinds as event_kinds
from crossdock.setup import model
from crossdock.setup.errors import Path, Problem
from crossdock.setup.plan import Secret
from crossdock.setup.read import SetupText

YEAR_MIN, YEAR_MAX = 1970, 9998
"""Whatever the zone, Python can hold these."""


class Checks:
    def __init__(self, text: SetupText, environ: Mapping[str, str], dialects: Collection[str] | None) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._environ = environ
        self._dialects = dialects

    def kinds(self, path: Path, wanted: list[str]) -> list[str]:
        """Event kinds by name; `inbound.*` means all whose names begin so."""
        found: set[str] = set()
        for position, kind in enumerate(wanted):
            if kind.endswith("*"):
                matching = {known for known in event_kinds.ALL if known.startswith(kind[:-1])}
            else:
                matching = {kind} & event_kinds.ALL
            if not matching:
                said = _known_instead(kind, event_kinds.ALL)
                self.complain((*path, position), f"{kind} is no kind of event; {said}")
            found |= matching
        return sorted(found)

    def secret(self, path: Path, given: str | model.Given | UnsetType, *, column: str) -> dict[str, Secret]:
        text = self.text_of(path, given)
        return {} if text is None else {column: Secret(text)}

    def text_of(self, path: Path, given: str | model.Given | UnsetType) -> str | None:
        """The text itself, or what the environment holds; an empty variable counts as not set.

        None when nothing is given, and after a complaint.
        """
        if isinstance(given, UnsetType):
            return None
        if isinstance(given, str):
            return given
        text = self._environ.get(given.env) or given.default
        if isinstance(text, UnsetType):
            self.complain(path, f"environment variable {given.env} is not set: set it, or give a default")
            return None
        if len(text) > model.TEXT_LENGTH_MAX or not _is_text(text):
            self.complain(path, f"{given.env} must hold at most {model.TEXT_LENGTH_MAX} characters of UTF-8")
            return None
        return text

    def moment(self, path: Path, moment: datetime | UnsetType) -> dict[str, datetime]:
        if isinstance(moment, UnsetType):
            return {}
        if moment.tzinfo is None:
            self.complain(path, f"has no offset from UTC: write it as {moment.isoformat()}+08:00")
        elif not YEAR_MIN <= moment.year <= YEAR_MAX:
            self.complain(path, f"must lie in the years {YEAR_MIN} to {YEAR_MAX}")
        return {str(path[-1]): moment}

    def check_zone(self, path: Path, zone: str | UnsetType) -> None:
        if isinstance(zone, UnsetType):
            return
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            said = _known_instead(zone, available_timezones(), otherwise="use an IANA name, as Asia/Shanghai")
            self.complain((*path, "zone"), f"{zone} is no known zone; {said}")

    def check_url(self, path: Path, url: str) -> None:
        if not re.fullmatch(r"https?://[^\s/]\S*", url):
            self.complain(path, "must begin with http:// or https:// and hold no blank")

    def check_dialect(self, path: Path, dialect: str) -> None:
        if self._dialects is not None and dialect not in self._dialects:
            self.complain(path, f"{dialect} is no known dialect; {_known_instead(dialect, self._dialects)}")

    def complain(self, path: Path, text: str) -> None:
        self.problems.append(self._text.problem(path, text))


def _known_instead(given: str, known: Collection[str], *, otherwise: str | None = None) -> str:
    near = get_close_matches(given, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return otherwise or f"known: {', '.join(sorted(known))}"


def _is_text(text: str) -> bool:
    """The environment may hold bytes that are no text; Python gives them as surrogates."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
