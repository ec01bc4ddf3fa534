"""What can go wrong with a login to an enterprise."""

from crossdock.base.errors import Denied, NotFound


class UserUnknown(NotFound):
    """No active user of these enterprises has this name. Facts: username."""


class PasswordWrong(Denied):
    """The user has another password."""
