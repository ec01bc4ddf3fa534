"""BirdSystem's words and ours: states, types, decimals, times and countries. Tables only."""

import tomllib
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

STATUSES: Final = (
    "PREPARING",
    "RECEIVED",
    "PENDING",
    "WAIT_PICKING",
    "PICKING",
    "PROCESSING",
    "REVIEWING",
    "FINISHED",
    "DELETED",
    "CANCELLED",
    "PROBLEM",
    "WAITING_CLIENT_RESPOND",
    "WAITING_WAREHOUSE_RESPOND",
    "ADDRESS_LABEL_PRINTED",
    "CONFIRMED_BY_WAREHOUSE",
)
"""All that the page lists, in its order."""

STATUS_OF_STATE: Final[dict[str, str]] = {
    "draft": "PREPARING",
    "pending": "PENDING",
    "allocated": "PENDING",
    "released": "WAIT_PICKING",
    "picking": "PICKING",
    "packing": "PROCESSING",
    "packed": "PROCESSING",
    "partly_shipped": "PROCESSING",
    "shipped": "FINISHED",
    "delivered": "FINISHED",
    "confirmed": "CONFIRMED_BY_WAREHOUSE",
    "labelled": "ADDRESS_LABEL_PRINTED",
    "unshipped": "CANCELLED",  # by the warehouse
    "returned": "FINISHED",  # the order ended; what comes back is a RETURN consignment of its own
    "held": "REVIEWING",
    "received": "RECEIVED",
    "processing": "PROCESSING",
    "waiting_client": "WAITING_CLIENT_RESPOND",
    "waiting_warehouse": "WAITING_WAREHOUSE_RESPOND",
    "problem": "PROBLEM",
    "finished": "FINISHED",
    "cancelled": "CANCELLED",
    "deleted": "DELETED",
}
STATES_OF_STATUS: Final[dict[str, tuple[str, ...]]] = {
    status: tuple(state for state, word in STATUS_OF_STATE.items() if word == status) for status in STATUSES
}
"""What goes out and what comes back share some states; none has two statuses."""
KINDS: Final = ("outbound", "return")
"""The kinds of order that are consignments; those of type RETURN are returns."""

CANCELLED_BY_CLIENT: Final = frozenset(
    state for status in ("PREPARING", "PENDING", "REVIEWING") for state in STATES_OF_STATUS[status]
)
"""States a client may cancel from; later the goods are in someone's hands and only the warehouse may."""

STOCK_ENOUGH: Final = "ORI_AND_DES_STOCK_ENOUGH"
STOCK_SHORT: Final = "STOCK_NOT_ENOUGH"
STOCK_STATUS: Final[dict[str, str | None]] = {
    "draft": None,
    "confirmed": None,
    "labelled": STOCK_ENOUGH,
    "pending": STOCK_SHORT,
    "allocated": STOCK_ENOUGH,
    "released": STOCK_ENOUGH,
    "picking": STOCK_ENOUGH,
    "packing": STOCK_ENOUGH,
    "packed": STOCK_ENOUGH,
    "partly_shipped": STOCK_ENOUGH,
    "shipped": STOCK_ENOUGH,
    "delivered": STOCK_ENOUGH,
    "returned": STOCK_ENOUGH,
    "held": None,
    "unshipped": None,
    "cancelled": None,
    "deleted": None,
}
"""Of outbound orders with stocked goods. Only the first value is on a page; null where nothing was counted."""

TYPES: Final = ("LOCAL", "DIRECT", "RETURN", "AGENT_DIRECT", "CLIENT_DIRECT", "FBA")
CREATED_TYPES: Final = frozenset({"LOCAL", "DIRECT", "RETURN", "AGENT_DIRECT", "FBA"})
"""What the single create takes."""
BATCH_TYPES: Final = frozenset({"LOCAL", "DIRECT", "RETURN", "AGENT_DIRECT", "CLIENT_DIRECT"})
"""What the batch create takes."""
INLINE_TYPES: Final = frozenset({"AGENT_DIRECT", "CLIENT_DIRECT"})
"""Their goods are described inline and not stocked."""
RETURN: Final = "RETURN"
ACTION_TYPES: Final = frozenset({"CONTAINER", "SELLER", "DISPOSE", "CHECK", "TRANSFER"})
DEFAULT_TYPE: Final = "LOCAL"

PRODUCT_TYPE: Final = "NORMAL"
SHARED_PRODUCT_TYPE: Final = "DIRECTIONAL"
PRODUCT_TYPES: Final[dict[str, str]] = {
    "NORMAL": PRODUCT_TYPE,
    "DIRECTIONAL": SHARED_PRODUCT_TYPE,
    "IS_DIRECTIONAL_SHARED_PRODUCT": SHARED_PRODUCT_TYPE,
}

COUNTRIES: Final[dict[str, str]] = tomllib.loads(
    files(__package__).joinpath("countries.toml").read_text(encoding="utf-8")
)
"""ISO 3166-1 alpha-2 code to English name, both upper-case."""

COUNTRY_CODES: Final[dict[str, str]] = {name: code for code, name in COUNTRIES.items()}

TIME_PATTERN: Final = "%Y-%m-%d %H:%M:%S"
TIME_CHARACTERS: Final = 19
"""Of a time by that pattern."""

VOLUME_DIVISOR_MM3_PER_G: Final = 6_000
"""Volume weight in grams is cubic millimetres by this; the page's sample is 8000 mm3 -> 1."""


def fixed(value: Decimal | int | str, places: int) -> str:
    """A DECIMAL column as it is printed: `2` with two places is `2.00`."""
    if type(value) is int:  # as most columns of most records are
        return f"{value}.{'0' * places}" if places else str(value)
    return str(Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def shown(moment: datetime | None, zone: str) -> str | None:
    """A time in the company's zone, without naming it."""
    if moment is None:
        return None
    return moment.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")[:TIME_CHARACTERS]


def volume_weight_g(volume_mm3: int) -> int:
    """Half a gram counts as one."""
    return (volume_mm3 + VOLUME_DIVISOR_MM3_PER_G // 2) // VOLUME_DIVISOR_MM3_PER_G
