"""What can go wrong on the warehouse floor."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class StationHasNoCabinet(Conflict):
    """The order's delivery service goes to a locker station without a cabinet in service. Facts: service."""


class OverReceipt(Conflict):
    """The owner of these goods takes in no more than was announced. Facts: line, left, quantity."""


class CancelWaiting(Conflict):
    """Its owner asked to call the order off: decide on that before anything leaves. Facts: number, request."""


class CancelBatchTaken(Conflict):
    """Another call-off of this order bears this name. Facts: number."""


class CancelTooMuch(Conflict):
    """More is called off than is still open. Facts: line, left."""


class CancelUnknown(NotFound):
    """Nobody asked to call that off. Facts: id."""


class CancelDecided(Conflict):
    """The other word was given before. Facts: id."""


class NothingInspected(Invalid):
    """An inspection names no vehicle."""


class ReturnActionForbids(Conflict):
    """The owner wants something else done with these goods than to have them in stock. Facts: action."""
