"""The server's side without its database: a core that writes down what it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any

from crossdock.base.errors import DatabaseUnavailable
from crossdock.core.lockers.errors import CabinetUnknown
from crossdock.core.lockers.model import DoorCommand
from tests.devices.brokers import WAIT_S_MAX

NUMBER = "2100013075"


class FakeDatabase:
    """May be lost and found again."""

    def __init__(self) -> None:
        self.lost = False
        self.asked_while_lost = 0

    @asynccontextmanager
    async def transaction(self, *, readonly: bool = False) -> AsyncIterator[object]:
        if self.lost:
            self.asked_while_lost += 1
            raise DatabaseUnavailable()
        yield object()

    autocommit = transaction


class FakeSignals:
    def __init__(self) -> None:
        self._events: set[asyncio.Event] = set()

    @contextmanager
    def waiting_for(self, topic: str) -> Iterator[asyncio.Event]:
        assert topic == "door-commands"
        event = asyncio.Event()
        self._events.add(event)
        yield event
        self._events.discard(event)

    def wake(self) -> None:
        for event in self._events:
            event.set()


class FakeCore:
    """`told` is a list of (name, facts), in order. What is said twice counts once, as in the real one."""

    def __init__(self, clock: Any, signals: FakeSignals) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.waiting: list[DoorCommand] = []
        self.known = {NUMBER}
        self.fault: Exception | None = None
        self._clock = clock
        self._signals = signals

    def ask(self, lock: str = "0101", *, purpose: str = "open", id: int = 1, for_s: float = 10) -> DoorCommand:
        """Queue a command, as a transaction would."""
        now = self._clock.now()
        command = DoorCommand(
            id=id, account_id=47, cabinet_id=1, cabinet_number=NUMBER, box_id=1, lock_address=lock,
            handover_id=None, purpose=purpose, state="waiting", refusal=None, asked_at=now,
            expires_at=now + timedelta(seconds=for_s),
        )  # fmt: skip
        self.waiting.append(command)
        self._signals.wake()
        return command

    async def claim_commands(self, tx: object, *, limit: int) -> list[DoorCommand]:
        claimed, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return claimed

    async def cabinet_seen(self, tx: object, *, number: str, online: bool, at: datetime) -> None:
        self._tell("cabinet_seen", number=number, online=online, at=at)

    async def answered(self, tx: object, **facts: Any) -> None:
        if facts["command_id"] not in [answer["command_id"] for answer in self.of("answered")]:
            self._tell("answered", **facts)

    async def pulse_sent(self, tx: object, **facts: Any) -> None:
        self._tell("pulse_sent", **facts)

    async def door_seen(self, tx: object, **facts: Any) -> None:
        if facts["sequence"] not in [seen["sequence"] for seen in self.of("door_seen")]:
            self._tell("door_seen", **facts)

    async def used(self, tx: object, **facts: Any) -> None:
        self._tell("used", **facts)

    async def changed(self, tx: object, *, since: datetime) -> list[str]:
        return []

    async def code_list(self, tx: object, *, number: str) -> None:
        return None

    async def door_reported(self, tx: object, **facts: Any) -> None:
        self._tell("door_reported", **facts)

    def of(self, name: str) -> list[dict[str, Any]]:
        return [facts for told, facts in self.told if told == name]

    def names(self) -> list[str]:
        return [name for name, _ in self.told if name != "cabinet_seen"]

    def _tell(self, name: str, **facts: Any) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        number = facts.get("cabinet_number", facts.get("number"))
        if number not in self.known:
            raise CabinetUnknown(number=number)
        self.told.append((name, facts))


async def until(met: Callable[[], Any]) -> None:
    """Wait for something that another task does."""
    async with asyncio.timeout(WAIT_S_MAX):
        while not met():
            await asyncio.sleep(0.005)
