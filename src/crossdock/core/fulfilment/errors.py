"""What can go wrong on the warehouse floor."""

from crossdock.base.errors import Conflict


class StationHasNoCabinet(Conflict):
    """The order's delivery service goes to a locker station without a cabinet in service. Facts: service."""
