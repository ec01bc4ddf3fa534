"""What can go wrong with a packing report."""

from crossdock.base.errors import Conflict


class PackingReported(Conflict):
    """A packing of this order number was reported already. Facts: number."""
