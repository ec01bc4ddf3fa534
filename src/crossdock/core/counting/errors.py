"""What can go wrong when a location is counted."""

from crossdock.base.errors import Conflict, Denied, Invalid, NotFound


class CountUnknown(NotFound):
    """The warehouse has no such count. Facts: id."""


class CountOver(Conflict):
    """This count is over: it was booked, or left. Facts: location."""


class CountFull(Conflict):
    """So many scans are more than one count takes. Facts: most."""


class RoundsOver(Conflict):
    """The location was counted again too often in one count. Facts: most."""


class ScanUnknown(NotFound):
    """The count has no such scan, or it was taken back before."""


class CountedLotNeeded(Invalid):
    """Several lots of this lie there, or it is kept by lots. Facts: sku."""


class MovedMeanwhile(Conflict):
    """Something was put into the location, or taken out of it, while it was counted. Facts: location."""


class DifferencesChanged(Conflict):
    """The differences are not those that were looked at."""


class OwnerUnclear(Conflict):
    """Nobody can tell of which owner's pieces there are more or fewer. Facts: sku."""


class OwnerUnknown(NotFound):
    """The account has no such owner. Facts: owner."""


class ManagerNeeded(Denied):
    """So many pieces of difference are booked by a manager only. Facts: pieces, most."""


class ReasonUnfit(Invalid):
    """Pieces are not more, or not fewer, for such a reason. Facts: reason."""


class SerialsHere(Conflict):
    """So many pieces have serial numbers and are in stock by them. Facts: sku."""
