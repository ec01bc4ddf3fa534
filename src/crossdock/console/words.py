"""What pages say, in the languages they speak. Texts are written in English and translated in locale/*.po."""

import gettext
from datetime import datetime
from functools import cache
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import negotiate_locale
from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES: Final = {"en": "English", "zh": "中文"}
COOKIE: Final = "crossdock_language"
MOMENTS: Final = {"en": "EEE d MMM y, HH:mm", "zh": "y年M月d日 EEE HH:mm"}
LOCALE: Final = Path(__file__).parent / "locale"


@cache
def translations(language: str) -> gettext.NullTranslations:
    file = LOCALE / f"{language}.po"
    if not file.exists():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as written:
        write_mo(compiled, read_po(written, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def language_of(*, cookie: str, accept: str) -> str:
    """As chosen on the page, else as the browser prefers, else English. Headers as they were sent."""
    kept = SimpleCookie(cookie).get(COOKIE)
    if kept is not None and kept.value in LANGUAGES:
        return kept.value
    wanted = [part.partition(";")[0].strip() for part in accept.split(",")]
    return negotiate_locale(wanted, list(LANGUAGES), sep="-") or "en"


def moment(at: datetime, zone: str, language: str) -> str:
    """`Fri 2 Aug 2024, 07:10`, as the clocks of that zone show it."""
    return format_datetime(at.astimezone(ZoneInfo(zone)), MOMENTS[language], locale=language)
