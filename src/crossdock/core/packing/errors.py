"""What can go wrong with a packing report."""

from crossdock.base.errors import Conflict, Invalid


class PackingReported(Conflict):
    """A packing of this order number was reported already. Facts: number."""


class FilmWindowReversed(Invalid):
    """The film ends before it begins. Facts: filmed_from, filmed_to."""
