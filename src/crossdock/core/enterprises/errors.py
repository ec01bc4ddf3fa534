"""What can go wrong with a login to an enterprise."""

from crossdock.base.errors import Denied, NotFound


class UserUnknown(NotFound):
    """No user of an enterprise has this name, or none within reach. Facts: username."""


class PasswordWrong(Denied):
    """The user has another password."""
