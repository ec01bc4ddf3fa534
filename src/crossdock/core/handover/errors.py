"""What can go wrong at a counter."""

from crossdock.base.errors import Conflict, NotFound


class KeyUnknown(NotFound):
    """This shop has no parcel with this code. Facts: none, a code is not repeated."""


class KeyUsed(Conflict):
    """This code has already been used."""


class KeyExpired(Conflict):
    """This code has expired."""


class KeyCanceled(Conflict):
    """This code has been canceled."""


class KeyNotUsed(Conflict):
    """This code has not been used yet."""


class KeyClash(Conflict):
    """Another live code has the same digits."""


class OrderNotPaid(Conflict):
    """The order has not been paid."""


class NotPrepared(Conflict):
    """The parcel has not been set aside yet, and this shop hands over prepared ones only."""


class RollbackClosed(Conflict):
    """This code can no longer be rolled back."""


class RollbackLimit(Conflict):
    """This code has been rolled back as often as its shop allows. Facts: rollbacks_max."""


class OperationTaken(Conflict):
    """This operation id was used for something else."""
