"""What can go wrong with parcels under way."""

from crossdock.base.errors import Invalid, NotFound


class WaybillUnknown(NotFound):
    """No parcel goes under these carrier's numbers. Facts: mailnos."""


class ParcelRepeated(Invalid):
    """One carrier's number is given to two parcels. Facts: mailnos."""
