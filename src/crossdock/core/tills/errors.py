"""What can go wrong with what a till reports."""

from crossdock.base.errors import Conflict, NotFound


class ReceiptReported(Conflict):
    """The enterprise has a receipt of this number already. Facts: number."""


class ReceiptUnknown(NotFound):
    """The place has no receipt of this number. Facts: number."""


class TakingsReported(Conflict):
    """The takings of this hour or day were reported already. Facts: begins_at."""
