"""The texts of notices, in the languages they speak. Written in English, translated in locale/*.po."""

import gettext
from pathlib import Path
from typing import Final

from crossdock.base import languages

LOCALE: Final = Path(__file__).parent / "locale"

SHORT: Final = {
    ("shop", "endless"): "Order ..{end} still waits at {place}. Code {key}.",
    ("shop", "ready"): "Order ..{end} is ready at {place}. Code {key}.",
    ("shop", "reminder"): "Order ..{end} waits at {place} until {until}. Code {key}.",
    ("locker", "ready"): "Order ..{end}: locker {place}, box {box}. Code {key}.",
    ("locker", "reminder"): "Order ..{end}: locker {place}, box {box}, until {until}. Code {key}.",
}
"""Where it is, what is told -> an SMS. `endless` is a reminder of what waits without end."""
SUBJECTS: Final = {
    "ready": "Your order {number} is ready: {place}",
    "reminder": "Your order {number} waits until {until}: {place}",
    "endless": "Your order {number} still waits: {place}",
}
HEADINGS: Final = {
    ("shop", "ready"): "Your order {number} is ready for you at the shop.",
    ("shop", "reminder"): "Your order {number} still waits for you at the shop.",
    ("locker", "ready"): "Your order {number} lies in a locker for you.",
    ("locker", "reminder"): "Your order {number} still lies in a locker for you.",
}
LABELS: Final = {
    "code": "Pick-up code",
    "shop": "Shop",
    "locker": "Locker",
    "box": "Box",
    "until": "Until",
    "address": "Address",
    "hours": "Opening hours",
    "phone": "Telephone",
    "map": "Map",
    "page": "Your order",
}
HINT: Final = "Show this code to collect it. Whoever has it can collect it: do not pass it on."
TEXTS: Final = (*SHORT.values(), *SUBJECTS.values(), *HEADINGS.values(), *LABELS.values(), HINT)


def translations(language: str) -> gettext.NullTranslations:
    return languages.translations(LOCALE, language)
