"""Waves, picks and what is wanted of them. Quantities are pieces."""

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct, field

from crossdock.base.ids import (
    AccountId,
    LocationId,
    OrderId,
    ProductId,
    ServiceId,
    SiteId,
    StaffId,
    StockId,
    SubInventoryId,
)
from crossdock.core.places.model import LocationKind

Method = Literal["single", "batch", "cluster"]
METHODS: Final[tuple[Method, ...]] = ("single", "batch", "cluster")
"""One order and one tote at a time; one product for many orders, sorted after; many totes on a cart."""
WaveState = Literal["live", "done", "cancelled"]
WAVE_MOVES: Final[dict[WaveState, frozenset[WaveState]]] = {
    "live": frozenset({"done", "cancelled"}),
    "done": frozenset(),
    "cancelled": frozenset(),
}
TaskState = Literal["open", "done", "short", "void"]
TASK_MOVES: Final[dict[TaskState, frozenset[TaskState]]] = {
    "open": frozenset({"done", "short", "void"}),
    "done": frozenset(),
    "short": frozenset(),
    "void": frozenset(),
}
"""`short`: what was missing is another pick's now, or its order is held. `void`: its order left the wave."""
Reason = Literal["not_found", "damaged", "out_of_reach"]
REASONS: Final[tuple[Reason, ...]] = ("not_found", "damaged", "out_of_reach")
PICKED_STATES: Final = frozenset({"released", "picking"})
"""An order in another state is not picked, whatever its wave says."""
SPOT_KINDS: Final[tuple[LocationKind, ...]] = ("shelf", "dock", "reserve")
"""Kinds of locations that goods are picked from."""
PUT_BACK_KINDS: Final[tuple[LocationKind, ...]] = (*SPOT_KINDS, "quarantine")
"""Where goods can be found again that no order wants; a tote or a lane holds what belongs to one."""
WAVE_ORDERS_MAX: Final = 200
"""More would hold the locks of their stock for too long; a shift makes several waves."""
CART_TOTES: Final = 8
"""As many orders a worker takes on in a cluster wave at one time: what a cart holds."""
WAVES_LISTED_MAX: Final = 50
LISTED_MAX: Final = 200
"""Rows of any other list."""
PIECES_TYPED_MAX: Final = 100_000


class WaveFilter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which orders go into a wave, the oldest first; what is empty or None does not filter."""

    service_ids: tuple[ServiceId, ...] = ()
    carrier: str = ""
    """`carrier` of a delivery service's rules."""
    owner_ids: tuple[SubInventoryId, ...] = ()
    placed_until: datetime | None = None
    lines_min: int | None = None
    lines_max: int | None = None
    """1: single-line orders only."""
    orders_max: int = WAVE_ORDERS_MAX


class Wave(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    site_id: SiteId
    method: Method
    state: WaveState
    wanted: dict[str, Any] = field(default_factory=dict)
    """The WaveFilter it was made by."""
    made_by: StaffId | None
    created_at: datetime
    ended_at: datetime | None


class Progress(Wave, frozen=True, kw_only=True):
    """A wave as its manager sees it."""

    orders: int
    ready: int
    """Orders that may be packed, or have gone further."""
    short: int
    """Orders that are held for what was not found."""
    gone: int
    """Orders that were called off or stopped."""
    pieces: int
    picked: int
    to_sort: int
    """Pieces of a batch wave that lie in its totes and not yet in those of their orders."""
    pickers: int
    """People who have picks of it in hand."""
    call_offs: int
    """Orders of it whose owner asked to call them off, and nobody decided yet."""


class Candidate(Struct, frozen=True, kw_only=True):
    """An order that a wave could take."""

    id: OrderId
    number: str
    state: str
    service: str | None
    lines: int
    pieces: int
    created_at: datetime


class Demand(Struct, frozen=True, kw_only=True):
    """What one line of an order has set aside in one bucket."""

    order_id: OrderId
    order_line_id: int
    stock_id: StockId
    quantity: int


class Spot(Struct, frozen=True, kw_only=True):
    """Pieces of a bucket at a location that no live pick is promised."""

    stock_id: StockId
    location_id: LocationId | None
    """None: not put away."""
    code: str
    kind: str
    walk_order: int
    free: int


class NewTask(Struct, frozen=True, kw_only=True):
    order_id: OrderId
    order_line_id: int
    stock_id: StockId
    location_id: LocationId | None
    quantity: int


class Missing(Struct, frozen=True, kw_only=True):
    """A bucket does not have so many pieces where they can be picked."""

    order_id: OrderId
    number: str
    stock_id: StockId
    sku: str
    wanted: int
    found: int


class Stop(Struct, frozen=True, kw_only=True):
    """One location on the way, and what is taken there."""

    code: str
    sku: str
    name: str
    lot: str
    pieces: int
    orders: int


class Preview(Struct, frozen=True, kw_only=True):
    """What a wave would be. `orders` would go into it, `short` tells why others would not."""

    orders: list[Candidate]
    stops: list[Stop]
    short: list[Missing]

    @property
    def pieces(self) -> int:
        return sum(stop.pieces for stop in self.stops)


class Task(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    wave_id: int
    order_id: OrderId
    order_line_id: int
    stock_id: StockId
    location_id: LocationId | None
    quantity: int
    picked: int
    sorted: int
    state: TaskState
    staff_id: StaffId | None
    tote_id: LocationId | None

    @property
    def left(self) -> int:
        return self.quantity - self.picked


class Pick(Struct, frozen=True, kw_only=True):
    """The next walk of a worker: so many pieces at one location, for one order or, in a batch, for several."""

    task_id: int
    wave_id: int
    method: Method
    order_id: OrderId
    number: str
    """Of the order; of the first one in a batch."""
    orders: int
    place: int
    """Of the order on the cart."""
    location_id: LocationId | None
    location: str
    """Its code; empty: not put away."""
    product_id: ProductId
    stock_id: StockId
    sku: str
    name: str
    lot: str
    condition: str
    quantity: int
    """Of all tasks of this walk, as are `picked` and `left`."""
    picked: int
    left: int
    there: int
    """Pieces that should lie at the location now."""
    tote: str | None
    """The tote its goods go into, once one was taken."""


class SortStep(Struct, frozen=True, kw_only=True):
    """Pieces of a batch tote that belong to one order."""

    task_id: int
    wave_id: int
    order_id: OrderId
    number: str
    place: int
    sku: str
    name: str
    lot: str
    left: int
    source: str
    """The batch tote's code."""
    tote: str | None


class ToteOrder(Struct, frozen=True, kw_only=True):
    """Whose goods lie in a tote."""

    account_id: AccountId
    order_id: OrderId
    number: str
    state: str
    wave_id: int
    tote_id: LocationId
    tote: str
    ready: bool
    """All of it was picked: it may be packed."""


class Shorted(Struct, frozen=True, kw_only=True):
    """What became of pieces that were not found."""

    missing: int
    elsewhere: int
    """Pieces that are to be fetched at other locations now."""
    held: tuple[str, ...] = ()
    """Numbers of the orders that are held for what nobody has."""


class PutBack(Struct, frozen=True, kw_only=True):
    """Pieces that lie in a tote for an order that does not want them any more."""

    order_id: OrderId
    number: str
    state: str
    tote_id: LocationId
    tote: str
    stock_id: StockId
    sku: str
    name: str
    lot: str
    quantity: int
    shelf: str | None
    """Where they were taken from."""


class Refill(Struct, frozen=True, kw_only=True):
    """Goods that live picks fetch from afar and that a shelf should have."""

    stock_id: StockId
    sku: str
    name: str
    lot: str
    from_location_id: LocationId | None
    source: str
    """Code of a location that is no shelf; empty: not put away."""
    to_location_id: LocationId | None
    shelf: str | None
    """The shelf where this product lies, or lay last."""
    on_shelf: int
    needed: int
    """Pieces that live picks want from there."""


class BackOrder(Struct, frozen=True, kw_only=True):
    """An order that is held because a picker did not find all of it."""

    order_id: OrderId
    number: str
    feedback: str
    held_at: datetime
    wave_id: int


class CountRequest(Struct, frozen=True, kw_only=True):
    """Where a picker did not find what the books say."""

    location_id: LocationId
    location: str
    stock_id: StockId
    sku: str
    name: str
    lot: str
    reason: Reason
    asked_at: datetime
    asked_by: str


class Choice(Struct, frozen=True, kw_only=True):
    """Orders that wait for a wave and go to one place by one service, of one owner."""

    service_id: ServiceId | None
    service: str | None
    carrier: str | None
    owner_id: SubInventoryId | None
    owner: str | None
    orders: int


class CallOffAsked(Struct, frozen=True, kw_only=True):
    """Somebody asked to call off an order of a wave."""

    id: int
    order_id: OrderId
    number: str
    reason: str
    asked_at: datetime
