"""What can go wrong at the dock."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class NotExpectedHere(NotFound):
    """No inbound order of this number comes to this warehouse. Facts: number."""


class NotReceivable(Conflict):
    """Nothing more is received of this order. Facts: number, state."""


class NotAnnounced(Conflict):
    """This product is not among those the order announced. Facts: sku, number."""


class LotNeeded(Invalid):
    """This product is kept by lots: say which. Facts: sku."""


class SerialNeeded(Invalid):
    """Each piece of this product has a name: scan it. Facts: sku."""


class SerialScanned(Conflict):
    """This piece was scanned before. Facts: serial."""


class PlateNotAnnounced(NotFound):
    """Nobody announced what this plate holds, or it has come before. Facts: plate."""


class PlateScanned(Conflict):
    """This plate was scanned before. Facts: plate."""


class TooManyScans(Conflict):
    """So many scans wait to be booked. Facts: most."""


class ScanGone(Conflict):
    """This scan was booked, or taken back, before."""


class NothingScanned(Conflict):
    """Nothing was scanned that is not booked yet."""


class ScansWaiting(Conflict):
    """Something was scanned of this order and is not booked yet. Facts: pieces."""


class ReasonNeeded(Invalid):
    """Something is missing: say why."""
