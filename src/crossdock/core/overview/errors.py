"""What can go wrong when the console looks for something."""

from crossdock.base.errors import NotFound


class BucketUnknown(NotFound):
    """There is no such bucket of stock. Facts: id."""
