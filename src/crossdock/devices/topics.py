"""Where a cabinet and the server meet: `crossdock/v1/cabinets/<number>/<channel>`."""

import re
from typing import Final, Literal, get_args

from msgspec import Struct

from crossdock.base.errors import Invalid

ROOT: Final = "crossdock/v1/cabinets"
Down = Literal["commands", "receipts", "codes"]
"""From the server to one cabinet."""
DOWN: Final[tuple[Down, ...]] = get_args(Down)
Up = Literal["answers", "pulses", "doors", "states", "uses", "status", "heartbeats"]
"""From a cabinet to the server."""
UP: Final[tuple[Up, ...]] = get_args(Up)
ANY: Final = "+"
"""In the place of a number: every cabinet."""
NUMBER_CHARS_MAX: Final = 64
"""Ours; numbers in the field have ten digits. A topic must not grow without end."""

_NUMBER: Final = re.compile(rf"[0-9A-Za-z_-]{{1,{NUMBER_CHARS_MAX}}}")


class CabinetNumberUnusable(Invalid):
    """A cabinet of this number cannot be addressed over MQTT. Facts: number."""


class Place(Struct, frozen=True):
    """Which cabinet speaks, and of what."""

    number: str
    channel: Up


def usable(number: str) -> bool:
    """Whether it can stand in a topic without changing what the topic means."""
    return _NUMBER.fullmatch(number) is not None


def topic(number: str, channel: Down | Up) -> str:
    """Errors: CabinetNumberUnusable."""
    if not usable(number):
        raise CabinetNumberUnusable(number=number)
    return f"{ROOT}/{number}/{channel}"


def of_all_cabinets(channel: Down | Up) -> str:
    """The filter that hears this channel of every cabinet."""
    return f"{ROOT}/{ANY}/{channel}"


def place(heard: str) -> Place | None:
    """Who said it on which channel; None for a topic no cabinet speaks on."""
    number, channel = parts(heard)
    if not usable(number):
        return None
    return next((Place(number, up) for up in UP if up == channel), None)


def parts(topic: str) -> tuple[str, str]:
    """What stands for number and channel in a topic or a filter; two empty ones when it is none of ours."""
    head, _, channel = topic.rpartition("/")
    root, _, number = head.rpartition("/")
    return (number, channel) if root == ROOT else ("", "")
