"""What can go wrong at the door."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class ManifestUnknown(NotFound):
    """The place has no such manifest. Facts: id."""


class ManifestOver(Conflict):
    """This manifest is closed, or being closed: nothing is put on it or taken off it any more. Facts: id."""


class ManifestEmpty(Conflict):
    """Nothing is on this manifest. Facts: id."""


class ManifestFull(Conflict):
    """So many orders are on this manifest: close it first. Facts: id, most."""


class ParcelUnknown(NotFound):
    """No order of this place goes by this code. Facts: code."""


class ParcelNotPacked(Conflict):
    """Only what is packed goes out. Facts: number, state."""


class ParcelElsewhere(Conflict):
    """It goes to another place, or with somebody else. Facts: number, destination."""


class ParcelTaken(Conflict):
    """It is on another manifest. Facts: number, id."""


class ParcelHere(Conflict):
    """It is on this manifest already. Facts: number."""


class ParcelNotOn(Conflict):
    """It is not on this manifest, or not any more."""


class ParcelsStuck(Conflict):
    """Some of these cannot go: take them off first. Facts: numbers."""


class TakerTooLong(Invalid):
    """A name or a vehicle's number has so many characters at most. Facts: field, characters_max."""
