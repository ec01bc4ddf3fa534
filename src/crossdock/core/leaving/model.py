"""Goods that moved."""

from datetime import date

from msgspec import Struct

from crossdock.core.orders.model import OrderLine
from crossdock.core.stock.model import Condition
from crossdock.core.units.model import NewUnit


class Moved(Struct, frozen=True, kw_only=True):
    """Pieces of one line that moved in one batch."""

    line: OrderLine
    pieces: int
    lot: str
    condition: Condition
    units: tuple[NewUnit, ...] = ()
    plate: str = ""
    expires_on: date | None = None
