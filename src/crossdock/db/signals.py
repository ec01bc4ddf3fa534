"""Waking up: who waits for something that another process writes hears of it through LISTEN/NOTIFY.

A signal is a hint, never a fact: whoever is woken reads the database. A lost connection wakes everybody once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import structlog

from crossdock.base.tasks import stopped
from crossdock.db.tx import SIGNAL_CHANNEL

RECONNECT_S = 1.0
CONNECT_S_MAX = 5.0
"""Whoever enters before the database answers goes on without: it is connected to in the background."""

log = structlog.get_logger(__name__)


class Signals:
    """Listens on one connection for the whole process. `async with Signals(url) as signals`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def __aenter__(self) -> "Signals":
        self._task = asyncio.create_task(self._listen(), name="signals")
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S_MAX):
                await self._listening.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await stopped(self._task)

    @contextmanager
    def waiting_for(self, topic: str) -> Iterator[asyncio.Event]:
        """An event that is set when `topic` is signalled. Enter before you look, then wait, clear, look again."""
        event = asyncio.Event()
        self._waiting[topic].add(event)
        try:
            yield event
        finally:
            self._waiting[topic].discard(event)
            if not self._waiting[topic]:
                del self._waiting[topic]

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, connect_timeout=5, application_name="crossdock signals"
                ) as conn:
                    await conn.execute(f"LISTEN {SIGNAL_CHANNEL}")
                    self._listening.set()
                    self._wake_all()
                    async for notice in conn.notifies():
                        for event in tuple(self._waiting.get(notice.payload, ())):
                            event.set()
            except (psycopg.Error, OSError) as error:
                self._listening.clear()
                log.warning("signals lost; connecting again", cause=type(error).__name__)
            self._wake_all()
            await asyncio.sleep(RECONNECT_S)

    def _wake_all(self) -> None:
        for events in tuple(self._waiting.values()):
            for event in tuple(events):
                event.set()
