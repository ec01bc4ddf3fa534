"""What the console shows across accounts and areas, and how much of it at a time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId
from crossdock.core.evidence.model import HandOver
from crossdock.core.orders.cancel_sql import CancelRequest
from crossdock.core.orders.model import Order, OrderLine

TEXT_CHARACTERS_MAX: Final = 200
"""Of what is looked for: no number on record is longer."""
FOUND_MAX: Final = 50
"""Orders and products that one number leads to; more are not told apart by it."""
LOOKED_AT_MAX: Final = 5_000
"""Orders that one page of a list reads, however few of them fit."""
HEAPS_SHOWN: Final = 3
"""Locations of a bucket that a list names; its own page has the others."""
BRANCHES_MAX: Final = 200
"""Walks through the index of states that one page merges; where there are more, accounts are walked instead."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Sight(Struct, frozen=True, kw_only=True):
    """Whose rows somebody sees."""

    account_ids: Sequence[AccountId]
    site_id: SiteId | None = None
    """Nothing of another place; None: all places of these accounts."""


class OrderRow(Struct, frozen=True, kw_only=True):
    """A line of a list of orders, with the names of where it belongs."""

    id: OrderId
    account_id: AccountId
    account: str
    kind: str
    number: str
    type: str
    dialect: str
    state: str
    site: str | None
    reference: str | None
    tracking_number: str | None
    pieces: int
    created_at: datetime
    updated_at: datetime


class Sort(Struct, frozen=True, kw_only=True):
    """How many orders there are of a sort, as the tally keeps it."""

    account_id: AccountId
    company_id: int
    kind: str
    dialect: str
    state: str
    orders: int


class ListFilter(Struct, frozen=True, kw_only=True):
    """What is None does not filter. Days are those of an order's number: of its company's calendar, both included."""

    kind: str | None = None
    state: str | None = None
    site_id: SiteId | None = None
    since: date | None = None
    until: date | None = None


class Listed(Struct, frozen=True, kw_only=True):
    rows: list[OrderRow]
    """Newest numbers first."""
    before: int | None
    """Where the list goes on; None at its end."""
    total: int | None
    """None where it is not kept."""


class ProductRow(Struct, frozen=True, kw_only=True):
    id: ProductId
    account_id: AccountId
    account: str
    sku: str
    name: str


class Parcel(Struct, frozen=True, kw_only=True):
    """A carrier's number of an order, and how far it came."""

    id: int
    mailno: str
    carrier: str
    box_no: str
    weight_g: Decimal | None
    sign_type: str | None
    signer: str | None
    signed_at: datetime | None
    created_at: datetime


class TimelineRow(Struct, frozen=True, kw_only=True):
    """Something that happened to an order, by the clock of whoever saw it, and when it was recorded by ours."""

    source: str
    """`event`, `route`, `door`, `scale`, `staff` or `operator`."""
    id: int
    what: str
    who: str
    facts: dict[str, Any]
    happened_at: datetime
    learned_at: datetime

    @property
    def key(self) -> str:
        """Where a list goes on after it."""
        return f"{self.source}.{self.id}.{(self.learned_at - EPOCH) // timedelta(microseconds=1)}"


class MoveRow(Struct, frozen=True, kw_only=True):
    """A line of the ledger, with the bucket it moved."""

    id: int
    account_id: AccountId
    stock_id: int
    cause: str
    quantity: int
    allocated: int
    order_id: OrderId | None
    sku: str
    owner: str
    site: str
    lot: str
    condition: str
    moved_at: datetime


class CallbackLine(Struct, frozen=True, kw_only=True):
    id: int
    receiver: str
    dialect: str
    kind: str
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    done_at: datetime | None


class OrderSheet(Struct, frozen=True, kw_only=True):
    """The first page of all that is on record of one order; of each list as many as were asked for, and one more."""

    order: Order
    lines: list[OrderLine]
    moves: list[MoveRow]
    parcels: list[Parcel]
    codes: list[HandOver]
    callbacks: list[CallbackLine]
    timeline: list[TimelineRow]
    asked: list[CancelRequest]
    """What its owner asked to call off, and nobody has decided."""

    @property
    def mark(self) -> int:
        """The number of its last event that is shown; 0 where there is none."""
        return max((row.id for row in self.timeline if row.source == "event"), default=0)


class BucketRow(Struct, frozen=True, kw_only=True):
    """A bucket with the names of what it holds and where."""

    id: int
    account_id: AccountId
    account: str
    site_id: SiteId
    site: str
    owner: str
    product_id: ProductId
    sku: str
    product: str
    lot: str
    condition: str
    on_hand: int
    allocated: int
    expires_on: date | None


class Heap(Struct, frozen=True, kw_only=True):
    """What of a bucket lies in one location."""

    stock_id: int
    location: str
    kind: str
    quantity: int


class StockFilter(Struct, frozen=True, kw_only=True):
    """What is empty, or None, does not filter. Places and owners go by their codes, in whatever account."""

    product_ids: Sequence[ProductId] | None = None
    site: str = ""
    owner: str = ""
    lot: str = ""
    condition: str = ""


class StockPage(Struct, frozen=True, kw_only=True):
    rows: list[BucketRow]
    """By their numbers: as they were opened."""
    after: int | None
    """Where the list goes on; None at its end."""
    heaps: dict[int, list[Heap]]
    """By bucket: the first HEAPS_SHOWN + 1 places where pieces of it lie."""


class BucketSheet(Struct, frozen=True, kw_only=True):
    """A bucket, where it lies, and a stretch of its ledger, the last move first. One more of each than was asked for,
    where there is more."""

    bucket: BucketRow
    heaps: list[Heap]
    loose: int
    """Pieces that lie in no location."""
    moves: list[MoveRow]


class AtLeast(Struct, frozen=True):
    """A number that was counted to its end, or to a bound."""

    number: int
    more: bool = False


class Aged(Struct, frozen=True, kw_only=True):
    """How many orders are in a state, and since how long: by the days of their numbers."""

    kind: str
    state: str
    total: AtLeast
    older: list[AtLeast]
    """Placed before each of the days that were asked for."""


class CabinetCounts(Struct, frozen=True, kw_only=True):
    cabinets: int
    online: int
    out_of_service: int
    doors_open: int
    alarms: int


class ReceiverCounts(Struct, frozen=True, kw_only=True):
    """Callbacks that are owed; `cut`: there are more than were counted."""

    receivers: int
    frozen: int
    waiting: int
    parked: int
    cut: bool


class PaceRow(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    hour: datetime
    placed: int
    shipped: int


class Stretch(Struct, frozen=True, kw_only=True):
    """Orders that were placed, and that left, from `since` on."""

    since: datetime
    placed: int
    shipped: int
