"""Packing at a bench: where, what was scanned, and what came of it. Quantities are pieces, weights grams."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from msgspec import Struct

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, EnterpriseId, OrderId, PackingId, ProductId, SiteId, StaffId
from crossdock.core.bench.boxes import Suggestion
from crossdock.core.orders.model import Order
from crossdock.core.packing.model import Reported

State = Literal["open", "packed", "put_aside", "stopped"]
MOVES: Final[dict[State, frozenset[State]]] = {
    "open": frozenset({"packed", "put_aside", "stopped"}),
    "packed": frozenset(),
    "put_aside": frozenset(),
    "stopped": frozenset(),
}
"""`stopped`: the order was called off, or went elsewhere, before it was closed."""
PACKED_STATES: Final = frozenset({"packed", "labelled", "partly_shipped", "shipped", "delivered", "returned"})
"""The goods of an order in one of these lie in a parcel."""
STATION_CHARACTERS_MAX: Final = 64
SERIAL_CHARACTERS_MAX: Final = 64
READY_LISTED_MAX: Final = 50
SERIALS_TOLD_MAX: Final = 1_000
"""Of one line, in the packing report."""
WEIGHT_G_MAX: Final = 1_000_000
"""A ton: more is a bar code in the wrong field."""
DIFFERS: Final = Decimal("0.15")
"""A parcel that weighs this share more or less than it should is looked into."""
DIFFERS_G_MIN: Final = 100
"""So much nobody wonders at: tape, filling, a slip."""


class Station(Struct, frozen=True, kw_only=True):
    """A bench of a warehouse, by the name that packing reports and cameras know it by."""

    key: str
    """Department and name, as `123/001`; `/001` where the warehouse is no department of an enterprise."""
    name: str
    department_id: int | None
    department: str
    filmed: bool


class Packing(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    site_id: SiteId
    order_id: OrderId
    bench: str
    department_id: int | None
    station: str
    staff_id: StaffId
    username: str
    operation_id: str
    state: State
    block: dict[str, Any] | None
    """The wrong scan that nobody has acknowledged: error, facts, code, operation_id."""
    reason: str
    """Why it was put aside or stopped."""
    weight_g: Decimal | None
    box: str
    packing_id: PackingId | None
    """Its packing report."""
    opened_at: datetime
    ended_at: datetime | None


class Scan(Struct, frozen=True, kw_only=True):
    id: int
    order_line_id: int
    quantity: int
    code: str
    lot: str
    serial: str
    operation_id: str
    scanned_at: datetime


class Line(Struct, frozen=True, kw_only=True):
    """A line of the order at the bench."""

    id: int
    line_no: int
    line_key: str
    product_id: ProductId | None
    sku: str
    name: str
    lots: tuple[str, ...]
    """Of what was set aside for it; empty names are left out."""
    wanted: int
    packed: int

    @property
    def left(self) -> int:
        return max(self.wanted - self.packed, 0)


class Step(Struct, frozen=True, kw_only=True):
    """What a scan did. `refused` says why it counted for nothing; that stays on record, and is not raised."""

    packing: Packing
    number: str
    """Of the order."""
    line: Line | None = None
    """After the scan."""
    refused: CrossdockError | None = None
    reported: Reported | None = None
    """With the last scan: the packing report; None where the warehouse makes none, or the number has one already."""


class Bench(Struct, frozen=True, kw_only=True):
    """What a packer sees: the order, its lines, the last scan, and where its goods came from."""

    packing: Packing
    order: Order
    lines: list[Line]
    last: Scan | None
    totes: list[str]
    suggestion: Suggestion
    """For all of it."""

    @property
    def wanted(self) -> int:
        return sum(line.wanted for line in self.lines)

    @property
    def packed(self) -> int:
        return sum(min(line.packed, line.wanted) for line in self.lines)


class Weighed(Struct, frozen=True, kw_only=True):
    """What a weighing machine saw of a parcel last."""

    weight_g: Decimal
    device: str
    measured_at: datetime


class Parcel(Struct, frozen=True, kw_only=True):
    """A closed parcel. `expected_g` is None where a product or the carton was never weighed."""

    packing: Packing
    order: Order
    pieces: int
    suggestion: Suggestion
    expected_g: int | None
    reading: Weighed | None
    """None where somebody typed the weight."""

    @property
    def weight_g(self) -> Decimal | None:
        """Typed, or else read."""
        if self.packing.weight_g is not None:
            return self.packing.weight_g
        return None if self.reading is None else self.reading.weight_g

    @property
    def odd(self) -> bool:
        """Whether it weighs so much more or less than it should that somebody should look into it."""
        if self.weight_g is None or self.expected_g is None:
            return False
        return abs(self.weight_g - self.expected_g) > max(self.expected_g * DIFFERS, Decimal(DIFFERS_G_MIN))


class Ready(Struct, frozen=True, kw_only=True):
    """An order that may be packed."""

    order_id: OrderId
    number: str
    pieces: int
    totes: list[str]


class Department(Struct, frozen=True):
    id: int
    enterprise_id: EnterpriseId
    name: str
