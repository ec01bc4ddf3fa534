"""What can go wrong with an upload."""

from crossdock.base.errors import NotFound


class RowUnknown(NotFound):
    """The company has no such uploaded row of this type. Facts: ids."""


class TaskUnknown(NotFound):
    """The company has no such task. Facts: id."""
