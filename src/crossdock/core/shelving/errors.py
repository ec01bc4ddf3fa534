"""What can go wrong between the dock and a shelf."""

from crossdock.base.errors import Conflict, NotFound


class NothingWaits(NotFound):
    """No piece of this waits to be put away. Facts: sku."""


class NotInLocation(NotFound):
    """No piece of this lies in that location. Facts: sku, location."""


class PlateUnknown(NotFound):
    """Nothing came in on such a plate. Facts: plate."""


class PlatePutAway(Conflict):
    """The plate was put away before. Facts: plate, location."""
