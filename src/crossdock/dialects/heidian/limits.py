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

from crossdock.base.errors import TooManyRequests
from crossdock.base.ids import StaffId
from crossdock.db.database import Database
from crossdock.edge.desk import Desk


class Window(Struct, frozen=True, kw_only=True):
    name: str
    calls: int
    seconds: int


LOGINS_OF_NAME: Final = Window(name="logins of a name", calls=10, seconds=60)
LOGINS_OF_ADDRESS: Final = Window(name="logins of an address", calls=10, seconds=60)
FETCHES_OF_ADDRESS: Final = Window(name="fetches of an address", calls=60, seconds=60)
KEYS_OF_STAFF: Final = Window(name="keys of a person", calls=120, seconds=60)
"""check, consume and rollback together."""
WRONG_KEYS_OF_STAFF: Final = Window(name="wrong keys of a person", calls=20, seconds=600)
PAUSE_S: Final = 60
"""How long a person's token rests once WRONG_KEYS_OF_STAFF is full."""
CALLERS_MAX: Final = 20_000
"""Callers remembered; the one that was silent longest is forgotten first."""


class Limiter:
    """Sliding windows: the moments of each caller's calls, no more of them than its window allows."""

    def __init__(self, *, callers_max: int = CALLERS_MAX) -> None:
        self._callers_max = callers_max
        self._calls: OrderedDict[tuple[str, Hashable], deque[datetime]] = OrderedDict()

    def take(self, window: Window, caller: Hashable, now: datetime) -> None:
        """Count one call. Errors: TooManyRequests, with the seconds until the next is taken; it is not counted."""
        calls = self._of(window, caller)
        length = timedelta(seconds=window.seconds)
        while calls and calls[0] + length <= now:
            calls.popleft()
        if len(calls) >= window.calls:
            raise TooManyRequests(wait_s=_seconds(calls[0] + length - now))
        calls.append(now)

    def wrong_key(self, staff_id: StaffId, now: datetime) -> None:
        """Remember that this person named a code nobody has."""
        self._of(WRONG_KEYS_OF_STAFF, staff_id).append(now)

    def refuse_paused(self, staff_id: StaffId, now: datetime) -> None:
        """Errors: TooManyRequests while the person's token rests after too many wrong codes."""
        wrong = self._calls.get((WRONG_KEYS_OF_STAFF.name, staff_id))
        if wrong is None or len(wrong) < WRONG_KEYS_OF_STAFF.calls:
            return
        until = wrong[-1] + timedelta(seconds=PAUSE_S)
        if wrong[-1] - wrong[0] < timedelta(seconds=WRONG_KEYS_OF_STAFF.seconds) and now < until:
            raise TooManyRequests(wait_s=_seconds(until - now))

    def __len__(self) -> int:
        return len(self._calls)

    def _of(self, window: Window, caller: Hashable) -> deque[datetime]:
        key = (window.name, caller)
        calls = self._calls.setdefault(key, deque(maxlen=window.calls))
        self._calls.move_to_end(key)
        if len(self._calls) > self._callers_max:
            self._calls.popitem(last=False)
        return calls


_LIMITERS: WeakKeyDictionary[Database, Limiter] = WeakKeyDictionary()


def limiter_of(desk: Desk) -> Limiter:
    """One for each server: two in one process do not count for each other."""
    return _LIMITERS.setdefault(desk.database, Limiter())


def _seconds(left: timedelta) -> int:
    return max(1, ceil(left.total_seconds()))
