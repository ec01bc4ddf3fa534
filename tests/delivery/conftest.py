"""The fixtures of the delivery's tests: a held clock, rows that are owed, a partner, and deliverers."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cryptography.fernet import Fernet

from crossdock.base.clock import HeldClock
from crossdock.base.seal import Seal
from crossdock.core.accounts.book import AccountBook
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.delivery.worker import Deliverer
from crossdock.edge.callback import Outgoing, Owed, Sender
from tests.delivery.owing import DIALECT, Owing
from tests.delivery.receiver import Partner

WAITS_S = (60, 300)
LOOPBACK = ("127.0.0.0/8",)

Make = Callable[..., Deliverer]


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))


@pytest.fixture
def seal() -> Seal:
    return Seal(Fernet.generate_key().decode())


@pytest.fixture
def owing(database_url: str, clock: HeldClock, seal: Seal) -> Iterator[Owing]:
    owing = Owing(database_url, clock, seal)
    yield owing
    owing.close()


@pytest.fixture
async def database(database_url: str, clock: HeldClock) -> AsyncIterator[Database]:
    async with Database(database_url, clock) as database:
        yield database


@pytest.fixture
async def signals(database_url: str) -> AsyncIterator[Signals]:
    async with Signals(database_url) as signals:
        yield signals


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    async with Partner() as partner:
        yield partner


@pytest.fixture
def make(database: Database, signals: Signals, clock: HeldClock, seal: Seal) -> Make:
    """A deliverer; arguments replace the usual ones."""

    def make(
        sender: Sender | None = None, *, on: Database = database, networks: tuple[str, ...] = LOOPBACK, **rest: Any
    ) -> Deliverer:
        usual: dict[str, Any] = {
            "database": on,
            "signals": signals,
            "senders": {DIALECT: sender or plain_sender()},
            "accounts": AccountBook(on, seal),
            "clock": clock,
            "networks": networks,
        }
        return Deliverer(**{**usual, **rest})

    return make


def plain_sender(**changed: Any) -> Sender:
    """Says the facts, the attempt and the time as JSON; any 2xx is a yes."""
    waits_s = changed.pop("waits_s", WAITS_S)
    usual: dict[str, Any] = {
        "dialect": DIALECT,
        "compose": compose,
        "accepted": accepted,
        "waits_s": lambda _: waits_s,
        "timeout_s": 20.0,
    }
    return Sender(**{**usual, **changed})


def compose(owed: Owed, now: datetime) -> Outgoing:
    said = {**owed.event.facts, "attempt": owed.attempt, "signed_at": now.isoformat()}
    return Outgoing(
        url=owed.receiver.url, body=msgspec.json.encode(said), headers={"Content-Type": "application/json"}
    )


def accepted(status: int, head: bytes) -> str | None:
    return None if 200 <= status < 300 else f"HTTP {status}: {head.decode(errors='replace')}"
