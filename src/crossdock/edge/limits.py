"""How often one caller may ask: kept in this process's memory, bounded, by the server's clock.

Each worker process counts for itself, so N workers allow up to N times as much.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from msgspec import Struct

from crossdock.base.config import Config
from crossdock.base.errors import TooManyRequests

CALLERS_MAX: Final = 20_000
"""Callers remembered; the one that was silent longest is forgotten first."""


class Window(Struct, frozen=True, kw_only=True):
    name: str
    setting: str
    """The field of the configuration that says how many calls there may be."""
    seconds: int = 60


class Limiter:
    """Sliding windows: the moments of each caller's calls, no more of them than its window allows."""

    def __init__(self, config: Config, *, callers_max: int = CALLERS_MAX) -> None:
        self._config = config
        self._callers_max = callers_max
        self._calls: OrderedDict[tuple[str, Hashable], deque[datetime]] = OrderedDict()

    def take(self, window: Window, caller: Hashable, now: datetime) -> None:
        """Count one call. Errors: TooManyRequests, with the seconds until the next is taken; it is not counted."""
        calls = self._of(window, caller)
        length = timedelta(seconds=window.seconds)
        while calls and calls[0] + length <= now:
            calls.popleft()
        if len(calls) >= self._most(window):
            raise TooManyRequests(wait_s=_seconds(calls[0] + length - now))
        calls.append(now)

    def note(self, window: Window, caller: Hashable, now: datetime) -> None:
        """Remember something that is refused later, if at all: see `refuse_paused`."""
        self._of(window, caller).append(now)

    def refuse_paused(self, window: Window, caller: Hashable, now: datetime, *, pause_s: int) -> None:
        """Errors: TooManyRequests for so long after the last of what was noted, once it fills the window."""
        noted = self._calls.get((window.name, caller))
        if noted is None or len(noted) < self._most(window):
            return
        until = noted[-1] + timedelta(seconds=pause_s)
        if noted[-1] - noted[0] < timedelta(seconds=window.seconds) and now < until:
            raise TooManyRequests(wait_s=_seconds(until - now))

    def __len__(self) -> int:
        return len(self._calls)

    def _of(self, window: Window, caller: Hashable) -> deque[datetime]:
        key = (window.name, caller)
        calls = self._calls.setdefault(key, deque(maxlen=self._most(window)))
        self._calls.move_to_end(key)
        if len(self._calls) > self._callers_max:
            self._calls.popitem(last=False)
        return calls

    def _most(self, window: Window) -> int:
        return int(getattr(self._config, window.setting))


def _seconds(left: timedelta) -> int:
    return max(1, ceil(left.total_seconds()))
