"""What can be wrong with a name that a caller gives."""

from crossdock.base.errors import Conflict, Denied, NotFound


class AccountUnknown(NotFound):
    """No account goes by this code. Facts: code."""


class CompanyUnknown(Denied):
    """This company is not opened for the account."""


class SiteUnknown(NotFound):
    """The account has no such place."""


class SiteCodeTaken(Conflict):
    """A shop or a station of this account goes by this code."""


class SubInventoryUnknown(NotFound):
    """The account has no such sub-inventory."""


class ServiceUnknown(NotFound):
    """The account has no such delivery service, or it is not in use."""


class UserTaken(Conflict):
    """Another key of this account belongs to a user of this name. Facts: user."""


class UsersTooMany(Conflict):
    """This account has as many users as one may have. Facts: most."""
