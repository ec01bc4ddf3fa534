"""What pages say, in the languages they speak. Texts are written in English and translated in locale/*.po."""

import gettext
from datetime import datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import negotiate_locale
from babel.dates import format_datetime

from crossdock.base import languages

LANGUAGES: Final = {"en": "English", "zh": "中文"}
COOKIE: Final = "crossdock_language"
MOMENTS: Final = {"en": "EEE d MMM y, HH:mm", "zh": "y年M月d日 EEE HH:mm"}
LOCALE: Final = Path(__file__).parent / "locale"


def translations(language: str) -> gettext.NullTranslations:
    return languages.translations(LOCALE, language)


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
