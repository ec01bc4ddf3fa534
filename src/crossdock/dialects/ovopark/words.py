"""Ovopark's words against ours: times, and the attributes of goods."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

ZONE: Final = timezone(timedelta(hours=8))
"""All times are China time; the pages name no zone, the clients format local time."""
YEAR_MIN: Final = 1970
"""Earlier is a slip of the clock at the bench, and PostgreSQL and Python disagree on years before 1."""
YEAR_MAX: Final = 9998
"""A minute after the end of the last year that Python knows cannot be printed."""

_STAMP = re.compile(r"[0-9]{14}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")

SKU_TYPES: Final = {1: "Colour", 2: "Style", 3: "Size"}
"""`skuKeyId` -> name. The page's own table is not stored: these are ours."""


def stamp(text: str) -> datetime | None:
    """`yyyyMMddHHmmss` -> aware UTC; None when it is not 14 digits or no date."""
    return _read(f"{text[:8]}T{text[8:]}") if _STAMP.fullmatch(text) else None


def moment(text: str) -> datetime | None:
    """`yyyy-MM-dd HH:mm:ss` -> aware UTC; None when it is something else or of a year not served."""
    return _read(text) if _MOMENT.fullmatch(text) else None


def printed(at: datetime) -> str:
    """Aware -> `yyyy-MM-dd HH:mm:ss`."""
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _read(text: str) -> datetime | None:
    """ISO 8601, with or without its marks."""
    try:
        read = datetime.fromisoformat(text).replace(tzinfo=ZONE)
    except ValueError:
        return None
    return read.astimezone(UTC) if YEAR_MIN <= read.year <= YEAR_MAX else None
