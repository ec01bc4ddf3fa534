"""What can be wrong with a name that a caller gives."""

from crossdock.base.errors import Conflict, Denied, Invalid, NotFound


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


class KeyUnknown(NotFound):
    """The account has no such key. Facts: id."""


class KeyTaken(Conflict):
    """Somebody goes by this key in this API already. Facts: dialect."""


class KeyUnusable(Invalid):
    """A key is made of visible ASCII signs without blanks. Facts: characters_max."""


class KeyMustBeNamed(Invalid):
    """This key is made of names that the partner chose: say what the new one is called."""


class OverlapInvalid(Invalid):
    """An old key goes on beside the new one for so many hours at most. Facts: hours_max."""
