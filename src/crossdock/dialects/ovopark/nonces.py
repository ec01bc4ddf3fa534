"""Which `_nonce` was used lately. In memory: two processes do not know each other's.

What a replay could do twice is protected by the order number, on disk and for all processes alike.
"""

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta

NONCES_MAX = 100_000
"""About 20 MB; when more come within the time they are kept, the oldest is forgotten."""


class Nonces:
    def __init__(self, *, kept: timedelta, nonces_max: int = NONCES_MAX) -> None:
        self._kept = kept
        self._nonces_max = nonces_max
        self._used: OrderedDict[bytes, datetime] = OrderedDict()

    def first_use(self, key: str, nonce: str, now: datetime) -> bool:
        """Whether `key` had not used `nonce` since `kept`; from now on it has."""
        self._forget(now)
        name = hashlib.sha256(f"{len(key)}:{key}{nonce}".encode()).digest()
        if name in self._used:
            return False
        self._used[name] = now
        if len(self._used) > self._nonces_max:
            self._used.popitem(last=False)
        return True

    def _forget(self, now: datetime) -> None:
        while self._used and now - next(iter(self._used.values())) > self._kept:
            self._used.popitem(last=False)
