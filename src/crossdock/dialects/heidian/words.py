"""Heidian's words against ours: states, times, money, and which language is asked for."""

import re
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal, NamedTuple

NAME: Final = "heidian"
Language = Literal["en", "zh"]

ZONE: Final = timezone(timedelta(hours=8))
"""Every printed time is in this zone, and one that names no zone is taken for it, whatever the account's."""

PLATFORM: Final = ".heidianer.com"
"""Shops have a domain under it, besides their own."""

KEY_STATES: Final = frozenset({"unused", "used", "expired", "canceled"})
"""`key_status`; the core's pick-up states are spelled the same, with one l."""
STOCK_WORDS: Final = {"unprepare": False, "prepared": True}
"""`stock_status` -> whether the goods are set aside. The vendor writes unprepare, not unprepared."""
PAID_ENOUGH: Final = frozenset({"paid", "partially_refunded", "refunded"})
"""Payments after which an order has a code to show."""


class OrderWords(NamedTuple):
    order_status: str
    fulfillment_status: str


OPEN: Final = OrderWords("open", "pending")
ORDER_WORDS: Final[dict[str, OrderWords]] = {
    "draft": OPEN,
    "pending": OPEN,
    "allocated": OPEN,
    "released": OPEN,
    "picking": OPEN,
    "packing": OPEN,
    "packed": OPEN,
    "partly_shipped": OPEN,
    "confirmed": OPEN,
    "labelled": OPEN,
    "held": OPEN,
    "shipped": OPEN,  # on its way to the counter or waiting there: the buyer does not have it yet
    "delivered": OrderWords("closed", "fulfilled"),
    "returned": OrderWords("closed", "fulfilled"),
    "unshipped": OrderWords("cancelled", "pending"),
    "cancelled": OrderWords("cancelled", "pending"),
    "deleted": OrderWords("cancelled", "pending"),
}
"""Core state of an outbound order -> what is printed. Cancelled with two l here, one in key_status: theirs."""

_SPACED_OFFSET = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")
_TIME_CHARACTERS_MAX = 40
_CODE = re.compile(r"[0-9]{6}")
_LANGUAGE_RANGES_MAX = 20


def moment(at: datetime) -> str:
    """ISO 8601 with microseconds and +08:00."""
    return at.astimezone(ZONE).isoformat(timespec="microseconds")


def moment_or_null(at: datetime | None) -> str | None:
    return None if at is None else moment(at)


def read_moment(text: str) -> datetime | None:
    """`Z`, any offset, or none at all; None when it is not a time."""
    if len(text) > _TIME_CHARACTERS_MAX:
        return None
    # An offset's plus that was not escaped arrives as a blank.
    try:
        found = datetime.fromisoformat(_SPACED_OFFSET.sub(r"\1+\2", text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZONE)


def money(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def code(text: str) -> str | None:
    """The text when it can be a pick-up code: six decimal digits."""
    return text if _CODE.fullmatch(text) else None


def language(accepted: str | None) -> Language:
    """Chinese when Accept-Language prefers it to English; English for everything else."""
    best: tuple[float, Language] = (0.0, "en")
    for part in (accepted or "").split(",")[:_LANGUAGE_RANGES_MAX]:
        name, _, rest = part.strip().partition(";")
        match name.strip().lower().split("-", 1)[0]:
            case "zh" | "en" as spoken:
                weight = _weight(rest)
                if weight > best[0]:
                    best = (weight, "zh" if spoken == "zh" else "en")
            case _:
                continue
    return best[1]


def domain(text: str) -> str:
    """An online shop's domain, without the scheme, port or slash that some clients send."""
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower()).split("/", 1)[0]
    return re.sub(r":[0-9]*$", "", bare)


def short_name(domain: str) -> str:
    """NAME of `NAME.heidianer.com`, which every shop of the platform goes by; empty for any other domain."""
    name = domain.removesuffix(PLATFORM)
    return "" if name == domain or "." in name else name


def object_or_empty(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "q":
            try:
                return min(float(value), 1.0)
            except ValueError:
                return 0.0
    return 1.0
