"""What can go wrong at a pack bench."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class BenchUnknown(NotFound):
    """The warehouse has no such bench. Facts: bench."""


class NotPackedHere(NotFound):
    """No outbound order of this warehouse goes by this, and no tote of that name holds one's goods. Facts: code."""


class NotPicked(Conflict):
    """Not all of the order is in its tote yet. Facts: number, state."""


class PackedBefore(Conflict):
    """The order was packed already. Facts: number, state."""


class NotPackable(Conflict):
    """An order in this state is not packed. Facts: number, state."""


class PackedElsewhere(Conflict):
    """Somebody packs this order at this moment. Facts: number, station, username."""


class BenchBusy(Conflict):
    """Another order is open at this bench. Facts: number, station, username."""


class PackingUnknown(NotFound):
    """The warehouse has no such packing. Facts: id."""


class PackingOver(Conflict):
    """This packing is closed, or was put aside. Facts: number, state."""


class NotClosed(Conflict):
    """A parcel is weighed when it is closed. Facts: number."""


class NothingToUndo(Conflict):
    """Nothing is scanned. Facts: number."""


class WeightInvalid(Invalid):
    """A weight is above 0 and at most so many grams. Facts: most."""


class BoxUnknown(NotFound):
    """The warehouse has no such carton. Facts: box."""


class SerialNeeded(Invalid):
    """Each piece of this product has a name: scan it. Facts: sku."""


class WrongScan(Conflict):
    """What was scanned does not belong into this parcel."""


class ScanUnknown(WrongScan):
    """No product and no piece goes by this. Facts: code."""


class NotInOrder(WrongScan):
    """The order has none of this product. Facts: sku, number."""


class TooMany(WrongScan):
    """All of this product that the order wants lie in the parcel, or this is more than is missing. Facts: sku, left,
    quantity."""


class LotWrong(WrongScan):
    """Pieces of another lot were picked for the order. Facts: sku, lot, wanted."""


class SerialWrong(WrongScan):
    """No piece of this product that is here has this name. Facts: sku, serial."""


class SerialScanned(WrongScan):
    """This very piece lies in the parcel. Facts: sku, serial."""


class PackingStopped(Conflict):
    """The order is not packed any more; its goods go back to where they came from. Facts: number, totes."""


class CancelArrived(PackingStopped):
    """Its owner asked meanwhile to call the order off."""


class OrderGone(PackingStopped):
    """The order was called off, held or taken on elsewhere meanwhile. Facts: number, totes, state."""
