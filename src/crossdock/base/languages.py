"""Texts in the languages of a folder: written in English in the code, translated in `<language>.po`."""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


@cache
def translations(folder: Path, language: str) -> gettext.NullTranslations:
    """A language without a file is said as written."""
    file = folder / f"{language}.po"
    if not file.exists():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as written:
        write_mo(compiled, read_po(written, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
