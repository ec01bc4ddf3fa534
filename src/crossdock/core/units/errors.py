"""What can go wrong with pieces that have names."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class UnitNameless(Invalid):
    """A piece that is counted one by one has no code. Facts: line."""


class UnitsMiscounted(Invalid):
    """There are other pieces named than counted. Facts: line, quantity, named."""


class UnitRepeated(Invalid):
    """One piece is named twice. Facts: codes."""


class UnitsUnnamed(Conflict):
    """Pieces of these lines have names: say which of them leave. Facts: lines."""


class PlateTaken(Conflict):
    """Plates with these numbers are under way already. Facts: codes."""


class PlatesReceived(Conflict):
    """Of this batch something has come; it is not replaced any more. Facts: batch."""


class SerialsTotalDiffers(Conflict):
    """An earlier message said that another number of codes would come. Facts: number, total."""


class SerialsTooMany(Conflict):
    """More codes came than were to come in all. Facts: number, total."""


class SerialTaken(Conflict):
    """These codes are announced for another open order. Facts: codes."""


class UnitHere(Conflict):
    """These pieces are in stock already. Facts: codes."""


class UnitNotHere(NotFound):
    """These pieces are not among those the order holds. Facts: codes."""


class SsccUnknown(NotFound):
    """No such SSCC was handed out. Facts: code."""


class PrefixMissing(Conflict):
    """Neither the site nor its account has a GS1 company prefix: set `gs1_prefix` in the setup file. Facts: site."""


class SsccsUsedUp(Conflict):
    """The GS1 company prefix has not so many numbers left: ask GS1 for another one. Facts: prefix."""


class PrefixesOverlap(Conflict):
    """Some of these numbers were handed out under another company prefix: one of the two is wrong. Facts: prefix."""
