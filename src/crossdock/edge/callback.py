"""What a dialect that pushes to its partner gives to the delivery: how to say it, and what counts as heard."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct, field

from crossdock.core.accounts.model import Account, Credential
from crossdock.core.events.model import Event, Receiver


class Owed(Struct, frozen=True, kw_only=True):
    """One event that one receiver is to hear of."""

    event: Event
    receiver: Receiver
    credential: Credential | None
    """Whose secret signs; None where nothing is signed."""
    account: Account
    attempt: int
    """From 1."""


class Outgoing(Struct, frozen=True, kw_only=True):
    """One POST."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sender:
    dialect: str
    compose: Callable[[Owed, datetime], Outgoing | None]
    """Called afresh at each try, so that each is signed with its own time. None: nothing to say, skipped."""
    accepted: Callable[[int, bytes], str | None]
    """HTTP status and the first bytes of the answer -> None when it was heard, else why not."""
    waits_s: tuple[int, ...]
    """Pauses after each failed try; after the last one the callback is parked."""
    timeout_s: float
