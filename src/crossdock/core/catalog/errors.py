"""What can be wrong with a product that a caller names."""

from crossdock.base.errors import Conflict, NotFound


class ProductUnknown(NotFound):
    """The account has no such product. Facts: sku or id."""


class ProductNotActive(Conflict):
    """This product is not in use."""
