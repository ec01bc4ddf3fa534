"""A notice in words: short for an SMS, whole for an e-mail."""

import re
import unicodedata
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from msgspec import Struct

from crossdock.core.notices.model import About, Due
from crossdock.messages import words
from crossdock.messages.port import Message

SMS_UNITS_MAX: Final = 70
"""UTF-16 units of one SMS with signs beyond Latin, as names have them; a longer one is sent, and paid, in parts."""
END_DIGITS: Final = 4
"""Of an order's number, in an SMS: enough to tell one's own orders apart."""
BOX_CHARS_MAX: Final = 8
"""In an SMS."""
FIELD_CHARS_MAX: Final = 200
"""Of whatever was typed by people, in an e-mail."""
SUBJECT_CHARS_MAX: Final = 60
"""Of a name or a number in a subject."""
CUT: Final = "…"
LOCATION: Final = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]+)?) *, *(-?[0-9]{1,2}(?:\.[0-9]+)?)")
"""Longitude first."""
_LINES: Final = ("nation", "province", "city", "district", "street", "address")


class Row(Struct, frozen=True, kw_only=True):
    label: str
    value: str
    link: bool = False


class Where(Struct, frozen=True, kw_only=True):
    """The place a parcel is collected at, in plain text."""

    name: str
    box: str
    address: str
    hours: str
    phone: str
    map: str


def message(due: Due, *, public_url: str, map_url: str) -> Message:
    """`public_url` is where buyers' pages are, `map_url` an address with {lat} and {lng}; empty ones are left out."""
    notice, about = due.notice, due.about
    where = _where(about, map_url)
    until = _until(due)
    told = "endless" if notice.kind == "reminder" and until is None else notice.kind
    speak = words.translations(notice.language).gettext

    def said(text: str, **more: str) -> str:
        return speak(text).format(number=plain(about.number, SUBJECT_CHARS_MAX), **more)

    day = "" if until is None else f"{until:%Y-%m-%d %H:%M}"
    subject = said(words.SUBJECTS[told], place=cut(where.name, SUBJECT_CHARS_MAX), until=day)
    rows = [
        Row(label=speak(words.LABELS[name]), value=value, link=name in ("map", "page"))
        for name, value in (
            (about.place, where.name),
            ("box", where.box),
            ("until", day),
            ("address", where.address),
            ("hours", where.hours),
            ("phone", where.phone),
            ("map", where.map),
            ("page", f"{public_url}/t/{about.token}" if public_url and about.token else ""),
        )
        if value
    ]
    given: dict[str, Any] = {
        "language": notice.language,
        "subject": subject,
        "heading": said(words.HEADINGS[about.place, notice.kind]),
        "code_label": speak(words.LABELS["code"]),
        "key": about.key,
        "rows": rows,
        "hint": speak(words.HINT),
    }
    return Message(
        id=str(notice.id) if not notice.resends else f"{notice.id}-{notice.resends}",
        kind=notice.kind,
        language=notice.language,
        to=notice.recipient,
        short=_short(speak(words.SHORT[about.place, told]), about, where, until),
        subject=subject,
        text=_TEMPLATES.get_template("mail.txt").render(given),
        html=_TEMPLATES.get_template("mail.html").render(given),
        secrets=tuple(secret for secret in (about.key, about.token) if secret),
    )


def plain(text: Any, most: int = FIELD_CHARS_MAX) -> str:
    """One line without signs that steer a terminal, a header or the direction of writing; cut to `most`."""
    seen = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in str(text or ""))
    return cut(" ".join(seen.split()), most)


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(most - len(CUT), 0)] + CUT[:most]


def units(text: str) -> int:
    """As an SMS counts them."""
    return len(text.encode("utf-16-be")) // 2


def _short(pattern: str, about: About, where: Where, until: datetime | None) -> str:
    given = {
        "end": plain(about.number)[-END_DIGITS:],
        "box": cut(where.box, BOX_CHARS_MAX),
        "until": "" if until is None else f"{until:%m-%d %H:%M}",
        "key": about.key,
    }
    room = SMS_UNITS_MAX - units(pattern.format(place="", **given))
    place = where.name
    if units(place) > room:
        while place and units(place + CUT) > room:
            place = place[:-1]
        place = (place + CUT) if room > 0 else ""
    return pattern.format(place=place, **given)


def _until(due: Due) -> datetime | None:
    """In the zone of the place; None where nothing ends."""
    of_policy = due.about.place == "locker" and due.notice.kind == "reminder"
    until = due.notice.occasion if of_policy else due.about.expires_at
    return None if until is None else until.astimezone(ZoneInfo(due.about.zone))


def _where(about: About, map_url: str) -> Where:
    given = about.address
    if about.place == "shop":
        return Where(
            name=plain(about.site_name),
            box="",
            address=plain(given.get("address")),
            hours=plain(given.get("business_hours")),
            phone=plain(given.get("phone")),
            map=_map(str(given.get("location") or ""), map_url),
        )
    hours = [plain(given.get(name)) for name in ("service_from", "service_until")]
    return Where(
        name=plain(about.cabinet_name or about.site_name),
        box=plain(about.box_name),
        address=plain(" ".join(str(given[name]) for name in _LINES if given.get(name))),
        hours="-".join(hours) if all(hours) else "",
        phone=plain(given.get("tel")),
        map=_map(f"{given.get('longitude', '')},{given.get('latitude', '')}", map_url),
    )


def _map(location: str, map_url: str) -> str:
    found = LOCATION.fullmatch(location.strip())
    if found is None or not map_url:
        return ""
    longitude, latitude = found.groups()
    if abs(float(longitude)) > 180 or abs(float(latitude)) > 90:
        return ""
    return map_url.replace("{lat}", latitude).replace("{lng}", longitude)


_TEMPLATES: Final = Environment(
    loader=PackageLoader("crossdock.messages"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
