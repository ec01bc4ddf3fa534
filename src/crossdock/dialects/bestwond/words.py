"""The vendor's words and ours: sizes, states, times."""

from datetime import datetime, timedelta, timezone
from typing import Final

from crossdock.core.lockers.model import BoxSize, ParcelState

VENDOR_ZONE: Final = timezone(timedelta(hours=8))
"""Rows are printed in this zone wherever the cabinet stands."""
ROW_TIME: Final = "%Y-%m-%d %H:%M:%S"

SIZES: Final[dict[str, BoxSize]] = {
    "S": "S",
    "M": "M",
    "L": "L",
    "SX": "SX",
    "LX": "LX",
    "XS": "SX",
    "XL": "LX",
}
"""What can be booked; the last two are what some clients say for the two before them."""

ORDER_STATUS: Final[dict[ParcelState, int]] = {"booked": 1, "stored": 2, "taken": 3}
"""A deleted order has no status: it is not found."""
DELETABLE: Final[dict[int, ParcelState]] = {1: "booked", 3: "taken"}
BOX_EMPTY, BOX_FULL = 1, 2
BOX_ENABLED, BOX_DISABLED = 1, 2
BOX_TYPE: Final = 1
DEVICE_TYPE: Final = 1
IN_SERVICE, OUT_OF_SERVICE = 1, 2
INLINE, NOT_INLINE = 1, 2
LINE: Final[dict[bool, str]] = {True: "on", False: "off"}

SUCCESS: Final = "success"
FAIL: Final = "fail"
OK: Final = "ok"

OPEN: Final = "1"
"""`action` of a task in the box log."""
ASKED_BY_HOUSE, ASKED_BY_APP = "Manage backend calls", "API calls"
"""Who, at the head of a task's `remark`."""

ACTIONS: Final[dict[str, str]] = {"handover.stored": "save", "handover.taken": "take"}
"""Kind of event -> `action_type` of the order webhook."""

DOOR_STATUS: Final[dict[str, str]] = {"open": "0", "closed": "1"}
DOOR_LIST: Final[dict[str, str]] = {"open": "open", "closed": "close"}
DOOR_CHINESE: Final[dict[str, str]] = {"open": "门开了", "closed": "门关了"}


def at(moment: datetime) -> str:
    """A row's time: `2023-08-29 16:42:38` in UTC+8."""
    return moment.astimezone(VENDOR_ZONE).strftime(ROW_TIME)


def printed(moment: datetime | None) -> str | None:
    """As `at`; None stays None."""
    return None if moment is None else at(moment)


def unix_s(moment: datetime) -> int:
    return int(moment.timestamp())


def outcome(refusal: str | None) -> tuple[str, str]:
    """`status` and `msg` of what a cabinet was asked for."""
    return (SUCCESS, OK) if refusal is None else (FAIL, refusal)


def box_status(full: bool) -> int:
    return BOX_FULL if full else BOX_EMPTY


def enable_status(enabled: bool) -> int:
    return BOX_ENABLED if enabled else BOX_DISABLED
