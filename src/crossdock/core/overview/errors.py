"""What can go wrong when the console looks for something."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class BucketUnknown(NotFound):
    """There is no such bucket of stock. Facts: id."""


class ExceptionOver(NotFound):
    """Nothing of this name waits for anybody any more. Facts: key."""


class ExceptionTaken(Conflict):
    """Somebody else looks after it by now. Facts: owner."""


class DueInvalid(Invalid):
    """A time is further away than days_max."""
