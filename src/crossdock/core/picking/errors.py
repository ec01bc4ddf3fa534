"""What can go wrong between a shelf and a tote."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class WaveUnknown(NotFound):
    """The place has no such wave. Facts: id."""


class NothingToPick(Conflict):
    """No order that fits can be picked whole. Facts: orders, short."""


class PickUnknown(NotFound):
    """The wave has no such pick. Facts: id."""


class PickNotYours(Conflict):
    """Somebody else has this pick, or it is done. Facts: id."""


class OrderStopped(Conflict):
    """The order is not picked any more: it was called off or stopped meanwhile. Facts: id, number, state."""


class PiecesWrong(Invalid):
    """One to so many pieces are still to be taken. Facts: quantity, left."""


class ToteWrong(Conflict):
    """These goods belong into another tote. Facts: scanned, wanted."""


class ToteTaken(Conflict):
    """Other goods lie in this tote. Facts: tote, number."""


class NotATote(Conflict):
    """Goods are picked into totes; this is another kind of location. Facts: tote."""


class ReasonUnknown(Invalid):
    """Why pieces were not found is one of these. Facts: reasons."""


class NotReplenishable(Conflict):
    """No live pick waits for these goods there, or not for so many. Facts: quantity, wanted."""


class LocationWrong(Conflict):
    """The next pick is at another location. Facts: scanned, wanted."""


class ProductWrong(Conflict):
    """The next pick is of other goods. Facts: scanned, wanted."""


class NotInBatch(Conflict):
    """No piece of this product is still to be sorted. Facts: scanned."""


class PicksWait(Conflict):
    """People are on their way to these pieces, or they would not be picked from there. Facts: free."""
