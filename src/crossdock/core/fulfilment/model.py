"""What comes of shipping an order."""

from msgspec import Struct

from crossdock.core.handover.model import PickUp
from crossdock.core.lockers.model import Parcel
from crossdock.core.orders.model import Order


class Shipped(Struct, frozen=True, kw_only=True):
    """The order, and the hand-over it became: at a locker, in a shop, or none."""

    order: Order
    parcel: Parcel | None = None
    pick_up: PickUp | None = None
