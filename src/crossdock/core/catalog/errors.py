"""What can be wrong with a product that a caller names."""

from crossdock.base.errors import Conflict, NotFound


class ProductUnknown(NotFound):
    """The account has no such product. Facts: sku or id."""


class CodeUnknown(ProductUnknown):
    """No product of the account goes by this code. Facts: code."""


class ProductNotActive(Conflict):
    """This product is not in use."""


class SkuTaken(Conflict):
    """Another product of this account goes by this sku, or went by it and was deleted. Facts: sku."""


class CodeTaken(Conflict):
    """Another product of this account goes by this bar code. Facts: code."""


class ProductDeleted(NotFound):
    """This product is deleted. Facts: id."""


class ProductInUse(Conflict):
    """This product is on a shelf or in an open order. Facts: id."""
