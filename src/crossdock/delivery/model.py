"""Shapes of the delivery: what was claimed, what a try brought, what becomes of the callback, what is listed."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, CallbackId, EventId, ReceiverId
from crossdock.core.events.model import Event, Receiver

State = Literal["waiting", "delivered", "parked", "skipped"]
Which = Literal["waiting", "failing", "parked", "delivered", "skipped"]
"""As callbacks are looked for: `failing` ones wait and have failed before."""
Outcome = Literal["delivered", "skipped", "refused", "unreachable", "forbidden", "fault"]
"""`refused` was heard and declined; `forbidden` is an address we do not send to; `fault` is our own."""

ANSWER_BYTES_MAX = 65_536
"""Of an answer, no more is read. A yes may stand at the end of a long JSON, so it is judged by all of this."""
ANSWER_CHARS_KEPT_MAX = 2_048
"""Of an answer, no more is kept with its try: enough to see what a partner complains of."""
FAILURE_CHARS_MAX = 500
"""Of the reason of a failure; a partner's text may be as long as it likes."""
BODY_CHARS_MAX = 65_536
"""Of a sent body, kept with its try; signature pictures run to megabytes, and there are many tries."""


class Claimed(Struct, frozen=True, kw_only=True):
    """A callback that is ours until `claimed_until`."""

    id: CallbackId
    account_id: AccountId
    receiver_id: ReceiverId
    event_id: EventId
    mailbox: str
    attempts: int
    claimed_until: datetime


class Due(Struct, frozen=True, kw_only=True):
    """What is needed to say it, and how long we may take."""

    claimed: Claimed
    event: Event
    receiver: Receiver
    send_before: float
    """Monotonic seconds: later than this, another worker could take it before we are done."""
    note_before: float
    """Monotonic seconds: when the claim ends."""


class Tried(Struct, frozen=True, kw_only=True):
    """One try. `failure` is None only when it was delivered or there was nothing to say."""

    outcome: Outcome
    started_at: datetime
    ended_at: datetime
    status: int | None = None
    answer: str = ""
    failure: str | None = None
    body: str = ""


class Answer(Struct, kw_only=True):
    """What came back. `failure` is None when an answer came at all: whether it is a yes, the dialect decides."""

    status: int | None = None
    head: bytes = b""
    """Its first ANSWER_BYTES_MAX bytes, as they came."""
    failure: str | None = None
    outcome: Outcome = "delivered"


class Verdict(Struct, frozen=True, kw_only=True):
    """What becomes of a callback after a try."""

    state: State
    attempts: int
    due_at: datetime | None = None
    """When it is tried next; None leaves it as it was."""
    done_at: datetime | None = None
    refusal: str | None = None


class CallbackRow(Struct, frozen=True, kw_only=True):
    """One callback, as it is listed."""

    id: CallbackId
    account_id: AccountId
    receiver_id: ReceiverId
    dialect: str
    receiver: str
    event_id: EventId
    kind: str
    mailbox: str
    state: State
    attempts: int
    """Failed or heard since it was last put back."""
    due_at: datetime | None
    """None: it waits for an earlier one of its mailbox."""
    claimed_until: datetime | None
    created_at: datetime
    done_at: datetime | None
    refusal: str | None


class Frozen(Struct, frozen=True, kw_only=True):
    """A receiver that is, or is no longer, sent nothing."""

    id: ReceiverId
    account_id: AccountId
    name: str
    frozen_at: datetime | None
    frozen_why: str


class ReceiverRow(Frozen, frozen=True, kw_only=True):
    """Somebody who is told, and what is owed to them; at most COUNTED_MAX are counted."""

    account: str
    """Its code."""
    dialect: str
    url: str
    active: bool
    waiting: int
    parked: int
    oldest: datetime | None


class ReceiverPage(ReceiverRow, frozen=True, kw_only=True):
    """As it stands on a page: at most listing_sql.COUNTED_MAX of each are counted."""

    failing: int
    """Of those that wait, how many have failed before."""
    heard_at: datetime | None
    failed_at: datetime | None
    """To some seconds."""
    failed_why: str


class Choice(Struct, frozen=True, kw_only=True):
    """A range of callbacks of one receiver: of these states, made since and before, from one number to another."""

    receiver_id: ReceiverId
    states: tuple[State, ...]
    since: datetime | None = None
    until: datetime | None = None
    first_id: CallbackId | None = None
    last_id: CallbackId | None = None
    """The last one that belongs to it."""


class Reckoned(Struct, frozen=True, kw_only=True):
    """What a range holds."""

    count: int
    more: bool
    """There may be more than were counted."""
    oldest: datetime | None
    newest: datetime | None
    last_id: CallbackId | None


RunState = Literal["running", "done", "stopped"]


class ResendRun(Struct, frozen=True, kw_only=True):
    """A range that goes again, step by step."""

    id: int
    account_id: AccountId
    receiver_id: ReceiverId
    states: list[State]
    since: datetime | None
    until: datetime | None
    first_id: CallbackId | None
    last_id: CallbackId
    found: int
    """When it began; at most listing_sql.RECKONED_MAX."""
    done: int
    at_id: CallbackId
    state: RunState
    actor: str
    reason: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def choice(self) -> Choice:
        return Choice(
            receiver_id=self.receiver_id,
            states=tuple(self.states),
            since=self.since,
            until=self.until,
            first_id=self.first_id,
            last_id=self.last_id,
        )


class Attempt(Struct, frozen=True, kw_only=True):
    """One try, as it is kept."""

    number: int
    started_at: datetime
    ended_at: datetime
    status: int | None
    answer: str
    failure: str | None
    body: str


def verdict(tried: Tried, *, attempts: int, waits_s: tuple[int, ...], now: datetime) -> Verdict:
    """`attempts` went before this one. After the n-th failure the n-th wait; after the last wait it is parked."""
    if tried.outcome == "skipped":
        return Verdict(state="skipped", attempts=attempts, done_at=now)
    if tried.outcome == "delivered":
        return Verdict(state="delivered", attempts=attempts + 1, done_at=now)
    if attempts >= len(waits_s):
        return Verdict(state="parked", attempts=attempts + 1, refusal=tried.failure)
    return Verdict(
        state="waiting",
        attempts=attempts + 1,
        due_at=now + timedelta(seconds=waits_s[attempts]),
        refusal=tried.failure,
    )
