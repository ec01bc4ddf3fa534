"""What a dialect that pushes to its partner gives to the delivery: how to say it, and what counts as heard."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, field

from crossdock.base.objects import Objects
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
    waits_s: Callable[[Receiver], tuple[int, ...]]
    """Pauses after each failed try, in seconds; after the last one the callback is parked."""
    timeout_s: float
    attach: Callable[[Objects, Owed], Awaitable[Owed]] | None = None
    """Called before `compose` where an event only names what is kept as an object."""


RETRY: Final = "retry"
"""Among a receiver's settings: pauses of its own, in whole seconds."""
RETRIES_MAX: Final = 100
RETRY_WAIT_S: Final = range(1, 7 * 86_400 + 1)
"""A week is long enough for a partner to be repaired in; then somebody should look at it."""


def waits_in(settings: Mapping[str, Any]) -> tuple[int, ...] | None:
    """The pauses a receiver asks for; None when it asks for none. Errors: ValueError says what they must be."""
    given = settings.get(RETRY)
    if given is None:
        return None
    if not isinstance(given, list) or not all(type(wait) is int for wait in given):
        raise ValueError("must be a list of whole seconds, as [60, 300, 900]")
    if len(given) > RETRIES_MAX:
        raise ValueError(f"must hold at most {RETRIES_MAX} pauses")
    if any(wait not in RETRY_WAIT_S for wait in given):
        raise ValueError(f"each pause must be {RETRY_WAIT_S[0]} to {RETRY_WAIT_S[-1]} seconds")
    return tuple(given)


def waits_of(receiver: Receiver, usual: tuple[int, ...]) -> tuple[int, ...]:
    """The receiver's own pauses, or the usual ones; a senseless list, written past the setup file, is none."""
    try:
        own = waits_in(receiver.settings)
    except ValueError:
        own = None
    return usual if own is None else own
