"""What can go wrong at a locker."""

from crossdock.base.errors import Conflict, CrossdockError, Invalid, NotFound


class CabinetUnknown(NotFound):
    """The account has no such cabinet. Facts: number."""


class BoxUnknown(NotFound):
    """The cabinet has no such box. Facts: box or lock_address."""


class BoxClosed(Conflict):
    """This box takes nothing already. Facts: box."""


class BoxInOrder(Conflict):
    """This box is closed for nothing. Facts: box."""


class ParcelBooked(Conflict):
    """This order is booked already. Facts: number."""


class ParcelStored(Conflict):
    """This parcel lies in a box already. Facts: number."""


class ParcelTaken(Conflict):
    """This parcel was taken already. Facts: number."""


class SaveCodeUnknown(NotFound):
    """No booking of this cabinet has this save code."""


class PickCodeUnknown(NotFound):
    """No parcel in this cabinet has this pick-up code."""


class ParcelUnknown(NotFound):
    """The account has no such parcel. Facts: number or id."""


class ParcelStateOther(Conflict):
    """The parcel is not in the state the caller believes, or lies in its box. Facts: state, believed."""


class NoFreeBox(Conflict):
    """No box of this size is free. Facts: size."""


class BoxSizeUnknown(Invalid):
    """No box can be booked by this size. Facts: size."""


class CabinetRefused(CrossdockError):
    """The cabinet did not take the command; nothing was changed. Facts: reason."""


class CodesLocked(CrossdockError):
    """Too many wrong codes at this cabinet: none is taken for a while. Facts: until."""


class AlarmUnknown(NotFound):
    """No alarm of this number stands.

    Facts: id.
    """


class MoveTooLate(Conflict):
    """The parcel was stored too long ago to be given another box by its courier. Facts: number."""


class DoorShut(MoveTooLate):
    """The door was shut on the parcel: it cannot be put into another box, nor taken along. Facts: number."""


class KeyMissing(Conflict):
    """This cabinet has no key: give it one in the setup file (`key` of the cabinet) and apply it.

    Facts: number.
    """


class ParcelNotStored(Conflict):
    """This parcel does not lie in a box. Facts: number, state."""


class ParcelRecalled(Conflict):
    """This parcel goes back already. Facts: number."""


class ParcelNotRecalled(Conflict):
    """This parcel still waits for its customer. Facts: number."""


class PolicyUnknown(NotFound):
    """No policy says how long this parcel may lie. Facts: number."""


class NoMoreExtensions(Conflict):
    """This parcel was extended as often as its policy allows. Facts: number, extensions."""


class NothingDue(Conflict):
    """Nothing is to be done for this parcel now: it was done, or put off, meanwhile. Facts: number."""


class NoCodeFree(Conflict):
    """At this station every code that was drawn is in use. Facts: number."""


class NumberAmbiguous(Conflict):
    """Several accounts have a parcel of this number: name one. Facts: number."""
