"""What can be wrong with a notice that an operator names."""

from crossdock.base.errors import NotFound


class NoticeUnknown(NotFound):
    """No notice of this number is on record."""
