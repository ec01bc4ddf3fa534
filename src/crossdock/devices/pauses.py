"""How long to wait before trying again, and how often to complain about it."""

import random
from typing import Final

import structlog

PAUSE_S_MIN: Final = 0.2
PAUSE_S_MAX: Final = 10.0
"""What is lost comes back within this, after whatever was wrong is right again."""

log = structlog.get_logger(__name__)


class Pauses:
    """Each longer than the last, up to a bound; shaken, so that many do not come back at once."""

    def __init__(self, *, first_s: float = PAUSE_S_MIN, longest_s: float = PAUSE_S_MAX) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        pause_s = self._next_s
        self._next_s = min(pause_s * 2, self._longest_s)
        return pause_s * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._next_s = self._first_s


class Outage:
    """One line in the log when something is lost, one when it is back, however many were waiting for it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lost = False

    def began(self, error: BaseException) -> None:
        if not self._lost:
            self._lost = True
            log.warning(
                "lost; trying again until it is back",
                what=self._what,
                cause=str(error) or type(error).__name__,
            )

    def ended(self) -> None:
        if self._lost:
            self._lost = False
            log.info("is back", what=self._what)
