"""Who was heard when: a cabinet that has been silent for too long is offline, whatever its broker believes."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from crossdock.base.clock import Clock
from crossdock.core.lockers.commands import SILENCE_MAX

HEARTBEAT_S: Final = 20
"""How often a cabinet speaks."""
SILENCE_S_MAX: Final = SILENCE_MAX.total_seconds()
"""Two heartbeats may be lost. Source: Bestwond contract 7.3."""


class _Seen(Struct):
    heard_at: datetime
    connected_at: datetime


class Presence:
    """Of this process; what it knows starts with the statuses the broker kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def there(self, number: str, connected_at: datetime) -> None:
        """It says that it is online."""
        known = self._seen.get(number)
        newest = connected_at if known is None else max(known.connected_at, connected_at)
        self._seen[number] = _Seen(heard_at=self._clock.now(), connected_at=newest)

    def outlived(self, number: str, connected_at: datetime) -> bool:
        """Whether a goodbye is of an older connection than the one the cabinet has now.

        A broker may notice late that a line broke; by then the cabinet is back on a new one.
        """
        known = self._seen.get(number)
        return known is not None and known.connected_at > connected_at

    def gone(self, number: str) -> None:
        self._seen.pop(number, None)

    def silent(self, number: str) -> bool:
        """Whether it counts as online but has not been heard for longer than SILENCE_S_MAX."""
        known = self._seen.get(number)
        return known is not None and self._clock.now() - known.heard_at > timedelta(seconds=SILENCE_S_MAX)

    def all_silent(self) -> list[str]:
        return [number for number in self._seen if self.silent(number)]
