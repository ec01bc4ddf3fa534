"""What a ledger refuses."""

from crossdock.base.errors import Conflict


class NotSetAside(Conflict):
    """Less of this is set aside for the order, or in other places. Facts: line_id."""


class OutOfStock(Conflict):
    """There is not enough free stock. Facts: sku, available, wanted."""


class BelowAllocated(Conflict):
    """Orders hold more of this than would be left. Facts: allocated, wanted."""
