"""What can go wrong with places."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class LocationUnknown(NotFound):
    """The warehouse has no such location. Facts: code."""


class LocationClosed(Conflict):
    """This location is not in use. Facts: code."""


class LocationTaken(Conflict):
    """Another location of this warehouse has this code. Facts: code."""


class LocationNotEmpty(Conflict):
    """Something lies in this location: move it first. Facts: code, pieces."""


class KindWrong(Conflict):
    """This is not done with a location of this kind. Facts: code, kind."""


class BucketUnknown(NotFound):
    """The warehouse has no such goods. Facts: stock_id."""


class NotThere(Conflict):
    """Fewer pieces lie there. Facts: location, there, wanted."""


class MoveEmpty(Invalid):
    """A move names no pieces, or ends where it begins."""
