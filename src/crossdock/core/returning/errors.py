"""What can go wrong where goods come back."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class ReturnUnknown(NotFound):
    """No return of this place goes by this code, and no order. Facts: code."""


class ReturnNotAnnounced(NotFound):
    """The order is known, nobody announced that it comes back. Facts: code, number."""


class ReturnNotReceived(Conflict):
    """It has not come in: receive it first. Facts: number."""


class ReturnNotInspected(Conflict):
    """Nobody looks into it as it is now. Facts: number, state."""


class NotOfReturn(Conflict):
    """This product is not among those the return announced. Facts: sku, number."""


class MoreThanReturned(Conflict):
    """More of this than the return announced. Facts: sku, left."""


class NotToStock(Conflict):
    """The owner wants something else done with it than to have it in stock. Facts: action."""


class LotMissing(Invalid):
    """This product is kept by lots: say which. Facts: sku."""


class SerialMissing(Invalid):
    """Each piece of this product has a name: say it. Facts: sku."""


class SerialSeen(Conflict):
    """This very piece was seen before. Facts: serial."""


class SerialHere(Conflict):
    """This very piece is in stock: it cannot have come back. Facts: serial."""


class PlaceUnfit(Invalid):
    """Goods of this verdict do not lie in such a location. Facts: location, kind."""


class NoteMissing(Invalid):
    """Say what is wrong with it."""


class NoteTooLong(Invalid):
    """What is said has so many characters at most. Facts: characters_max."""


class PieceGone(Conflict):
    """This was booked, or taken back, before."""


class TooManyPieces(Conflict):
    """So much of one return is looked at piece by piece. Facts: most."""


class PiecesMissing(Conflict):
    """Not all that was announced was seen: say why. Facts: pieces."""


class StrayUnknown(NotFound):
    """The place has no such goods on record. Facts: id."""


class StraySettled(Conflict):
    """That was settled before. Facts: id."""
