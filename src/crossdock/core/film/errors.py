"""What can go wrong with film."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class CameraUnknown(NotFound):
    """No camera of that name is on record. Facts: name."""


class CameraAmbiguous(Invalid):
    """Several cameras have this name: give the id of one. Facts: name."""


class OrderHeld(Conflict):
    """The film of this order is held already. Facts: order_id."""


class OrderNotHeld(NotFound):
    """The film of this order is not held. Facts: order_id."""
