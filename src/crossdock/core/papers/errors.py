"""Why a paper is not printed."""

from crossdock.base.errors import Invalid, NotFound


class PaperTooLong(Invalid):
    """One paper would have more rows or labels than are printed at once: split it. Facts: rows, most."""


class PaperUnknown(NotFound):
    """There is no such paper, or not in this form. Facts: paper, form."""
