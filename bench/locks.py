"""Who waits for whom inside PostgreSQL, looked at again and again on a connection of its own."""

from threading import Event, Thread
from typing import Final

import psycopg
from msgspec import Struct

PAUSE_S: Final = 0.001
_WAITS: Final = """
SELECT extract(epoch FROM seen - l.waitstart)::float8 * 1000,
       extract(epoch FROM seen - min(held.xact_start))::float8 * 1000
  FROM clock_timestamp() AS seen, pg_locks l
 CROSS JOIN LATERAL unnest(pg_blocking_pids(l.pid)) AS blocking (pid)
  JOIN pg_stat_activity held ON held.pid = blocking.pid
 WHERE NOT l.granted AND l.waitstart IS NOT NULL
 GROUP BY seen, l.pid, l.waitstart
"""


class Waits(Struct, frozen=True, kw_only=True):
    looks: int
    """How often it was looked."""
    seen: int
    """Waits for a lock in these looks; one that lasts is seen more than once."""
    longest_ms: float
    share: float
    """The largest share of its holder's transaction, so far, that a wait had lasted; above 1, somebody has waited
    longer than for one transaction."""


class Watch:
    """`with Watch(url) as watch: …`, then `watch.waits`."""

    def __init__(self, url: str) -> None:
        self._conn = psycopg.connect(url, autocommit=True)
        self._over = Event()
        self._thread = Thread(target=self._look)
        self._seen: list[tuple[float, float]] = []
        self._looks = 0

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._conn.close()

    @property
    def waits(self) -> Waits:
        return Waits(
            looks=self._looks,
            seen=len(self._seen),
            longest_ms=max((waited for waited, _ in self._seen), default=0.0),
            share=max((waited / held for waited, held in self._seen if held > 0), default=0.0),
        )

    def _look(self) -> None:
        while not self._over.wait(PAUSE_S):
            self._seen += self._conn.execute(_WAITS).fetchall()
            self._looks += 1
