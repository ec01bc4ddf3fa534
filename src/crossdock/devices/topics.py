"""Where a cabinet and the server meet: `crossdock/v1/cabinets/<number>/<channel>`."""

import re
from typing import Final, Literal, get_args

from msgspec import Struct

from crossdock.base.errors import Invalid

ROOT: Final = "crossdock/v1/cabinets"
Down = Literal["commands", "receipts", "codes"]
"""From the server to one cabinet."""
Up = Literal["answers", "pulses", "doors", "states", "uses", "status", "heartbeats"]
"""From a cabinet to the server."""
UP: Final[tuple[Up, ...]] = get_args(Up)
NUMBER_CHARS_MAX: Final = 64
"""Ours; numbers in the field have ten digits. A topic must not grow without end."""

_NUMBER: Final = re.compile(rf"[0-9A-Za-z_-]{{1,{NUMBER_CHARS_MAX}}}")


class CabinetNumberUnusable(Invalid):
    """A cabinet of this number cannot be addressed over MQTT. Facts: number."""


class Place(Struct, frozen=True):
    """Which cabinet speaks, and of what."""

    number: str
    channel: Up


def topic(number: str, channel: Down | Up) -> str:
    """Errors: CabinetNumberUnusable for one that would change what the topic means."""
    if _NUMBER.fullmatch(number) is None:
        raise CabinetNumberUnusable(number=number)
    return f"{ROOT}/{number}/{channel}"


def of_all_cabinets(channel: Up) -> str:
    """The filter that hears this channel of every cabinet."""
    return f"{ROOT}/+/{channel}"


def place(heard: str) -> Place | None:
    """Who said it on which channel; None for a topic no cabinet speaks on."""
    head, _, channel = heard.rpartition("/")
    root, _, number = head.rpartition("/")
    if root != ROOT or _NUMBER.fullmatch(number) is None:
        return None
    return next((Place(number, up) for up in UP if up == channel), None)
