"""What can be wrong with a callback that an operator names."""

from crossdock.base.errors import Conflict, NotFound


class CallbackUnknown(NotFound):
    """No callback of this number is on record."""


class AttemptUnknown(NotFound):
    """This callback has no such try. Facts: id."""


class CallbackNotParked(Conflict):
    """Only a parked callback can be given up."""


class ReceiverUnknown(NotFound):
    """There is no such receiver. Facts: id."""


class NothingChosen(Conflict):
    """No callback is in this range."""


class RunUnknown(NotFound):
    """There is no such run. Facts: id."""
