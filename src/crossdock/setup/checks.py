"""What a single value of a setup file must be, beyond its type, and what is made of it.

Complaints are collected, not raised: the value of one that was complained of is never used.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct, UnsetType, ValidationError, convert, to_builtins

from crossdock.core.bench import boxes
from crossdock.core.events import kinds as event_kinds
from crossdock.core.film.model import FILM_DAYS_MAX
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX
from crossdock.core.stock.model import ALLOCATIONS
from crossdock.core.units import gs1
from crossdock.setup import model
from crossdock.setup.errors import Path, Problem
from crossdock.setup.plan import InUse, Password, Secret
from crossdock.setup.read import SetupText, plain
from crossdock.setup.tables import RETURN_PRICES

YEAR_MIN, YEAR_MAX = 1970, 9998
"""Whatever the zone, Python can hold these."""
PRICE_MAX = Decimal(10) ** 12
PRICE_PLACES_MAX = 6
TELLS_BUYERS: Final = ("account", "station")
"""Whose settings are free but for `notices`; those of a shop have names, all of them."""
FILMED: Final = ("warehouse", "station")
"""Whose settings may say `film_days`; a shop's may, too, by that name."""


PREFIXED: Final = ("account", "warehouse")
"""Whose settings may say `gs1_prefix`."""


class Checks:
    def __init__(self, text: SetupText, environ: Mapping[str, str], dialects: Collection[str] | None) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._environ = environ
        self._dialects = dialects

    def complain(self, path: Path, text: str) -> None:
        self.problems.append(self._text.problem(path, text))

    def line_of(self, path: Path) -> int:
        return self._text.problem(path, "").line

    def value(self, column: str, path: Path, given: Any) -> Any:
        """What is put into a column; as it was given, where nothing more is asked of it."""
        check = _OF_COLUMN.get(column)
        if check is not None:
            return check(self, path, given)
        if isinstance(given, Struct):
            return to_builtins(given)
        return given if isinstance(given, Decimal) else plain(given)

    def text(self, path: Path, given: str | model.Given) -> str:
        """The text itself, or what the environment holds; an empty variable counts as not set."""
        if isinstance(given, str):
            return given
        text = self._environ.get(given.env) or given.default
        if isinstance(text, UnsetType):
            self.complain(path, f"environment variable {given.env} is not set: set it, or give a default")
            return ""
        if len(text) > model.TEXT_LENGTH_MAX or not _is_text(text):
            self.complain(path, f"{given.env} must hold at most {model.TEXT_LENGTH_MAX} characters of UTF-8")
        return text

    def key(self, path: Path, given: str | model.Given) -> str:
        """What a caller shows; of one from the environment the file's own rules are still to be kept."""
        before = len(self.problems)
        key = self.text(path, given)
        if len(self.problems) == before and not (
            len(key) <= model.NAME_LENGTH_MAX and re.match(model.PRINTABLE, key)
        ):
            self.complain(
                path,
                f"must have 1 to {model.NAME_LENGTH_MAX} characters, none of them a control character,"
                " and no blank at either end",
            )
        return key

    def secret(self, path: Path, given: str | model.Given) -> Secret:
        return Secret(self.text(path, given))

    def cabinet_key(self, path: Path, given: str | model.Given) -> Secret:
        before = len(self.problems)
        key = self.text(path, given)
        if len(self.problems) == before and not key:
            self.complain(path, "is empty: give one")
        return Secret(key)

    def password(self, path: Path, given: str | model.Given) -> Password:
        before = len(self.problems)
        password = self.text(path, given)
        if len(self.problems) == before and not 1 <= len(password) <= PASSWORD_CHARACTERS_MAX:
            said = "is empty: give one" if not password else f"must have at most {PASSWORD_CHARACTERS_MAX} characters"
            self.complain(path, said)
        return Password(password)

    def moment(self, path: Path, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            self.complain(path, f"has no offset from UTC: write it as {moment.isoformat()}+08:00")
        elif not YEAR_MIN <= moment.year <= YEAR_MAX:
            self.complain(path, f"must lie in the years {YEAR_MIN} to {YEAR_MAX}")
        return moment

    def zone(self, path: Path, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            said = _known_instead(zone, available_timezones(), otherwise="use an IANA name, as Asia/Shanghai")
            self.complain(path, f"{zone} is no known zone; {said}")
        return zone

    def url(self, path: Path, given: str | model.Given) -> str:
        before = len(self.problems)
        url = self.text(path, given)
        if len(self.problems) == before and not _is_url(url):
            self.complain(path, "must begin with http:// or https://, name a host and hold no blank")
        return url

    def dialect(self, path: Path, dialect: str) -> str:
        if self._dialects is not None and dialect not in self._dialects:
            self.complain(path, f"{dialect} is no known dialect; {_known_instead(dialect, self._dialects)}")
        return dialect

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

    def settings(self, path: Path, given: Any) -> Any:
        if isinstance(given, Struct):
            return to_builtins(given)
        if "notices" in given and path[-3] in TELLS_BUYERS:
            try:
                convert(plain(given["notices"]), model.Notices)
            except ValidationError:
                said = "must be a table of `ready` and `reminder`, true or false, and `language`, en or zh"
                self.complain((*path, "notices"), said)
        if "film_days" in given and path[-3] in FILMED:
            days = plain(given["film_days"])
            if type(days) is not int or not 1 <= days <= FILM_DAYS_MAX:
                self.complain((*path, "film_days"), f"must be a whole number, 1 to {FILM_DAYS_MAX}")
        if "gs1_prefix" in given and path[-3] in PREFIXED:
            prefix = plain(given["gs1_prefix"])
            if not (isinstance(prefix, str) and gs1.is_prefix(prefix)):
                said = f"must be a text of {gs1.PREFIX_DIGITS_MIN} to {gs1.PREFIX_DIGITS_MAX} digits, as GS1 gave it"
                self.complain((*path, "gs1_prefix"), said)
        if "allocation" in given and path[-3] == "warehouse" and plain(given["allocation"]) not in ALLOCATIONS:
            self.complain((*path, "allocation"), f"must be one of {', '.join(ALLOCATIONS)}")
        if "cartons" in given and path[-3] == "warehouse":
            try:
                boxes.read(plain(given["cartons"]))
            except ValueError as error:
                self.complain((*path, "cartons"), f"must be cartons as the page on the setup file has them: {error}")
        return plain(given)

    def price(self, path: Path, price: Decimal) -> Decimal:
        places = price.as_tuple().exponent
        if not (0 <= price <= PRICE_MAX and isinstance(places, int) and -places <= PRICE_PLACES_MAX):
            self.complain(path, f"must be 0 to {PRICE_MAX:f} with at most {PRICE_PLACES_MAX} places")
        return price


_OF_COLUMN: Final[dict[str, Callable[[Checks, Path, Any], Any]]] = {
    "zone": Checks.zone,
    "dialect": Checks.dialect,
    "order_dialect": Checks.dialect,
    "secret_sealed": Checks.secret,
    "key_sealed": Checks.cabinet_key,
    "password_hash": Checks.password,
    "valid_from": Checks.moment,
    "valid_until": Checks.moment,
    "url": Checks.url,
    "kinds": Checks.kinds,
    "settings": Checks.settings,
    "price": Checks.price,
    **dict.fromkeys(RETURN_PRICES, Checks.price),
    "manager": lambda _checks, _path, role: role == "manager",
    "revoked_at": lambda _checks, _path, active: InUse(active),
}


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(re.fullmatch(r"https?://\S+", url) and parts.hostname and (parts.port is None or parts.port))
    except ValueError:  # a port that is none
        return False


def _known_instead(given: str, known: Collection[str], *, otherwise: str | None = None) -> str:
    near = get_close_matches(given, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return otherwise or f"known: {', '.join(sorted(known))}"


def _is_text(text: str) -> bool:
    """The environment may hold bytes that are no text; Python gives them as surrogates."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
