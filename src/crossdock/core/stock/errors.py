"""What a ledger refuses."""

from crossdock.base.errors import Conflict


class NotSetAside(Conflict):
    """Less of this is set aside for the order, or in other places. Facts: line_id."""


class SetAside(Conflict):
    """Orders have these pieces set aside. Facts: sku, on_hand, allocated, orders."""


class ExpiryDiffers(Conflict):
    """Goods of this lot are here with another expiry date. Facts: lot, expires_on, said."""


class OutOfStock(Conflict):
    """There is not enough free stock. Facts: sku, available, wanted."""
