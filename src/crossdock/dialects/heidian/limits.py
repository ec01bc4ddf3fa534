"""How often one caller may ask: kept in this process's memory, bounded, by the server's clock.

Each worker process counts for itself, so N workers allow up to N times as much.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from weakref import WeakKeyDictionary

from msgspec import Struct

from crossdock.base.config import Config
from crossdock.base.errors import TooManyRequests
from crossdock.base.ids import StaffId
from crossdock.db.database import Database
from crossdock.edge.desk import Desk


class Window(Struct, frozen=True, kw_only=True):
    name: str
    setting: str
    """The field of the configuration that says how many calls there may be."""
    seconds: int = 60


LOGINS_OF_NAME: Final = Window(name="logins of a name", setting="heidian_logins_a_minute")
LOGINS_OF_ADDRESS: Final = Window(name="logins of an address", setting="heidian_logins_a_minute")
FETCHES_OF_ADDRESS: Final = Window(name="fetches of an address", setting="heidian_fetches_a_minute")
KEYS_OF_STAFF: Final = Window(name="keys of a person", setting="heidian_keys_a_minute")
"""check, consume and rollback together."""
WRONG_KEYS_OF_STAFF: Final = Window(name="wrong keys of a person", setting="heidian_wrong_keys", seconds=600)
PAUSE_S: Final = 60
"""How long a person's token rests once WRONG_KEYS_OF_STAFF is full."""
CALLERS_MAX: Final = 20_000
"""Callers remembered; the one that was silent longest is forgotten first."""


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

    def wrong_key(self, staff_id: StaffId, now: datetime) -> None:
        """Remember that this person named a code nobody has."""
        self._of(WRONG_KEYS_OF_STAFF, staff_id).append(now)

    def refuse_paused(self, staff_id: StaffId, now: datetime) -> None:
        """Errors: TooManyRequests while the person's token rests after too many wrong codes."""
        wrong = self._calls.get((WRONG_KEYS_OF_STAFF.name, staff_id))
        if wrong is None or len(wrong) < self._most(WRONG_KEYS_OF_STAFF):
            return
        until = wrong[-1] + timedelta(seconds=PAUSE_S)
        if wrong[-1] - wrong[0] < timedelta(seconds=WRONG_KEYS_OF_STAFF.seconds) and now < until:
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


_LIMITERS: WeakKeyDictionary[Database, Limiter] = WeakKeyDictionary()


def limiter_of(desk: Desk) -> Limiter:
    """One for each server: two in one process do not count for each other."""
    return _LIMITERS.setdefault(desk.database, Limiter(desk.config))


def _seconds(left: timedelta) -> int:
    return max(1, ceil(left.total_seconds()))
