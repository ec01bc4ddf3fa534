"""What a ledger refuses."""

from crossdock.base.errors import Conflict


class OutOfStock(Conflict):
    """There is not enough free stock. Facts: sku, available, wanted."""
